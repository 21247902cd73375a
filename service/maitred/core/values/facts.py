"""From the context as sent to the facts that conditions read.

Only declared attributes become facts; the rest of the context is not looked at. ``null`` is
absent. A value of another type than declared, or outside the declared values, is ``Invalid``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .kinds import KINDS, MAX_INT, MIN_INT, Coerce, coerce_of
from .texts import composed, folded, has_blank_ends
from .types import Attribute, AttributeType, Fact, Facts, Invalid, Item, Kind, Scalar

MAX_SHOWN_CHARACTERS = 40
"""Of a value that cannot be used."""
MAX_SHOWN_VALUES = 5
"""Declared values that are named where another one was sent."""

_NO_BOUND = 1 << 62
"""More than any value has characters or items."""

Read = Callable[[Any], Fact]
"""From a JSON value other than ``null`` to a fact."""


def reader_of(attribute: Attribute) -> Read:
    """Returns what reads an attribute's values."""
    read = _unbounded_reader_of(attribute)
    longest, count = attribute.max_length or _NO_BOUND, attribute.max_items or _NO_BOUND
    if attribute.max_length or attribute.max_items:
        read = _bounded(read, longest, count)
    return _usual_texts_reader(read, longest, count) if _holds_plain_texts(attribute) else read


def _holds_plain_texts(attribute: Attribute) -> bool:
    """Whether it is a list of texts that are facts as they stand, but for those beyond ASCII."""
    checked = attribute.allowed or attribute.ignores_case or attribute.is_trimmed
    return attribute.type.is_list and attribute.type.kind is Kind.STRING and not checked


def _usual_texts_reader(read: Read, longest: int, count: int) -> Read:
    """Reads most lists of texts by one look at all of them; ``read`` any other."""

    def usual(value: Any) -> Fact:
        if value.__class__ is list and len(value) <= count:
            try:
                together = "".join(value)
            except TypeError:
                return read(value)
            if len(together) <= longest and together.isascii():
                return tuple(value)
        return read(value)

    return usual


def _bounded(read: Read, longest: int, count: int) -> Read:
    """Refuses what is larger than the costs of rules were estimated for, before it costs anything."""
    too_long = Invalid(f"is longer than {longest:,} characters")
    too_many = Invalid(f"has more than {count:,} items")
    holds_too_long = Invalid(f"holds a text of more than {longest:,} characters")

    def bounded(value: Any) -> Fact:
        kind = value.__class__
        if kind is str:
            return read(value) if len(value) <= longest else too_long
        if kind is list or kind is tuple:
            if len(value) > count:
                return too_many
            if not _is_short(value, longest) and any(
                item.__class__ is str and len(item) > longest for item in value
            ):
                return holds_too_long
        return read(value)

    return bounded


def _is_short(texts: Sequence[Any], longest: int) -> bool:
    """Returns whether all texts together are no longer than one may be, as those of most lists are."""
    try:
        return len("".join(texts)) <= longest
    except TypeError:
        return False


def _unbounded_reader_of(attribute: Attribute) -> Read:
    type_ = attribute.type
    if type_.kind is Kind.OBJECT:
        return _items_reader(type_)
    coerce, allowed = _normalized(attribute), frozenset(attribute.allowed)
    if type_.is_list:
        return _list_reader(coerce, attribute, allowed)
    return _scalar_reader(coerce, attribute, allowed)


def _plain_class(attribute: Attribute) -> type:
    """Returns the class of values that are facts as they stand, but for texts beyond ASCII.

    Of no value if none.
    """
    row, type_ = KINDS[attribute.type.kind], attribute.type
    checked = type_.is_list or attribute.allowed or attribute.ignores_case or attribute.is_trimmed
    return row.python if row.is_plain and not checked else Invalid


def _is_plain_int(attribute: Attribute) -> bool:
    """Returns whether whole numbers are its values as they stand, but for those that are too large."""
    return attribute.type.kind is Kind.INT and not (attribute.type.is_list or attribute.allowed)


def _coerce(attribute: Attribute) -> Coerce:
    """Returns what reads most values at once; ``None`` for what ``reader_of`` has to look at."""
    if attribute.type.is_list or attribute.allowed or attribute.type.kind is Kind.STRING:
        return lambda _: None
    return coerce_of(attribute)


def normal_text(attribute: Attribute, text: str) -> str:
    """Returns a text as it is compared with the attribute's."""
    text = text.strip() if attribute.is_trimmed else text
    return folded(text) if attribute.ignores_case else composed(text)


def _normalized(attribute: Attribute) -> Coerce:
    if not (attribute.ignores_case or attribute.is_trimmed):
        return coerce_of(attribute)
    return lambda value: normal_text(attribute, value) if value.__class__ is str else None


