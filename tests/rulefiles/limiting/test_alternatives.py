"""What stands in for an action where there is no capacity for it."""

import time

import pytest
from tests.rules import action, capacity, document, joined

from maitred.core.rules.treatments import Placeholder
from maitred.rulefiles.limiting.alternatives import MOST


def offer(name, alternatives):
    return action(name, title="T", alternatives=f"[{alternatives}]")


def nine_units(name, actions):
    return capacity(name, applies_to=f"{{actions: [{actions}]}}", limit=9)


def rules(chains, **more):
    """Actions by name with their alternatives, and a capacity for each that has any."""
    documents = [
        offer(name=name, alternatives=", ".join(others)) + more.get(name, "")
        for name, others in chains.items()
    ]
    limits = [nine_units(name=f"cap-{name}", actions=name) for name, others in chains.items() if others]
    return joined(*documents, *limits)


@pytest.fixture
def load(bench, ruleset):
    def of(text, **files):
        return bench.load(ruleset(more__yaml=text, **files))

    return of


@pytest.fixture
def faults(bench, ruleset):
    def of(text, **files):
        messages = bench.faults(ruleset(more__yaml=text, **files))
        return [f"{fault.line}:{fault.column} {fault.message}" for fault in messages]

    return of


def test_alternatives_stand_in_the_order_written(load):
    loaded = load(rules({"a": ["c", "b"], "b": ["c"], "c": []}))
    assert loaded.warnings == ()
    assert {action.name: action.alternatives for action in loaded.ruleset.actions} == {
        "a": ("c", "b"),
        "b": ("c",),
        "c": (),
        "pizza": (),
    }


@pytest.mark.parametrize(
    ("chains", "expected"),
    [
        ({"a": ["a"]}, ["6:16 alternatives lead in a circle, `a -> a`: take one of them out"]),
        ({"a": ["b"], "b": ["a"]}, ["6:16 alternatives lead in a circle, `a -> b -> a`"]),
        (
            {"a": ["b"], "b": ["c"], "c": ["d", "b"], "d": []},
            ["13:16 alternatives lead in a circle, `b -> c -> b`"],
        ),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["a"]}, ["`a -> b -> d -> a`"]),
        ({"a": ["x", "pizza"]}, ["6:16 there is no action `x` to stand in"]),
        ({"a": ["piza"]}, ["6:16 there is no action `piza` to stand in, did you mean `pizza`?"]),
        ({"a": ["pizza", "pizza"]}, ["6:15 `pizza` stands here twice"]),
        ({"a": ["Pizza"]}, ["6:16 there is no action `Pizza` to stand in, did you mean `pizza`?"]),
        ({"a": ["piz za"]}, ["6:16 `piz za` cannot be the name of an action"]),
        ({"a": ["pizza"], "b": ["x"]}, ["13:16 there is no action `x`"]),
    ],
)
def test_faults_of_alternatives(faults, chains, expected):
    messages = faults(rules(chains))
    assert len(messages) == len(expected), messages
    assert all(part in fault for part, fault in zip(expected, messages, strict=True)), messages


def test_a_chain_has_an_end(load, faults):
    chain = {f"a{number}": [f"a{number + 1}"] for number in range(MOST)} | {f"a{MOST}": []}
    assert load(rules(chain)).warnings == ()
    (fault,) = faults(rules(chain | {"b": ["a0"]}))
    assert f"over {MOST} actions may stand in for `b`" in fault
    wide: dict[str, list[str]] = {f"w{number}": [] for number in range(MOST)}
    assert load(rules(wide | {"b": list(wide)})).warnings == ()
    (fault,) = faults(rules(wide | {"b": [*wide, "pizza"]}))
    assert f"over {MOST} actions" in fault


def test_a_diamond_is_no_circle(load):
    assert load(rules({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []})).warnings == ()


