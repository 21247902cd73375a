"""Ranking the actions that hold: best score first, ties by name, as lazily as scores allow."""

import math
from collections.abc import Collection, Iterable, Iterator

from maitred.core.conditions.model import Unknown
from maitred.core.conditions.scan import Memo, evaluate, truth
from maitred.core.learning.draws import NO_DRAWS, Drawn, Draws
from maitred.core.learning.formulas import NOT_FINITE, NoValueError
from maitred.core.learning.learners import NOTHING_LEARNED, Parameters
from maitred.core.rules.experiments import Exposed, as_assigned
from maitred.core.rules.ruleset import Action
from maitred.core.values.types import Facts, Scalar

from .decisions import Question
from .policy import Policy

Ranked = tuple[float, Action]
"""Score and action."""
MAX_AT_ONCE = 16
"""Actions that are ranked together where all of them hold: merging what is ranked lazily takes longer."""


class Ranking:
    """The actions that hold, best first; worked out as far as it is looked at, and only once.

    What is due by a promise comes before everything else.
    Those that only stand in for others are left out, and so is an action whose score has no value.
    ``candidates`` counts the actions that the index left possible. An action is as the person's arm has it.
    ``draws`` gives the values of learned scores, from what was ``learned``. ``possible`` are the clauses
    that the index leaves, where it has been asked before.
    """

    __slots__ = (
        "_asked", "_facts", "_memo", "_policy", "_possible", "_ranked", "_rest", "candidates", "draws",
    )  # fmt: skip

    def __init__(
        self,
        policy: Policy,
        question: Question,
        learned: Parameters = NOTHING_LEARNED,
        possible: int | None = None,
    ) -> None:
        facts = question.facts
        mask = self._possible = policy.index.candidates(facts) if possible is None else possible
        self._policy, self._facts, self._memo = policy, facts, Memo()
        draws = self.draws = draws_of(policy, question, learned)
        if policy.stand_in_clauses:
            mask &= ~policy.stand_in_clauses
        self.candidates = policy.index.count(mask)
        scored_mask = mask & policy.scored_clauses
        self._ranked: list[Ranked] = []
        self._rest: Iterable[Ranked] = ()
        if self.candidates > MAX_AT_ONCE or policy.promises or mask & policy.index.checked:
            self._rank_lazily(mask ^ scored_mask, scored_mask)
        else:
            self._ranked = _at_once(policy, mask, facts, self._memo, draws)
        self._asked = tuple(draws.asked) if policy.learners else ()

    def _rank_lazily(self, fixed_mask: int, scored_mask: int) -> None:
        policy, facts, draws = self._policy, self._facts, self.draws
        due = sorted(_due(policy, facts, draws), key=_best_first) if policy.promises else []
        scored: list[Ranked] = []
        if scored_mask:
            scored = _scored(policy, scored_mask, facts, self._memo, draws)
        fixed = _fixed(policy, fixed_mask, facts, self._memo)
        rest = _merged(scored, fixed) if scored else fixed
        self._ranked = due
        self._rest = _without(rest, {action.name for _, action in due}) if due else rest

    def __iter__(self) -> Iterator[Ranked]:
        return self._rank_on() if self._rest else iter(self._ranked)

    def _rank_on(self) -> Iterator[Ranked]:
        yield from self._ranked
        for entry in self._rest:
            self._ranked.append(entry)
            yield entry

    def arms(self, paused: Collection[str]) -> list[Exposed]:
        """The experiments and holdouts that make a difference to the decision, each with the arm."""
        trials = self._policy.trials
        return [] if trials is None else trials.exposures(paused, self._possible, self._facts, self._memo)

    def drawn(self, unranked: Collection[Action]) -> Drawn:
        """What each learner went by for the actions that were ranked, and for those that were picked without.

        It does not depend on how far was ranked.
        """
        if not unranked:
            return self.draws.drawn(self._asked)
        also = [(name, action.name) for action in unranked for name in action.score.learned]
        return self.draws.drawn(self._asked, also)


def draws_of(policy: Policy, question: Question, learned: Parameters) -> Draws:
    """The values of learned scores in the decision on a question."""
    if not policy.learners:
        return NO_DRAWS
    return Draws(policy.taught(learned), question.seed, question.facts)


