"""Figures of the sources, and the files that one Decide passes, for comparing a layout with another.

``python -m tools.figures`` prints a column; ``--sources OTHER/service`` that of another tree. The Decide is
a real one: bytes over gRPC to a service in this process, whose threads note each call from file to file.
"""

import argparse
import ast
import importlib
import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from unittest.mock import patch

from tools.lengths import GENERATED, function_sizes

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
RULES = """\
apiVersion: maitred/v1
kind: Ruleset
name: shop
version: "1"
channels: [pos]
---
apiVersion: maitred/v1
kind: Context
name: shop
attributes:
  customer.age: {type: int, purpose: none}
---
apiVersion: maitred/v1
kind: Action
name: pizza
title: Pizza
type: offer
eligibility:
  - require: customer.age >= 18
"""
LIMIT = """\
---
apiVersion: maitred/v1
kind: FrequencyCap
name: weekly
applies_to: {actions: [pizza]}
per: [customer]
limit: 1
window: {rolling: 7d}
"""
REFUSAL = "Only for who is marked."
"""What the rule below says to who is refused; nothing else holds this text."""
SAYING = f"{RULES}    say: {REFUSAL}\n"
HELD_DEPTH = 2
"""A document is a mapping, the lines of a field are a list in one."""
ADULT = 18
WARM_UP, DECIDES = 5, 20
LOOKING = ("maitred.rpc.transports.arrivals", "maitred.rpc.transports.loop", "maitred.upkeep.chores")
"""What acts by itself every ``LOOK_SECONDS``, in threads of its own or between calls."""
SELDOM_SECONDS = 3_600.0
"""Chores and telemetry run beside some of them; what belongs to a Decide is in all."""


def sources(package: Path) -> list[Path]:
    """Every module but the generated ones and the migrations."""
    paths = package.rglob("*.py")
    return sorted(p for p in paths if not p.name.endswith(GENERATED) and "migrations" not in p.parts)


def spread(sizes: list[int]) -> str:
    """Median and 90th percentile."""
    return f"{statistics.median(sizes):g}, {statistics.quantiles(sizes, n=10)[-1]:.0f}"


def lengths(paths: list[Path]) -> Iterator[tuple[str, str]]:
    lines = [path.read_text().count("\n") for path in paths]
    functions = [size for path in paths for _, size in function_sizes(path)]
    yield "files", str(len(paths))
    yield "lines", f"{sum(lines):,}"
    yield "lines of a file: median, 90th percentile", spread(lines)
    yield "lines of a function: median, 90th percentile", spread(functions)


def classes_twice(paths: list[Path]) -> dict[str, list[Path]]:
    """Names that classes of different files have, with the files."""
    files: dict[str, list[Path]] = {}
    for path in paths:
        tree = ast.parse(path.read_text())
        for name in {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}:
            files.setdefault(name, []).append(path)
    return {name: holders for name, holders in files.items() if len(holders) > 1}


def imported_once() -> int:
    """Modules that one other file alone imports; packages and generated modules left out."""
    import grimp  # noqa: PLC0415 -- reads the package on the path

    graph = grimp.build_graph("maitred")
    modules = (name for name in graph.modules if not graph.find_children(name) and ".v1" not in name)
    return sum(len(graph.find_modules_that_directly_import(name)) == 1 for name in modules)


class Recorder:
    """Notes calls from a file of the package to another, while it is told to."""

    def __init__(self, package: Path) -> None:
        self._package, self._calls, self._on = f"{package}/", list[tuple[str, str]](), False
        self._names: dict[str, str] = {}

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Is a profiler of ``threading.setprofile``."""
        if event == "call" and self._on:
            callee = self._file(frame)
            if callee:
                self._calls.append((self._caller(frame), callee))

    def during(self, action: Callable[[], object]) -> list[tuple[str, str]]:
        """The calls while it runs: pairs of the calling and the called file."""
        self._calls, self._on = [], True
        action()
        self._on = False
        return self._calls

    def _file(self, frame: FrameType) -> str:
        name = frame.f_code.co_filename
        inside = name.startswith(self._package) and not name.endswith(GENERATED)
        return name.removeprefix(self._package) if inside else ""

    def _caller(self, frame: FrameType) -> str:
        back = frame.f_back
        while back and not self._file(back):
            back = back.f_back
        return self._file(back) if back else ""


def decides(package: Path, rules: str) -> tuple[int, int]:
    """Files that each of several Decides passes, and the median of calls from one file to another."""
    recorder = Recorder(package)
    threading.setprofile(recorder)
    try:
        runs = list(_served(recorder.during, rules))
    finally:
        threading.setprofile(None)
    files = set.intersection(*({callee for _, callee in run} for run in runs))
    crossings = (sum(caller != callee for caller, callee in run if callee in files) for run in runs)
    return len(files), int(statistics.median(crossings))


class Holding:
    """Notes files whose functions are given a text or a value that has it as a field, or give one back.

    Bytes of a whole file are none.
    """

    def __init__(self, package: Path, text: str) -> None:
        self._package, self._text, self.files = f"{package}/", text, set[str]()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """Is a profiler of ``threading.setprofile``."""
        code = frame.f_code
        if event in {"call", "return"} and code.co_filename.startswith(self._package):
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            values = [frame.f_locals.get(name) for name in names] if event == "call" else [argument]
            if any(self._holds(value, HELD_DEPTH) for value in values):
                self.files.add(code.co_filename)

    def _holds(self, value: Any, depth: int) -> bool:
        if isinstance(value, str) or depth == 0:
            return isinstance(value, str) and self._text in value
        if isinstance(value, dict | list | tuple):
            parts = value.values() if isinstance(value, dict) else value
            return any(self._holds(part, depth - 1) for part in parts)
        if not type(value).__module__.startswith("maitred."):
            return False
        names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
        return any(self._holds(getattr(value, name, None), 0) for name in names)


def refusal_files(package: Path) -> int:
    """Files that a text of a rule is handed to on its way from YAML to a refusal's words."""
    holding = Holding(package, REFUSAL)
    threading.setprofile(holding)
    sys.setprofile(holding)
    try:
        for _ in _served(lambda action: action(), SAYING, age=3):
            pass
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return len(holding.files)


