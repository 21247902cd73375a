"""One decision, as a pure function of the policy and the question."""

import math
from collections.abc import Iterator
from heapq import merge

from .conditions import Unknown
from .decisions import Decision, Proposal, Question, RenderedTreatment
from .policy import Policy, placeholders
from .rules import Action, Placeholder, Template, Treatment
from .scan import Memo, evaluate
from .values import Facts, Invalid
from .words import shown_words

Ranked = tuple[float, Action]
"""Score and action."""

MAX_STANDING_PROPOSALS = 65_536
"""Some 30 MB; more only in rulesets whose every action is proposed at many ranks."""

_NO_TREATMENT = Treatment()


def decide(policy: Policy, question: Question) -> Decision:
    """Ranks the actions whose every condition holds and proposes the best of them."""
    mask = policy.index.candidates(question.facts)
    proposals: list[Proposal] = []
    for score, action in ranked(policy, mask, question.facts):
        proposals.append(proposal_of(policy, action, len(proposals) + 1, score, question))
        if len(proposals) == question.max_actions:
            break
    return Decision(tuple(proposals), policy.index.count(mask))


def ranked(policy: Policy, mask: int, facts: Facts) -> Iterator[Ranked]:
    """The actions that hold, best first; as lazy as their scores allow.

    ``mask`` is what the index left possible. An action whose score has no value is left out.
    """
    memo: Memo = {}
    scored_mask = mask & policy.scored_clauses
    fixed = _fixed(policy, mask ^ scored_mask, facts, memo)
    if not scored_mask:
        return fixed
    return merge(sorted(_scored(policy, scored_mask, facts, memo), key=_best_first), fixed, key=_best_first)


def _best_first(ranked: Ranked) -> tuple[float, str]:
    score, action = ranked
    return -score, action.name


def _fixed(policy: Policy, mask: int, facts: Facts, memo: Memo) -> Iterator[Ranked]:
    actions = policy.actions
    for entry in policy.index.matches(mask, facts, memo):
        action = actions[entry]
        yield action.score.constant or 0.0, action


def _scored(policy: Policy, mask: int, facts: Facts, memo: Memo) -> Iterator[Ranked]:
    for entry in policy.index.matches(mask, facts, memo):
        action = policy.actions[entry]
        score = score_of(action, facts, memo)
        if not isinstance(score, Unknown):
            yield score, action


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


def proposal_of(policy: Policy, action: Action, rank: int, score: float, question: Question) -> Proposal:
    """The proposal of an action; one that depends on no attribute is made once."""
    channel = question.channel if question.channel in action.treatments else ""
    key = action.name, rank, channel
    found = policy.standing.get(key)
    if found is None:
        treatment = action.treatments.get(channel, _NO_TREATMENT)
        found = Proposal(
            action.name, rank, score, action.type, render(treatment, action.title, question.facts)
        )
        if action.score.expression is None and not any(placeholders(treatment)):
            if len(policy.standing) >= MAX_STANDING_PROPOSALS:
                policy.standing.clear()
            policy.standing[key] = found
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
        words.append(shown_words(value))
    return "".join(words)
