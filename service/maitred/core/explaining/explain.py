"""Why each action was or was not proposed, worked out by the plain scan, action by action."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from maitred.core.conditions.model import All, Any, Condition, Literal, Unknown, reads
from maitred.core.conditions.scan import Memo, truth
from maitred.core.deciding.choose import Chosen, Reach, choose
from maitred.core.deciding.decisions import Explain, Proposal, Question, Refusal
from maitred.core.deciding.policy import LANGUAGE, Gate, Policy
from maitred.core.deciding.ranking import Ranking, draws_of, due_names, score_of
from maitred.core.deciding.rendering import Voice, fill
from maitred.core.deciding.snapshot import Shortage, Snapshot, is_read
from maitred.core.rules.experiments import assigned_arm, is_guarded
from maitred.core.rules.ruleset import Action, Group
from maitred.core.rules.situations import Derivation
from maitred.core.rules.treatments import gap_in, in_language
from maitred.core.values.reasons import Reason
from maitred.core.values.types import HOLD_EXPIRES, SITUATION, Facts, Invalid
from maitred.core.values.wording import value_words

from .counterfactual import what_would_have
from .unfolding import Unfolding, support
from .words import drawn_words, shortfall_words, unknown_words

MAX_TOLD_CHARS = 600
"""A refusal's detail and a line of ``why`` are read by people; what is longer is cut."""

MAX_DEPTH = 8
"""Situations within situations that are followed; deeper ones are only named."""

_CUT = "…"

Support = Mapping[str, tuple[str, ...]]


def tell(derivation: Derivation, name: str) -> str:
    """Returns why the situation holds; or that it does not, or that nobody knows.

    ``vip_at_risk because service_failure (session.failed_calls >= 3) and customer.tier == "gold"``.
    Each situation is followed the first time it is named only, so that support which goes
    round in a circle comes to an end. At most ``MAX_TOLD_CHARS`` long.
    """
    if name in derivation.unknown:
        return _cut(f"{name} is not known")
    if name not in derivation.holds:
        return _cut(f"{name} does not hold")
    support = dict(derivation.because)
    reasons = _reasons(support, name, {name}, MAX_DEPTH)
    return _cut(f"{name} because {reasons}" if reasons else name)


def _reasons(support: Support, name: str, named: set[str], depth: int) -> str:
    """Members joined by "and", as far as there is room for them: more is never looked at."""
    parts: list[str] = []
    room = MAX_TOLD_CHARS
    for member in support.get(name, ()):
        part = _member(support, member, named, depth)
        parts.append(part)
        room -= len(part)
        if room < 0:
            break
    return " and ".join(parts)


def _member(support: Support, member: str, named: set[str], depth: int) -> str:
    """Returns a condition as written; a situation with its own reasons behind it in brackets."""
    if member not in support or member in named or depth == 0:
        return member
    named.add(member)
    reasons = _reasons(support, member, named, depth - 1)
    return f"{member} ({reasons})" if reasons else member


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TOLD_CHARS else text[: MAX_TOLD_CHARS - len(_CUT)] + _CUT


_WINDOW_REASONS = frozenset({Reason.NOT_LIVE, Reason.WRONG_CHANNEL})
_HAS_WAY_OUT = frozenset(
    {
        Reason.CONSENT_REQUIRED,
        Reason.SENSITIVE,
        Reason.NOT_ELIGIBLE,
        Reason.MISSING_ATTRIBUTE,
        Reason.RULE_ERROR,
    }
)
MAX_WAYS_OUT = 50
"""Actions for which a way out is looked for: some milliseconds; nobody reads more."""
_NOT_LOOKED_AT = "how its limits stand was not looked at"
_NOT_ITS_TURN = "only stands in for others, of which none is out of stock"
_REJECTED = "was rejected in this session, and is not proposed again in it"
MAX_WHY = 8
"""Lines that say why an action was proposed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``refusals`` in order of name; ``why`` belongs to the proposals, one after the other."""

    refusals: tuple[Refusal, ...]
    why: tuple[tuple[str, ...], ...]


def explain(
    policy: Policy,
    question: Question,
    proposals: Sequence[Proposal],
    level: Explain,
    snapshot: Snapshot | None = None,
    *,
    named: Collection[str] = (),
) -> Explanation:
    """Explains a decision. ``EXPLAIN_REASONS`` leaves out actions not live on the channel.

    Where actions are ``named``, those alone are explained, at any level and for any reason. What
    the snapshot does not tell of a limit is not told here either.
    """
    if level is Explain.EXPLAIN_NONE and not named:
        return Explanation((), ())
    full = level is Explain.EXPLAIN_FULL
    telling = _Telling(policy, question, proposals, snapshot or Snapshot(), full=full)
    proposed = {proposal.action for proposal in proposals}
    names = (name for name in sorted(named or policy.by_name) if name not in proposed)
    refused = (policy.assigned(name, question.facts) for name in names)
    refusals = map(telling.refusal, refused)
    every_reason = full or bool(named)
    return Explanation(
        refusals=tuple(
            refusal for refusal in refusals if every_reason or refusal.reason not in _WINDOW_REASONS
        ),
        why=tuple(telling.why(entry) if not named or entry.action in named else () for entry in proposals),
    )


