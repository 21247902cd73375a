"""A typed tree as a condition: what is asked of one attribute becomes a literal, the rest stays CEL's.

Exact: for any facts the condition is true, false or unknown where cel-cpp says true, false
or error. Two differences are wanted: a list of any length can be looked through (cel-cpp
gives up after 10,000 steps), and such a failure spoils its own part only, not the whole.

In this order: literals, one attribute against constants of its own type; joins that change nothing of what is
true, false or unknown; macros over a list, recognised in their expanded form; what makes conditions of all of
them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import ge, gt, le, lt

from maitred.core.conditions.model import (
    FALSE,
    TRUE,
    All,
    Any,
    Condition,
    Expression,
    Literal,
    OneOf,
    Overlaps,
    Present,
    Residual,
    Within,
    negate,
)
from maitred.core.values.scalars import network_of
from maitred.core.values.types import Attribute, Kind, Scalar, Value

from . import messages
from .bounds import MAX_TERNARY_CONDITION_LEAVES, MAX_UNROLLED_VALUES
from .fold import Folder
from .members import Members, kind_of
from .tree import Call, Comprehension, Const, ListOf, Name, Node
from .vocabulary import ExpressionVocabulary

_ORDERS: dict[str, Callable[..., bool]] = {"_<_": lt, "_<=_": le, "_>_": gt, "_>=_": ge}
MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}
"""What an ordering becomes when its sides change places."""


@dataclass(frozen=True, slots=True)
class Literals:
    """Makes literals for one unit and one row.

    Each gives ``None`` where the attribute and the constants are not of one type, and raises
    ``ExpressionError`` where a constant is none of the attribute's allowed values. ``node``
    is where the constants stand, or the list of them.
    """

    folder: Folder
    vocabulary: ExpressionVocabulary

    def among(self, attribute: Attribute, node: Node, values: tuple[Scalar, ...]) -> Literal | None:
        """Returns the attribute, a scalar, equals one of the values."""
        members = self._members(attribute, node, values)
        return (
            Literal(attribute.name, OneOf(members.values)) if members and not attribute.type.is_list else None
        )

    def overlap(self, attribute: Attribute, node: Node, values: tuple[Scalar, ...]) -> Literal | None:
        """The attribute, a list, holds one of the values."""
        members = self._members(attribute, node, values)
        return (
            Literal(attribute.name, Overlaps(members.values)) if members and attribute.type.is_list else None
        )

    def ordered(self, function: str, attribute: Attribute, node: Node, value: Value | None) -> Literal | None:
        """The attribute stands on one side of a value.

        Text with declared values has no order but that of its letters, which nobody means:
        ``gold`` is before ``silver``.
        """
        if attribute.allowed and attribute.type.kind is Kind.STRING and isinstance(value, str):
            raise self.folder.unit.error(node, messages.no_order(attribute.name, attribute.allowed))
        if isinstance(value, tuple) or value is None or attribute.type.is_list:
            return None
        if kind_of(value) is not attribute.type.kind:
            return None
        if isinstance(value, bool) or value != value:  # noqa: PLR0124 -- nothing is before or after NaN
            candidates = (False, True) if isinstance(value, bool) else ()
            held = frozenset(item for item in candidates if _ORDERS[function](item, value))
            return Literal(attribute.name, OneOf(held))
        is_open = function in {"_<_", "_>_"}
        if function in {"_<_", "_<=_"}:
            return Literal(attribute.name, Within(high=value, high_open=is_open))
        return Literal(attribute.name, Within(low=value, low_open=is_open))

    def in_network(self, attribute: Attribute, node: Node) -> Literal | None:
        """Returns the attribute, an address, lies in the network that a text names."""
        text = self.folder.value(node)
        if not isinstance(text, str) or attribute.type.is_list:
            return None
        try:
            first, last = network_of(text)
        except ValueError:
            raise self.folder.unit.error(node, messages.not_a_network(text)) from None
        return Literal(attribute.name, Within(first, last))

    def _members(self, attribute: Attribute, node: Node, values: tuple[Scalar, ...]) -> Members | None:
        members = self.vocabulary.members(node, values)
        if members is None or not members.are(attribute.type.kind):
            return None
        refused = self.vocabulary.refused(attribute, members)
        if refused:
            self._refuse(attribute, node, values, refused)
        return members

    def _refuse(
        self, attribute: Attribute, node: Node, values: tuple[Scalar, ...], refused: frozenset[Scalar]
    ) -> None:
        index = next(index for index, value in enumerate(values) if value in refused)
        place = node.elements[index] if isinstance(node, ListOf) else node
        message = messages.not_a_value(values[index], attribute.name, attribute.allowed)
        raise self.folder.unit.error(place, message)


def disjunction(terms: Iterable[Condition]) -> Condition:
    """Returns ``||``: flat, without constants, one test where several ask for values of one attribute."""
    return _joined(Any, terms, TRUE, wanted=True)


def conjunction(terms: Iterable[Condition]) -> Condition:
    """Returns ``&&``: flat, without constants, one test where several refuse values of one attribute."""
    return _joined(All, terms, FALSE, wanted=False)


def _joined(
    kind: type[All] | type[Any], terms: Iterable[Condition], settles: Condition, *, wanted: bool
) -> Condition:
    """One of ``kind``; the term that ``settles`` it makes the others idle."""
    flat: list[Condition] = []
    for term in terms:
        if term == settles:
            return settles
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    merged = _merge(flat, wanted=wanted)
    return merged[0] if len(merged) == 1 else kind(tuple(merged))


def choice(condition: Condition, then: Condition, otherwise: Condition) -> Condition | None:
    """``condition ? then : otherwise``; ``None`` where that would grow too large.

    ``condition && !condition`` is never true: it is there because the whole is unknown
    where the condition is, even where both branches are false.
    """
    if condition in (TRUE, FALSE):
        return then if condition == TRUE else otherwise
    leaves = list(_leaves(condition))
    if len(leaves) > MAX_TERNARY_CONDITION_LEAVES:
        return None
    opposite = negate(condition)
    branches = (conjunction((condition, then)), conjunction((opposite, otherwise)))
    certain = all(isinstance(leaf, Literal) and isinstance(leaf.test, Present) for leaf in leaves)
    return disjunction(branches if certain else (*branches, All((condition, opposite))))


def _leaves(condition: Condition) -> Iterable[Literal | Residual]:
    if isinstance(condition, Literal | Residual):
        yield condition
    else:
        for term in condition.terms:
            yield from _leaves(term)


def _merge(terms: list[Condition], *, wanted: bool) -> list[Condition]:
    """Terms with one test for all values that are wanted, or not wanted, of one attribute."""
    merged: dict[object, Condition] = {}
    for place, term in enumerate(terms):
        key: object = place
        joined = term
        if isinstance(term, Literal) and term.wanted is wanted and isinstance(term.test, OneOf | Overlaps):
            key = (term.attribute, type(term.test))
            joined = _union(merged[key], term) if key in merged else term
        merged[key] = joined
    return list(merged.values())


def _union(left: Condition, right: Literal) -> Literal:
    match left, right.test:
        case Literal(test=OneOf(ours)), OneOf(theirs):
            return Literal(right.attribute, OneOf(ours | theirs), right.wanted)
        case Literal(test=Overlaps(ours)), Overlaps(theirs):
            return Literal(right.attribute, Overlaps(ours | theirs), right.wanted)
    raise AssertionError(left)


@dataclass(frozen=True, slots=True)
class Quantified:
    """``over.exists(variable, body)``, or ``all`` where ``every``."""

    every: bool
    variable: str
    over: Node
    body: Node


def quantified(loop: Comprehension) -> Quantified | None:
    """Returns the ``exists`` or ``all`` a loop is the expansion of; ``None`` where it is neither."""
    if loop.second_variable or not _is(loop.result, loop.accumulator) or not isinstance(loop.start, Const):
        return None
    every = loop.start.value is True
    match loop.step:
        case Call(function="_&&_" | "_||_" as logic, args=(so_far, body)) if _is(so_far, loop.accumulator):
            plain = loop.start.value is every and (logic == "_&&_") is every
            if plain and _goes_on(loop.condition, loop.accumulator, every=every):
                return Quantified(every, loop.variable, loop.over, body)
    return None


def _goes_on(condition: Node, accumulator: str, *, every: bool) -> bool:
    """Returns whether a loop runs until its answer is certain, and not until something else."""
    match condition:
        case Call(function="@not_strictly_false", args=(asked,)):
            if every:
                return _is(asked, accumulator)
            return isinstance(asked, Call) and asked.function == "!_" and _is(asked.args[0], accumulator)
    return False


def _is(node: Node, name: str) -> bool:
    return isinstance(node, Name) and node.name == name


class Lowering:
    """Lowers the tree of one unit for one row.

    ``leave`` makes the expression for a part that stays CEL's.
    """

    def __init__(
        self, folder: Folder, vocabulary: ExpressionVocabulary, leave: Callable[[Node, Folder], Expression]
    ) -> None:
        self._folder, self._vocabulary, self._leave = folder, vocabulary, leave
        self._literals = Literals(folder, vocabulary)

    def condition(self, node: Node) -> Condition:
        """Returns the condition for a boolean node. Raises ``ExpressionError``."""
        lowered: Condition | None = None
        if isinstance(node, Call):
            lowered = self._call(node.function, node.args)
        elif isinstance(node, Name):
            lowered = self._bare(node)
        elif isinstance(node, Comprehension):
            lowered = self._loop(node)
        return lowered or self._constant(node) or Residual(self._leave(node, self._folder))

    def refuse_values(self) -> None:
        """Raises ``ExpressionError`` where any part asks an attribute for a value it cannot have."""
        for node in self._folder.unit.nodes:
            match node:
                case Call(function="_==_" | "_!=_", args=(left, right)):
                    self._asks(left, right)
                    self._asks(right, left)
                case Call(function="@in", args=(left, right)):
                    self._in(left, right)

    def _asks(self, asked: Node, against: Node) -> None:
        attribute, value = self._vocabulary.attribute(asked), self._folder.value(against)
        if attribute and value is not None and not isinstance(value, tuple):
            self._literals.among(attribute, against, (value,))

    def _constant(self, node: Node) -> Condition | None:
        value = self._folder.value(node)
        return (TRUE if value else FALSE) if isinstance(value, bool) else None

    def _bare(self, node: Name) -> Condition | None:
        if presence := self._vocabulary.presence(node.name):
            return Literal(presence, Present())
        attribute = self._vocabulary.attribute(node)
        return Literal(attribute.name, OneOf(frozenset((True,)))) if attribute else None

    def _call(self, function: str, args: tuple[Node, ...]) -> Condition | None:
        match function:
            case "_&&_":
                return conjunction(map(self.condition, args))
            case "_||_":
                return disjunction(map(self.condition, args))
            case "!_":
                return negate(self.condition(args[0]))
            case "_?_:_":
                return choice(*map(self.condition, args))
            case _:
                return self._relation(function, *args) if len(args) == 2 else None  # noqa: PLR2004 -- left and right

    def _relation(self, function: str, left: Node, right: Node) -> Condition | None:
        match function:
            case "_==_":
                return self._equal(left, right) or self._equal(right, left)
            case "_!=_":
                equal = self._equal(left, right) or self._equal(right, left)
                return negate(equal) if equal else None
            case "@in":
                return self._in(left, right)
            case "inNetwork":
                return self._in_network(left, right)
            case "_<_" | "_<=_" | "_>_" | "_>=_":
                return self._ordered(function, left, right) or self._ordered(MIRRORED[function], right, left)
        return None

    def _equal(self, asked: Node, against: Node) -> Condition | None:
        attribute = self._vocabulary.attribute(asked)
        value = self._folder.value(against)
        if value is None or isinstance(value, tuple):
            return None
        if attribute:
            return self._literals.among(attribute, against, (value,))
        if not isinstance(value, bool) or not self._folder.unit.is_bool(asked):
            return None
        condition = self.condition(asked)
        return condition if value else negate(condition)

    def _in(self, element: Node, collection: Node) -> Condition | None:
        if attribute := self._vocabulary.attribute(element):
            values = self._folder.value(collection)
            return self._literals.among(attribute, collection, values) if isinstance(values, tuple) else None
        if attribute := self._vocabulary.attribute(collection):
            value = self._folder.value(element)
            if value is not None and not isinstance(value, tuple):
                return self._literals.overlap(attribute, element, (value,))
        return None

    def _ordered(self, function: str, asked: Node, against: Node) -> Condition | None:
        attribute = self._vocabulary.attribute(asked)
        if not attribute:
            return None
        return self._literals.ordered(function, attribute, against, self._folder.value(against))

    def _in_network(self, address: Node, network: Node) -> Condition | None:
        attribute = self._vocabulary.attribute(address)
        return self._literals.in_network(attribute, network) if attribute else None

    def _loop(self, node: Comprehension) -> Condition | None:
        macro = quantified(node)
        if macro is None:
            return None
        if attribute := self._vocabulary.attribute(macro.over):
            literals = self._asked(attribute, macro, macro.body, every=macro.every)
            if literals is None:
                return None
            return negate(disjunction(literals)) if macro.every else disjunction(literals)
        values = self._folder.value(macro.over)
        return self._over_values(macro, values) if isinstance(values, tuple) else None

    def _asked(
        self, attribute: Attribute, macro: Quantified, body: Node, *, every: bool
    ) -> list[Literal] | None:
        """Returns what elements are looked for: those the body is true of, or where ``every`` false of."""
        match body:
            case Call(function="!_", args=(arg,)):
                return self._asked(attribute, macro, arg, every=not every)
            case Call(function="_||_" | "_&&_" as logic, args=(left, right)) if (logic == "_&&_") is every:
                ours = self._asked(attribute, macro, left, every=every)
                theirs = self._asked(attribute, macro, right, every=every)
                return None if ours is None or theirs is None else ours + theirs
            case Call(function="_==_" | "_!=_" as sign, args=(left, right)) if (sign == "_!=_") is every:
                against = right if _is_variable(left, macro) else left
                return (
                    self._looked_for(attribute, against)
                    if _is_variable(left, macro) or _is_variable(right, macro)
                    else None
                )
            case Call(function="@in", args=(left, collection)) if not every and _is_variable(left, macro):
                return self._looked_for(attribute, collection)
        return None

    def _looked_for(self, attribute: Attribute, node: Node) -> list[Literal] | None:
        value = self._folder.value(node)
        if value is None:
            return None
        literal = self._literals.overlap(attribute, node, value if isinstance(value, tuple) else (value,))
        return [literal] if literal else None

    def _over_values(self, macro: Quantified, values: tuple[Scalar, ...]) -> Condition | None:
        """Constants, each asked for in one attribute: of no constants nothing is read."""
        match macro.body:
            case Call(function="!_", args=(arg,)):
                opposite = self._over_values(
                    Quantified(not macro.every, macro.variable, macro.over, arg), values
                )
                return negate(opposite) if opposite else None
            case Call(function="@in", args=(left, right)) if _is_variable(left, macro):
                attribute = self._vocabulary.attribute(right)
                return self._each_in(attribute, macro, values) if attribute else None
        return None

    def _each_in(
        self, attribute: Attribute, macro: Quantified, values: tuple[Scalar, ...]
    ) -> Condition | None:
        if not values:
            return TRUE if macro.every else FALSE
        if not macro.every:
            return self._literals.overlap(attribute, macro.over, values)
        if len(values) > MAX_UNROLLED_VALUES:
            return None
        literals = [self._literals.overlap(attribute, macro.over, (value,)) for value in values]
        return conjunction(literal for literal in literals if literal) if all(literals) else None


def _is_variable(node: Node, macro: Quantified) -> bool:
    return isinstance(node, Name) and node.name == macro.variable
