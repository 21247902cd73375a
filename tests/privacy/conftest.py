"""A business with every kind of rule, served by a real process that tells a real collector."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from tests.telemetry.receiving import Lines, Receiver

from maitred.bootstrap import serving
from maitred.settings import Settings
from maitred.v1 import decision_pb2_grpc, privacy_pb2_grpc, ruleset_pb2_grpc

START_SECONDS, CALL_SECONDS = 60, 20


class Stubs:
    """The three services of one server."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.decisions = decision_pb2_grpc.DecisionServiceStub(self.channel)
        self.rulesets = ruleset_pb2_grpc.RulesetServiceStub(self.channel)
        self.privacy = privacy_pb2_grpc.PrivacyServiceStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()


class Process:
    """``maitred serve`` as a child process; everything it prints goes to ``log``."""

    def __init__(self, rules, database, folder, env):
        self.log = folder / "service.log"
        command = [sys.executable, "-m", "maitred.cli.main", "serve", "--rules", str(rules)]
        command += ["--database", database, "--listen", "127.0.0.1:0", "--keys", str(folder / "serve.keys")]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "MAITRED_"))}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**kept, **env}, stdout=output, stderr=output
            )
        self.address = self._address()

    def _address(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            for line in self.log.read_text().splitlines():
                if '"serving"' in line:
                    return json.loads(line)["address"]
            time.sleep(0.05)
        pytest.fail(f"the service did not start: {self.log.read_text()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(START_SECONDS)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def told_process(tmp_path, receiver):
    """Starts a service that tells the receiver everything it can tell."""
    started = []

    def start(rules, database):
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
            "MAITRED_LOG_LEVEL": "debug",
        }
        started.append(Process(rules, database, tmp_path, env))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def write_rules(tmp_path):
    """Writes documents into a directory of rules."""

    def write(*documents, name="rules", **tables):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        (directory / "rules.yaml").write_text("---\n".join(documents))
        for table, text in tables.items():
            (directory / f"{table}.csv").write_text(text)
        return directory

    return write


@pytest.fixture
def serve(tmp_path):
    """Starts servers in this process, all with one keyring unless one is named; they stop at the end."""
    running = []

    def start(rules, database, keys: Path | None = None):
        settings = Settings(
            rules=rules,
            database=database,
            keys=keys or tmp_path / "serve.keys",
            listen="127.0.0.1:0",
            watch_seconds=3600.0,
            drain_seconds=1.0,
        )
        running.append(serving.start(settings, {}, Lines(), share_port=False))
        return running[-1]

    yield start
    for service in running:
        service.stop()
