"""The only file that talks to cel-expr-python: compile, take apart, evaluate."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import DecodeError

from maitred.core.privacy.purposes import ASKED, CONSENT
from maitred.core.rules.expressions import ExpressionError
from maitred.core.values.kinds import duration_of
from maitred.core.values.types import ROW, Attribute, AttributeType, Kind, Scalar
from maitred.selftest import relying_on

from . import messages
from .binding import EXTENSIONS, USE, cel
from .checked_pb2 import CheckedExpr, Expr
from .complaints import complaint
from .declarations import SHARE, celtype, configuration, pool_of, type_name
from .functions import FUNCTIONS
from .habits import KnownNames
from .source import CONSENT_FUNCTIONS, PRESENCE
from .typing import is_own

_TYPE_URL = "type.googleapis.com/cel.expr.CheckedExpr"
_ABSENT_KEY = re.compile(r'Key not found in map : "(.*)"', re.DOTALL)
_UNAMBIGUOUS = {bool, float, datetime, timedelta}
"""Python types a result has in one CEL type only; an int may be a uint, a str an error."""


TIMES = frozenset(("timestamp", "duration"))
"""The functions that read a time from text."""

ASKS = dict(zip(CONSENT_FUNCTIONS, (CONSENT, ASKED), strict=True))
"""What the functions of ``consent`` ask for: facts that no rule file can name."""
NTH = "n"

NUL = "\x00"
"""cel-expr-python cuts a string that is handed to it as a variable at its first NUL."""

Data = dict[str, Any]
"""Values by variable, as cel-expr-python takes them: lists, not tuples."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An evaluation without a value; ``report`` is cel-cpp's and may hold values."""

    report: str

    @property
    def words(self) -> str:
        """Why, in plain words and without any value."""
        return messages.failure(self.report)

    @property
    def absent_key(self) -> str:
        """The key that a map does not have, where that is why; it may be a value. Empty otherwise."""
        absent = _ABSENT_KEY.search(self.report)
        return absent[1] if absent else ""


@dataclass(frozen=True, slots=True)
class CompiledText:
    """A compiled text: what evaluates it, its tree and the same serialized, the name of its type."""

    program: Any
    packed: bytes
    tree: CheckedExpr
    type: str


