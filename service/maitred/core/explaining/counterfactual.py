"""What single change would have had an action proposed: the nearest other world in which it holds.

Candidates are the values that the failing conditions themselves ask for, one attribute at a time.
Each is tried out: situations are derived anew, every condition and the score are looked at again.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from itertools import chain, islice
from typing import Any as AnyNumber

from maitred.core.conditions.model import All, Any, Condition, Literal, OneOf, Overlaps, Residual, Within
from maitred.core.conditions.scan import Memo, truth
from maitred.core.deciding.decisions import Proposal, Question
from maitred.core.deciding.policy import Policy
from maitred.core.deciding.ranking import due_names, score_if_it_holds
from maitred.core.learning.draws import NO_DRAWS, Draws
from maitred.core.privacy.purposes import barred_words, permission_words
from maitred.core.rules.ruleset import Action
from maitred.core.rules.situations import is_derived
from maitred.core.values.instants import MICROSECOND
from maitred.core.values.scalars import EXACT, digits_of, unscaled
from maitred.core.values.types import OWN, SITUATION, Attribute, Fact, Facts, Kind, Scalar
from maitred.core.values.wording import value_words

_WRITTEN = Context(prec=28)
"""For doubles as they are written, which have 17 digits."""
MAX_TRIED = 16
"""Changes that are tried for one action: each costs as much as explaining it once."""
MAX_VALUES = 5
"""Values that are tried of one set; a coupon may name 14,000 products."""

Change = tuple[str, Fact]
"""An attribute and the value it would have to have."""


def what_would_have(
    policy: Policy,
    question: Question,
    action: Action,
    proposals: tuple[Proposal, ...],
    draws: Draws = NO_DRAWS,
) -> str | None:
    """In plain words: ``customer.tier gold``; ``None`` where no single change would have done it."""
    facts, memo = question.facts, Memo()
    gates = policy.gates[action.name]
    failing = [gate.condition for gate in gates if truth(gate.condition, facts, memo) is not True]
    if not failing:
        return None
    changes = dict.fromkeys(
        possible for condition in failing for possible in _changes(policy, condition, facts)
    )
    for change in islice(changes, MAX_TRIED):
        changed = _facts_with(policy, facts, change)
        score = score_if_it_holds(policy, action, changed, Memo(), draws)
        if score is None:
            continue
        due = due_names(policy, changed) if policy.promises else {}
        own = action.name not in due, -score, action.name
        before = [
            proposal
            for proposal in proposals
            if (proposal.action not in due, -proposal.score, proposal.action) < own
        ]
        if len(before) < question.max_actions and not _is_crowded_out(policy, action, before):
            return _words(change, facts.get(change[0]))
    return None


def _facts_with(policy: Policy, facts: Facts, change: Change) -> Facts:
    attribute, value = change
    changed = {**facts, attribute: value}
    if policy.situations and not attribute.startswith(SITUATION):
        changed = {name: fact for name, fact in changed.items() if not is_derived(name)}
        changed.update(policy.situations.facts(changed))
    return changed


def _is_crowded_out(policy: Policy, action: Action, before: Sequence[Proposal]) -> bool:
    """Returns whether what stands before it leaves no place in one of its groups."""
    groups = [policy.by_name[proposal.action].groups for proposal in before]
    return any(sum(group in others for others in groups) >= group.at_most for group in action.groups)


def _changes(policy: Policy, condition: Condition, facts: Facts) -> Iterator[Change]:
    match condition:
        case Literal(attribute):
            if permission_words(attribute) or not attribute.startswith(OWN):
                declared = policy.ruleset.attributes.get(attribute)
                if not _is_barred(policy, declared, facts):
                    yield from (
                        (attribute, value) for value in _values(condition, facts.get(attribute), declared)
                    )
        case All(terms) | Any(terms):
            untrue = (term for term in terms if truth(term, facts, Memo()) is not True)
            yield from chain.from_iterable(_changes(policy, term, facts) for term in untrue)
        case Residual(expression):
            known = (policy.ruleset.attributes.get(name) for name in sorted(expression.reads))
            for declared in known:
                if declared and not declared.type.is_list and not _is_barred(policy, declared, facts):
                    yield from ((declared.name, value) for value in declared.allowed[:MAX_VALUES])


def _is_barred(policy: Policy, attribute: Attribute | None, facts: Facts) -> bool:
    """Whether it would be absent whatever its value, as its purpose or that of a source is not allowed."""
    if attribute is None:
        return False
    attributes = policy.ruleset.attributes
    read = (attribute, *(attributes.get(source) for source in attribute.sources))
    return any(barred_words(one, facts) for one in read)


def _values(literal: Literal, fact: Fact | None, attribute: Attribute | None) -> Iterator[Fact]:
    """Values that make the literal true."""
    match literal.test:
        case OneOf(values) if literal.wanted:
            yield from _few(values)
        case OneOf(values):
            yield from (value for value in _others(attribute) if value not in values)
        case Overlaps(values) if literal.wanted:
            own = fact if isinstance(fact, tuple) else ()
            for value in _few(values):
                yield (*own, value)
        case Within() as test if literal.wanted:
            yield from _ends(test)


def _others(attribute: Attribute | None) -> tuple[Scalar, ...]:
    """Values that an attribute is declared to have."""
    if attribute is None:
        return ()
    return (True, False) if attribute.type.kind is Kind.BOOL else attribute.allowed[:MAX_VALUES]


def _few(values: frozenset[Scalar]) -> list[Scalar]:
    return sorted(values, key=str)[:MAX_VALUES]


def _ends(test: Within) -> Iterator[Fact]:
    """Yields the first value inside each end of a range; of an open end only where there is a first one."""
    for end, is_open, step in ((test.low, test.low_open, 1), (test.high, test.high_open, -1)):
        if end is not None and not is_open:
            yield end
        elif isinstance(end, int) and not isinstance(end, bool):
            yield end + step
        elif isinstance(end, float):
            yield math.nextafter(end, math.inf * step)
        elif isinstance(end, Decimal):
            yield EXACT.add(end, unscaled(step, digits_of(end)))
        elif isinstance(end, date | timedelta):
            yield from _beside(end, step)


def _beside(end: date | timedelta, step: int) -> Iterator[Fact]:
    """Yields the next day, or the next instant; nothing at the ends of time."""
    with suppress(OverflowError):
        is_day = isinstance(end, date) and not isinstance(end, datetime)
        yield end + step * (timedelta(days=1) if is_day else MICROSECOND)


def _words(change: Change, fact: Fact | None) -> str:
    attribute, value = change
    permission = permission_words(attribute)
    if permission:
        return permission
    if attribute.startswith(SITUATION):
        return f"{attribute} {'holding' if value is True else 'not holding'}"
    return f"{attribute} {value_words(value)}{_distance(fact, value)}"


def _distance(fact: Fact | None, wanted: Fact) -> str:
    """Returns how far a value is from the one that would have done: ``, 4.20 more``, ``, 2 days earlier``."""
    if isinstance(fact, datetime) or isinstance(wanted, datetime):
        return ""
    if isinstance(fact, date) and isinstance(wanted, date):
        return _earlier_or_later((wanted - fact).days)
    if isinstance(fact, timedelta) and isinstance(wanted, timedelta):
        return _more_or_less(wanted - fact)
    if isinstance(fact, Decimal) and isinstance(wanted, Decimal):
        return _more_or_less(EXACT.subtract(wanted, fact))
    if isinstance(fact, float) and isinstance(wanted, float):
        # As both are written: 53.7 - 53.5 is 0.2, and 0.20000000000000284 to a double.
        return _more_or_less(float(_WRITTEN.subtract(Decimal(repr(wanted)), Decimal(repr(fact)))))
    if type(fact) is type(wanted) is int:
        return _more_or_less(wanted - fact)
    return ""


def _more_or_less(distance: AnyNumber) -> str:
    size: AnyNumber = abs(distance)
    return f", {value_words(size)} {'more' if distance == size else 'less'}"


def _earlier_or_later(days: int) -> str:
    unit = "day" if abs(days) == 1 else "days"
    return f", {abs(days):,} {unit} {'later' if days > 0 else 'earlier'}"
