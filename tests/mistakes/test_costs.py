"""Rules that would stall everybody are refused when they are loaded, with their place."""

from datetime import UTC, datetime

import pytest
from tests.rules import action, cap, document, joined, ruleset

from maitred import cel, rulefiles, situations
from maitred.core.behaviour.history import History, Readers, Track, remember
from maitred.core.behaviour.projections import NEVER_US, Deed, When
from maitred.core.conditions.computed import Computation
from maitred.core.rules.expressions import Row
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.values.facts import FactReader
from maitred.core.values.types import Facts, Invalid

CONTEXT = document(
    "Context",
    "shopping",
    """\
attributes:
  customer.name: string
  basket.words: {type: list<string>, max_items: 500}
  basket.names: list<string>
  basket.few: {type: list<string>, max_items: 5, max_length: 3}
""",
)
SLOW = "basket.words.exists(w, w in basket.words)"
SOME = "basket.words.exists(w, w.startsWith(customer.name))"
ACTION = action("puzzle", title="A puzzle")


def load(*documents, defaults=None, **files):
    head = joined(ruleset(defaults=defaults), CONTEXT)
    sources = {"ruleset.yaml": head, "rules.yaml": joined(*documents), **files}
    named = {name.replace("__", "."): text.encode() for name, text in sources.items()}
    return rulefiles.load(named, cel.compiler, situations.deriver)


def faults(*documents, defaults=None, **files):
    with pytest.raises(RulesetInvalid) as caught:
        load(*documents, defaults=defaults, **files)
    return [(fault.file, fault.line, fault.column, fault.message) for fault in caught.value.faults]


def requiring(*conditions):
    return ACTION + "eligibility:\n" + "".join(f"  - require: {text}\n" for text in conditions)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (requiring(SOME, SLOW), 8),
        (ACTION + f'score: "({SLOW}) ? 1.0 : 2.0"\n', 6),
        (
            joined(
                ACTION,
                document(
                    "Eligibility", "e", f"applies_to: {{all: true}}\neligibility:\n  - require: {SLOW}\n"
                ),
            ),
            12,
        ),
        (
            joined(requiring("situation.s"), document("Situation", "s", f"any:\n  - {SLOW}\n")),
            13,
        ),
    ],
)
def test_a_rule_that_is_too_slow_is_told_where_it_stands(document, line):
    ((file, at_line, _, message),) = faults(document)
    assert (file, at_line) == ("rules.yaml", line)
    assert "too slow" in message
    assert "max_items" in message


def test_rows_of_one_table_have_one_fault():
    table = document(
        "ActionTable",
        "t",
        """\
table: {file: t.csv, columns: {id: string, words: list<string>}}
action:
  name: "${row.id}"
  title: T
  type: offer
  eligibility:
    - require: basket.words.exists(w, row.words.exists(r, w.startsWith(r)))
""",
    )
    ((file, line, _, message),) = faults(
        table, t__csv="id,words\na,x\nb," + " ".join(["y"] * 90) + "\nc," + "z " * 90
    )
    assert (file, line) == ("t.csv", 3)
    assert "too slow" in message


def test_all_rules_together_have_a_bound():
    documents = [
        requiring(f'basket.words.exists(w, w.startsWith("{name}"))').replace("puzzle", f"puzzle-{name}")
        for name in range(60)
    ]
    (message,) = [message for *_, message in faults(*documents)]
    assert "all rules together" in message
    assert load(*documents, defaults="{decision_cost_us: 30000}").ruleset.cost_ns > 5_000_000


def test_bounds_can_be_set_for_the_ruleset():
    assert (
        load(
            requiring("basket.names.exists(w, w in basket.names)"),
            defaults="{max_items: 20, max_length: 20}",
        ).ruleset.cost_ns
        < 1_000_000
    )
    assert load(requiring(SLOW), defaults="{rule_cost_us: 20000, decision_cost_us: 50000}")
    assert "at least 1" in faults(requiring(SLOW), defaults="{max_items: 0}")[0][-1]


