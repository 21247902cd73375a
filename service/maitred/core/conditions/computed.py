"""Attributes worked out from lists of objects: how many there are, how much they come to, the last of them.

A computed attribute goes over the items of one source, keeps those of which its condition is true, takes a
value of each and puts these together. The source is a list of objects among the facts, or a list that the
caller hands over by its name (``events.visit``). A worker holds the condition and the value as closures over
(item, facts), made when the rules are compiled: they run for every item of every request. Like everything
that conditions read, a value is there, absent or invalid:

* absent where the source is, or something else that is read of the request, or where a minimum, a maximum,
  a first or a last is of nothing;
* invalid where it cannot be told of an item whether it counts, or what it counts for: to leave it out would
  let a rule hold that forbids too much.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, DecimalException
from enum import Enum, unique
from functools import partial
from operator import add, ge, gt, le, lt, mul, sub
from typing import Any as AnyValue

from maitred.core.values.kinds import MAX_DURATION, MAX_INT, MIN_INT
from maitred.core.values.scalars import EXACT, fitted
from maitred.core.values.types import AttributeType, Fact, Facts, Invalid, Item, Kind, Scalar, Value
from maitred.core.values.windows import Window

from .model import All, Any, Condition, Expression, Literal, OneOf, Present, Residual, Unknown, Within, reads
from .scan import holds


@unique
class Aggregate(Enum):
    """How the values of the items that count are put together."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    DISTINCT = "distinct"
    FIRST = "first"
    LAST = "last"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Read:
    """The value of an attribute, or of a field of the item."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same for every item."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left`` and ``right`` are numbers of one kind, or an amount and a whole number."""

    sign: str
    left: "Term"
    right: "Term"


Term = Read | Constant | Arithmetic | Expression
"""What is taken of an item. An ``Expression`` gives a value of the declared type."""


@dataclass(frozen=True, slots=True)
class Computed:
    """How one attribute is worked out.

    ``over`` names the source and ``item`` what conditions call one of it. ``take`` is what is put
    together; nothing where items are only counted. ``type`` is that of the outcome. ``window`` is how
    far back things that happened count, ``max_items`` how many of them are held against one request; 0 is
    any number.
    """

    name: str
    over: str
    item: str
    where: Condition
    aggregate: Aggregate
    type: AttributeType
    take: Term | None = None
    window: Window | None = None
    max_items: int = 0

    @property
    def reads(self) -> frozenset[str]:
        """Names of everything it reads but the fields of the items."""
        of_item = f"{self.item}."
        names = reads(self.where) | (term_reads(self.take) if self.take else frozenset())
        return frozenset((self.over, *(name for name in names if not name.startswith(of_item))))


def term_reads(term: Term) -> frozenset[str]:
    """Names of all attributes and fields in a term."""
    match term:
        case Read(name):
            return frozenset((name,))
        case Arithmetic(_, left, right):
            return term_reads(left) | term_reads(right)
        case Expression():
            return term.reads
        case Constant():
            return frozenset()


def term_expressions(term: Term) -> Iterator[Expression]:
    """Yields what of a term only its own evaluator understands."""
    match term:
        case Expression():
            yield term
        case Arithmetic(_, left, right):
            yield from term_expressions(left)
            yield from term_expressions(right)


def of_items_alone(computed: Computed) -> Condition:
    """What the condition asks of an item whatever the request: an item of which it is false never counts."""
    where, of_item = computed.where, f"{computed.item}."
    terms = where.terms if isinstance(where, All) else (where,)
    return All(tuple(term for term in terms if all(name.startswith(of_item) for name in reads(term))))


Take = Callable[[Item, Facts], AnyValue]
"""The value of a term; ``None`` where it has none."""
Holds = Callable[[Item, Facts], bool | None]
"""Whether a condition is true; ``None`` where that cannot be told."""


Filter = Callable[[Sequence[Item]], Sequence[Item]]
"""The items of which a condition is true. Raises ``KeyError`` where one lacks a field."""
Values = Callable[[Sequence[Item]], Sequence[AnyValue]]
"""What is taken of each item. Raises ``KeyError`` likewise."""


