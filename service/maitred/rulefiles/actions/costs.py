"""What rules cost at worst: estimated when they are loaded, refused where one would stall everybody.

What the index answers costs next to nothing, so a rule costs what its expressions left to CEL cost, each
once a decision. A computed attribute goes over the items of its source.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from maitred.core.behaviour.history import is_behaviour
from maitred.core.conditions.computed import Computed, term_expressions
from maitred.core.conditions.model import Condition, Expression, expressions
from maitred.core.learning.formulas import expressions_in
from maitred.core.rules.expressions import SHARE_NS
from maitred.core.rules.ruleset import Action, Atom, Situation
from maitred.core.values.types import Attribute, Kind
from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import experiments, models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report, SourcePath

from .actions import LoadContext, SourcedAction

_US = 1_000
_ITEM_NS = 1_000
"""What a computed attribute takes for an item, besides what is left to CEL."""
_WITHOUT_LENGTH = frozenset((Kind.BOOL, Kind.INT, Kind.DOUBLE, Kind.OBJECT))


def with_bounds(attributes: Mapping[str, Attribute], defaults: models.Defaults) -> dict[str, Attribute]:
    """Returns the attributes, with the ruleset's bounds on size where they have none of their own."""
    return {name: _bounded(attribute, defaults) for name, attribute in attributes.items()}


def _bounded(attribute: Attribute, defaults: models.Defaults, *, nested: bool = False) -> Attribute:
    fields = tuple(_bounded(field, defaults, nested=True) for field in attribute.type.fields)
    kind, is_list = attribute.type.kind, attribute.type.is_list
    return replace(
        attribute,
        type=replace(attribute.type, fields=fields) if fields else attribute.type,
        max_length=attribute.max_length or (0 if kind in _WITHOUT_LENGTH else defaults.max_length),
        max_items=attribute.max_items or (_items(kind, defaults, nested=nested) if is_list else 0),
    )


def _items(kind: Kind, defaults: models.Defaults, *, nested: bool) -> int:
    if "max_items" in defaults.model_fields_set:
        return defaults.max_items
    if nested:
        return bounds.DEFAULT_NESTED_ITEMS
    return bounds.DEFAULT_OBJECTS if kind is Kind.OBJECT else bounds.DEFAULT_ITEMS


@dataclass(frozen=True, slots=True)
class _Part:
    """One condition, score or computed attribute, and where it stands: a spot, or a row of a table."""

    at: SourcePath | tuple[str, int]
    ns: int


def check_costs(
    around: LoadContext,
    documents: Documents,
    *,
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
    situations: Sequence[Situation],
    computed: Sequence[Computed],
    limits: Sequence[tuple[SourcePath, Expression]],
    defaults: models.Defaults,
) -> int:
    """Tells rules that cost too much, each alone or all together. The cost of a decision at worst, in ns.

    ``limits`` are what limits work out, with its place. Nothing is said of rules that have faults.
    """
    if not around.report.sound:
        return 0
    over_items = list(_computed(around, documents, computed))
    rules = [
        *_actions(around, sourced_actions),
        *_eligibility(around, documents),
        *_situations(documents, situations),
        *_arms(around, documents),
        *over_items,
        *([_Part(at, expression.cost_ns)] for at, expression in limits),
    ]
    reported: set[str] = set()
    for parts in rules:
        ns = sum(part.ns for part in parts)
        if ns > defaults.rule_cost_us * _US:
            _tell(
                around.report,
                max(parts, key=lambda part: part.ns).at,
                ns,
                defaults.rule_cost_us * _US,
                reported,
            )
    total = _total_ns(actions, situations, (expression for _, expression in limits))
    total += sum(part.ns for parts in over_items for part in parts)
    limit_ns = defaults.decision_cost_us * _US
    if total > limit_ns and around.report.sound:
        worst = max((part for parts in rules for part in parts), key=lambda part: part.ns)
        _tell_at(around.report, worst.at, rule_messages.ruleset_too_slow(total, limit_ns, worst.ns))
    return total


def _tell(
    report: Report, at: SourcePath | tuple[str, int], ns: int, limit_ns: int, reported: set[str]
) -> None:
    """Rows of one table have one fault."""
    if isinstance(at, tuple):
        if at[0] in reported:
            return
        reported.add(at[0])
    _tell_at(report, at, rule_messages.rule_too_slow(ns, limit_ns))


