"""Results over gRPC, read by a process of their own."""

import pickle
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.claims.harness import refused
from tests.conftest import schema_of
from tests.recording import RecordingLog
from tests.rules import action, document, joined, ruleset
from tests.services import settings_in

from maitred.bootstrap import results_process, serving
from maitred.bootstrap.clients import Client
from maitred.bootstrap.results import results
from maitred.bootstrap.results_process import Analysts, _answer, _Outcome, _Task
from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.engine.deciding.committer import Clock
from maitred.engine.errors import Code
from maitred.engine.operating.results import Results, ResultsCall
from maitred.insights.plans import lines_in

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
RULES = joined(
    ruleset(channels="[pos]"),
    action("pizza", title="Pizza"),
    document(
        "Experiment",
        "words",
        {
            "applies_to": "{actions: [pizza]}",
            "arms": "{control: {weight: 1}, loud: {weight: 1, treatments: {pos: {say: HELLO}}}}",
        },
    ),
)
RESULTS = Results("words", "accepted", "control", (), (), 1.0, 0, 0)
POLICY = "segment,arm,probability\n*,loud,1\n"
WORDS = ResultsCall("words", OutcomeKind.ACCEPTED, timedelta(days=7))


@pytest.fixture(scope="module", params=[("loop", "sqlite"), ("stock", "postgresql")], ids="-".join)
def served(request, tmp_path_factory):
    """A service under simulated time, a week after 40 customers; every other one accepted."""
    folder = tmp_path_factory.mktemp("served")
    transport, database = request.param
    settings = settings_in(folder, RULES, simulated_time=True, transport=transport)
    with ExitStack() as stack:
        if database == "postgresql":
            server, script = map(request.getfixturevalue, ("postgres_server", "postgres_script"))
            settings = replace(settings, database=stack.enter_context(schema_of(server, script)))
        yield settings, stack.enter_context(sold(settings))


@contextmanager
def sold(settings):
    """A client of the service."""
    with (
        serving.start(settings, {}, RecordingLog()) as running,
        Client(running.address, timeout_seconds=120) as client,
    ):
        for number in range(40):
            answer = client.decide(
                request_id=f"r-{number}", customer_id=f"c-{number}", channel="pos", at=NOON
            )
            if number % 2:
                client.record_outcomes(
                    [Outcome(f"o-{number}", answer.decision_id, "pizza", OutcomeKind.ACCEPTED, NOON)]
                )
        yield client


def test_a_service_shows_what_the_command_shows(served):
    """Each call takes a process seconds to begin: numpy, scipy and statsmodels are read anew."""
    settings, client = served
    asked = WORDS._replace(at=NOON + timedelta(days=8), by="channel")
    shown = client.results(asked)
    assert sum(arm.persons for arm in shown.arms) == 40
    assert sum(arm.reached for arm in shown.arms) == 20
    assert shown.comparisons[0].arm == "loud"
    assert shown == results(settings.database, asked, keys=settings.keys_file)
    policed = asked._replace(policy=lines_in(POLICY))
    value = client.results(policed).policy
    assert value == results(settings.database, policed, keys=settings.keys_file).policy
    assert value.decisions == 40
    assert value.self_normalized.value == pytest.approx(shown.arms[1].rate)
    policed = policed._replace(policy=lines_in(POLICY.replace("loud", "canary")))
    assert _answer(_Task(settings.database, settings.keys_file, policed)) == _Outcome(
        code=Code.MALFORMED, message="policy: line 2: no arm is called so"
    )
    task = _Task(settings.database, settings.keys_file, asked._replace(experiment="wrods"))
    outcome = _answer(task)
    assert outcome.code is Code.NOT_FOUND
    assert outcome.message.endswith("of that name, did you mean `words`?")
    assert "wrods" not in outcome.message, "nobody knows what it is that was sent"


@pytest.fixture
def analysts(tmp_path, monkeypatch):
    """Whose process only waits."""
    monkeypatch.setattr(results_process, "COMMAND", ("sleep", "600"))
    made = Analysts(f"sqlite:///{tmp_path}/none.db", tmp_path / "none.keys", Clock(lambda: NOON))
    yield made
    made.stop()


def test_without_an_instant_the_last_one_named_is_now(analysts, monkeypatch):
    tasks = []

    def run(task, _seconds):
        tasks.append(pickle.loads(task))
        return results_process._Outcome(RESULTS)

    monkeypatch.setattr(analysts, "_run", run)
    later = NOON + timedelta(days=8)
    for call in (WORDS, WORDS._replace(at=later), WORDS):
        assert analysts.results(call) is RESULTS
    assert [task.call.at for task in tasks] == [NOON, later, later]


def test_a_call_ends_with_its_deadline(analysts):
    with refused(Code.EXPIRED):
        analysts.results(WORDS._replace(deadline=time.monotonic()))
    assert analysts._process.returncode is not None


def begun(analysts, monkeypatch):
    """A call that waits for its process, and how it ended."""
    real, started, ended = subprocess.Popen.communicate, threading.Event(), []

    def communicate(self, *arguments, **more):
        started.set()
        return real(self, *arguments, **more)

    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)

    def ask():
        with refused(Code.STOPPING) as stopped:
            analysts.results(WORDS)
        ended.append(stopped.value.code)

    thread = threading.Thread(target=ask)
    thread.start()
    assert started.wait(60)
    return thread, ended


def test_one_call_at_a_time_and_none_once_it_is_stopped(analysts, monkeypatch):
    thread, ended = begun(analysts, monkeypatch)
    with refused(Code.OVERLOADED):
        analysts.results(WORDS)
    analysts.stop()
    thread.join(60)
    assert ended == [Code.STOPPING]
    with refused(Code.STOPPING):
        analysts.results(WORDS)


def test_a_process_that_fails_is_a_fault_of_ours(analysts, monkeypatch):
    monkeypatch.setattr(results_process, "COMMAND", ("false",))
    with pytest.raises(RuntimeError, match="has ended with 1"):
        analysts.results(WORDS)


@pytest.mark.usefixtures("without_scipy")
def test_without_the_libraries_the_remedy_is_told(tmp_path, sqlite_url):
    outcome = _answer(_Task(sqlite_url, tmp_path / "keys", WORDS))
    assert outcome.code is Code.NOT_INSTALLED
    assert "pip install 'maitred[insights]'" in outcome.message


def test_a_database_that_is_gone_is_unavailable(tmp_path):
    outcome = _answer(_Task(f"sqlite:///{tmp_path}/none.db", tmp_path / "keys", WORDS))
    assert outcome.code is Code.STORE_DOWN
