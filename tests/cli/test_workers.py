"""``maitred serve --workers``: several processes on one port, on a real PostgreSQL."""

import os
import signal
import socket
import time

import pytest

from maitred.cli.exits import Stop
from maitred.cli.processes.workers import reserve, worker_environ
from maitred.rpc.client import Client, ClientError
from maitred.settings import Settings

pytestmark = pytest.mark.empty_database


@pytest.fixture
def worker_pool(serve, rules, postgres_url):
    """Two workers that serve."""
    service = serve("--rules", rules, "--database", postgres_url, "--workers", "2", wait=False)
    service.await_event("serving", 2)
    service.address = service.await_event("workers_started")["address"]
    return service


def decide(address: str, request_id: str):
    with Client(address) as client:
        return client.decide(request_id=request_id, customer_id="7", channel="pos")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def await_ended(pids: list[int]) -> None:
    end = time.monotonic() + 30
    while any(map(alive, pids)):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_workers_share_the_port_and_one_that_dies_is_replaced(worker_pool):
    serving = worker_pool.events("serving")
    assert {event["address"] for event in serving} == {worker_pool.address}
    assert {event["worker"] for event in serving} == {"1", "2"}

    # Connections spread over both, and either one knows what the other has answered.
    answers = [decide(worker_pool.address, f"r{number}") for number in range(8)]
    for number, answer in enumerate(answers):
        assert decide(worker_pool.address, f"r{number}") == answer

    os.kill(serving[0]["pid"], signal.SIGKILL)
    again = worker_pool.await_event("serving", 3)
    assert worker_pool.events("worker_ended")[0]["exit_code"] == -signal.SIGKILL
    assert again["worker"] == serving[0]["worker"]
    assert again["pid"] != serving[0]["pid"]
    assert decide(worker_pool.address, "r0") == answers[0]

    assert worker_pool.stop() == 0
    assert not any(alive(event["pid"]) for event in worker_pool.events("serving"))


def test_workers_end_with_the_process_that_started_them(worker_pool):
    worker_pool.process.kill()
    await_ended([event["pid"] for event in worker_pool.events("serving")])
    with pytest.raises(ClientError):
        decide(worker_pool.address, "r")


def test_what_a_worker_cannot_do_ends_the_service(serve, rules, broken_actions, postgres_url):
    (rules / "actions.yaml").write_text(broken_actions)
    flags = ("--rules", rules, "--database", postgres_url, "--workers", "2", "--strict")
    service = serve(*flags, wait=False)
    assert service.await_end() == 1
    assert service.events("worker_cannot_run")[0]["exit_code"] == 1


def test_a_bad_file_does_not_take_down_what_serves(serve, rules, actions, broken_actions, postgres_url):
    flags = ("--rules", rules, "--database", postgres_url, "--workers", "2", "--strict")
    service = serve(*flags, "--watch-seconds", "3600", wait=False)
    service.await_event("serving", 2)
    address = service.await_event("workers_started")["address"]
    (rules / "actions.yaml").write_text(broken_actions)
    os.kill(service.events("serving")[0]["pid"], signal.SIGKILL)
    assert service.await_event("worker_ended", 2)["exit_code"] == 1
    assert decide(address, "r").decision_id
    (rules / "actions.yaml").write_text(actions)
    service.await_event("serving", 3)
    assert service.stop() == 0


def test_a_port_in_use_is_not_shared_with_strangers():
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        listen = f"127.0.0.1:{stranger.getsockname()[1]}"
        with pytest.raises(Stop, match=f"cannot listen on `{listen}`"):
            reserve(listen)


@pytest.mark.parametrize(
    "listen", ["nonsense", ":1", "127.0.0.1:x", "127.0.0.1:99999", "no.such.host.invalid:1"]
)
def test_a_bad_address_is_told(listen):
    with pytest.raises(Stop, match=listen):
        reserve(listen)


def test_a_reserved_port_can_be_listened_on_by_sharing_it_only():
    with reserve("127.0.0.1:0") as held, socket.socket() as other:
        with pytest.raises(OSError, match="in use"):
            other.bind(held.getsockname())
        with socket.socket() as worker:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.bind(held.getsockname())
            worker.listen()
            with socket.create_connection(held.getsockname(), 5):
                worker.settimeout(5)
                worker.accept()[0].close()


def test_secrets_go_by_variable_and_absent_settings_do_not_go_at_all():
    variables = worker_environ(
        Settings(database="postgresql://u:p@h/d", workers=3), {"PATH": "x"}, strict=True
    )
    assert variables["MAITRED_DATABASE"] == "postgresql://u:p@h/d"
    assert variables["MAITRED_WORKERS"] == "3"
    assert variables["MAITRED_STRICT"] == "True"
    assert "MAITRED_TLS_CERT" not in variables
    assert variables["PATH"] == "x"
