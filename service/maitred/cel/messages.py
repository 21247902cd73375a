"""Everything the room says to rule authors, and why an expression has no value."""

# ruff: noqa: D103 -- a message says itself what it is about

from collections.abc import Sequence

from maitred.core.values.kinds import KINDS, OWN_KINDS
from maitred.core.values.nearest import did_you_mean, how_declared
from maitred.core.values.types import Attribute, Kind

MAX_SHOWN_CHARACTERS = 60
"""Of an expression that is told how to go on; a longer one is told its type alone."""

MAX_LISTED = 8
"""Values named in a message; a tier has a handful, a product list thousands."""

_OPERATORS = {
    "_&&_": "&&",
    "_||_": "||",
    "!_": "!",
    "_==_": "==",
    "_!=_": "!=",
    "_<_": "<",
    "_<=_": "<=",
    "_>_": ">",
    "_>=_": ">=",
    "@in": "in",
    "_+_": "+",
    "_-_": "-",
    "_*_": "*",
    "_/_": "/",
    "_%_": "%",
    "-_": "-",
    "_[_]": "[]",
}
_SPELLED = {"math.@max": "math.greatest", "math.@min": "math.least"}
"""What a macro is expanded to, and what the author wrote."""
_LOGIC = {"_&&_", "_||_", "!_"}
_NUMBERS = {"int", "uint", "double"}

_FAILURES = (
    ("divide by zero", "divides by zero"),
    ("modulus by zero", "divides by zero"),
    ("Iteration budget", "takes too many steps"),
    ("overflow", "gives a number or time out of range"),
    ("out of int64 range", "gives a number out of range"),
    ("out of range", "gives a number or time out of range"),
    ("allowed timestamp", "reads a time out of range"),
    ("allowed duration", "reads a duration out of range"),
    ("Timestamp conversion", "reads text that is not a time"),
    ("Duration conversion", "reads text that is not a duration"),
    ("Index error", "reads past the end of a list"),
    ("Key not found", "reads a key that is not there"),
    ("duplicate key", "makes a map with the same key twice"),
    ("regular expression", "uses text that is not a regular expression"),
    ("timezone", "uses text that is not a time zone"),
    ("convert", "reads text that cannot be converted"),
    ("conversion error", "reads text that cannot be converted"),
    ("No matching overload", "mixes types that do not go together"),
    ("No value with name", "reads a value that is not there"),
)
_FAILED = "cannot be evaluated"


def failure(report: str) -> str:
    """What cel-cpp reports of an evaluation, in plain words and without any value."""
    return next((words for part, words in _FAILURES if part in report), _FAILED)


def absent_field(attribute: str, number: int, field: str) -> str:
    """Of an object in a list without a field that is read."""
    return f"{attribute}[{number}].{field} is absent"


NOT_TRUE_OR_FALSE = "is neither true nor false"
NOT_FINITE = "is not a finite number"
NOT_A_NUMBER = "is not a number"
HOLDS_NUL = "holds the character NUL"

EMPTY = "the expression is empty"
NUL_IN_TEXT = "the character NUL is not allowed in an expression"
SURROGATE_IN_TEXT = "the expression is not valid unicode"
TOO_DEEP = "the expression is nested too deeply: use fewer parentheses, or split it"
ENDS_EARLY = "the expression ends too early"
TEXT_OR_ATTRIBUTE = "a text stands in quotes, an attribute is written in full, such as `customer.age`"
NO_MESSAGES = "an expression cannot build protobuf messages"


def too_long(length: int, limit: int) -> str:
    return (
        f"the expression has {length} characters, at most {limit} are allowed: put long lists into a `List`"
    )


def macros_too_deep(limit: int) -> str:
    return f"macros like `exists` may stand at most {limit} levels inside one another"


def shadows(name: str) -> str:
    return f"`{name}` is part of an attribute's name: call the variable of the macro something else"


def undeclared(name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known) or f": {how_declared(name) if '.' in name else TEXT_OR_ATTRIBUTE}"
    return f"`{name}` is not declared{hint}"


def no_such_function(name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known) or ": docs/rule-files.md lists the functions there are"
    return f"`{name}` is no function here{hint}"


def wrong_count(function: str) -> str:
    form = _FORMS.get(function)
    return f"`{function}` is not called with that many arguments" + (
        f": write it like `{form}`" if form else ""
    )


