"""Holdouts and experiments: who is in which, as facts, and whom it made a difference to.

A person has a place under each salt (see ``rollouts``). A holdout holds out the first ``percent`` of them.
An experiment divides all places among its arms in order of their names, each as wide as its weight says, so
that whoever has the same salt, arms and weights comes to the same arm, on every channel and every machine.
A person is a customer, or else a session: with neither nobody is in an experiment or a holdout.

What somebody is in are facts of the decision, and stand in its record: deciding it again needs no place. An
action that an experiment applies to is a ``Trial`` of it, with the action as each arm has it; whatever reads
an action of a decision asks ``as_assigned`` for it first.

*Exposed* is who an experiment can have made a difference to: some action that it applies to held for them,
all conditions met, whatever their arm. Conditions do not depend on the arm, so that the arms are compared
among like. For a holdout it is who would have had such an action if there were no holdouts.
"""

from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from maitred.core.conditions.index import Index, mask_of
from maitred.core.conditions.model import Condition, Literal, Present
from maitred.core.conditions.scan import Memo
from maitred.core.privacy.purposes import CONSENT
from maitred.core.values.types import OWN, Fact, Facts

from .rollouts import PLACES, Salted, id_bytes, is_among_first, percent_words, place_under, salted
from .ruleset import Action, Arm, Experiment, Holdout, arm_fact

_HELD_OUT = f"{OWN}held_out/"
"""Begins the names of facts that say what holds a person out."""
_PERSON = f"{OWN}person"
"""The fact that is there where holdouts have looked at somebody: nobody in particular is not compared."""
HELD_OUT, OFFERED = "held_out", "offered"
"""The arms of a holdout."""
_ROLLOUT, ROLLED_OUT = "rollout/", "in"
"""Begins the names of rollouts with a guard among exposures and what is paused, and their only arm."""
_EXPERIMENT = "experiment/"
"""Begins the names of experiments among what is paused: an action may be called the same."""


class Exposure(NamedTuple):
    """The arm that somebody was exposed to, and the reason of a limit that refused one of its actions."""

    arm: str
    refused: str = ""


MAX_REMEMBERED = 16_384
"""Persons whose arms are remembered: some 4 MB."""

Exposed = tuple[str, str]
"""The name of an experiment, a holdout, a rollout or a learner, and the arm."""
Exposures = Mapping[str, Exposure]
"""By the name of the experiment or holdout that somebody was exposed to."""
NO_EXPOSURES: Exposures = MappingProxyType({})


def rollout_name(action: str) -> str:
    """Returns what the exposures to an action's rollout are called; no experiment can be called so."""
    return f"{_ROLLOUT}{action}"


def experiment_name(experiment: str) -> str:
    """Returns what an experiment is called among what is paused; no action can be called so."""
    return f"{_EXPERIMENT}{experiment}"


def is_compared(name: str) -> bool:
    """Whether what somebody was exposed to is an experiment or a holdout, and not a rollout or a learner."""
    return "/" not in name


def is_guarded(action: Action) -> bool:
    """Returns whether a guard watches the action's rollout."""
    return action.rollout is not None and action.rollout.guard is not None


def exposures_text(exposures: Exposures) -> str:
    """One line: ``words=loud|global=offered:CAPACITY_EXHAUSTED``."""
    return "|".join(f"{name}={':'.join(filter(None, exposure))}" for name, exposure in exposures.items())


def exposures_in(text: str) -> Exposures:
    """Returns what such a line says."""
    pairs = (pair.split("=", 1) for pair in text.split("|") if pair)
    return {name: Exposure(*exposure.split(":")) for name, exposure in pairs}


def person_of(customer_id: str, session_id: str) -> str:
    """Returns what a person's places are worked out from; empty for nobody in particular."""
    return customer_id or (f"session:{session_id}" if session_id else "")


def as_assigned(action: Action, facts: Facts) -> Action:
    """Returns the action as the arm has it that the facts name; else as it is by itself."""
    for trial in action.trials:
        arm = facts.get(trial.fact)
        if isinstance(arm, str):
            return trial.actions.get(arm, action)
    return action


def assigned_arm(action: Action, facts: Facts) -> tuple[str, str] | None:
    """Returns the experiment that is on for the action, and the arm; ``None`` where the person is in none."""
    for trial in action.trials:
        arm = facts.get(trial.fact)
        if arm is not None:
            return trial.experiment, str(arm)
    return None


def reads_arm(action: Action) -> bool:
    """Returns whether the action's score depends on the arm."""
    return any(other.score != action.score for trial in action.trials for other in trial.actions.values())


def learned_by(action: Action) -> frozenset[str]:
    """Returns the learners that the action's score reads, whatever the arm."""
    arms = (other.score.learned for trial in action.trials for other in trial.actions.values())
    return frozenset(action.score.learned).union(*arms)


def not_held_out(holdout: Holdout) -> Condition:
    """True of whom the holdout does not hold out."""
    return Literal(f"{_HELD_OUT}{holdout.name}", Present(), wanted=False)


