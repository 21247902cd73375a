"""Results over gRPC, read by a process of their own."""

import os
import pickle
import signal
import struct
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from tests.claims.harness import refused
from tests.conftest import schema_of
from tests.recording import RecordingLog
from tests.rules import action, document, joined, ruleset
from tests.services import settings_in

from maitred.bootstrap import results_process, serving
from maitred.bootstrap.clients import Client
from maitred.bootstrap.results import results
from maitred.bootstrap.results_process import Analysts, _Answer, _Outcome, _outcome, _Process, _Task
from maitred.cli.exits import CANNOT_RUN
from maitred.cli.main import run
from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.engine.deciding.committer import Clock
from maitred.engine.errors import Code
from maitred.engine.messages import STORE_SILENT
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
        yield settings, *stack.enter_context(sold(settings))


@contextmanager
def sold(settings):
    """A client of the service, and its address."""
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
        yield client, running.address


def test_a_service_shows_what_the_command_shows(served):
    """The first call takes its process seconds to begin: numpy, scipy and statsmodels are read."""
    settings, client, address = served
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
    assert _outcome(_Task(settings.database, settings.keys_file, policed)) == _Outcome(
        code=Code.MALFORMED, message="policy: line 2: no arm is called so"
    )
    task = _Task(settings.database, settings.keys_file, asked._replace(experiment="wrods"))
    outcome = _outcome(task)
    assert outcome.code is Code.NOT_FOUND
    assert outcome.message.endswith("of that name, did you mean `words`?")
    assert "wrods" not in outcome.message, "nobody knows what it is that was sent"
    assert run(["results", "wrods", "--target", address]) == CANNOT_RUN, "1 is for wrong shares"


ANSWERING = """
import struct, sys
answer = bytes.fromhex(sys.argv[1])
while head := sys.stdin.buffer.read(8):
    sys.stdin.buffer.read(*struct.unpack(">Q", head))
    sys.stdout.buffer.write(struct.pack(">Q", len(answer)) + answer)
    sys.stdout.buffer.flush()
"""


def answering(answer):
    """A process that answers everything so, and imports nothing."""
    return (sys.executable, "-S", "-E", "-c", ANSWERING, pickle.dumps(answer).hex())


@pytest.fixture
def analysts_of(tmp_path, monkeypatch):
    """Whose process is another command; where none is given, one that only waits."""
    made = Analysts(f"sqlite:///{tmp_path}/none.db", tmp_path / "none.keys", Clock(lambda: NOON))

    def of(*command):
        monkeypatch.setattr(results_process, "COMMAND", command or ("sleep", "600"))
        return made

    yield of
    made.stop()


def test_without_an_instant_the_last_one_named_is_now(analysts_of, monkeypatch):
    tasks, analysts = [], analysts_of()

    def run(task, _seconds):
        tasks.append(pickle.loads(task))
        return _Outcome(RESULTS)

    monkeypatch.setattr(analysts, "_run", run)
    later = NOON + timedelta(days=8)
    for call in (WORDS, WORDS._replace(at=later), WORDS):
        assert analysts.results(call) is RESULTS
    assert [task.call.at for task in tasks] == [NOON, later, later]


@pytest.fixture
def started(monkeypatch):
    """Every process that was started."""
    processes = []

    class Noted(_Process):
        def __init__(self):
            super().__init__()
            processes.append(self)

    monkeypatch.setattr(results_process, "_Process", Noted)
    return processes


def test_a_call_ends_with_its_deadline(analysts_of, started):
    """Also one that is longer than what is read of it by a process that hangs."""
    long = WORDS._replace(policy=lines_in(POLICY) * 10_000)
    for call, seconds in ((WORDS, 0.0), (WORDS, 0.05), (long, 0.05)):
        with refused(Code.EXPIRED):
            analysts_of().results(call._replace(deadline=time.monotonic() + seconds))
    assert [process.end() for process in started] == [-signal.SIGKILL] * 3


