"""Limits: what must not be exceeded, for whom and over which window; and the life of a unit.

Frequency caps and capacity are one mechanism. A limit that applies to a request becomes a
``Need``: one unit of one counter, which is the limit for one subject in one window. Units
that are taken together under one id are a ``Lot``: they are held, confirmed, released and
expire together (see ``ledger``).
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum, unique
from functools import lru_cache
from typing import NamedTuple

from maitred.core.conditions import model
from maitred.core.conditions.model import Expression
from maitred.core.values.instants import MICROSECOND
from maitred.core.values.reasons import Reason
from maitred.core.values.texts import composed, digest_of, folded, lengthened
from maitred.core.values.types import LOCATION, OWN, SESSION_ID, Facts, Invalid, Value
from maitred.core.values.windows import ROLLING_KEY, Calendar, Rolling, Session, Window, span_of

DEFAULT_HOLD = timedelta(minutes=20)
"""Time to walk to the till; a forgotten hold costs no more than that."""
PACE_SUFFIX = "/pace"
"""No rule file can give a limit such a name."""
PERCENT = 100
KEPT_COUNTERS = 4_096
"""Those that many requests share are asked for all the time."""
ALSO = f"{OWN}also/"
"""Begins the names of facts that say how many events count beside the units of a limit."""
ANONYMOUS = f"{OWN}anonymous"
"""A fact where the request names no customer, and only there."""
MAX_UNITS = 2**53
"""More than any limit has; integers up to here are exact also where an expression gives a double."""

_USE = b"maitred.counter"


@unique
class LimitKind(Enum):
    """What kind of limit; it gives the reason of its refusals."""

    FREQUENCY_CAP = "frequency cap"
    CAPACITY = "capacity"
    PACE = "pace"


REASON_OF: Mapping[LimitKind, Reason] = {
    LimitKind.FREQUENCY_CAP: Reason.FREQUENCY_CAPPED,
    LimitKind.CAPACITY: Reason.CAPACITY_EXHAUSTED,
    LimitKind.PACE: Reason.PACED,
}


@unique
class Counts(Enum):
    """The step at which a unit is spent."""

    DECIDED = "decided"
    PRESENTED = "presented"
    CLAIMED = "claimed"
    REDEEMED = "redeemed"
    REJECTED = "rejected"


@unique
class LetterCase(Enum):
    """Whether ids that differ in letter case only are the same subject."""

    EXACT = "exact"
    IGNORE = "ignore"


@unique
class OnFailure(Enum):
    """What becomes of an action when the ledger cannot answer."""

    CLOSED = "closed"
    OPEN = "open"


@unique
class LockRank(IntEnum):
    """How many requests share a counter. The coldest are locked first, the hottest shortest."""

    PERSON = 0
    CONTEXT = 1
    LOCATION = 2
    EVERYBODY = 3


def lock_rank_of(per: tuple[str, ...]) -> LockRank:
    """The heat of the counters of a limit, by what its subject is made of."""
    if not per:
        return LockRank.EVERYBODY
    if any(name.startswith(("customer.", "household.", "device.", "session.")) for name in per):
        return LockRank.PERSON
    return LockRank.LOCATION if all(name.startswith(LOCATION) for name in per) else LockRank.CONTEXT


Maximum = int | str | Expression
"""A number, the name of an integer attribute, or an expression whose value is rounded down."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that must not be exceeded over a window for a subject.

    ``per`` are the attributes that make the subject, by qualified name (``customer.id``);
    empty is everybody together. ``default`` is the number where the attribute that ``maximum``
    names is absent.
    ``pace`` is a second limit over a short rolling window, taken together with this one.
    ``overbook_percent`` more units than ``maximum`` may be held or confirmed. ``scope`` names the
    action where each action has units of its own; empty where those it applies to share them.
    ``is_personal`` where nobody knows which values the subject can have: they may be personal.
    ``lets_anonymous`` where a request without a customer passes uncounted, for want of a subject.
    ``also`` are kinds of events (``events.contact``) of the subject that count beside units.

    ``key`` tells the limit from every other one that a decision looks at. ``lookback_us``
    (microseconds) is how far a rolling window looks back, ``None`` for others. ``hides_subject``
    is whether its counters name pseudonyms, ``ending`` what they have of the scope behind it.
    ``window_reads`` are the attributes that tell which window it is, ``fixed`` the units that may be live
    where that depends on nothing.
    """

    name: str
    kind: LimitKind
    per: tuple[str, ...]
    maximum: Maximum
    window: Window
    counts: Counts
    hold: timedelta = DEFAULT_HOLD
    default: int | None = None
    pace: "Limit | None" = None
    overbook_percent: int = 0
    on_failure: OnFailure = OnFailure.CLOSED
    letter_case: LetterCase = LetterCase.EXACT
    scope: str = ""
    is_personal: bool = False
    lets_anonymous: bool = False
    also: tuple[str, ...] = ()
    key: str = field(init=False, compare=False, repr=False)
    reason: Reason = field(init=False, compare=False, repr=False)
    heat: LockRank = field(init=False, compare=False, repr=False)
    lookback_us: int | None = field(init=False, compare=False, repr=False)
    hides_subject: bool = field(init=False, compare=False, repr=False)
    ending: str = field(init=False, compare=False, repr=False)
    window_reads: tuple[str, ...] = field(init=False, compare=False, repr=False)
    fixed: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        window, heat = self.window, lock_rank_of(self.per)
        derived = {
            "key": f"{self.name}@{self.scope}" if self.scope else self.name,
            "reason": REASON_OF[self.kind],
            "heat": heat,
            "lookback_us": window.duration // MICROSECOND if isinstance(window, Rolling) else None,
            "hides_subject": self.is_personal or heat is LockRank.PERSON,
            "ending": lengthened(self.scope) if self.scope else "",
            "window_reads": _window_reads(window),
            "fixed": _overbooked(self, self.maximum) if isinstance(self.maximum, int) else None,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


def pace_of(limit: Limit, maximum: Maximum, window: Rolling, default: int | None = None) -> Limit:
    """The pace of ``limit``: at most ``maximum`` of its units in any stretch of ``window``."""
    return Limit(
        f"{limit.name}{PACE_SUFFIX}",
        LimitKind.PACE,
        limit.per,
        maximum,
        window,
        limit.counts,
        hold=limit.hold,
        default=default,
        on_failure=limit.on_failure,
        letter_case=limit.letter_case,
        scope=limit.scope,
        is_personal=limit.is_personal,
        lets_anonymous=limit.lets_anonymous,
    )


class Counter(NamedTuple):
    """What is counted: one limit for one subject in one window. Made by ``counter_of``.

    ``subject`` is exact: two subjects are equal where their values are, byte by byte.
    ``window`` is the key of the span, see ``windows``. ``id`` (16 bytes) is a function of these three.
    """

    limit: str
    subject: str
    window: str
    heat: LockRank
    resets_at: datetime | None
    id: bytes


def counter_of(
    limit: str,
    subject: str,
    window: str,
    heat: LockRank = LockRank.EVERYBODY,
    resets_at: datetime | None = None,
) -> Counter:
    """Returns the counter of a limit's units for one subject in one window."""
    text = f"{len(limit)}:{limit}{len(subject)}:{subject}{len(window)}:{window}"
    return Counter(limit, subject, window, heat, resets_at, digest_of(_USE, text))


