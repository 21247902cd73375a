"""Comparisons, functions and numbers as people say and type them who know no programming language."""

# ruff: noqa: RUF001 -- signs and quotes of word processors are what is looked for

import re

from maitred.cel import messages
from maitred.core.values.types import Kind

from .matching import ANY_CASE, NAME, NUMBER, TEXT, VALUE, WORD, Match, habit, says, whole, write

_COMPARISONS = {
    ">": "greater than|more than|bigger than|larger than|higher than|older than|longer than|later than|"
    "above|over|beyond|after|exceeds|gt",
    ">=": "at least|greater than or equal to|greater than or equal|greater or equal|more than or equal to|"
    "no less than|not less than|not under|not below|not before|minimum|gte|ge",
    "<": "less than|smaller than|fewer than|lower than|younger than|shorter than|earlier than|"
    "under|below|beneath|before|lt",
    "<=": "at most|less than or equal to|less than or equal|less or equal|smaller than or equal to|"
    "no more than|not more than|not over|not above|not after|up to|maximum|lte|le",
    "==": "equal to|same as|the same as|exactly|ist|est|gleich",
    "!=": "not equal to|not equals|not equal|different from|different to|other than|unequal|ne",
}
_SIGN_OF = {words: sign for sign, listed in _COMPARISONS.items() for words in listed.split("|")}
_WORDS = "|".join(words.replace(" ", r"\s+") for words in sorted(_SIGN_OF, key=len, reverse=True))
_SAID = r"(?:(?:is|are|was|be|must\s+be|has\s+to\s+be|should\s+be)\s+)?"
_NOT_EQUAL = r"isn['’]t|is\s*n['’]t|doesn['’]t\s+equal|does\s+not\s+equal|aren['’]t"
_JOINED = {
    **dict.fromkeys(("und", "et", "y", "e", "plus", "also", "but", "with"), "&&"),
    **dict.fromkeys(("oder", "ou", "o", "otherwise"), "||"),
    "xor": "!=",
}
_METHODS = "trim|lowerAscii|upperAscii|reverse|replace|split|join|substring|indexOf|lastIndexOf|charAt"
_OTHER_METHODS = {"strip": "trim", "substr": "substring", "slice": "substring", "index": "indexOf"}
_LIST = rf"(?:{NAME}|\[[^\[\]]*\])"
_OPERATORS = {
    **dict.fromkeys(("mod", "modulo"), "%"),
    **dict.fromkeys(("x", "×", "·", "times"), "*"),
    **dict.fromkeys(("÷", "div"), "/"),
}


def _comparison(hit: Match) -> str:
    words = re.sub(rf"^{_SAID}", "", hit["at"], flags=ANY_CASE)
    return write(hit["at"], _SIGN_OF[" ".join(words.lower().split())])


def _empty_number(hit: Match) -> str | None:
    """Returns `customer.age == ""`: nothing but a text is empty."""
    if hit.known.kind(hit["x"]) in {None, Kind.STRING}:
        return None
    return messages.ask_for_presence(hit["x"], present=hit["sign"] == "!=")


def _bare_text(hit: Match) -> str | None:
    """Returns `customer.name.contains(Ann)`, and no macro calls an item so."""
    word = hit["y"]
    is_item = re.search(rf"\(\s*{word}\s*,", hit.text)
    return None if is_item or word in hit.known.names else messages.text_in_quotes(word, word)


def _letter_case(hit: Match) -> str:
    return messages.letter_case("upperAscii" if "upper" in hit["at"].lower() else "lowerAscii")


def _character(hit: Match) -> str | None:
    return whole("<x>.charAt(<n>)")(hit) if hit.known.is_text(hit["x"]) else None


def _part_of_text(hit: Match) -> str | None:
    return whole("<x>.substring(<a>, <b>)")(hit) if hit.known.is_text(hit["x"]) else None


def _number_to_text(hit: Match) -> str | None:
    return whole("<x> + string(<n>)")(hit) if hit.known.is_text(hit["x"]) else None


def _range(hit: Match) -> str | None:
    """Returns `customer.age in 18..65`: a span of numbers."""
    if hit.known.kind(hit["x"]) not in {Kind.INT, Kind.DOUBLE, Kind.DECIMAL}:
        return None
    return whole("<x> >= <a> && <x> <= <b>")(hit)


