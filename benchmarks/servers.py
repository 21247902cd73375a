"""The servers under test, each as a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
START_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time spent so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def resident_octets(self) -> int:
        """Memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def noop(threads: int) -> Iterator[Server]:
    """A gRPC server with the same messages and a fixed answer."""
    with _started("no-op", [sys.executable, "-m", "benchmarks.noop", str(threads)]) as server:
        yield server


@contextlib.contextmanager
def maitred(rules: Path, database: str, **environ: str) -> Iterator[Server]:
    """``maitred serve``."""
    command = [sys.executable, "-m", "maitred.cli.main", "serve", "--rules", str(rules)]
    command += ["--database", database, "--listen", "127.0.0.1:0"]
    with _started("maitred", command, environ) as server:
        yield server


@contextlib.contextmanager
def _started(name: str, command: list[str], environ: dict[str, str] | None = None) -> Iterator[Server]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | (environ or {}))
    try:
        yield Server(name, _port(process), process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stderr
    seen = []
    for line in process.stderr:
        seen.append(line)
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if event.get("event") == "serving":
                return int(event["address"].rpartition(":")[2])
        if len(seen) > START_LINES:
            break
    raise RuntimeError("the server did not start:\n" + "".join(seen))
