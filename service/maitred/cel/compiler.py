"""The compiler: text to templates, templates and rows to conditions and scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from maitred.core.conditions.expressions import (
    ConditionTemplate,
    ExpressionCompiler,
    ExpressionError,
    Row,
    Score,
    ScoreTemplate,
)
from maitred.core.conditions.model import Condition
from maitred.core.values.types import Attribute

from . import messages
from .checks import check
from .environment import Environment, Failed, run
from .evaluation import finite
from .fold import Folder
from .lower import Lowering
from .members import conforms
from .parts import Parts
from .unit import Unit
from .vocabulary import Vocabulary


def compiler(attributes: Mapping[str, Attribute], constants: Row) -> ExpressionCompiler:
    """A compiler for one ruleset; a ``CompilerFactory``.

    ``constants`` are lists of one type each. Raises ``ExpressionError`` where one is not.
    Texts and templates are kept as long as the compiler is.
    """
    return _Compiler(Vocabulary(attributes, constants))


class _Compiler:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.parts = Parts(vocabulary)
        self._environment = Environment(vocabulary.attributes, vocabulary.kinds)
        self._conditions: dict[str, ConditionTemplate] = {}
        self._scores: dict[str, ScoreTemplate] = {}

    def condition(self, text: str) -> ConditionTemplate:
        if text not in self._conditions:
            unit = self._unit(text)
            if unit.type != "bool":
                raise ExpressionError(messages.not_a_condition(unit.type, text))
            template = _Condition(self, unit)
            self._conditions.setdefault(text, template if unit.columns else _Bound(template.bind({})))
        return self._conditions[text]

    def score(self, text: str) -> ScoreTemplate:
        if text not in self._scores:
            unit = self._unit(text)
            if unit.type not in {"double", "int"}:
                raise ExpressionError(messages.not_a_score(unit.type))
            template = _Score(self, unit)
            self._scores.setdefault(text, template if unit.columns else _Bound(template.bind({})))
        return self._scores[text]

    def _unit(self, text: str) -> Unit:
        unit = Unit(self._environment, text)
        check(unit, self.vocabulary.roots)
        return unit

    def folder(self, unit: Unit, row: Row) -> Folder:
        """Binds what the unit reads of a row. Raises ``ExpressionError`` where that cannot be read."""
        for column in unit.columns:
            if column.name not in row:
                raise unit.error(column, messages.row_value_missing(column.name))
            type_ = self.vocabulary.attributes[column.name].type
            if not conforms(row[column.name], type_):
                raise unit.error(column, messages.row_value_of_wrong_type(column.name, type_))
        return Folder(unit, {column.name: row[column.name] for column in unit.columns}, self.vocabulary.lists)


_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Bound(Generic[_Result]):
    """What does not depend on the row. Its unit is gone: a ruleset has ten thousand."""

    result: _Result

    def bind(self, row: Row) -> _Result:
        """The same for every row."""
        del row
        return self.result


@dataclass(frozen=True, slots=True)
class _Condition:
    compiler: _Compiler
    unit: Unit

    def bind(self, row: Row) -> Condition:
        folder = self.compiler.folder(self.unit, row)
        return Lowering(folder, self.compiler.vocabulary, self.compiler.parts.truth).condition(self.unit.root)


@dataclass(frozen=True, slots=True)
class _Score:
    compiler: _Compiler
    unit: Unit

    def bind(self, row: Row) -> Score:
        folder = self.compiler.folder(self.unit, row)
        Lowering(folder, self.compiler.vocabulary, self.compiler.parts.truth).refuse_values()
        part = self.compiler.parts.part(self.unit, self.unit.root)
        if part.attributes or part.presences:
            return Score(expression=self.compiler.parts.number(self.unit.root, folder))
        value = run(part.program, folder.constants)
        if isinstance(value, Failed):
            raise ExpressionError(messages.always_fails(value.words))
        score = finite(value) if isinstance(value, int | float) else None
        if not isinstance(score, float):
            raise ExpressionError(messages.score_not_finite())
        return Score(constant=score)
