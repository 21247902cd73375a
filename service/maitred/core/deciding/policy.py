"""A ruleset compiled for deciding."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from maitred.core.behaviour.history import NO_READERS, History, Readers, is_behaviour, items_in, remember
from maitred.core.behaviour.projections import When
from maitred.core.conditions import model
from maitred.core.conditions.computed import Computation
from maitred.core.conditions.index import Index
from maitred.core.conditions.model import Condition, Literal, OneOf
from maitred.core.learning.draws import NOTHING_DRAWN, TAKING_PART, Learned, Taught
from maitred.core.learning.learners import Learner, Parameters
from maitred.core.limits.limits import ALSO, ANONYMOUS, Limit, reads_of
from maitred.core.privacy.purposes import (
    NOTHING_KNOWN,
    ConsentState,
    KnownConsent,
    Masks,
    consent_condition,
    sensitive_condition,
    still_allowed,
)
from maitred.core.rules.experiments import (
    Trials,
    as_assigned,
    held_out_words,
    is_guarded,
    learned_by,
    not_held_out,
    reads_arm,
)
from maitred.core.rules.formats import PLAIN_FORMATS, Formats
from maitred.core.rules.live import clock_facts, live_condition
from maitred.core.rules.promises import computed_of, follow_words, is_due, may_follow
from maitred.core.rules.rollouts import RolloutPart, holds, parts_of, reads_clock
from maitred.core.rules.ruleset import Action, Live, Location, Promise, Rollout, Ruleset
from maitred.core.rules.situations import DeriverFactory, Situations, atoms_of, is_derived, not_suppressed_by
from maitred.core.rules.treatments import Treatment, depends_on_language, placeholders
from maitred.core.values.facts import FactReader
from maitred.core.values.pauses import Pause, no_pause
from maitred.core.values.reasons import Reason
from maitred.core.values.types import (
    CHANNEL,
    CUSTOMER_ID,
    LOCATION,
    LOCATION_ID,
    SITUATION,
    Attribute,
    Facts,
    Item,
    Value,
)

from .decisions import Proposal

NO_SOURCES: Mapping[str, Sequence[Item]] = {}
MAX_LESSONS = 8
"""Snapshots of parameters: that of new decisions, and those of records that are decided again meanwhile."""
NOTHING_PAUSED: Mapping[str, datetime] = {}
ZONE = "location.timezone"
GIVEN_ATTRIBUTES = frozenset({"now", CHANNEL, CUSTOMER_ID, LOCATION_ID, ZONE})
"""Attributes that come with every request rather than in its context."""
_ID_ENDING = ".id"
NOT_IN_CONTEXT = (LOCATION, SITUATION)
LANGUAGE = "customer.language"
"""The customer's language, a BCP 47 tag; texts and formats follow it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing an action must pass, and the reason told where it does not.

    ``words`` says why it does not, where the condition itself would say it badly.
    """

    reason: Reason
    rule: str
    condition: Condition
    say: str = ""
    words: Callable[[Facts], str] | None = None
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """Built by ``compile_policy``. ``actions`` are in the order of the index's entries.

    Actions whose score must be evaluated come first, and ``scored_clauses`` masks their clauses,
    ``stand_in_clauses`` those of actions that are not proposed on their own;
    the others stand best first, ties by name. ``zones`` are those whose clock some action is live
    by, and ``tells_zone`` where a rule reads the location's. ``limits`` are all there are, by key,
    ``gates`` those of each action. ``workers`` are those of the computed attributes that are read,
    ``rememberers`` those over what the customer did, and ``counting`` the limits that count some of it;
    both read the sources of ``reads_history`` (``events.visit``, ``outcomes.presented``).
    ``promises`` stand with the conditions under which their actions are due.
    ``trials`` are the holdouts and experiments, if there are any, and ``learners`` those that scores read;
    ``ramps`` are rollouts whose steps can be held.
    ``standing`` are proposals that depend on no attribute, but for the score, by action, rank, channel and
    arm, and
    ``claimed_words`` such words after a claim, by action, channel and arm.
    """

    ruleset: Ruleset
    actions: tuple[Action, ...]
    index: Index
    reader: FactReader
    scored_clauses: int
    stand_in_clauses: int
    zones: tuple[str | None, ...]
    locations: Mapping[str, Location] | None
    situations: Situations | None
    by_name: Mapping[str, Action]
    limits: Mapping[str, Limit]
    gates: Mapping[str, tuple[Gate, ...]]
    workers: tuple[Computation, ...] = ()
    rememberers: Readers = NO_READERS
    counting: tuple[Limit, ...] = ()
    reads_history: frozenset[str] = frozenset()
    promises: tuple[tuple[Promise, Condition], ...] = ()
    tells_zone: bool = False
    masks: Masks | None = None
    formats: Formats = PLAIN_FORMATS
    trials: Trials | None = None
    learners: Mapping[str, Learner] = field(default_factory=dict)
    ramps: tuple[Rollout, ...] = ()
    standing: dict[tuple[str, int, str, str], Proposal] = field(default_factory=dict, compare=False)
    claimed_words: dict[tuple[str, str, str], Treatment[str]] = field(default_factory=dict, compare=False)
    lessons: dict[int, Taught] = field(default_factory=dict, compare=False)

    def location(self, location_id: str) -> Location | None:
        """The location with what is read of it; ``None`` where the ruleset does not know it."""
        if self.locations is None:
            return Location(location_id, self.ruleset.zone, {})
        return self.locations.get(location_id)

    def taught(self, learned: Parameters) -> Taught:
        """Returns the learners with these parameters, the same object for as long as these are the same."""
        taught = self.lessons.get(id(learned))
        # The kept reference keeps the identity from being given to another object.
        if taught is None or taught.parameters is not learned:
            if len(self.lessons) >= MAX_LESSONS:
                self.lessons.clear()
            taught = self.lessons[id(learned)] = Taught(self.learners, learned)
        return taught

    def facts(
        self,
        context: Mapping[str, Any],
        *,
        channel: str,
        customer_id: str,
        location: Location,
        now: datetime,
        known: KnownConsent = NOTHING_KNOWN,
    ) -> Facts:
        """Everything conditions may read of one request; what is not allowed is absent."""
        given = self.given(context, channel=channel, customer_id=customer_id, location=location, now=now)
        return self.read(given, location, now, known, customer_id)

    def assigned(self, name: str, facts: Facts) -> Action:
        """The action of that name as the person's arm has it."""
        return as_assigned(self.by_name[name], facts)

    def given(
        self, context: Mapping[str, Any], *, channel: str, customer_id: str, location: Location, now: datetime
    ) -> Facts:
        """What a request tells, allowed or not."""
        facts = self.reader.read(context)
        facts["now"] = now
        facts[CHANNEL] = channel
        if customer_id:
            facts[CUSTOMER_ID] = customer_id
        else:
            facts[ANONYMOUS] = True
        if location.id:
            facts[LOCATION_ID] = location.id
        facts.update(self.place_facts(location))
        if self.workers:
            self.work_out(facts)
        return facts

    def work_out(self, facts: Facts) -> None:
        """Puts the attributes that are computed over the facts among them."""
        for worker in self.workers:
            if worker.computed.over in facts:
                fact = worker.fact(facts, NO_SOURCES)
                if fact is not None:
                    facts[worker.computed.name] = fact

    def remembering(self, given: Facts, history: History, when: When) -> Facts:
        """What a request tells, with the attributes that are computed over what its customer did."""
        facts = dict(given)
        remember(facts, self.rememberers, history, when)
        for limit in self.counting:
            tracks = (history.tracks[source] for source in limit.also if source in history.tracks)
            facts[f"{ALSO}{limit.name}"] = sum(len(items_in(track, limit.window, when)) for track in tracks)
        return facts

    def place_facts(self, location: Location) -> Mapping[str, Value]:
        """What rules read of a location."""
        return {**location.attributes, ZONE: location.zone} if self.tells_zone else location.attributes

    def read(
        self,
        given: Facts,
        location: Location,
        now: datetime,
        known: KnownConsent,
        person: str,
        *,
        paused: Mapping[str, datetime] = NOTHING_PAUSED,
    ) -> Facts:
        """What conditions may read of what a request tells, with what follows from it.

        ``person`` is as ``experiments.person_of`` gives it, ``paused`` since when what is paused, by name.
        """
        facts = self.masks.masked(given, known, now) if self.masks else given
        if self.zones:
            facts.update(clock_facts(self.zones, now, location.zone))
        if self.situations:
            facts.update(self.situations.facts(facts))
        if self.trials:
            self.trials.assign(facts, person, now, paused)
        if paused and self.ramps:
            facts.update(holds(self.ramps, paused, location.zone))
        return facts

    def still_allowed(self, facts: Facts, statements: Mapping[str, ConsentState]) -> Facts:
        """Facts of an earlier decision without what the customer has refused since."""
        rules = self.ruleset.privacy
        kept = still_allowed(rules, self.ruleset.attributes, facts, statements) if rules else facts
        if self.situations and len(kept) < len(facts):
            kept = {name: fact for name, fact in kept.items() if not is_derived(name)}
            kept.update(self.situations.facts(kept))
        return self.trials.withdrawn(kept) if self.trials else kept

    def purposes_of(
        self, facts: Facts, proposals: Iterable[Proposal], learned: Mapping[str, Learned] = NOTHING_DRAWN
    ) -> list[str]:
        """Purposes that a decision relied on.

        Of what was read, those that proposals need, and those of learners that the person takes part in.
        """
        if not self.ruleset.privacy:
            return []
        attributes = self.ruleset.attributes
        read = {attributes[name].purpose for name in facts if name in attributes}
        needed = chain.from_iterable(self.by_name[proposal.action].consent for proposal in proposals)
        tried = self.trials.purposes(facts) if self.trials else ()
        drawn = (self.learners[name].purpose for name, use in learned.items() if use.mode in TAKING_PART)
        return sorted({purpose for purpose in chain(read, needed, tried, drawn) if purpose})


