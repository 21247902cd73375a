"""No action reads a sensitive category without the consent it takes, by whatever way."""

import pytest
from tests.rules import document, joined, situation

HEALTH = joined(
    document(
        "Context",
        "health",
        """\
attributes:
  customer.diabetic: {type: bool, sensitive: health}
  customer.doses: {type: int, sensitive: health}
  customer.ward: {type: string, sensitive: health}
""",
    ),
    document(
        "Privacy",
        "p",
        """\
purposes: {health-offers: Offers that fit an illness.}
default: here
jurisdictions: {here: {bases: {health-offers: consent}}}
sensitive: {health: {consent: health-offers}}
""",
    ),
    document("List", "patients", {"values": "[p1]", "sensitive": "health"}),
    situation("ill", all="[customer.diabetic]"),
    situation("well", none="[ill]"),
    situation("fit", any="[well, customer.age > 3]"),
    situation("patient", all="[customer.age in list.patients]"),
)
WAYS = [
    ("eligibility: [{require: customer.diabetic}]", "condition `pizza` -> attribute `customer.diabetic`"),
    (
        "eligibility: [{require: customer.diabetic, reason: sweet}]",
        "condition `sweet` -> attribute `customer.diabetic`",
    ),
    (
        "eligibility: [{require: situation.ill}]",
        "condition `pizza` -> situation `ill` -> attribute `customer.diabetic`",
    ),
    (
        'eligibility: [{require: "!situation.fit"}]',
        (
            "condition `pizza` -> situation `fit` -> situation `well` -> situation `ill`"
            " -> attribute `customer.diabetic`"
        ),
    ),
    ("score: customer.doses", "score -> attribute `customer.doses`"),
    (
        "score: situation.patient",
        "score -> situation `patient` -> list `list.patients`",
    ),
    ("treatments: {pos: {say: '${customer.ward}'}}", "treatment `pos` -> attribute `customer.ward`"),
    ("treatments: {pos: {title: '${customer.ward}'}}", "treatment `pos` -> attribute `customer.ward`"),
    ("eligibility: [{require: basket.value in list.patients}]", "condition `pizza` -> list `list.patients`"),
    (
        'eligibility: [{require: "basket.value in list // x\\n . // list.\\n patients"}]',
        "condition `pizza` -> list `list.patients`",
    ),
    ("score: basket.value in list.patients", "score -> list `list.patients`"),
]


@pytest.fixture
def health(ruleset):
    return lambda action="", **more: ruleset(action, health__yaml=HEALTH, **more)


@pytest.mark.parametrize(("field", "chain"), WAYS)
def test_the_whole_chain_is_told(bench, health, field, chain):
    sources = health(f"{field}\n")
    # The stand-in for a compiler knows names as they are written in one piece.
    (fault,) = bench.faults(sources)
    assert fault.message == (
        f"action `pizza` -> {chain} reads sensitive category `health`: add `health-offers` to `consent`"
    )
    assert (fault.file, fault.line, fault.column) == ("pizza.yaml", 3, 7)


@pytest.mark.parametrize("field", [field for field, _ in WAYS])
def test_with_the_consent_it_loads_and_the_action_knows_the_category(bench, health, field):
    (action,) = bench.load(health(f"{field}\nconsent: [health-offers]\n")).ruleset.actions
    assert action.sensitive == {"health"}


def test_what_reads_nothing_sensitive_has_no_category(bench, health):
    (action,) = bench.load(health("eligibility: [{require: customer.age > 3}]\n")).ruleset.actions
    assert action.sensitive == frozenset()


@pytest.mark.parametrize(
    ("limit", "attribute"),
    [
        ({"per": "[customer.ward]"}, "customer.ward"),
        ({"limit": "customer.doses"}, "customer.doses"),
        ({"pace": "{limit: customer.doses, window: {rolling: 1h}}"}, "customer.doses"),
    ],
)
def test_a_limit_reads_too(bench, health, capacity, limit, attribute):
    (fault,) = bench.faults(health(limits__yaml=capacity(**limit)))
    assert f"-> limit `capacity` -> attribute `{attribute}` reads" in fault.message


def test_the_conditions_of_an_eligibility_are_the_actions_own(bench, health):
    rule = document(
        "Eligibility", "sweet", {"applies_to": "{all: true}", "eligibility": "[{require: situation.ill}]"}
    )
    (fault,) = bench.faults(health(rule__yaml=rule))
    assert fault.file == "pizza.yaml"
    assert "-> condition `sweet` -> situation `ill` ->" in fault.message


def test_another_consent_is_told_where_it_stands(bench, health):
    more = HEALTH.replace("purposes: {", "purposes: {ads: x, ").replace(
        "{bases: {", "{bases: {ads: consent, "
    )
    sources = health("consent: [ads]\nscore: customer.doses\n") | {"health.yaml": more}
    (fault,) = bench.faults(sources)
    assert (fault.line, fault.column) == (7, 10)


def test_a_table_is_told_once_and_every_row_has_the_category(bench, health):
    table = document(
        "ActionTable",
        "t",
        """\
table: {file: t.csv, columns: {id: string}}
action:
  name: 'row-${row.id}'
  title: T
  type: offer
  score: customer.doses
""",
    )
    cells = "id\n" + "".join(f"{number}\n" for number in range(100))
    (fault,) = bench.faults(health(t__yaml=table, t__csv=cells))
    assert (fault.file, fault.line, fault.column) == ("t.yaml", 6, 9)
    sound = health(t__yaml=f"{table}  consent: [health-offers]\n", t__csv=cells)
    rows = [action for action in bench.load(sound).ruleset.actions if action.name != "pizza"]
    assert {action.sensitive for action in rows} == {frozenset({"health"})}


def test_lists_that_are_sensitive_are_named_and_never_facts(bench, health):
    ruleset = bench.load(health()).ruleset
    assert ruleset.attributes["list.patients"].sensitive == "health"
    assert "list.patients" not in bench.compilers[-1].attributes
