"""Results for callers of the service: read by a process of their own, so that no decision waits for them.

Reading a log is seconds to minutes of computing, and it needs libraries that weigh more than the service. In
a thread it would hold the interpreter against decisions, and its memory would stay. So the first call starts
a process that runs ``main``: it gets a ``_Task`` on standard input, gives an ``_Answer`` on standard output,
and waits for the next. Importing is most of what a call takes: calls that follow each other do it once.

The process ends once nobody has asked for ``IDLE_SECONDS``, after a task that took so much memory that it
should not be kept, with the service, and when the time of a call is over, for what it computes cannot be
ended otherwise. The next call starts another one.
"""

import os
import pickle
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

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
IDLE_SECONDS = 300.0
"""How long the process waits for another call: dashboards ask every minute."""
KEPT_MAX_BYTES = 512 * 2**20
"""What the process may have taken at most to be kept: the libraries alone take a third of it."""
COMMAND = (sys.executable, "-P", "-c", f"from {__name__} import main; main()")
_NICENESS = 10
_ENDING_SECONDS = 10.0
"""Until a process that has closed its side is gone."""
_LENGTH = struct.Struct(">Q")
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_ONE_AT_A_TIME = "results are being read for another call, try again when it has been answered"
_TOO_LONG = "the results were not read in time: give the call a longer deadline, or ask `maitred results`"
_KILLED = (
    "the process that reads results was killed, as one is that takes more memory than there is: "
    "try again, or ask `maitred results` elsewhere"
)


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


@dataclass(frozen=True, slots=True)
class _Answer:
    """``is_last`` is whether the process ends with it."""

    outcome: _Outcome
    is_last: bool = False


class _Process:
    """The process, and the socket that is its standard input and output."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            # What it writes beside its answer is not for the log: it may name what nobody should read there.
            self._process = subprocess.Popen(  # noqa: S603 -- this module
                COMMAND, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL
            )
        self.pid = self._process.pid

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, task: bytes, end: float) -> bytes:
        """Returns the answer. Raises ``TimeoutError`` at ``end``, and ``EOFError`` where there is none."""
        try:
            self._wait_until(end)
            self._socket.sendall(_LENGTH.pack(len(task)) + task)
            (length,) = _LENGTH.unpack(self._receive(_LENGTH.size, end))
            return self._receive(length, end)
        except ConnectionError:
            raise EOFError from None

    def _receive(self, length: int, end: float) -> bytes:
        received = bytearray()
        while len(received) < length:
            self._wait_until(end)
            part = self._socket.recv(length - len(received))
            if not part:
                raise EOFError
            received += part
        return bytes(received)

    def _wait_until(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def kill(self) -> None:
        """Ends it at once; what waits for its answer gets none."""
        self._process.kill()

    def end(self, patience: float = 0.0) -> int:
        """Ends it, at the latest when that time is over; how it has ended."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._socket.close()
        return self._process.wait()


class Analysts:
    """Implements ``api.Analyst``. Thread-safe."""

    def __init__(self, database: str, keys: Path, clock: Clock) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self._busy, self._lock = threading.Lock(), threading.Lock()
        self._working: _Process | None = None
        self._idle: _Process | None = None
        self._timer: threading.Timer | None = None
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
            if self._working:
                self._working.kill()
        self._end_idle(self._idle)

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
        end = time.monotonic() + seconds
        process = self._begun()
        is_kept = False
        try:
            answer = pickle.loads(process.ask(task, end))  # noqa: S301 -- of a process of our own
            assert isinstance(answer, _Answer)
            is_kept = not answer.is_last
        except TimeoutError:
            raise CallError(Code.EXPIRED, _TOO_LONG) from None
        except EOFError:
            raise self._fallen(process.end(_ENDING_SECONDS)) from None
        finally:
            self._done(process, is_kept=is_kept)
        return answer.outcome

    def _fallen(self, returned: int) -> Exception:
        """Returns how a call fails whose process has ended so without an answer."""
        if self._stopped:
            return CallError(Code.STOPPING, "the server is stopping")
        if returned < 0:
            return CallError(Code.OVERLOADED, _KILLED)
        return RuntimeError(f"the process that reads results has ended with {returned}")

    def _begun(self) -> _Process:
        """Returns the process that waits, or else another one."""
        with self._lock:
            if self._stopped:
                raise CallError(Code.STOPPING, "the server is stopping")
            if self._timer:
                self._timer.cancel()
            process, self._idle = self._idle, None
            if process and not process.is_alive():
                process.end()
                process = None
            self._working = process or _Process()
            return self._working

    def _done(self, process: _Process, *, is_kept: bool) -> None:
        with self._lock:
            self._working = None
            if is_kept and not self._stopped:
                self._idle = process
                self._timer = threading.Timer(IDLE_SECONDS, self._end_idle, (process,))
                self._timer.daemon = True
                self._timer.start()
                return
        process.end()

    def _end_idle(self, process: _Process | None) -> None:
        """Ends the process if it is still the one that waits."""
        with self._lock:
            if process is None or self._idle is not process:
                return
            self._idle = None
            if self._timer:
                self._timer.cancel()
        process.end()


def _outcome(task: _Task) -> _Outcome:
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
    """Answers the tasks on standard input, until there are no more."""
    os.nice(_NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answers tasks one after the other, as long as little memory is taken."""
    is_last = False
    while not is_last and (head := tasks.read(_LENGTH.size)):
        task = pickle.loads(tasks.read(*_LENGTH.unpack(head)))  # noqa: S301 -- of the service
        outcome = _outcome(task)
        is_last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT > KEPT_MAX_BYTES
        answer = pickle.dumps(_Answer(outcome, is_last))
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()