def test_bounds_can_be_set_for_an_attribute():
    assert load(requiring("basket.few.exists(w, w in basket.few)")).ruleset.cost_ns < 50_000


def test_what_the_index_answers_is_free():
    assert load(requiring('customer.name == "Ann"', "'\"milk\" in basket.words'")).ruleset.cost_ns == 0


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (["a"] * 6, "more than 5 items"),
        (["abcd"], "more than 3 characters"),
        (["a"] * 5, None),
    ],
)
def test_a_larger_value_is_wrong_and_no_refused_call(value, why):
    attributes = load(requiring("basket.few.size() > 1")).ruleset.attributes
    facts = FactReader.of(attributes.values()).read(
        {"basket": {"few": value}, "customer": {"name": "x" * 501}}
    )
    if why:
        assert isinstance(facts["basket.few"], Invalid)
        assert why in facts["basket.few"].why
    else:
        assert facts["basket.few"] == tuple(value)
    assert facts["customer.name"] == Invalid("is longer than 500 characters")
    assert FactReader.of(attributes.values()).read({"customer": {"name": "x" * 500}}) == {
        "customer.name": "x" * 500
    }


def test_what_limits_work_out_is_counted_once_and_told_where_it_stands():
    limit = "basket.words.exists(w, w.startsWith(customer.name)) ? 1 : 2"
    two = [cap(name, limit=f'"{limit}"') for name in ("a", "b")]
    one_ns = load(ACTION, two[0]).ruleset.cost_ns
    assert 0 < one_ns == load(ACTION, *two).ruleset.cost_ns
    ((file, line, _, message),) = faults(ACTION, cap("a", limit=f'"{SLOW} ? 1 : 2"'))
    assert (file, line) == ("rules.yaml", 12)
    assert "too slow" in message


EVENTS = joined(
    document(
        "Event", "click", {"purpose": "none", "fields": "{target: string, visit: int}", "retention": "90d"}
    ),
    document(
        "Context",
        "behaviour",
        """\
attributes: {customer.visit: int}
computed:
  customer.alone: {over: events.click, where: event.visit > 3, count: true}
  customer.clicks:
    over: events.click
    where: event.target == "pay" && event.visit > customer.visit - 2
    sum: event.visit * 2
""",
    ),
)


def test_events_that_are_held_against_the_request_are_bounded_by_what_a_rule_may_cost():
    def max_items(defaults=None):
        ruleset = load(requiring("customer.clicks > 3"), EVENTS, defaults=defaults).ruleset
        assert ruleset.cost_ns <= 2_000_000
        return {attribute.name: attribute.max_items for attribute in ruleset.computed}

    assert max_items()["customer.alone"] == 0
    assert 50 < max_items()["customer.clicks"] < 500
    assert max_items("{rule_cost_us: 2000}")["customer.clicks"] == pytest.approx(
        2 * max_items()["customer.clicks"], abs=1
    )


def test_more_events_than_that_are_a_wrong_value_unless_they_never_count():
    ruleset = load(requiring("customer.clicks > 3"), EVENTS).ruleset
    computed = next(attribute for attribute in ruleset.computed if attribute.name == "customer.clicks")
    now = datetime(2026, 12, 1, tzinfo=UTC)

    def clicks(**counts):
        items: list[Row] = [
            {"target": target, "visit": 4} for target, count in counts.items() for _ in range(count)
        ]
        deeds = [Deed(number, NEVER_US, NEVER_US, item) for number, item in enumerate(items)]
        history = History({"events.click": Track(deeds)})
        facts: Facts = {"customer.visit": 5}
        remember(facts, Readers.of([Computation.of(computed)]), history, When(now, "UTC", ""))
        return facts.get(computed.name)

    limit = computed.max_items
    assert clicks(pay=limit, other=10 * limit) == 8 * limit
    assert clicks(pay=limit + 1) == Invalid(f"cannot be worked out: there are more than {limit} events.click")