class _Telling:
    """Tells of one decision, action by action."""

    def __init__(
        self,
        policy: Policy,
        question: Question,
        proposals: Sequence[Proposal],
        snapshot: Snapshot,
        *,
        full: bool,
    ) -> None:
        self._policy, self._question, self._snapshot = policy, question, snapshot
        self._proposals, self._full, self._tried = tuple(proposals), full, 0
        self._due = due_names(policy, question.facts) if policy.promises else {}
        self._memo: Memo = {}
        draws = draws_of(policy, question, snapshot.learned)
        self._unfolding = Unfolding.of(policy, question.facts, self._memo, draws)
        self._shortages = _shortages(policy, question, snapshot) if policy.limits else {}

    def refusal(self, action: Action) -> Refusal:
        if action.name in self._snapshot.paused:
            by_whom = "an operator or by its guard" if is_guarded(action) else "an operator"
            return Refusal(action.name, Reason.PAUSED, "pause", f"stopped by {by_whom}")
        shortage = self._shortages.get(action.name)
        if shortage:
            return Refusal(action.name, shortage.reason, shortage.limit.name, shortage.words())
        refusal = refusal_of(action, self._question, self._unfolding)
        if refusal.reason is Reason.OUTRANKED:
            return self._outranked(action, refusal)
        return self._with_way_out(action, refusal) if self._full else refusal

    def _outranked(self, action: Action, refusal: Refusal) -> Refusal:
        """Returns an action whose every condition holds, and that has no shortage that is known of."""
        if action.name in self._snapshot.rejected:
            return Refusal(action.name, Reason.REJECTED_IN_SESSION, "session", _REJECTED)
        for group in action.groups:
            standing = [
                proposal.action for proposal in self._proposals if group in self._groups_of(proposal.action)
            ]
            if len(standing) >= group.at_most:
                return Refusal(action.name, Reason.GROUPED, group.name, _grouped_words(group, standing))
        if is_read(action, self._snapshot):
            return refusal
        return replace(refusal, detail=f"{refusal.detail}, {_NOT_LOOKED_AT}")

    def _groups_of(self, action: str) -> tuple[Group, ...]:
        return self._policy.by_name[action].groups

    def _with_way_out(self, action: Action, refusal: Refusal) -> Refusal:
        """Tells what single change would have had the action proposed."""
        if self._tried >= MAX_WAYS_OUT or refusal.reason not in _HAS_WAY_OUT:
            return refusal
        if action.name in self._snapshot.rejected:
            return refusal
        self._tried += 1
        change = what_would_have(self._policy, self._question, action, self._proposals, self._unfolding.draws)
        if change is None:
            return refusal
        return replace(refusal, detail=f"{refusal.detail}; would have been proposed with {change}")

    def why(self, proposal: Proposal) -> tuple[str, ...]:
        action = self._policy.assigned(proposal.action, self._question.facts)
        lines = why_of(action, self._unfolding)
        assigned = assigned_arm(self._policy.by_name[proposal.action], self._question.facts)
        if assigned:
            lines = (*lines, f"in arm {assigned[1]} of experiment {assigned[0]}")
        place_of = proposal.substitute_for
        promise = self._due.get(proposal.action)
        if promise:
            lines = (f"is due: promised by {promise}", *lines)
        lines = (*lines, *self._left_out(action))
        return (f"stands in for {place_of}, of which none can be had now", *lines) if place_of else lines

    def _left_out(self, action: Action) -> Iterator[str]:
        """Yields the lines of a treatment that have no value to show, or no room for it."""
        question, treatment = self._question, action.treatments.get(self._question.channel)
        if treatment is None:
            return
        voice = Voice.of(self._policy, question)
        lengths = self._policy.ruleset.text_lengths.get(question.channel, {})
        for path, template in treatment.before_claim().spoken_in(voice.language).walk():
            name, max_length = gap_in(template, question.facts), lengths.get(str(path[0]), 0)
            if name and name != HOLD_EXPIRES:
                fact = question.facts.get(name)
                why = fact.why if isinstance(fact, Invalid) else self._unfolding.absent(name)
                yield f"a text of `{path[0]}` is left out: {name} {why}"
            elif max_length and len(text := fill(template, question.facts, voice) or "") > max_length:
                standing = "put without its values" if fill(template, {}, voice) else "left out"
                length = f"{len(text)} characters of at most {max_length}"
                yield f"a text of `{path[0]}` is {standing}: it has {length}"


def _grouped_words(group: Group, standing: Sequence[str]) -> str:
    verb = "stands" if len(standing) == 1 else "stand"
    return f"at most {group.at_most} of {group.name} in one answer, where {' and '.join(standing)} {verb}"


