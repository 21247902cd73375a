"""What people write of times, versions, addresses and lists, as if they were numbers and texts."""

import re

from maitred.cel import messages
from maitred.core.values.types import Kind

from .matching import ANY_CASE, NAME, NUMBER, TEXT, WORD, Match, habit, whole, write
from .signs import PARTS_OF_TIMES, UNITS

_LENGTH = rf"(?P<n>\d+)\s*(?P<unit>{'|'.join(sorted(UNITS, key=len, reverse=True))})\b"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = r"(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?\b"


def _ago(hit: Match) -> str:
    return f'now - duration("{hit["n"]}{UNITS[hit["unit"].lower()]}")'


def _older(hit: Match) -> str | None:
    """Returns `customer.joined older than 30 days`: an instant before the one so long ago."""
    return _beside(hit, "<")


def _within(hit: Match) -> str | None:
    return _beside(hit, ">")


def _beside(hit: Match, sign: str) -> str | None:
    if hit.known.kind(hit["x"]) is not Kind.TIMESTAMP:
        return None
    return write(hit.text[slice(*hit.match.span())], f"{hit['x']} {sign} {_ago(hit)}")


def _part_of_date(hit: Match) -> str | None:
    part = PARTS_OF_TIMES[hit["part"]]
    return write(f".{hit['part']}", f".{part}()") if hit.known.kind(hit["x"]) is Kind.DATE else None


def _date_of(hit: Match) -> str | None:
    return whole("date(<x>, location.timezone)")(hit) if hit.known.kind(hit["x"]) is Kind.TIMESTAMP else None


def _part_of(hit: Match) -> str | None:
    if hit.known.kind(hit["x"]) not in {Kind.TIMESTAMP, Kind.DATE}:
        return None
    zone = "location.timezone" if hit.known.kind(hit["x"]) is Kind.TIMESTAMP else ""
    return write(f"{hit['part']}({hit['x']})", f"{hit['x']}.{PARTS_OF_TIMES[hit['part'].lower()]}({zone})")


def _day_by_name(hit: Match) -> str:
    day = hit["y"].strip("\"'").lower()
    return messages.day_by_number(hit["y"], _DAYS.index(day[:3]))


def _version(hit: Match) -> str | None:
    """Returns `app.version > 5.10.2`, without quotes."""
    if hit.known.kind(hit["x"]) is not Kind.VERSION:
        return None
    return write(hit["y"], f'"{hit["y"].lstrip("vV")}"')


def _part_of_version(hit: Match) -> str | None:
    return messages.VERSION_AS_A_WHOLE if hit.known.kind(hit["x"]) is Kind.VERSION else None


def _network(hit: Match) -> str | None:
    """Returns `session.address like "10.%"`."""
    if hit.known.kind(hit["x"]) is not Kind.IP:
        return None
    parts = re.findall(r"\d{1,3}", hit["y"])[:3]
    address = ".".join([*parts, *["0"] * (4 - len(parts))])
    whole_text = hit.text[slice(*hit.match.span())]
    return write(whole_text, f'{hit["x"]}.inNetwork("{address}/{8 * len(parts)}")') if parts else None


def _number_as_text(hit: Match) -> str | None:
    """Returns `customer.id == 5`, which is a text."""
    return messages.number_in_quotes(hit["n"], hit["x"]) if hit.known.is_text(hit["x"]) else None


def _line_contains(hit: Match) -> str | None:
    """Returns `basket.lines contains "S1"`."""
    x, y = hit["x"], hit["y"]
    field = next((field.name for field in hit.known.fields(x) if field.type.kind is Kind.STRING), None)
    if field is None:
        return None
    item = hit.known.attributes[x].type.item
    return write(hit.text[slice(*hit.match.span())], f"{x}.exists({item}, {item}.{field} == {y})")


def _at_an_end(hit: Match) -> str | None:
    x = hit["x"]
    if not hit.known.is_list(x):
        return None
    index = "0" if hit["end"].lower() == "first" else f"size({x}) - 1"
    return write(f"{x}.{hit['end']}()", f"{x}[{index}]")


