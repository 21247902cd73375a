"""Kinds of events, and what keeps an event from being recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from maitred.core.values.facts import reader_of
from maitred.core.values.types import Attribute, Fact, Invalid, Item

AHEAD_MAX = timedelta(minutes=5)
"""Clocks of tills differ by less; what is further ahead is a mistake or has not happened."""
MAX_FIELDS_BYTES = 16_384
"""Of one event; a basket of a hundred lines has some ten thousand."""
AT, SESSION = "at", "session"
"""What every event has: when it happened, and in which session, where it was in one."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """What a customer did. ``fields`` are by bare name; ``purpose`` is empty where there is none.

    An event of the kind counts until ``retention`` after it happened.
    """

    name: str
    fields: Mapping[str, Attribute]
    retention: timedelta
    purpose: str = ""
    readers: Mapping[str, Any] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        readers = {name: reader_of(attribute) for name, attribute in self.fields.items()}
        object.__setattr__(self, "readers", readers)

    def read(self, sent: Mapping[str, Any]) -> Mapping[str, Fact]:
        """Returns the fields by name, each once read; absent where they were not sent or are ``null``."""
        return {name: read(sent[name]) for name, read in self.readers.items() if sent.get(name) is not None}

    def item(self, sent: Mapping[str, Any], at: datetime, session: str) -> Item:
        """Returns what conditions read of an event; a field that is not of its type any more is absent."""
        item: dict[str, Any] = {AT: at}
        if session:
            item[SESSION] = session
        for name, read in self.readers.items():
            value = sent.get(name)
            fact = None if value is None else read(value)
            if fact is not None and fact.__class__ is not Invalid:
                item[name] = fact
        return item

    def fault(self, sent: Mapping[str, Any]) -> str:
        """Returns what is wrong with fields as sent, in plain words; empty where nothing is."""
        unknown = sorted(sent.keys() - self.fields.keys())
        if unknown:
            known = ", ".join(sorted(self.fields)) or "none"
            return f"`{self.name}` has no field `{unknown[0]}`, its fields are: {known}"
        wrong = ((name, fact) for name, fact in self.read(sent).items() if isinstance(fact, Invalid))
        return next((f"field `{name}` {fact.why}" for name, fact in wrong), "")

    def kept(self, longest: timedelta | None) -> timedelta:
        """Returns how long after it happened an event counts where all are kept for that long at most."""
        return self.retention if longest is None else min(self.retention, longest)

    def time_fault(self, at: datetime, now: datetime, longest: timedelta | None = None) -> str:
        """Returns what is wrong with when an event happened; ``longest`` as in ``kept``."""
        if at > now + AHEAD_MAX:
            return "`at` is more than 5 minutes ahead"
        if at <= now - self.kept(longest):
            return f"`at` is longer ago than events of kind `{self.name}` are kept"
        return ""