def compile_policy(
    ruleset: Ruleset, deriver: DeriverFactory, formats: Formats = PLAIN_FORMATS, pause: Pause = no_pause
) -> Policy:
    """Compiles a ruleset; ``formats`` write what treatments show, ``pause`` is called between steps.

    Raises ``SituationError``.
    """
    actions = tuple(sorted(ruleset.actions, key=_order))
    ruled = frozenset(_attributes_used(ruleset, pause))
    promised = tuple(map(computed_of, ruleset.promises))
    computed = (*(attribute for attribute in ruleset.computed if attribute.name in ruled), *promised)
    workers = tuple(map(Computation.of, computed))
    used = ruled.union(*(worker.reads for worker in workers))
    zones = {zone for action in actions for zone in _zones_of(action)}
    rollouts = {action.rollout: parts_of(action.rollout) for action in actions if action.rollout}
    gates: dict[str, tuple[Gate, ...]] = {}
    conditions: list[Condition] = []
    for action in actions:
        pause()
        own = _gates_of(action, rollouts[action.rollout] if action.rollout else ())
        gates[action.name] = (*own, *_promised_before(ruleset, action))
        conditions.append(_condition_of(gates[action.name]))
    rememberers = Readers.of(workers)
    counting = _counting(actions)
    index = Index.build(conditions, pause)
    scored = sum(_is_scored(action) for action in actions)
    return Policy(
        ruleset=ruleset,
        actions=actions,
        scored_clauses=(1 << sum(entry < scored for entry in index.owner)) - 1,
        stand_in_clauses=sum(
            1 << clause for clause, entry in enumerate(index.owner) if actions[entry].stand_in_only
        ),
        index=index,
        reader=FactReader.of(_in_context(ruleset.attributes, used), _ids(ruleset)),
        zones=tuple(sorted(zones, key=str)),
        locations=_locations(ruleset.locations, used),
        situations=_situations(ruleset, used, deriver),
        by_name={action.name: action for action in actions},
        limits={limit.key: limit for action in actions for limit in action.limits},
        gates=gates,
        workers=tuple(worker for worker in workers if not is_behaviour(worker.computed.over)),
        rememberers=rememberers,
        counting=counting,
        reads_history=_sources_of(rememberers, counting),
        promises=tuple((promise, is_due(promise)) for promise in ruleset.promises),
        tells_zone=ZONE in used,
        masks=Masks(ruleset.privacy, ruleset.attributes) if ruleset.privacy else None,
        formats=formats,
        trials=_trials(ruleset, actions, index),
        learners=_learners(ruleset),
        ramps=tuple(rollout for rollout in rollouts if rollout.held_as),
    )


