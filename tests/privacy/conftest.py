"""A business with every kind of rule, served by a real process that tells a real collector."""

from pathlib import Path

import grpc
import pytest
from tests.recording import RecordingLog
from tests.rules import joined
from tests.services import ServiceProcess

from maitred.bootstrap import serving
from maitred.settings import Settings
from maitred.v1 import decision_pb2_grpc, privacy_pb2_grpc, ruleset_pb2_grpc

CALL_SECONDS = 20


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


@pytest.fixture
def exporting_service(tmp_path, receiver):
    """Starts a service that sends the receiver everything it can send."""
    started = []

    def start(rules, database):
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
            "MAITRED_LOG_LEVEL": "debug",
        }
        flags = ["--rules", rules, "--database", database, "--keys", tmp_path / "serve.keys"]
        started.append(ServiceProcess(tmp_path, "--listen", "127.0.0.1:0", *flags, env=env))
        return started[-1].await_serving()

    yield start
    for process in started:
        process.end()


@pytest.fixture
def write_rules(tmp_path):
    """Writes documents into a directory of rules."""

    def write(*documents, name="rules", **tables):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        (directory / "rules.yaml").write_text(joined(*documents))
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
        running.append(serving.start(settings, {}, RecordingLog(), share_port=False))
        return running[-1]

    yield start
    for service in running:
        service.stop()
