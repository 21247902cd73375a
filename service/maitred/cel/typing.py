"""Types that CEL does not have: their constants, and the plain types that expressions run on.

A constant is read as what it stands beside, when the rules are checked: `"5.10"` beside a version is a
version, `53.70` beside a decimal an amount, a text beside an attribute that ignores letter case is folded.
The tree that conditions are made of holds the values themselves. Where a part of it stays CEL's, that part
is rewritten to run on plain types that compare alike:

| kind      | runs as                                                                         |
|-----------|---------------------------------------------------------------------------------|
| decimal   | int: units of the last digit that any amount of the part can have (``scale``)   |
| version   | string: ``Version.key``                                                         |
| ip        | string: ``Address.key``                                                         |
| date      | timestamp: its midnight in UTC                                                  |
| object    | map                                                                             |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.facts import normal_text
from maitred.core.values.kinds import OWN_KINDS, coerce_of, duration_of
from maitred.core.values.scalars import MAX_DECIMAL_DIGITS, digits_of, fitted, network_of, scaled
from maitred.core.values.types import LIST, ROW, Attribute, AttributeType, Kind, Scalar, Value

from . import messages
from .checked_pb2 import Expr
from .declarations import DECIMAL, OWN_FUNCTIONS
from .functions import is_zone
from .tree import Call, Comprehension, Const, ListOf, MapOf, Name, Node, Select, below, children

MAX_SCALE = 18
"""More digits than this leave 64 bits no place before the point."""
_VARIANT = "@"
_COMPARISONS = frozenset(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"))
_SUMS = frozenset(("_+_", "_-_", "_*_"))
_TEXT_TESTS = frozenset(("startsWith", "endsWith", "contains"))
_OF_ATTRIBUTES = frozenset((*OWN_KINDS.values(), Kind.OBJECT))
_ANY_DECIMAL = Attribute("", AttributeType(Kind.DECIMAL, digits=MAX_DECIMAL_DIGITS))
_ANY: Mapping[str, Attribute] = {
    name: _ANY_DECIMAL if kind is Kind.DECIMAL else Attribute("", AttributeType(kind))
    for name, kind in OWN_KINDS.items()
}

Scope = Mapping[str, Attribute]
"""What the variables of macros are elements of."""


def is_own(attribute: Attribute) -> bool:
    """Returns whether expressions that read it need anything of what is here."""
    return attribute.type.kind in _OF_ATTRIBUTES or attribute.ignores_case or attribute.is_trimmed


def needs_typing(node: Node, own: frozenset[str]) -> bool:
    """Returns whether a node makes its expression one that must be rewritten.

    ``own`` are names of attributes.
    """
    match node:
        case Name(name=name):
            return name in own
        case Call(function="duration", args=(Const(value=str(text)),)):
            return "d" in text or "w" in text
        case Call(function=function):
            return function in OWN_FUNCTIONS
    return False


@dataclass(frozen=True, slots=True)
class Variant:
    """A constant of the ruleset or of a row, read as an attribute's values are."""

    base: str
    attribute: Attribute

    def of(self, value: Value) -> Value | None:
        """Returns the constant so read; ``None`` where it cannot be."""
        if isinstance(value, tuple):
            values = tuple(read for item in value if (read := self._one(item)) is not None)
            return values if len(values) == len(value) else None
        return self._one(value)

    def _one(self, value: object) -> Scalar | None:
        if self.attribute.type.kind is Kind.STRING:
            return normal_text(self.attribute, value) if isinstance(value, str) else None
        return coerce_of(self.attribute)(value)

    @property
    def name(self) -> str:
        """What the tree calls it: no attribute can be named so."""
        attribute = self.attribute
        case, blanks = ("folded" * attribute.ignores_case, "trimmed" * attribute.is_trimmed)
        return f"{self.base}{_VARIANT}{attribute.type}{case}{blanks}"


class CheckedExpression(Protocol):
    """What is known of an expression that was checked."""

    attributes: Mapping[str, Attribute]

    def type_of(self, node: Node) -> str:
        """Returns the checker's name of a node's type."""
        ...

    def error(self, node: Node, message: str) -> ExpressionError:
        """Returns an error that points at a node."""
        ...


