"""Faults of a ruleset as they are shown: pure, in three forms."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from maitred.cli import messages
from maitred.core.rules.faults import Fault, Severity
from maitred.core.rules.ruleset import Ruleset

from .console import plain

WINDOW_CHARACTERS = 100
"""How much of a long source line is shown around the fault."""
HASH_SHOWN_CHARACTERS = 12
TAB_COLUMNS = 4

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def as_text(faults: Sequence[Fault], ruleset: Ruleset | None, directory: Path) -> Group:
    """Each fault with its source line and a caret, then one line that sums up."""
    shown = [line for fault in faults for line in _lines(fault, directory)]
    style = "bold green" if ruleset else "bold red"
    return Group(*shown, Text(summary(faults, ruleset), style))


def as_github(faults: Sequence[Fault], ruleset: Ruleset | None, directory: Path) -> Group:
    """Workflow commands, which GitHub turns into annotations; then the summary."""
    commands = [Text(_command(fault, directory)) for fault in faults]
    return Group(*commands, Text(summary(faults, ruleset)))


def as_json(faults: Sequence[Fault], ruleset: Ruleset | None) -> str:
    """One object: the counts, every fault, and what the ruleset holds where it loads."""
    content = {
        "ok": ruleset is not None,
        "errors": _count(faults, Severity.ERROR),
        "warnings": _count(faults, Severity.WARNING),
        "faults": [_fault_json(fault) for fault in faults],
        "ruleset": _ruleset_json(ruleset) if ruleset else None,
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def summary(faults: Sequence[Fault], ruleset: Ruleset | None) -> str:
    """Returns ``3 errors, 1 warning in 4 files``, or what the sound ruleset holds."""
    warnings = _count(faults, Severity.WARNING)
    if ruleset is None:
        files = len({fault.file for fault in faults if fault.file})
        return messages.faulty(_count(faults, Severity.ERROR), warnings, files)
    digest = ruleset.hash[:HASH_SHOWN_CHARACTERS]
    return messages.sound(
        len(ruleset.actions),
        len(ruleset.situations),
        plain(ruleset.version),
        digest,
        warnings=warnings,
        cost_ns=ruleset.cost_ns,
    )


def _count(faults: Sequence[Fault], severity: Severity) -> int:
    return sum(fault.severity is severity for fault in faults)


def _lines(fault: Fault, directory: Path) -> Iterator[Text]:
    severity = (fault.severity.value, _STYLES[fault.severity])
    yield Text.assemble((place(fault, directory), "bold"), ": ", severity, f": {plain(fault.message)}")
    if fault.text:
        number = str(fault.line)
        source, lead = excerpt(fault.text, fault.column)
        yield Text.assemble((f"{number} | ", "dim"), source)
        yield Text.assemble((f"{'':{len(number)}} | ", "dim"), f"{'':{lead}}", ("^", _STYLES[fault.severity]))


def place(fault: Fault, directory: Path) -> str:
    """Returns ``rules/starter/actions.yaml:12:14``: a path that editors and terminals open."""
    file = plain(str(directory / fault.file)) if fault.file else str(directory)
    return f"{file}:{fault.line}:{fault.column}" if fault.line else file


def excerpt(text: str, column: int) -> tuple[str, int]:
    """Returns the part of a source line around a column (from 1), and how many cells stand before it."""
    start = max(0, min(column - 1, len(text)) - WINDOW_CHARACTERS // 2)
    window = text[start : start + WINDOW_CHARACTERS]
    before = ("…" if start else "") + _visible(window[: column - 1 - start])
    after = _visible(window[column - 1 - start :]) + ("…" if len(text) > start + WINDOW_CHARACTERS else "")
    return before + after, cell_len(before)


def _visible(text: str) -> str:
    return plain(text.rstrip("\r\n").replace("\t", " " * TAB_COLUMNS))


def _command(fault: Fault, directory: Path) -> str:
    path = str(directory / fault.file) if fault.file else str(directory)
    where = f"file={_property(path)}"
    if fault.line:
        where += f",line={fault.line},col={fault.column}"
    return f"::{fault.severity.value} {where}::{_escaped(fault.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _fault_json(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "severity": fault.severity.value,
        "message": fault.message,
        "text": fault.text,
    }


def _ruleset_json(ruleset: Ruleset) -> dict[str, Any]:
    return {
        "hash": ruleset.hash,
        "version": ruleset.version,
        "commit": ruleset.commit,
        "actions": len(ruleset.actions),
        "situations": len(ruleset.situations),
        "cost_us": round(ruleset.cost_ns / 1_000, 3),
    }
