"""What an expression left to CEL costs at worst, before it has ever been evaluated.

The idea is that of Kubernetes and cel-go (`checker/cost.go`): every part of the tree gets a bound on the
size of its value, from the declared bounds of what it reads, and a bound on its cost, from the sizes of its
operands; a macro costs its body times the items it runs over. Costs are nanoseconds, as measured.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from maitred.core.rules.expressions import Row
from maitred.core.values.types import Attribute, Value

from .tree import Call, Comprehension, Const, ListOf, MapOf, Name, Node, Select

EVALUATION_NS = 6_000
"""One evaluation: values handed over, the program run, the result read."""
ITEM_NS = 160
"""One item of a list handed over."""
NODE_NS = 35
"""One operator or function on values without a size; and each pass of a macro, besides its parts."""
CHARACTER_NS = 1
"""One character read: `size` decodes it, everything else is cheaper."""
COMPARED_NS = 15
"""One item compared with another."""
COPIED_NS = 55
"""One item of a list copied: `map` and `filter` copy what they have with every item they add."""
PATTERN_NS, PATTERN_CHARACTER_NS, MATCHED_NS = 5_000, 300, 10
"""A pattern is compiled with every evaluation, and then run over the text."""
WORST_NS = 10**15
"""More than any bound: what has no estimate."""
UNBOUNDED = 500
"""Length and items of what has no declared bound, such as what comes with every request."""

_REPEATED = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_TEXTS_OF_NUMBERS = 40
_PASSED = frozenset(("_&&_", "_||_", "!_", "@not_strictly_false", "_==_", "_!=_"))


@dataclass(frozen=True, slots=True)
class Size:
    """The most that a value can be: ``length`` of a text, ``items`` of a list and the size of each.

    Neither for numbers, times and truths.
    """

    length: int = 0
    items: int | None = None
    item: "Size | None" = None

    @property
    def characters(self) -> int:
        """All characters in it."""
        return self.length + (self.items or 0) * (self.item.characters if self.item else 0)


_PLAIN = Size()


def size_of(attribute: Attribute) -> Size:
    """Returns the most that an attribute's value can be."""
    scalar = Size(attribute.max_length or UNBOUNDED) if attribute.type.kind.value in _TEXTS else _PLAIN
    fields = [size_of(field) for field in attribute.type.fields]
    if fields:
        # Handed over as a map: each field costs about as much as an item.
        scalar = replace(_largest(fields), length=sum(ITEM_NS * 4 + field.length for field in fields))
    return Size(items=attribute.max_items or UNBOUNDED, item=scalar) if attribute.type.is_list else scalar


_TEXTS = frozenset(("string", "object"))


def size_of_constant(value: Value) -> Size:
    """Returns the size of a constant."""
    if isinstance(value, tuple):
        longest = max((len(item) for item in value if isinstance(item, str)), default=0)
        return Size(items=len(value), item=Size(longest))
    return Size(len(value)) if isinstance(value, str) else _PLAIN


@dataclass(frozen=True, slots=True)
class CostBound:
    """A bound on the cost and on the size of the value."""

    ns: int
    size: Size = _PLAIN


