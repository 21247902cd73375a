"""Conditions that differ in their literals only: parsed and type-checked once.

The terms of a conjunction are looked at one by one. A term is a shape and the literals in it. CEL's grammar
and its checker see of a literal its kind alone, so the tree of one term is that of every other term of its
shape, with other constants. Ten thousand actions have some dozens of shapes.

It is exact because little is shared:

- A text is taken apart at ``&&`` where nothing that binds weaker stands beside it.
- Literals are taken out of a term only where there is one way to read them: quoted text without escapes,
  whole numbers that 64 bits hold, numbers with a point. A list of such literals of one kind counts as one,
  however long it is. Everything else stands in the shape as it is written.
- A shape is shared if its tree is made of names, literals, logic and comparisons, and is far from too deep.
  CEL works nothing out of their values before an expression runs, and ``checks`` looks at none of them.
- Every literal that was taken out must stand in the tree of the first term, at its place and with its value.
- A unit made of a shape has a tree and the types in it. What else it is asked for (the place of an error, a
  program) raises ``NeedsText``, and the whole text is compiled as if there were no shapes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.types import Scalar

from .tree import Call, Comprehension, Const, ListOf, Name, Node, children, walk
from .unit import CompiledExpression

MAX_LEVELS = 8
"""cel-cpp refuses more than 32 levels of a whole text, of which the terms are a part."""

_BLANKS = r"[ \t\r\n]*"
_NUMBER_STARTS, _NUMBER_ENDS = r"(?<![\w.\-])", r"(?![\w.])"
_QUOTED = r"""(?<!\w)(?:"[^"\\\r\n]*"|'[^'\\\r\n]*')(?!["'])"""
_INT = rf"{_NUMBER_STARTS}(?:0|[1-9][0-9]{{0,17}}){_NUMBER_ENDS}"
_DOUBLE = rf"{_NUMBER_STARTS}(?:0|[1-9][0-9]{{0,14}})\.[0-9]{{1,15}}{_NUMBER_ENDS}"
_OTHER = r"""["'`\\]|//"""
"""What begins a literal of another form, or a comment."""


def _list_of(literal: str) -> str:
    return rf"\[{_BLANKS}{literal}(?:{_BLANKS},{_BLANKS}{literal})*{_BLANKS}\]"


_LITERAL = re.compile(
    rf"(?P<texts>{_list_of(_QUOTED)})|(?P<text>{_QUOTED})"
    rf"|(?P<doubles>{_list_of(_DOUBLE)})|(?P<double>{_DOUBLE})"
    rf"|(?P<ints>{_list_of(_INT)})|(?P<int>{_INT})"
)
_ITEMS = {"texts": re.compile(_QUOTED), "doubles": re.compile(_DOUBLE), "ints": re.compile(_INT)}
_JOINT = re.compile(rf"{_QUOTED}|(?P<other>{_OTHER})|(?P<weaker>\|\||\?)|(?P<and>&&)|[()\[\]{{}}]")
_LEVELS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}
_HOLE = "\0"
"""Stands for a literal, before the name of its kind: no expression may hold one."""
_SPELLINGS = {str: "string", int: "int"}
"""Of constants in a tree; that of a double is as Python writes it."""
_SHARED_CALLS = frozenset(
    (
        "_&&_",
        "_||_",
        "!_",
        "_?_:_",
        "_==_",
        "_!=_",
        "_<_",
        "_<=_",
        "_>_",
        "_>=_",
        "@in",
        "@not_strictly_false",
    )
)


def terms_of(text: str) -> list[str]:
    """Returns the terms of a conjunction, in order, or the text as the only one.

    Of no terms where some literal could be read in more than one way.
    """
    terms: list[str] = []
    level = start = 0
    for match in _JOINT.finditer(text):
        match match.lastgroup:
            case "other":
                return []
            case "weaker" if not level:
                return [text]
            case "and" if not level:
                terms.append(text[start : match.start()].strip())
                start = match.end()
            case None:
                level += _LEVELS.get(match[0], 0)
    return [*terms, text[start:].strip()]


@dataclass(frozen=True, slots=True)
class _Literal:
    """A literal, or a list of them, that stands ``at`` an offset of a term."""

    at: int
    values: tuple[Scalar, ...]
    is_list: bool

    def node(self, id_: int) -> Node:
        """What it is in a tree."""
        if self.is_list:
            return ListOf(id_, tuple([_constant(id_, value) for value in self.values]))
        return _constant(id_, self.values[0])