@contextmanager
def _without_looks() -> Iterator[None]:
    """Keeps the service from what it does every so often: where a Decide takes long, it falls into each."""
    with ExitStack() as patches:
        for name in LOOKING:
            with suppress(ImportError):
                module = importlib.import_module(name)
                patches.enter_context(patch.object(module, "LOOK_SECONDS", SELDOM_SECONDS, create=True))
        yield


def _served(during: Callable[[Callable[[], object]], T], rules: str, age: int = 31) -> Iterator[T]:
    """What ``during`` gives for each Decide of a customer of that age; minors ask why not."""
    import grpc  # noqa: PLC0415 -- after the profiler is set, so that its threads have it

    from maitred.bootstrap import serving  # noqa: PLC0415 -- the package on the path
    from maitred.settings import Settings  # noqa: PLC0415
    from maitred.telemetry import configure_logging  # noqa: PLC0415
    from maitred.v1 import decision_pb2 as pb  # noqa: PLC0415

    with _without_looks(), tempfile.TemporaryDirectory() as folder:
        directory = Path(folder, "rules")
        directory.mkdir()
        (directory / "rules.yaml").write_text(rules)
        settings = Settings(
            rules=directory,
            database=f"sqlite:///{folder}/figures.db",
            listen="127.0.0.1:0",
            watch_seconds=600,
        )
        log = configure_logging(Path(folder, "log").open("w"), {})  # noqa: SIM115 -- closed with the log
        running = serving.start(settings, {}, log)
        with grpc.insecure_channel(running.address) as channel:
            call: Any = channel.unary_unary("/maitred.v1.DecisionService/Decide")
            for number in range(WARM_UP + DECIDES):
                request = pb.DecideRequest(
                    request_id=f"r{number}",
                    customer_id=f"c{number}",
                    channel="pos",
                    max_actions=1,
                    explain=pb.EXPLAIN_REASONS if age < ADULT else pb.EXPLAIN_NONE,
                )
                request.context_json = b'{"customer": {"age": %d}}' % age
                data = request.SerializeToString()
                run = during(lambda data=data: call(data, timeout=30))  # type: ignore[misc]
                if number >= WARM_UP:
                    yield run
        running.stop(1)
        log.close()


def column(package: Path) -> Iterator[tuple[str, str]]:
    """Every figure with its name."""
    paths = sources(package)
    yield from lengths(paths)
    yield "modules imported by one other file", str(imported_once())
    yield "class names defined twice", str(len(classes_twice(paths)))
    for name, rules in (("without", RULES), ("with", RULES + LIMIT)):
        files, crossings = decides(package, rules)
        yield f"files passed by a Decide {name} a limit", str(files)
        yield f"calls from one file to another in a Decide {name} a limit", str(crossings)
    yield "files from a YAML line to a refusal's text", str(refusal_files(package))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=Path, default=ROOT / "service", help="where the package lies")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if not chosen.here:  # in a process of its own, which imports the package of that tree
        command = [sys.executable, "-m", "tools.figures", "--here", "--sources", str(chosen.sources)]
        path = itertools.chain((str(chosen.sources), str(ROOT)))
        return subprocess.run(command, env={"PYTHONPATH": ":".join(path)}, check=False).returncode
    for name, figure in column(chosen.sources.resolve() / "maitred"):
        print(f"| {name} | {figure} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