def held_out_words(holdout: Holdout, _: Facts) -> str:
    """Returns what a refusal says: the same for everybody who is held out."""
    return f"held out with {percent_words(holdout.percent)} of customers, to see what it does for the others"


def boundaries(arms: Sequence[Arm]) -> tuple[int, ...]:
    """Returns the first place behind each arm; that of the last is ``PLACES``."""
    total = sum((arm.weight for arm in arms), Fraction(0))
    return tuple(int(sum_ * PLACES / total) for sum_ in accumulate(arm.weight for arm in arms))


class _Divided(NamedTuple):
    """The places divided among the arms."""

    ends: tuple[int, ...]
    names: tuple[str, ...]

    @classmethod
    @lru_cache
    def of(cls, experiment: Experiment) -> "_Divided":
        """Of an experiment; people come one after the other."""
        return cls(boundaries(experiment.arms), tuple(arm.name for arm in experiment.arms))

    def arm_at(self, place: int) -> str:
        return self.names[bisect_right(self.ends, place)]


class _Running(NamedTuple):
    """An experiment with what deciding needs of it.

    ``clauses`` are those of its actions, ``checked`` those of them with checks. ``is_timed`` is whether it
    begins or ends.
    """

    experiment: Experiment
    name: str
    paused_as: str
    fact: str
    consent: str
    salted: Salted
    divided: _Divided
    clauses: int
    checked: int
    is_timed: bool


class _Holding(NamedTuple):
    """A holdout with what deciding needs of it; ``clauses`` are those of its actions."""

    holdout: Holdout
    fact: str
    clauses: int


class _Guarded(NamedTuple):
    """A rollout with a guard; ``clauses`` are those of its action."""

    name: str
    clauses: int


class Trials(NamedTuple):
    """The holdouts and experiments of a ruleset, compiled.

    ``exposing`` is what exposures to those that are ``running`` are told by: clauses, those of them with
    checks, fact, and what is told of each arm; ``look`` is that of decisions where nothing is paused.
    ``remembered`` are the facts of persons who came lately, one for each that is running: those of
    ``together`` by the arms. Where ``is_plain`` all of them hold unless something is paused.
    """

    running: tuple[_Running, ...]
    holding: tuple[_Holding, ...]
    guarded: tuple[_Guarded, ...]
    exposing: tuple[tuple[int, int, str, Mapping[Fact | None, Exposed]], ...]
    is_plain: bool
    look: "Look"
    remembered: dict[str, Mapping[str, str]]
    together: dict[tuple[str, ...], Mapping[str, str]]

    @classmethod
    def of(
        cls,
        experiments: Iterable[Experiment],
        holdouts: Iterable[Holdout],
        actions: Sequence[Action],
        index: Index,
    ) -> "Trials":
        """Takes ``actions`` in the order of the entries of the index."""
        tried: dict[str, list[int]] = {}
        held: dict[str, list[int]] = {}
        guarded: dict[str, list[int]] = {}
        for clause, entry in enumerate(index.owner):
            for trial in actions[entry].trials:
                tried.setdefault(trial.experiment, []).append(clause)
            for holdout in actions[entry].holdouts:
                held.setdefault(holdout.name, []).append(clause)
            if is_guarded(actions[entry]):
                guarded.setdefault(rollout_name(actions[entry].name), []).append(clause)
        running = tuple(
            _running(experiment, mask_of(tried[experiment.name], index.size), index)
            for experiment in experiments
            if experiment.name in tried
        )
        return cls(
            running,
            tuple(
                _Holding(holdout, f"{_HELD_OUT}{holdout.name}", mask_of(held[holdout.name], index.size))
                for holdout in holdouts
                if holdout.name in held
            ),
            tuple(_Guarded(name, mask_of(clauses, index.size)) for name, clauses in guarded.items()),
            tuple((one.clauses, one.checked, one.fact, _told_of(one.experiment)) for one in running),
            not any(one.consent or one.is_timed for one in running),
            Look(index, actions, ()),
            {},
            {},
        )

    def assign(self, facts: Facts, person: str, now: datetime, paused: Container[str] = ()) -> None:
        """Puts among the facts what the person is in. Who has refused a purpose is in none of its arms.

        Of an experiment that is ``paused`` nobody is in an arm.
        """
        if not person:
            return
        if self.holding:
            facts[_PERSON] = True
        for holding in self.holding:
            holdout = holding.holdout
            if is_among_first(holdout.percent, holdout.salt, person):
                facts[holding.fact] = True
        arms = self.remembered.get(person)
        if arms is None:
            arms = self._arms(person)
        if self.is_plain and not paused:
            facts.update(arms)
        else:
            self._assign_some(facts, arms, now, paused)

    def _assign_some(
        self, facts: Facts, arms: Mapping[str, str], now: datetime, paused: Container[str]
    ) -> None:
        for running in self.running:
            if running.consent and running.consent not in facts:
                continue
            if running.is_timed and not _is_on(running.experiment, now):
                continue
            if not paused or running.paused_as not in paused:
                facts[running.fact] = arms[running.fact]

    def _arms(self, person: str) -> Mapping[str, str]:
        """Works out the arms of a person as facts, whatever is on, and remembers them: people come again."""
        message = id_bytes(person)
        names = tuple(
            [running.divided.arm_at(place_under(running.salted, message)) for running in self.running]
        )
        if len(self.remembered) >= MAX_REMEMBERED:
            self.remembered.clear()
            self.together.clear()
        arms = self.together.get(names)
        if arms is None:
            facts = [running.fact for running in self.running]
            arms = self.together[names] = dict(zip(facts, names, strict=True))
        self.remembered[person] = arms
        return arms

    def withdrawn(self, facts: Facts) -> Facts:
        """Returns the facts without arms of purposes that are not allowed any more."""
        gone = {running.fact for running in self.running if running.consent and running.consent not in facts}
        return {name: fact for name, fact in facts.items() if name not in gone} if gone else facts

    def purposes(self, facts: Facts) -> Iterable[str]:
        """Returns the purposes of the experiments that the person is in."""
        return (running.experiment.purpose for running in self.running if running.fact in facts)

    def exposures(self, paused: Collection[str], mask: int, facts: Facts, memo: Memo) -> list[Exposed]:
        """Returns the arms that somebody was exposed to.

        ``mask`` are the clauses that are possible for them.
        """
        exposed: list[Exposed] = []
        look = self.look._replace(paused=paused) if paused else self.look
        get = facts.get
        for clauses, checked, fact, told in self.exposing:
            possible = mask & clauses
            if not possible:
                continue
            exposure = told.get(get(fact))
            if exposure and (not (checked or paused) or look.holds(possible, facts, memo)):
                exposed.append(exposure)
        if self.guarded:
            exposed.extend(
                (guarded.name, ROLLED_OUT)
                for guarded in self.guarded
                if look.holds(mask & guarded.clauses, facts, memo)
            )
        if self.holding and _PERSON in facts:
            exposed.extend(self._held_out(look, mask, facts, memo))
        return exposed

    def _held_out(self, look: "Look", mask: int, facts: Facts, memo: Memo) -> Iterator[Exposed]:
        held = {holding.fact for holding in self.holding if holding.fact in facts}
        if held:
            # Asked once more as if there were no holdouts: whom one of them holds out.
            facts = {name: fact for name, fact in facts.items() if name not in held}
            mask, memo = look.matching.candidates(facts), {}
        for holding in self.holding:
            if look.holds(mask & holding.clauses, facts, memo):
                yield holding.holdout.name, HELD_OUT if holding.fact in held else OFFERED


