"""Expressions of rule files to conditions and scores, through the compiler's port."""

import re
from collections.abc import Set  # noqa: PYI025 - for reading only
from dataclasses import dataclass, field

from maitred.core.conditions.model import FALSE, Condition
from maitred.core.rules.expressions import (
    ConditionTemplate,
    ExpressionCompiler,
    ExpressionError,
    Row,
    Score,
    ScoreTemplate,
)
from maitred.rulefiles.report import Report, SourcePath

# Enough to tell which names an expression may mean; text in quotes is taken for names too,
# which at worst leaves a warning out.
NAME = re.compile(r"(?<![\w.])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")

_LEARNED = re.compile(r"""(?<![\w.])learned\(\s*["']([^"']*)["']""")

NO_ROW: Row = {}


def heads_of(name: str) -> list[str]:
    """Returns a dotted name, and the dotted names it may lie inside of: ``a.b.c``, ``a.b``."""
    words = name.split(".")
    return [".".join(words[:count]) for count in range(len(words), 1, -1)]


@dataclass(slots=True)
class Mentions:
    """Every dotted name in any expression, as far as it goes: ``customer.name.startsWith``."""

    names: set[str] = field(default_factory=set)

    def read(self, text: str) -> list[str]:
        """Returns the names in a text, remembered."""
        names = NAME.findall(text)
        self.names.update(names)
        return names

    def heads(self) -> frozenset[str]:
        """Returns every name, and everything it lies inside of."""
        return frozenset(head for name in self.names for head in heads_of(name))


@dataclass(slots=True)
class Conditions:
    """Compiles each distinct text once. Faults are told where the text stands.

    An expression that reads an unknown name of ``doubtful`` is passed over: what is wrong
    with its declaration has been told.
    """

    report: Report
    compiler: ExpressionCompiler
    known: frozenset[str]
    doubtful: Set[str]
    mentions: Mentions
    _conditions: dict[str, ConditionTemplate | ExpressionError] = field(default_factory=dict)
    _scores: dict[str, ScoreTemplate | ExpressionError] = field(default_factory=dict)
    _bound: dict[str, Condition] = field(default_factory=dict)

    def condition(self, spot: SourcePath, text: str) -> Condition:
        """Returns the condition without a row; false where it is faulty."""
        if text not in self._bound:
            template = self.template(spot, text)
            try:
                self._bound[text] = template.bind(NO_ROW) if template else FALSE
            except ExpressionError as error:
                self.tell(spot, text, error)
                return FALSE
            if not template:
                return self._bound.pop(text)
        return self._bound[text]

    def template(self, spot: SourcePath, text: str) -> ConditionTemplate | None:
        """Returns the condition, to be bound to rows; ``None`` where it is faulty."""
        if text not in self._conditions:
            self.mentions.read(text)
            try:
                self._conditions[text] = self.compiler.condition(text)
            except ExpressionError as error:
                self._conditions[text] = _to_keep(error)
        compiled = self._conditions[text]
        if isinstance(compiled, ExpressionError):
            self.tell(spot, text, compiled)
            return None
        return compiled

    def score_template(self, spot: SourcePath, text: str) -> ScoreTemplate | None:
        """Returns the score, to be bound to rows; ``None`` where it is faulty."""
        if text not in self._scores:
            self.mentions.read(text)
            try:
                self._scores[text] = self.compiler.score(text)
            except ExpressionError as error:
                self._scores[text] = _to_keep(error)
        compiled = self._scores[text]
        if isinstance(compiled, ExpressionError):
            self.tell(spot, text, compiled)
            return None
        return compiled

    def score(self, spot: SourcePath, value: float | str) -> Score:
        """Returns the score without a row; 0 where it is faulty."""
        if isinstance(value, float):
            return Score(constant=value)
        template = self.score_template(spot, value)
        try:
            return template.bind(NO_ROW) if template else Score(constant=0.0)
        except ExpressionError as error:
            self.tell(spot, value, error)
            return Score(constant=0.0)

    def tell(self, spot: SourcePath, text: str, error: ExpressionError) -> None:
        """An error of the compiler, at its place in the file."""
        if not (self.doubtful and self._reads_doubtful(text)):
            self.report.error(spot.within(error.line, error.column), error.message)

    def _reads_doubtful(self, text: str) -> bool:
        heads = {head for name in NAME.findall(text) for head in heads_of(name)}
        heads.update(_LEARNED.findall(text))
        return not heads.isdisjoint(self.doubtful - self.known)


def _to_keep(error: ExpressionError) -> ExpressionError:
    """Returns the same without the calls that it came through, which hold what it is kept in: a circle."""
    return ExpressionError(error.message, error.line, error.column)
