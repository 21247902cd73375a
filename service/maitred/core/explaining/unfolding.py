"""Situations unfolded down to attribute and value: why one holds, does not hold, or is not known.

Of a situation that is not known only what is not known is told: the attributes that are absent,
may not be read or have a wrong value. Each situation is followed the first time it is named only.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from maitred.core.behaviour.history import EVENTS, OUTCOMES
from maitred.core.conditions.computed import Computed
from maitred.core.conditions.model import All, Any, Condition, Literal, Residual, Unknown
from maitred.core.conditions.scan import Memo, truth
from maitred.core.deciding.policy import Policy
from maitred.core.learning.draws import NO_DRAWS, Draws
from maitred.core.privacy.purposes import barred_words, purpose_barred_words
from maitred.core.rules.ruleset import Atom, Member, Situation
from maitred.core.rules.situations import Derivation
from maitred.core.values.types import SITUATION, Facts
from maitred.core.values.wording import value_words

from .words import FactReasons, is_truth, joined, need_words, shortfall_words

MAX_DEPTH = 8
"""Situations within situations that are followed; deeper ones are only named."""


@dataclass(frozen=True, slots=True)
class Unfolding:
    """What is behind the facts of one decision, and the values of its learned scores."""

    policy: Policy
    facts: Facts
    memo: Memo
    derivation: Derivation | None
    situations: Mapping[str, Situation] = field(default_factory=dict)
    draws: Draws = NO_DRAWS
    computed: Mapping[str, Computed] = field(default_factory=dict)

    @classmethod
    def of(cls, policy: Policy, facts: Facts, memo: Memo, draws: Draws) -> "Unfolding":
        """The situations are derived anew, with their support."""
        derivation = policy.situations.derivation(facts) if policy.situations else None
        situations = {situation.name: situation for situation in policy.ruleset.situations}
        computed = {attribute.name: attribute for attribute in policy.ruleset.computed}
        return cls(policy, facts, memo, derivation, situations, draws, computed)

    @property
    def background(self) -> FactReasons:
        """What words on conditions take from it."""
        return FactReasons(self.absent, self.need)

    def absent(self, attribute: str) -> str:
        """Returns why an attribute is not there; a computed one for want of what it reads."""
        barred = barred_words(self.policy.ruleset.attributes.get(attribute), self.facts)
        return barred or ", as ".join(("is absent", *self._lacking_sources(attribute)))

    def _lacking_sources(self, attribute: str) -> Iterator[str]:
        """Yields the first that is not there of what a computed attribute reads."""
        computed = self.computed.get(attribute)
        for name in sorted(computed.reads) if computed else ():
            if name in self.facts:
                continue
            if name.startswith((EVENTS, OUTCOMES)):
                why = purpose_barred_words(self._purpose_of_events(name), self.facts)
            else:
                why = self.absent(name)
            if why:
                yield f"{name} {why}"
                return

    def _purpose_of_events(self, source: str) -> str:
        kind = self.policy.ruleset.events.get(source.partition(".")[2])
        return kind.purpose if kind and source.startswith(EVENTS) else ""

    def need(self, name: str, wanted: bool) -> str:  # noqa: FBT001 -- a truth value
        """Returns why a situation that is to hold, or not, does not do so."""
        words = f"needs {'' if wanted else 'no '}{name}"
        if self._is_unknown(name):
            reasons = joined(list(self._unknown(name)), "; ")
        elif self._holds(name):
            reasons = self._support(name, {name})
        else:
            reasons = self._shortfall(name, {name})
        return f"{words}: {reasons}" if reasons else words

    def because(self, name: str) -> str:
        """Returns why a situation holds, or that it cannot be told."""
        if self._holds(name):
            return f"{name} because {self._support(name, {name})}"
        return f"{name} cannot be told: {joined(list(self._unknown(name)), '; ')}"

    def cause(self, unknown: Unknown) -> Unknown:
        """Down to the attribute: what is absent first, then what has a wrong value."""
        missing = unknown.missing
        if not missing or not missing.startswith(SITUATION):
            return unknown
        name = missing.removeprefix(SITUATION)
        leaves = list(self._unknown_leaves(name, {name}))
        return next((leaf for leaf in leaves if leaf.missing), leaves[0] if leaves else unknown)

    def _is_unknown(self, name: str) -> bool:
        return self.derivation is None or name in self.derivation.unknown

    def _holds(self, name: str) -> bool:
        return self.derivation is not None and name in self.derivation.holds

    def _unknown(self, name: str) -> Iterator[str]:
        for leaf in self._unknown_leaves(name, {name}):
            yield f"{leaf.missing} {self.absent(leaf.missing)}" if leaf.missing else str(leaf.error)

    def _unknown_leaves(self, name: str, seen: set[str]) -> Iterator[Unknown]:
        for member in self._members(name):
            if isinstance(member, Atom):
                yield from self._leaves(member.condition, seen)
            else:
                yield from self._followed(member, seen)

    def _leaves(self, condition: Condition, seen: set[str]) -> Iterator[Unknown]:
        if isinstance(condition, All | Any):
            for term in condition.terms:
                yield from self._leaves(term, seen)
            return
        answer = truth(condition, self.facts, self.memo)
        if not isinstance(answer, Unknown):
            return
        if answer.missing and answer.missing.startswith(SITUATION):
            yield from self._followed(answer.missing.removeprefix(SITUATION), seen)
        else:
            yield answer

    def _followed(self, name: str, seen: set[str]) -> Iterator[Unknown]:
        if name not in seen and self._is_unknown(name):
            seen.add(name)
            yield from self._unknown_leaves(name, seen)

    def _support(self, name: str, seen: set[str]) -> str:
        """Returns the members that hold, each with the values that were there."""
        situation, words = self.situations[name], list[str]()
        for member in (*situation.all, *situation.any):
            if isinstance(member, Atom):
                if self._is_so(member):
                    words.append(", ".join(support(member.condition, self.facts, self.memo)) or member.text)
            elif self._holds(member):
                words.append(self._bracketed(member, seen, self._support))
        words += [f"no {member}" for member in situation.none if isinstance(member, str)]
        words += [f"not ({member.text})" for member in situation.none if isinstance(member, Atom)]
        return joined(words, " and ")

    def _shortfall(self, name: str, seen: set[str]) -> str:
        """Returns the members that do not hold and should, and those that hold and should not."""
        situation = self.situations[name]
        words = [self._lacking(member, seen) for member in situation.all if not self._is_so(member)]
        if situation.any and not any(map(self._is_so, situation.any)):
            words.append(joined([self._lacking(member, seen) for member in situation.any], ", or "))
        for member in filter(self._is_so, situation.none):
            if isinstance(member, Atom):
                reasons = ", ".join(support(member.condition, self.facts, self.memo))
                words.append(f"needs not ({member.text}), and {reasons or 'it is so'}")
            else:
                words.append(f"needs no {self._bracketed(member, seen, self._support)}")
        return joined(words, "; ")

    def _lacking(self, member: Member, seen: set[str]) -> str:
        if isinstance(member, Atom):
            return shortfall_words(member.condition, self.facts, self.memo, self.background)
        if self._is_unknown(member):
            return f"needs {member}, which is not known"
        return f"needs {self._bracketed(member, seen, self._shortfall)}"

    def _bracketed(self, name: str, seen: set[str], reasons: "_Reasons") -> str:
        if name in seen or len(seen) > MAX_DEPTH:
            return name
        seen.add(name)
        words = reasons(name, seen)
        return f"{name} ({words})" if words else name

    def _is_so(self, member: Member) -> bool:
        if isinstance(member, Atom):
            return truth(member.condition, self.facts, self.memo) is True
        return self._holds(member)

    def _members(self, name: str) -> tuple[Member, ...]:
        situation = self.situations.get(name)
        return (*situation.all, *situation.any, *situation.none) if situation else ()


_Reasons = Callable[[str, set[str]], str]


def support(condition: Condition, facts: Facts, memo: Memo) -> Iterator[str]:
    """Yields the leaves that hold, each with the value that was there."""
    match condition:
        case Literal(attribute, test):
            if truth(condition, facts, memo) is True:
                needless = is_truth(test) or attribute not in facts
                yield need_words(condition) + ("" if needless else f", is {value_words(facts[attribute])}")
        case Residual(expression, wanted):
            if truth(condition, facts, memo) is True:
                yield expression.text if wanted else f"not ({expression.text})"
        case All(terms) | Any(terms):
            for term in terms:
                yield from support(term, facts, memo)