def _trials(ruleset: Ruleset, actions: Sequence[Action], index: Index) -> Trials | None:
    if not (ruleset.experiments or ruleset.holdouts or any(map(is_guarded, actions))):
        return None
    return Trials.of(ruleset.experiments, ruleset.holdouts, actions, index)


def _learners(ruleset: Ruleset) -> Mapping[str, Learner]:
    named = {name for action in ruleset.actions for name in learned_by(action)}
    return {learner.name: learner for learner in ruleset.learners if learner.name in named}


def _situations(ruleset: Ruleset, used: frozenset[str], deriver: DeriverFactory) -> Situations | None:
    if not ruleset.situations:
        return None
    suppressing = {name for action in ruleset.actions for name in action.suppressed_by}
    return Situations.build(ruleset.situations, used, suppressing, deriver)


def _promised_before(ruleset: Ruleset, action: Action) -> Iterable[Gate]:
    """What was promised to come before the action."""
    for promise in ruleset.promises:
        if promise.before == action.name:
            words = partial(follow_words, promise)
            yield Gate(Reason.NOT_ELIGIBLE, promise.name, may_follow(promise), words=words)


def _counting(actions: Iterable[Action]) -> tuple[Limit, ...]:
    """The limits that count events, each name once: actions may have units of their own."""
    limits = {limit.name: limit for action in actions for limit in action.limits if limit.also}
    return tuple(limits.values())


