"""What people write who know SQL, spreadsheets, other languages or a word processor.

An expression that does not compile is looked through for signs and words that are never CEL, and
answered with what to write instead, in the author's own names and values. The leftmost one is told:
what follows it is often its consequence. Texts are blanked before, so that nothing is found in them.
"""

# ruff: noqa: RUF001 -- signs and quotes of word processors are what is looked for

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from maitred.core.values.nearest import nearest
from maitred.core.values.types import Attribute, Kind

from . import messages
from .source import PAIRS, Token, tokens_of

# Begin at word boundaries only: from every letter of a long word would be quadratic.
_NAME = r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_TEXT = r"\"_*\"|'_*'"
_NUMBER = r"(?<![\w.])\d+(?:\.\d+)?"
_VALUE = rf"(?:{_TEXT}|{_NUMBER}|{_NAME}(?:\([^()]*\))?)"
_WORD = r"(?<![\w.])"
_ABSENT = r"(?:null|none|nil|undefined|missing|absent)"
_UNITS = {
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_CURRENCIES = r"[€$£¥]|(?:EUR|USD|GBP|CHF|JPY|euros?|dollars?)\b"
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
_PARTS_OF_TIMES = {
    "year": "getFullYear",
    "month": "getMonth",
    "day": "getDate",
    "hour": "getHours",
    "minute": "getMinutes",
    "second": "getSeconds",
    "weekday": "getDayOfWeek",
}
_SIGNS = {
    **dict.fromkeys(("=", "===", "equals", "eq", "is"), "=="),
    **dict.fromkeys(("!==", "<>", "≠", "~=", "is not"), "!="),
    **dict.fromkeys(("=>", "≥"), ">="),
    **dict.fromkeys(("=<", "≤"), "<="),
    **dict.fromkeys(("&", "and", "∧"), "&&"),
    **dict.fromkeys(("|", "or", "∨"), "||"),
}
_LOOKED_AT_CHARACTERS = 1_000
"""Nobody's habit is in a longer expression, which is made by a program."""
_TRUTHS = {
    **dict.fromkeys(("yes", "on", "1", "y"), "true"),
    **dict.fromkeys(("no", "off", "0", "n"), "false"),
}


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What an expression may read: attributes, and names of lists besides."""

    attributes: Mapping[str, Attribute]
    names: tuple[str, ...]

    def kind(self, name: str) -> Kind | None:
        """The kind of a scalar attribute."""
        attribute = self.attributes.get(name)
        return None if attribute is None or attribute.type.is_list else attribute.type.kind

    def is_list(self, name: str) -> bool:
        """Whether a name is that of a list: an attribute or a named one."""
        attribute = self.attributes.get(name)
        return attribute.type.is_list if attribute else name in self.names

    def fields(self, name: str) -> tuple[Attribute, ...]:
        """The fields of a list of objects; none of another name."""
        attribute = self.attributes.get(name)
        return attribute.type.fields if attribute else ()

    def lists_of_objects(self) -> Iterator[Attribute]:
        """All lists of objects."""
        return (attribute for attribute in self.attributes.values() if attribute.type.fields)

    def is_text(self, name: str) -> bool:
        """Whether a name is that of an attribute of one text."""
        return self.kind(name) is Kind.STRING


@dataclass(frozen=True, slots=True)
class Match:
    """A habit found: ``part`` gives the author's text of a group, quotes and all."""

    text: str
    match: re.Match[str]
    known: KnownNames

    def __getitem__(self, group: str) -> str:
        return self.text[self.match.start(group) : self.match.end(group)] if self.match[group] else ""


Answer = Callable[[Match], str | None]
"""The message, or ``None`` where it is none of this habit after all."""


def habit_of(text: str, known: KnownNames) -> tuple[int, str] | None:
    """The offset of the leftmost habit, and what is said of it; ``None`` where there is none."""
    if len(text) > _LOOKED_AT_CHARACTERS:
        return None
    blank = _blanked(text)
    first: tuple[int, str] | None = None
    for pattern, answer in _HABITS:
        for match in pattern.finditer(blank):
            at = match.start("at" if "at" in pattern.groupindex else 0)
            if first is not None and at >= first[0]:
                continue
            message = answer(Match(text, match, known))
            if message is not None:
                first = (at, message)
                break
    return first


def bracket_fault(text: str) -> tuple[int, str] | None:
    """The first bracket that is not closed, or that closes nothing."""
    opened: list[Token] = []
    for token in tokens_of(text):
        if token.value in PAIRS.values():
            opened.append(token)
        elif token.value in PAIRS:
            if not opened or opened[-1].value != PAIRS[token.value]:
                return token.at, messages.closes_nothing(token.value)
            opened.pop()
    closing = {opening: closing for closing, opening in PAIRS.items()}
    return (
        (opened[-1].at, messages.never_closed(opened[-1].value, closing[opened[-1].value]))
        if opened
        else None
    )


def _blanked(text: str) -> str:
    parts, end = [], 0
    for token in tokens_of(text):
        if token.kind == "text":
            inner = token.at + 1
            parts += [text[end:inner], "_" * (len(token.value) - 2)]
            end = token.at + len(token.value) - 1
    return "".join([*parts, text[end:]])


def _write(wrong: str, right: str) -> str:
    return messages.write_instead(wrong, right)


def _sign(hit: Match) -> str:
    wrong = hit["at"]
    return _write(wrong, _SIGNS[" ".join(wrong.lower().split())])


def _whole(template: str) -> Answer:
    """What to write in place of the whole, from its parts."""
    return lambda hit: _write(hit.text[slice(*hit.match.span())], _filled(template, hit))


def _filled(template: str, hit: Match) -> str:
    return re.sub(r"<(\w+)>", lambda part: hit[part[1]].strip(), template)


def _contains(hit: Match) -> str:
    whole, x, y = hit.text[slice(*hit.match.span())], hit["x"], hit["y"]
    return _write(whole, f"{y} in {x}" if hit.known.is_list(x) else f"{x}.contains({y})")


def _list_contains(hit: Match) -> str | None:
    return _whole("<y> in <x>")(hit) if hit.known.is_list(hit["x"]) else None


def _equals_list(hit: Match) -> str | None:
    x, sign, y = hit["x"], hit["sign"], hit["y"]
    if not hit.known.kind(x) or not (y.startswith("[") or hit.known.is_list(y)):
        return None
    return _write(f"{x} {sign} {y}", f"{x} in {y}" if sign == "==" else f"!({x} in {y})")


def _list_equals(hit: Match) -> str | None:
    x, sign, y = hit["x"], hit["sign"], hit["y"]
    if not hit.known.is_list(x):
        return None
    if sign == "in":
        return _write(f"{x} in {y}", f"{x}.exists(item, item in {y})")
    return _write(f"{x} {sign} {y}", f"{y} in {x}" if sign == "==" else f"!({y} in {x})")


def _in_text(hit: Match) -> str | None:
    return _whole("<x> == <y>")(hit) if hit.known.kind(hit["x"]) else None


def _absent(hit: Match) -> str:
    sign = " ".join(hit["sign"].lower().split())
    positive = sign in {"!=", "is not", "<>", "!=="}
    return messages.ask_for_presence(hit["x"], present=positive)


def _presence(*, present: bool) -> Answer:
    return lambda hit: messages.ask_for_presence(hit["x"].strip("\"'"), present=present)


def _method(hit: Match) -> str | None:
    name = next(iter(nearest(hit["f"], ("startsWith", "endsWith", "contains", "matches"))), hit["f"])
    if name not in {"startsWith", "endsWith", "contains", "matches"}:
        return None
    return _whole(f"<x>.{name}(<y>)")(hit)


def _like(hit: Match) -> str:
    words = hit["y"].strip("\"'")
    inner = words.strip("%*")
    if words[:1] in "%*" and words[-1:] in "%*":
        name = "contains"
    else:
        name = "endsWith" if words[:1] in "%*" else "startsWith"
    return _write(hit.text[slice(*hit.match.span())], f'{hit["x"]}.{name}("{inner}")')


def _field_of_list(hit: Match) -> str | None:
    """`basket.lines.sku == "S1"`: a list has no fields, the objects in it have."""
    whole, (x, _, field) = hit.text[slice(*hit.match.span())], hit["x"].rpartition(".")
    item = _item_of(hit.known, x, field)
    return _write(whole, f"{x}.exists({item}, {item}.{field} {hit['s']} {hit['y']})") if item else None


def _item_alone(hit: Match) -> str | None:
    """`line.sku == "S1"` where no macro names the line."""
    item, field = hit["i"], hit["f"]
    for attribute in hit.known.lists_of_objects():
        named = re.search(rf"\(\s*{item}\s*,", hit.text) or f"{item}.{field}" in hit.known.attributes
        if attribute.type.item == item and _item_of(hit.known, attribute.name, field) and not named:
            whole = hit.text[slice(*hit.match.span())]
            return _write(whole, f"{attribute.name}.exists({item}, {whole})")
    return None


def _field_alone(hit: Match) -> str | None:
    """`basket.lines.exists(line, sku == "S1")`."""
    known = _item_of(hit.known, hit["x"], hit["f"]) and hit["f"] != hit["v"]
    return _write(hit["f"], f"{hit['v']}.{hit['f']}") if known else None


def _macro_without_item(hit: Match) -> str | None:
    """`basket.lines.exists(sku == "S1")`."""
    x, macro, condition = hit["x"], hit["m"], hit["c"].strip()
    if not hit.known.is_list(x):
        return None
    field = condition.split()[0]
    item = _item_of(hit.known, x, field)
    body = f"{item}, {item}.{condition}" if item else f"item, item {condition}" if field[0] in "=!<>" else ""
    return _write(f"{x}.{macro}({condition})", f"{x}.{macro}({body or 'item, ...'})")


def _in_objects(hit: Match) -> str | None:
    """`"S1" in basket.lines`."""
    x, fields = hit["x"], hit.known.fields(hit["x"])
    field = next((field.name for field in fields if field.type.kind is Kind.STRING), None)
    if field is None:
        return None
    item = hit.known.attributes[x].type.item
    return _write(f"{hit['y']} in {x}", f"{x}.exists({item}, {item}.{field} == {hit['y']})")


def _item_of(known: KnownNames, name: str, field: str) -> str:
    """What conditions call one of a list of objects that have the field; empty for any other."""
    has = any(declared.name == field for declared in known.fields(name))
    return known.attributes[name].type.item if has else ""


def _total(hit: Match) -> str:
    """`sum(basket.lines.price)`: sums are worked out once, before all conditions."""
    attribute = next(hit.known.lists_of_objects(), None)
    over, item = (attribute.name, attribute.type.item) if attribute else ("basket.lines", "line")
    return messages.computed_elsewhere(hit["at"], over, item)


def _network(hit: Match) -> str | None:
    if hit.known.kind(hit["x"]) is not Kind.IP or "/" not in hit["y"]:
        return None
    return _write(hit.text[slice(*hit.match.span())], f"{hit['x']}.inNetwork({hit['y']})")


def _uncalled(hit: Match) -> str | None:
    return _whole("<x>.<m>()")(hit) if hit.known.is_text(hit["x"]) else None


def _age(hit: Match) -> str | None:
    x = hit["x"]
    return _whole("age(<x>, now, location.timezone)")(hit) if hit.known.kind(x) is Kind.DATE else None


def _duration(hit: Match) -> str | None:
    unit = _UNITS.get(hit["unit"].lower())
    if unit is None:
        return (
            None
            if hit["unit"].lower() in {"e", "u", "x"}
            else messages.number_with_unit(hit["n"], hit["unit"])
        )
    return _write(hit.text[slice(*hit.match.span())], f'duration("{hit["n"]}{unit}")')


def _span_added(hit: Match) -> str | None:
    is_time = hit.known.kind(hit["x"]) is Kind.TIMESTAMP
    return _whole("<x> <sign> duration(<y>)")(hit) if is_time else None


def _date(hit: Match) -> str | None:
    written = hit["y"].strip("\"'")
    quoted = hit["y"] != written
    if quoted and hit.known.kind(hit["x"]) is not Kind.TIMESTAMP:
        return None
    return _write(hit["y"], f'timestamp("{_instant(written)}")')


def _date_as_text(hit: Match) -> str | None:
    return _date(hit) if _DATE.fullmatch(hit["y"].strip("\"'")) else None


def _instant(written: str) -> str:
    match = _DATE.fullmatch(written)
    if match is None:
        return "2026-12-01T00:00:00Z"
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    return f"{year}-{month:0>2}-{day:0>2}T00:00:00Z"


def _bare_word(hit: Match) -> str | None:
    """A word that stands where a value of an attribute is meant."""
    attribute, known = hit.known.attributes.get(hit["x"]), hit.known
    if attribute is None:
        return None
    for word in re.findall(rf"{_WORD}[A-Za-z_]\w*(?![\w.(])", hit["y"]):
        if word in {"true", "false", "in"} or word in known.names:
            continue
        if attribute.type.kind is Kind.BOOL:
            return _write(
                word, _TRUTHS.get(word.lower(), word.lower() if word.lower() in _TRUTHS.values() else "true")
            )
        if attribute.type.kind is not Kind.STRING:
            continue
        close = [word] if word in attribute.allowed else nearest(word, map(str, attribute.allowed))
        if close or not nearest(word, known.names):
            return messages.text_in_quotes(word, next(iter(close), word))
    return None


def _bool_as(hit: Match) -> str | None:
    if hit.known.kind(hit["x"]) is not Kind.BOOL:
        return None
    value = hit["y"].strip("\"'").lower()
    right = _TRUTHS.get(value, value)
    if right not in {"true", "false"}:
        return None
    quoted = hit["y"][:1] in "\"'"
    return messages.without_quotes(hit["y"], right) if quoted else _write(hit["y"], right)


def _number_kind(hit: Match) -> str | None:
    """A whole number beside a double, or the reverse."""
    kind, number = hit.known.kind(hit["x"]), hit["n"]
    if kind is Kind.DOUBLE and "." not in number:
        return messages.number_like(number, f"{number}.0", hit["x"], "double")
    if kind is Kind.INT and "." in number:
        whole, _, fraction = number.partition(".")
        right = hit["x"] if fraction.strip("0") else ""
        if right:
            return messages.int_beside_fraction(right)
        return messages.number_like(number, whole, hit["x"], "int")
    return None


def _quoted_number(hit: Match) -> str | None:
    if hit.known.kind(hit["x"]) not in {Kind.INT, Kind.DOUBLE}:
        return None
    number = hit["y"].strip("\"'")
    return messages.without_quotes(hit["y"], number) if re.fullmatch(_NUMBER, number) else None


def _size(hit: Match) -> str | None:
    return _whole("size(<x>)")(hit)


def _two_names(hit: Match) -> str | None:
    joined = f"{hit['x']}.{hit['y']}"
    near = nearest(joined, hit.known.names) if joined not in hit.known.names else [joined]
    return _write(f"{hit['x']} {hit['y']}", near[0]) if near and "." in near[0] else None


def _holder(hit: Match) -> str | None:
    inside = [name for name in hit.known.attributes if name.startswith(f"{hit['x']}.")]
    return messages.holds_attributes(hit["x"], inside) if inside else None


def _habit(pattern: str, answer: Answer, flags: re.RegexFlag = re.NOFLAG) -> tuple[re.Pattern[str], Answer]:
    return re.compile(pattern, flags), answer


def _says(message: str) -> Answer:
    return lambda _: message


_I = re.IGNORECASE
_HABITS: tuple[tuple[re.Pattern[str], Answer], ...] = (
    # Absence
    _habit(rf"(?P<x>{_NAME})\s*(?P<sign>===?|!==?|<>|\bis\s+not\b|\bis\b|=)\s*{_ABSENT}\b", _absent, _I),
    _habit(rf"{_WORD}{_ABSENT}\s*(?P<sign>==|!=)\s*(?P<x>{_NAME})", _absent, _I),
    _habit(rf"(?P<x>{_NAME})\s+(?:exists|is\s+set|is\s+present)\b(?!\s*\()", _presence(present=True), _I),
    _habit(
        rf"{_WORD}(?:exists|isset|is_?set|defined|present|is_?not_?null|has_?value)\s*\(\s*(?P<x>{_NAME}|{_TEXT})\s*\)",
        _presence(present=True),
        _I,
    ),
    _habit(
        rf"{_WORD}(?:is_?empty|is_?null|is_?blank|is_?absent|is_?missing|empty)\s*\(\s*(?P<x>{_NAME})\s*\)",
        _presence(present=False),
        _I,
    ),
    _habit(rf"(?P<x>{_NAME})\.(?:is_?empty|is_?null|is_?blank)\(\)", _presence(present=False), _I),
    _habit(
        rf"{_WORD}has\s*\(\s*(?P<x>{_TEXT})\s*\)",
        lambda hit: _write(f"has({hit['x']})", f"has({_bare(hit)})"),
    ),
    _habit(rf"{_WORD}has\s+(?P<x>{_NAME})", _whole("has(<x>)")),
    # Lists of objects, and what is worked out from them
    _habit(rf"(?P<x>{_NAME})\s*(?P<s>==|!=|[<>]=?|\bin\b)\s*(?P<y>{_VALUE})", _field_of_list),
    _habit(
        rf"{_WORD}(?P<i>[A-Za-z_]\w*)\.(?P<f>[A-Za-z_]\w*)\s*(?:==|!=|[<>]=?)\s*(?:{_VALUE})", _item_alone
    ),
    _habit(
        rf"(?P<x>{_NAME})\.(?:exists|all|exists_one|filter)\(\s*(?P<v>\w+)\s*,\s*"
        r"(?P<at>(?P<f>[A-Za-z_]\w*))(?![\w.(])",
        _field_alone,
    ),
    _habit(rf"(?P<x>{_NAME})\.(?P<m>exists|all|exists_one|filter)\(\s*(?P<c>[^(),]+)\)", _macro_without_item),
    _habit(rf"(?P<y>{_TEXT}|{_NUMBER})\s+in\s+(?P<x>{_NAME})", _in_objects),
    _habit(rf"(?:(?P<x>{_NAME})\.|{_WORD})(?P<at>sum|total|avg|average|mean)\s*\(", _total, _I),
    # Functions that are called otherwise
    _habit(rf"(?P<x>{_NAME})\s*(?:==|=|\bin\b)\s*(?P<y>{_TEXT})", _network),
    _habit(rf"(?P<x>{_NAME})\.(?P<m>lowerAscii|upperAscii|trim|reverse)\b(?!\s*\()", _uncalled),
    _habit(rf"(?:{_WORD}age\(\s*(?P<x>{_NAME})\s*\))", _age),
    _habit(rf"(?P<x>{_NAME})\.age\(\s*\)", _age),
    _habit(
        rf"(?P<x>{_NAME})\.(?P<at>between)\(\s*(?P<a>{_VALUE})\s*,\s*(?P<b>{_VALUE})\s*\)",
        _whole("<x> >= <a> && <x> <= <b>"),
        _I,
    ),
    _habit(
        rf"{_WORD}(?P<at>math\.(?:max|min))\s*\(",
        lambda hit: _write(hit["at"], "math.greatest" if hit["at"].endswith("max") else "math.least"),
    ),
    _habit(rf"{_WORD}consent\(\s*(?P<y>{_TEXT})\s*\)", _whole("consent.allowed(<y>)")),
    # Several values at once
    _habit(
        rf"(?P<x>{_NAME})\s+(?P<at>between)\s+(?P<a>{_VALUE})\s+(?:and|&&)\s+(?P<b>{_VALUE})",
        _whole("<x> >= <a> && <x> <= <b>"),
        _I,
    ),
    _habit(
        rf"(?P<a>{_VALUE})\s*(?P<s>[<>]=?)\s*(?P<x>{_VALUE})\s*(?P<at>(?P<t>[<>]=?))\s*(?P<b>{_VALUE})",
        _whole("<a> <s> <x> && <x> <t> <b>"),
    ),
    _habit(
        rf"(?P<x>{_NAME})\s*==?\s*(?P<a>{_TEXT}|{_NUMBER})\s*(?P<at>\|\||\bor\b)\s*(?P<b>{_TEXT}|{_NUMBER})"
        r"(?!\s*(?:[=!<>+*/.%-]|in\b))",
        _whole("<x> in [<a>, <b>]"),
        _I,
    ),
    _habit(rf"(?P<x>{_VALUE})\s+(?P<at>not\s+in)\s+(?P<y>\[[^\[\]]*\]|{_NAME})", _whole("!(<x> in <y>)"), _I),
    _habit(
        rf"(?P<x>{_VALUE})\s+in\s*(?P<at>\()(?P<y>[^()\[\]]*,[^()\[\]]*|{_TEXT}|{_NUMBER})\)",
        _whole("<x> in [<y>]"),
        _I,
    ),
    _habit(rf"(?P<x>{_NAME})\s+in\s+(?P<y>{_TEXT}|{_NUMBER})", _in_text),
    _habit(rf"(?P<x>{_NAME})\s*(?P<sign>==|!=)\s*(?P<y>\[[^\[\]]*\]|{_NAME})", _equals_list),
    _habit(rf"(?P<x>{_NAME})\s*(?P<sign>==|!=)\s*(?P<y>{_TEXT}|{_NUMBER})", _list_equals),
    _habit(rf"(?P<x>{_NAME})\s+(?P<sign>in)\s+(?P<y>\[[^\[\]]*\]|list\.\w+)", _list_equals),
    _habit(rf"(?P<x>{_NAME})\s+(?P<at>contains|includes|has)\s+(?P<y>{_VALUE})", _contains, _I),
    _habit(rf"(?P<x>{_NAME})\.(?:contains|includes)\((?P<y>{_VALUE})\)", _list_contains, _I),
    _habit(rf"(?P<x>{_NAME})\.includes\((?P<y>{_VALUE})\)", _whole("<x>.contains(<y>)"), _I),
    _habit(rf"(?P<x>{_NAME})\s+(?P<at>like)\s+(?P<y>{_TEXT})", _like, _I),
    _habit(rf"(?P<x>{_NAME})\s*(?P<at>=~|~=|~)\s*(?P<y>{_TEXT})", _whole("<x>.matches(<y>)")),
    # Words and functions of other languages
    _habit(rf"{_WORD}if\b(?P<x>)", _says(messages.NO_IF), _I),
    _habit(rf"{_WORD}(?:count|len|length|sizeof|size_of)\s*\(\s*(?P<x>{_NAME})\s*\)", _size, _I),
    _habit(rf"(?P<x>{_NAME})\.(?:count|length|len)\(\)", _size, _I),
    _habit(rf"(?P<x>{_NAME})\.(?:count|length|len|size)\b(?!\()", _size, _I),
    _habit(rf"(?P<x>{_NAME})\.(?P<at>any|some)\(", _whole("<x>.exists("), _I),
    _habit(rf"(?P<x>{_NAME})\.(?P<at>every)\(", _whole("<x>.all("), _I),
    _habit(
        rf"{_WORD}(?:any|some)\s*\(\s*(?P<x>{_NAME})\s*,\s*(?P<y>{_TEXT}|{_NUMBER})\s*\)",
        _whole("<x>.exists(item, item == <y>)"),
    ),
    _habit(
        rf"{_WORD}(?P<f>starts_?with|ends_?with|contains|matches)\s*\(\s*(?P<x>{_NAME})\s*,\s*(?P<y>{_VALUE})\s*\)",
        _method,
        _I,
    ),
    _habit(r"\.(?:to_?)?(?:lower|upper)(?:case)?\(\)(?P<x>)", _says(messages.LETTER_CASE), _I),
    _habit(
        rf"{_WORD}(?:today|now|current_?date|date|current_?time)\(\)(?P<x>)",
        lambda hit: messages.now_alone(hit.match[0]),
        _I,
    ),
    _habit(
        rf"(?P<x>{_NAME})\.(?P<part>{'|'.join(_PARTS_OF_TIMES)})s?\b(?!\()",
        lambda hit: (
            _write(f".{hit['part']}", f".{_PARTS_OF_TIMES[hit['part']]}()")
            if hit.known.kind(hit["x"]) is Kind.TIMESTAMP
            else None
        ),
    ),
    # Texts
    _habit("[‘’‚“”„«»‹›′″](?P<x>)", _says(messages.STRAIGHT_QUOTES)),
    _habit(r"`(?P<x>[^`\n]*)`", lambda hit: messages.text_in_quotes(f"{hit['x']}", hit["x"])),
    _habit(rf"(?P<x>{_NAME})\s*(?:==|!=)\s*(?P<at>(?P<y>{_TEXT}))", _quoted_number),
    _habit(rf"(?P<x>{_NAME})\s*[<>]=?\s*(?P<at>(?P<y>{_TEXT}))", _quoted_number),
    _habit(rf"(?P<x>{_NAME})\s*(?:==|!=)\s*(?P<at>(?P<y>{_TEXT}|[01]|\w+))", _bool_as),
    # Numbers, money and times
    _habit(rf"(?P<at>(?:{_CURRENCIES})\s*(?P<n>\d[\d.,]*))", lambda hit: messages.without_currency(hit["n"])),
    _habit(
        rf"(?P<at>(?<![\d.,])(?P<n>\d[\d.,]*)\s*(?:{_CURRENCIES}))",
        lambda hit: messages.without_currency(hit["n"]),
    ),
    _habit(
        r"(?<!\d)\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?\b(?![,\]])(?P<x>)",
        lambda hit: messages.plain_number(hit.match[0], re.sub("[,'’]", "", hit.match[0])),
    ),
    _habit(
        r"(?<![\[(,\d])(?:(?<=[<>=] )|^)(?P<x>\d+,\d{1,2})\b(?![,\]])",
        lambda hit: messages.plain_number(hit["x"], hit["x"].replace(",", ".")),
    ),
    _habit(r"(?<![\d.])(?P<n>\d+(?:\.\d+)?)\s*%(?!\s*[\w(.])", lambda hit: messages.percentage(hit["n"])),
    _habit(rf"(?P<x>{_NAME})\s*(?:[<>]=?|==|!=)\s*(?P<at>(?P<y>{_TEXT}))", _date_as_text),
    _habit(
        r"(?<![\w.-])(?P<y>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}/\d{1,2}/\d{4})(?![\w-])",
        _date,
    ),
    _habit(r"(?<![\w.:])\d{1,2}:\d{2}\b(?P<x>)", _says(messages.HOURS_ELSEWHERE)),
    _habit(r"duration\(\s*(?P<n>\d+)\s*(?P<unit>[A-Za-z]+)\s*\)", _duration),
    _habit(
        r"(?<![\w.])(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>(?!and\b|or\b|in\b|not\b|is\b)[A-Za-z]+)\b", _duration, _I
    ),
    _habit(rf"(?P<x>{_NAME})\s*(?P<sign>[+-])\s*(?P<y>{_TEXT})", _span_added),
    _habit(r"(?<![\d.])(?P<x>\d+)\.(?![\d\w])", lambda hit: _write(f"{hit['x']}.", hit["x"])),
    _habit(rf"(?P<x>{_NAME})\s*(?:[<>]=?|==|!=|[*+-])\s*(?P<at>(?P<n>{_NUMBER}))(?![\w.])", _number_kind),
    _habit(rf"(?<![\w.])(?P<n>{_NUMBER})\s*(?:[<>]=?|==|!=|[*+-])\s*(?P<x>{_NAME})", _number_kind),
    # Placeholders and names
    _habit(rf"\$?\{{+\s*(?P<x>{_NAME})\s*\}}+", lambda hit: messages.plain_name(hit.match[0], hit["x"])),
    _habit(rf"\$(?P<x>{_NAME})", lambda hit: messages.plain_name(hit.match[0], hit["x"])),
    _habit(
        rf"(?P<x>{_NAME})\s*(?:==|!=|\bin\b)\s*(?P<at>(?P<y>[A-Za-z_]\w*(?![\w.(])|\[[^\[\]]*\]))", _bare_word
    ),
    _habit(rf"{_WORD}(?P<y>[A-Za-z_]\w*)\s*(?:==|!=)\s*(?P<x>{_NAME})", _bare_word),
    _habit(rf"{_WORD}(?P<x>[A-Za-z_]\w*)\s+(?P<y>[A-Za-z_]\w*)\b(?!\s*\()", _two_names),
    _habit(rf"{_WORD}(?P<x>[A-Za-z_]\w*)(?!\s*[\w.(,])", _holder),
    # Signs and words for operators, once nothing larger explains them
    _habit(r"(?P<at>=>|=<|===|!==|<>|≥|≤|≠|∧|∨|(?<!&)&(?!&)|(?<!\|)\|(?!\|)|(?<![=!<>~])=(?![=~<>]))", _sign),
    _habit(rf"{_WORD}(?P<at>is\s+not|and|or|equals|eq|is)\b(?!\s*[.(]\S)", _sign, _I),
    _habit(rf"{_WORD}(?P<at>not)\b(?P<x>)", lambda hit: _write(hit["at"], "!"), _I),
    _habit(r"¬(?P<x>)", lambda _: _write("¬", "!")),
    _habit(r"(?<=[\w)\]\"'])\s*(?P<at>,)(?=\s*[A-Za-z_!(])(?P<x>)", lambda hit: _comma(hit)),  # noqa: PLW0108 -- defined below
    _habit(r"(?P<at>;)(?P<x>)", _says(messages.NO_SEMICOLON)),
)


def _bare(hit: Match) -> str:
    return hit["x"].strip("\"'")


def _comma(hit: Match) -> str | None:
    """Between conditions, and not inside of brackets."""
    before = _blanked(hit.text)[: hit.match.start("at")]
    inside = any(before.count(opening) > before.count(closing) for closing, opening in PAIRS.items())
    return None if inside else _write(",", "&&")
