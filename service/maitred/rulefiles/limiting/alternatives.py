"""``alternatives`` of actions: that they exist, and that they come to an end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from maitred.core.limits.limits import Counts, Limit, LimitKind
from maitred.core.limits.lots import MAX_CHOICES
from maitred.core.rules.ruleset import Action, Live
from maitred.core.rules.treatments import gap_in
from maitred.core.values.types import CHANNEL, HOLD_EXPIRES, Facts
from maitred.rulefiles import bounds
from maitred.rulefiles.actions.actions import LoadContext, SourcedAction
from maitred.rulefiles.actions.placeholders import names
from maitred.rulefiles.kinds import models
from maitred.rulefiles.messages import limit_messages, rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report, SourcePath

_ALWAYS_THERE: Facts = {"now": "", CHANNEL: "", HOLD_EXPIRES: ""}
MOST = MAX_CHOICES - 1
"""In a whole chain, without the action itself."""


def check_alternatives(
    around: LoadContext, documents: Documents, sourced_actions: Sequence[SourcedAction]
) -> None:
    """Tells names of no action, circles, and chains that are too long."""
    teller = _Teller(around.report, documents)
    known = {source.action.name: source for source in sourced_actions}
    handing = {name: source for name, source in known.items() if source.action.alternatives}
    errors_before = around.report.errors
    for source in handing.values():
        for index, name in enumerate(source.action.alternatives):
            if name not in known and not around.may_be_action(name):
                teller.tell(source, index, limit_messages.unknown_alternative(name, known))
    leads = {name: source.action.alternatives for name, source in handing.items()}
    for circle in islice(circles(leads), bounds.FAULTS):
        first = handing[circle[0]]
        step = first.action.alternatives.index(circle[1])
        teller.tell(first, step, limit_messages.alternatives_circle(circle))
    if around.report.errors == errors_before:
        _check_lengths(teller, handing)


def _check_lengths(teller: "_Teller", handing: Mapping[str, SourcedAction]) -> None:
    for source in handing.values():
        if len(list(islice(chain_of(source.action.name, handing), MOST + 1))) > MOST:
            teller.tell(source, 0, limit_messages.alternatives_too_many(source.action.name, MOST))


def chain_of(name: str, handing: Mapping[str, SourcedAction]) -> Iterator[str]:
    """Yields every action that may stand in for one, directly or for one of its alternatives, each once."""
    seen = {name}
    waiting = [name]
    while waiting:
        sourced_actions = handing.get(waiting.pop())
        for other in sourced_actions.action.alternatives if sourced_actions else ():
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield other


def circles(leads: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Paths that come back to where they start, ``[a, b, a]``: one for each way into a circle."""
    done: set[str] = set()
    for start in sorted(leads):
        if start not in done:
            yield from _circles_from(start, leads, done)


def _circles_from(start: str, leads: Mapping[str, Sequence[str]], done: set[str]) -> Iterator[list[str]]:
    """Walks without recursion: a chain may be as long as there are actions."""
    path, on_path = [start], {start: 0}
    steps = [iter(leads[start])]
    while path:
        name = next(steps[-1], None)
        if name is None:
            steps.pop()
            last = path.pop()
            del on_path[last]
            done.add(last)
        elif name in on_path:
            yield [*path[on_path[name] :], name]
        elif name in leads and name not in done:
            on_path[name] = len(path)
            path.append(name)
            steps.append(iter(leads[name]))


class _Teller:
    """Tells a fault in the row that gives the alternative, or once where it is written for all."""

    def __init__(self, report: Report, documents: Documents) -> None:
        self._report = report
        self._templates = {
            sourced.spot: sourced.model.action.alternatives for sourced in documents.of(models.ActionTable)
        }
        self._reported: set[tuple[SourcePath, str]] = set()

    def tell(self, sourced_actions: SourcedAction, index: int, message: str) -> None:
        """A fault of one alternative of an action."""
        name = sourced_actions.action.alternatives[index]
        if sourced_actions.row is None:
            self._once(sourced_actions.spot.at("alternatives", index), message)
        elif name in (template := self._templates.get(sourced_actions.spot, [])):
            self._once(sourced_actions.spot.at("action", "alternatives", template.index(name)), message)
        else:
            self._report.at_line(*sourced_actions.row, 1, message)

    def _once(self, spot: SourcePath, message: str) -> None:
        if (spot, message) not in self._reported:
            self._reported.add((spot, message))
            self._report.error(spot, message)


def warn_alternatives(
    around: LoadContext, sourced_actions: Sequence[SourcedAction], actions: Sequence[Action]
) -> None:
    """Tells them, each once for all rows of a table. ``actions`` have their limits."""
    known = {action.name: action for action in actions}
    reported: set[tuple[SourcePath, str]] = set()
    for source, action in zip(sourced_actions, actions, strict=True):
        for finding in (
            *_alternatives(source, action, known),
            *_other_holds(source, action),
            *_silent(source, action),
        ):
            if finding not in reported:
                reported.add(finding)
                around.report.warn(*finding)
    _warn_idle_stand_ins(around, sourced_actions)