class Estimator:
    """Estimates expressions over attributes and constants, by name."""

    def __init__(self, attributes: Mapping[str, Attribute], constants: Row) -> None:
        self._attributes, self._constants = attributes, constants

    def cost_ns(self, node: Node, names: tuple[str, ...]) -> int:
        """Returns the most that one evaluation of a part costs; ``names`` are all it reads."""
        sizes = {name: self._size(name) for name in names}
        given = sum(ITEM_NS * (size.items or 0) + size.characters // 4 for size in sizes.values())
        return min(EVALUATION_NS + given + _estimate(node, sizes).ns, WORST_NS)

    def _size(self, name: str) -> Size:
        if name in self._constants:
            return size_of_constant(self._constants[name])
        return size_of(self._attributes[name]) if name in self._attributes else _PLAIN


Sizes = Mapping[str, Size]


def _estimate(node: Node, sizes: Sizes) -> CostBound:
    match node:
        case Const(value=value):
            return CostBound(0, size_of_constant(value))
        case Name(name=name):
            return CostBound(0, sizes.get(name, _PLAIN))
        case Select(operand=operand):
            inner = _estimate(operand, sizes)
            return CostBound(inner.ns + NODE_NS, inner.size.item or replace(inner.size, items=None))
        case ListOf(elements=parts) | MapOf(entries=parts):
            inside = [_estimate(part, sizes) for part in parts]
            item = _largest([part.size for part in inside])
            return CostBound(
                _total(inside) + COPIED_NS * len(parts) + NODE_NS, Size(items=len(parts), item=item)
            )
        case Call():
            return _call(node, sizes)
        case Comprehension():
            return _loop(node, sizes)
        case _:
            return CostBound(NODE_NS)


def _total(parts: list[CostBound]) -> int:
    return sum(part.ns for part in parts)


def _largest(sizes: list[Size]) -> Size:
    if not sizes:
        return _PLAIN
    items = [size.items for size in sizes if size.items is not None]
    inner = [size.item for size in sizes if size.item is not None]
    return Size(
        max(size.length for size in sizes),
        max(items) if items else None,
        _largest(inner) if inner else None,
    )


def _call(node: Call, sizes: Sizes) -> CostBound:
    parts = [_estimate(part, sizes) for part in node.args]
    own, size = _function(node, [part.size for part in parts])
    return CostBound(min(_total(parts) + NODE_NS + own, WORST_NS), size)


def _function(node: Call, args: list[Size]) -> tuple[int, Size]:
    """Returns what a function costs besides its operands, and the size of its value."""
    first = args[0] if args else _PLAIN
    match node.function:
        case "matches":
            return _pattern(node, first), _PLAIN
        case "_+_":
            return _joined(args)
        case "@in":
            second = args[-1]
            return (second.items or 0) * (COMPARED_NS + min(first.length, 64) // 16), _PLAIN
        case "_?_:_":
            return 0, _largest(args[1:])
        case "_[_]":
            return 0, first.item or _PLAIN
        case "size":
            return first.length * CHARACTER_NS, _PLAIN
        case "_<_" | "_<=_" | "_>_" | "_>=_":
            return min(arg.length for arg in args) // 8, _PLAIN
        case function if function in _PASSED:
            compared = min((arg.items or 0) for arg in args) * COMPARED_NS
            return compared + min(arg.characters for arg in args) // 8, _PLAIN
    return _other(node.function, args)


def _other(function: str, args: list[Size]) -> tuple[int, Size]:
    """Returns a function that is not known: it reads all and may give back as much, as text or as a list."""
    characters, items = sum(arg.characters for arg in args), sum(arg.items or 0 for arg in args)
    cost = characters * CHARACTER_NS + items * COPIED_NS + 4 * NODE_NS
    text = Size(characters or _TEXTS_OF_NUMBERS)
    if function == "replace":
        return cost, Size(args[0].length * max(1, args[-1].length))
    if function == "split":
        pieces = args[0].length + 1
        return cost + pieces * ITEM_NS, Size(items=pieces, item=Size(args[0].length))
    if function in {"startsWith", "endsWith"}:
        return min(arg.length for arg in args) // 8 + 2 * NODE_NS, _PLAIN
    if function == "contains":
        return args[0].length * (1 + min(args[-1].length, 64) // 16) // 4 + 2 * NODE_NS, _PLAIN
    if items:
        return cost, Size(characters, items, _largest([arg.item for arg in args if arg.item]))
    return cost, text if characters or function == "string" else _PLAIN


def _joined(args: list[Size]) -> tuple[int, Size]:
    """Texts or lists put together; of numbers, nothing."""
    if any(arg.items is not None for arg in args):
        items = sum(arg.items or 0 for arg in args)
        size = Size(items=items, item=_largest([arg.item for arg in args if arg.item]))
        return items * COPIED_NS, size
    length = sum(arg.length for arg in args)
    return length // 2, Size(length)


def _pattern(node: Call, text: Size) -> int:
    pattern = node.args[-1]
    if not isinstance(pattern, Const) or not isinstance(pattern.value, str):
        return WORST_NS
    written = len(pattern.value)
    for match in _REPEATED.finditer(pattern.value):
        written *= max(1, int(match[2] or match[1]))
    return PATTERN_NS + PATTERN_CHARACTER_NS * written + MATCHED_NS * text.length


def _loop(node: Comprehension, sizes: Sizes) -> CostBound:
    over, start = _estimate(node.over, sizes), _estimate(node.start, sizes)
    passes = over.size.items or 0
    item = over.size.item or _PLAIN
    inside = {**sizes, node.variable: item, node.second_variable: item, node.accumulator: start.size}
    once = _estimate(node.step, inside).size
    # What a pass adds, every pass adds: a list grows by items, a text by characters.
    grown = _grown(start.size, once, passes)
    half = _grown(start.size, once, passes // 2)
    inside[node.accumulator] = half
    step, condition = _estimate(node.step, inside), _estimate(node.condition, inside)
    # A text that is put together of itself doubles with every pass.
    doubles = step.size.characters > 2 * max(half.characters, 1) + once.characters
    body = WORST_NS if doubles and passes > 1 else passes * (step.ns + condition.ns + 2 * NODE_NS)
    inside[node.accumulator] = grown
    result = _estimate(node.result, inside)
    return CostBound(min(over.ns + start.ns + body + result.ns, WORST_NS), result.size)


def _grown(start: Size, once: Size, passes: int) -> Size:
    """Returns what an accumulator is after some passes, if one makes it ``once`` of ``start``."""
    items = None
    if once.items is not None:
        items = (start.items or 0) + (once.items - (start.items or 0)) * passes
    length = start.length + max(0, once.length - start.length) * passes
    return Size(length, items, once.item)
