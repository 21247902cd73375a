"""The real command in processes of its own, and small rulesets to run it on."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.rules import action, document, joined, ruleset
from tests.services import COMMAND, TIMEOUT_SECONDS, ServiceProcess, environ

from maitred.cli import main

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
        return subprocess.CompletedProcess([*map(str, args)], code, printed.out, printed.err)

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


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServiceProcess]]:
    """Starts services; they are gone at the end."""
    services: list[ServiceProcess] = []

    def run(*flags: object, wait: bool = True, env: Mapping[str, str] = {}) -> ServiceProcess:
        services.append(ServiceProcess(tmp_path, "--listen", "127.0.0.1:0", *flags, env=env))
        return services[-1].await_serving() if wait else services[-1]

    yield run
    for service in services:
        service.end()


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., ServiceProcess]]:
    """Starts services that the tests of a module share: in a folder, with flags."""
    services: list[ServiceProcess] = []

    def run(folder: Path, *flags: object) -> ServiceProcess:
        services.append(ServiceProcess(folder, "--listen", "127.0.0.1:0", *flags))
        return services[-1].await_serving()

    yield run
    for service in services:
        service.end()


@pytest.fixture(scope="module")
def service(
    launch: Callable[..., ServiceProcess],
    tmp_path_factory: pytest.TempPathFactory,
    write_rules: Callable[..., Path],
) -> ServiceProcess:
    """A service on the sample ruleset that the tests of a module share."""
    folder = tmp_path_factory.mktemp("shared")
    return launch(folder, "--rules", write_rules(folder / "rules"), "--simulated-time")


@pytest.fixture
def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