def _counted(hit: Match) -> str | None:
    x = hit["x"]
    written = write(f"{x}.count(", f"{x}.filter(")
    return f"{written}, and `.size()` behind it" if hit.known.is_list(x) else None


def _over_lines(hit: Match) -> str | None:
    """Returns `max(basket.lines.price)`: of all lines, which is worked out before conditions."""
    over, _, _ = hit["x"].rpartition(".")
    fields = hit.known.fields(over)
    if not fields:
        return None
    return messages.computed_elsewhere(hit["at"], over, hit.known.attributes[over].type.item, hit["at"])


KINDS = (
    # Times
    habit(
        rf"(?P<x>{NAME})\s+(?:is\s+|was\s+)?(?:older\s+than|longer\s+than|more\s+than|before|over)\s+{_LENGTH}"
        r"(?:\s+ago)?",
        _older,
        ANY_CASE,
    ),
    habit(
        rf"(?P<x>{NAME})\s+(?:is\s+|was\s+)?(?:within|newer\s+than|younger\s+than|less\s+than|after|in)\s+"
        rf"(?:the\s+)?(?:last\s+|past\s+)?{_LENGTH}(?:\s+ago)?",
        _within,
        ANY_CASE,
    ),
    habit(rf"{WORD}{_LENGTH}\s+ago\b(?P<x>)", lambda hit: write(hit.match[0], _ago(hit)), ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?P<part>{'|'.join(PARTS_OF_TIMES)})\b(?!\()", _part_of_date),
    habit(rf"(?P<x>{NAME})\.(?:date|day_?of|to_?date)(?:\(\))?(?![\w(])", _date_of, ANY_CASE),
    habit(rf"{WORD}(?P<part>{'|'.join(PARTS_OF_TIMES)})\(\s*(?P<x>{NAME})\s*\)", _part_of, ANY_CASE),
    habit(
        rf"getDayOfWeek\([^()]*\)\s*(?:==|!=)\s*(?P<at>(?P<y>\"_+\"|'_+'|{_DAY}))",
        lambda hit: _day_by_name(hit) if re.fullmatch(_DAY, hit["y"].strip("\"'"), re.IGNORECASE) else None,
        ANY_CASE,
    ),
    habit(
        r"\(\s*(?P<at>(?P<y>[A-Z][a-z]+/[A-Z]\w+))\s*\)",
        lambda hit: write(hit["y"], f'"{hit["y"]}"'),
    ),
    # Versions, addresses and ids
    habit(
        rf"(?P<x>{NAME})\s*(?:[<>]=?|==|!=)\s*(?P<at>(?P<y>\d+(?:\.\d+){{2,}}|[vV]\d+(?:\.\d+)*))", _version
    ),
    habit(rf"(?P<x>{NAME})\.(?:major|minor|patch|build)\b", _part_of_version),
    habit(
        rf"(?P<x>{NAME})\s*(?:\s(?:like|startswith|starts\s+with)\s|==|\.startsWith\()\s*(?P<y>{TEXT})\)?",
        lambda hit: _network(hit) if "/" not in hit["y"] else None,
        ANY_CASE,
    ),
    habit(rf"(?P<x>{NAME})\s*(?:==|!=)\s*(?P<at>(?P<n>{NUMBER}))(?![\w.])", _number_as_text),
    habit(
        rf"{WORD}consent\[\s*(?P<y>{TEXT})\s*\]",
        whole("consent.allowed(<y>)"),
    ),
    # Lists
    habit(rf"(?P<x>{NAME})\s+(?:contains|includes|has)\s+(?P<y>{TEXT})", _line_contains, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.(?P<end>first|last)\(\)", _at_an_end, ANY_CASE),
    habit(rf"(?P<x>{NAME})\.count\(\s*\w+\s*,", _counted),
    habit(rf"{WORD}(?P<at>max|min)\s*\(\s*(?P<x>{NAME})\s*\)", _over_lines),
)
"""Looked for before all others: what is said of a kind is more than its signs and words."""