_FORMS = {
    "age": "age(customer.born, now, location.timezone)",
    "date": "date(now, location.timezone)",
    "inNetwork": 'session.address.inNetwork("10.0.0.0/8")',
    "has": "has(customer.age)",
    "size": "size(basket.products)",
    "duration": 'duration("30d")',
    "timestamp": 'timestamp("2026-12-01T00:00:00Z")',
    "contains": 'customer.name.contains("n")',
    "startsWith": 'customer.name.startsWith("A")',
    "endsWith": 'customer.name.endsWith("n")',
    "matches": 'customer.name.matches("^A")',
    "replace": 'customer.name.replace("a", "b")',
    "split": 'customer.name.split("-")',
    "substring": "customer.name.substring(0, 2)",
    "charAt": "customer.name.charAt(0)",
    "trim": "customer.name.trim()",
    "lowerAscii": "customer.name.lowerAscii()",
    "upperAscii": "customer.name.upperAscii()",
    "exists": 'basket.products.exists(product, product == "milk")',
    "all": 'basket.products.all(product, product != "wine")',
    "filter": 'basket.products.filter(product, product != "wine")',
    "map": "basket.quantities.map(number, number * 2)",
    "math.round": "math.round(basket.value)",
    "math.abs": "math.abs(basket.value)",
    "getHours": "now.getHours(location.timezone)",
    "getDayOfWeek": "now.getDayOfWeek(location.timezone)",
}
"""How functions are called that people miscount the arguments of."""


def duration_of_number() -> str:
    return 'a length of time stands in quotes with its unit: write `duration("30d")`, `duration("20m")`'


VERSION_AS_A_WHOLE = 'versions are compared as a whole: write `>= "5.9" && < "6"`'


def day_by_number(written: str, number: int) -> str:
    return f"days of the week are numbers, Sunday is 0: write `{number}` instead of `{written}`"


def number_in_quotes(number: str, name: str) -> str:
    return f'`{name}` is a text: write `"{number}"`, in quotes'


def never_given(function: str, low: int, high: int, number: int) -> str:
    """A part of a time is compared with a number that it never is."""
    counted = f": {_COUNTED[function]}" if function in _COUNTED else ""
    return f"`{function}` gives {low} to {high}, and never {number}{counted}"


_COUNTED = {
    "getMonth": "January is 0, December 11",
    "getDayOfWeek": "Sunday is 0, Saturday 6",
    "getDayOfMonth": "the first day is 0; `getDate` counts from 1",
    "getDayOfYear": "the first day is 0",
}


def consent_of_what(functions: Sequence[str]) -> str:
    """``consent`` is put to a use it does not have."""
    asked = " and ".join(f'`consent.{function}("...")`' for function in functions)
    return f"of `consent` can be asked {asked}"


def purpose_in_quotes(function: str) -> str:
    """A function of ``consent`` is not put on a purpose."""
    return f'name the purpose in quotes: `consent.{function}("news")`'


def unknown_purpose(name: str, known: Sequence[str]) -> str:
    """``Privacy`` defines no such purpose."""
    if not known:
        return "there are no purposes: write a `Privacy` document"
    defined = ", ".join(f"`{purpose}`" for purpose in sorted(known))
    return f"there is no purpose `{name}`: `Privacy` defines {defined}"


def learner_in_quotes() -> str:
    return 'name the learner in quotes, between brackets: `learned("uptake")`'


def unknown_learner(name: str, known: Sequence[str]) -> str:
    """There is no such ``Learner``, or none that this expression may read."""
    if not known:
        return f"there is no learner `{name}`: write a `Learner` document"
    return f"there is no learner `{name}`{did_you_mean(name, known)}"


def only_reckoning() -> str:
    return '`learned("...")` is for scores, and can be added, subtracted, multiplied and divided alone'


def learned_elsewhere() -> str:
    return '`learned("...")` is for scores: what is drawn anew for each decision is no condition'


def presence_of_what(name: str) -> str:
    if name[:1] in "\"'" and name:
        return f"`has()` takes a name without quotes: write `has({name[1:-1]})`"
    shown = f", `{name}` is none" if name else ""
    return f"`has()` takes the name of a declared attribute{shown}"


