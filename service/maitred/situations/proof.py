"""Proof, before a plan is registered in this process, that registering it ends.

The engine can hang or crash on a ruleset it cannot hold; only another process can be
stopped then, or can be seen to have died.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from . import messages
from .plan import Plan

PROOF_DEADLINE_SECONDS = 10.0
"""Thousands of rules take well under a second; the rest is room for a busy machine."""

REMEMBERED_PROOFS_COUNT = 4_096
"""Reloads of known content are quick; 64 bytes each, all are forgotten when there are more."""

_PROBE = ("-P", "-m", "maitred.situations.probe")

_proven: set[bytes] = set()


class ProofFailed(Exception):
    """The trial run of plan ``number`` did not come to a good end; ``message`` says why."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number, self.message = number, message


def prove(plans: Sequence[Plan], deadline_seconds: float = PROOF_DEADLINE_SECONDS) -> None:
    """Raises ``ProofFailed``. Plans that this process has seen proven are not tried again."""
    keys = {hashlib.sha256(repr(plan).encode()).digest(): plan for plan in plans}
    missing = [plan for key, plan in keys.items() if key not in _proven]
    if not missing:
        return
    try:
        _try_out(missing, deadline_seconds)
    except ProofFailed as failure:
        number = plans.index(missing[min(failure.number, len(missing) - 1)])
        raise ProofFailed(number, failure.message) from None
    if len(_proven) + len(keys) > REMEMBERED_PROOFS_COUNT:
        _proven.clear()
    _proven.update(keys)


def _try_out(plans: Sequence[Plan], deadline_seconds: float) -> None:
    request = json.dumps([asdict(plan) for plan in plans]).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, *_PROBE],
            input=request,
            capture_output=True,
            timeout=deadline_seconds,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ProofFailed(_reached(late.stdout), messages.did_not_end(deadline_seconds)) from None
    except OSError as error:
        raise ProofFailed(0, messages.failed(f"no process could be started: {error.strerror}")) from None
    if done.returncode < 0:
        raise ProofFailed(
            _reached(done.stdout), messages.failed(f"the engine crashed, signal {-done.returncode}")
        )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ProofFailed(_reached(done.stdout), messages.failed(lines[-1] if lines else "no reason given"))


def _environment() -> dict[str, str]:
    """Returns the child finds the package wherever this process found it."""
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return os.environ | {"PYTHONPATH": path}


def _reached(output: bytes | None) -> int:
    """Returns the last plan the child named."""
    named = (output or b"").split()
    return int(named[-1]) if named else 0