def _thousands(hit: Match) -> str:
    """Returns `1.000,50`, `1.000.000`."""
    return messages.plain_number(hit["x"], hit["x"].replace(".", "").replace(",", "."))


def _open_point(hit: Match) -> str:
    number = hit["n"]
    return write(f"{number}.", f"{number}.0" if hit.known.kind(hit["x"]) is Kind.DOUBLE else number)


SPOKEN = (
    # What is worked out before conditions
    habit(
        rf"{WORD}(?:\w+\(\s*)?(?P<x>(?:events|outcomes)\.\w+)",
        lambda hit: messages.computed_over(hit["x"]),
    ),
    # Whether there is a value
    habit(rf"(?P<x>{NAME})\s*(?P<sign>==|!=)\s*(?:\"\"|'')", _empty_number),
    habit(
        rf"(?P<x>{NAME})\s+(?:is\s+not\s+(?:empty|blank|missing|unknown)|"
        r"is\s+(?:known|given|filled|there|defined|available)|known|has\s+a\s+value)\b(?!\s*\()",
        lambda hit: messages.ask_for_presence(hit["x"], present=True),
        ANY_CASE,
    ),
    habit(
        rf"(?P<x>{NAME})\.(?:exists|is_?set|is_?present|is_?defined|is_?known|is_?not_?null)\(\)",
        lambda hit: messages.ask_for_presence(hit["x"], present=True),
        ANY_CASE,
    ),
    habit(rf"(?P<x>{NAME})\s*\?\?\s*(?P<y>{VALUE})", whole("(has(<x>) ? <x> : <y>)")),
    # Comparisons
    habit(rf"(?P<x>{VALUE})\s+(?P<at>{_SAID}(?:{_WORDS}))\s+(?={VALUE}|-)", _comparison, ANY_CASE),
    habit(rf"(?P<x>{NAME})\s+(?P<at>{_NOT_EQUAL})(?=\s)", lambda hit: write(hit["at"], "!="), ANY_CASE),
    habit(
        rf"(?P<x>{NAME})\s*(?:(?:==|\bin\b)\s*)?\[?\s*(?P<a>{NUMBER})\s*(?:\.\.\.?|-|–)\s*"
        r"(?P<b>\d+(?:\.\d+)?)\s*\]?",
        _range,
    ),
    habit(
        rf"(?P<x>{NAME})\s+(?:from|within)\s+(?P<a>{VALUE})\s+(?:to|and|until)\s+(?P<b>{VALUE})",
        whole("<x> >= <a> && <x> <= <b>"),
        ANY_CASE,
    ),
    # Texts
    habit(
        rf"(?P<x>{NAME})\s+(?:starts|begins|startswith|beginswith|begins_with|starts_with)(?:\s+with)?\s+"
        rf"(?P<y>{TEXT})",
        whole("<x>.startsWith(<y>)"),
        ANY_CASE,
    ),
    habit(
        rf"(?P<x>{NAME})\s+(?:ends|endswith|ends_with)(?:\s+with)?\s+(?P<y>{TEXT})",
        whole("<x>.endsWith(<y>)"),
        ANY_CASE,
    ),
    habit(rf"(?P<x>{NAME})\s+matches\s+(?P<y>{TEXT})", whole("<x>.matches(<y>)"), ANY_CASE),
    habit(
        rf"(?P<x>{NAME})\.(?P<f>startsWith|endsWith|contains|matches)\s+(?P<y>{TEXT})",
        whole("<x>.<f>(<y>)"),
    ),
    habit(
        rf"{NAME}\s*(?:\.(?:startsWith|endsWith|contains|matches)\(|\s(?:contains|includes|has)\s)\s*"
        r"(?P<at>(?P<y>[A-Za-z_]\w*))(?![\w.(])",
        _bare_text,
    ),
    # Functions
    habit(rf"{WORD}(?P<at>(?:to_?)?(?:lower|upper)(?:_?case)?)\(\s*{NAME}\s*\)", _letter_case, ANY_CASE),
    habit(
        r"(?P<at>\.(?:(?:to_?)?(?:lower|upper)(?:_?case)?|equals_?ignore_?case|casefold))\(",
        _letter_case,
        ANY_CASE,
    ),
    habit(
        rf"(?P<x>{NAME})\.(?P<at>strip|substr|slice|index)\(",
        lambda hit: write(f".{hit['at']}(", f".{_OTHER_METHODS[hit['at']]}("),
    ),
    habit(rf"(?P<x>{NAME})\.(?:equals|eq|is)\(\s*(?P<y>{VALUE})\s*\)", whole("<x> == <y>"), ANY_CASE),
    habit(
        rf"{WORD}sets\.contains\(\s*(?P<x>{_LIST})\s*,\s*(?P<y>{_LIST})\s*\)",
        whole("<y>.all(item, item in <x>)"),
    ),
    habit(
        rf"{WORD}sets\.intersects\(\s*(?P<x>{_LIST})\s*,\s*(?P<y>{_LIST})\s*\)",
        whole("<x>.exists(item, item in <y>)"),
    ),
    habit(
        rf"{WORD}sets\.equivalent\(\s*(?P<x>{_LIST})\s*,\s*(?P<y>{_LIST})\s*\)",
        whole("<x>.all(item, item in <y>) && <y>.all(item, item in <x>)"),
    ),
    habit(rf"{WORD}(?P<f>{_METHODS})\(\s*(?P<x>{NAME})\s*\)", whole("<x>.<f>()")),
    habit(rf"{WORD}(?P<f>{_METHODS})\(\s*(?P<x>{NAME})\s*,\s*(?P<y>[^()]*)\)", whole("<x>.<f>(<y>)")),
    habit(
        rf"{WORD}left\(\s*(?P<x>{NAME})\s*,\s*(?P<n>\d+)\s*\)",
        whole("<x>.substring(0, <n>)"),
        ANY_CASE,
    ),
    habit(
        rf"{WORD}concat(?:enate)?\(\s*(?P<x>{VALUE})\s*,\s*(?P<y>{VALUE})\s*\)", whole("<x> + <y>"), ANY_CASE
    ),
    habit(rf"(?P<x>{NAME})\[\s*(?P<n>\d+)\s*\]", _character),
    habit(rf"(?P<x>{NAME})\[\s*(?P<a>\d+)\s*:\s*(?P<b>\d+)\s*\]", _part_of_text),
    habit(rf"(?P<x>{NAME})\s*\+\s*(?P<n>{NUMBER})", _number_to_text),
    habit(
        rf"{WORD}(?P<at>max|min|greatest|least)\s*\(",
        lambda hit: write(hit["at"], f"math.{'greatest' if hit['at'] in {'max', 'greatest'} else 'least'}"),
    ),
    # Numbers
    habit(r"(?<![\w.,])(?P<x>\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,3}(?:\.\d{3}){2,})(?![\w.,])", _thousands),
    habit(
        r"(?<![\w.,])(?P<x>\d{1,3}(?:[ _]\d{3})+(?:\.\d+)?)(?![\w.,])",
        lambda hit: messages.plain_number(hit["x"], re.sub("[ _]", "", hit["x"])),
    ),
    habit(rf"(?P<x>{NAME})\s*(?:[<>]=?|==|!=)\s*(?P<at>(?P<n>\d+)\.)(?![\d\w.])", _open_point),
    habit(rf"(?:{NAME}|{NUMBER})\s*(?P<at>\*\*|\^)\s*(?:{NAME}|{NUMBER})", says(messages.NO_POWER)),
    habit(
        rf"(?:{NAME}|{NUMBER})\s*(?P<at>\b(?:modulo|mod|times|div|x)\b|[×·÷])\s*(?:{NAME}|{NUMBER})",
        lambda hit: write(hit["at"], _OPERATORS[hit["at"].lower()]),
        ANY_CASE,
    ),
    # Joining
    habit(
        rf"(?<=[\w)\]\"'])\s+(?P<at>{'|'.join(_JOINED)})\s+(?=[A-Za-z_!(\"'\d])",
        lambda hit: write(hit["at"], _JOINED[hit["at"].lower()]),
        ANY_CASE,
    ),
    habit(
        r"(?<=[\w)\]\"'])\s+(?P<at>unless|except|without|außer|and\s+not|but\s+not)\s+(?=[A-Za-z_(])",
        lambda hit: write(hit["at"], "&& !"),
        ANY_CASE,
    ),
    habit(
        rf"(?:^|(?<=[(&|]\s)|(?<=[(&|]))(?P<at>nicht|non|kein|keine|pas)\s+(?={NAME})",
        lambda hit: write(hit["at"], "!"),
        ANY_CASE,
    ),
)
"""Looked for before the signs of other languages, which are parts of what is said here."""