def wrong_operands(function: str, operands: Sequence[str]) -> str:
    """No overload of the function or operator takes operands of these types."""
    types = " and ".join(operands)
    if "share" in operands:
        return only_reckoning()
    if function == "_?_:_":
        return _ternary(operands)
    function = _SPELLED.get(function, function)
    if function not in _OPERATORS:
        return f"`{function}` does not take ({', '.join(operands)}){_USE.get((function, operands[0]), '')}"
    sign = _OPERATORS[function]
    if function in _LOGIC:
        return f"`{sign}` needs true or false on every side, not {types}"
    if len(operands) == 1:
        return f"`{sign}` cannot be put before {types}"
    return f"`{sign}` does not go between {types}{_advice(operands, sign)}"


_USE = {
    ("startsWith", "version"): ': versions are compared as a whole, `>= "5.9" && < "6"`',
    ("startsWith", "ip"): ': write `inNetwork("10.0.0.0/8")`',
    ("contains", "ip"): ': write `inNetwork("10.0.0.0/8")`',
    **{
        ("age", kind): ": it takes a date, `age(customer.born, now, location.timezone)`"
        for kind in ("int", "string", "timestamp")
    },
}
"""By a function and the type it is put on: what to write instead."""


def _ternary(operands: Sequence[str]) -> str:
    condition, *branches = operands
    if condition != "bool":
        return f"`? :` needs true or false before the `?`, not {condition}"
    return f"`? :` needs one type on both sides of the `:`, not {' and '.join(branches)}"


def _advice(operands: Sequence[str], sign: str) -> str:
    types = frozenset(operands)
    if "decimal" in types:
        return _decimal_advice(sign)
    if types == {"date", "timestamp"}:
        return ": write `date(now, location.timezone)` for the date of an instant"
    if own := next((type_ for type_ in operands if type_ in _EXAMPLES), None):
        return _own_advice(own, sign, types)
    return next((advice for one, other, advice in _ADVICE if types & one and types & other), "")


def _own_advice(own: str, sign: str, types: frozenset[str]) -> str:
    if sign in {"<", "<=", ">", ">="} and not KINDS[Kind(own)].is_ordered:
        return f": `{own}` has no order"
    is_compared = sign in {"<", "<=", ">", ">="} or len(types) > 1
    return f': write `"{_EXAMPLES[own]}"`' if is_compared else ""


_TEXT = frozenset(("string",))
_ADVICE = (
    (
        frozenset(("int",)),
        frozenset(("double",)),
        ": write whole numbers as `2.0`, or convert with `double(...)`",
    ),
    (frozenset(("timestamp",)), _TEXT, ': write `timestamp("2026-12-01T00:00:00Z")`'),
    (
        frozenset(("timestamp", "duration")),
        frozenset(_NUMBERS),
        ': write `duration("30d")` for a length of time',
    ),
    (frozenset(("duration",)), _TEXT, ': write `duration("36h")`'),
    (frozenset(_NUMBERS), _TEXT, ": numbers stand without quotes"),
)
"""By the types that meet at an operator."""


_EXAMPLES = {kind.value: KINDS[kind].example for kind in OWN_KINDS.values() if kind is not Kind.DECIMAL}


def _decimal_advice(sign: str) -> str:
    if sign in {"/", "%"}:
        return ": amounts are exact and are not divided; write `double(...)` around each, and `2.0` for `2`"
    return ": amounts go with whole numbers and amounts"


def double_beside_decimal() -> str:
    return (
        "a double is not exact and does not go beside a decimal: declare it `decimal(N)`, "
        "or write `double(...)` around the decimal"
    )


def text_beside(attribute: Attribute) -> str:
    """Something that is no constant is not of the kind it is compared with."""
    kind = _named_type(attribute)
    return f"only a {kind} or a constant goes beside a {kind}: declare what stands here as `{kind}`"


def not_of_kind(value: object, attribute: Attribute) -> str:
    """A constant beside an attribute, or beside an expression, that it cannot be compared with."""
    kind = attribute.type.kind
    if kind is Kind.IP and isinstance(value, str) and "/" in value:
        return (
            f'`{value}` is a network and no address: write `{attribute.name or "..."}.inNetwork("{value}")`'
        )
    if kind is Kind.DECIMAL and attribute.name and isinstance(value, float):
        return f"`{value}` has more digits than {attribute.name}, which is a {attribute.type}"
    of = f"so {attribute.name} is declared: " if attribute.name else ""
    example = KINDS[kind].example
    article = "an" if kind in (Kind.IP, Kind.INT, Kind.OBJECT) else "a"
    return f"`{value}` is not {article} {kind.value}: {of}write it like `{example}`"


