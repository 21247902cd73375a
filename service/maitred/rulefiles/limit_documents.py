"""Documents of kinds ``FrequencyCap`` and ``Capacity``, as they stand: names and columns."""

from collections.abc import Iterator

from . import limit_kinds, limit_messages, limits
from .documents import Documents, Sourced
from .report import RULESET, Report

LimitSource = Sourced[limit_kinds.FrequencyCap] | Sourced[limit_kinds.Capacity]
ROW = "row."


def limit_sources(documents: Documents) -> list[LimitSource]:
    """All limits, by name."""
    found: list[LimitSource] = [*documents.of(limit_kinds.FrequencyCap), *documents.of(limit_kinds.Capacity)]
    return sorted(found, key=lambda sourced: sourced.model.name)


def columns_named(documents: Documents) -> Iterator[str]:
    """The columns of tables that limits take their numbers from, by qualified name."""
    for sourced in limit_sources(documents):
        pace = sourced.model.pace if isinstance(sourced.model, limit_kinds.Capacity) else None
        for number in (sourced.model.limit, pace.limit if pace else 0):
            if isinstance(number, str) and number.startswith(ROW):
                yield number


def check_sources(report: Report, found: list[LimitSource]) -> None:
    """How many there are, and that no two of different kinds share a name: counters are kept by it."""
    if len(found) > limits.LIMITS:
        report.at_line(RULESET, 0, 0, limit_messages.too_many_limits())
    seen: dict[str, LimitSource] = {}
    for sourced in found:
        first = seen.setdefault(sourced.model.name, sourced)
        if first.model.kind != sourced.model.kind:
            message = limit_messages.limit_name_taken(first.model.kind, first.model.name, first.spot.file)
            report.error(sourced.spot.at("name"), message)
