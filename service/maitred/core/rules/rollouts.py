"""Rollouts: an action for some customers first, and for more of them later.

Every customer has a place under each salt, a number below 2**64: the first eight bytes, big-endian,
of HMAC-SHA-256, with the salt as its key and the customer's id in Unicode NFC as its message, both in
UTF-8. The first ``p`` percent are those whose place is below ``floor(p * 2**64 / 100)``. So nobody
who was in at 10 % is out at 20 %, who is in under one salt says nothing of another one, and every
machine and every version agrees. The test vectors are in ``docs/guidance.md``.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache, partial
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple
from unicodedata import normalize
from zoneinfo import ZoneInfo

from maitred.core.conditions.model import Condition, Expression, Literal, OneOf, Residual
from maitred.core.values.types import CUSTOMER_ID, LOCATION_ID, OWN, Facts
from maitred.core.values.wording import set_words

from .live import clock_attribute
from .ruleset import EVERYBODY, Rollout, RolloutStep

PLACES = 2**64
_BLOCK_BYTES = 64
_MAX_SALTS = 4_096
"""Of every action in a rollout there may be one."""
_PLACE_BYTES = 8
_NOBODY = "a request without customer_id is in no"


Salted = tuple[Any, Any]
"""The inner and the outer hash of HMAC under a salt, ready to be copied."""


class RolloutPart(NamedTuple):
    """One part of a rollout: its condition, and in words why it does not hold."""

    condition: Condition
    words: Callable[[Facts], str]


def place_of(salt: str, customer_id: str) -> int:
    """Returns the customer's place under a salt, below ``PLACES``."""
    return place_under(salted(salt), id_bytes(customer_id))


def id_bytes(customer_id: str) -> bytes:
    """Returns what an id's places are worked out from."""
    return normalize("NFC", customer_id).encode("utf-8", "surrogatepass")


def place_under(begun: Salted, message: bytes) -> int:
    """Returns the place of ``id_bytes`` an id under ``salted`` of a salt."""
    # HMAC by hand (RFC 2104): a third of the time of ``hmac.digest``, which looks its hash up each time.
    inner, outer = begun[0].copy(), begun[1].copy()
    inner.update(message)
    outer.update(inner.digest())
    return int.from_bytes(outer.digest()[:_PLACE_BYTES])


@lru_cache(maxsize=_MAX_SALTS)
def salted(salt: str) -> Salted:
    """Returns the inner and the outer hash of HMAC, which have taken in the key."""
    key = salt.encode()
    if len(key) > _BLOCK_BYTES:
        key = sha256(key).digest()
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in padded)), sha256(bytes(byte ^ 0x5C for byte in padded))


def is_among_first(percent: Fraction, salt: str, customer_id: str) -> bool:
    """Returns whether a customer is among the first so many percent; nobody is below 100 % without an id."""
    if percent >= EVERYBODY:
        return True
    return bool(customer_id) and place_of(salt, customer_id) < percent * PLACES // EVERYBODY


def holds(rollouts: Iterable[Rollout], since: Mapping[str, datetime], zone: str) -> Facts:
    """Facts that hold the steps of rollouts: the civil dates after which they raise nothing.

    ``since`` has instants by name of what is paused, ``zone`` is the location's.
    """
    return {
        _held_since(rollout): since[rollout.held_as].astimezone(ZoneInfo(rollout.zone or zone)).toordinal()
        for rollout in rollouts
        if rollout.held_as in since
    }


def _held_since(rollout: Rollout) -> str:
    """Returns the fact that says on which date the steps were held."""
    return f"{OWN}held/{rollout.held_as}"


def reads_clock(rollout: Rollout) -> bool:
    """Returns whether the date has a say in it."""
    return bool(rollout.steps)


def parts_of(rollout: Rollout) -> tuple[RolloutPart, ...]:
    """Returns the parts that can leave somebody out."""
    parts: list[RolloutPart] = []
    if rollout.locations:
        condition = Literal(LOCATION_ID, OneOf(frozenset(rollout.locations)))
        parts.append(RolloutPart(condition, partial(_location_words, rollout)))
    if rollout.groups:
        parts.append(RolloutPart(_group_condition(rollout), partial(_group_words, rollout)))
    if rollout.steps or rollout.percent < EVERYBODY:
        parts.append(RolloutPart(_share_condition(rollout), partial(_share_words, rollout)))
    return tuple(parts)


def first_decrease(percent: Fraction, steps: tuple[RolloutStep, ...]) -> int | None:
    """Returns the number of the first step that does not come after, or is below, the one before it."""
    if steps and steps[0].percent < percent:
        return 0
    for number, (before, after) in enumerate(pairwise(steps), start=1):
        if after.first <= before.first or after.percent < before.percent:
            return number
    return None


def percent_words(percent: Fraction) -> str:
    """Returns ``12.5 %``."""
    return f"{float(percent):.10g} %"


def _group_condition(rollout: Rollout) -> Condition:
    members = frozenset().union(*(ids for _, ids in rollout.groups))

    def evaluate(facts: Facts) -> bool:
        return normalize("NFC", _customer(facts)) in members

    names = ", ".join(name for name, _ in rollout.groups)
    return Residual(Expression(f"customer.id in {names}", frozenset({CUSTOMER_ID}), evaluate))


def _share_condition(rollout: Rollout) -> Condition:
    def evaluate(facts: Facts) -> bool:
        return is_among_first(_percent(rollout, facts)[0], rollout.salt, _customer(facts))

    reads = {CUSTOMER_ID, clock_attribute("date", rollout.zone)} if rollout.steps else {CUSTOMER_ID}
    if rollout.held_as:
        reads.add(_held_since(rollout))
    return Residual(Expression(f"rollout by {rollout.salt}", frozenset(reads), evaluate))


def _percent(rollout: Rollout, facts: Facts) -> tuple[Fraction, date | None]:
    """Returns how far the rollout is, and since when."""
    today, held = facts.get(clock_attribute("date", rollout.zone)), facts.get(_held_since(rollout))
    days = [day for day in (today, held) if isinstance(day, int)]
    return share_on(rollout, min(days, default=0))


def share_on(rollout: Rollout, today: int) -> tuple[Fraction, date | None]:
    """Returns how far the rollout is on a civil date, by its ordinal, and since when."""
    percent, since = rollout.percent, None
    for step in rollout.steps:
        if step.first.toordinal() <= today:
            percent, since = step.percent, step.first
    return percent, since


def _customer(facts: Facts) -> str:
    customer = facts.get(CUSTOMER_ID)
    return customer if isinstance(customer, str) else ""


def _location_words(rollout: Rollout, facts: Facts) -> str:
    place = facts.get(LOCATION_ID)
    where = f"this is {place}" if place else "this request names no location"
    return f"rolled out at {set_words(rollout.locations)}, {where}"


def _group_words(rollout: Rollout, facts: Facts) -> str:
    names = ", ".join(name for name, _ in rollout.groups)
    who = "the customer is in none of them" if _customer(facts) else f"{_NOBODY} group"
    return f"rolled out to [{names}], {who}"


def _share_words(rollout: Rollout, facts: Facts) -> str:
    percent, since = _percent(rollout, facts)
    share = f"rolled out to {percent_words(percent)} of customers{f' since {since}' if since else ''}"
    held = facts.get(_held_since(rollout))
    if isinstance(held, int):
        share = f"{share}, held there since {date.fromordinal(held)}"
    who = "this one is not among them" if _customer(facts) else f"{_NOBODY} rollout below 100 %"
    return f"{share}, {who}"