def _running(experiment: Experiment, clauses: int, index: Index) -> _Running:
    return _Running(
        experiment,
        experiment.name,
        experiment_name(experiment.name),
        arm_fact(experiment.name),
        f"{CONSENT}{experiment.purpose}" if experiment.purpose else "",
        salted(experiment.salt),
        _Divided.of(experiment),
        clauses,
        clauses & index.checked,
        experiment.begins is not None or experiment.ends is not None,
    )


def _told_of(experiment: Experiment) -> Mapping[Fact | None, Exposed]:
    return {arm.name: (experiment.name, arm.name) for arm in experiment.arms}


class Look(NamedTuple):
    """How it is known whether one of some actions held. ``actions`` stand as the entries of the index."""

    matching: Index
    actions: Sequence[Action]
    paused: Collection[str]

    def holds(self, possible: int, facts: Facts, memo: Memo) -> bool:
        """Returns whether an action holds of those whose clauses are possible."""
        if not self.paused and possible & ~self.matching.checked:
            return True
        entries = self.matching.matches(possible, facts, memo) if possible else ()
        return any(self.actions[entry].name not in self.paused for entry in entries)


def with_refusals(arms: Sequence[Exposed], refused: Sequence[tuple[Action, str]]) -> Exposures:
    """Returns the exposures of a decision: its arms, each with the first reason that a limit gave."""
    reasons: dict[str, str] = {}
    for action, reason in refused:
        for trial in action.trials:
            reasons.setdefault(trial.experiment, reason)
        for holdout in action.holdouts:
            reasons.setdefault(holdout.name, reason)
        reasons.setdefault(rollout_name(action.name), reason)
    return {name: Exposure(arm, reasons.get(name, "")) for name, arm in arms}


_UNREFUSED: dict[tuple[Exposed, ...], Exposures] = {}


def unrefused(arms: tuple[Exposed, ...]) -> Exposures:
    """Returns the exposures where no limit refused an action.

    It is the same object for the same arms, so that what is made of it is made once.
    """
    exposures = _UNREFUSED.get(arms)
    if exposures is None:
        if len(_UNREFUSED) >= MAX_REMEMBERED:
            _UNREFUSED.clear()
        exposures = _UNREFUSED[arms] = MappingProxyType({name: Exposure(arm) for name, arm in arms})
    return exposures


def _is_on(experiment: Experiment, now: datetime) -> bool:
    begun = experiment.begins is None or experiment.begins <= now
    return begun and (experiment.ends is None or now < experiment.ends)
