"""What experiments have shown, from a database that a service may be running on."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from maitred.engine.operating.gathering import ResultsQuery, gather, names_in
from maitred.engine.operating.results import PolicyLine, Results, ResultsCall
from maitred.insights.plans import PlanInvalid, lines_in
from maitred.selftest import Unfit
from maitred.store import ReadOnlyStore
from maitred.vault import KeyringVault, read_keyring

from .rules import load_policy

PLAN_MAX_BYTES = 1_048_576
_CONTROL = "control"
_EVERY_DECISION = 100.0


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
            near = did_you_mean(asked.experiment, names_in(opened))
            raise NoResults(f"nobody was exposed to an experiment, holdout or learner of that name{near}")
        compared = _definition(opened, reversed(gathered.rulesets), asked.experiment)
        weights = _weights(compared)
        control = asked.control or _control(compared)
        if control not in weights:
            raise NoResults(f"there is no arm of that name{did_you_mean(control, weights)}")
        if asked.policy:
            _check_chances(opened, gathered.rulesets, asked.experiment, weights)
        goal = asked.goal.name.lower() if isinstance(asked.goal, OutcomeKind) else asked.goal
        try:
            return compare(asked.experiment, goal, gathered, weights, control, policy=asked.policy)
        except PlanInvalid as invalid:
            raise NoResults(f"policy: {invalid}", Code.MALFORMED) from None


def _question(asked: ResultsCall, now: datetime) -> ResultsQuery:
    """Returns what is asked of the log. Raises ``NoResults``."""
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


def _check_chances(
    opened: ReadOnlyStore, hashes: Sequence[str], name: str, weights: Mapping[str, float]
) -> None:
    """That every arm had the same chance all the time: it is what decisions are weighed by."""
    shares = _shares(weights)
    for digest in hashes:
        compared = _in_ruleset(opened, digest, name)
        if compared is None:
            raise NoResults(
                f"a ruleset that was in force with `{name}` does not load any more: its weights are unknown",
                Code.TOO_LATE,
            )
        if _shares(_weights(compared)) != shares:
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


def _definition(opened: ReadOnlyStore, hashes: Iterator[str], name: str) -> Experiment | Holdout | Learner:
    """Returns the experiment, holdout or learner as the last ruleset has it that still loads."""
    for digest in hashes:
        definition = _in_ruleset(opened, digest, name)
        if definition:
            return definition
    raise NoResults(f"no ruleset that was in force with `{name}` loads any more: its arms are not known")


def _in_ruleset(opened: ReadOnlyStore, digest: str, name: str) -> Experiment | Holdout | Learner | None:
    """Returns what a ruleset of the store calls so; ``None`` also where it does not load any more."""
    stored = opened.ruleset(digest)
    try:
        ruleset = load_policy(stored.sources, stored.commit).ruleset if stored else None
    except RulesetInvalid:
        return None
    return _named(ruleset, name) if ruleset else None


def _named(ruleset: Ruleset, name: str) -> Experiment | Holdout | Learner | None:
    compared: dict[str, Experiment | Holdout | Learner] = {}
    compared |= {experiment.name: experiment for experiment in ruleset.experiments}
    compared |= {holdout.name: holdout for holdout in ruleset.holdouts}
    compared |= {learner_name(learner.name): learner for learner in ruleset.learners}
    return compared.get(name)


def _weights(compared: Experiment | Holdout | Learner) -> Mapping[str, float]:
    if isinstance(compared, Holdout):
        return {HELD_OUT: float(compared.percent), OFFERED: 100 - float(compared.percent)}
    if isinstance(compared, Learner):
        if not 0 < compared.exploration < _EVERY_DECISION:
            raise NoResults("a learner is compared where some decisions explore and others do not")
        explored = float(compared.exploration)
        return {Mode.EXPLOIT.value: _EVERY_DECISION - explored, Mode.EXPLORE.value: explored}
    return {arm.name: float(arm.weight) for arm in compared.arms}


def _control(compared: Experiment | Holdout | Learner) -> str:
    if isinstance(compared, Holdout):
        return HELD_OUT
    if isinstance(compared, Learner):
        return Mode.EXPLORE.value
    names = [arm.name for arm in compared.arms]
    return _CONTROL if _CONTROL in names else names[0]


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
