"""The law the service stands on: the index, the plain scan and Google's CEL decide alike."""

import json
from datetime import UTC, datetime

from cel_expr_python import cel as google
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred import cel
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.explaining.explain import explain
from maitred.core.rules.expressions import Score
from maitred.core.rules.ruleset import Action, ActionType, Location, Requirement, Ruleset
from maitred.core.values.reasons import Reason
from maitred.core.values.types import Attribute, AttributeType, Invalid, Kind

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
STORE = Location("12", "Europe/Berlin", {})
SCHEMA = {
    "customer.tier": (Kind.STRING, False),
    "customer.age": (Kind.INT, False),
    "customer.vip": (Kind.BOOL, False),
    "customer.tags": (Kind.STRING, True),
    "basket.value": (Kind.DOUBLE, False),
    "basket.counts": (Kind.INT, True),
}
GOOGLE_TYPES = {
    Kind.STRING: google.Type.STRING,
    Kind.INT: google.Type.INT,
    Kind.BOOL: google.Type.BOOL,
    Kind.DOUBLE: google.Type.DOUBLE,
}
ATTRIBUTES = {
    **{name: Attribute(name, AttributeType(kind, is_list)) for name, (kind, is_list) in SCHEMA.items()},
    "now": Attribute("now", AttributeType(Kind.TIMESTAMP)),
}
ENV = google.NewEnv(
    variables={
        "now": google.Type.TIMESTAMP,
        **{
            name: google.Type.List(GOOGLE_TYPES[kind]) if is_list else GOOGLE_TYPES[kind]
            for name, (kind, is_list) in SCHEMA.items()
        },
    }
)

texts = st.sampled_from(["", "gold", "Gold", "größe", "🍕", "a\u0301"])
ints = st.integers(-2, 40)
doubles = st.sampled_from([0.0, -1.5, 17.5, 1e300])
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def quoted(values):
    return json.dumps(values, ensure_ascii=False)


leaves = st.one_of(
    st.builds(lambda op, v: f"customer.age {op} {v}", orders, ints),
    st.builds(lambda op, v: f"{v} {op} customer.age", orders, ints),
    st.builds(lambda op, v: f"basket.value {op} {v!r}", orders, doubles),
    st.builds(lambda op, v: f"customer.tier {op} {quoted(v)}", orders, texts),
    st.builds(lambda vs: f"customer.tier in {quoted(vs)}", st.lists(texts, min_size=1, max_size=3)),
    st.builds(lambda v: f"{quoted(v)} in customer.tags", texts),
    st.builds(
        lambda vs: f"customer.tags.exists(t, t in {quoted(vs)})", st.lists(texts, min_size=1, max_size=3)
    ),
    st.builds(lambda v: f"basket.counts.exists(n, n > {v})", ints),
    st.builds(lambda v: f"basket.counts.all(n, n != {v})", ints),
    st.builds(lambda op, v: f"size(customer.tags) {op} {v}", orders, st.integers(0, 3)),
    st.builds(lambda v: f"customer.tier.startsWith({quoted(v)})", texts),
    st.builds(lambda v: f"customer.age / {v} > 3", st.integers(0, 2)),
    st.builds(lambda op: f'now {op} timestamp("2026-03-29T01:30:00Z")', orders),
    st.sampled_from(
        ["customer.vip", "!customer.vip", "customer.vip == true", "basket.value > double(customer.age)"]
    ),
)


def combined(inner):
    return st.one_of(
        st.builds(lambda a, b: f"({a}) && ({b})", inner, inner),
        st.builds(lambda a, b: f"({a}) || ({b})", inner, inner),
        st.builds(lambda a: f"!({a})", inner),
        st.builds(lambda a, b, c: f"({a}) ? ({b}) : ({c})", inner, inner, inner),
    )


conditions = st.recursive(leaves, combined, max_leaves=5)
wrong = st.sampled_from([None, "x", 7, [1], {}, True, 1.5])
contexts = st.fixed_dictionaries(
    {},
    optional={
        "customer": st.fixed_dictionaries(
            {},
            optional={
                "tier": texts | wrong,
                "age": ints | wrong,
                "vip": st.booleans() | wrong,
                "tags": st.lists(texts, max_size=3) | wrong,
            },
        ),
        "basket": st.fixed_dictionaries(
            {},
            optional={
                "value": doubles | st.just(float("nan")) | wrong,
                "counts": st.lists(ints, max_size=3) | wrong,
            },
        ),
    },
)


def policy_of(rules):
    compiler = cel.compiler(ATTRIBUTES, {})
    actions = tuple(
        Action(
            name=f"a{number}",
            title="",
            type=ActionType.OFFER,
            score=Score(constant=float(number % 3)),
            requirements=tuple(Requirement(text, text, compiler.condition(text).bind({})) for text in needed),
        )
        for number, needed in enumerate(rules)
    )
    ruleset = Ruleset("hash", "1", "UTC", attributes=ATTRIBUTES, actions=actions)
    return compile_policy(ruleset, lambda _: None)


def by_google(text, facts):
    """True, False, or ``None`` where Google's CEL gives an error; an invalid value is as good as none."""
    data = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in facts.items()
        if name in ATTRIBUTES and not isinstance(value, Invalid)
    }
    value = ENV.compile(text).eval(data=data).value()
    return value if isinstance(value, bool) else None


@settings(max_examples=150)
@given(rules=st.lists(st.lists(conditions, min_size=1, max_size=2), min_size=1, max_size=6), context=contexts)
def test_index_scan_and_google_decide_alike(rules, context):
    policy = policy_of(rules)
    facts = policy.facts(context, channel="pos", customer_id="9", location=STORE, now=NOW)
    question = Question("pos", facts, NOW, 100)
    decision = decide_from(policy, question)
    explanation = explain(policy, question, decision.proposals, Explain.EXPLAIN_FULL)
    results = {
        f"a{number}": [by_google(text, facts) for text in needed] for number, needed in enumerate(rules)
    }

    holding = sorted(
        (name for name, values in results.items() if all(value is True for value in values)),
        key=lambda name: (-(int(name[1:]) % 3), name),
    )
    assert [proposal.action for proposal in decision.proposals] == holding
    for refusal in explanation.refusals:
        definitely_false = False in results[refusal.action]
        assert (refusal.reason is Reason.NOT_ELIGIBLE) == definitely_false
    assert len(explanation.refusals) == len(rules) - len(holding)