def test_calls_that_follow_each_other_have_one_process(analysts_of, started):
    analysts = analysts_of(*answering(_Answer(_Outcome(RESULTS))))
    assert [analysts.results(WORDS) for _ in range(3)] == [RESULTS] * 3
    (process,) = started
    assert process.is_alive()
    analysts.stop()
    assert not process.is_alive()


def test_a_process_ends_once_nobody_asks_any_more(analysts_of, started, monkeypatch):
    monkeypatch.setattr(results_process, "IDLE_SECONDS", 0.0)
    analysts = analysts_of(*answering(_Answer(_Outcome(RESULTS))))
    for number in range(2):
        assert analysts.results(WORDS) == RESULTS
        analysts._timer.join(60)
        assert not started[number].is_alive()


def test_a_process_that_took_much_memory_is_not_kept(analysts_of, started):
    analysts = analysts_of(*answering(_Answer(_Outcome(RESULTS), is_last=True)))
    for number in range(2):
        assert analysts.results(WORDS) == RESULTS
        assert not started[number].is_alive()


def test_another_process_takes_the_place_of_one_that_was_killed_while_it_waited(analysts_of, started):
    analysts = analysts_of(*answering(_Answer(_Outcome(RESULTS))))
    analysts.results(WORDS)
    os.kill(started[0].pid, signal.SIGKILL)
    started[0].end(60)
    assert analysts.results(WORDS) == RESULTS
    assert len(started) == 2


def test_one_call_at_a_time_and_none_once_it_is_stopped(analysts_of, started, monkeypatch):
    analysts, asking, ended = analysts_of(), threading.Event(), []
    ask = _Process.ask

    def noted(self, task, end):
        asking.set()
        return ask(self, task, end)

    monkeypatch.setattr(_Process, "ask", noted)

    def call():
        with refused(Code.STOPPING):
            analysts.results(WORDS)
        ended.append(True)

    thread = threading.Thread(target=call)
    thread.start()
    assert asking.wait(60)
    with refused(Code.OVERLOADED):
        analysts.results(WORDS)
    analysts.stop()
    thread.join(60)
    assert ended == [True]
    with refused(Code.STOPPING):
        analysts.results(WORDS)
    assert [process.end() for process in started] == [-signal.SIGKILL]


def test_how_a_process_fails_is_told(analysts_of):
    with pytest.raises(RuntimeError, match="has ended with 1"):
        analysts_of("false").results(WORDS)
    with refused(Code.OVERLOADED) as killed:
        analysts_of("sh", "-c", "kill -9 $$").results(WORDS)
    assert "was killed, as one is that takes more memory than there is" in killed.value.message


def test_tasks_are_answered_until_one_takes_much_memory(tmp_path, sqlite_url, monkeypatch):
    task = pickle.dumps(_Task(f"{sqlite_url}-none", tmp_path / "keys", WORDS))
    tasks = (struct.pack(">Q", len(task)) + task) * 2
    for most, count in ((2**60, 2), (0, 1)):
        monkeypatch.setattr(results_process, "KEPT_MAX_BYTES", most)
        answers = BytesIO()
        results_process.serve(BytesIO(tasks), answers)
        answers.seek(0)
        for _ in range(count):
            answer = pickle.loads(answers.read(*struct.unpack(">Q", answers.read(8))))
            assert answer == _Answer(_Outcome(code=Code.STORE_DOWN, message=STORE_SILENT), most == 0)
        assert not answers.read()


@pytest.mark.usefixtures("without_scipy")
def test_without_the_libraries_the_remedy_is_told(tmp_path, sqlite_url):
    outcome = _outcome(_Task(sqlite_url, tmp_path / "keys", WORDS))
    assert outcome.code is Code.NOT_INSTALLED
    assert "pip install 'maitred[insights]'" in outcome.message


def test_a_database_that_is_gone_is_unavailable(tmp_path):
    outcome = _outcome(_Task(f"sqlite:///{tmp_path}/none.db", tmp_path / "keys", WORDS))
    assert outcome.code is Code.STORE_DOWN
