"""Results for callers of the service: read by a process of their own, so that no decision waits for them.

Reading a log is seconds to minutes of computing, and it needs libraries that weigh more than the service. In
a thread it would hold the interpreter against decisions, and its memory would stay. So each call starts a
process that runs ``main``: it gets a ``_Task`` on standard input, gives an ``_Outcome`` on standard output,
and is killed once the call's time is over.
"""

import os
import pickle
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from maitred.engine.deciding.committer import Clock
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import STORE_SILENT
from maitred.engine.operating.results import Results, ResultsCall
from maitred.engine.ports.store import StoreDown
from maitred.selftest import Unfit
from maitred.vault import KeyringUnusable

from .results import NoResults, results

SECONDS_MAX = 300.0
"""What a call may take, also where its caller would wait longer: some ten million decisions."""
COMMAND = (sys.executable, "-P", "-c", f"from {__name__} import main; main()")
_NICENESS = 10
_ONE_AT_A_TIME = "results are being read for another call, try again when it has been answered"
_TOO_LONG = "the results were not read in time: give the call a longer deadline, or ask `maitred results`"


@dataclass(frozen=True, slots=True)
class _Task:
    database: str
    keys: Path
    call: ResultsCall


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The results, or how the call fails."""

    results: Results | None = None
    code: Code = Code.NOT_FOUND
    message: str = ""
    cause: Cause | None = None


class Analysts:
    """Implements ``api.Analyst``. Thread-safe."""

    def __init__(self, database: str, keys: Path, clock: Clock) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self._busy, self._lock = threading.Lock(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def results(self, call: ResultsCall) -> Results:
        """See ``api.Analyst.results``."""
        if not self._busy.acquire(blocking=False):
            raise CallError(Code.OVERLOADED, _ONE_AT_A_TIME)
        try:
            return self._read(call)
        finally:
            self._busy.release()

    def stop(self) -> None:
        """Ends a call in progress, and lets none begin."""
        with self._lock:
            self._stopped = True
            if self._process:
                self._process.kill()

    def _read(self, call: ResultsCall) -> Results:
        seconds = SECONDS_MAX
        if call.deadline is not None:
            seconds = min(seconds, call.deadline - time.monotonic())
        at = self._clock.simulated(call.at) or self._clock.current()
        # The deadline is on this process's clock, which means nothing to another one.
        task = _Task(self._database, self._keys, call._replace(at=at, deadline=None))
        outcome = self._run(pickle.dumps(task), seconds)
        if outcome.results is None:
            raise CallError(outcome.code, outcome.message, outcome.cause)
        return outcome.results

    def _run(self, task: bytes, seconds: float) -> _Outcome:
        with self._start() as process:
            try:
                answered, _ = process.communicate(task, timeout=max(0.0, seconds))
            except subprocess.TimeoutExpired:
                raise CallError(Code.EXPIRED, _TOO_LONG) from None
            finally:
                # One that has ended is not killed again.
                process.kill()
        if self._stopped:
            raise CallError(Code.STOPPING, "the server is stopping")
        if process.returncode:
            raise RuntimeError(f"the process that reads results has ended with {process.returncode}")
        outcome = pickle.loads(answered)  # noqa: S301 -- of a process of our own, over a pipe
        assert isinstance(outcome, _Outcome)
        return outcome

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._stopped:
                raise CallError(Code.STOPPING, "the server is stopping")
            # What it writes beside its answer is not for the log: it may name what nobody should read there.
            self._process = subprocess.Popen(  # noqa: S603 -- this module
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            return self._process


def _answer(task: _Task) -> _Outcome:
    """Returns what a task comes to; raises what is a fault of ours."""
    try:
        return _Outcome(results(task.database, task.call, keys=task.keys))
    except NoResults as missing:
        return _Outcome(code=missing.code, message=str(missing))
    except Unfit as unfit:
        return _Outcome(code=Code.NOT_INSTALLED, message=str(unfit))
    except StoreDown:
        return _Outcome(code=Code.STORE_DOWN, message=STORE_SILENT)
    except KeyringUnusable:
        return _Outcome(code=Code.NOT_FOUND, message="the keyring cannot be read", cause=Cause.KEY_LOST)


def main() -> None:
    """Answers the one task on standard input."""
    os.nice(_NICENESS)
    task = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 -- of the service, over a pipe
    sys.stdout.buffer.write(pickle.dumps(_answer(task)))
