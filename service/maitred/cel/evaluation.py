"""Expressions left to cel-cpp, evaluated over the facts of one decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from maitred.core.conditions import Unknown
from maitred.core.values import Fact, Facts, Invalid, Scalar

from . import messages
from .environment import NUL, Data, Failed, run


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A program and what it reads. Safe to call from many threads: it holds no state.

    ``attributes`` are read in this order; ``presences`` are pairs of variable and attribute.
    ``constants`` are handed over with every evaluation.
    """

    program: Any
    attributes: tuple[str, ...]
    presences: tuple[tuple[str, str], ...]
    constants: Data

    def truth(self, facts: Facts) -> bool | Unknown:
        """True, false or unknown. Never raises."""
        value = run(self.program, self._data(facts))
        if value is True or value is False:
            return value
        words = value.words if isinstance(value, Failed) else messages.NOT_TRUE_OR_FALSE
        return self._unknown(facts, words)

    def number(self, facts: Facts) -> float | Unknown:
        """A finite number or unknown. Never raises."""
        value = run(self.program, self._data(facts))
        if isinstance(value, Failed):
            return self._unknown(facts, value.words)
        if isinstance(value, int | float):
            return finite(value)
        return Unknown(error=messages.NOT_A_NUMBER)

    def _data(self, facts: Facts) -> Data:
        data = dict(self.constants)
        for name in self.attributes:
            fact = facts.get(name)
            if fact is None or isinstance(fact, Invalid) or _is_cut(fact):
                continue
            data[name] = list(fact) if isinstance(fact, tuple) else fact
        for variable, name in self.presences:
            data[variable] = name in facts
        return data

    def _unknown(self, facts: Facts, words: str) -> Unknown:
        for name in self.attributes:
            if name not in facts:
                return Unknown(missing=name)
            fact = facts[name]
            if isinstance(fact, Invalid):
                return Unknown(error=f"{name} {fact.why}")
            if _is_cut(fact):
                return Unknown(error=f"{name} {messages.HOLDS_NUL}")
        return Unknown(error=words)


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
