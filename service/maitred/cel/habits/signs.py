"""Signs, functions and values of other languages, and of word processors."""

# ruff: noqa: RUF001 -- signs and quotes of word processors are what is looked for

import re

from maitred.cel import messages
from maitred.cel.source import PAIRS
from maitred.core.values.nearest import nearest
from maitred.core.values.types import Kind

from .matching import (
    ANY_CASE,
    NAME,
    NUMBER,
    TEXT,
    VALUE,
    WORD,
    Answer,
    KnownNames,
    Match,
    blanked,
    habit,
    says,
    whole,
    write,
)

_ABSENT = r"(?:null|none|nil|undefined|missing|absent|empty|blank|unknown)"
UNITS = {
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_CURRENCIES = r"[€$£¥]|(?:EUR|USD|GBP|CHF|JPY|euros?|dollars?)\b"
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4})")
PARTS_OF_TIMES = {
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
_TRUTHS = {
    **dict.fromkeys(("yes", "on", "1", "y"), "true"),
    **dict.fromkeys(("no", "off", "0", "n"), "false"),
}


def _sign(hit: Match) -> str:
    wrong = hit["at"]
    return write(wrong, _SIGNS[" ".join(wrong.lower().split())])


def _contains(hit: Match) -> str:
    whole, x, y = hit.text[slice(*hit.match.span())], hit["x"], hit["y"]
    text = y if y[0] in "\"'" or y[0].isdigit() or "." in y else f'"{y}"'
    return write(whole, f"{text} in {x}" if hit.known.is_list(x) else f"{x}.contains({text})")


def _list_contains(hit: Match) -> str | None:
    return whole("<y> in <x>")(hit) if hit.known.is_list(hit["x"]) else None


def _equals_list(hit: Match) -> str | None:
    x, sign, y = hit["x"], hit["sign"], hit["y"]
    if not hit.known.kind(x) or not (y.startswith("[") or hit.known.is_list(y)):
        return None
    return write(f"{x} {sign} {y}", f"{x} in {y}" if sign == "==" else f"!({x} in {y})")


def _list_equals(hit: Match) -> str | None:
    x, sign, y = hit["x"], hit["sign"], hit["y"]
    if not hit.known.is_list(x):
        return None
    if sign == "in":
        return write(f"{x} in {y}", f"{x}.exists(item, item in {y})")
    return write(f"{x} {sign} {y}", f"{y} in {x}" if sign == "==" else f"!({y} in {x})")


def _in_text(hit: Match) -> str | None:
    return whole("<x> == <y>")(hit) if hit.known.kind(hit["x"]) else None


def _absent(hit: Match) -> str | None:
    attribute = hit.known.attributes.get(hit["x"])
    if attribute and hit.match[0].split()[-1] in attribute.allowed:
        return None
    sign = " ".join(hit["sign"].lower().split())
    positive = sign in {"!=", "is not", "<>", "!=="}
    return messages.ask_for_presence(hit["x"], present=positive)


def _presence(*, present: bool) -> Answer:
    return lambda hit: messages.ask_for_presence(hit["x"].strip("\"'"), present=present)


def _method(hit: Match) -> str | None:
    name = next(iter(nearest(hit["f"], ("startsWith", "endsWith", "contains", "matches"))), hit["f"])
    if name not in {"startsWith", "endsWith", "contains", "matches"}:
        return None
    return whole(f"<x>.{name}(<y>)")(hit)


def _like(hit: Match) -> str:
    words = hit["y"].strip("\"'")
    inner = words.strip("%*")
    if words[:1] in "%*" and words[-1:] in "%*":
        name = "contains"
    else:
        name = "endsWith" if words[:1] in "%*" else "startsWith"
    return write(hit.text[slice(*hit.match.span())], f'{hit["x"]}.{name}("{inner}")')


def _field_of_list(hit: Match) -> str | None:
    """Returns `basket.lines.sku == "S1"`: a list has no fields, the objects in it have."""
    whole, (x, _, field) = hit.text[slice(*hit.match.span())], hit["x"].rpartition(".")
    item = _item_of(hit.known, x, field)
    return write(whole, f"{x}.exists({item}, {item}.{field} {hit['s']} {hit['y']})") if item else None


def _item_alone(hit: Match) -> str | None:
    """Returns `line.sku == "S1"` where no macro names the line."""
    item, field = hit["i"], hit["f"]
    for attribute in hit.known.lists_of_objects():
        named = re.search(rf"\(\s*{item}\s*,", hit.text) or f"{item}.{field}" in hit.known.attributes
        if attribute.type.item == item and _item_of(hit.known, attribute.name, field) and not named:
            whole = hit.text[slice(*hit.match.span())]
            return write(whole, f"{attribute.name}.exists({item}, {whole})")
    return None


def _field_alone(hit: Match) -> str | None:
    """Returns `basket.lines.exists(line, sku == "S1")`."""
    known = _item_of(hit.known, hit["x"], hit["f"]) and hit["f"] != hit["v"]
    return write(hit["f"], f"{hit['v']}.{hit['f']}") if known else None


def _macro_without_item(hit: Match) -> str | None:
    """Returns `basket.lines.exists(sku == "S1")`."""
    x, macro, condition = hit["x"], hit["m"], hit["c"].strip()
    if not hit.known.is_list(x):
        return None
    field = condition.split()[0]
    item = _item_of(hit.known, x, field)
    body = f"{item}, {item}.{condition}" if item else f"item, item {condition}" if field[0] in "=!<>" else ""
    return write(f"{x}.{macro}({condition})", f"{x}.{macro}({body or 'item, ...'})")


def _in_objects(hit: Match) -> str | None:
    """Returns `"S1" in basket.lines`."""
    x, fields = hit["x"], hit.known.fields(hit["x"])
    field = next((field.name for field in fields if field.type.kind is Kind.STRING), None)
    if field is None:
        return None
    item = hit.known.attributes[x].type.item
    return write(f"{hit['y']} in {x}", f"{x}.exists({item}, {item}.{field} == {hit['y']})")


def _item_of(known: KnownNames, name: str, field: str) -> str:
    """Returns what conditions call one of a list of objects that have the field; empty for any other."""
    has = any(declared.name == field for declared in known.fields(name))
    return known.attributes[name].type.item if has else ""


def _total(hit: Match) -> str:
    """Returns `sum(basket.lines.price)`: sums are worked out once, before all conditions."""
    attribute = next(hit.known.lists_of_objects(), None)
    over, item = (attribute.name, attribute.type.item) if attribute else ("basket.lines", "line")
    return messages.computed_elsewhere(hit["at"], over, item)


def _network(hit: Match) -> str | None:
    if hit.known.kind(hit["x"]) is not Kind.IP or "/" not in hit["y"]:
        return None
    return write(hit.text[slice(*hit.match.span())], f"{hit['x']}.inNetwork({hit['y']})")


def _uncalled(hit: Match) -> str | None:
    return whole("<x>.<m>()")(hit) if hit.known.is_text(hit["x"]) else None


def _age(hit: Match) -> str | None:
    x = hit["x"]
    return whole("age(<x>, now, location.timezone)")(hit) if hit.known.kind(x) is Kind.DATE else None


def _duration(hit: Match) -> str | None:
    unit = UNITS.get(hit["unit"].lower())
    if unit is None:
        return (
            None
            if hit["unit"].lower() in {"e", "u", "x"}
            else messages.number_with_unit(hit["n"], hit["unit"])
        )
    return write(hit.text[slice(*hit.match.span())], f'duration("{hit["n"]}{unit}")')


def _span_added(hit: Match) -> str | None:
    is_time = hit.known.kind(hit["x"]) is Kind.TIMESTAMP
    return whole("<x> <sign> duration(<y>)")(hit) if is_time else None


def _date(hit: Match) -> str | None:
    written = hit["y"].strip("\"'")
    quoted = hit["y"] != written
    if quoted and hit.known.kind(hit["x"]) is not Kind.TIMESTAMP:
        return None
    return write(hit["y"], f'timestamp("{_instant(written)}")')


def _date_as_text(hit: Match) -> str | None:
    return _date(hit) if _DATE.fullmatch(hit["y"].strip("\"'")) else None


def _instant(written: str) -> str:
    match = _DATE.fullmatch(written)
    if match is None:
        return "2026-12-01T00:00:00Z"
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    return f"{year}-{month:0>2}-{day:0>2}T00:00:00Z"


def _bare_word(hit: Match) -> str | None:
    """Returns a word that stands where a value of an attribute is meant."""
    attribute, known = hit.known.attributes.get(hit["x"]), hit.known
    if attribute is None:
        return None
    for word in re.findall(rf"{WORD}[A-Za-z_]\w*(?![\w.(])", hit["y"]):
        if word in {"true", "false", "in"} or word in known.names:
            continue
        if attribute.type.kind is Kind.BOOL:
            return write(
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
    return messages.without_quotes(hit["y"], right) if quoted else write(hit["y"], right)


def _number_kind(hit: Match) -> str | None:
    """Returns a whole number beside a double, or the reverse."""
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
    return messages.without_quotes(hit["y"], number) if re.fullmatch(NUMBER, number) else None


def _size(hit: Match) -> str | None:
    return whole("size(<x>)")(hit)


def _two_names(hit: Match) -> str | None:
    joined = f"{hit['x']}.{hit['y']}"
    near = nearest(joined, hit.known.names) if joined not in hit.known.names else [joined]
    return write(f"{hit['x']} {hit['y']}", near[0]) if near and "." in near[0] else None


def _holder(hit: Match) -> str | None:
    inside = [name for name in hit.known.attributes if name.startswith(f"{hit['x']}.")]
    return messages.holds_attributes(hit["x"], inside) if inside else None


SIGNS: tuple[tuple[re.Pattern[str], Answer], ...] = (
    # Absence
    habit(rf"(?P<x>{NAME})\s*(?P<sign>===?|!==?|<>|\bis\s+not\b|\bis\b|=)\s*{_ABSENT}\b", _absent, ANY_CASE),
    habit(rf"{WORD}{_ABSENT}\s*(?P<sign>==|!=)\s*(?P<x>{NAME})", _absent, ANY_CASE),
    habit(rf"(?P<x>{NAME})\s+(?:exists|is\s+set|is\s+present)\b(?!\s*\()", _presence(present=True), ANY_CASE),
    habit(
        rf"{WORD}(?:exists|isset|is_?set|defined|present|is_?not_?null|has_?value)\s*\(\s*(?P<x>{NAME}|{TEXT})\s*\)",
        _presence(present=True),
        ANY_CASE,
    ),
    habit(
        rf"{WORD}(?:is_?empty|is_?null|is_?blank|is_?absent|is_?missing|empty)\s*\(\s*(?P<x>{NAME})\s*\)",
        _presence(present=False),
        ANY_CASE,
    ),
    habit(rf"(?P<x>{NAME})\.(?:is_?empty|is_?null|is_?blank)\(\)", _presence(present=False), ANY_CASE),
    habit(
        rf"{WORD}has\s*\(\s*(?P<x>{TEXT})\s*\)",
        lambda hit: write(f"has({hit['x']})", f"has({_bare(hit)})"),
    ),
    habit(rf"{WORD}has\s+(?P<x>{NAME})", whole("has(<x>)")),
    # Lists of objects, and what is worked out from them
    habit(rf"(?P<x>{NAME})\s*(?P<s>==|!=|[<>]=?|\bin\b)\s*(?P<y>{VALUE})", _field_of_list),
    habit(rf"{WORD}(?P<i>[A-Za-z_]\w*)\.(?P<f>[A-Za-z_]\w*)\s*(?:==|!=|[<>]=?)\s*(?:{VALUE})", _item_alone),
    habit(
        rf"(?P<x>{NAME})\.(?:exists|all|exists_one|filter)\(\s*(?P<v>\w+)\s*,\s*"
        r"(?P<at>(?P<f>[A-Za-z_]\w*))(?![\w.(])",
        _field_alone,
    ),
    habit(rf"(?P<x>{NAME})\.(?P<m>exists|all|exists_one|filter)\(\s*(?P<c>[^(),]+)\)", _macro_without_item),
    habit(rf"(?P<y>{TEXT}|{NUMBER})\s+in\s+(?P<x>{NAME})", _in_objects),
    habit(rf"(?:(?P<x>{NAME})\.|{WORD})(?P<at>sum|total|avg|average|mean)\s*\(", _total, ANY_CASE),
    # Functions that are called otherwise
    habit(rf"(?P<x>{NAME})\s*(?:==|=|\bin\b)\s*(?P<y>{TEXT})", _network),
    habit(rf"(?P<x>{NAME})\.(?P<m>lowerAscii|upperAscii|trim|reverse)\b(?!\s*\()", _uncalled),
    habit(rf"(?:{WORD}age\(\s*(?P<x>{NAME})\s*\))", _age),
    habit(rf"(?P<x>{NAME})\.age\(\s*\)", _age),
    habit(
        rf"(?P<x>{NAME})\.(?P<at>between)\(\s*(?P<a>{VALUE})\s*,\s*(?P<b>{VALUE})\s*\)",
        whole("<x> >= <a> && <x> <= <b>"),
        ANY_CASE,
    ),
    habit(
        rf"{WORD}(?P<at>math\.(?:max|min))\s*\(",
        lambda hit: write(hit["at"], "math.greatest" if hit["at"].endswith("max") else "math.least"),
    ),
    habit(rf"{WORD}consent\(\s*(?P<y>{TEXT})\s*\)", whole("consent.allowed(<y>)")),
    # Several values at once
    habit(
        rf"(?P<x>{NAME})\s+(?P<at>between)\s+(?P<a>{VALUE})\s+(?:and|&&)\s+(?P<b>{VALUE})",
        whole("<x> >= <a> && <x> <= <b>"),
        ANY_CASE,
    ),
    habit(
        rf"(?P<a>{VALUE})\s*(?P<s>[<>]=?)\s*(?P<x>{VALUE})\s*(?P<at>(?P<t>[<>]=?))\s*(?P<b>{VALUE})",
        whole("<a> <s> <x> && <x> <t> <b>"),
    ),
    habit(
        rf"(?P<x>{NAME})\s*==?\s*(?P<a>{TEXT}|{NUMBER})\s*(?P<at>\|\||\bor\b)\s*(?P<b>{TEXT}|{NUMBER})"
        r"(?!\s*(?:[=!<>+*/.%-]|in\b))",
        whole("<x> in [<a>, <b>]"),
        ANY_CASE,
    ),
    habit(
        rf"(?P<x>{VALUE})\s+(?P<at>not\s+in)\s+(?P<y>\[[^\[\]]*\]|{NAME})", whole("!(<x> in <y>)"), ANY_CASE
    ),
    habit(
        rf"(?P<x>{VALUE})\s+in\s*(?P<at>\()(?P<y>[^()\[\]]*,[^()\[\]]*|{TEXT}|{NUMBER})\)",
        whole("<x> in [<y>]"),
        ANY_CASE,
    ),
    habit(rf"(?P<x>{NAME})\s+in\s+(?P<y>{TEXT}|{NUMBER})", _in_text),
    habit(rf"(?P<x>{NAME})\s*(?P<sign>==|!=)\s*(?P<y>\[[^\[\]]*\]|{NAME})", _equals_list),
    habit(rf"(?P<x>{NAME})\s*(?P<sign>==|!=)\s*(?P<y>{TEXT}|{NUMBER})", _list_equals),
    habit(rf"(?P<x>{NAME})\s+(?P<sign>in)\s+(?P<y>\[[^\[\]]*\]|list\.\w+)", _list_equals),
    habit(rf"(?P<x>{NAME})\s+(?P<at>contains|includes|has)\s+(?P<y>{VALUE})", _contains, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?:contains|includes)\((?P<y>{VALUE})\)", _list_contains, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.includes\((?P<y>{VALUE})\)", whole("<x>.contains(<y>)"), ANY_CASE),
    habit(rf"(?P<x>{NAME})\s+(?P<at>like)\s+(?P<y>{TEXT})", _like, ANY_CASE),
    habit(rf"(?P<x>{NAME})\s*(?P<at>=~|~=|~)\s*(?P<y>{TEXT})", whole("<x>.matches(<y>)")),
    # Words and functions of other languages
    habit(rf"{WORD}if\b(?P<x>)", says(messages.NO_IF), ANY_CASE),
    habit(rf"{WORD}(?:count|len|length|sizeof|size_of)\s*\(\s*(?P<x>{NAME})\s*\)", _size, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?:count|length|len)\(\)", _size, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?:count|length|len|size)\b(?!\()", _size, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?P<at>any|some)\(", whole("<x>.exists("), ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?P<at>every)\(", whole("<x>.all("), ANY_CASE),
    habit(
        rf"{WORD}(?:any|some)\s*\(\s*(?P<x>{NAME})\s*,\s*(?P<y>{TEXT}|{NUMBER})\s*\)",
        whole("<x>.exists(item, item == <y>)"),
    ),
    habit(
        rf"{WORD}(?P<f>starts_?with|ends_?with|contains|matches)\s*\(\s*(?P<x>{NAME})\s*,\s*(?P<y>{VALUE})\s*\)",
        _method,
        ANY_CASE,
    ),
    habit(
        rf"{WORD}(?:today|now|current_?date|date|current_?time)\(\)(?P<x>)",
        lambda hit: messages.now_alone(hit.match[0]),
        ANY_CASE,
    ),
    habit(
        rf"(?P<x>{NAME})\.(?P<part>{'|'.join(PARTS_OF_TIMES)})s?\b(?!\()",
        lambda hit: (
            write(f".{hit['part']}", f".{PARTS_OF_TIMES[hit['part']]}()")
            if hit.known.kind(hit["x"]) is Kind.TIMESTAMP
            else None
        ),
    ),
    # Texts
    habit("[‘’‚“”„«»‹›′″](?P<x>)", says(messages.STRAIGHT_QUOTES)),
    habit(r"`(?P<x>[^`\n]*)`", lambda hit: messages.text_in_quotes(f"{hit['x']}", hit["x"])),
    habit(rf"(?P<x>{NAME})\s*(?:==|!=)\s*(?P<at>(?P<y>{TEXT}))", _quoted_number),
    habit(rf"(?P<x>{NAME})\s*[<>]=?\s*(?P<at>(?P<y>{TEXT}))", _quoted_number),
    habit(rf"(?P<x>{NAME})\s*(?:==|!=)\s*(?P<at>(?P<y>{TEXT}|[01]|\w+))", _bool_as),
    # Numbers, money and times
    habit(rf"(?P<at>(?:{_CURRENCIES})\s*(?P<n>\d[\d.,]*))", lambda hit: messages.without_currency(hit["n"])),
    habit(
        rf"(?P<at>(?<![\d.,])(?P<n>\d[\d.,]*)\s*(?:{_CURRENCIES}))",
        lambda hit: messages.without_currency(hit["n"]),
    ),
    habit(
        r"(?<!\d)\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?\b(?![,\]])(?P<x>)",
        lambda hit: messages.plain_number(hit.match[0], re.sub("[,'’]", "", hit.match[0])),
    ),
    habit(
        r"(?<![\[(,\d])(?:(?<=[<>=] )|^)(?P<x>\d+,\d{1,2})\b(?![,\]])",
        lambda hit: messages.plain_number(hit["x"], hit["x"].replace(",", ".")),
    ),
    habit(r"(?<![\w.])(?P<n>\d+(?:\.\d+)?)\s*%(?!\s*[\w(.])", lambda hit: messages.percentage(hit["n"])),
    habit(rf"(?P<x>{NAME})\s*(?:[<>]=?|==|!=)\s*(?P<at>(?P<y>{TEXT}))", _date_as_text),
    habit(
        r"(?<![\w.-])(?P<y>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}/\d{1,2}/\d{4})(?![\w-])",
        _date,
    ),
    habit(r"(?<![\w.:])\d{1,2}:\d{2}\b(?P<x>)", says(messages.HOURS_ELSEWHERE)),
    habit(r"duration\(\s*(?P<n>\d+)\s*(?P<unit>[A-Za-z]+)\s*\)", _duration),
    habit(
        r"(?<![\w.])(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>(?!and\b|or\b|in\b|not\b|is\b)[A-Za-z]+)\b"
        r"(?!\s+(?!(?:and|or)\b)[\w\"'(!])",
        _duration,
        ANY_CASE,
    ),
    habit(rf"(?P<x>{NAME})\s*(?P<sign>[+-])\s*(?P<y>{TEXT})", _span_added),
    habit(r"(?<![\d.])(?P<x>\d+)\.(?![\d\w])", lambda hit: write(f"{hit['x']}.", hit["x"])),
    habit(rf"(?P<x>{NAME})\s*(?:[<>]=?|==|!=|[*+-])\s*(?P<at>(?P<n>{NUMBER}))(?![\w.])", _number_kind),
    habit(rf"(?<![\w.])(?P<n>{NUMBER})\s*(?:[<>]=?|==|!=|[*+-])\s*(?P<x>{NAME})", _number_kind),
    # Placeholders and names
    habit(rf"\$?\{{+\s*(?P<x>{NAME})\s*\}}+", lambda hit: messages.plain_name(hit.match[0], hit["x"])),
    habit(rf"\$(?P<x>{NAME})", lambda hit: messages.plain_name(hit.match[0], hit["x"])),
    habit(
        rf"(?P<x>{NAME})\s*(?:==|!=|\bin\b)\s*(?P<at>(?P<y>[A-Za-z_]\w*(?![\w.(])|\[[^\[\]]*\]))", _bare_word
    ),
    habit(rf"{WORD}(?P<y>[A-Za-z_]\w*)\s*(?:==|!=)\s*(?P<x>{NAME})", _bare_word),
    habit(rf"{WORD}(?P<x>[A-Za-z_]\w*)\s+(?P<y>[A-Za-z_]\w*)\b(?!\s*\()", _two_names),
    habit(rf"{WORD}(?P<x>[A-Za-z_]\w*)(?!\s*[\w.(,])", _holder),
    # Signs and words for operators, once nothing larger explains them
    habit(r"(?P<at>=>|=<|===|!==|<>|≥|≤|≠|∧|∨|(?<!&)&(?!&)|(?<!\|)\|(?!\|)|(?<![=!<>~])=(?![=~<>]))", _sign),
    habit(rf"{WORD}(?P<at>is\s+not|and|or|equals|eq|is)\b(?!\s*[.(]\S)", _sign, ANY_CASE),
    habit(rf"{WORD}(?P<at>not)\b(?P<x>)", lambda hit: write(hit["at"], "!"), ANY_CASE),
    habit(r"¬(?P<x>)", lambda _: write("¬", "!")),
    habit(r"(?<=[\w)\]\"'])\s*(?P<at>,)(?=\s*[A-Za-z_!(])(?P<x>)", lambda hit: _comma(hit)),  # noqa: PLW0108 -- defined below
    habit(r"(?P<at>;)(?P<x>)", says(messages.NO_SEMICOLON)),
)


def _bare(hit: Match) -> str:
    return hit["x"].strip("\"'")


def _comma(hit: Match) -> str | None:
    """Between conditions, and not inside of brackets."""
    before = blanked(hit.text)[: hit.match.start("at")]
    inside = any(before.count(opening) > before.count(closing) for closing, opening in PAIRS.items())
    return None if inside else write(",", "&&")