def _named_type(attribute: Attribute) -> str:
    return str(attribute.type) if attribute.name else attribute.type.kind.value


def other_letter_case(attribute: Attribute) -> str:
    """A named attribute beside one whose texts are normalized otherwise."""
    return (
        f"{attribute.name} is compared without regard to letter case or blanks, and this is not: "
        "declare `letter_case` and `trim` alike on both"
    )


def list_not_of_kind(name: str, attribute: Attribute) -> str:
    return f"`{name}` holds a value that is not a {_named_type(attribute)}, as {attribute.name or 'it'} is"


def not_a_network(text: str) -> str:
    return f"`{text}` is not a network: write its first address and the length of its prefix, `10.0.0.0/8`"


def network_not_constant() -> str:
    return "`inNetwork` takes a network in quotes or a column of the table"


def not_a_zone(text: str) -> str:
    return f"`{text}` is not a time zone: write it like `Europe/Rome`, or `location.timezone`"


def pattern_not_constant() -> str:
    return (
        "a pattern of `matches` stands in quotes: to find a text whatever its letter case, declare "
        "`letter_case: ignore` and compare with `==`"
    )


def null_is_nothing() -> str:
    return "nothing is null: ask `has(...)` whether an attribute is there"


def too_many_digits(digits: int, limit: int) -> str:
    return f"amounts with {digits} digits after the point are multiplied here, at most {limit} can be held"


def no_such_field(name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known) or (f": known are {', '.join(f'`{field}`' for field in known)}")
    return f"`{name}` is not a declared field{hint}"


def computed_elsewhere(function: str, over: str, item: str, aggregate: str = "sum") -> str:
    declared = f"{{over: {over}, {aggregate}: {item}.NUMBER}}"
    return (
        f"`{function}` is worked out before conditions: declare `{declared}` under `computed` of a `Context`,"
        " and read its name here"
    )


def computed_over(source: str) -> str:
    declared = f"customer.NAME: {{over: {source}, count: true}}"
    return (
        f"`{source}` is read by computed attributes only: declare `{declared}` under `computed` of a"
        " `Context`, and read `customer.NAME` here"
    )


def cannot_select(type_: str) -> str:
    return f"a value of type {type_} has no fields"


def not_a_list(type_: str) -> str:
    return f"macros like `exists` need a list, not {type_}"


# What other languages say otherwise


def write_instead(wrong: str, right: str) -> str:
    return f"`{wrong}` is not understood here: write `{right}`"


def ask_for_presence(name: str, *, present: bool) -> str:
    asked = f"has({name})" if present else f"!has({name})"
    what = "is there" if present else "is missing"
    return f"whether a value {what} is asked with `has`: write `{asked}`"


NO_IF = "there is no `if`: write `CONDITION ? THEN : ELSE`, or `!CONDITION || THEN`"
STRAIGHT_QUOTES = 'text stands in straight quotes: write `"` for every curly or angled quote'
NO_POWER = "there is no sign for powers: multiply, `customer.age * customer.age`"
SIGN_BETWEEN = "between two values stands a sign, such as `==`, `>=`, `&&` or `||`, and text stands in quotes"
NO_SEMICOLON = "`;` ends nothing here: remove it"
HOURS_ELSEWHERE = (
    'hours of the day stand in `live` of the action, such as `hours: "11:00-22:00"`, and not in a condition'
)


def letter_case(function: str) -> str:
    return (
        f"write `.{function}()`, or declare the attribute with `letter_case: ignore`, which compares without"
        " regard to case"
    )


def now_alone(written: str) -> str:
    return f"`{written}` is not understood here: write `now`, without brackets"


def text_in_quotes(word: str, value: str) -> str:
    return f'`{word}` is not declared: text stands in quotes, write `"{value}"`'


def without_quotes(written: str, value: str) -> str:
    return f"`{written}` is text here: write `{value}`, without quotes"


def without_currency(number: str) -> str:
    return f"a currency has no place in a condition: write the number alone, {_shown_number(number)}"


def plain_number(written: str, number: str) -> str:
    return f"`{written}` is not a number here: write `{number}`, with a point for decimals and no comma"


def percentage(number: str) -> str:
    return f"`{number}%` is not understood here: write `{float(number) / 100:g}`"


def number_with_unit(number: str, unit: str) -> str:
    return f"a number has no unit: write `{number}` and leave `{unit}` out"


