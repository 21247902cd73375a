"""Parts of expressions that stay CEL's: what evaluates them and what they read."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal

from maitred.core.conditions.model import Expression, Unknown
from maitred.core.values.kinds import OWN_KINDS
from maitred.core.values.types import Facts, Kind, Scalar, Value

from .cost import Estimator
from .evaluation import Evaluation
from .fold import Folder
from .plain import Plain, plain, plainer_of
from .tree import Call, Comprehension, Name, Node, children, walk
from .unit import CompiledExpression
from .vocabulary import ExpressionVocabulary

Evaluate = Callable[[Facts], Scalar | Unknown]
_Form = Literal["truth", "number", "value"]


@dataclass(frozen=True, slots=True, eq=False)
class SharedPart:
    """A part of one or more units that has the same tree in all of them.

    ``names`` are all it reads; ``attributes`` those that are facts, each with whether there
    is no value without it, and what makes its values plain; ``presences`` pairs of variable and
    attribute. ``scale`` are the digits of its amounts; ``kind`` where it is one that CEL does not have.
    """

    text: str
    program: Any
    names: tuple[str, ...]
    attributes: tuple[tuple[str, bool, Plain | None], ...]
    presences: tuple[tuple[str, str], ...]
    scale: int
    kind: Kind | None


class Parts:
    """Hands out one ``Expression`` for one tree and one set of constants."""

    def __init__(self, vocabulary: ExpressionVocabulary) -> None:
        self._vocabulary = vocabulary
        self._parts: dict[Node, SharedPart] = {}
        self._expressions: dict[Hashable, Expression] = {}

    def part(self, unit: CompiledExpression, node: Node) -> SharedPart:
        """Returns the part a node is the root of."""
        part: SharedPart | None = unit.parts.get(node.id) or self._parts.get(node)
        if part is None:
            part = self._parts.setdefault(node, self._new(unit, node))
        unit.parts[node.id] = part
        return part

    def truth(self, node: Node, folder: Folder) -> Expression:
        """Returns the expression for a boolean part."""
        return self._expression(node, folder, "truth")

    def number(self, node: Node, folder: Folder) -> Expression:
        """Returns the expression for a score."""
        return self._expression(node, folder, "number")

    def value(self, node: Node, folder: Folder) -> Expression:
        """Returns the expression for a value of any kind that CEL can give back."""
        return self._expression(node, folder, "value")

    def _expression(self, node: Node, folder: Folder, form: _Form) -> Expression:
        part = self.part(folder.unit, node)
        columns = [(name, folder.row[name]) for name in part.names if name in folder.row]
        key = (part, form, tuple(_spelling(value) for _, value in columns))
        if key not in self._expressions:
            lists = (
                (name, self._vocabulary.lists[name]) for name in part.names if name in self._vocabulary.lists
            )
            constants = {name: plain(value, part.scale) for name, value in (*columns, *lists)}
            evaluation = Evaluation(
                part.program,
                part.attributes,
                part.presences,
                constants,
                part.scale,
                part.kind,
                self._fields(part),
            )
            estimator = Estimator(self._vocabulary.attributes, {**self._vocabulary.lists, **dict(columns)})
            cost_ns = estimator.cost_ns(node, part.names)
            self._expressions.setdefault(key, _expression_of(evaluation, form, part.text, cost_ns))
        return self._expressions[key]

    def _fields(self, part: SharedPart) -> Mapping[str, frozenset[str]]:
        types = {name: self._vocabulary.attributes[name].type for name, _, _ in part.attributes}
        return {
            name: frozenset(field.name for field in type_.fields)
            for name, type_ in types.items()
            if type_.fields
        }

    def _new(self, unit: CompiledExpression, node: Node) -> SharedPart:
        names, needed, scale = names_of(node), set(_needed(node)), unit.scale_of(node)
        attributes = (
            (name, name in needed, plainer_of(self._vocabulary.attributes[name].type, scale))
            for name in names
            if self._vocabulary.is_attribute(name)
        )
        presences = ((name, fact) for name in names if (fact := self._vocabulary.presence(name)))
        return SharedPart(
            unit.words(node),
            unit.program(node),
            names,
            tuple(attributes),
            tuple(presences),
            scale,
            kind=OWN_KINDS.get(unit.type_of(node)) if unit.is_own else None,
        )


def _expression_of(evaluation: Evaluation, form: _Form, text: str, cost_ns: int) -> Expression:
    """Returns the expression. What it gives where nothing that it reads was sent is evaluated once."""
    reads = evaluation.reads
    evaluate: Evaluate = getattr(evaluation, form)
    without_facts = cache(partial(evaluate, {}))

    def evaluate_known(facts: Facts) -> Scalar | Unknown:
        return evaluate(facts) if any(map(facts.__contains__, reads)) else without_facts()

    return Expression(text, reads, evaluate_known, cost_ns)


def names_of(node: Node) -> tuple[str, ...]:
    """Returns every name in a part of the tree, in the order of the text."""
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Name)))


def _needed(node: Node) -> Iterator[str]:
    """Names without whose values a part has none: those that are read come what may."""
    match node:
        case Name(name=name):
            yield name
        case Call(function="_&&_" | "_||_"):
            pass
        case Call(function="_?_:_", args=(condition, _, _)):
            yield from _needed(condition)
        case Comprehension(over=over):
            yield from _needed(over)
        case _:
            for child in children(node):
                yield from _needed(child)


def _spelling(value: Value) -> Hashable:
    """Returns a constant so that equal ones mean the same: ``0.0`` and ``-0.0`` differ in CEL."""
    values = value if isinstance(value, tuple) else (value,)
    return repr(value) if values and isinstance(values[0], float) else value