def _warn_idle_stand_ins(around: LoadContext, sourced_actions: Sequence[SourcedAction]) -> None:
    """Tells of stand-ins that no action names; of a table only where none of its rows is named."""
    named = {name for source in sourced_actions for name in source.action.alternatives}
    idle: dict[SourcePath, bool] = {}
    for source in sourced_actions:
        if source.action.stand_in_only:
            spot = within(source).at("stand_in_only", key=True)
            idle[spot] = idle.get(spot, True) and source.action.name not in named
    for spot, is_idle in idle.items():
        if is_idle:
            around.report.warn(spot, limit_messages.stands_in_for_nothing())


def within(sourced_actions: SourcedAction) -> SourcePath:
    """Where the fields of an action stand: in its document, or in the template of its table."""
    return sourced_actions.spot.at("action") if sourced_actions.row else sourced_actions.spot


def _alternatives(
    sourced_actions: SourcedAction, action: Action, known: Mapping[str, Action]
) -> Iterator[tuple[SourcePath, str]]:
    if not action.alternatives:
        return
    spot = within(sourced_actions).at("alternatives")
    capacities = [limit for limit in action.limits if limit.kind is LimitKind.CAPACITY]
    if not capacities:
        yield spot, limit_messages.alternatives_without_capacity()
        return
    for index, name in enumerate(action.alternatives):
        pair = _Pair(action, known[name], capacities)
        message = pair.why_never()
        if message:
            yield spot.at(index), message


@dataclass(frozen=True, slots=True)
class _Pair:
    action: Action
    other: Action
    capacities: Sequence[Limit]

    def why_never(self) -> str | None:
        """Returns why the other one can never take the place of the action; ``None`` where it can."""
        own, others = self.action.channels, self.other.channels
        if own and others and own.isdisjoint(others):
            return limit_messages.alternative_on_no_channel(self.other.name, own)
        if never_together(self.action.live, self.other.live):
            return limit_messages.alternative_never_live(self.other.name)
        keys = {limit.key for limit in self.other.limits}
        if all(not limit.scope and limit.key in keys for limit in self.capacities):
            return limit_messages.alternative_of_same_capacity(self.other.name, self.capacities[0].name)
        return None


def never_together(one: Live, other: Live) -> bool:
    """Returns whether no day is in both. Days that run past midnight and other zones are let pass."""
    if one.zone != other.zone or _runs_over(one) or _runs_over(other):
        return False
    if one.weekdays and other.weekdays and one.weekdays.isdisjoint(other.weekdays):
        return True
    return _is_before(one, other) or _is_before(other, one)


def _runs_over(live: Live) -> bool:
    return any(end <= start for start, end in live.hours)


def _is_before(one: Live, other: Live) -> bool:
    return bool(one.last and other.first and one.last < other.first)


def check_holds(
    around: LoadContext, sourced_actions: Sequence[SourcedAction], actions: Sequence[Action]
) -> None:
    """Faults texts of proposals that tell when a hold expires where a proposal holds nothing."""
    reported: set[SourcePath] = set()
    for source, action in zip(sourced_actions, actions, strict=True):
        if not action.held:
            for spot in _spots_of_holds(source, action):
                if spot not in reported:
                    reported.add(spot)
                    around.report.error(spot, limit_messages.nothing_is_held())


def _other_holds(sourced_actions: SourcedAction, action: Action) -> Iterator[tuple[SourcePath, str]]:
    """Texts of proposals that tell when one hold expires where a claim makes another one."""
    claimed = [limit.name for limit in action.limits if limit.counts is Counts.CLAIMED]
    if action.held and claimed:
        for spot in _spots_of_holds(sourced_actions, action):
            yield spot, limit_messages.claim_is_held_anew(claimed[0])


def _silent(sourced_actions: SourcedAction, action: Action) -> Iterator[tuple[SourcePath, str]]:
    """Treatments of which nothing may be left but the title."""
    for channel, treatment in action.treatments.items():
        texts = [text for path, text in treatment.before_claim().walk() if path != ("title",)]
        if texts and all(gap_in(text, _ALWAYS_THERE) for text in texts):
            yield (
                within(sourced_actions).at("treatments", channel, key=True),
                rule_messages.every_line_may_be_left_out(),
            )


def _spots_of_holds(sourced_actions: SourcedAction, action: Action) -> Iterator[SourcePath]:
    treatments = within(sourced_actions).at("treatments")
    for channel, treatment in action.treatments.items():
        for path, template in treatment.before_claim().walk():
            if HOLD_EXPIRES in names(template):
                yield treatments.at(channel, *path)
