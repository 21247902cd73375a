"""The compiler: text to templates, templates and rows to conditions, scores and terms.

A score that reads learned shares becomes a formula: plain arithmetic over what it reads. A term is what a
computed attribute takes of an item: a field, a constant, plain arithmetic. The rest stays CEL's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from maitred.core.conditions.computed import Arithmetic, Constant, Read, Term
from maitred.core.conditions.model import Condition
from maitred.core.learning.formulas import Combined, Formula, Share
from maitred.core.learning.learners import LEARNED
from maitred.core.rules.expressions import (
    ConditionTemplate,
    ExpressionCompiler,
    ExpressionError,
    Row,
    Score,
    ScoreTemplate,
)
from maitred.core.values.kinds import KINDS, OWN_KINDS
from maitred.core.values.types import Attribute, AttributeType, Kind, Scalar, Value

from . import messages
from .checks import check
from .declarations import DECIMAL, SHARE
from .environment import NTH, Environment, Failed, run
from .evaluation import finite
from .fold import Folder
from .lower import Lowering, conjunction
from .members import conforms
from .shapes import Shapes, terms_of
from .shared_parts import Parts
from .source import LEARNED_ROOT
from .tree import Call, Name, Node, walk
from .unit import CompiledExpression, NeedsText, refuse_unreadable
from .vocabulary import ExpressionVocabulary

_SIGNS = {"_+_": "+", "_-_": "-", "_*_": "*"}
_SHARE_SIGNS = {**_SIGNS, "_/_": "/"}
"""Of doubles alone; a computed attribute is not divided."""
_NUMBERS = frozenset((Kind.INT, Kind.DOUBLE, Kind.DECIMAL))
_ONLY_READ = frozenset(kind for kind in OWN_KINDS.values() if KINDS[kind].runs_as == "string")
_LEARNED_TYPE = AttributeType(Kind.DOUBLE)


@dataclass(frozen=True, slots=True)
class Formulas:
    """Takes the score of one unit apart. ``learned`` are the variables that stand for learners, by these."""

    folder: Folder
    parts: Parts
    learned: Mapping[str, str]

    def formula(self, node: Node) -> Formula:
        """Returns the formula of a node. Raises ``ExpressionError`` where it is no plain arithmetic."""
        unit = self.folder.unit
        if unit.type_of(node) != SHARE:
            return self._number(node)
        match node:
            case Name(name=name):
                return Share(next(learner for learner, variable in self.learned.items() if variable == name))
            case Call(function="-_", args=(operand,)):
                return Combined("-", 0.0, self.formula(operand))
            case Call(function=function, args=(left, right)) if function in _SHARE_SIGNS:
                return Combined(_SHARE_SIGNS[function], self.formula(left), self.formula(right))
        raise unit.error(node, messages.only_reckoning())

    def check_free(self, node: Node) -> None:
        """Raises ``ExpressionError`` where a share is read somewhere in a node that is none."""
        variables = set(self.learned.values())
        for part in walk(node) if variables else ():
            if isinstance(part, Name) and part.name in variables:
                raise self.folder.unit.error(part, messages.only_reckoning())

    def _number(self, node: Node) -> Formula:
        self.check_free(node)
        value = self.folder.value(node)
        if isinstance(value, int | float | Decimal):
            number = finite(float(value))
            if isinstance(number, float):
                return number
        return self.parts.number(node, self.folder)


def type_of_term(unit: CompiledExpression) -> AttributeType:
    """Returns the type of an expression. Raises ``ExpressionError`` where no attribute can have it."""
    root = unit.root
    attribute = unit.attributes.get(root.name) if isinstance(root, Name) else None
    if attribute and not attribute.type.is_list:
        return attribute.type
    name = unit.type_of(root)
    kind = _kind(name)
    if kind is None or kind in _ONLY_READ:
        raise ExpressionError(messages.not_a_term(unit.type))
    return AttributeType(kind, digits=unit.scale_of(root) if kind is Kind.DECIMAL else 0)


def _kind(name: str) -> Kind | None:
    if name in OWN_KINDS:
        return OWN_KINDS[name]
    return Kind(name) if name in {kind.value for kind in Kind} else None


def term_of(node: Node, folder: Folder, parts: Parts) -> Term:
    """Returns the term of a node."""
    value = folder.value(node)
    if isinstance(value, Scalar):
        return Constant(value)
    if isinstance(node, Name) and node.name in folder.unit.attributes:
        return Read(node.name)
    if isinstance(node, Call) and node.function in _SIGNS and _kind(folder.unit.type_of(node)) in _NUMBERS:
        left, right = (term_of(arg, folder, parts) for arg in node.args)
        return Arithmetic(_SIGNS[node.function], left, right)
    return parts.value(node, folder)


def compiler(attributes: Mapping[str, Attribute], constants: Row) -> ExpressionCompiler:
    """Returns a compiler for one ruleset; a ``CompilerFactory``.

    ``constants`` are lists of one type each. Raises ``ExpressionError`` where one is not.
    Texts and templates are kept as long as the compiler is.
    """
    learners = [name.removeprefix(LEARNED) for name in attributes if name.startswith(LEARNED)]
    learned = {name: f"{LEARNED_ROOT}.{NTH}{number}" for number, name in enumerate(learners)}
    spoken = {name: known for name, known in attributes.items() if not name.startswith(LEARNED)}
    spoken |= {variable: Attribute(variable, _LEARNED_TYPE) for variable in learned.values()}
    return _Compiler(ExpressionVocabulary(spoken, constants), learned)


@dataclass(frozen=True, slots=True)
class _Units:
    """Makes units of texts, and binds them to rows.

    ``learned`` are the variables that stand for learners, by these. Templates and shapes go by this, not by
    the compiler that keeps them: a circle would never be freed, for the collector does not look at what a
    load has made.
    """

    vocabulary: ExpressionVocabulary
    learned: Mapping[str, str]
    environment: Environment
    parts: Parts

    def unit(self, text: str) -> CompiledExpression:
        unit = CompiledExpression.of(self.environment, text)
        check(unit, self.vocabulary.roots)
        return unit

    def refuse_learned(self, unit: CompiledExpression) -> None:
        variables = set(self.learned.values())
        for node in unit.nodes if variables else ():
            if isinstance(node, Name) and node.name in variables:
                raise unit.error(node, messages.learned_elsewhere())

    def folder(self, unit: CompiledExpression, row: Row) -> Folder:
        """Binds what the unit reads of a row. Raises ``ExpressionError`` where that cannot be read."""
        values = {column.name: self._column(unit, row, column) for column in unit.columns}
        for name, variant in unit.variants.items():
            if name not in values and not self.vocabulary.add_variant(variant):
                raise ExpressionError(messages.list_not_of_kind(variant.base, variant.attribute))
        return Folder(unit, values, self.vocabulary.lists)

    def _column(self, unit: CompiledExpression, row: Row, column: Name) -> Value:
        variant = unit.variants.get(column.name)
        name = variant.base if variant else column.name
        if name not in row:
            raise unit.error(column, messages.row_value_missing(name))
        value, type_ = row[name], self.vocabulary.attributes[name].type
        if not conforms(value, type_):
            raise unit.error(column, messages.row_value_of_wrong_type(name, type_))
        if variant is None:
            return value
        read = variant.of(value)
        if read is None:
            raise unit.error(column, messages.not_of_kind(value, variant.attribute))
        return read


class _Compiler:
    """``learned`` are the variables that stand for learners, by these."""

    def __init__(self, vocabulary: ExpressionVocabulary, learned: Mapping[str, str]) -> None:
        environment = Environment(vocabulary.attributes, vocabulary.kinds, learned)
        self._units = _Units(vocabulary, learned, environment, Parts(vocabulary))
        self._shapes = Shapes(self._units.unit)
        self._terms: dict[str, Condition] = {}
        self._conditions: dict[str, ConditionTemplate] = {}
        self._scores: dict[str, ScoreTemplate] = {}

    def condition(self, text: str) -> ConditionTemplate:
        if text not in self._conditions:
            self._conditions.setdefault(text, self._shared(text) or self._by_itself(text))
        return self._conditions[text]

    def _shared(self, text: str) -> ConditionTemplate | None:
        """Returns the condition by the shapes of its terms; ``None`` where it must be compiled by itself."""
        refuse_unreadable(text)
        terms = [self._term(term) for term in terms_of(text)]
        known = [term for term in terms if term is not None]
        return _Bound(conjunction(known)) if known and len(known) == len(terms) else None

    def _term(self, text: str) -> Condition | None:
        if text not in self._terms:
            try:
                unit = self._shapes.unit(text)
                if unit is None:
                    return None
                self._terms[text] = _Condition(self._units, unit).bind({})
            except NeedsText:
                return None
        return self._terms[text]

    def _by_itself(self, text: str) -> ConditionTemplate:
        unit = self._units.unit(text)
        self._units.refuse_learned(unit)
        if unit.type != "bool":
            raise ExpressionError(messages.not_a_condition(unit.type, text))
        template = _Condition(self._units, unit)
        return template if unit.columns else _Bound(template.bind({}))

    def score(self, text: str) -> ScoreTemplate:
        if text not in self._scores:
            unit = self._units.unit(text)
            if unit.type not in {"double", "int", DECIMAL, SHARE}:
                raise ExpressionError(messages.not_a_score(unit.type))
            template = _Score(self._units, unit)
            self._scores.setdefault(text, template if unit.columns else _Bound(template.bind({})))
        return self._scores[text]

    def term(self, text: str) -> tuple[AttributeType, Term]:
        unit = self._units.unit(text)
        self._units.refuse_learned(unit)
        folder = self._units.folder(unit, {})
        return type_of_term(unit), term_of(unit.root, folder, self._units.parts)


_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Bound(Generic[_Result]):
    """What does not depend on the row. Its unit is gone: a ruleset has ten thousand."""

    result: _Result

    def bind(self, row: Row) -> _Result:
        """Returns the same for every row."""
        del row
        return self.result


@dataclass(frozen=True, slots=True)
class _Condition:
    units: _Units
    unit: CompiledExpression

    def bind(self, row: Row) -> Condition:
        folder = self.units.folder(self.unit, row)
        return Lowering(folder, self.units.vocabulary, self.units.parts.truth).condition(self.unit.root)


@dataclass(frozen=True, slots=True)
class _Score:
    units: _Units
    unit: CompiledExpression

    def bind(self, row: Row) -> Score:
        folder = self.units.folder(self.unit, row)
        Lowering(folder, self.units.vocabulary, self.units.parts.truth).refuse_values()
        formulas = Formulas(folder, self.units.parts, self.units.learned)
        if self.unit.type == SHARE:
            formula = formulas.formula(self.unit.root)
            return Score.of_formula(self.unit.words(self.unit.root), formula)
        formulas.check_free(self.unit.root)
        part = self.units.parts.part(self.unit, self.unit.root)
        if part.attributes or part.presences:
            return Score(expression=self.units.parts.number(self.unit.root, folder))
        value = run(part.program, folder.constants(part.scale))
        if isinstance(value, Failed):
            raise ExpressionError(messages.always_fails(value.words))
        units = 10**part.scale if part.kind is Kind.DECIMAL else 1
        score = finite(value / units) if isinstance(value, int | float) else None
        if not isinstance(score, float):
            raise ExpressionError(messages.score_not_finite())
        return Score(constant=score)
