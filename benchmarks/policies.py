"""The workload as a compiled policy, by way of the real CEL compiler."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle

from maitred import cel
from maitred.core.conditions.computed import Aggregate, Computed
from maitred.core.deciding.decisions import Question
from maitred.core.deciding.policy import Policy, compile_policy
from maitred.core.rules.expressions import ExpressionCompiler, Score
from maitred.core.rules.ruleset import Action, ActionType, Location, Requirement, Ruleset
from maitred.core.rules.situations import Deriver
from maitred.core.values.types import Attribute, AttributeType, Kind

from .workload import ATTRIBUTES, Spec

SHIRTS = tuple(f"S{number}" for number in range(0, 40, 4))
LINES = Attribute(
    "till.lines",
    AttributeType(
        Kind.OBJECT,
        is_list=True,
        fields=(
            Attribute("sku", AttributeType(Kind.STRING)),
            Attribute("quantity", AttributeType(Kind.INT)),
            Attribute("price", AttributeType(Kind.DECIMAL, digits=2)),
            Attribute("on_sale", AttributeType(Kind.BOOL)),
        ),
        item="line",
    ),
)
COMPUTED = {
    "till.shirts": ("line.sku in list.shirts", Aggregate.SUM, "line.quantity"),
    "till.value": ("line.quantity >= 1", Aggregate.SUM, "line.quantity * line.price"),
    "till.dearest": ("line.on_sale", Aggregate.MAX, "line.price"),
    "till.kinds": ("line.sku in list.shirts && line.quantity >= 2", Aggregate.DISTINCT, "line.sku"),
    "till.last": ("line.price > 10.00", Aggregate.LAST, "line.price"),
}
NEEDS = (
    "till.shirts >= 3",
    "till.value >= 53.70",
    "till.dearest < 40.00",
    "till.kinds <= 4",
    "till.last >= 12.50",
)
"""One of each computed attribute; most baskets meet them, so that as much is left to rank as without."""
NOW = datetime(2026, 12, 1, 17, tzinfo=UTC)
STORE = Location("12", "America/New_York", {})


def attributes() -> dict[str, Attribute]:
    """The workload's attributes."""
    return {name: Attribute(name, _type(text)) for name, text in ATTRIBUTES.items()}


def policy_of(specs: Sequence[Spec]) -> Policy:
    """The actions compiled for deciding."""
    return _policy(specs, attributes(), (), ("",))


def policy_with_lines(specs: Sequence[Spec]) -> Policy:
    """The same, each with one need more: of one of five attributes computed over the lines of the basket."""
    plain = {**attributes(), LINES.name: LINES}
    items = {f"line.{field.name}": replace(field, name=f"line.{field.name}") for field in LINES.type.fields}
    compiler = cel.compiler({**plain, **items}, {"list.shirts": SHIRTS})
    computed = tuple(_computed(compiler, name, *definition) for name, definition in COMPUTED.items())
    worked_out = {
        attribute.name: Attribute(attribute.name, attribute.type, sources=attribute.reads)
        for attribute in computed
    }
    return _policy(specs, {**plain, **worked_out}, computed, tuple(f" && {need}" for need in NEEDS))


def _policy(
    specs: Sequence[Spec],
    declared: dict[str, Attribute],
    computed: tuple[Computed, ...],
    more: tuple[str, ...],
) -> Policy:
    compiler = cel.compiler(declared, {"list.shirts": SHIRTS})

    def action(spec: Spec, need: str) -> Action:
        text = spec.cel() + need
        return Action(
            name=spec.name,
            title=spec.name,
            type=ActionType.OFFER,
            requirements=(Requirement("fit", text, compiler.condition(text).bind({})),),
            score=Score(constant=spec.score),
        )

    actions = tuple(map(action, specs, cycle(more)))
    ruleset = Ruleset(
        "bench",
        "1",
        "UTC",
        attributes=declared,
        computed=computed,
        channels=frozenset({"pos"}),
        actions=actions,
    )
    return compile_policy(ruleset, _no_situations)


def _computed(
    compiler: ExpressionCompiler, name: str, where: str, aggregate: Aggregate, take: str
) -> Computed:
    type_, term = compiler.term(take)
    type_ = AttributeType(Kind.INT) if aggregate is Aggregate.DISTINCT else type_
    condition = compiler.condition(where).bind({})
    return Computed(name, LINES.name, "line", condition, aggregate, type_, term)


def question(policy: Policy, context: dict[str, object], max_actions: int) -> Question:
    """One customer at the till."""
    facts = policy.facts(context, channel="pos", customer_id="900", location=STORE, now=NOW)
    return Question("pos", facts, NOW, max_actions)


def _type(text: str) -> AttributeType:
    kind = text.removeprefix("list<").removesuffix(">")
    return AttributeType(Kind(kind), is_list=text.startswith("list<"))


def _no_situations(_situations: object) -> Deriver:
    raise AssertionError("the workload has no situations")
