"""What is wrong with a ruleset, as values: all of it is reported at once."""

from dataclasses import dataclass
from enum import Enum, unique


@unique
class Severity(Enum):
    """An error keeps a ruleset from loading, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault. ``line`` and ``column`` count from 1; 0 where there is no such place.

    ``text`` is the offending source line, for a caret to point into.
    """

    file: str
    line: int
    column: int
    message: str
    text: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(filter(None, (place, self.severity.value, self.message)))


class RulesetInvalid(Exception):
    """The ruleset has faults; never raised with none."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
