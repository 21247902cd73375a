"""Expressions left to cel-cpp, evaluated over the facts of one decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maitred.core.conditions.model import Unknown
from maitred.core.values.scalars import unscaled
from maitred.core.values.types import Fact, Facts, Invalid, Kind, Scalar

from . import messages
from .environment import NUL, Data, Failed, run
from .plain import Plain


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A program and what it reads. Safe to call from many threads: it holds no state.

    ``attributes`` come with whether there is no value without them and what makes their values plain;
    ``presences`` are pairs of variable and attribute. ``constants`` are handed over with every evaluation.
    Amounts run as units of the last of ``scale`` digits; ``kind`` is that of a value that is no plain one.
    ``fields`` are those of attributes that are lists of objects.
    """

    program: Any
    attributes: tuple[tuple[str, bool, Plain | None], ...]
    presences: tuple[tuple[str, str], ...]
    constants: Data
    scale: int
    kind: Kind | None
    fields: Mapping[str, frozenset[str]]

    @property
    def reads(self) -> frozenset[str]:
        """Names of all attributes."""
        return frozenset((*(name for name, _, _ in self.attributes), *(name for _, name in self.presences)))

    def truth(self, facts: Facts) -> bool | Unknown:
        """True, false or unknown. Never raises."""
        data = self._data(facts)
        if isinstance(data, Unknown):
            return data
        value = run(self.program, data)
        if value is True or value is False:
            return value
        return (
            self._unknown(facts, value)
            if isinstance(value, Failed)
            else Unknown(error=messages.NOT_TRUE_OR_FALSE)
        )

    def number(self, facts: Facts) -> float | Unknown:
        """Returns a finite number or unknown. Never raises."""
        data = self._data(facts)
        if isinstance(data, Unknown):
            return data
        value = run(self.program, data)
        if isinstance(value, Failed):
            return self._unknown(facts, value)
        if not isinstance(value, int | float):
            return Unknown(error=messages.NOT_A_NUMBER)
        return finite(value / 10**self.scale if self.kind is Kind.DECIMAL else value)

    def value(self, facts: Facts) -> Scalar | Unknown:
        """Returns a value of the kind that the expression has. Never raises."""
        data = self._data(facts)
        if isinstance(data, Unknown):
            return data
        value = run(self.program, data)
        if isinstance(value, Failed):
            return self._unknown(facts, value)
        if self.kind is Kind.DECIMAL and isinstance(value, int):
            return unscaled(value, self.scale)
        return value.date() if self.kind is Kind.DATE and isinstance(value, datetime) else value

    def _data(self, facts: Facts) -> Data | Unknown:
        data = dict(self.constants)
        for name, needed, to_plain in self.attributes:
            fact = facts.get(name)
            if fact is None or isinstance(fact, Invalid) or _is_cut(fact):
                if needed:
                    return _unusable(name, fact)
            else:
                data[name] = to_plain(fact) if to_plain else fact
        for variable, name in self.presences:
            data[variable] = name in facts
        return data

    def _unknown(self, facts: Facts, failed: Failed) -> Unknown:
        for name, _, _ in self.attributes:
            fact = facts.get(name)
            if fact is None or isinstance(fact, Invalid) or _is_cut(fact):
                return _unusable(name, fact)
        return Unknown(error=self._absent_field(facts, failed) or failed.words)

    def _absent_field(self, facts: Facts, failed: Failed) -> str | None:
        """Returns which item lacks the field that was read.

        A key that is no declared field may be a value.
        """
        key = failed.absent_key
        for name, fields in self.fields.items():
            items = facts.get(name)
            if key in fields and isinstance(items, tuple):
                lacking = (number for number, item in enumerate(items) if key not in item)  # type: ignore[operator]
                if (number := next(lacking, None)) is not None:
                    return messages.absent_field(name, number, key)
        return None


def _unusable(name: str, fact: Fact | None) -> Unknown:
    if fact is None:
        return Unknown(missing=name)
    return Unknown(error=f"{name} {fact.why if isinstance(fact, Invalid) else messages.HOLDS_NUL}")


def finite(number: float) -> float | Unknown:
    """Returns a number as a score, which can be compared with every other."""
    value = float(number)
    return value if value - value == 0 else Unknown(error=messages.NOT_FINITE)


def _is_cut(fact: Fact) -> bool:
    """Returns whether cel-expr-python would read less of a value than there is."""
    if isinstance(fact, str):
        return NUL in fact
    return isinstance(fact, tuple) and any(map(_holds_nul, fact))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return NUL in value
    if isinstance(value, dict):
        return any(map(_holds_nul, value.values()))
    return isinstance(value, tuple) and any(map(_holds_nul, value))