@dataclass(slots=True)
class Typing:
    """Reads the constants of one expression. ``constants`` are what nodes became, by id."""

    unit: CheckedExpression
    constants: dict[int, Const | Name] = field(default_factory=dict)
    variants: dict[str, Variant] = field(default_factory=dict)

    def read(self, node: Node, scope: Scope) -> Node:
        """Returns the tree with its constants read. Raises ``ExpressionError``."""
        match node:
            case Call():
                return replace(node, args=self._args(node, scope))
            case ListOf(elements=elements):
                return replace(node, elements=tuple(self.read(element, scope) for element in elements))
            case MapOf(entries=entries):
                return replace(node, entries=tuple(self.read(entry, scope) for entry in entries))
            case Select(operand=operand):
                return replace(node, operand=self.read(operand, scope))
            case Comprehension():
                return self._loop(node, scope)
        return node

    def _args(self, call: Call, scope: Scope) -> tuple[Node, ...]:
        args, function = call.args, call.function
        if function in _COMPARISONS or (function in _SUMS and self.unit.type_of(call) == DECIMAL):
            left, right = (self._sense(arg, scope) for arg in args)
            is_product = function == "_*_"
            return (
                self._beside(args[0], right, scope, is_factor=is_product),
                self._beside(args[1], left, scope, is_factor=is_product),
            )
        if function == "@in":
            element, elements = self._sense(args[0], scope), self._sense_in(args[1], scope)
            return self._beside(args[0], elements, scope), self._beside(args[1], element, scope)
        if function in _TEXT_TESTS:
            sense = self._sense(args[0], scope)
            folds = sense if sense is not None and sense.type.kind is Kind.STRING else None
            return self.read(args[0], scope), self._beside(args[1], folds, scope)
        if function == "duration":
            return (self._duration(args[0], scope),)
        if function == "inNetwork":
            return self.read(args[0], scope), self._network(args[1], scope)
        if function in ("age", "date") and isinstance(args[-1], Const) and not is_zone(str(args[-1].value)):
            raise self.unit.error(args[-1], messages.not_a_zone(str(args[-1].value)))
        return tuple(self.read(arg, scope) for arg in args)

    def _loop(self, loop: Comprehension, scope: Scope) -> Node:
        over, elements = self.read(loop.over, scope), self._sense_in(loop.over, scope)
        inner = {**scope, loop.variable: elements} if elements else scope
        start = self._sense(loop.start, scope)
        within = {**inner, loop.accumulator: start} if start else inner
        return replace(
            loop,
            over=over,
            start=self.read(loop.start, scope),
            condition=self.read(loop.condition, within),
            step=self.read(loop.step, within),
            result=self.read(loop.result, within),
        )

    def _sense(self, node: Node, scope: Scope) -> Attribute | None:
        """Returns the attribute as whose values constants beside a node are read.

        ``None`` where as they stand.
        """
        attribute: Attribute | None = None
        match node:
            case Name(name=name):
                attribute = scope.get(name) or self.unit.attributes.get(name)
            case Select(operand=operand, field_name=name, test=False):
                owner = self._sense(operand, scope)
                fields = owner.type.fields if owner else ()
                attribute = next((field for field in fields if field.name == name), None)
            case Call(function="_[_]", args=(over, _)):
                attribute = self._sense_in(over, scope)
        if attribute is None:
            return _ANY.get(self.unit.type_of(node))
        return attribute if is_own(attribute) and not attribute.type.is_list else None

    def _sense_in(self, node: Node, scope: Scope) -> Attribute | None:
        """Returns the same for the elements of a list."""
        if isinstance(node, Name | Select):
            attribute = (
                self.unit.attributes.get(node.name) if isinstance(node, Name) else self._field(node, scope)
            )
            if attribute and attribute.type.is_list and is_own(attribute):
                return replace(attribute, type=replace(attribute.type, is_list=False))
        element = self.unit.type_of(node).removeprefix("list<").removesuffix(">")
        return _ANY.get(element)

    def _field(self, node: Select, scope: Scope) -> Attribute | None:
        owner = self._sense(node.operand, scope)
        return next((f for f in owner.type.fields if f.name == node.field_name), None) if owner else None

    def _beside(self, node: Node, sense: Attribute | None, scope: Scope, *, is_factor: bool = False) -> Node:
        if sense is None:
            return self.read(node, scope)
        match node:
            case Const():
                return self._constant(node, sense, is_factor=is_factor)
            case ListOf(elements=elements):
                return replace(
                    node, elements=tuple(self._beside(element, sense, scope) for element in elements)
                )
            case Call(function="_?_:_", args=(condition, left, right)):
                branches = (self._beside(left, sense, scope), self._beside(right, sense, scope))
                return replace(node, args=(self.read(condition, scope), *branches))
            case Call(function="-_", args=(Const() as number,)):
                return replace(node, args=(self._constant(number, sense, is_factor=is_factor),))
            case Name(name=name) if name.startswith((ROW, LIST)):
                return self._named(node, sense)
        self._refuse_other(node, sense, scope)
        return self.read(node, scope)

    def _constant(self, node: Const, sense: Attribute, *, is_factor: bool) -> Const:
        if is_factor and type(node.value) is int:
            return node
        value: Scalar | None
        if sense.type.kind is Kind.STRING:
            value = normal_text(sense, node.value) if isinstance(node.value, str) else None
        elif sense.type.kind is Kind.DECIMAL:
            value = _amount(node, sense)
        else:
            value = coerce_of(sense)(node.value)
        if value is None:
            raise self.unit.error(node, messages.not_of_kind(node.value, sense))
        read = Const(node.id, value, sense.type.kind.value)
        self.constants[node.id] = read
        return read

    def _named(self, node: Name, sense: Attribute) -> Name:
        own = self.unit.attributes.get(node.name)
        if own and own.type.kind is sense.type.kind and _normalizes(own) >= _normalizes(sense):
            return node
        variant = Variant(node.name, sense)
        self.variants[variant.name] = variant
        read = Name(node.id, variant.name)
        self.constants[node.id] = read
        return read

    def _refuse_other(self, node: Node, sense: Attribute, scope: Scope) -> None:
        """Raises where something that is no constant is not of the kind it is compared with."""
        type_ = self.unit.type_of(node)
        if sense.type.kind is Kind.DECIMAL:
            if type_ == "double":
                raise self.unit.error(node, messages.double_beside_decimal())
            if type_ in ("string", "list<string>", "list<int>", "list<double>"):
                raise self.unit.error(node, messages.text_beside(sense))
        elif sense.type.kind is Kind.STRING:
            other = self._sense(node, scope)
            named = isinstance(node, Name | Select) and type_ == "string"
            if named and (other is None or _normalizes(other) != _normalizes(sense)):
                raise self.unit.error(node, messages.other_letter_case(sense))
        elif type_ in ("string", "list<string>"):
            raise self.unit.error(node, messages.text_beside(sense))

    def _duration(self, node: Node, scope: Scope) -> Node:
        if isinstance(node, Const) and isinstance(node.value, str):
            duration = duration_of(node.value)
            if duration is not None and ("d" in node.value or "w" in node.value):
                read = Const(node.id, f"{int(duration.total_seconds())}s", node.spelling)
                self.constants[node.id] = read
                return read
        return self.read(node, scope)

    def _network(self, node: Node, scope: Scope) -> Node:
        if isinstance(node, Const) and isinstance(node.value, str):
            try:
                network_of(node.value)
            except ValueError:
                raise self.unit.error(node, messages.not_a_network(node.value)) from None
        elif not (isinstance(node, Name) and node.name.startswith(ROW)):
            raise self.unit.error(node, messages.network_not_constant())
        return self.read(node, scope)