def test_long_chains_and_circles_end_soon(faults):
    many = "---\n".join(offer(name=f"a{number}", alternatives=f"a{number + 1}") for number in range(3_000))
    started = time.process_time()
    assert "there is no action `a3000`" in faults(many)[0]
    (fault,) = faults(many.replace("[a3000]", "[a0]"))
    assert "a0 -> a1 -> " in fault
    assert "… -> a0`" in fault
    assert len(fault) < 300
    assert time.process_time() - started < 15


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ("channels: [pos]\n", "channels: [mobile]\n", "it is on none of the channels `pos`"),
        ("live: {days: [tue]}\n", "live: {days: [wed]}\n", "it is never live on the same day"),
        ("live: {until: 2026-01-31}\n", "live: {from: 2026-02-01}\n", "never live on the same day"),
        ("live: {days: [tue]}\n", "live: {days: [wed], timezone: location}\n", None),
        ('live: {days: [tue], hours: "20:00-02:00"}\n', "live: {days: [wed]}\n", None),
        ("live: {days: [tue, wed]}\n", "live: {days: [wed]}\n", None),
        ("channels: [pos]\n", "channels: [mobile, pos]\n", None),
        ("channels: [pos]\n", "", None),
    ],
)
def test_an_alternative_that_can_never_stand_in(load, a, b, words):
    warnings = load(rules({"a": ["b"], "b": []}, a=a, b=b)).warnings
    assert len(warnings) == (words is not None)
    assert not words or (warnings[0].column == 16 and words in warnings[0].message)


def test_alternatives_of_an_action_without_capacity(load):
    (warning,) = load(offer(name="a", alternatives="pizza")).warnings
    assert warning.message.startswith("no `Capacity` applies to the action, so nothing ever stands in")


def test_an_alternative_under_the_same_capacity(load):
    actions = offer(name="a", alternatives="pizza")
    (warning,) = load(actions + "---\n" + nine_units(name="both", actions="a, pizza")).warnings
    assert "is under `Capacity` `both` as well" in warning.message
    own = nine_units(name="own", actions="a, pizza") + "per: [action]\n"
    assert load(actions + "---\n" + own).warnings == ()
    other = nine_units(name="a-alone", actions="a").replace("limit: 9", "limit: 8")
    more = "---\n".join([actions, nine_units(name="both", actions="a, pizza"), other])
    assert load(more).warnings == ()


TABLE = joined(
    document(
        "ActionTable",
        "coupons",
        """\
table: {file: coupons.csv, columns: {code: string, instead: string}}
action:
  name: coupon-${row.code}
  title: Coupon
  type: offer
  alternatives: [ALTERNATIVES]
""",
    ),
    document(
        "Capacity",
        "coupons",
        {"applies_to": "{all: true}", "per": "[action]", "limit": 3, "window": "lifetime"},
    ),
)


def table(alternatives):
    return TABLE.replace("ALTERNATIVES", alternatives)


def test_alternatives_of_rows(load):
    rows = "code,instead\na,b\nb,c\nc,\n"
    loaded = load(
        table('"coupon-${row.instead}", pizza').replace("coupon-${row.instead}", "${row.instead}"),
        coupons__csv=rows.replace("a,b", "a,coupon-b").replace("b,c\n", "b,coupon-c\n"),
    )
    assert {action.name: action.alternatives for action in loaded.ruleset.actions} == {
        "coupon-a": ("coupon-b", "pizza"),
        "coupon-b": ("coupon-c", "pizza"),
        "coupon-c": ("pizza",),
        "pizza": (),
    }
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("alternatives", "expected"),
    [
        (
            '"coupon-${row.instead}"',
            ["2:1 alternatives lead in a circle, `coupon-a -> coupon-b -> coupon-a`"],
        ),
        ('"${row.instead}"', ["2:1 there is no action `b`", "3:1 there is no action `a`"]),
        ("piza", ["9:18 there is no action `piza`"]),
        ('"${row.insted}"', ["9:21 the table has no declared column `insted`, did you mean `instead`?"]),
        ('"${customer.tier}"', ["9:21 `${customer.tier}` cannot stand here"]),
        (
            '"!${row.instead}"',
            ["2:3 `!b` cannot be the name of an action", "3:3 `!a` cannot be the name of an action"],
        ),
        ('pizza, "pizza${row.none}"', ["the table has no declared column `none`"]),
    ],
)
def test_faults_of_alternatives_of_rows(faults, alternatives, expected):
    messages = faults(table(alternatives), coupons__csv="code,instead\na,b\nb,a\n")
    assert len(messages) == len(expected), messages
    assert all(part in fault for part, fault in zip(expected, messages, strict=True)), messages


def test_one_warning_for_all_rows(load):
    rows = "code,instead\n" + "".join(f"{number},x\n" for number in range(3_000))
    text = table("pizza").split("---")[0]
    (warning,) = load(text, coupons__csv=rows).warnings
    assert (warning.file, warning.line) == ("more.yaml", 9)


