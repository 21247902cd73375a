"""One decision, as a pure function of the policy, the question and the snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maitred.core.explaining.words import shown_words
from maitred.core.limits.snapshot import Snapshot
from maitred.core.rules.policy import HOLD_EXPIRES, Policy
from maitred.core.rules.ruleset import Action
from maitred.core.rules.treatments import Placeholder, Template, Treatment, placeholders
from maitred.core.values.types import Facts, Invalid

from .choose import Pick, Wanted, choose
from .decisions import Decision, Proposal, Question
from .ranking import Ranking

MAX_STANDING_PROPOSALS = 65_536
"""Some 30 MB; more only in rulesets whose every action is proposed at many ranks."""

_NO_TREATMENT: Treatment[Template] = Treatment()


class Hold(NamedTuple):
    """What holds the units that a proposal needs, and until when."""

    lot: bytes
    expires_at: datetime | None


def decide(policy: Policy, question: Question, snapshot: Snapshot | None = None) -> Decision:
    """Ranks the actions whose every condition holds and proposes the best that limits allow.

    Raises ``LookupError`` where the snapshot does not tell of a limit that has to be known.
    """
    ranking = Ranking(policy, question.facts)
    chosen = choose(policy, question, ranking, snapshot or Snapshot())
    if isinstance(chosen, Wanted):
        names = ", ".join(action.name for action in chosen.actions)
        message = f"the snapshot does not tell of the limits of {names}"
        raise LookupError(message)  # noqa: TRY004 -- a value that lacks something
    return Decision(proposals_of(policy, question, chosen.picks), ranking.candidates)


def proposals_of(
    policy: Policy, question: Question, picks: Iterable[Pick], holds: Mapping[str, Hold] | None = None
) -> tuple[Proposal, ...]:
    """The proposals of what was picked; ``holds`` by name of the action."""
    holds = holds or {}
    return tuple(
        _with_hold(policy, question, pick, rank, holds[pick.action.name])
        if pick.action.name in holds
        else _of_pick(policy, question, pick, rank)
        for rank, pick in enumerate(picks, start=1)
    )


def _of_pick(policy: Policy, question: Question, pick: Pick, rank: int) -> Proposal:
    found = proposal_of(policy, pick.action, rank, pick.score, question)
    return replace(found, substitute_for=pick.substitute_for) if pick.substitute_for else found


def _with_hold(policy: Policy, question: Question, pick: Pick, rank: int, hold: Hold) -> Proposal:
    found = _of_pick(policy, question, pick, rank)
    treatment = found.treatment
    written = pick.action.treatments.get(question.channel, _NO_TREATMENT)
    if hold.expires_at and HOLD_EXPIRES in placeholders(written):
        told = hold_words(hold.expires_at, question)
        treatment = render(written, pick.action.title, {**question.facts, HOLD_EXPIRES: told})
    return replace(found, treatment=treatment, hold_expires_at=hold.expires_at, lot=hold.lot)


def hold_words(expires_at: datetime, question: Question) -> str:
    """When a hold expires, by the clock of the place; with the date where that is another day."""
    zone = ZoneInfo(question.zone)
    here, now = expires_at.astimezone(zone), question.now.astimezone(zone)
    return f"{here:%H:%M}" if here.date() == now.date() else f"{here:%Y-%m-%d %H:%M}"


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


def render(treatment: Treatment[Template], title: str, facts: Facts) -> Treatment[str]:
    """A treatment's text; a line that needs an absent attribute is left out, a title falls back."""
    texts = treatment.mapped(lambda _, template: fill(template, facts))
    return texts if texts.title else replace(texts, title=title)


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