def _normalizes(attribute: Attribute) -> tuple[bool, bool]:
    return attribute.ignores_case, attribute.is_trimmed


def _amount(node: Const, sense: Attribute) -> Decimal | None:
    """Returns a literal as an amount; of an expression, with the digits it was written with."""
    if isinstance(node.value, bool):
        return None
    if sense.name:
        value = node.value
        if isinstance(value, float):
            return fitted(Decimal(repr(value)), sense.type.digits)
        amount = coerce_of(sense)(value)
        return amount if isinstance(amount, Decimal) else None
    if isinstance(node.value, int):
        return Decimal(node.value)
    try:
        amount = Decimal(repr(node.value) if isinstance(node.value, float) else str(node.value))
    except ArithmeticError:
        return None
    digits = digits_of(amount)
    return fitted(amount, digits) if digits <= MAX_DECIMAL_DIGITS else None


# What runs


def scale_of(node: Node, attributes: Mapping[str, Attribute]) -> int:
    """Returns the most digits that any amount in a part can have."""
    return _Scale(attributes).of(node, {})


@dataclass(frozen=True, slots=True)
class _Scale:
    attributes: Mapping[str, Attribute]

    def of(self, node: Node, scope: Mapping[str, int]) -> int:
        match node:
            case Const(value=Decimal() as amount):
                return digits_of(amount)
            case Name(name=name):
                return scope[name] if name in scope else self._named(name)
            case Select(operand=operand):
                return self.of(operand, scope)
            case Call(function="_*_", args=(left, right)):
                return self.of(left, scope) + self.of(right, scope)
            case Comprehension():
                over, start = self.of(node.over, scope), self.of(node.start, scope)
                inner = {**scope, node.variable: over, node.accumulator: max(over, start)}
                step = self.of(node.step, inner)
                inner[node.accumulator] = max(step, over, start)
                return max(step, self.of(node.condition, inner), self.of(node.result, inner))
        return max((self.of(child, scope) for child in children(node)), default=0)

    def _named(self, name: str) -> int:
        attribute = self.attributes.get(name.partition(_VARIANT)[0])
        if attribute is None:
            return 0
        fields = (field.type.digits for field in attribute.type.fields)
        return max((attribute.type.digits, *fields))


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Rewrites a part of a checked expression, in place, to run on plain types.

    ``names`` collects, by id, what identifiers are called instead.
    """

    types: Mapping[int, str]
    constants: Mapping[int, Const | Name]
    scale: int
    ids: Iterator[int]
    names: dict[int, str] = field(default_factory=dict)

    def rewrite(self, expr: Expr) -> None:
        """Everything below, then the node itself."""
        read = self.constants.get(expr.id)
        if isinstance(read, Const):
            _write_constant(expr, read.value, self.scale)
        elif isinstance(read, Name):
            expr.ident_expr.name = self.names[expr.id] = read.name
        elif expr.WhichOneof("kind") == "call_expr":
            self._call(expr)
        else:
            for part in below(expr):
                self.rewrite(part)

    def _call(self, expr: Expr) -> None:
        call = expr.call_expr
        kinds = [self._kind(arg) for arg in call.args]
        for part in below(expr):
            self.rewrite(part)
        if not self.scale or not {DECIMAL, f"list<{DECIMAL}>"}.intersection(kinds):
            return
        if call.function == "_*_":
            if kinds == [DECIMAL, DECIMAL]:
                self._wrap(expr, "_/_", 10**self.scale)
        elif call.function == "double":
            self._wrap(expr, "_/_", float(10**self.scale))
        elif call.function in _COMPARISONS or call.function in _SUMS or call.function == "@in":
            for arg, kind in zip(call.args, kinds, strict=True):
                if kind == "int":
                    self._wrap(arg, "_*_", 10**self.scale)

    def _kind(self, expr: Expr) -> str:
        read = self.constants.get(expr.id)
        if isinstance(read, Const) and isinstance(read.value, Decimal):
            return DECIMAL
        return self.types.get(expr.id, "")

    def _wrap(self, expr: Expr, function: str, by: float) -> None:
        outer = Expr(id=next(self.ids))
        outer.call_expr.function = function
        outer.call_expr.args.add().CopyFrom(expr)
        factor = outer.call_expr.args.add()
        factor.id = next(self.ids)
        if isinstance(by, int):
            factor.const_expr.int64_value = by
        else:
            factor.const_expr.double_value = by
        expr.CopyFrom(outer)


def _write_constant(expr: Expr, value: Scalar, scale: int) -> None:
    id_ = expr.id
    if isinstance(value, date):
        expr.call_expr.function = "timestamp"
        text = expr.call_expr.args.add()
        text.id = id_
        text.const_expr.string_value = f"{value.isoformat()}T00:00:00Z"
        return
    expr.const_expr.Clear()
    if isinstance(value, Decimal):
        expr.const_expr.int64_value = scaled(value, scale)
    else:
        expr.const_expr.string_value = value if isinstance(value, str) else value.key  # type: ignore[union-attr]