def _constant(id_: int, value: Scalar) -> Const:
    return Const(id_, value, _SPELLINGS.get(type(value)) or repr(value))


def _outlined(term: str) -> tuple[str, list[_Literal]]:
    """Returns the shape of a term and the literals in it."""
    literals: list[_Literal] = []
    parts: list[str] = []
    end = 0
    for match in _LITERAL.finditer(term):
        kind, start = match.lastgroup or "", match.start()
        literals.append(_Literal(start, tuple(_values(kind, match[0])), kind in _ITEMS))
        parts.append(f"{term[end:start]}{_HOLE}{kind}{_HOLE}")
        end = match.end()
    return "".join((*parts, term[end:])), literals


def _values(kind: str, written: str) -> Iterator[Scalar]:
    for item in _ITEMS[kind].findall(written) if kind in _ITEMS else (written,):
        if kind.startswith("text"):
            yield item[1:-1]
        else:
            yield int(item) if kind.startswith("int") else float(item)


class Shapes:
    """The shapes of the terms seen so far. ``compile_term`` compiles one by itself.

    A shape is looked at when a second term has it: where every term has its own, nothing is done but to
    remember them.
    """

    def __init__(self, compile_term: Callable[[str], CompiledExpression]) -> None:
        self._compile = compile_term
        self._shapes: dict[str, _Shape | None] = {}
        self._once: set[str] = set()

    def unit(self, term: str) -> CompiledExpression | None:
        """Returns what a term is by its shape; ``None`` where that is not known or not shared.

        Raises ``NeedsText`` where a constant is refused.
        """
        shape, literals = _outlined(term)
        if shape not in self._shapes:
            if shape not in self._once:
                self._once.add(shape)
                return None
            self._shapes[shape] = self._learned(term, literals)
        known = self._shapes[shape]
        return known.unit(term, literals) if known else None

    def _learned(self, term: str, literals: Sequence[_Literal]) -> "_Shape | None":
        try:
            return _shape_of(self._compile(term), literals)
        except ExpressionError:
            return None


@dataclass(frozen=True, slots=True)
class _Shape:
    """A tree with holes in it.

    ``holes`` are the ids of the nodes that literals became, in the order of the term, and ``above`` those of
    all nodes that reach one.
    """

    first: CompiledExpression
    tree: Node
    holes: tuple[int, ...]
    above: frozenset[int]

    def unit(self, term: str, literals: Sequence[_Literal]) -> CompiledExpression:
        """Returns the unit of another term of the shape."""
        return self.first.alike(term, self._filled(self.tree, dict(zip(self.holes, literals, strict=True))))

    def _filled(self, node: Node, literals: Mapping[int, _Literal]) -> Node:
        if node.id in literals:
            return literals[node.id].node(node.id)
        if node.id not in self.above:
            return node
        match node:
            case Call(id=id_, function=function, args=args):
                return Call(id_, function, tuple([self._filled(arg, literals) for arg in args]))
            case ListOf(id=id_, elements=elements):
                return ListOf(id_, tuple([self._filled(element, literals) for element in elements]))
            case Comprehension(over=over, step=step):
                return replace(node, over=self._filled(over, literals), step=self._filled(step, literals))
        raise AssertionError(node)


def _shape_of(unit: CompiledExpression, literals: Sequence[_Literal]) -> _Shape | None:
    """Returns the shape of a unit with these literals; ``None`` where it is not one to share."""
    tree = unit.checked_tree()
    nodes = list(walk(tree))
    if unit.type != "bool" or unit.columns or not all(map(_is_shared, nodes)) or _levels(tree) > MAX_LEVELS:
        return None
    offsets = unit.offsets()
    written = {offsets.get(node.id): node for node in nodes if isinstance(node, Const | ListOf)}
    places = [written.get(literal.at) for literal in literals]
    if places != [literal.node(0) for literal in literals]:
        return None
    holes = tuple([node.id for node in places if node])
    above = set(holes)
    for node in reversed(nodes):
        if any(child.id in above for child in children(node)):
            above.add(node.id)
    return _Shape(unit, tree, holes, frozenset(above))


def _is_shared(node: Node) -> bool:
    return isinstance(node, Const | Name | ListOf | Comprehension) or (
        isinstance(node, Call) and node.function in _SHARED_CALLS
    )


def _levels(node: Node) -> int:
    return 1 + max(map(_levels, children(node)), default=0)