class Need(NamedTuple):
    """One unit of a counter, to be had while fewer than ``maximum`` are live.

    ``lookback_us`` (microseconds) is the length of a rolling window, ``None`` for others.
    """

    counter: Counter
    maximum: int
    reason: Reason
    lookback_us: int | None = None


@dataclass(frozen=True, slots=True)
class Uncheckable:
    """A limit that cannot be checked: ``attribute`` is absent, or ``error`` says what is wrong with it."""

    limit: str
    attribute: str
    error: str = ""


def parts_of(limit: Limit) -> tuple[Limit, ...]:
    """The limit, and its pace where it has one."""
    return (limit, limit.pace) if limit.pace else (limit,)


SubjectPseudonym = Callable[[str], str]
"""From whose units they are to what stands for them: always the same, and nobody can tell who."""


def plain(subject: str) -> str:
    """Hides nothing."""
    return subject


def reads_of(limit: Limit) -> Iterator[str]:
    """Names of the attributes that the limit needs."""
    for part in parts_of(limit):
        yield from part.per
        if isinstance(part.maximum, str):
            yield part.maximum
        elif isinstance(part.maximum, Expression):
            yield from part.maximum.reads
        yield from part.window_reads


def _window_reads(window: Window) -> tuple[str, ...]:
    if isinstance(window, Session):
        return (SESSION_ID,)
    return (window.of,) if isinstance(window, Calendar) and window.of else ()


