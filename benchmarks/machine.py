"""What machine the figures come from."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from maitred.compiled import core_words

_PACKAGES = ("grpcio", "protobuf", "cel-expr-python", "SQLAlchemy", "zen-engine", "durable-rules")


def description() -> str:
    """One paragraph."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    load = os.getloadavg()[0]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores of {_cpu()}, "
        f"{_memory_gib():.0f} GiB, {platform.system()} {platform.release().split('-')[0]}, "
        f"CPython {platform.python_version()}, core {core_words()}, SQLite {sqlite3.sqlite_version}, "
        f"{packages}; "
        f"a shared virtual machine, load average {load:.1f} at the start."
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "an unknown processor"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