def _shortages(policy: Policy, question: Question, snapshot: Snapshot) -> Mapping[str, Shortage]:
    """Of actions whose every condition holds; others have a reason that comes first."""
    ranking = Ranking(policy, question, snapshot.learned)
    chosen = choose(policy, question, ranking, snapshot, Reach.KNOWN)
    return chosen.shortages if isinstance(chosen, Chosen) else {}


def refusal_of(action: Action, question: Question, unfolding: Unfolding) -> Refusal:
    """The refusal of an action that was not proposed: of its failing gates, the first in precedence."""
    failing = [
        (_reason(gate, result, unfolding), gate)
        for gate in unfolding.policy.gates[action.name]
        if (result := truth(gate.condition, unfolding.facts, unfolding.memo)) is not True
    ]
    if failing:
        reason, gate = min(failing, key=lambda pair: pair[0].precedence)
        return Refusal(action.name, reason, gate.rule, _detail(gate, unfolding))
    if action.stand_in_only:
        return Refusal(action.name, Reason.STAND_IN_ONLY, "stand_in_only", _NOT_ITS_TURN)
    score = score_of(action, unfolding.facts, unfolding.memo, unfolding.draws)
    if isinstance(score, Unknown):
        words = unknown_words(score, unfolding.background)
        return Refusal(action.name, _unknown_reason(unfolding.cause(score)), "score", words)
    learned = "".join(f" ({words})" for words in _learned_words(action, unfolding))
    detail = f"scores {value_words(score)}{learned}, others rank before it, {question.max_actions} wanted"
    return Refusal(action.name, Reason.OUTRANKED, "score", _cut(detail))


def _learned_words(action: Action, unfolding: Unfolding) -> Iterator[str]:
    """Yields what each learner gave the action, and how that came about."""
    for name in action.score.learned:
        yield drawn_words(unfolding.draws, name, action.name)


def _reason(gate: Gate, result: bool | Unknown, unfolding: Unfolding) -> Reason:  # noqa: FBT001 -- a truth value
    if gate.reason is Reason.NOT_ELIGIBLE and isinstance(result, Unknown):
        return _unknown_reason(unfolding.cause(result))
    return gate.reason


def _unknown_reason(unknown: Unknown) -> Reason:
    return Reason.MISSING_ATTRIBUTE if unknown.missing else Reason.RULE_ERROR


def _detail(gate: Gate, unfolding: Unfolding) -> str:
    if gate.reason is Reason.SUPPRESSED:
        return _cut(unfolding.because(gate.rule))
    facts, memo = unfolding.facts, unfolding.memo
    if gate.words:
        words = gate.words(facts)
    else:
        words = shortfall_words(gate.condition, facts, memo, unfolding.background)
    chains = _chains(_residuals(gate.condition), unfolding.derivation)
    detail = _cut(f"{words} ({'; '.join(chains)})" if chains else words)
    spoken = facts.get(LANGUAGE)
    say = in_language(gate.says, spoken if isinstance(spoken, str) else "") or gate.say
    return f"{say} {detail}" if say else detail


def _residuals(condition: Condition) -> Condition:
    """Returns what is left of a condition without its literals, which are unfolded one by one."""
    match condition:
        case All(terms) | Any(terms):
            return All(tuple(map(_residuals, terms)))
        case Literal():
            return All()
        case _:
            return condition


def why_of(action: Action, unfolding: Unfolding) -> tuple[str, ...]:
    """Returns what made the action possible, requirement by requirement, and its score."""
    facts, memo, derivation = unfolding.facts, unfolding.memo, unfolding.derivation
    lines: list[str] = []
    for need in action.requirements:
        lines.extend(_support(need.condition, facts, memo, derivation))
        lines.extend(_chains(need.condition, derivation))
    score = score_of(action, facts, memo, unfolding.draws)
    scores = [] if isinstance(score, Unknown) else [f"scores {value_words(score)}"]
    return (*tuple(dict.fromkeys(lines))[:MAX_WHY], *scores, *_learned_words(action, unfolding))


def _support(condition: Condition, facts: Facts, memo: Memo, derivation: Derivation | None) -> Iterator[str]:
    """Yields the leaves that hold, but for situations whose chain is told."""
    match condition:
        case Literal(attribute) if _is_worth_saying(attribute, derivation):
            return
        case All(terms) | Any(terms):
            for term in terms:
                yield from _support(term, facts, memo, derivation)
        case _:
            yield from support(condition, facts, memo)


def _is_worth_saying(attribute: str, derivation: Derivation | None) -> bool:
    prefix, _, name = attribute.partition(".")
    return derivation is not None and prefix == "situation" and name in derivation.holds


def _chains(condition: Condition, derivation: Derivation | None) -> list[str]:
    """Returns the chain of each situation that the condition reads and that holds."""
    if derivation is None:
        return []
    names = sorted(name.removeprefix(SITUATION) for name in reads(condition) if name.startswith(SITUATION))
    return [tell(derivation, name) for name in names if name in derivation.holds]
