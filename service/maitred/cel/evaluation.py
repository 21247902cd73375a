"""Expressions left to cel-cpp, evaluated over the facts of one decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from maitred.core.conditions.model import Unknown
from maitred.core.values.types import Fact, Facts, Invalid, Scalar

from . import messages
from .environment import NUL, Data, Failed, run


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A program and what it reads. Safe to call from many threads: it holds no state.

    ``attributes`` come with whether there is no value without them; ``presences`` are pairs
    of variable and attribute. ``constants`` are handed over with every evaluation.
    """

    program: Any
    attributes: tuple[tuple[str, bool], ...]
    presences: tuple[tuple[str, str], ...]
    constants: Data

    @property
    def reads(self) -> frozenset[str]:
        """Names of all attributes."""
        return frozenset(name for name, _ in self.attributes) | frozenset(name for _, name in self.presences)

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
        """A finite number or unknown. Never raises."""
        data = self._data(facts)
        if isinstance(data, Unknown):
            return data
        value = run(self.program, data)
        if isinstance(value, Failed):
            return self._unknown(facts, value)
        return finite(value) if isinstance(value, int | float) else Unknown(error=messages.NOT_A_NUMBER)

    def _data(self, facts: Facts) -> Data | Unknown:
        data = dict(self.constants)
        for name, needed in self.attributes:
            fact = facts.get(name)
            if fact is None or isinstance(fact, Invalid) or _is_cut(fact):
                if needed:
                    return _unusable(name, fact)
            else:
                data[name] = list(fact) if isinstance(fact, tuple) else fact
        for variable, name in self.presences:
            data[variable] = name in facts
        return data

    def _unknown(self, facts: Facts, failed: Failed) -> Unknown:
        for name, _ in self.attributes:
            fact = facts.get(name)
            if fact is None or isinstance(fact, Invalid) or _is_cut(fact):
                return _unusable(name, fact)
        return Unknown(error=failed.words)


def _unusable(name: str, fact: Fact | None) -> Unknown:
    if fact is None:
        return Unknown(missing=name)
    return Unknown(error=f"{name} {fact.why if isinstance(fact, Invalid) else messages.HOLDS_NUL}")


def finite(number: float) -> float | Unknown:
    """A number as a score, which can be compared with every other."""
    value = float(number)
    return value if value - value == 0 else Unknown(error=messages.NOT_FINITE)


def _is_cut(fact: Fact) -> bool:
    """Whether cel-expr-python would read less of a value than there is."""
    if isinstance(fact, str):
        return NUL in fact
    return isinstance(fact, tuple) and _any_cut(fact)


def _any_cut(values: Iterable[Scalar]) -> bool:
    return any(isinstance(value, str) and NUL in value for value in values)
