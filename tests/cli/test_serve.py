"""``maitred serve``: how it starts, reloads and stops."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import grpc
import pytest

from maitred.cli.shown.banner import example, safe_url
from maitred.core.deciding.policy import compile_policy
from maitred.core.rules.ruleset import Location, Ruleset
from maitred.rpc.client import Client, ClientError
from maitred.v1 import decision_pb2, decision_pb2_grpc


def decide(client: Client, request_id: str, **more):
    return client.decide(
        request_id=request_id,
        customer_id="7",
        channel="pos",
        context={"customer": {"tier": "gold"}},
        **more,
    )


def test_it_says_what_it_serves(serve, rules):
    service = serve("--rules", rules, "--simulated-time")
    line = service.await_event("serving")
    assert line["actions"] == 3
    assert line["version"] == "1.4"
    assert line["database"] == "sqlite:///maitred.db"
    assert line["ready"] is line["simulated_time"] is True
    assert (service.log.parent / "maitred.db").exists()


def test_sigterm_lets_a_stream_in_flight_finish_and_ends_with_0(serve, rules):
    service = serve("--rules", rules)
    first_sent, more = threading.Event(), threading.Event()

    def requests():
        for number in range(2):
            yield decision_pb2.DecideRequest(request_id=f"r{number}", customer_id="7", channel="pos")
            first_sent.set()
            assert more.wait(20)

    with grpc.insecure_channel(service.address) as channel:
        answers = decision_pb2_grpc.DecisionServiceStub(channel).DecideStream(requests())
        assert next(answers).decision_id
        service.process.send_signal(signal.SIGTERM)
        service.await_event("stopping")
        more.set()
        with contextlib.suppress(grpc.RpcError):  # the stream is told to go on elsewhere
            assert len(list(answers)) <= 1
        assert answers.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)
    assert service.await_end() == 0
    assert service.await_event_after_end("stopped")["calls_finished"] is True


def test_what_grpc_itself_refuses_writes_no_line_of_grpcs(serve, rules):
    service = serve("--rules", rules)
    too_much = [(f"x-{number}", "v") for number in range(1_000)]
    with grpc.insecure_channel(service.address) as channel:
        stub = decision_pb2_grpc.DecisionServiceStub(channel)
        for _ in range(5):
            with pytest.raises(grpc.RpcError):
                stub.Decide(decision_pb2.DecideRequest(), timeout=20, metadata=too_much)
    assert service.stop() == 0
    assert [line for line in service.log.read_text().splitlines() if not line.startswith("{")] == []


def test_every_call_acknowledged_before_a_stop_is_kept(serve, rules):
    service = serve("--rules", rules)
    answered: list[str] = []
    ended: list[str] = []

    def call() -> None:
        with Client(service.address) as client:
            try:
                while True:
                    answered.append(decide(client, f"n{len(answered)}").decision_id)
            except ClientError as error:
                ended.append(error.code)

    caller = threading.Thread(target=call)
    caller.start()
    while len(answered) < 20:
        time.sleep(0.01)
    assert service.stop(signal.SIGINT) == 0
    caller.join()
    assert ended == ["UNAVAILABLE"]

    again = serve("--rules", rules)
    with Client(again.address) as client:
        assert client.get_decision(answered[0]).request_id == "n0"
        assert client.get_decision(answered[-1]).request_id == f"n{len(answered) - 1}"


def test_a_second_ctrl_c_ends_it_at_once(serve, rules):
    service = serve("--rules", rules, "--drain-seconds", "60")
    asked = threading.Event()

    def requests():
        yield decision_pb2.DecideRequest(request_id="r", customer_id="7", channel="pos")
        asked.wait(60)

    with grpc.insecure_channel(service.address) as channel:
        stream = decision_pb2_grpc.DecisionServiceStub(channel).DecideStream(requests())
        next(stream)
        service.process.send_signal(signal.SIGINT)
        service.await_event("stopping")
        assert service.stop(signal.SIGINT) == 130
        asked.set()


def test_sighup_takes_up_good_rules_and_refuses_bad_ones(serve, rules, actions, broken_actions):
    service = serve("--rules", rules, "--watch-seconds", "3600")
    with Client(service.address) as client:
        assert decide(client, "r1").proposals[0].treatment.title == "Lounge pass"

        (rules / "actions.yaml").write_text(broken_actions)
        service.process.send_signal(signal.SIGHUP)
        refused = service.await_event("ruleset_refused")
        assert "customer.teir" in str(refused["faults"])
        assert client.serving()
        assert decide(client, "r2").proposals[0].treatment.title == "Lounge pass"

        (rules / "actions.yaml").write_text(actions.replace("Lounge pass", "Lounge for two"))
        service.process.send_signal(signal.SIGHUP)
        service.await_event("ruleset_loaded", 2)
        assert decide(client, "r3").proposals[0].treatment.title == "Lounge for two"
    assert service.stop() == 0


def test_with_faults_at_the_start_it_waits_for_right_rules(serve, rules, actions, broken_actions):
    (rules / "actions.yaml").write_text(broken_actions)
    service = serve("--rules", rules, "--watch-seconds", "0.05")
    assert service.await_event("serving")["ready"] is False
    with Client(service.address) as client:
        assert not client.serving()
        with pytest.raises(ClientError) as refused:
            decide(client, "r1")
        assert refused.value.code == "FAILED_PRECONDITION"
        (rules / "actions.yaml").write_text(actions)
        client.wait_until_serving(20)
        assert decide(client, "r1").proposals
    assert service.stop() == 0


def test_strict_ends_with_1_where_the_rules_have_faults(serve, rules, broken_actions):
    (rules / "actions.yaml").write_text(broken_actions)
    service = serve("--rules", rules, "--strict", wait=False)
    assert service.await_end() == 1
    assert "customer.teir" in service.log.read_text()
    assert "serving" not in service.log.read_text()


def test_variables_mirror_the_flags(serve, rules, tmp_path):
    variables = {
        "MAITRED_RULES": str(rules),
        "MAITRED_DATABASE": f"sqlite:///{tmp_path}/elsewhere.db",
        "MAITRED_SIMULATED_TIME": "true",
        "MAITRED_DRAIN_SECONDS": "0.5",
    }
    service = serve(env=variables)
    line = service.await_event("serving")
    assert line["database"] == variables["MAITRED_DATABASE"]
    assert line["simulated_time"] is True
    assert service.stop() == 0


def test_a_port_in_use_is_told(serve, rules):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        service = serve("--rules", rules, "--listen", address, wait=False)
        assert service.await_end() == 2
    last = service.log.read_text().splitlines()[-1]
    assert last.startswith(f"error: cannot listen on `{address}`")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--workers", "2"),
            "error: 2 workers need PostgreSQL: SQLite takes one process\nname one with --database",
        ),
        (("--workers", "0"), "error: invalid value for `--workers`"),
        (("--rules", "nowhere"), "error: `nowhere` is not a directory"),
        (("--tls-cert", "cert.pem"), "error: TLS needs both --tls-cert and --tls-key"),
        (("--tls-client-ca", "ca.pem"), "error: --tls-client-ca needs --tls-cert and --tls-key as well"),
        (("--port", "1"), "error: no such option"),
    ],
)
def test_bad_flags_end_with_2(run, rules, flags, message):
    done = run("serve", "--rules", rules, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message), done.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--tls-cert", "no.pem", "--tls-key", "no.pem"), "error: cannot read `no.pem`"),
        (("--database", "postgresql://u:secret@127.0.0.1:1/nothing"), "error: "),
        (("--listen", "nonsense"), "error: `nonsense` is not an address"),
    ],
)
def test_what_cannot_run_says_why_and_ends_with_2(maitred, rules, tmp_path, flags, message):
    done = maitred("serve", "--rules", rules, *flags, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert "\n".join(lines).startswith(message), done.stderr


def test_at_a_terminal_it_says_how_to_try_it_and_that_works(rules, tmp_path):
    command = [
        sys.executable,
        "-m",
        "maitred.cli.main",
        "serve",
        "--rules",
        str(rules),
        "--listen",
        "127.0.0.1:0",
    ]
    master, slave = pty.openpty()
    environ = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        screen = read_until(master, b"Ctrl-C")
        words = re.search(r"try +(maitred decide [^\r]+)", screen)[1].split()
        done = subprocess.run(
            [sys.executable, "-m", "maitred.cli.main", *words[1:], "--json"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert json.loads(done.stdout)["decision_id"]
        assert "is serving" in screen
        assert "1.4 (" in screen
        assert "sqlite:///maitred.db" in screen
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


def read_until(terminal: int, mark: bytes) -> str:
    screen = b""
    while mark not in screen:
        assert select.select([terminal], [], [], 60)[0], screen
        screen += os.read(terminal, 65536)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.decode())


def test_the_example_asks_what_the_ruleset_can_answer():
    def line(address: str = "127.0.0.1:50051", **fields) -> str:
        ruleset = Ruleset(hash="ab", version="1", zone="UTC", **fields)
        return example(compile_policy(ruleset, lambda _situations: None), address)

    assert line() == "maitred decide --customer 1 --channel pos --explain reasons"
    places = {name: Location(name, "UTC", {}) for name in ("s2", "s1")}
    assert line("h:1", channels=frozenset({"web", "app"}), locations=places) == (
        "maitred decide --customer 1 --channel app --location s1 --explain reasons --target h:1"
    )


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("sqlite:///maitred.db", "sqlite:///maitred.db"),
        ("postgresql+psycopg://u:secret@h:5432/d?x=1", "postgresql+psycopg://u:***@h:5432/d?x=1"),
        ("postgresql://u:se@cret@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://u:secret@[bad", "postgresql"),
        ("postgresql:///d?host=/run&password=secret&x=1", "postgresql:///d?host=/run&password=***&x=1"),
    ],
)
def test_no_password_is_shown(url, safe):
    assert safe_url(url) == safe
