"""Conditions of several documents that nobody can meet together are told with their places, and no others."""

import json
from pathlib import Path

import pytest
from tests.rules import action, document, joined, ruleset

from maitred import cel, rulefiles, situations

RULES = Path(__file__).parents[2] / "rules"
HEAD = joined(
    ruleset(),
    document(
        "Context",
        "shopping",
        """\
attributes: {customer.age: int, customer.tier: string, basket.value: decimal(2), basket.skus: list<string>}
""",
    ),
)
TABLE = document(
    "ActionTable",
    "coupons",
    """\
table: {file: coupons.csv, columns: {id: string, low: int, high: int}}
action:
  name: coupon-${row.id}
  title: A coupon
  type: offer
  eligibility:
    - require: customer.age >= row.low
    - require: customer.age <= row.high
""",
)


def needs(*conditions):
    return "eligibility:\n" + "".join(f"  - require: {json.dumps(text)}\n" for text in conditions)


def tea(*conditions):
    return action("tea", title="Tea") + needs(*conditions)


def shared(name, *conditions):
    return document("Eligibility", name, "applies_to: {all: true}\n" + needs(*conditions))


def warnings(*documents, coupons="", **files):
    named = {f"{name}.yaml": text for name, text in files.items()} | {"head.yaml": HEAD}
    if coupons:
        named["coupons.csv"] = coupons
    named["rules.yaml"] = "---\n".join(documents)
    sources = {name: text.encode() for name, text in named.items() if text}
    loaded = rulefiles.load(sources, cel.compiler, situations.deriver)
    return [(fault.file, fault.line, fault.message) for fault in loaded.warnings]


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ("customer.age > 18", "customer.age < 10"),
        ("basket.value >= 50", "basket.value < 49.99"),
        ("customer.tier == 'gold'", "customer.tier in ['silver', 'basic']"),
        ("has(customer.tier)", "!has(customer.tier)"),
        ("'milk' in basket.skus", "!('milk' in basket.skus)"),
    ],
)
def test_an_action_that_an_eligibility_leaves_to_nobody_is_told_at_its_condition(own, added):
    ((file, line, message),) = warnings(tea("customer.age < 90", own), shared("rest", added))
    assert (file, line) == ("rules.yaml", 8)
    assert message.startswith(f"`{own}` is never true together with `{added}`")
    assert "which `Eligibility` `rest` adds" in message


def test_two_eligibilities_are_told_at_the_later():
    messages = warnings(
        tea("has(customer.age)"), a=shared("a", "customer.age > 18"), b=shared("b", "customer.age < 10")
    )
    assert [(file, line) for file, line, _ in messages] == [("b.yaml", 6)]
    assert "`customer.age > 18`" in messages[0][2]


def test_rows_are_told_where_they_stand_those_that_are_alike_once():
    ((file, line, message),) = warnings(TABLE, coupons="id,low,high\na,1,9\nb,9,1\nc,1,1\nd,8,2\n")
    assert (file, line) == ("coupons.csv", 3)
    assert message.startswith(
        "`customer.age >= row.low` and `customer.age <= row.high` are never true together"
    )
    assert message.endswith("and so is another row")


def test_a_row_and_an_eligibility():
    rows = "id,low,high\na,1,9\nb,60,90\nc,8,20\nd,1,2\n"
    ((file, line, message),) = warnings(TABLE, shared("old", "customer.age > 50"), coupons=rows)
    assert (file, line) == ("coupons.csv", 2)
    assert "`customer.age <= row.high` is never true together with `customer.age > 50`" in message
    assert message.endswith("and 2 more rows are alike")


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ("customer.age > 18", "customer.age < 20"),
        ("customer.age > 18", "customer.age < 10 || customer.tier == 'gold'"),
        ("customer.age > 18", "basket.value < 10"),
        ("'milk' in basket.skus", "'wine' in basket.skus"),
        ("customer.age > 18", "false"),
        ("customer.age + 1 > 18", "customer.age + 1 < 10"),
    ],
)
def test_what_somebody_can_meet_or_what_is_not_known_is_no_warning(own, added):
    assert warnings(tea(own), shared("rest", added)) == []


def test_one_document_s_own_contradiction_is_told_once():
    both = tea("customer.age > 18", "customer.age < 10")
    messages = warnings(both, shared("rest", "customer.age < 5"))
    assert [line for _, line, _ in messages] == [8]


@pytest.mark.parametrize(
    "folder",
    sorted(path.parent for path in RULES.rglob("*.yaml") if "kind: Ruleset" in path.read_text()),
    ids=lambda folder: folder.name,
)
def test_the_rules_that_come_along_have_none(folder):
    sources = dict(rulefiles.read_sources(folder))
    if folder.name == "complete-journey":
        coupons = b"campaign_id,coupon_upc,start,end,products\n1,2,2017-01-01,2017-02-01,3 4\n"
        sources |= {"tables/stores.csv": b"id,timezone\n1,America/New_York\n", "tables/coupons.csv": coupons}
    warnings = rulefiles.load(sources, cel.compiler, situations.deriver).warnings
    assert not [fault for fault in warnings if "never true" in fault.message]
