"""The compiler: text to templates, templates and rows to conditions and scores."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from maitred.core.conditions import Condition, Expression
from maitred.core.expressions import (
    ConditionTemplate,
    ExpressionCompiler,
    ExpressionError,
    Row,
    Score,
    ScoreTemplate,
)
from maitred.core.values import Attribute, Value

from . import messages
from .checks import check
from .environment import ROW, Environment, Failed, run
from .evaluation import Evaluation, finite
from .fold import Folder
from .lower import Lowering
from .members import conforms
from .source import PRESENCE
from .tree import Node
from .unit import Unit
from .vocabulary import Vocabulary

_PRESENCE_OF = f"{PRESENCE}."


def compiler(attributes: Mapping[str, Attribute], constants: Row) -> ExpressionCompiler:
    """A compiler for one ruleset; a ``CompilerFactory``.

    ``constants`` are lists of one type each. Raises ``ExpressionError`` where one is not.
    Texts and templates are kept as long as the compiler is.
    """
    return _Compiler(Vocabulary(attributes, constants))


class _Compiler:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._environment = Environment(vocabulary.attributes, vocabulary.kinds)
        self._conditions: dict[str, _Condition] = {}
        self._scores: dict[str, _Score] = {}
        self._expressions: dict[Hashable, Expression] = {}

    def condition(self, text: str) -> ConditionTemplate:
        if text not in self._conditions:
            unit = self._unit(text)
            if unit.type != "bool":
                raise ExpressionError(messages.not_a_condition(unit.type))
            self._conditions.setdefault(text, _Condition(self, unit))
        return self._conditions[text]

    def score(self, text: str) -> ScoreTemplate:
        if text not in self._scores:
            unit = self._unit(text)
            if unit.type not in {"double", "int"}:
                raise ExpressionError(messages.not_a_score(unit.type))
            self._scores.setdefault(text, _Score(self, unit))
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

    def truth(self, node: Node, folder: Folder) -> Expression:
        """The expression for a boolean part; the same one for the same tree and constants."""
        return self._expression(node, folder, as_number=False)

    def number(self, node: Node, folder: Folder) -> Expression:
        """The expression for a score; the same one for the same tree and constants."""
        return self._expression(node, folder, as_number=True)

    def _expression(self, node: Node, folder: Folder, *, as_number: bool) -> Expression:
        unit = folder.unit
        names = unit.names(node)
        constants = tuple((name, _spelling(folder.row[name])) for name in names if name in folder.row)
        key = (as_number, node, constants)
        if key not in self._expressions:
            attributes = tuple(
                name for name in names if name in self.vocabulary.attributes and not name.startswith(ROW)
            )
            presences = tuple(
                (name, name.removeprefix(_PRESENCE_OF)) for name in names if name.startswith(_PRESENCE_OF)
            )
            evaluation = Evaluation(unit.program(node), attributes, presences, folder.constants(node))
            reads = frozenset((*attributes, *(name for _, name in presences)))
            evaluate = evaluation.number if as_number else evaluation.truth
            self._expressions.setdefault(key, Expression(unit.words(node), reads, evaluate))
        return self._expressions[key]


@dataclass(frozen=True, slots=True)
class _Condition:
    compiler: _Compiler
    unit: Unit

    def bind(self, row: Row) -> Condition:
        folder = self.compiler.folder(self.unit, row)
        return Lowering(folder, self.compiler.vocabulary, self.compiler.truth).condition(self.unit.root)


@dataclass(frozen=True, slots=True)
class _Score:
    compiler: _Compiler
    unit: Unit

    def bind(self, row: Row) -> Score:
        folder = self.compiler.folder(self.unit, row)
        if self._varies():
            return Score(expression=self.compiler.number(self.unit.root, folder))
        value = run(self.unit.program(self.unit.root), folder.constants(self.unit.root))
        if isinstance(value, Failed):
            raise ExpressionError(messages.always_fails(value.words))
        score = finite(value) if isinstance(value, int | float) else None
        if not isinstance(score, float):
            raise ExpressionError(messages.score_not_finite())
        return Score(constant=score)

    def _varies(self) -> bool:
        names = self.unit.names(self.unit.root)
        attributes = self.compiler.vocabulary.attributes
        return any(
            name.startswith(_PRESENCE_OF) or (name in attributes and not name.startswith(ROW))
            for name in names
        )


def _spelling(value: Value) -> Hashable:
    """A constant so that equal ones mean the same: ``0.0`` and ``-0.0`` differ in CEL."""
    values = value if isinstance(value, tuple) else (value,)
    return repr(value) if any(isinstance(item, float) for item in values) else value
