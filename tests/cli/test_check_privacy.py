"""``maitred check --privacy``: who reads what, so that its changes show."""

import json
from pathlib import Path

import pytest
from tests.rules import action, document, joined

STARTER = Path(__file__).parents[2] / "rules" / "starter"

PRIVACY = joined(
    document(
        "Privacy",
        "shop-privacy",
        """\
purposes: {service: x, ads: y, health-offers: z}
default: eu
jurisdiction: session.law
age: customer.age
jurisdictions:
  eu:
    bases: {service: contract, ads: consent, health-offers: consent}
    minors: {below: 16, barred: [ads]}
  us: {bases: {service: contract, ads: opt_out, health-offers: never}}
sensitive: {health: {consent: health-offers}}
""",
    ),
    document(
        "Context",
        "more",
        """\
attributes:
  session.law: {type: string, purpose: none}
  customer.age: {type: int, purpose: service}
  customer.likes: {type: double, purpose: ads}
  customer.allergic: {type: bool, purpose: service, sensitive: health}
""",
    ),
    action(
        "dessert",
        title="Dessert",
        consent="[ads, health-offers]",
        eligibility='[{require: "!customer.allergic", reason: no-allergy}]',
        score="customer.likes",
    ),
)
SECTION = """\
## dessert

- needs ads: eu: consent, never below 16; us: opt_out
- needs health-offers: eu: consent; us: never
- reads sensitive category health

| attribute | purpose | basis | sensitive | by |
| --- | --- | --- | --- | --- |
| customer.allergic | service | contract | health | condition `no-allergy` |
| customer.likes | ads | eu: consent, never below 16; us: opt_out | - | score |
"""
PURPOSES = """\
# Who reads what

## Purposes

| purpose | eu (default) | us |
| --- | --- | --- |
| ads | consent, never below 16 | opt_out |
| health-offers | consent | never |
| service | contract | contract |

Sensitive category health: explicit consent to health-offers.

The jurisdiction is read from session.law, for every action.

The age is read from customer.age, for every action.
"""


@pytest.fixture
def private(rules):
    (rules / "privacy.yaml").write_text(PRIVACY)
    return rules


def test_purposes_and_every_action_with_what_it_reads(run, private):
    done = run("check", private, "--privacy")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(PURPOSES)
    assert SECTION in done.stdout
    apology = (
        "| customer.tier | - | - | - | condition `calm-them` -> situation `vip_at_risk` |\n"
        "| session.failed_calls | - | - | - | condition `calm-them` -> situation `vip_at_risk`"
        " -> situation `service_failure` |\n"
    )
    assert apology in done.stdout
    assert "## app-hint\n\nReads nothing.\n" in done.stdout


def test_a_rule_that_begins_to_read_something_shows_as_one_line(run, private):
    before = run("check", private, "--privacy").stdout.splitlines()
    text = PRIVACY.replace("score: customer.likes", "score: customer.likes + double(customer.age)")
    (private / "privacy.yaml").write_text(text)
    after = run("check", private, "--privacy").stdout.splitlines()
    assert [line for line in after if line not in before] == [
        "| customer.age | service | contract | - | score |"
    ]
    assert not [line for line in before if line not in after]


def test_moving_documents_changes_nothing(run, private):
    before = run("check", private, "--privacy").stdout
    (private / "privacy.yaml").write_text("---\n".join(reversed(PRIVACY.split("---\n"))))
    assert run("check", private, "--privacy").stdout == before


def test_rows_that_read_the_same_stand_together_and_are_not_counted(run, private):
    (private / "table.yaml").write_text(
        document(
            "ActionTable",
            "t",
            {
                "table": "{file: t.csv, columns: {id: string}}",
                "action": "{name: 'coupon-x-${row.id}', title: T, type: offer, score: double(customer.age)}",
            },
        )
    )
    (private / "t.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(30)))
    many = run("check", private, "--privacy").stdout
    assert "\n## coupon-x-…\n\n| attribute" in many
    (private / "t.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(40)))
    assert run("check", private, "--privacy").stdout == many
    content = json.loads(run("check", private, "--privacy", "--json").stdout)
    assert sum(name.startswith("coupon-x-") for name in content["actions"]) == 40


def test_json_has_every_action(run, private):
    for form in (["--json"], ["--format", "json"]):
        content = json.loads(run("check", private, "--privacy", *form).stdout)
        assert content["actions"]["dessert"] == {
            "consent": ["ads", "health-offers"],
            "sensitive": ["health"],
            "reads": {
                "customer.allergic": {
                    "purpose": "service",
                    "sensitive": "health",
                    "by": ["condition `no-allergy`"],
                },
                "customer.likes": {"purpose": "ads", "sensitive": None, "by": ["score"]},
            },
        }
        assert content["purposes"]["ads"] == {
            "eu": {"basis": "consent", "barred_below": 16},
            "us": {"basis": "opt_out", "barred_below": None},
        }
        assert (content["default"], content["sensitive"]) == ("eu", {"health": "health-offers"})


def test_without_a_privacy_document_it_tells_what_is_read(run, rules):
    done = run("check", rules, "--privacy")
    assert done.returncode == 0
    assert "Purposes" not in done.stdout
    assert "| customer.tier | - | - | - | condition `gold-only` |" in done.stdout
    content = json.loads(run("check", rules, "--privacy", "--json").stdout)
    assert (content["purposes"], content["default"]) == ({}, None)


def test_faults_are_told_instead_of_a_table(run, private):
    (private / "privacy.yaml").write_text(PRIVACY.replace("consent: [ads, health-offers]", "consent: [ads]"))
    done = run("check", private, "--privacy")
    assert done.returncode == 1
    assert "Who reads what" not in done.stdout
    assert "action `dessert` -> condition `no-allergy` -> attribute `customer.allergic` reads" in done.stdout


def test_json_is_short_for_its_format(run, rules):
    assert run("check", rules, "--json").stdout == run("check", rules, "--format", "json").stdout


def test_the_starter_rules_say_who_reads_the_guess(run):
    done = run("check", STARTER, "--privacy")
    assert "| customer.pizza_affinity | personalization | us: opt_out, never below 13;" in done.stdout