@dataclass(frozen=True, slots=True)
class Computation:
    """Works one attribute out. Built by ``of``; safe to use from many threads.

    ``reads_items_alone`` is whether it is the same for every request.
    """

    computed: Computed
    counts: Holds
    may_count: Holds
    take: Take
    reads: frozenset[str]
    reads_items_alone: bool
    filters: tuple[Filter, ...] | None
    values: Values | None

    @classmethod
    def of(cls, computed: Computed) -> "Computation":
        """Returns the worker of an attribute."""
        closures = _Closures(computed.item)
        take = closures.take(computed.take) if computed.take else _nothing
        names = computed.reads
        return cls(
            computed,
            counts=closures.holds(computed.where),
            may_count=closures.holds(of_items_alone(computed)),
            take=take,
            reads=names,
            reads_items_alone=names == {computed.over},
            filters=_filters_of(computed),
            values=_values_of(computed),
        )

    def fact(self, facts: Facts, sources: Mapping[str, Sequence[Item]]) -> Fact | None:
        """Returns the value, ``None`` where it is absent. ``sources`` are lists that are no attributes."""
        over = self.computed.over
        items: AnyValue = sources[over] if over in sources else facts.get(over)
        if items is None:
            return None
        if isinstance(items, Invalid):
            return Invalid(f"cannot be worked out: {over} {items.why}")
        if self.filters is not None:
            try:
                remaining = items
                for keep in self.filters:
                    remaining = keep(remaining)
                return self.put_together(remaining, facts)
            except KeyError:
                pass  # A field is absent: whether that matters is told item by item.
        return self._item_by_item(items, facts)

    def _item_by_item(self, items: Sequence[Item], facts: Facts) -> Fact | None:
        counted: list[Item] = []
        doubtful: list[Item] = []
        for item in items:
            counts = self.counts(item, facts)
            if counts:
                counted.append(item)
            elif counts is None:
                doubtful.append(item)
        if self.computed.aggregate is Aggregate.ANY and counted:
            return True
        return self._failure(doubtful[0], facts) if doubtful else self.put_together(counted, facts)

    def put_together(self, items: Sequence[Item], facts: Facts) -> Fact | None:
        """Returns the value of the items that count."""
        match self.computed.aggregate:
            case Aggregate.COUNT:
                return len(items)
            case Aggregate.ANY:
                return bool(items)
            case Aggregate.FIRST:
                items = items[:1]
            case Aggregate.LAST:
                items = items[-1:]
        if self.values is not None:
            try:
                return self.outcome(self.values(items))
            except KeyError:
                pass  # As above.
        return self._taken(items, facts)

    def _taken(self, items: Sequence[Item], facts: Facts) -> Fact | None:
        values = []
        for item in items:
            value = self.take(item, facts)
            if value is None:
                return self._failure(item, facts)
            values.append(value)
        return self.outcome(values)

    def outcome(self, values: Sequence[AnyValue]) -> Fact | None:
        """Returns the value of the values of the items that count."""
        match self.computed.aggregate:
            case Aggregate.SUM:
                return _sum(values, self.computed.type)
            case Aggregate.DISTINCT:
                return len(set(values))
        if not values:
            return None
        value = max(values) if self.computed.aggregate is Aggregate.MAX else min(values)
        return _fitting(value, self.computed.type)

    def _failure(self, item: Item, facts: Facts) -> Invalid | None:
        """Returns why an item does not say whether it counts, or for what."""
        names = reads(self.computed.where) | (
            term_reads(self.computed.take) if self.computed.take else frozenset()
        )
        of_item = f"{self.computed.item}."
        for name in sorted(names):
            if name.startswith(of_item):
                if name.removeprefix(of_item) not in item:
                    return Invalid(f"cannot be worked out: {name} is absent")
            elif name not in facts:
                return None
            elif isinstance(fact := facts[name], Invalid):
                return Invalid(f"cannot be worked out: {name} {fact.why}")
        return Invalid("cannot be worked out: a value of it is out of range")


def _filters_of(computed: Computed) -> tuple[Filter, ...] | None:
    """The condition as filters, one after the other; nothing where it asks of more than fields of the item.

    Most are of this kind, and a filter asks all items at once, without a call for each.
    """
    terms = computed.where.terms if isinstance(computed.where, All) else (computed.where,)
    of_item = f"{computed.item}."
    filters = []
    for term in terms:
        if not isinstance(term, Literal) or not term.attribute.startswith(of_item):
            return None
        if not isinstance(term.test, OneOf | Within):
            return None
        filters.append(_filter_of(term.attribute.removeprefix(of_item), term.test, wanted=term.wanted))
    return tuple(filters)


