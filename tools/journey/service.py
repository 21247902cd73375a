"""The service as a child process, from start to stop."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

# Loading a thousand rules takes a second or two; on a machine under load, many times that.
START_TIMEOUT_S = 120.0
# What is in flight is answered first; after this the process is killed.
STOP_TIMEOUT_S = 20.0
POLL_INTERVAL_S = 0.05
HEALTH_TIMEOUT_S = 2.0
# Room for a list of faults, yet little enough to read.
SHOWN_LINES = 40
REFUSALS = frozenset(("ruleset_refused", "ruleset_load_failed"))
# A proxy named in the environment is not for a server on this machine.
CHANNEL_OPTIONS = (("grpc.enable_http_proxy", 0),)


class ServiceError(Exception):
    """The service did not start, or ended by itself. `output` is the end of what it printed."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


@dataclass(slots=True)
class Service:
    """A running service. `ended` is its exit code, once it has been stopped."""

    address: str
    log: Path
    process: subprocess.Popen[bytes]
    ended: int | None = None


def serve_command(rules: Path, database: str) -> list[str]:
    """The `maitred` installed beside this interpreter, on a free port."""
    maitred = Path(sys.executable).with_name("maitred")
    options = ["--database", database, "--listen", "127.0.0.1:0", "--simulated-time"]
    return [str(maitred), "serve", "--rules", str(rules), *options]


@contextmanager
def serving(command: Sequence[str], log: Path) -> Iterator[Service]:
    """Runs the command until the block ends; inside it, the service has answered SERVING.

    What it prints goes to the file `log`: a pipe would have to be read while calls are timed.
    Raises `ServiceError`.
    """
    process = start(command, log)
    try:
        address = wait_for(process, log, lambda: announced_address(log), "did not say where it listens")
        wait_for(process, log, lambda: health(address), f"at {address} did not get to SERVING")
        service = Service(address, log, process)
        yield service
        service.ended = stop(process)
    finally:
        stop(process)


def start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    try:
        with log.open("wb") as output:
            # Settings meant for another service would change this one.
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith("MAITRED_")
            }
            # In a session of its own, for Ctrl-C to reach the client alone, which then stops it in order.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
    except OSError as error:
        raise ServiceError(f"cannot start `{command[0]}`: {error.strerror}; install maitred first") from error


def stop(process: subprocess.Popen[bytes]) -> int:
    """Asks the process to end, then makes it; gives its exit code."""
    process.terminate()
    try:
        return process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def wait_for(process: subprocess.Popen[bytes], log: Path, ask: Callable[[], str], failure: str) -> str:
    """Asks again and again until there is an answer. Raises `ServiceError`."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        if process.poll() is not None:
            raise ServiceError(f"the service ended with exit code {process.returncode}", last_lines(log))
        # Such a service goes on, not serving, and waits for rules that are right.
        if refused := next((event for event in events(log) if event["event"] in REFUSALS), None):
            faults = "\n".join(map(str, refused.get("faults", ()))) or last_lines(log)
            raise ServiceError("the service refuses the rules", faults)
        time.sleep(POLL_INTERVAL_S)
    raise ServiceError(f"the service {failure} within {START_TIMEOUT_S:g} s", last_lines(log))


def announced_address(log: Path) -> str:
    """What the line `{"event": "serving", "address": "127.0.0.1:PORT"}` says; empty before it is there."""
    addresses = (str(event.get("address", "")) for event in events(log) if event["event"] == "serving")
    return next(addresses, "")


def events(log: Path) -> Iterator[Mapping[str, Any]]:
    """The whole lines that are JSON objects with an `event`."""
    for line in log.read_bytes().splitlines(keepends=True):
        if line.startswith(b"{") and line.endswith(b"\n"):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if "event" in event:
                yield event


def health(address: str) -> str:
    """`SERVING`, or empty."""
    with grpc.insecure_channel(address, CHANNEL_OPTIONS) as channel:
        try:
            stub = health_pb2_grpc.HealthStub(channel)
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=HEALTH_TIMEOUT_S)
        except grpc.RpcError:
            return ""
    return "SERVING" if answer.status == health_pb2.HealthCheckResponse.SERVING else ""


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-SHOWN_LINES:])