def due_names(policy: Policy, facts: Facts) -> dict[str, str]:
    """The actions that are due, each with the name of the promise."""
    memo: Memo = {}
    return {
        promise.action: promise.name
        for promise, condition in policy.promises
        if truth(condition, facts, memo) is True
    }


def _due(policy: Policy, facts: Facts, draws: Draws) -> Iterator[Ranked]:
    """The actions that are due, and that hold."""
    memo: Memo = {}
    for name in due_names(policy, facts):
        action = policy.assigned(name, facts)
        score = score_if_it_holds(policy, action, facts, memo, draws)
        if score is not None:
            yield score, action


def _merged(scored: Iterable[Ranked], fixed: Iterator[Ranked]) -> Iterator[Ranked]:
    """Both, each of which has the best first."""
    other = next(fixed, None)
    for entry in scored:
        score, action = entry
        while other is not None and (other[0] > score or (other[0] == score and other[1].name < action.name)):
            yield other
            other = next(fixed, None)
        yield entry
    if other is not None:
        yield other
        yield from fixed


def _without(ranked: Iterable[Ranked], names: Collection[str]) -> Iterator[Ranked]:
    return (entry for entry in ranked if entry[1].name not in names)


def _best_first(ranked: Ranked) -> tuple[float, str]:
    score, action = ranked
    return -score, action.name


def _fixed(policy: Policy, mask: int, facts: Facts, memo: Memo) -> Iterator[Ranked]:
    actions = policy.actions
    for entry in policy.index.matches(mask, facts, memo):
        action = actions[entry]
        if action.trials:
            action = as_assigned(action, facts)
        yield action.score.constant or 0.0, action


def _scored(policy: Policy, mask: int, facts: Facts, memo: Memo, draws: Draws) -> list[Ranked]:
    ranked: list[Ranked] = []
    for entry in policy.index.matches(mask, facts, memo):
        action = policy.actions[entry]
        if action.trials:
            action = as_assigned(action, facts)
        score = score_of(action, facts, memo, draws)
        if not isinstance(score, Unknown):
            ranked.append((score, action))
    if len(ranked) > 1:
        ranked.sort(key=_best_first)
    return ranked


def _at_once(policy: Policy, mask: int, facts: Facts, memo: Memo, draws: Draws) -> list[Ranked]:
    """The same of clauses without checks, whatever their scores."""
    actions, owner = policy.actions, policy.index.owner
    is_scored, last = mask & policy.scored_clauses, -1
    ranked: list[Ranked] = []
    while mask:
        low = mask & -mask
        mask ^= low
        entry = owner[low.bit_length() - 1]
        if entry == last:
            continue
        last, action = entry, actions[entry]
        if action.trials:
            action = as_assigned(action, facts)
        score = action.score
        value: float | Unknown
        if score.linear:
            learner, base, factor = score.linear
            value = base + factor * draws.value(action.name, learner)
        elif score.expression:
            value = score_of(action, facts, memo, draws)
            if isinstance(value, Unknown):
                continue
        else:
            value = score.constant or 0.0
        ranked.append((value, action))
    if is_scored:
        ranked.sort(key=_best_first)
    return ranked


def score_if_it_holds(policy: Policy, action: Action, facts: Facts, memo: Memo, draws: Draws) -> float | None:
    """The score of one action by itself; ``None`` where a gate does not hold, or it has no score."""
    gates = policy.gates[action.name]
    if not all(truth(gate.condition, facts, memo) is True for gate in gates):
        return None
    score = score_of(action, facts, memo, draws)
    return None if isinstance(score, Unknown) else score


def score_of(action: Action, facts: Facts, memo: Memo, draws: Draws) -> float | Unknown:
    """The action's score; unknown where it has no finite value."""
    score = action.score
    if score.linear:
        learner, base, factor = score.linear
        return base + factor * draws.value(action.name, learner)
    if score.expression is None:
        return score.constant or 0.0
    value: Scalar | Unknown
    if score.compute is None:
        value = evaluate(score.expression, facts, memo)
    else:
        try:
            value = score.compute(draws.value, action.name, facts, memo)
        except NoValueError as none:
            value = none.unknown
        except ZeroDivisionError:
            value = Unknown(error=NOT_FINITE)
    if isinstance(value, float) and math.isfinite(value):
        return value
    return value if isinstance(value, Unknown) else Unknown(error=NOT_FINITE)