def _scalar_reader(coerce: Coerce, attribute: Attribute, allowed: frozenset[Scalar]) -> Read:
    def read(value: Any) -> Fact:
        fact = coerce(value)
        if fact is None:
            return _misfit(value, attribute.type)
        return fact if not allowed or fact in allowed else _not_declared(value, attribute)

    return read


def _list_reader(coerce: Coerce, attribute: Attribute, allowed: frozenset[Scalar]) -> Read:
    is_plain = attribute.type.kind is Kind.STRING and not (attribute.ignores_case or attribute.is_trimmed)

    def read(value: Any) -> Fact:
        if value.__class__ is not list and value.__class__ is not tuple:
            return _misfit(value, attribute.type)
        if not (is_plain and set(map(type, value)) == _ONLY_STRINGS and "".join(value).isascii()):
            sent, value = value, tuple(map(coerce, value))
            if None in value:
                return _misfit_in(sent[value.index(None)], attribute.type)
        if not allowed or allowed.issuperset(value):
            return tuple(value)
        return _holds_undeclared(next(item for item in value if item not in allowed), attribute)

    return read


def _items_reader(type_: AttributeType) -> Read:
    """Objects in a list; one that cannot be read makes the whole list invalid."""
    fields = tuple(map(_Field.of, type_.fields))
    usual = _usual_item_reader(fields)

    def read(value: Any) -> Fact:
        if value.__class__ is not list and value.__class__ is not tuple:
            return _misfit(value, type_)
        items: list[Item] = []
        for number, sent in enumerate(value, start=1):
            if sent.__class__ is not dict:
                return Invalid(f"has an item {number} that is {_shown(sent)}, not an object")
            item = usual(sent)
            if item is None:
                read_item = _read_item(fields, sent)
                if isinstance(read_item, Invalid):
                    return Invalid(f"has an item {number} whose {read_item.why}")
                item = read_item
            items.append(item)
        return tuple(items)

    return read


class _Field(NamedTuple):
    """A field of the objects in a list.

    ``plain`` is the class of values that are facts as they stand, texts of at most ``longest`` characters
    without any beyond ASCII. ``coerce`` reads most others at once, ``read`` all.
    """

    name: str
    plain: type
    longest: int
    coerce: Coerce
    read: Read
    is_int: bool

    @classmethod
    def of(cls, field: Attribute) -> "_Field":
        longest = field.max_length or _NO_BOUND
        read = reader_of(field)
        return cls(field.name, _plain_class(field), longest, _coerce(field), read, _is_plain_int(field))


def _read_item(fields: Sequence[_Field], sent: dict[str, Any]) -> dict[str, Any] | Invalid:
    """One object, or what is wrong with a field of it."""
    item: dict[str, Any] = {}
    for name, plain, longest, coerce, read, _ in fields:
        value: Any = sent.get(name)
        if value is None:
            continue
        kind = value.__class__
        if kind is not plain or (kind is str and not (len(value) <= longest and value.isascii())):
            given, value = value, coerce(value)
            if value is None:
                value = read(given)
                if value.__class__ is Invalid:
                    return Invalid(f"`{name}` {value.why}")
        item[name] = value
    return item


def _usual_item_reader(fields: Sequence[_Field]) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """Returns what reads an object whose fields are as they are usually sent; ``None`` for any other.

    It runs for every line of every basket: one pass for each way of looking at a value, without calls.
    """
    texts = tuple((field.name, field.longest) for field in fields if field.plain is str)
    ints = tuple(field.name for field in fields if field.is_int)
    plain = tuple((field.name, field.plain) for field in fields if field.plain not in (str, Invalid))
    others = tuple(
        (field.name, field.coerce) for field in fields if field.plain is Invalid and not field.is_int
    )

    def usual(sent: dict[str, Any]) -> dict[str, Any] | None:
        get = sent.get
        item: dict[str, Any] = {}
        for name, longest in texts:
            value = get(name)
            if value.__class__ is not str or not value.isascii() or len(value) > longest:
                return None
            item[name] = value
        for name in ints:
            value = get(name)
            if value.__class__ is not int or not MIN_INT <= value <= MAX_INT:
                return None
            item[name] = value
        for name, class_ in plain:
            value = get(name)
            if value.__class__ is not class_:
                return None
            item[name] = value
        for name, coerce in others:
            value = coerce(get(name))
            if value is None:
                return None
            item[name] = value
        return item

    return usual


def _misfit(value: Any, type_: AttributeType) -> Invalid:
    article = "an" if str(type_)[0] in "aio" else "a"
    return Invalid(f"is {_shown(value)}, not {article} {type_}")


def _misfit_in(value: Any, type_: AttributeType) -> Invalid:
    return Invalid(f"holds {_shown(value)} and is not a {type_}")


