"""Ranking what holds: best score first, ties by name, as lazily as scores allow."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping

from maitred.core.conditions.model import Unknown
from maitred.core.conditions.scan import Memo, evaluate, truth
from maitred.core.learning.draws import NO_DRAWS, Draws, Learned
from maitred.core.learning.formulas import NOT_FINITE
from maitred.core.learning.learners import NOTHING_LEARNED, Parameters
from maitred.core.rules.experiments import Look, as_assigned
from maitred.core.rules.ruleset import Action
from maitred.core.values.types import Facts, Scalar

from .decisions import NOTHING_DRAWN, Question
from .policy import Policy

Ranked = tuple[float, Action]
"""Score and action."""


class Ranking:
    """The actions that hold, best first; worked out as far as it is looked at, and only once.

    What is due by a promise comes before everything else.
    Those that only stand in for others are left out, and so is an action whose score has no value.
    ``candidates`` counts the actions that the index left possible. An action is as the person's arm has it.
    ``draws`` gives the values of learned scores, from what was ``learned``.
    """

    def __init__(self, policy: Policy, question: Question, learned: Parameters = NOTHING_LEARNED) -> None:
        facts = question.facts
        mask = self._possible = policy.index.candidates(facts)
        self._policy, self._facts, self._memo = policy, facts, Memo()
        draws = self.draws = draws_of(policy, question, learned)
        if policy.stand_in_clauses:
            mask &= ~policy.stand_in_clauses
        self.candidates = policy.index.count(mask)
        due = sorted(_due(policy, facts, draws), key=_best_first) if policy.promises else []
        names = {action.name for _, action in due}
        scored_mask = mask & policy.scored_clauses
        scored: list[Ranked] = []
        if scored_mask:
            scored = _scored(policy, scored_mask, facts, self._memo, draws)
        fixed = _fixed(policy, mask ^ scored_mask, facts, self._memo)
        rest = _merged(scored, fixed) if scored else fixed
        self._ranked = due
        self._asked = draws.asked()
        self._rest = (entry for entry in rest if entry[1].name not in names) if names else rest

    def __iter__(self) -> Iterator[Ranked]:
        yield from self._ranked
        for entry in self._rest:
            self._ranked.append(entry)
            yield entry

    def arms(self, paused: Collection[str]) -> dict[str, str]:
        """The experiments and holdouts that make a difference to the decision, each with the arm."""
        policy, trials = self._policy, self._policy.trials
        if trials is None:
            return {}
        look = Look(policy.index, policy.actions, paused)
        return trials.exposures(look, self._possible, self._facts, self._memo)

    def learned(self, picks: Iterable[Action]) -> Mapping[str, Learned]:
        """What each learner went by for the actions that were ranked, and for those of the picks.

        It does not depend on how far was ranked.
        """
        picked = [(name, action.name) for action in picks for name in action.score.learned]
        return self.draws.learned((*self._asked, *picked)) if picked or self._asked else NOTHING_DRAWN


def draws_of(policy: Policy, question: Question, learned: Parameters) -> Draws:
    """The values of learned scores in the decision on a question."""
    if not policy.learners:
        return NO_DRAWS
    return Draws(policy.learners, question.seed, learned, question.facts)


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
        while other is not None and (-other[0], other[1].name) < (-score, action.name):
            yield other
            other = next(fixed, None)
        yield entry
    if other is not None:
        yield other
        yield from fixed


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
    if score.expression is None:
        return score.constant or 0.0
    value: Scalar | Unknown
    if score.compute is None:
        value = evaluate(score.expression, facts, memo)
    else:
        value = score.compute(draws.of(action.name), facts, memo)
    if isinstance(value, float) and math.isfinite(value):
        return value
    return value if isinstance(value, Unknown) else Unknown(error=NOT_FINITE)