def _tell_at(report: Report, at: SourcePath | tuple[str, int], message: str) -> None:
    if isinstance(at, SourcePath):
        report.error(at, message)
    else:
        report.at_line(*at, 1, message)


def _cost_of(condition: Condition) -> int:
    return sum(expression.cost_ns for expression in set(expressions(condition)))


def _actions(around: LoadContext, sourced_actions: Iterable[SourcedAction]) -> Iterator[list[_Part]]:
    for source in sourced_actions:
        around.report.pause()
        at, own = source.row, source.spot.at("eligibility")
        parts = [
            _Part(at or own.at(index, "require"), _cost_of(need.condition))
            for index, need in enumerate(source.action.requirements)
        ]
        expression = source.action.score.expression
        if expression:
            parts.append(_Part(at or source.spot.at("score"), expression.cost_ns))
        if parts:
            yield parts


def _eligibility(around: LoadContext, documents: Documents) -> Iterator[list[_Part]]:
    for sourced in documents.of(models.Eligibility):
        spot = sourced.spot.at("eligibility")
        yield [
            _Part(at, _cost_of(around.conditions.condition(at, model.require)))
            for index, model in enumerate(sourced.model.eligibility)
            for at in (spot.at(index, "require"),)
        ]


def _arms(around: LoadContext, documents: Documents) -> Iterator[list[_Part]]:
    for sourced in documents.of(experiments.Experiment):
        for name, arm in sourced.model.arms.items():
            at = sourced.spot.at("arms", name, "score")
            expression = None if arm.score is None else around.conditions.score(at, arm.score).expression
            if expression:
                yield [_Part(at, expression.cost_ns)]


def _situations(documents: Documents, situations: Sequence[Situation]) -> Iterator[list[_Part]]:
    spots = {sourced.model.name: sourced.spot for sourced in documents.of(models.Situation)}
    for situation in situations:
        members = [("all", situation.all), ("any", situation.any), ("none", situation.none)]
        parts = [
            _Part(spots[situation.name].at(name, index), _cost_of(member.condition))
            for name, those in members
            for index, member in enumerate(those)
            if isinstance(member, Atom)
        ]
        if parts:
            yield parts


def _computed(
    around: LoadContext, documents: Documents, computed: Sequence[Computed]
) -> Iterator[list[_Part]]:
    spots = {
        name: sourced.spot.at("computed", name)
        for sourced in documents.of(models.Context)
        for name in sourced.model.computed
    }
    for attribute in computed:
        source = around.attributes.get(attribute.over)
        items = source.max_items if source else attribute.max_items
        yield [_Part(spots[attribute.name], items * _cost_of_item(attribute))]


def _cost_of_item(computed: Computed) -> int:
    takes = set(term_expressions(computed.take)) if computed.take else set()
    return _ITEM_NS + _cost_of(computed.where) + sum(expression.cost_ns for expression in takes)


def with_max_items(computed: Iterable[Computed], defaults: models.Defaults) -> tuple[Computed, ...]:
    """Returns the computed attributes, with a bound on the events that are held against each request.

    What is computed over events alone is worked out when they change. What reads the request is worked out
    anew for each: of as many events as one rule may take time for, those left out that never count.
    """
    return tuple(
        replace(attribute, max_items=max(1, defaults.rule_cost_us * _US // _cost_of_item(attribute)))
        if is_behaviour(attribute.over) and attribute.reads != {attribute.over}
        else attribute
        for attribute in computed
    )


def _total_ns(
    actions: Iterable[Action], situations: Iterable[Situation], limits: Iterable[Expression]
) -> int:
    """Returns every distinct expression once, as a decision evaluates it.

    Learned shares once for each action.
    """
    distinct, learned_ns = set(limits), 0
    for action in actions:
        for need in action.requirements:
            distinct.update(expressions(need.condition))
        others = (other for trial in action.trials for other in trial.actions.values())
        scores = [action.score, *(other.score for other in others)]
        for score in scores:
            if score.formula is not None:
                distinct.update(expressions_in(score.formula))
            elif score.expression:
                distinct.add(score.expression)
        learned_ns += SHARE_NS * max(len(score.learned) for score in scores)
    for situation in situations:
        for member in (*situation.all, *situation.any, *situation.none):
            if isinstance(member, Atom):
                distinct.update(expressions(member.condition))
    return learned_ns + sum(expression.cost_ns for expression in distinct)
