"""Faults as text: place and message, the source line, and a caret below it."""

from collections.abc import Sequence

from maitred.core.faults import Fault

LINE_CHARACTERS = 110
"""Of the source line; the part around the caret is shown."""

_MARGIN = "    "
_CUT = "…"


def format_fault(fault: Fault) -> str:
    """One fault, without a line break at its end."""
    head = str(fault) if fault.file else f"{fault.severity.value}: {fault.message}"
    return "\n".join((head, *_excerpt(fault)))


def format_faults(faults: Sequence[Fault]) -> str:
    """All faults, one below the other; of none, nothing."""
    return "\n".join(map(format_fault, faults))


def _excerpt(fault: Fault) -> list[str]:
    # A tab is as wide as one character here, so that the caret stands below its character.
    text = fault.text.rstrip().replace("\t", " ")
    if not text.strip():
        return []
    start = max(0, fault.column - 1 - LINE_CHARACTERS // 2) if len(text) > LINE_CHARACTERS else 0
    shown = text[start : start + LINE_CHARACTERS]
    before, after = _CUT * bool(start), _CUT * (start + LINE_CHARACTERS < len(text))
    lines = [f"{_MARGIN}{before}{shown}{after}"]
    if 1 <= fault.column <= len(text) + 1:
        lines.append(" " * (len(_MARGIN) + len(before) + fault.column - 1 - start) + "^")
    return lines
