"""One decision, as a pure function of the policy and the question."""

import math
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from operator import neg

from .conditions import Unknown
from .decisions import Decision, Proposal, Question, RenderedTreatment
from .policy import Policy, placeholders
from .rules import Action, Placeholder, Template, Treatment
from .scan import Memo, evaluate
from .values import Facts, Invalid
from .words import value_words

Ranked = tuple[float, str, Action]
"""Negated score, name, action: sorts best first, ties by name."""

_NO_TREATMENT = Treatment()


def decide(policy: Policy, question: Question) -> Decision:
    """Ranks the actions whose every condition holds and proposes the best of them."""
    mask = policy.index.candidates(question.facts)
    best = islice(ranked(policy, mask, question.facts), question.max_actions)
    proposals = tuple(
        Proposal(
            action=action.name,
            rank=rank,
            score=neg(negated) + 0.0,
            type=action.type,
            treatment=treatment_of(policy, action, question),
        )
        for rank, (negated, _, action) in enumerate(best, start=1)
    )
    return Decision(proposals, candidates=mask.bit_count())


def ranked(policy: Policy, mask: int, facts: Facts) -> Iterator[Ranked]:
    """The actions that hold, best first; as lazy as their scores allow.

    ``mask`` is what the index left possible. An action whose score has no value is left out.
    """
    memo: Memo = {}
    scored_mask = mask & policy.scored_clauses
    fixed = _fixed(policy, mask ^ scored_mask, facts, memo)
    if not scored_mask:
        return fixed
    return merge(sorted(_scored(policy, scored_mask, facts, memo)), fixed)


def _fixed(policy: Policy, mask: int, facts: Facts, memo: Memo) -> Iterator[Ranked]:
    for entry in policy.index.matches(mask, facts, memo):
        action = policy.actions[entry]
        yield -action.score.constant, action.name, action  # type: ignore[operator]


def _scored(policy: Policy, mask: int, facts: Facts, memo: Memo) -> Iterator[Ranked]:
    for entry in policy.index.matches(mask, facts, memo):
        action = policy.actions[entry]
        score = score_of(action, facts, memo)
        if not isinstance(score, Unknown):
            yield -score, action.name, action


def score_of(action: Action, facts: Facts, memo: Memo) -> float | Unknown:
    """The action's score; unknown where it has no finite value."""
    if action.score.expression is None:
        return action.score.constant or 0.0
    value = evaluate(action.score.expression, facts, memo)
    if isinstance(value, Unknown):
        return value
    return (
        value
        if isinstance(value, float) and math.isfinite(value)
        else Unknown(error="the score is not a finite number")
    )


def treatment_of(policy: Policy, action: Action, question: Question) -> RenderedTreatment:
    """The action's treatment on the question's channel; one that reads no attribute is rendered once."""
    channel = question.channel if question.channel in action.treatments else ""
    key = action.name, channel
    found = policy.rendered.get(key)
    if found is None:
        treatment = action.treatments.get(channel, _NO_TREATMENT)
        found = render(treatment, action.title, question.facts)
        if not any(placeholders(treatment)):
            policy.rendered[key] = found
    return found


def render(treatment: Treatment, title: str, facts: Facts) -> RenderedTreatment:
    """A treatment's text; a line that needs an absent attribute is left out, a title falls back."""
    say = tuple(line for line in (fill(template, facts) for template in treatment.say) if line)
    own_title = fill(treatment.title, facts) if treatment.title else None
    return RenderedTreatment(own_title or title, say, fill(treatment.show, facts) or "")


def fill(template: Template, facts: Facts) -> str | None:
    """The template's text; ``None`` where a placeholder has no value."""
    words: list[str] = []
    for part in template:
        if not isinstance(part, Placeholder):
            words.append(part)
            continue
        value = facts.get(part.attribute)
        if value is None or isinstance(value, Invalid):
            return None
        words.append(value_words(value))
    return "".join(words)