def number_like(written: str, right: str, name: str, type_: str) -> str:
    return f"`{name}` is {'an int' if type_ == 'int' else 'a double'}: write `{right}` instead of `{written}`"


def int_beside_fraction(name: str) -> str:
    return f"`{name}` is an int: write a whole number beside it, or `double({name})`"


def plain_name(written: str, name: str) -> str:
    return f"an attribute stands here as it is called: write `{name}` instead of `{written}`"


def holds_attributes(name: str, attributes: Sequence[str]) -> str:
    return f"`{name}` has no value of its own: write one of {_listed(attributes)}"


def never_closed(opening: str, closing: str) -> str:
    return f"`{opening}` is not closed: put a `{closing}` where it ends"


def closes_nothing(closing: str) -> str:
    opening = {")": "(", "]": "[", "}": "{"}[closing]
    return f"`{closing}` closes nothing: remove it, or put a `{opening}` where it begins"


def ends_with(sign: str) -> str:
    return f"the expression ends too early: something must follow `{sign}`"


def begins_with(sign: str) -> str:
    return f"the expression begins with `{sign}`: something must stand before it"


def reserved_word(word: str) -> str:
    return f"`{word}` is a word of the language: call it something else"


NUMBER_TOO_LARGE = "this number does not fit into 64 bits"
ITEM_NEEDS_A_NAME = "give the items a name first, as in `exists(item, item == 1)`"
CANNOT_BE_READ = "the expression cannot be read from here on"


def _shown_number(number: str) -> str:
    return f"`{number.strip('.,')}`"


def unexpected(token: str) -> str:
    said = f"`{token.strip() or token}` is not expected here"
    is_value = token[:1].isalnum() or token[:1] in "_\"'"
    return f"{said}: {SIGN_BETWEEN}" if is_value else said


def unclosed_text() -> str:
    return "text is not closed, or has an escape that does not exist"


def missing_token(token: str) -> str:
    return f"`{token}` is missing here"


_COMPARED = {
    "int": "{} >= 1",
    "double": "{} >= 1.0",
    "string": '{} == "..."',
    "timestamp": "{} < now",
    "list": "size({}) > 0",
}


def not_a_condition(type_: str, text: str) -> str:
    """``text`` is the expression."""
    said = f"a condition must be true or false, this is of type {type_}"
    form = _COMPARED.get(type_)
    simple = len(text) <= MAX_SHOWN_CHARACTERS and "\n" not in text
    return f"{said}: compare it, such as `{form.format(text.strip())}`" if form and simple else said


def not_a_score(type_: str) -> str:
    said = f"a score must be a double or an int, this is of type {type_}"
    return f"{said}: write `CONDITION ? 1.0 : 0.0`" if type_ == "bool" else said


def not_a_term(type_: str) -> str:
    return f"this is of type {type_}: take a field, a number, a text or a time of the item"


def not_a_value(value: object, attribute: str, allowed: Sequence[object]) -> str:
    return f"`{value}` is not a value of {attribute}: values are {_listed(allowed)}"


def _listed(allowed: Sequence[object]) -> str:
    listed = ", ".join(f"`{item}`" for item in allowed[:MAX_LISTED])
    more = f" and {len(allowed) - MAX_LISTED} more" if len(allowed) > MAX_LISTED else ""
    return f"{listed}{more}"


def no_order(attribute: str, allowed: Sequence[object]) -> str:
    """The values of text are compared by their letters."""
    return (
        f"the values of {attribute} have no order but that of their letters: "
        f"name those you mean, `{attribute} in [...]`, of {_listed(allowed)}"
    )


def not_a_time(function: str, text: str) -> str:
    """``function`` is ``timestamp`` or ``duration``."""
    like = "`2026-12-01T00:00:00Z`" if function == "timestamp" else "`36h`, `90m` or `1.5s`"
    return f"`{text}` is not a {function}: write it like {like}"


def not_a_regex(pattern: str, why: str) -> str:
    return f"`{pattern}` is not a regular expression: {why}"


def always_fails(words: str) -> str:
    return f"the expression never has a value: it {words}"


def score_not_finite() -> str:
    return "a score must be a finite number"


def row_value_missing(name: str) -> str:
    return f"`{name}` has no value in this row"


def row_value_of_wrong_type(name: str, type_: object) -> str:
    return f"the value of `{name}` is not of type {type_}"


def constant_of_mixed_types(name: str) -> str:
    return f"`{name}` holds values of different types, or values no attribute can have"