def gap_of(limit: Limit, facts: Facts) -> Uncheckable | None:
    """The first attribute without which it is not known whose units count, or in which window."""
    for name in limit.per:
        value = facts.get(name)
        # An empty text is nobody's id: strangers would share one count.
        if value.__class__ not in _SUBJECT_TYPES or value == "":
            return _unknown(limit, name, facts)
    for name in limit.window_reads:
        value = facts.get(name)
        if not isinstance(value, str if name == SESSION_ID else datetime) or not value:
            return _unknown(limit, name, facts)
    return None


def is_free(limit: Limit, facts: Facts) -> bool:
    """Whether nothing is counted: the request has no customer, and so the limit no subject.

    A subject that is absent for another reason, such as a consent that is not given, is no such.
    """
    if not limit.lets_anonymous or ANONYMOUS not in facts:
        return False
    gap = gap_of(limit, facts)
    return gap is not None and not gap.error


def _unknown(limit: Limit, attribute: str, facts: Facts) -> Uncheckable:
    value = facts.get(attribute)
    return Uncheckable(
        limit.name, attribute, f"{attribute} {value.why}" if isinstance(value, Invalid) else ""
    )


def needs_of(
    limit: Limit, facts: Facts, now: datetime, location_zone: str, subject_pseudonym: SubjectPseudonym = plain
) -> tuple[Need, ...] | Uncheckable:
    """What one unit of ``limit`` takes: a unit of its own counter, and one of its pace.

    ``subject_pseudonym`` stands for a person where the counter names its subject. Nothing where the limit
    is free.
    """
    if limit.lets_anonymous and is_free(limit, facts):
        return ()
    need = _need(limit, facts, now, location_zone, subject_pseudonym)
    if isinstance(need, Uncheckable):
        return need
    if limit.pace is None:
        return (need,)
    pace = _need(limit.pace, facts, now, location_zone, subject_pseudonym)
    return pace if isinstance(pace, Uncheckable) else (need, pace)


def subject_of(per: tuple[str, ...], facts: Facts, letter_case: LetterCase = LetterCase.EXACT) -> str:
    """The values of the attributes of ``per``, unambiguous."""
    normal, subject = folded if letter_case is LetterCase.IGNORE else composed, ""
    for name in per:
        value = facts.get(name)
        text = normal(f"{type(value).__name__}/{value}")
        subject += f"{len(text)}:{text}"  # ``lengthened``, without the call
    return subject


def _subject(limit: Limit, facts: Facts, subject_pseudonym: SubjectPseudonym) -> str:
    """The scope is not hidden: whose unit it is stays hidden, of what it is does not."""
    subject = subject_of(limit.per, facts, limit.letter_case)
    return (subject_pseudonym(subject) if limit.hides_subject else subject) + limit.ending


def scope_in(subject: str) -> str:
    """The scope in a subject of a limit that has one; empty where there is none to be seen."""
    scope = subject.rpartition(":")[2]
    return scope if scope and subject.endswith(lengthened(scope)) else ""


def values_in(limit: Limit, subject: str) -> tuple[Value, ...]:
    """The values of ``limit.per`` in a subject of ``limit`` that is not a pseudonym.

    Raises ``ValueError`` where it is no such subject: the limit was once for somebody else.
    """
    rest = subject.removesuffix(limit.ending)
    values: list[Value] = []
    while rest:
        length, _, rest = rest.partition(":")
        value, rest = rest[: int(length)], rest[int(length) :]
        kind, slash, text = value.partition("/")
        if len(value) < int(length) or not slash:
            raise ValueError(subject)
        values.append(_READ[kind](text) if kind in _READ else text)
    if len(values) != len(limit.per):
        raise ValueError(subject)
    return tuple(values)


