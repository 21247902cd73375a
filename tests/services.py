"""Services for tests: what one in this process is made of, and one that is a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maitred.settings import Settings

COMMAND = (sys.executable, "-m", "maitred.cli.main")
TIMEOUT_SECONDS = 120.0
"""A process takes a second to start, and ten times as long on a machine that is busy with other tests."""


def settings_in(folder: Path, rules: str, **settings: Any) -> Settings:
    """Writes the rules into the folder, where the database is as well unless another one is named."""
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(rules)
    usual = {"database": f"sqlite:///{folder}/decisions.db", "listen": "127.0.0.1:0", "drain_seconds": 1.0}
    return Settings(rules=folder / "rules", **{**usual, **settings})


def environ(more: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment without what could change a command's behaviour."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAITRED_", "OTEL_"))}
    return {**kept, **more}


def events_in(log: Path, name: str) -> list[dict[str, Any]]:
    """The events of that name among the whole lines of a log file."""
    lines = log.read_text().splitlines(keepends=True)
    events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")]
    return [event for event in events if event["event"] == name]


class ServiceProcess:
    """A running `maitred serve`, with its log in a file of the folder it runs in."""

    def __init__(self, folder: Path, *flags: object, env: Mapping[str, str] = {}) -> None:
        self.log, self.address = folder / "service.log", ""
        command = [*COMMAND, "serve", *map(str, flags)]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environ(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def await_serving(self) -> "ServiceProcess":
        self.address = self.await_event("serving")["address"]
        return self

    def events(self, name: str) -> list[dict[str, Any]]:
        return events_in(self.log, name)

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
        """The exit code of a service that ends when it is asked to."""
        self.process.send_signal(number)
        return self.await_end()

    def await_end(self) -> int:
        return self.process.wait(TIMEOUT_SECONDS)

    def end(self) -> None:
        """Kills the service where it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
