"""The servers under test, each as a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
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
    helpers: tuple[int, ...] = ()
    """Other processes that work for it alone, such as those of a database."""

    def cpu_seconds(self) -> float:
        """User and system time spent so far, with that of its helpers."""
        return sum(sum(_times(pid)[1:]) for pid in (self.pid, *self.helpers))

    def cpu_seconds_of_all(self) -> float:
        """The same with that of its workers."""
        return sum(
            sum(times) for pid in _pids() for parent, *times in [_times(pid)] if self.pid in (pid, parent)
        )

    def thread_seconds(self) -> float:
        """User and system time that the threads there are have spent so far, to the nanosecond."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def resident_bytes(self) -> int:
        """Memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def noop(threads: int) -> Iterator[Server]:
    """A gRPC server with the same messages and a fixed answer."""
    with _started("no-op", [sys.executable, "-m", "benchmarks.noop", str(threads)]) as server:
        yield server


@contextlib.contextmanager
def maitred(
    rules: Path, database: str, checkout: Path | None = None, *, workers: int = 1, **environ: str
) -> Iterator[Server]:
    """``maitred serve`` with so many workers, from another checkout of the project if one is given."""
    if checkout:
        environ["PYTHONPATH"] = str(checkout / "service")
    command = [sys.executable, "-m", "maitred.cli.main", "serve", "--rules", str(rules)]
    command += ["--database", database, "--listen", "127.0.0.1:0", "--workers", str(workers)]
    with _started("maitred", command, environ, workers) as server:
        yield server


def busy_seconds() -> float:
    """Time that the cores of this machine have been busy so far, whoever with."""
    fields = Path("/proc/stat").read_text().partition("\n")[0].split()
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields[1:8])
    return (user + nice + system + sum(interrupts)) / TICKS_A_SECOND


def commit_of(checkout: Path) -> str:
    """The short hash of what is checked out; ``?`` where git does not know."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "?"


@contextlib.contextmanager
def apart(running: Iterable[Server]) -> Iterator[None]:
    """Servers on one core, the client on another: neither takes the other's time."""
    before = os.sched_getaffinity(0)
    if len(before) > 1:
        client, *_, server = sorted(before)
        os.sched_setaffinity(0, {client})
        for process in running:
            for task in os.listdir(f"/proc/{process.pid}/task"):
                os.sched_setaffinity(int(task), {server})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _started(
    name: str, command: list[str], environ: dict[str, str] | None = None, workers: int = 1
) -> Iterator[Server]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | (environ or {}))
    try:
        yield Server(name, _port(process, workers), process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _times(pid: int) -> tuple[int, float, float]:
    """The parent of a process, its user time and its system time; nothing of one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0, 0.0
    return int(fields[1]), int(fields[11]) / TICKS_A_SECOND, int(fields[12]) / TICKS_A_SECOND


def _port(process: "subprocess.Popen[str]", workers: int) -> int:
    """The port, once all workers serve."""
    assert process.stderr
    output, serving = [], 0
    for line in process.stderr:
        output.append(line)
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            serving += event.get("event") == "serving"
            if serving == workers:
                return int(event["address"].rpartition(":")[2])
        if len(output) > START_LINES:
            break
    raise RuntimeError("the server did not start:\n" + "".join(output))