STAND_IN = "stand_in_only: true\n"


def test_a_stand_in_that_stands_in_for_nothing(load):
    (warning,) = load(rules({"a": ["b"], "b": [], "c": []}, b=STAND_IN, c=STAND_IN)).warnings
    assert warning.message.startswith("it stands in for nothing and is never proposed")
    assert (warning.file, warning.line, warning.column) == ("more.yaml", 22, 1)


def test_rows_that_stand_in_for_nothing_are_told_once(load):
    text = table("pizza").replace("  alternatives: [pizza]\n", "  stand_in_only: true\n")
    rows = "code,instead\na,x\nb,x\n"
    (warning,) = load(text, coupons__csv=rows).warnings
    assert (warning.file, warning.line, warning.column) == ("more.yaml", 9, 3)
    named = text + "---\n" + offer(name="first", alternatives="coupon-a")
    assert load(named, coupons__csv=rows).warnings == ()


def test_fields_of_claims_are_read_from_actions_and_tables(load):
    fields = "redeem_at: claimed\nstand_in_only: true\n"
    loaded = load(rules({"a": ["b"], "b": []}, b=fields)).ruleset
    assert {action.name: (action.redeem_at.value, action.stand_in_only) for action in loaded.actions} == {
        "a": ("any", False),
        "b": ("claimed", True),
    } | {"pizza": ("any", False)}
    text = table("pizza").replace("  type: offer\n", "  type: offer\n  redeem_at: claimed\n")
    rows = load(text, coupons__csv="code,instead\na,x\n").ruleset.actions
    assert {row.name: row.redeem_at.value for row in rows}["coupon-a"] == "claimed"


def holding(*counts, text="{show: '${hold.expires}'}"):
    """An action whose words tell when a hold expires, under a capacity for each step."""
    action = offer(name="a", alternatives="") + f"treatments: {{pos: {text}}}\n"
    limits = [nine_units(name=f"c-{step}", actions="a") + f"counts: {step}\n" for step in counts]
    return "---\n".join([action, *limits])


def test_treatments_may_tell_when_the_hold_expires(load):
    loaded = load(holding("presented", "redeemed", text="{show: 'before ${hold.expires}'}"))
    assert loaded.warnings == ()
    assert loaded.ruleset.actions[0].treatments["pos"].show == ("before ", Placeholder("hold.expires"))


@pytest.mark.parametrize("counts", [[], ["decided"], ["claimed"], ["redeemed"], ["rejected", "claimed"]])
def test_an_expiry_of_no_hold_is_a_fault(faults, counts):
    (warning,) = faults(holding(*counts))
    assert warning.startswith("7:26 a proposal of the action holds nothing")


def test_an_expiry_of_another_hold_than_the_claim_s_is_told(load):
    (warning,) = load(holding("presented", "claimed")).warnings
    assert "such as a unit of `c-claimed`, ends at another time" in warning.message
    assert (warning.line, warning.column) == (7, 26)


@pytest.mark.parametrize("counts", [[], ["claimed"], ["presented", "claimed"], ["redeemed"]])
def test_after_a_claim_there_is_always_a_hold(load, counts):
    loaded = load(holding(*counts, text="{show: Tap, claimed: {show: 'until ${hold.expires}'}}"))
    assert loaded.warnings == ()
    claimed = loaded.ruleset.actions[0].treatments["pos"].claimed
    assert claimed.show == ("until ", Placeholder("hold.expires"))


def test_only_what_is_said_shown_and_done_changes_with_the_claim(faults):
    (warning,) = faults(holding("claimed", text="{show: Tap, claimed: {terms: None}}"))
    assert "there is no field `terms` here: known are `do`, `say`, `show`" in warning


def test_placeholders_after_the_claim_are_checked(faults):
    (warning,) = faults(holding("claimed", text="{show: Tap, claimed: {show: '${customer.teir}'}}"))
    assert "customer.teir" in warning


def test_an_expiry_of_no_hold_in_a_table_is_told_once(faults):
    text = table("pizza").replace(
        "  alternatives: [pizza]\n",
        "  treatments: {pos: {say: ['x', '${row.code} until ${hold.expires}']}}\n",
    )
    (warning,) = faults(text, coupons__csv="code,instead\na,x\nb,x\n")
    assert warning.startswith("9:33 a proposal of the action holds nothing")
