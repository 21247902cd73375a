import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.recording import RecordingLog
from tests.rules import action, joined, ruleset
from tests.waiting import eventually

from maitred.bootstrap import serving
from maitred.bootstrap.clients import Client
from maitred.bootstrap.rules import load_policy
from maitred.engine.ports.store import StoreConflict
from maitred.rpc.client import ClientError
from maitred.settings import DEFAULT_STREAMS, Settings
from maitred.sources.provenance import commit_of as read_commit
from maitred.store.stores import SqlStore


@pytest.fixture
def log():
    return RecordingLog()


@pytest.fixture
def rules(tmp_path):
    directory = tmp_path / "rules"
    directory.mkdir()
    write(directory, 1)
    return directory


@pytest.fixture
def settings(tmp_path, rules):
    return Settings(
        rules=rules,
        database=f"sqlite:///{tmp_path}/decisions.db",
        listen="127.0.0.1:0",
        watch_seconds=3600.0,
        drain_seconds=1.0,
    )


def write(directory, version):
    head = ruleset(version=f'"{version}"', channels="[pos]")
    (directory / "ruleset.yaml").write_text(joined(head, action("lounge")))


def test_what_was_read_last_stays_in_force(settings, rules, log, monkeypatch):
    with serving.start(settings, {}, log) as running:
        reading, overtaken = threading.Event(), threading.Event()
        commit_of = read_commit

        def slow_once(directory):
            if not reading.is_set():
                reading.set()
                overtaken.wait(1)
            return commit_of(directory)

        monkeypatch.setattr(serving, "commit_of", slow_once)
        write(rules, 2)
        with ThreadPoolExecutor() as threads:
            slow = threads.submit(running.reload_or_tell)
            assert reading.wait(5)
            write(rules, 3)
            running.reload_or_tell()
            overtaken.set()
            slow.result(10)
        assert running.policy.ruleset.version == "3"


def test_a_ruleset_that_the_database_did_not_take_is_tried_again(settings, log, monkeypatch):
    save, failures = SqlStore.save_ruleset, [StoreConflict("busy"), StoreConflict("busy")]

    def busy_at_first(store, ruleset):
        if failures:
            raise failures.pop()
        save(store, ruleset)

    monkeypatch.setattr(SqlStore, "save_ruleset", busy_at_first)
    quick = replace(settings, watch_seconds=0.02)
    with serving.start(quick, {}, log) as running:
        assert running.policy is None
        end = time.monotonic() + 10
        while running.policy is None:
            assert time.monotonic() < end
            time.sleep(0.02)
    assert len(log.of("ruleset_not_kept")) == 2


def test_not_serving_does_not_wait_for_a_load_in_progress(settings, rules, log, monkeypatch):
    loading, release = threading.Event(), threading.Event()
    load = load_policy

    def slow_from_the_second_on(sources, commit, pause):
        if b'"1"' not in sources["ruleset.yaml"]:
            loading.set()
            release.wait(10)
        return load(sources, commit, pause)

    monkeypatch.setattr(serving, "load_policy", slow_from_the_second_on)
    quick = replace(settings, watch_seconds=0.02)
    running = serving.start(quick, {}, log)
    try:
        with Client(running.address) as client, ThreadPoolExecutor() as threads:
            assert client.serving()
            write(rules, 2)
            assert loading.wait(10)
            stopped = threads.submit(running.stop)
            end = time.monotonic() + 3
            while client.serving():
                assert time.monotonic() < end
                time.sleep(0.02)
            release.set()
            assert stopped.result(20)
    finally:
        release.set()
        running.stop()


def test_calls_that_failed_do_not_stay_open_until_a_collection(settings, log):
    """Each would hold one of the places that a connection has."""
    with serving.start(settings, {}, log) as running, Client(running.address) as client:
        decision = client.decide(request_id="d", customer_id="c", channel="pos", context={})
        gc.disable()
        try:
            for number in range(DEFAULT_STREAMS + 8):
                with pytest.raises(ClientError, match="did not propose this action"):
                    client.claim(request_id=f"r{number}", decision_id=decision.decision_id, action="none")
        finally:
            gc.enable()


def test_the_collector_does_not_look_at_policies(settings, log):
    """With 10,000 actions one look would hold every decision up for 100 ms."""
    with serving.start(settings, {}, log) as running:
        policy = running.policy
        assert gc.is_tracked(policy)
        assert not any(tracked is policy for tracked in gc.get_objects())
        assert gc.isenabled()


def test_a_ruleset_is_loaded_in_steps_between_which_calls_go_first():
    """Of each action: read, checked, and compiled."""
    pauses = [0, 0]
    for turn, actions in enumerate((100, 200)):

        def pause(turn=turn):
            pauses[turn] += 1

        documents = [action(f"a-{number}") for number in range(actions)]
        load_policy({"rules.yaml": joined(ruleset(), *documents).encode()}, "", pause)
    assert pauses[1] - pauses[0] >= 100 * 8


def test_calls_go_before_a_ruleset_that_loads(settings, log, monkeypatch):
    """The loop takes the way when a call comes and leaves it when it waits for the next one."""
    looping = replace(settings, transport="loop")
    with serving.start(looping, {}, log) as running, Client(running.address) as client:
        way, taken = running._server._loop._way, []

        class Watched:
            leave = way.leave
            loading = property(lambda _: way.loading)

            def take(self):
                taken.append(True)
                way.take()

        monkeypatch.setattr(running._server._loop, "_way", Watched())
        client.decide(request_id="before", customer_id="c", channel="pos", context={})
        assert not taken
        with way.given():
            client.decide(request_id="d", customer_id="c", channel="pos", context={})
            assert taken
            eventually(way._free.is_set)
