"""The real command in processes of its own, and small rulesets to run it on."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.rules import action, document, joined, ruleset

from maitred.cli import main

COMMAND = (sys.executable, "-m", "maitred.cli.main")
TIMEOUT_SECONDS = 60.0

RULESET = joined(
    ruleset(version='"1.4"', channels="[pos, mobile]"),
    document(
        "Context",
        "known",
        """\
attributes:
  customer.tier: string
  session.failed_calls: int
""",
    ),
)

ACTIONS = joined(
    document(
        "Action",
        "lounge",
        """\
title: Lounge pass
type: service
channels: [pos]
eligibility:
  - require: customer.tier in ["gold", "platinum"]
    reason: gold-only
score: 2.5
treatments:
  pos: {say: "The lounge is open for you, ${customer.tier} guest.", show: LOUNGE}
""",
    ),
    action(
        "apology",
        title="A coffee and our apologies",
        type="gesture",
        channels="[pos]",
        eligibility="[{require: situation.vip_at_risk, reason: calm-them}]",
        score="9.0",
    ),
    action("app-hint", title="Our app", type="message", channels="[mobile]"),
    document(
        "Situation",
        "service_failure",
        """\
all:
  - session.failed_calls >= 3
""",
    ),
    document(
        "Situation",
        "vip_at_risk",
        """\
all:
  - service_failure
  - customer.tier == "platinum"
""",
    ),
)

BROKEN = ACTIONS.replace('customer.tier in ["gold", "platinum"]', "customer.teir == 1")
GOLD = '{"customer": {"tier": "gold"}, "session": {"failed_calls": 0}}'

Maitred = Callable[..., subprocess.CompletedProcess[str]]


def environ(more: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment without what could change a command's behaviour."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAITRED_", "OTEL_"))}
    return {**kept, **more}


@dataclass
class Service:
    """A running `maitred serve`, with its log in a file."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str = ""

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines(keepends=True)
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")]
        return [event for event in events if event["event"] == name]

    def await_event(self, name: str, count: int = 1) -> dict[str, Any]:
        end = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < end:
            if len(events := self.events(name)) >= count:
                return events[-1]
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise AssertionError(f"no {name}: {self.log.read_text()}")

    def await_event_after_end(self, name: str) -> dict[str, Any]:
        assert self.process.poll() is not None
        return self.events(name)[-1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT_SECONDS)


@pytest.fixture(scope="session")
def maitred() -> Maitred:
    """Runs a command to its end."""

    def run(*args: object, env: Mapping[str, str] = {}, stdin: str = "", cwd: Path | None = None):
        return subprocess.run(
            [*COMMAND, *map(str, args)],
            env=environ(env),
            input=stdin,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Maitred:
    """Runs a command in this process: for what needs no process of its own."""
    for name in [name for name in os.environ if name.startswith("MAITRED_")]:
        monkeypatch.delenv(name)

    def run(*args: object):
        code = main.run([*map(str, args)])
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(args, code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def write_rules() -> Callable[..., Path]:
    """Writes the sample ruleset into a directory, with its actions as given."""

    def write(directory: Path, actions: str = ACTIONS) -> Path:
        directory.mkdir(exist_ok=True)
        (directory / "ruleset.yaml").write_text(RULESET)
        (directory / "actions.yaml").write_text(actions)
        return directory

    return write


@pytest.fixture(scope="session")
def actions() -> str:
    return ACTIONS


@pytest.fixture(scope="session")
def broken_actions() -> str:
    """The sample's actions with one fault, in line 8."""
    return BROKEN


@pytest.fixture(scope="session")
def gold() -> str:
    """A context in JSON for which the lounge is proposed."""
    return GOLD


@pytest.fixture
def rules(tmp_path: Path, write_rules: Callable[..., Path]) -> Path:
    return write_rules(tmp_path / "rules")


def start(folder: Path, *flags: object, env: Mapping[str, str] = {}) -> Service:
    log = folder / "service.log"
    command = [*COMMAND, "serve", "--listen", "127.0.0.1:0", *map(str, flags)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environ(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    return Service(process, log)


def end(service: Service) -> None:
    if service.process.poll() is None:
        service.process.kill()
    service.process.wait()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services; they are gone at the end."""
    services: list[Service] = []

    def run(*flags: object, wait: bool = True, env: Mapping[str, str] = {}) -> Service:
        service = start(tmp_path, *flags, env=env)
        services.append(service)
        if wait:
            service.address = service.await_event("serving")["address"]
        return service

    yield run
    for service in services:
        end(service)


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Service]]:
    """Starts services that the tests of a module share: in a folder, with flags."""
    services: list[Service] = []

    def run(folder: Path, *flags: object) -> Service:
        services.append(start(folder, *flags))
        services[-1].address = services[-1].await_event("serving")["address"]
        return services[-1]

    yield run
    for service in services:
        end(service)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, write_rules: Callable[..., Path]) -> Iterator[Service]:
    """A service on the sample ruleset that the tests of a module share."""
    folder = tmp_path_factory.mktemp("shared")
    running = start(folder, "--rules", write_rules(folder / "rules"), "--simulated-time")
    running.address = running.await_event("serving")["address"]
    yield running
    end(running)


@pytest.fixture
def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