class Environment:
    """The variables expressions may read. ``learned`` are those that stand for learners, by these."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        lists: Mapping[str, Kind],
        learned: Mapping[str, str] | None = None,
    ) -> None:
        self._learned = learned or {}
        self._asks = {name: f"{PRESENCE}.{NTH}{n}" for n, name in enumerate(filter(is_unspoken, attributes))}
        attributes = {name: known for name, known in attributes.items() if name not in self._asks}
        self.attributes: Mapping[str, Attribute] = attributes
        named = {name: attribute for name, attribute in attributes.items() if name not in lists}
        unspoken = frozenset(self._learned.values())
        spoken = {name: attribute for name, attribute in named.items() if name not in unspoken}
        self.known = KnownNames(spoken, (*spoken, *lists))
        self._roots = frozenset(name.partition(".")[0] for name in self.known.names)
        self.own = frozenset(name for name, attribute in attributes.items() if is_own(attribute))
        constant = {name: celtype(AttributeType(kind, is_list=True)) for name, kind in lists.items()}
        constant |= {f"{PRESENCE}.{name}": cel.Type.BOOL for name in named}
        constant |= dict.fromkeys(self._asks.values(), cel.Type.BOOL)
        checked = {name: cel.Type(type_name(attribute)) for name, attribute in named.items()}
        checked |= dict.fromkeys(unspoken, cel.Type(SHARE))
        run = {name: celtype(attribute.type) for name, attribute in named.items()}
        self._env = cel.NewEnv(
            descriptor_pool=pool_of(named.values()),
            config=configuration(),
            variables={**checked, **constant},
            extensions=EXTENSIONS,
        )
        self._running = cel.NewEnv(variables={**run, **constant}, extensions=EXTENSIONS, functions=FUNCTIONS)
        self._running.compile("true")  # until its first compilation it does not know its variables

    def can_be_absent(self, name: str) -> bool:
        """Returns whether ``has()`` may ask for it: constants of a row are always there."""
        return name in self.attributes and not name.startswith(ROW)

    def is_root(self, name: str) -> bool:
        """Returns whether a declared name begins so."""
        return name in self._roots

    def consent(self, function: str, purpose: str) -> str:
        """Returns the variable for what ``consent.FUNCTION(purpose)`` asks. Raises ``ExpressionError``."""
        start = ASKS[function]
        name = f"{start}{purpose}"
        if name not in self._asks:
            known = [ask.removeprefix(start) for ask in self._asks if ask.startswith(start)]
            raise ExpressionError(messages.unknown_purpose(purpose, known))
        return self._asks[name]

    def learned(self, learner: str) -> str:
        """Returns the variable for ``learned(learner)``. Raises ``ExpressionError``."""
        if learner not in self._learned:
            raise ExpressionError(messages.unknown_learner(learner, list(self._learned)))
        return self._learned[learner]

    def check(self, text: str) -> CompiledText:
        """Parses and type-checks. Raises ``ExpressionError``."""
        try:
            program = self._env.compile(text)
            packed = Packed.FromString(program.serialize()).value
            tree = CheckedExpr.FromString(packed)
            return CompiledText(program, packed, tree, program.return_type().name().lower())
        except RuntimeError as error:
            raise complaint(str(error), text, self.known) from None
        except DecodeError:  # protobuf reads at most 100 levels
            raise ExpressionError(messages.TOO_DEEP) from None

    def part(self, tree: CheckedExpr, root: Expr) -> Any:
        """Returns the program of a part of a checked expression."""
        part = CheckedExpr()
        part.CopyFrom(tree)
        part.expr.CopyFrom(root)
        packed = Packed(type_url=_TYPE_URL, value=part.SerializeToString())
        return self._running.deserialize(packed.SerializeToString())


def is_unspoken(name: str) -> bool:
    """Returns whether a fact can be asked for by a function of ``consent`` only."""
    return name.startswith(tuple(ASKS.values()))


def run(program: Any, data: Data) -> Scalar | Failed:
    """Evaluates. Never raises."""
    try:
        result = program.eval(data=data)
        value = result.value()
        if type(value) in _UNAMBIGUOUS:
            return value  # type: ignore[no-any-return]
        type_ = result.type()
    except Exception as error:  # noqa: BLE001 -- what a third party may raise is not ours to list
        return Failed(str(error))
    if (type(value) is str and type_ == cel.Type.STRING) or (type(value) is int and type_ == cel.Type.INT):
        return value
    return Failed(str(value) if type_ == cel.Type.ERROR else "")


@cache
def _helper(text: str) -> Any:
    variables = {"text": cel.Type.STRING, "moment": cel.Type.TIMESTAMP, "span": cel.Type.DURATION}
    return cel.NewEnv(variables=variables).compile(text)


@lru_cache(maxsize=4096)  # a table's thousands of rows share few dates
def parse_time(function: str, text: str) -> tuple[Scalar | Failed, bool]:
    """Returns the value of ``timestamp("...")`` or ``duration("...")``, and whether microseconds hold it.

    CEL counts in nanoseconds.
    """
    if NUL in text:
        return Failed(""), False
    if function == "duration" and ("d" in text or "w" in text):
        duration = duration_of(text)
        return (Failed(""), False) if duration is None else (duration, True)
    value = run(_helper(f"{function}(text)"), {"text": text})
    if isinstance(value, Failed):
        return value, False
    variable = "moment" if function == "timestamp" else "span"
    return value, run(_helper(f"{function}(text) == {variable}"), {"text": text, variable: value}) is True


def regex_fault(pattern: str) -> str | None:
    """Returns what is wrong with a regular expression, in RE2's words; ``None`` where nothing is."""
    if NUL in pattern:
        return None
    result = _helper('"".matches(text)').eval(data={"text": pattern})
    report = str(result.value())
    return report.rpartition("regular expression: ")[2] if result.type() == cel.Type.ERROR else None


def self_test() -> None:
    """Takes an expression apart and evaluates a part of it. Raises ``Unfit``."""
    with relying_on("cel-expr-python", USE):
        environment = Environment({"a": Attribute("a", AttributeType(Kind.INT))}, {})
        checked = environment.check("a > 1 && a < 3")
        call = checked.tree.expr.call_expr
        part = environment.part(checked.tree, call.args[0])
        if call.function != "_&&_" or [run(part, {"a": value}) for value in (1, 2)] != [False, True]:
            raise ValueError("the tree is another one")