def _filter_of(key: str, test: OneOf | Within, *, wanted: bool) -> Filter:
    if isinstance(test, OneOf):
        values = test.values
        if wanted:
            return lambda items: [item for item in items if item[key] in values]
        return lambda items: [item for item in items if item[key] not in values]
    lies_within = _within(test)
    if not wanted:
        return lambda items: [item for item in items if not lies_within(item[key])]
    if (test.low is None) is (test.high is None):
        return lambda items: [item for item in items if lies_within(item[key])]
    bound: AnyValue = test.low if test.high is None else test.high
    above, below = (gt if test.low_open else ge), (lt if test.high_open else le)
    compare: Callable[[AnyValue, AnyValue], bool] = above if test.high is None else below
    return lambda items: [item for item in items if compare(item[key], bound)]


def _values_of(computed: Computed) -> Values | None:
    """Returns what takes a field, or an amount times a number, of all items at once.

    Nothing for other terms.
    """
    of_item = f"{computed.item}."
    match computed.take:
        case Read(name) if name.startswith(of_item):
            key = name.removeprefix(of_item)
            return lambda items: [item[key] for item in items]
        case Arithmetic("*", Read(one), Read(other)) if computed.type.kind is Kind.DECIMAL:
            if not (one.startswith(of_item) and other.startswith(of_item)):
                return None
            left, right = one.removeprefix(of_item), other.removeprefix(of_item)
            times: Callable[[AnyValue, AnyValue], AnyValue] = EXACT.multiply
            return lambda items: [times(item[left], item[right]) for item in items]
    return None


def _nothing(item: Item, facts: Facts) -> None:
    del item, facts


def _sum(values: Sequence[AnyValue], type_: AttributeType) -> Fact:
    total: AnyValue = _ZEROS.get(type_.kind, 0)
    plus = EXACT.add if type_.kind is Kind.DECIMAL else add
    try:
        for value in values:
            total = plus(total, value)
    except (OverflowError, DecimalException):
        return _OUT_OF_RANGE
    return _fitting(total, type_)


_OUT_OF_RANGE = Invalid("cannot be worked out: it gives a number out of range")
_ZEROS: Mapping[Kind, Scalar] = {
    Kind.DECIMAL: Decimal(0),
    Kind.DURATION: timedelta(0),
    Kind.DOUBLE: 0.0,
}


def _fitting(value: AnyValue, type_: AttributeType) -> Fact:
    """Returns a value as one of its type, or that it is out of range."""
    fits: AnyValue = value
    if type_.kind is Kind.DECIMAL:
        fits = fitted(value, type_.digits)
    elif type_.kind is Kind.INT:
        fits = value if MIN_INT <= value <= MAX_INT else None
    elif type_.kind is Kind.DURATION:
        fits = value if -MAX_DURATION <= value <= MAX_DURATION else None
    return _OUT_OF_RANGE if fits is None else fits


_PLAIN_SIGNS: Mapping[str, Callable[[AnyValue, AnyValue], AnyValue]] = {"+": add, "-": sub, "*": mul}
_EXACT_SIGNS: Mapping[str, Callable[[AnyValue, AnyValue], AnyValue]] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
}