def _sources_of(rememberers: Readers, counting: Iterable[Limit]) -> frozenset[str]:
    """What of its customer's history a decision reads."""
    computed = (reader.source for reader in rememberers.every)
    return frozenset((*computed, *chain.from_iterable(limit.also for limit in counting)))


def _zones_of(action: Action) -> Iterable[str | None]:
    """The zones whose clock the action is live, or rolled out, by."""
    if action.live != Live(zone=action.live.zone):
        yield action.live.zone
    if action.rollout and reads_clock(action.rollout):
        yield action.rollout.zone


def _gates_of(action: Action, rollout: Iterable[RolloutPart]) -> tuple[Gate, ...]:
    """What the action must pass, in order of precedence of the reasons."""
    channels = Literal(CHANNEL, OneOf(action.channels)) if action.channels else model.TRUE
    # Where explicit consent lacks, that is the reason, and not that its purpose is not allowed.
    purposes = (purpose for purpose in action.consent if purpose not in action.explicit)
    return (
        Gate(Reason.NOT_LIVE, "live", live_condition(action.live)),
        Gate(Reason.WRONG_CHANNEL, "channels", channels),
        *(Gate(Reason.CONSENT_REQUIRED, purpose, consent_condition(purpose)) for purpose in purposes),
        *(
            Gate(Reason.SENSITIVE, category, sensitive_condition(category))
            for category in sorted(action.sensitive)
        ),
        *(Gate(Reason.SUPPRESSED, name, not_suppressed_by(name)) for name in action.suppressed_by),
        *(
            Gate(Reason.NOT_ELIGIBLE, need.rule, need.condition, need.say, says=need.says)
            for need in action.requirements
        ),
        *(
            Gate(
                Reason.HELD_OUT,
                holdout.name,
                not_held_out(holdout),
                words=partial(held_out_words, holdout),
            )
            for holdout in action.holdouts
        ),
        *(
            Gate(
                Reason.NOT_IN_ROLLOUT,
                action.rollout.salt if action.rollout else "",
                part.condition,
                words=part.words,
            )
            for part in rollout
        ),
    )


def _condition_of(gates: Iterable[Gate]) -> Condition:
    return model.All(tuple(gate.condition for gate in gates))


def _order(action: Action) -> tuple[bool, float, str]:
    constant = action.score.constant
    if constant is None or reads_arm(action):
        return False, 0.0, action.name
    return True, -constant, action.name


def _is_scored(action: Action) -> bool:
    """Whether its score is worked out for each request."""
    return action.score.constant is None or reads_arm(action)


def _in_context(attributes: Mapping[str, Attribute], used: frozenset[str]) -> list[Attribute]:
    """The attributes of the context that some rule or treatment reads; the rest is not looked at."""
    wanted = (name for name in attributes if name in used and name not in GIVEN_ATTRIBUTES)
    return [
        attributes[name]
        for name in wanted
        if not (name.startswith(NOT_IN_CONTEXT) or attributes[name].sources)
    ]


def _ids(ruleset: Ruleset) -> frozenset[str]:
    """Attributes that name people and things: those called so, and those that units are counted by."""
    named = (name for name in ruleset.attributes if name.endswith(_ID_ENDING))
    counted = (name for action in ruleset.actions for limit in action.limits for name in limit.per)
    return frozenset(chain(named, counted))


def _locations(
    locations: Mapping[str, Location] | None, used: frozenset[str]
) -> Mapping[str, Location] | None:
    if locations is None:
        return None
    return {
        key: location._replace(
            attributes={name: value for name, value in location.attributes.items() if name in used}
        )
        for key, location in locations.items()
    }


def follows_language(action: Action) -> bool:
    """Whether what is said of an action is said otherwise in another language."""
    return bool(
        action.titles
        or any(need.says for need in action.requirements)
        or any(map(depends_on_language, action.treatments.values()))
        or any(follows_language(other) for trial in action.trials for other in trial.actions.values())
    )


def _used_by(action: Action) -> Iterable[str]:
    for need in action.requirements:
        yield from model.reads(need.condition)
    if action.score.expression:
        yield from action.score.expression.reads
    for treatment in action.treatments.values():
        yield from placeholders(treatment)
    if follows_language(action):
        yield LANGUAGE
    for limit in action.limits:
        yield from reads_of(limit)
    for trial in action.trials:
        for other in trial.actions.values():
            yield from _used_by(other)


def _attributes_used(ruleset: Ruleset, pause: Pause) -> Iterable[str]:
    for action in ruleset.actions:
        pause()
        yield from _used_by(action)
    for condition in atoms_of(ruleset.situations).values():
        yield from model.reads(condition)
    for promise in ruleset.promises:
        if promise.situation:
            yield f"{SITUATION}{promise.situation}"
    if ruleset.privacy:
        yield from ruleset.privacy.reads()
