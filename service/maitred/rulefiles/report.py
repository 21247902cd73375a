"""Collects what is wrong with a ruleset, and gives each fault its place in the files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from maitred.core.rules.faults import Fault, RulesetInvalid, Severity
from maitred.core.values.pauses import Pause, no_pause
from maitred.rulefiles.messages import file_messages
from maitred.rulefiles.tree.text import Lines

from . import bounds
from .tree import Path, Tree, inside, read

Entry = TypeVar("Entry")

RULESET = ""
"""In place of a file name: the ruleset as a whole."""


@dataclass(frozen=True, slots=True)
class SourcePath:
    """A place in a rule file, by meaning: file, document (from 0), path in the document.

    ``key`` means the key itself rather than its value. ``line`` and ``column`` count from
    1 within the text of the scalar that stands there.
    """

    file: str
    document: int
    path: Path = ()
    key: bool = False
    line: int = 1
    column: int = 1

    def at(self, *path: str | int, key: bool = False) -> "SourcePath":
        """Returns the place further down ``path``."""
        return SourcePath(self.file, self.document, self.path + path, key)

    def within(self, line: int, column: int) -> "SourcePath":
        """Returns the place inside the scalar that stands here."""
        return replace(self, line=line, column=column)


@dataclass(slots=True)
class Report:
    """Faults of one ruleset as they are found; positions are looked up only at the end.

    Trees are not kept: the files with faults, which are few, are read again for their places.
    ``pause`` is for loops over all of a ruleset.
    """

    sources: Mapping[str, bytes]
    pause: Pause = no_pause
    _placed: list[Fault] = field(default_factory=list)
    _spotted: list[tuple[SourcePath, str, Severity]] = field(default_factory=list)
    errors: int = 0
    _dropped: int = 0

    @property
    def full(self) -> bool:
        """More errors than will be told have been found: what else there is does not matter."""
        return self.errors >= bounds.FAULTS_KEPT

    @property
    def sound(self) -> bool:
        """No error so far."""
        return not self.errors

    def at_line(self, file: str, line: int, column: int, message: str) -> None:
        """An error at a known place; 0 and 0 for a file as a whole."""
        self.errors += 1
        self._keep(self._placed, Fault(file, line, column, message))

    def warn_line(self, file: str, line: int, column: int, message: str) -> None:
        """A warning at a known place."""
        self._keep(self._placed, Fault(file, line, column, message, severity=Severity.WARNING))

    def warn_file(self, file: str, message: str) -> None:
        """A warning about a file as a whole."""
        self._keep(self._placed, Fault(file, 0, 0, message, severity=Severity.WARNING))

    def error(self, spot: SourcePath, message: str) -> None:
        """What keeps the ruleset from loading."""
        self.errors += 1
        self._keep(self._spotted, (spot, message, Severity.ERROR))

    def warn(self, spot: SourcePath, message: str) -> None:
        """What looks wrong but has a meaning."""
        self._keep(self._spotted, (spot, message, Severity.WARNING))

    def _keep(self, into: list[Entry], entry: Entry) -> None:
        if len(into) < bounds.FAULTS_KEPT:
            into.append(entry)
        else:
            self._dropped += 1

    def warnings(self) -> tuple[Fault, ...]:
        """Returns the warnings. Raises ``RulesetInvalid`` with everything where there is an error."""
        known = {
            (fault.file, fault.line, fault.column)
            for fault in self._placed
            if fault.line and fault.severity is Severity.ERROR
        }
        # What stands in for a broken scalar is no second fault at the same place.
        located = (fault for fault in self._located() if (fault.file, fault.line, fault.column) not in known)
        faults = bounded([*self._placed, *located], self._dropped)
        faults = with_text(self.sources, faults)
        if self.errors:
            raise RulesetInvalid(faults)
        return faults

    def _located(self) -> list[Fault]:
        files = {spot.file for spot, _, _ in self._spotted}
        trees = {(file, tree.number): tree for file in files for tree in read(self.sources[file], _ignore)}
        return [
            Fault(
                spot.file, *_position(trees.get((spot.file, spot.document)), spot), message, severity=severity
            )
            for spot, message, severity in self._spotted
        ]


def ordered(faults: list[Fault]) -> list[Fault]:
    """Distinct faults by file and place."""
    return sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.column, fault.message))


def bounded(faults: list[Fault], dropped: int = 0) -> tuple[Fault, ...]:
    """In order, at most ``limits.FAULTS``; errors stay before warnings do."""
    distinct = ordered(faults)
    worst = sorted(distinct, key=lambda fault: fault.severity is Severity.WARNING)[: bounds.FAULTS]
    more = len(distinct) - len(worst) + dropped
    return (*ordered(worst), *([Fault(RULESET, 0, 0, file_messages.more_faults(more))] if more else []))


def with_text(sources: Mapping[str, bytes], faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Returns the faults with the source lines they point into."""
    lines = {
        file: Lines(sources[file])
        for file in {fault.file for fault in faults if fault.line}
        if file in sources
    }
    return tuple(
        replace(fault, text=lines[fault.file].text(fault.line))
        if fault.file in lines and fault.line
        else fault
        for fault in faults
    )


def _position(tree: Tree | None, spot: SourcePath) -> tuple[int, int]:
    if tree is None:
        return 1, 1
    key, node = tree.find(spot.path)
    if spot.key and key is not None:
        return key.line, key.column
    return inside(tree.text, node, spot.line, spot.column)


def _ignore(_line: int, _column: int, _message: str) -> None:
    """What is wrong with the form was told when the file was read first."""