@dataclass(frozen=True, slots=True)
class _Closures:
    """Conditions and terms as closures over one item and the facts of the request."""

    item: str

    def value(self, name: str) -> Take:
        """Returns what reads a field of the item or an attribute; ``None`` where it is absent or invalid."""
        of_item = f"{self.item}."
        if name.startswith(of_item):
            key = name.removeprefix(of_item)
            return lambda item, _: item.get(key)
        return lambda _, facts: None if isinstance(fact := facts.get(name), Invalid) else fact

    def take(self, term: Term) -> Take:
        """Returns what gives the value of a term."""
        match term:
            case Read(name):
                return self.value(name)
            case Constant(value):
                return lambda _item, _facts: value
            case Arithmetic():
                return self._arithmetic(term)
            case Expression():
                return self._left_to_cel(term)

    def holds(self, condition: Condition) -> Holds:
        """Returns what tells whether a condition is true."""
        match condition:
            case Literal():
                return self._literal(condition)
            case Residual(expression, wanted):
                return self._residual(expression, wanted=wanted)
            case All(terms):
                return _combined(tuple(map(self.holds, terms)), decisive=False)
            case Any(terms):
                return _combined(tuple(map(self.holds, terms)), decisive=True)

    def _arithmetic(self, term: Arithmetic) -> Take:
        plain, exact = _bounded(_PLAIN_SIGNS[term.sign]), _EXACT_SIGNS[term.sign]
        left, right = self.take(term.left), self.take(term.right)
        if term.sign == "*" and isinstance(term.left, Read) and isinstance(term.right, Read):
            product = self._product(term.left.name, term.right.name)
            if product:
                return product

        def take(item: Item, facts: Facts) -> AnyValue:
            one, other = left(item, facts), right(item, facts)
            if one is None or other is None:
                return None
            if one.__class__ is Decimal or other.__class__ is Decimal:
                return exact(one, other)
            return plain(one, other)

        return take

    def _product(self, one: str, other: str) -> Take | None:
        """Quantity times price, by far the most usual arithmetic, without calls in between."""
        of_item = f"{self.item}."
        if not (one.startswith(of_item) and other.startswith(of_item)):
            return None
        left, right = one.removeprefix(of_item), other.removeprefix(of_item)
        exact, plain = EXACT.multiply, _bounded(mul)

        def product(item: Item, _: Facts) -> AnyValue:
            first, second = item.get(left), item.get(right)
            if first is None or second is None:
                return None
            if second.__class__ is Decimal or first.__class__ is Decimal:
                return exact(first, second)  # type: ignore[arg-type]
            return plain(first, second)

        return product

    def _left_to_cel(self, expression: Expression) -> Take:
        read = self._reader(expression)

        def take(item: Item, facts: Facts) -> AnyValue:
            value = expression.evaluate(read(item, facts))
            return None if isinstance(value, Unknown) else value

        return take

    def _residual(self, expression: Expression, *, wanted: bool) -> Holds:
        read = self._reader(expression)

        def truth(item: Item, facts: Facts) -> bool | None:
            value = expression.evaluate(read(item, facts))
            return None if isinstance(value, Unknown) else value is wanted

        return truth

    def _reader(self, expression: Expression) -> Callable[[Item, Facts], Facts]:
        """Returns what puts together what an expression reads of an item and of the request."""
        of_item = f"{self.item}."
        keys = [(name, name.removeprefix(of_item)) for name in expression.reads if name.startswith(of_item)]
        others = [name for name in expression.reads if not name.startswith(of_item)]

        def read(item: Item, facts: Facts) -> Facts:
            both: Facts = {name: facts[name] for name in others if name in facts}
            both.update((name, item[key]) for name, key in keys if key in item)
            return both

        return read

    def _literal(self, literal: Literal) -> Holds:
        value, test, wanted = self.value(literal.attribute), literal.test, literal.wanted
        if isinstance(test, Present):
            return self._presence(literal.attribute, wanted=wanted)
        if isinstance(test, OneOf):
            values = test.values

            def among(item: Item, facts: Facts) -> bool | None:
                fact: Value | None = value(item, facts)
                return None if fact is None else (fact in values) is wanted

            return among

        lies_within = _within(test) if isinstance(test, Within) else partial(holds, test)

        def tested(item: Item, facts: Facts) -> bool | None:
            fact = value(item, facts)
            return None if fact is None else lies_within(fact) is wanted

        return tested

    def _presence(self, name: str, *, wanted: bool) -> Holds:
        of_item = f"{self.item}."
        if name.startswith(of_item):
            key = name.removeprefix(of_item)
            return lambda item, _: (key in item) is wanted
        return lambda _, facts: (name in facts) is wanted


def _bounded(sign: Callable[[AnyValue, AnyValue], AnyValue]) -> Callable[[AnyValue, AnyValue], AnyValue]:
    """Returns a sign between numbers that are no amounts; ``None`` where 64 bits do not hold the outcome."""

    def applied(one: AnyValue, other: AnyValue) -> AnyValue:
        try:
            result = sign(one, other)
        except OverflowError:
            return None
        return None if result.__class__ is int and not MIN_INT <= result <= MAX_INT else result

    return applied


def _within(test: Within) -> Callable[[AnyValue], bool]:
    """Returns ``holds`` of a range, taken apart; with NaN every comparison is false."""
    low: AnyValue = test.low
    high: AnyValue = test.high
    above = gt if test.low_open else ge
    below = lt if test.high_open else le
    if high is None:
        return partial(holds, test) if low is None else (lambda value: above(value, low))
    if low is None:
        return lambda value: below(value, high)
    return lambda value: above(value, low) and below(value, high)


def _combined(tests: tuple[Holds, ...], *, decisive: bool) -> Holds:
    def combined(item: Item, facts: Facts) -> bool | None:
        known = True
        for test in tests:
            result = test(item, facts)
            if result is decisive:
                return decisive
            known = known and result is not None
        return not decisive if known else None

    return combined