_READ: Mapping[str, Callable[[str], Value]] = {"int": int, "bool": lambda text: text.casefold() == "true"}
_SUBJECT_TYPES = frozenset({str, int, bool})


def _need(
    limit: Limit, facts: Facts, now: datetime, location_zone: str, subject_pseudonym: SubjectPseudonym
) -> Need | Uncheckable:
    gap = gap_of(limit, facts)
    if gap:
        return gap
    maximum = maximum_of(limit, facts)
    if isinstance(maximum, Uncheckable):
        return maximum
    subject, key, end = _subject(limit, facts, subject_pseudonym), ROLLING_KEY, None
    if limit.lookback_us is None:
        instant = instant_of(limit.window, facts, now) if limit.window_reads else now
        session = subject_pseudonym(str(facts.get(SESSION_ID))) if isinstance(limit.window, Session) else ""
        span = span_of(limit.window, instant, location_zone, session)
        key, end = span.key, span.end
    # What a person counts for themselves would push out what many share.
    make = counter_of if limit.heat is LockRank.PERSON else _shared
    counter = make(limit.name, subject, key, limit.heat, end)
    if limit.also:
        maximum -= also_counted(limit, facts)
    return Need(counter, maximum, limit.reason, limit.lookback_us)


def also_counted(limit: Limit, facts: Facts) -> int:
    """Events of the subject that count beside units: contacts that other systems made."""
    count = facts.get(f"{ALSO}{limit.name}") if limit.also else 0
    return count if isinstance(count, int) else 0


_shared = lru_cache(maxsize=KEPT_COUNTERS)(counter_of)


def instant_of(window: Window, facts: Facts, now: datetime) -> datetime:
    """The instant whose window it is: that of the attribute it is ``of``, else now."""
    instant = facts.get(window.of) if isinstance(window, Calendar) and window.of else now
    return instant if isinstance(instant, datetime) else now


def maximum_of(limit: Limit, facts: Facts) -> int | Uncheckable:
    """Returns the units that may be live."""
    if limit.fixed is not None:
        return limit.fixed
    maximum = _number(limit, facts)
    return maximum if isinstance(maximum, Uncheckable) else _overbooked(limit, maximum)


def _overbooked(limit: Limit, maximum: int) -> int:
    """Adds what may be overbooked; rounds down."""
    return maximum + maximum * limit.overbook_percent // PERCENT if maximum > 0 else 0


def known_maximum(limit: Limit, facts: Facts) -> int | None:
    """The same for facts that are not a whole request; ``None`` where the rest of it decides.

    A default counts only for what a location lacks, as of a location everything is known.
    """
    maximum = limit.maximum
    if isinstance(maximum, str) and maximum not in facts and not maximum.startswith(LOCATION):
        return None
    if isinstance(maximum, Expression) and not facts.keys() >= maximum.reads:
        return None
    units = maximum_of(limit, facts)
    return units if isinstance(units, int) else None


def _number(limit: Limit, facts: Facts) -> int | Uncheckable:
    maximum = limit.maximum
    if isinstance(maximum, int):
        return maximum
    if isinstance(maximum, Expression):
        return _worked_out(limit, maximum, facts)
    value = facts.get(maximum, limit.default)
    if value.__class__ is not int:
        return _unknown(limit, maximum, facts)
    assert isinstance(value, int)
    return value


def _worked_out(limit: Limit, expression: Expression, facts: Facts) -> int | Uncheckable:
    value = expression.evaluate(facts)
    if isinstance(value, model.Unknown):
        return Uncheckable(limit.name, value.missing or expression.text, value.error or "")
    if not isinstance(value, int | float):
        return Uncheckable(limit.name, expression.text, f"{expression.text} is not a number")
    return math.floor(min(max(value, 0), MAX_UNITS))