def _not_declared(value: Any, attribute: Attribute) -> Invalid:
    return Invalid(f"is {_shown(value)}, not one of {_listed(attribute)}")


def _holds_undeclared(value: Any, attribute: Attribute) -> Invalid:
    return Invalid(f"holds {_shown(value)}, which is not one of {_listed(attribute)}")


def _listed(attribute: Attribute) -> str:
    allowed = attribute.allowed
    more = f" and {len(allowed) - MAX_SHOWN_VALUES} more" if len(allowed) > MAX_SHOWN_VALUES else ""
    return ", ".join(map(str, allowed[:MAX_SHOWN_VALUES])) + more


def _shown(value: Any) -> str:
    """Returns a value of JSON as a person would write it, cut short where long."""
    if value.__class__ is str:
        cut = value if len(value) <= MAX_SHOWN_CHARACTERS else f"{value[:MAX_SHOWN_CHARACTERS]}…"
        return f'"{cut}"'
    if value is None or value.__class__ is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if value.__class__ is dict:
        return "an object"
    if value.__class__ is list or value.__class__ is tuple:
        return "a list"
    return str(value)[:MAX_SHOWN_CHARACTERS] if value.__class__ is float else _whole(value)


def _whole(value: Any) -> str:
    """Returns a whole number; one of thousands of digits is not written out."""
    return str(value) if value.__class__ is int and value.bit_length() <= _MAX_SHOWN_BITS else "too large"


_MAX_SHOWN_BITS = 128


def _id_reader(read: Read) -> Read:
    def read_id(value: Any) -> Fact:
        fact = read(value)
        texts = fact if fact.__class__ is tuple else (fact,)
        blank = any(text.__class__ is str and has_blank_ends(text) for text in texts)
        return _BLANK_ENDS if blank else fact

    return read_id


_ONLY_STRINGS = {str}
_BLANK_ENDS = Invalid("begins or ends with white space or an invisible character")
"""A scanner or a form has added it: an id with a blank would be somebody else."""


class _Slot(NamedTuple):
    """``plain`` is the class of values that are facts as they stand; a class of no value if none.

    Texts beyond ASCII are read all the same, as they are composed, and so are numbers that are too large.
    """

    key: str
    name: str
    plain: type
    longest: int
    read: Read

    @classmethod
    def of(cls, key: str, attribute: Attribute, *, is_id: bool) -> "_Slot":
        plain = int if _is_plain_int(attribute) else _plain_class(attribute)
        plain, read = Invalid if is_id else plain, reader_of(attribute)
        longest = attribute.max_length or _NO_BOUND
        return cls(key, attribute.name, plain, longest, _id_reader(read) if is_id else read)


@dataclass(frozen=True, slots=True)
class FactReader:
    """Reads the attributes it was made for; built by ``of``."""

    roots: tuple[tuple[tuple[str, ...], tuple[_Slot, ...]], ...]

    @classmethod
    def of(cls, attributes: Iterable[Attribute], ids: Collection[str] = ()) -> "FactReader":
        """Makes a reader: ``customer.age`` is read from ``context["customer"]["age"]``, at any depth.

        ``ids`` are the names of those that name people and things: white space around them is an error.
        """
        grouped: dict[tuple[str, ...], list[_Slot]] = {}
        for attribute in attributes:
            *path, key = attribute.name.split(".")
            grouped.setdefault(tuple(path), []).append(_Slot.of(key, attribute, is_id=attribute.name in ids))
        return cls(tuple((path, tuple(slots)) for path, slots in grouped.items()))

    def names(self) -> frozenset[str]:
        """Returns the attributes it reads."""
        return frozenset(slot.name for _, slots in self.roots for slot in slots)

    def read(self, context: Mapping[str, Any]) -> Facts:
        """Returns the facts of one context."""
        facts: Facts = {}
        for path, slots in self.roots:
            holder: Any = context
            for name in path:
                holder = holder.get(name) if holder.__class__ is dict else None
            if holder.__class__ is not dict:
                _mark(facts, slots, holder)
                continue
            get = holder.get
            for key, attribute, plain, longest, read in slots:
                value: Any = get(key)
                kind = value.__class__
                if kind is plain and (
                    (value.isascii() and len(value) <= longest)
                    if kind is str
                    else kind is not int or MIN_INT <= value <= MAX_INT
                ):
                    facts[attribute] = value
                elif value is not None:
                    facts[attribute] = read(value)
        return facts


def _mark(facts: Facts, slots: tuple[_Slot, ...], holder: Any) -> None:
    """Something stands where an object should: everything in it is invalid, not absent."""
    if holder is not None:
        facts.update({slot.name: Invalid("is not inside an object") for slot in slots})
