"""What experiments have shown, from a database that a service may be running on."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from maitred import store
from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.learning.draws import Mode
from maitred.core.learning.learners import Learner, is_learner, learner_name
from maitred.core.rules.experiments import HELD_OUT, OFFERED
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.ruleset import Experiment, Holdout, Ruleset
from maitred.core.values.nearest import did_you_mean
from maitred.engine.customers.people import People
from maitred.engine.deciding.codec import Packings, decode_body
from maitred.engine.errors import CallError, Code
from maitred.engine.operating.gathering import Gathered, ResultsQuery, gather, names_in, without_refusals
from maitred.engine.operating.results import PolicyLine, Results, ResultsCall
from maitred.insights.plans import PlanInvalid, lines_in
from maitred.selftest import Unfit
from maitred.store import ReadOnlyStore
from maitred.vault import KeyringVault, read_keyring

from .rules import load_policy

PLAN_MAX_BYTES = 1_048_576
_CONTROL = "control"
_EVERYBODY = 100.0
_OF_CALLS = ("channel", "location", "")
"""What segments are made of beside attributes; with none there are no segments."""


class NoResults(Exception):
    """What was asked for is not there, or cannot be; the message says what is."""

    def __init__(self, message: str, code: Code = Code.NOT_FOUND) -> None:
        super().__init__(message)
        self.code = code


def experiments(database: str) -> list[str]:
    """Returns every experiment, holdout and learner that somebody was exposed to. Raises ``StoreDown``."""
    with closing(store.open_read_only(database)) as opened:
        return list(names_in(opened))


def results(database: str, asked: ResultsCall, *, keys: Path | None = None) -> Results:
    """What an experiment has shown; segments take the ``keys``.

    Raises ``NoResults``, ``StoreDown``, ``KeyringUnusable`` and ``Unfit``.
    """
    with _insights(), closing(store.open_read_only(database)) as opened:
        from maitred.insights.comparing import compare  # noqa: PLC0415 -- serving has no numpy

        now = asked.at or datetime.now(UTC)
        question = _question(asked, now)
        gathered = gather(opened, question, _segments(opened, asked.by, keys) if asked.by else None)
        if not gathered.rulesets:
            raise NoResults(_nobody(asked.experiment, names_in(opened), now))
        rulesets = _Rulesets(opened, gathered.rulesets)
        compared = rulesets.compared(asked.experiment)
        gathered = without_refusals(opened, gathered, compared.purpose)
        control = asked.control or compared.control
        if control not in compared.weights:
            raise NoResults(f"there is no arm of that name{did_you_mean(control, compared.weights)}")
        _check_names(asked, gathered, rulesets)
        if asked.policy:
            _check_chances(rulesets, asked.experiment, compared.weights)
        goal = asked.goal.name.lower() if isinstance(asked.goal, OutcomeKind) else asked.goal
        try:
            return compare(asked.experiment, goal, gathered, compared.weights, control, policy=asked.policy)
        except PlanInvalid as invalid:
            raise NoResults(f"policy: {invalid}", Code.MALFORMED) from None


def _nobody(name: str, known: Sequence[str], now: datetime) -> str:
    if name in known:
        return f"nobody was exposed to it by {now:%Y-%m-%d %H:%M} UTC, but later: `at` says as of when"
    near = did_you_mean(name, known)
    return f"nobody was exposed to an experiment, holdout or learner of that name{near}"


def _question(asked: ResultsCall, now: datetime) -> ResultsQuery:
    """Returns what is asked of the log. Raises ``NoResults``."""
    if isinstance(asked.goal, str) and asked.action:
        raise NoResults("an event is of no action: ask for one of both", Code.MALFORMED)
    if not is_learner(asked.experiment):
        return ResultsQuery(asked.experiment, asked.goal, now, asked.within, action=asked.action)
    if isinstance(asked.goal, str):
        raise NoResults("a learner is judged by outcomes of each decision: leave out --event")
    return ResultsQuery(
        asked.experiment,
        asked.goal,
        now,
        asked.within,
        history=timedelta(0),
        action=asked.action,
        by_decision=True,
    )


def policy_in(file: Path) -> tuple[PolicyLine, ...]:
    """Returns the policy that a file says, as in ``insights.plans``. Raises ``NoResults``."""
    try:
        if file.stat().st_size > PLAN_MAX_BYTES:
            raise NoResults(f"policy `{file}` is larger than {PLAN_MAX_BYTES:,} bytes")
        return lines_in(file.read_text("utf-8-sig"))
    except OSError as error:
        raise NoResults(f"cannot read policy `{file}`: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoResults(f"policy `{file}` is not UTF-8") from None
    except PlanInvalid as invalid:
        raise NoResults(f"policy `{file}`: {invalid}") from None


def _check_names(asked: ResultsCall, gathered: Gathered, rulesets: "_Rulesets") -> None:
    """That what it is asked by is known to rules, where nothing in the log is called so."""
    if isinstance(asked.goal, str) and not any(person.reached for person in gathered.people):
        rulesets.check("event", asked.goal, lambda ruleset: ruleset.events)
    if asked.action:
        rulesets.check("action", asked.action, lambda ruleset: [action.name for action in ruleset.actions])
    if (
        asked.by not in _OF_CALLS
        and gathered.people
        and not any(person.segment for person in gathered.people)
    ):
        rulesets.check("attribute", asked.by, lambda ruleset: (*_OF_CALLS, *_attributes(ruleset)))


def _attributes(ruleset: Ruleset) -> Iterator[str]:
    yield from ruleset.attributes
    yield from (computed.name for computed in ruleset.computed)


def _check_chances(rulesets: "_Rulesets", name: str, weights: Mapping[str, float]) -> None:
    """That every arm had the same chance all the time: it is what decisions are weighed by."""
    shares = _shares(weights)
    for ruleset in rulesets.newest_first():
        compared = _compared_in(ruleset, name) if ruleset else None
        if compared is None:
            raise NoResults(
                f"a ruleset that was in force with `{name}` does not load any more: its weights are unknown",
                Code.TOO_LATE,
            )
        if _shares(compared.weights) != shares:
            raise NoResults(
                f"the arms of `{name}` had other weights before: a policy is compared with an experiment"
                " whose weights stayed, give it another name when they change",
                Code.TOO_LATE,
            )


def _shares(weights: Mapping[str, float]) -> Mapping[str, float]:
    total = sum(weights.values())
    return {arm: weight / total for arm, weight in weights.items()}


@contextmanager
def _insights() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        room = (error.name or "").partition(".")[0]
        message = f"results need {room}, which is not installed: pip install 'maitred[insights]'"
        raise Unfit(message) from None


class _Compared(NamedTuple):
    """The arms of an experiment, a holdout or a learner as a ruleset has them, and which is the control.

    The ``purpose`` is empty where persons are compared whatever they have refused.
    """

    weights: Mapping[str, float]
    control: str
    purpose: str = ""


class _Rulesets:
    """The rulesets that were in force; each is loaded once, and only if it is asked for."""

    def __init__(self, opened: ReadOnlyStore, hashes: Sequence[str]) -> None:
        self._opened, self._hashes = opened, hashes
        self._loaded: list[Ruleset | None] = []

    def newest_first(self) -> Iterator[Ruleset | None]:
        """Yields them, ``None`` for one that does not load any more."""
        for number, digest in enumerate(reversed(self._hashes)):
            if number == len(self._loaded):
                self._loaded.append(self._load(digest))
            yield self._loaded[number]

    def _load(self, digest: str) -> Ruleset | None:
        stored = self._opened.ruleset(digest)
        try:
            return load_policy(stored.sources, stored.commit).ruleset if stored else None
        except RulesetInvalid:
            return None

    def compared(self, name: str) -> _Compared:
        """Returns what the last ruleset has in which every arm could have somebody. Raises ``NoResults``."""
        empty = ""
        for ruleset in filter(None, self.newest_first()):
            compared = _compared_in(ruleset, name)
            if compared and all(compared.weights.values()):
                return compared
            if compared:
                empty = next(arm for arm, weight in compared.weights.items() if not weight)
        if empty:
            raise NoResults(f"nothing is compared: by the rules nobody is ever in `{empty}`", Code.TOO_LATE)
        raise NoResults(f"no ruleset that was in force with `{name}` loads any more: its arms are not known")

    def check(self, what: str, name: str, names_in: Callable[[Ruleset], Iterable[str]]) -> None:
        """Raises ``NoResults`` where none of them has a name, with one that may have been meant."""
        known: dict[str, None] = {}
        for ruleset in filter(None, self.newest_first()):
            known |= dict.fromkeys(names_in(ruleset))
            if name in known:
                return
        raise NoResults(f"the rules have no {what} of that name{did_you_mean(name, known)}")


def _compared_in(ruleset: Ruleset, name: str) -> _Compared | None:
    compared: dict[str, Experiment | Holdout | Learner] = {}
    compared |= {experiment.name: experiment for experiment in ruleset.experiments}
    compared |= {holdout.name: holdout for holdout in ruleset.holdouts}
    compared |= {learner_name(learner.name): learner for learner in ruleset.learners}
    definition = compared.get(name)
    if isinstance(definition, Holdout):
        held = float(definition.percent)
        return _Compared({HELD_OUT: held, OFFERED: _EVERYBODY - held}, HELD_OUT)
    if isinstance(definition, Learner):
        explored = float(definition.exploration)
        weights = {Mode.EXPLOIT.value: _EVERYBODY - explored, Mode.EXPLORE.value: explored}
        return _Compared(weights, Mode.EXPLORE.value, definition.purpose)
    if definition is None:
        return None
    weights = {arm.name: float(arm.weight) for arm in definition.arms}
    return _Compared(weights, _control(ruleset, definition), definition.purpose)


def _control(ruleset: Ruleset, experiment: Experiment) -> str:
    """Returns the arm that is called so, or else the first that changes nothing, or else the first."""
    names = [arm.name for arm in experiment.arms]
    if _CONTROL in names:
        return _CONTROL
    trials = [trial for action in ruleset.actions for trial in action.trials]
    changed = frozenset().union(*(trial.actions for trial in trials if trial.experiment == experiment.name))
    return next((name for name in names if name not in changed), names[0])


def _segments(opened: ReadOnlyStore, by: str, keys: Path | None) -> Callable[[bytes], str]:
    """Returns what a person belongs to, read from the record of the first decision they were exposed with."""
    if keys is None:
        raise NoResults("segments are read from sealed records: give the keyring with --keys")
    people = People(KeyringVault(read_keyring(keys)), lambda: os.urandom(16))
    packings = Packings(opened.dictionary)

    def segment(decision_id: bytes) -> str:
        record = opened.decision(decision_id)
        try:
            body = decode_body(packings.unpacked(people.opened(record))) if record else None
        except CallError:
            return ""
        if body is None:
            return ""
        own = {"channel": body.channel, "location": body.location_id}
        value = own.get(by, body.facts.get(by, ""))
        return "" if isinstance(value, dict) else str(value)

    return segment


def draw(result: Results, file: Path) -> None:
    """Draws the differences as a PNG. Raises ``OSError`` and ``Unfit``."""
    with _insights():
        from maitred.insights import picture  # noqa: PLC0415 -- matplotlib takes half a second

        picture.draw(result, file)
