"""Documents of kinds ``FrequencyCap`` and ``Capacity`` to limits of the actions they choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from maitred.core.limits import Counts, LetterCase, Limit, LimitKind, OnFailure, pace_of, parts_of
from maitred.core.lots import MAX_NEEDS
from maitred.core.rules import Action, ActionType, Location
from maitred.core.values import Attribute, AttributeType, Kind
from maitred.core.windows import Rolling

from . import limit_kinds, limit_messages, limits
from .actions import Around, Placed
from .choices import Chooser
from .documents import Documents
from .limit_documents import ROW, LimitSource, check_sources, limit_sources
from .limit_fields import ACTION, are_units
from .limit_windows import window_of
from .report import Spot
from .veils import Veils

_KINDS = {"FrequencyCap": LimitKind.FREQUENCY_CAP, "Capacity": LimitKind.CAPACITY}
_COUNTABLE = frozenset((Kind.STRING, Kind.INT, Kind.BOOL))
_INT = AttributeType(Kind.INT)
_LOCATION = "location."


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
    def spot(self) -> Spot:
        """Where its document stands."""
        return self.sourced.spot


def applied_limits(
    around: Around,
    documents: Documents,
    placed: Sequence[Placed],
    locations: Mapping[str, Location] | None,
) -> list[Applied]:
    """All limits, by name. What is wrong with one is told."""
    sources = limit_sources(documents)
    check_sources(around.report, sources)
    veils = Veils.of(around, placed, locations)
    reader = _Reader(around, placed, Chooser(around, placed), locations or {}, veils)
    applied: list[Applied] = []
    room = MAX_NEEDS * len(placed)
    for sourced in sources[: limits.LIMITS]:
        applied.append(reader.applied(sourced))
        room -= len(applied[-1].actions)
        # With one more some action has too many, which is told: no need to find them all.
        if room < 0:
            break
    return applied


def with_limits(
    around: Around, applied: Sequence[Applied], placed: Sequence[Placed], actions: Sequence[Action]
) -> list[Action]:
    """The actions with their limits in order of key. ``actions`` stand as in ``placed``."""
    by_action: dict[int, list[Applied]] = {}
    for each in applied:
        for number in each.actions:
            by_action.setdefault(number, []).append(each)
    shared: dict[tuple[int, ...], tuple[Limit, ...]] = {}
    limited = list(actions)
    told: set[tuple[int, ...]] = set()
    for number, those in by_action.items():
        own = _limits_of(those, placed[number], shared)
        count = sum(len(parts_of(limit)) for limit in own)
        key = tuple(id(each) for each in those)
        # Actions under the same limits, say all rows of a table, have one fault.
        if count > MAX_NEEDS and key not in told:
            told.add(key)
            message = limit_messages.too_many_needs(placed[number].action.name, count, MAX_NEEDS)
            around.report.error(placed[number].spot.at("name"), message)
        limited[number] = replace(actions[number], limits=own)
    return limited


def _limits_of(
    those: list[Applied], placed: Placed, shared: dict[tuple[int, ...], tuple[Limit, ...]]
) -> tuple[Limit, ...]:
    """Actions under the same limits share them, where each has no units of its own."""
    if any(each.each_action for each in those):
        return _in_order([_scoped(each, placed) for each in those])
    key = tuple(id(each) for each in those)
    if key not in shared:
        shared[key] = _in_order([each.limit for each in those])
    return shared[key]


def _in_order(those: list[Limit]) -> tuple[Limit, ...]:
    return tuple(sorted(those, key=lambda limit: limit.key))


def _scoped(applied: Applied, placed: Placed) -> Limit:
    limit, pace = applied.limit, applied.limit.pace
    if not applied.each_action:
        return limit
    maximum = _number(limit.maximum, placed)
    own = replace(limit, scope=placed.action.name, maximum=maximum, pace=None)
    if pace is None or not isinstance(pace.window, Rolling):
        return own
    return replace(own, pace=pace_of(own, _number(pace.maximum, placed), pace.window))


def _number(maximum: int | str, placed: Placed) -> int | str:
    return placed.numbers.get(str(maximum), 0) if _is_column(maximum) else maximum


def _is_column(maximum: int | str) -> bool:
    return isinstance(maximum, str) and maximum.startswith(ROW)


def _pace_maximum(limit: Limit) -> int | str:
    return limit.pace.maximum if limit.pace else 0


# One document


@dataclass(frozen=True, slots=True)
class _Reader:
    """One document at a time."""

    around: Around
    placed: Sequence[Placed]
    chooser: Chooser
    locations: Mapping[str, Location]
    veils: Veils

    def applied(self, sourced: LimitSource) -> Applied:
        """The limit of a document. What is wrong with it is told."""
        around, model, spot = self.around, sourced.model, sourced.spot
        numbers = tuple(self.chooser.chosen(self.chooser.checked(spot, model.applies_to)))
        reached = [self.placed[number] for number in numbers]
        limit = _limit(around, sourced, self.veils)
        _check_subject(around, sourced)
        maxima = ((limit.maximum, spot.at("limit")), (_pace_maximum(limit), spot.at("pace", "limit")))
        for name, at in maxima:
            if isinstance(name, str):
                self._check_number(at, name, reached)
        if limit.on_failure is OnFailure.OPEN and not around.doubtful:
            _check_open(around, spot, reached)
        each_action = ACTION in model.per or any(_is_column(name) for name, _ in maxima)
        return Applied(sourced, limit, each_action, numbers)

    def _check_number(self, spot: Spot, name: str, reached: Sequence[Placed]) -> None:
        """The attribute that a number of units is taken from is an int, and one that can be."""
        if _is_column(name):
            _check_rows(self.around, spot, name, reached)
            return
        attributes = self.around.attributes
        found = attributes.get(name)
        if found is None and name not in self.around.doubtful:
            self.around.report.error(spot, limit_messages.limit_unknown(name, _ints(attributes)))
        elif found is not None and found.type != _INT:
            self.around.report.error(spot, limit_messages.limit_not_int(name, str(found.type)))
        elif name.startswith(_LOCATION):
            self._check_locations(spot, name)

    def _check_locations(self, spot: Spot, name: str) -> None:
        for location in self.locations.values():
            number = location.attributes.get(name, 0)
            if isinstance(number, int) and not are_units(number):
                message = limit_messages.bad_location_units(name, number, location.id)
                self.around.report.error(spot, message)
                return


def _limit(around: Around, sourced: LimitSource, veils: Veils) -> Limit:
    model, spot = sourced.model, sourced.spot
    per = tuple(sorted(name for name in model.per if name != ACTION))
    limit = Limit(
        name=model.name,
        kind=_KINDS[model.kind],
        per=per,
        maximum=model.limit,
        window=window_of(around, spot.at("window"), model.window),
        counts=Counts(model.counts),
        hold=model.hold,
        on_failure=OnFailure(model.on_failure),
        letter_case=LetterCase(model.letter_case),
        is_veiled=veils.veiled(per),
    )
    if not isinstance(model, limit_kinds.Capacity):
        return limit
    percent = model.overbook.percent if model.overbook else 0
    limit = replace(limit, overbook_percent=percent)
    return replace(limit, pace=_pace(around, spot.at("pace"), limit, model))


def _pace(around: Around, spot: Spot, limit: Limit, model: limit_kinds.Capacity) -> Limit | None:
    if model.pace is None:
        return None
    window = window_of(around, spot.at("window"), model.pace.window)
    if isinstance(window, Rolling):
        return pace_of(limit, model.pace.limit, window)
    around.report.error(spot.at("window"), limit_messages.pace_not_rolling())
    return None


def _check_subject(around: Around, sourced: LimitSource) -> None:
    """Every attribute of ``per`` is declared, and its values can name somebody."""
    model, spot = sourced.model, sourced.spot.at("per")
    if isinstance(model, limit_kinds.FrequencyCap) and not set(model.per) - {ACTION}:
        around.report.error(spot, limit_messages.per_nobody())
    for index, name in enumerate(model.per):
        found = around.attributes.get(name)
        if found is not None and (found.type.is_list or found.type.kind not in _COUNTABLE):
            message = limit_messages.per_not_countable(name, str(found.type))
            around.report.error(spot.at(index), message)
        elif found is None and name != ACTION and name not in around.doubtful:
            around.report.error(spot.at(index), limit_messages.per_unknown(name, around.attributes))


def _check_open(around: Around, spot: Spot, reached: Sequence[Placed]) -> None:
    actions = (placed.action for placed in reached)
    other = next((action for action in actions if action.type is not ActionType.MESSAGE), None)
    if other:
        message = limit_messages.open_for_more_than_messages(other.name, other.type.name.lower())
        around.report.error(spot.at("on_failure"), message)


def _ints(attributes: Mapping[str, Attribute]) -> list[str]:
    return [name for name, attribute in attributes.items() if attribute.type == _INT]


def _check_rows(around: Around, spot: Spot, name: str, reached: Sequence[Placed]) -> None:
    for placed in reached:
        number = placed.numbers.get(name)
        if number is None:
            around.report.error(spot, limit_messages.limit_no_column(name, placed.action.name))
            return
        if not are_units(number) and placed.row:
            around.report.at_line(*placed.row, 1, limit_messages.bad_cell_units(name, number))
