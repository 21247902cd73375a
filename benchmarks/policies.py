"""The workload as a compiled policy, by way of the real CEL compiler."""

from collections.abc import Sequence
from datetime import UTC, datetime

from maitred import cel
from maitred.core.conditions.derivation import Deriver
from maitred.core.conditions.expressions import Score
from maitred.core.deciding.decisions import Question
from maitred.core.rules.policy import Policy, compile_policy
from maitred.core.rules.ruleset import Action, ActionType, Location, Requirement, Ruleset
from maitred.core.values.types import Attribute, AttributeType, Kind

from .workload import ATTRIBUTES, Spec

NOW = datetime(2026, 12, 1, 17, tzinfo=UTC)
STORE = Location("12", "America/New_York", {})


def attributes() -> dict[str, Attribute]:
    """The workload's attributes."""
    return {name: Attribute(name, _type(text)) for name, text in ATTRIBUTES.items()}


def policy_of(specs: Sequence[Spec]) -> Policy:
    """The actions compiled for deciding."""
    declared = attributes()
    compiler = cel.compiler(declared, {})
    actions = tuple(
        Action(
            name=spec.name,
            title=spec.name,
            type=ActionType.OFFER,
            requirements=(Requirement("fit", spec.cel(), compiler.condition(spec.cel()).bind({})),),
            score=Score(constant=spec.score),
        )
        for spec in specs
    )
    ruleset = Ruleset("bench", "1", "UTC", attributes=declared, channels=frozenset({"pos"}), actions=actions)
    return compile_policy(ruleset, _no_situations)


def question(policy: Policy, context: dict[str, object], max_actions: int) -> Question:
    """One customer at the till."""
    facts = policy.facts(context, channel="pos", customer_id="900", location=STORE, now=NOW)
    return Question("pos", facts, NOW, max_actions)


def _type(text: str) -> AttributeType:
    kind = text.removeprefix("list<").removesuffix(">")
    return AttributeType(Kind(kind), is_list=text.startswith("list<"))


def _no_situations(_situations: object) -> Deriver:
    raise AssertionError("the workload has no situations")
