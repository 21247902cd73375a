"""What an explained answer tells: some actions only where named, and what was sent and not used."""

import pytest
from tests.claims.harness import PIZZA, refused
from tests.rules import action, cap, document

from maitred.core.deciding.decisions import Explain
from maitred.engine.errors import Code

TIERED = action("tiered", eligibility='[{require: customer.tier == "gold"}]')
MOBILE = action("mobile-only", channels="[mobile]")


@pytest.fixture
def shop(harness):
    harness.rules(PIZZA, TIERED, MOBILE)
    return harness


def reasons_of(answer):
    return {refusal.action: refusal.reason.name for refusal in answer.refusals}


@pytest.mark.parametrize("level", Explain)
def test_named_actions_alone_are_explained_at_any_level_and_for_any_reason(shop, level):
    answer = shop.decide(explain=level, explain_actions=("tiered", "mobile-only", "pizza"), max_actions=5)
    assert reasons_of(answer) == {"tiered": "MISSING_ATTRIBUTE", "mobile-only": "WRONG_CHANNEL"}
    assert [bool(lines) for lines in answer.why] == [True]


def test_a_retry_may_name_others(shop):
    first = shop.decide(request="r-0", explain_actions=("tiered",))
    again = shop.decide(request="r-0", explain_actions=("mobile-only",))
    assert (reasons_of(first), reasons_of(again)) == (
        {"tiered": "MISSING_ATTRIBUTE"},
        {"mobile-only": "WRONG_CHANNEL"},
    )
    assert first.decision_id == again.decision_id


def test_an_unknown_action_to_explain_is_malformed(shop):
    with refused(Code.MALFORMED) as error:
        shop.decide(explain_actions=("pizza", "tierd"))
    assert "`tierd`, did you mean `tiered`" in error.value.message


def test_how_the_limits_of_a_named_action_stand_is_told_among_a_thousand(harness):
    many = [action(f"a{number:04}", score=f"{9_000 - number}") for number in range(700)]
    once_each = cap(per="[customer, action]", counts="decided", limit=1)
    harness.rules(*many, action("last"), once_each)
    assert harness.decide(max_actions=100).proposals
    for _ in range(7):
        harness.decide(max_actions=100)
    reason = reasons_of(harness.decide(max_actions=1, explain_actions=("a0000", "last")))
    assert reason["a0000"] == "FREQUENCY_CAPPED"


@pytest.mark.parametrize(
    ("context", "lines"),
    [
        ({"customer": {"teir": "gold"}}, ["`customer.teir` is not declared, did you mean `customer.tier`?"]),
        ({"customer": {"TIER": "gold"}}, ["`customer.TIER` is not declared, did you mean `customer.tier`?"]),
        ({"qq": {"wwwwwwww": 1}}, ["`qq.wwwwwwww` is not declared"]),
        ({"top": 1, "deep": {"er": {"x": [1]}}}, ["`top` is not declared", "`deep.er.x` is not declared"]),
        ({"customer": {"quota": 3}}, ["`customer.quota` is declared, and no rule reads it"]),
        (
            {"location": {"id": "7"}, "now": 1},
            ["`location.id` is not taken from the context", "`now` is not taken from the context"],
        ),
        ({"customer": {"tier": "gold"}}, []),
        ({"customer": {"tier": 7}}, []),
        ({"customer": {"tier": None, "teir": None}}, []),
        ({"session": {"id": "s-1"}}, []),
        ({"customer": {}}, []),
    ],
)
def test_what_was_sent_and_not_used_is_told(shop, context, lines):
    assert list(shop.decide(explain=Explain.EXPLAIN_REASONS, context=context).unused) == lines
    assert list(shop.decide(explain_actions=("pizza",), context=context).unused) == lines
    assert shop.decide(context=context).unused == ()


def test_values_are_never_told_and_names_are_bounded(shop):
    secret, long = "canary@example.com", "x" * 5_000
    context = {"customer": {"email": secret, long: 1}, "more": {str(n): n for n in range(5_000)}}
    lines = shop.decide(explain=Explain.EXPLAIN_REASONS, context=context).unused
    assert secret not in "".join(lines)
    assert len(lines) == 51
    assert max(map(len, lines)) < 400


def test_a_retry_is_told_as_well(shop):
    context = {"customer": {"teir": "gold"}}
    first = shop.decide(request="r-1", context=context)
    again = shop.decide(request="r-1", context=context, explain=Explain.EXPLAIN_FULL)
    assert first.unused == ()
    assert "customer.tier" in again.unused[0]


def test_what_only_a_situation_reads_is_used(harness):
    harness.rules(
        PIZZA,
        document("Situation", "rich", {"all": "[customer.quota > 3]"}),
        action("x", eligibility="[{require: situation.rich}]"),
    )
    assert harness.decide(explain=Explain.EXPLAIN_REASONS, context={"customer": {"quota": 9}}).unused == ()


def test_a_field_of_a_line_that_is_not_declared_is_told_once_with_the_one_that_was_meant(harness):
    lines = "{type: list<object>, item: line, fields: {sku: string, quantity: int}}"
    declared = document("Context", "basket", {"attributes": f"{{basket.lines: {lines}}}"})
    many = "[{require: 'basket.lines.exists(line, line.quantity > 2)'}]"
    harness.rules(declared, action("many", eligibility=many))
    sent = [{"sku": "S1", "quantty": 3}, {"sku": "S2", "quantty": 1, "colour": "red"}, "no line"]
    told_of = harness.decide(explain=Explain.EXPLAIN_REASONS, context={"basket": {"lines": sent}}).unused
    assert list(told_of) == [
        "`basket.lines.quantty` is not declared, did you mean `basket.lines.quantity`?",
        "`basket.lines.colour` is not declared",
    ]


def test_the_language_of_texts_is_read_of_every_request(shop):
    spoken = {"customer": {"language": "it"}}
    assert shop.decide(explain=Explain.EXPLAIN_REASONS, context=spoken).unused == ()
