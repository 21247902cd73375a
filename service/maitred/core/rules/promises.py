"""Promises: what is due to a customer outranks everything else, and may have to come first.

"News every 15 minutes": the action is due when it was not presented for so long. "Two reminders before a
cancellation": the reminder is due until it was presented so often, and until then the other action is held
back. Both hold while a situation does, or always where none is named. How often something was presented is an
attribute over own outcomes, so that a decision's record says what was due. To nobody known nothing is due.
"""

from maitred.core.behaviour.history import outcome_source
from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.conditions.computed import Aggregate, Computed
from maitred.core.conditions.model import All, Any, Condition, Literal, OneOf, Present, Within
from maitred.core.values.types import CUSTOMER_ID, OWN, SITUATION, AttributeType, Facts, Kind
from maitred.core.values.windows import Rolling

from .ruleset import Promise

_PRESENTED = outcome_source(OutcomeKind.PRESENTED)
_PREFIX = f"{OWN}promised/"
"""Begins the names of facts that say how often something promised was presented."""


def fact_of(promise: Promise) -> str:
    """Returns the fact that says how often the action was presented."""
    return f"{_PREFIX}{promise.name}"


def computed_of(promise: Promise) -> Computed:
    """Returns how often the action was presented to the customer."""
    window = Rolling(promise.every) if promise.every else promise.window
    where = Literal("outcome.action", OneOf(frozenset({promise.action})))
    type_ = AttributeType(Kind.INT)
    return Computed(fact_of(promise), _PRESENTED, "outcome", where, Aggregate.COUNT, type_, window=window)


def is_due(promise: Promise) -> Condition:
    """True where the action is due."""
    situation = (_holds(promise, wanted=True),) if promise.situation else ()
    few = Literal(fact_of(promise), Within(high=promise.times, high_open=True))
    return All((*situation, Literal(CUSTOMER_ID, Present()), few))


def may_follow(promise: Promise) -> Condition:
    """True where what the promise holds back may come: it was kept, or does not hold."""
    kept = Literal(fact_of(promise), Within(low=promise.times))
    return Any((_holds(promise, wanted=False), kept)) if promise.situation else kept


def follow_words(promise: Promise, facts: Facts) -> str:
    """Returns why what the promise holds back may not come yet."""
    count = facts.get(fact_of(promise), 0)
    return f"{promise.action} is promised {promise.times} times before, {count} were presented"


def _holds(promise: Promise, *, wanted: bool) -> Condition:
    return Literal(f"{SITUATION}{promise.situation}", OneOf(frozenset({True})), wanted)
