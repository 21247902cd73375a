"""``alternatives`` of actions: that they exist, and that they come to an end."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from maitred.core.lots import MAX_CHOICES

from . import kinds, limit_messages, limits
from .actions import Around, Placed
from .documents import Documents
from .report import Report, Spot

MOST = MAX_CHOICES - 1
"""In a whole chain, without the action itself."""


def check_alternatives(around: Around, documents: Documents, placed: Sequence[Placed]) -> None:
    """Tells names of no action, circles, and chains that are too long."""
    teller = _Teller(around.report, documents)
    known = {each.action.name: each for each in placed}
    handing = {name: each for name, each in known.items() if each.action.alternatives}
    told = around.report.errors
    for each in handing.values():
        for index, name in enumerate(each.action.alternatives):
            if name not in known and name not in around.doubtful:
                teller.tell(each, index, limit_messages.unknown_alternative(name, known))
    leads = {name: each.action.alternatives for name, each in handing.items()}
    for circle in islice(circles(leads), limits.FAULTS):
        first = handing[circle[0]]
        step = first.action.alternatives.index(circle[1])
        teller.tell(first, step, limit_messages.alternatives_circle(circle))
    if around.report.errors == told:
        _check_lengths(teller, handing)


def _check_lengths(teller: "_Teller", handing: Mapping[str, Placed]) -> None:
    for each in handing.values():
        if len(list(islice(chain_of(each.action.name, handing), MOST + 1))) > MOST:
            teller.tell(each, 0, limit_messages.alternatives_too_many(each.action.name, MOST))


def chain_of(name: str, handing: Mapping[str, Placed]) -> Iterator[str]:
    """Every action that may stand in for one, directly or for one of its alternatives, each once."""
    seen = {name}
    waiting = [name]
    while waiting:
        placed = handing.get(waiting.pop())
        for other in placed.action.alternatives if placed else ():
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
            sourced.spot: sourced.model.action.alternatives for sourced in documents.of(kinds.ActionTable)
        }
        self._told: set[tuple[Spot, str]] = set()

    def tell(self, placed: Placed, index: int, message: str) -> None:
        """A fault of one alternative of an action."""
        name = placed.action.alternatives[index]
        if placed.row is None:
            self._once(placed.spot.at("alternatives", index), message)
        elif name in (template := self._templates.get(placed.spot, [])):
            self._once(placed.spot.at("action", "alternatives", template.index(name)), message)
        else:
            self._report.at_line(*placed.row, 1, message)

    def _once(self, spot: Spot, message: str) -> None:
        if (spot, message) not in self._told:
            self._told.add((spot, message))
            self._report.error(spot, message)
