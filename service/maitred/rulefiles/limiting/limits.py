"""Documents of kinds ``FrequencyCap`` and ``Capacity`` and their windows to limits of actions."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from maitred.core.conditions.model import Expression, Memory
from maitred.core.limits.limits import (
    Counts,
    LetterCase,
    Limit,
    LimitKind,
    Maximum,
    OnFailure,
    pace_of,
    parts_of,
)
from maitred.core.limits.lots import MAX_NEEDS
from maitred.core.rules.ruleset import Action, ActionType, Location
from maitred.core.values.kinds import KINDS
from maitred.core.values.types import (
    CHANNEL,
    CUSTOMER_ID,
    LOCATION,
    ROW,
    SESSION_ID,
    Attribute,
    AttributeType,
    Kind,
)
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session, Window
from maitred.rulefiles import bounds
from maitred.rulefiles.actions.actions import LoadContext, SourcedAction
from maitred.rulefiles.actions.choices import Chooser
from maitred.rulefiles.kinds import limits
from maitred.rulefiles.kinds.field_types import DAYS, LOCATION_ZONE, zones
from maitred.rulefiles.kinds.limits import ACTION, Quota, are_units, is_attribute
from maitred.rulefiles.kinds.windows import WindowSpec
from maitred.rulefiles.messages import learner_messages, limit_messages, rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import RULESET, Report, SourcePath

_FORMS = ("rolling", "calendar", "lifetime", "session")
_STRING = AttributeType(Kind.STRING)
_TIMESTAMP = AttributeType(Kind.TIMESTAMP)
_KINDS = {"FrequencyCap": LimitKind.FREQUENCY_CAP, "Capacity": LimitKind.CAPACITY}
_INT = AttributeType(Kind.INT)


def window_of(around: LoadContext, spot: SourcePath, model: WindowSpec) -> Window:
    """Returns the window; a faulty one is told and never resets."""
    given = [form for form in _FORMS if getattr(model, form) is not None]
    if len(given) > 1:
        around.report.error(spot.at(given[1], key=True), limit_messages.one_window())
    elif not given and not around.doubtful:
        around.report.error(spot, limit_messages.no_window())
    _check_zone(around, spot, model)
    if model.of is not None:
        _check_of(around, spot.at("of"), model, model.of)
    if model.rolling is not None:
        return Rolling(model.rolling)
    if model.calendar is not None:
        zone = None if model.timezone == LOCATION_ZONE else model.timezone or around.zone
        return Calendar(Period(model.calendar), zone, DAYS.index(model.week_starts), model.of or "")
    if model.session:
        _check_session(around, spot)
        return Session()
    return Lifetime()


def _check_zone(around: LoadContext, spot: SourcePath, model: WindowSpec) -> None:
    report = around.report
    if model.timezone is not None and model.calendar is None:
        report.error(spot.at("timezone", key=True), limit_messages.zone_without_calendar())
    elif model.timezone not in (None, LOCATION_ZONE) and model.timezone not in zones():
        report.error(spot.at("timezone"), rule_messages.unknown_zone(str(model.timezone), zones()))
    if "week_starts" in model.model_fields_set and model.calendar != Period.WEEK.value:
        report.error(spot.at("week_starts", key=True), limit_messages.week_starts_without_week())


def _check_of(around: LoadContext, spot: SourcePath, model: WindowSpec, name: str) -> None:
    declared = around.attributes.get(name)
    around.conditions.mentions.names.add(name)
    if model.calendar is None:
        around.report.error(spot, limit_messages.of_without_calendar())
    elif declared is None and name not in around.doubtful:
        moments = [attribute.name for attribute in around.attributes.values() if attribute.type == _TIMESTAMP]
        around.report.error(spot, limit_messages.of_unknown(name, moments))
    elif declared is not None and declared.type != _TIMESTAMP:
        around.report.error(spot, limit_messages.of_not_timestamp(name, str(declared.type)))


def _check_session(around: LoadContext, spot: SourcePath) -> None:
    attribute = around.attributes.get(SESSION_ID)
    if attribute is None and SESSION_ID not in around.doubtful:
        around.report.error(spot, limit_messages.session_unknown(SESSION_ID))
    elif attribute is not None and attribute.type != _STRING:
        around.report.error(spot, limit_messages.session_not_text(SESSION_ID, str(attribute.type)))


LimitSource = Sourced[limits.FrequencyCap] | Sourced[limits.Capacity]


def limit_sources(documents: Documents) -> list[LimitSource]:
    """Returns all limits, by name."""
    sources: list[LimitSource] = [*documents.of(limits.FrequencyCap), *documents.of(limits.Capacity)]
    return sorted(sources, key=lambda sourced: sourced.model.name)


def check_sources(report: Report, sources: list[LimitSource]) -> None:
    """How many there are, and that no two of different kinds share a name: counters are kept by it."""
    if len(sources) > bounds.LIMITS:
        report.at_line(RULESET, 0, 0, limit_messages.too_many_limits())
    seen: dict[str, LimitSource] = {}
    for sourced in sources:
        first = seen.setdefault(sourced.model.name, sourced)
        if first.model.kind != sourced.model.kind:
            message = limit_messages.limit_name_taken(first.model.kind, first.model.name, first.spot.file)
            report.error(sourced.spot.at("name"), message)


@dataclass(frozen=True, slots=True)
class PersonalSubjects:
    """What is known in advance of the values that subjects are made of."""

    attributes: Mapping[str, Attribute]
    locations_known: bool
    channels_known: bool

    @classmethod
    def of(
        cls,
        around: LoadContext,
        sourced_actions: Sequence[SourcedAction],
        locations: Mapping[str, Location] | None,
    ) -> "PersonalSubjects":
        """A ruleset without a table of locations, or that names no channel, accepts any."""
        named = any(source.action.channels or source.action.treatments for source in sourced_actions)
        return cls(around.attributes, locations is not None, bool(around.channels) or named)

    def may_be_in(self, per: Iterable[str]) -> bool:
        """Returns whether some attribute can have values that nobody has looked at: they may be personal."""
        return not all(map(self._is_harmless, per))

    def _is_harmless(self, name: str) -> bool:
        attribute = self.attributes.get(name)
        if attribute is None or attribute.sensitive:
            return False
        if name.startswith(LOCATION):
            return self.locations_known
        if name == CHANNEL:
            return self.channels_known
        return bool(attribute.allowed) or attribute.type.kind is Kind.BOOL


@dataclass(frozen=True, slots=True)
class Applied:
    """A limit and the numbers of the actions it applies to.

    ``each_action`` where every action has units of its own; ``limit`` is without scope then,
    and its maximum may be the name of a column.
    """

    sourced: LimitSource
    limit: Limit
    each_action: bool
    actions: tuple[int, ...]

    @property
    def spot(self) -> SourcePath:
        """Where its document stands."""
        return self.sourced.spot


def applied_limits(
    around: LoadContext,
    documents: Documents,
    sourced_actions: Sequence[SourcedAction],
    locations: Mapping[str, Location] | None,
) -> list[Applied]:
    """Returns all limits, by name. What is wrong with one is told."""
    sources = limit_sources(documents)
    check_sources(around.report, sources)
    personal = PersonalSubjects.of(around, sourced_actions, locations)
    reader = _LimitReader(
        around, sourced_actions, Chooser(around, sourced_actions), locations or {}, personal
    )
    applied: list[Applied] = []
    room = MAX_NEEDS * len(sourced_actions)
    for sourced in sources[: bounds.LIMITS]:
        applied.append(reader.applied(sourced))
        room -= len(applied[-1].actions)
        # With one more some action has too many, which is told: no need to find them all.
        if room < 0:
            break
    return applied


def with_limits(
    around: LoadContext,
    applied: Sequence[Applied],
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
) -> list[Action]:
    """Returns the actions with their limits in order of key. ``actions`` stand as in ``sourced_actions``."""
    by_action: dict[int, list[Applied]] = {}
    for one_applied in applied:
        for number in one_applied.actions:
            by_action.setdefault(number, []).append(one_applied)
    shared: dict[tuple[int, ...], tuple[Limit, ...]] = {}
    limited = list(actions)
    reported: set[tuple[int, ...]] = set()
    for number, those in by_action.items():
        own = _limits_of(those, sourced_actions[number], shared)
        count = sum(len(parts_of(limit)) for limit in own)
        key = tuple(id(one_applied) for one_applied in those)
        # Actions under the same limits, say all rows of a table, have one fault.
        if count > MAX_NEEDS and key not in reported:
            reported.add(key)
            message = limit_messages.too_many_needs(sourced_actions[number].action.name, count, MAX_NEEDS)
            around.report.error(sourced_actions[number].spot.at("name"), message)
        limited[number] = replace(actions[number], limits=own)
    return limited


def _limits_of(
    those: list[Applied], sourced_actions: SourcedAction, shared: dict[tuple[int, ...], tuple[Limit, ...]]
) -> tuple[Limit, ...]:
    """Actions under the same limits share them, where each has no units of its own."""
    if any(limit.each_action for limit in those):
        return _in_order([_scoped(limit, sourced_actions) for limit in those])
    key = tuple(id(limit) for limit in those)
    if key not in shared:
        shared[key] = _in_order([limit.limit for limit in those])
    return shared[key]


def _in_order(those: list[Limit]) -> tuple[Limit, ...]:
    return tuple(sorted(those, key=lambda limit: limit.key))


def _scoped(applied: Applied, sourced_actions: SourcedAction) -> Limit:
    limit, pace = applied.limit, applied.limit.pace
    if not applied.each_action:
        return limit
    maximum = _number(limit.maximum, sourced_actions)
    own = replace(limit, scope=sourced_actions.action.name, maximum=maximum, pace=None)
    if pace is None or not isinstance(pace.window, Rolling):
        return own
    return replace(own, pace=pace_of(own, _number(pace.maximum, sourced_actions), pace.window, pace.default))


def _number(maximum: Maximum, sourced_actions: SourcedAction) -> Maximum:
    return sourced_actions.numbers.get(str(maximum), 0) if _is_column(maximum) else maximum


def _is_column(maximum: Maximum) -> bool:
    return isinstance(maximum, str) and maximum.startswith(ROW)


def _pace_maximum(limit: Limit) -> Maximum:
    return limit.pace.maximum if limit.pace else 0


# One document


@dataclass(frozen=True, slots=True)
class _LimitReader:
    """One document at a time."""

    around: LoadContext
    sourced_actions: Sequence[SourcedAction]
    chooser: Chooser
    locations: Mapping[str, Location]
    personal: PersonalSubjects
    memory: Memory = field(default_factory=Memory)

    def applied(self, sourced: LimitSource) -> Applied:
        """Returns the limit of a document. What is wrong with it is told."""
        around, model, spot = self.around, sourced.model, sourced.spot
        numbers = tuple(self.chooser.chosen(self.chooser.checked(spot, model.applies_to)))
        reached = [self.sourced_actions[number] for number in numbers]
        limit = _remembering(_limit(around, sourced, self.personal), self.memory)
        _check_subject(around, sourced)
        maxima = ((limit.maximum, spot.at("limit")), (_pace_maximum(limit), spot.at("pace", "limit")))
        for name, at in maxima:
            if isinstance(name, str):
                self._check_number(at, name, reached)
        if limit.on_failure is OnFailure.OPEN and not around.doubtful:
            _check_open(around, spot, reached)
        each_action = ACTION in model.per or any(_is_column(name) for name, _ in maxima)
        return Applied(sourced, limit, each_action, numbers)

    def _check_number(self, spot: SourcePath, name: str, reached: Sequence[SourcedAction]) -> None:
        """The attribute that a number of units is taken from is an int, and one that can be."""
        if _is_column(name):
            _check_rows(self.around, spot, name, reached)
            return
        attributes = self.around.attributes
        attribute = attributes.get(name)
        if attribute is None and name not in self.around.doubtful:
            self.around.report.error(spot, limit_messages.limit_unknown(name, _ints(attributes)))
        elif attribute is not None and attribute.type != _INT:
            self.around.report.error(spot, limit_messages.limit_not_int(name, str(attribute.type)))
        elif name.startswith(LOCATION):
            self._check_locations(spot, name)

    def _check_locations(self, spot: SourcePath, name: str) -> None:
        for location in self.locations.values():
            number = location.attributes.get(name, 0)
            if isinstance(number, int) and not are_units(number):
                message = limit_messages.bad_location_units(name, number, location.id)
                self.around.report.error(spot, message)
                return


def _limit(around: LoadContext, sourced: LimitSource, personal: PersonalSubjects) -> Limit:
    model, spot = sourced.model, sourced.spot
    per = tuple(sorted(name for name in model.per if name != ACTION))
    limit = Limit(
        name=model.name,
        kind=_KINDS[model.kind],
        per=per,
        maximum=_maximum(around, spot.at("limit"), model.limit),
        default=model.limit.default if isinstance(model.limit, Quota) else None,
        window=window_of(around, spot.at("window"), model.window),
        counts=Counts(model.counts),
        hold=model.hold,
        on_failure=OnFailure(model.on_failure),
        letter_case=LetterCase(model.letter_case),
        lets_anonymous=model.anonymous == "allow",
        is_personal=personal.may_be_in(per),
    )
    if not isinstance(model, limits.Capacity):
        return replace(limit, also=_also(around, sourced, limit)) if model.also else limit
    percent = model.overbook.percent if model.overbook else 0
    limit = replace(limit, overbook_percent=percent)
    return replace(limit, pace=_pace(around, spot.at("pace"), limit, model))


def _also(around: LoadContext, sourced: LimitSource, limit: Limit) -> tuple[str, ...]:
    """Returns the events that count beside; only of customers is it known what they did."""
    assert isinstance(sourced.model, limits.FrequencyCap)
    spot = sourced.spot.at("also")
    for index, name in enumerate(sourced.model.also):
        if name not in around.events and name.removeprefix("events.") not in around.doubtful:
            around.report.error(spot.at(index), limit_messages.also_unknown(name, around.events))
    if limit.per != (CUSTOMER_ID,):
        around.report.error(sourced.spot.at("also", key=True), limit_messages.also_of_customers())
    if isinstance(limit.window, Calendar) and limit.window.of:
        around.report.error(sourced.spot.at("window", "of"), limit_messages.also_of_now())
    return tuple(sorted(sourced.model.also))


def _remembering(limit: Limit, memory: Memory) -> Limit:
    """Returns the limit, whose expressions are evaluated once a decision, whichever actions it applies to."""
    pace = _remembering(limit.pace, memory) if limit.pace else None
    maximum = limit.maximum
    if isinstance(maximum, Expression):
        maximum = memory.remembered(maximum)
    return replace(limit, maximum=maximum, pace=pace)


def limit_expressions(applied: Iterable[Applied]) -> Iterator[tuple[SourcePath, Expression]]:
    """Yields what limits work out in CEL, and where it stands."""
    for limit in applied:
        if isinstance(limit.limit.maximum, Expression):
            yield limit.spot.at("limit"), limit.limit.maximum
        if limit.limit.pace and isinstance(limit.limit.pace.maximum, Expression):
            yield limit.spot.at("pace", "limit"), limit.limit.pace.maximum


def _maximum(around: LoadContext, spot: SourcePath, units: int | str | Quota) -> Maximum:
    if isinstance(units, Quota):
        return units.attribute
    if isinstance(units, int) or is_attribute(units):
        return units
    score = around.conditions.score(spot, units)
    if score.learned:
        around.report.error(spot, learner_messages.learned_limit())
    return score.expression or math.floor(score.constant or 0.0)


def _pace(around: LoadContext, spot: SourcePath, limit: Limit, model: limits.Capacity) -> Limit | None:
    if model.pace is None:
        return None
    window = window_of(around, spot.at("window"), model.pace.window)
    if isinstance(window, Rolling):
        units = model.pace.limit
        default = units.default if isinstance(units, Quota) else None
        return pace_of(limit, _maximum(around, spot.at("limit"), units), window, default)
    around.report.error(spot.at("window"), limit_messages.pace_not_rolling())
    return None


def _check_subject(around: LoadContext, sourced: LimitSource) -> None:
    """Every attribute of ``per`` is declared, and its values can name somebody."""
    model, spot = sourced.model, sourced.spot.at("per")
    if isinstance(model, limits.FrequencyCap) and not set(model.per) - {ACTION}:
        around.report.error(spot, limit_messages.per_nobody())
    for index, name in enumerate(model.per):
        attribute = around.attributes.get(name)
        if attribute is not None and (attribute.type.is_list or not KINDS[attribute.type.kind].is_countable):
            message = limit_messages.per_not_countable(name, str(attribute.type))
            around.report.error(spot.at(index), message)
        elif attribute is None and name != ACTION and name not in around.doubtful:
            around.report.error(spot.at(index), limit_messages.per_unknown(name, around.attributes))


def _check_open(around: LoadContext, spot: SourcePath, reached: Sequence[SourcedAction]) -> None:
    actions = (sourced_actions.action for sourced_actions in reached)
    other = next((action for action in actions if action.type is not ActionType.MESSAGE), None)
    if other:
        message = limit_messages.open_for_more_than_messages(other.name, other.type.name.lower())
        around.report.error(spot.at("on_failure"), message)


def _ints(attributes: Mapping[str, Attribute]) -> list[str]:
    return [name for name, attribute in attributes.items() if attribute.type == _INT]


def _check_rows(around: LoadContext, spot: SourcePath, name: str, reached: Sequence[SourcedAction]) -> None:
    for sourced_actions in reached:
        number = sourced_actions.numbers.get(name)
        if number is None:
            around.report.error(spot, limit_messages.limit_no_column(name, sourced_actions.action.name))
            return
        if not are_units(number) and sourced_actions.row:
            around.report.at_line(*sourced_actions.row, 1, limit_messages.bad_cell_units(name, number))
