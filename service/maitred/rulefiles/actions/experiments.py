"""Documents of kind ``Holdout`` and ``Experiment`` to who is in them and what their arms make of actions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import combinations
from zoneinfo import ZoneInfo

from maitred.core.limits.limits import Limit, LimitKind
from maitred.core.rules.expressions import Score
from maitred.core.rules.ruleset import EVERYBODY, Action, Arm, Experiment, Holdout, Trial
from maitred.core.rules.treatments import Template, Treatment
from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import experiments, models
from maitred.rulefiles.messages import experiment_messages as messages
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import RULESET, SourcePath

from .actions import LoadContext, SourcedAction, treatments_of
from .choices import Chooser, label_of_none
from .live import date_of
from .rollouts import guard_of

_EXPERIMENT, _HOLDOUT = "experiment", "holdout"
_DAY = timedelta(days=1)
_ARMS_MIN = 2


@dataclass(frozen=True, slots=True)
class Compared:
    """The actions with what they are in, and all holdouts and experiments by name."""

    actions: list[Action]
    holdouts: tuple[Holdout, ...]
    experiments: tuple[Experiment, ...]


def with_experiments(
    around: LoadContext,
    documents: Documents,
    sourced_actions: Sequence[SourcedAction],
    actions: Sequence[Action],
    now: datetime | None,
) -> Compared:
    """Returns the actions, which have their limits, with their holdouts and as each arm has them.

    ``actions`` stand as in ``sourced_actions``.
    """
    _check_names(around, documents)
    _warn_salts(around, documents)
    reader = _Reader(around, Chooser(around, sourced_actions), actions, now)
    holdouts = tuple(map(reader.holdout, documents.of(experiments.Holdout)[: bounds.EXPERIMENTS]))
    tried = tuple(map(reader.experiment, documents.of(experiments.Experiment)[: bounds.EXPERIMENTS]))
    return Compared(reader.actions, holdouts, tried)


def _check_names(around: LoadContext, documents: Documents) -> None:
    """How many there are, and that no holdout is called as an experiment: records go by the name."""
    held = {sourced.model.name: sourced for sourced in documents.of(experiments.Holdout)}
    tried = documents.of(experiments.Experiment)
    if len(held) + len(tried) > bounds.EXPERIMENTS:
        around.report.at_line(RULESET, 0, 0, messages.too_many())
    for sourced in tried:
        other = held.get(sourced.model.name)
        if other:
            message = messages.name_taken(_HOLDOUT, sourced.model.name, other.spot.file)
            around.report.error(sourced.spot.at("name"), message)


def _salts(documents: Documents) -> Iterator[tuple[str, str, str, SourcePath]]:
    """Yields every salt that is written, with the kind and the name of what it is for."""
    for action in documents.of(models.Action):
        if action.model.rollout and action.model.rollout.salt:
            yield (
                action.model.rollout.salt,
                "the rollout of action",
                action.model.name,
                action.spot.at("rollout"),
            )
    for held in documents.of(experiments.Holdout):
        if held.model.salt:
            yield held.model.salt, _HOLDOUT, held.model.name, held.spot
    for tried in documents.of(experiments.Experiment):
        if tried.model.salt:
            yield tried.model.salt, _EXPERIMENT, tried.model.name, tried.spot


def _warn_salts(around: LoadContext, documents: Documents) -> None:
    """Actions may share the salt of their rollouts; whom to compare is drawn anew each time."""
    seen: dict[str, tuple[str, str]] = {}
    for salt, kind, name, spot in _salts(documents):
        first = seen.setdefault(salt, (kind, name))
        if first != (kind, name) and kind in (_HOLDOUT, _EXPERIMENT):
            around.report.warn(spot.at("salt"), messages.salt_taken(salt, *first))


@dataclass(frozen=True, slots=True)
class _Change:
    """What an arm says. ``cap`` is the name of a frequency cap, with how many units it has in the arm."""

    treatments: Mapping[str, Treatment[Template]]
    score: Score | None
    cap: tuple[str, int] | None

    @property
    def is_none(self) -> bool:
        """Whether it leaves actions as they are."""
        return not self.treatments and self.score is None and self.cap is None

    def made_of(self, action: Action, arm: str) -> Action:
        """Returns the action as the arm has it."""
        return replace(
            action,
            treatments={**action.treatments, **self.treatments},
            score=action.score if self.score is None else self.score,
            limits=tuple(map(self._limit, action.limits)) if self.cap else action.limits,
            holdouts=(),
            trials=(),
            arm=arm,
        )

    def _limit(self, limit: Limit) -> Limit:
        """Returns the same counters with another maximum: who changes the arm keeps what was counted."""
        assert self.cap
        name, maximum = self.cap
        return replace(limit, maximum=maximum, default=None) if limit.name == name else limit


class _Reader:
    """Reads one document after the other; ``actions`` are replaced by what each makes of them."""

    def __init__(
        self, around: LoadContext, chooser: Chooser, actions: Sequence[Action], now: datetime | None
    ) -> None:
        self._around, self._report, self._chooser = around, around.report, chooser
        self.actions, self._now = list(actions), now
        self._caps = {
            limit.name
            for action in actions
            for limit in action.limits
            if limit.kind is LimitKind.FREQUENCY_CAP
        }
        self._known: dict[str, Experiment] = {}

    def holdout(self, sourced: Sourced[experiments.Holdout]) -> Holdout:
        """Returns the holdout, its actions held out."""
        model, spot = sourced.model, sourced.spot
        percent = Fraction(str(model.percent))
        if not percent:
            self._report.warn(spot.at("percent"), messages.holds_out_nobody())
        elif percent >= EVERYBODY:
            self._report.warn(spot.at("percent"), messages.holds_out_everybody())
        holdout = Holdout(model.name, percent, model.salt or f"{_HOLDOUT}/{model.name}")
        for number in self._chosen(spot, model.applies_to):
            action = self.actions[number]
            self.actions[number] = replace(action, holdouts=(*action.holdouts, holdout))
        return holdout

    def experiment(self, sourced: Sourced[experiments.Experiment]) -> Experiment:
        """Returns the experiment, its actions with what its arms make of them."""
        model, spot = sourced.model, sourced.spot
        begins, ends = self._dates(spot, model)
        experiment = Experiment(
            model.name,
            model.salt or f"{_EXPERIMENT}/{model.name}",
            tuple(Arm(name, Fraction(str(arm.weight))) for name, arm in sorted(model.arms.items())),
            model.purpose or "",
            begins,
            ends,
            guard_of(model.guard) if model.guard else None,
        )
        numbers = self._chosen(spot, model.applies_to)
        self._check_overlaps(spot, experiment, numbers)
        changes = self._changes(spot.at("arms"), model, numbers)
        for number in numbers:
            action = self.actions[number]
            arms = {
                name: change.made_of(action, name) for name, change in changes.items() if not change.is_none
            }
            trial = Trial(experiment.name, arms)
            self.actions[number] = replace(action, trials=(*action.trials, trial))
        self._known[experiment.name] = experiment
        return experiment

    def _chosen(self, spot: SourcePath, model: models.AppliesTo) -> list[int]:
        numbers = list(self._chooser.chosen(self._chooser.checked(spot, model)))
        known = {action.name for action in self.actions}
        # One that is not known was told.
        if not numbers and known.issuperset(model.actions) and not self._around.doubtful:
            label, given = label_of_none(model, self.actions)
            self._report.warn(spot.at("applies_to"), messages.applies_to_no_action(label, given))
        return numbers

    def _check_overlaps(self, spot: SourcePath, experiment: Experiment, numbers: Sequence[int]) -> None:
        """Tells of the first action that another experiment is about at the same time."""
        for number in numbers:
            action = self.actions[number]
            for trial in action.trials:
                if _overlap(experiment, self._known[trial.experiment]):
                    message = messages.overlaps(action.name, trial.experiment)
                    self._report.error(spot.at("applies_to"), message)
                    return

    def _dates(
        self, spot: SourcePath, model: experiments.Experiment
    ) -> tuple[datetime | None, datetime | None]:
        """Returns the instants it begins and ends at, by the calendar of the ruleset's zone."""
        first, last = self._date(spot.at("from"), model.from_), self._date(spot.at("until"), model.until)
        if first and last and last < first:
            self._report.error(spot.at("until"), messages.until_before_from(str(last), str(first)))
        elif first and first == last:
            self._report.warn(spot.at("until"), messages.one_day())
        zone = ZoneInfo(self._around.zone)
        begins = datetime.combine(first, time.min, zone).astimezone(UTC) if first else None
        ends = datetime.combine(last + _DAY, time.min, zone).astimezone(UTC) if last else None
        if ends and self._now and ends <= self._now:
            self._report.warn(spot.at("until"), messages.over(str(last)))
        return begins, ends

    def _date(self, spot: SourcePath, text: str | None) -> date | None:
        try:
            return date_of(text) if text else None
        except ValueError:
            self._report.error(spot, rule_messages.bad_date(str(text)))
            return None

    def _changes(
        self, spot: SourcePath, model: experiments.Experiment, numbers: Sequence[int]
    ) -> Mapping[str, _Change]:
        """Returns what each arm says; what is wrong with it is told."""
        if len(model.arms) < _ARMS_MIN and not self._around.doubtful:
            self._report.error(spot, messages.one_arm())
        if len(model.arms) > bounds.ARMS:
            self._report.error(spot, messages.too_many_arms())
        for (one, first), (other, second) in combinations(list(model.arms.items())[: bounds.ARMS], 2):
            if first.model_copy(update={"weight": second.weight}) == second:
                self._report.warn(spot.at(other, key=True), messages.arms_alike(one, other))
        return {name: self._change(spot.at(name), arm, numbers) for name, arm in sorted(model.arms.items())}

    def _change(self, spot: SourcePath, model: experiments.ArmSpec, numbers: Sequence[int]) -> _Change:
        self._check_channels(spot.at("treatments"), model, numbers)
        score = None
        if model.score is not None:
            score = self._around.conditions.score(spot.at("score"), model.score)
        cap = None
        if model.frequency_cap:
            self._check_cap(spot.at("frequency_cap", "name"), model.frequency_cap.name, numbers)
            cap = model.frequency_cap.name, model.frequency_cap.limit
        return _Change(treatments_of(self._around, spot.at("treatments"), model.treatments), score, cap)

    def _check_channels(self, spot: SourcePath, model: experiments.ArmSpec, numbers: Sequence[int]) -> None:
        """Every treatment is on a channel that one of the actions can be on."""
        actions = [self.actions[number] for number in numbers]
        if not all(action.channels for action in actions):
            known = self._around.channels
        else:
            known = frozenset().union(*(action.channels for action in actions))
        for channel in model.treatments:
            if known and channel not in known:
                self._report.error(spot.at(channel, key=True), messages.arm_off_channel(channel, known))

    def _check_cap(self, spot: SourcePath, name: str, numbers: Sequence[int]) -> None:
        """A cap has one number of units for all its actions, so all of them are in the experiment."""
        if name not in self._caps:
            if name not in self._around.doubtful:
                self._report.error(spot, messages.no_cap(name, self._caps))
            return
        inside = set(numbers)
        capped = [
            number
            for number, action in enumerate(self.actions)
            if any(limit.name == name for limit in action.limits)
        ]
        if inside.isdisjoint(capped):
            self._report.error(spot, messages.cap_of_none(name))
        outside = next((number for number in capped if number not in inside), None)
        if outside is not None:
            self._report.error(spot, messages.cap_of_others(name, self.actions[outside].name))


def _overlap(one: Experiment, other: Experiment) -> bool:
    """Returns whether there is an instant at which both are on."""
    return _before(one.begins, other.ends) and _before(other.begins, one.ends)


def _before(begins: datetime | None, ends: datetime | None) -> bool:
    return begins is None or ends is None or begins < ends
