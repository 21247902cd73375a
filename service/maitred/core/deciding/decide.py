"""One decision: the steps that production, replay, rule tests and benchmarks all take.

``Preparing`` matches a question against a policy, as far as that goes without the ledger. ``decide`` looks up
what else has to be known and chooses. ``conclude`` writes the proposals. Each is pure; they differ
in who answers ``LookUp``: a batch reads the ledger, a replay has a record's snapshot, a test its own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from maitred.core.learning.draws import UNTAUGHT, Drawn
from maitred.core.rules.experiments import NO_EXPOSURES, Exposures, unrefused, with_refusals
from maitred.core.rules.ruleset import Action
from maitred.core.rules.treatments import Treatment, placeholders
from maitred.core.values.types import HOLD_EXPIRES

from .choose import Chosen, Pick, Reach, Wanted, choose
from .decisions import Decision, Proposal, Question
from .policy import Policy
from .ranking import Ranking
from .rendering import NO_TREATMENT, is_the_same_for_all, render
from .snapshot import Shortage, Snapshot

MAX_STANDING_PROPOSALS = 65_536
"""Some 30 MB; more only in rulesets whose every action is proposed at many ranks."""

_NOTHING_SEEN = Snapshot()


class Hold(NamedTuple):
    """What holds the units that a proposal needs, and until when."""

    lot: bytes
    expires_at: datetime | None


_NO_HOLD = Hold(b"", None)


LookUp = Callable[[Sequence[Action]], Snapshot]
"""How the limits of these actions stand, and of all that were looked up for the same decision before."""


class Prepared(NamedTuple):
    """A question matched against a policy.

    ``seen`` is what was known when it was asked: the actions that are stopped, or were rejected in the
    session. ``first`` is what could be chosen without a look at the ledger, or the actions it has to be
    asked for.
    """

    policy: Policy
    question: Question
    ranking: Ranking
    reach: Reach
    seen: Snapshot
    first: Chosen | Wanted
    named: Collection[str] = ()

    @property
    def wants(self) -> tuple[Action, ...]:
        """The actions whose limits have to be looked up first; none where it is decided without."""
        return self.first.actions if isinstance(self.first, Wanted) else ()


class Choice(NamedTuple):
    """What was chosen, best first, why actions that hold were refused by their limits, and what was seen.

    ``refused`` and ``unranked`` as in ``Chosen``.
    """

    picks: tuple[Pick, ...]
    shortages: Mapping[str, Shortage]
    snapshot: Snapshot
    refused: tuple[Action, ...] = ()
    unranked: tuple[Action, ...] = ()


class Preparing:
    """A question that is being prepared: it is matched, then ranked, then chosen from.

    Who has many questions takes each step for all of them before the next one. ``named`` as in ``choose``.
    """

    __slots__ = "_asked", "_possible", "_ranking"
    _ranking: Ranking

    def __init__(
        self,
        policy: Policy,
        question: Question,
        seen: Snapshot = _NOTHING_SEEN,
        reach: Reach = Reach.ENOUGH,
        named: Collection[str] = (),
    ) -> None:
        self._asked = policy, question, seen, reach, named
        self._possible = 0

    def match(self) -> None:
        """Asks the index what is possible."""
        policy, question, *_ = self._asked
        self._possible = policy.index.candidates(question.facts)

    def rank(self) -> None:
        """Ranks the actions whose every condition holds, as lazily as possible."""
        policy, question, seen, _, _ = self._asked
        self._ranking = Ranking(policy, question, seen.learned, self._possible)

    def choose(self) -> Prepared:
        """Chooses as far as that goes without the ledger."""
        policy, question, seen, reach, named = self._asked
        first = choose(policy, question, self._ranking, seen, reach, named=named)
        return Prepared(policy, question, self._ranking, reach, seen, first, named)


def decide(prepared: Prepared, look_up: LookUp) -> Choice:
    """Chooses the best that limits allow.

    Raises ``LookupError`` where what was looked up does not tell of a limit that was asked for.
    """
    step, snapshot = prepared.first, prepared.seen
    if isinstance(step, Chosen) and not step.shortages:
        return Choice(step.picks, step.shortages, snapshot, unranked=step.unranked)
    asked: set[str] = set()
    while wanted := _unasked(prepared, step, asked):
        asked.update([action.name for action in wanted])
        snapshot = look_up(wanted)
        step = choose(
            prepared.policy,
            prepared.question,
            prepared.ranking,
            snapshot,
            prepared.reach,
            named=prepared.named,
        )
    if isinstance(step, Wanted):
        names = ", ".join(action.name for action in step.actions)
        message = f"the snapshot does not tell of the limits of {names}"
        raise LookupError(message)  # noqa: TRY004 -- a value that lacks something
    return Choice(step.picks, step.shortages, snapshot, step.refused, step.unranked)


def conclude(prepared: Prepared, choice: Choice, holds: Mapping[str, "Hold"] | None = None) -> Decision:
    """The decision; ``holds`` are what was taken for the picks, by name of the action."""
    proposals = proposals_of(prepared.policy, prepared.question, choice.picks, holds)
    drawn = prepared.ranking.drawn(choice.unranked) if prepared.policy.learners else UNTAUGHT
    exposures = _exposures(prepared, choice, drawn)
    return Decision(proposals, prepared.ranking.candidates, exposures, drawn.learned)


def _exposures(prepared: Prepared, choice: Choice, drawn: Drawn) -> Exposures:
    if prepared.policy.trials is None and not drawn.arms:
        return NO_EXPOSURES
    arms = prepared.ranking.arms(prepared.seen.paused)
    arms.extend(drawn.arms)
    if not arms:
        return NO_EXPOSURES
    if not choice.refused:
        return unrefused(tuple(arms))
    by_name, shortages = prepared.policy.by_name, choice.shortages
    refused = [(by_name[refusal.name], shortages[refusal.name].reason.name) for refusal in choice.refused]
    return with_refusals(arms, refused)


def decide_from(
    policy: Policy,
    question: Question,
    snapshot: Snapshot | None = None,
    holds: Mapping[str, "Hold"] | None = None,
) -> Decision:
    """Takes all steps at once, from a snapshot that tells of every limit that has to be known.

    Raises ``LookupError`` where it does not.
    """
    known = seen = _NOTHING_SEEN
    if snapshot:
        seen = snapshot
        known = Snapshot(
            paused=seen.paused, rejected=seen.rejected, claimed=seen.claimed, learned=seen.learned
        )
    preparing = Preparing(policy, question, known)
    preparing.match()
    preparing.rank()
    prepared = preparing.choose()
    return conclude(prepared, decide(prepared, lambda _: seen), holds)


def _unasked(prepared: Prepared, step: Chosen | Wanted, asked: set[str]) -> tuple[Action, ...]:
    """What is to be looked up next.

    An action may be refused by counters that others share before it was asked whether a hold of the same
    customer serves it.
    """
    if isinstance(step, Wanted):
        return (
            tuple([action for action in step.actions if action.name not in asked]) if asked else step.actions
        )
    if not step.shortages:
        return ()
    policy, facts = prepared.policy, prepared.question.facts
    refused = (policy.assigned(name, facts) for name in step.shortages if name not in asked)
    return tuple(action for action in refused if action.held)


def proposals_of(
    policy: Policy, question: Question, picks: Iterable[Pick], holds: Mapping[str, Hold] | None = None
) -> tuple[Proposal, ...]:
    """The proposals of what was picked; ``holds`` by name of the action."""
    holds = holds or {}
    return tuple(
        [
            _proposal_of(policy, question, pick, rank, holds.get(pick.action.name))
            for rank, pick in enumerate(picks, start=1)
        ]
    )


def _proposal_of(policy: Policy, question: Question, pick: Pick, rank: int, hold: Hold | None) -> Proposal:
    """Makes the proposal of a pick; what depends on no attribute is made once, but for score and hold."""
    action = pick.action
    key = _standing_key(action, rank, question)
    standing = policy.standing.get(key)
    proposal = standing or _rendered(policy, question, pick, rank, key)
    if pick.claimed:
        claim_id, expires_at = pick.claimed
        words = claimed_treatment(policy, action, question, expires_at)
        return proposal._replace(
            score=pick.score, treatment=words, hold_expires_at=expires_at, claim_id=claim_id
        )
    if not (hold or pick.substitute_for):
        if action.score.expression is None:
            return proposal
        return Proposal(action.name, rank, pick.score, action.type, proposal.treatment)
    lot, expires_at = hold or _NO_HOLD
    words = proposal.treatment
    if expires_at and standing is None:
        words = _words_until(policy, action, question, expires_at) or words
    return Proposal(action.name, rank, pick.score, action.type, words, pick.substitute_for, expires_at, lot)


def _words_until(
    policy: Policy, action: Action, question: Question, expires_at: datetime
) -> Treatment[str] | None:
    """Renders what is said and shown where it tells until when the hold is; ``None`` where it does not."""
    written = action.treatments.get(question.channel, NO_TREATMENT).before_claim()
    if HOLD_EXPIRES not in placeholders(written):
        return None
    return render(policy, action, written, question, expires_at)


def claimed_treatment(
    policy: Policy, action: Action, question: Question, expires_at: datetime | None
) -> Treatment[str]:
    """What is said and shown to who holds a claim of the action until then.

    What depends on nothing is made once: of channels that rules do not name there may be any number.
    """
    channel = question.channel if question.channel in action.treatments else ""
    key = action.name, channel, action.arm
    words = policy.claimed_words.get(key)
    if words is None:
        written = action.treatments.get(channel, NO_TREATMENT).after_claim()
        words = render(policy, action, written, question, expires_at)
        if is_the_same_for_all(action, written):
            policy.claimed_words[key] = words
    return words


_StandingKey = tuple[str, int, str, str]


def _standing_key(action: Action, rank: int, question: Question) -> _StandingKey:
    channel = question.channel if question.channel in action.treatments else ""
    return action.name, rank, channel, action.arm


def _rendered(policy: Policy, question: Question, pick: Pick, rank: int, key: _StandingKey) -> Proposal:
    """Makes the proposal without what a hold adds, put among those that stand if it is the same for all."""
    action = pick.action
    treatment = action.treatments.get(question.channel, NO_TREATMENT).before_claim()
    words = render(policy, action, treatment, question)
    proposal = Proposal(action.name, rank, pick.score, action.type, words)
    if is_the_same_for_all(action, treatment):
        if len(policy.standing) >= MAX_STANDING_PROPOSALS:
            policy.standing.clear()
        policy.standing[key] = proposal
    return proposal
