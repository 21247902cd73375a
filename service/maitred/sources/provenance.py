"""Which git commit a directory of rules stands at."""

import subprocess
from pathlib import Path

GIT_TIMEOUT_SECONDS = 5
_DIRTY = "-dirty"


def commit_of(directory: Path) -> str:
    """Returns the commit of the checkout around ``directory``; empty where there is none or no git.

    Ends in ``-dirty`` where files below the directory differ from that commit.
    """
    commit = _git(directory, "rev-parse", "HEAD")
    if not commit:
        return ""
    changed = _git(directory, "status", "--porcelain", "--", ".")
    return f"{commit}{_DIRTY}" if changed else commit


def _git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program with fixed arguments
            command, capture_output=True, text=True, timeout=GIT_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
