"""Figures of the sources, and the files that one Decide passes, for comparing a layout with another.

``python -m tools.figures`` prints a column; ``--sources OTHER/service`` that of another tree. The Decide is
a real one: bytes over gRPC to a service in this process, whose threads note each call from file to file.
"""

import argparse
import ast
import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tools.lengths import GENERATED, function_sizes

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
WARM_UP, DECIDES = 5, 20
"""Chores and telemetry run beside some of them; what belongs to a Decide is in all."""
SETTLE_SECONDS = 0.2


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


def classes_twice(paths: list[Path]) -> int:
    """Names that two classes of different files have."""
    names: Counter[str] = Counter()
    for path in paths:
        tree = ast.parse(path.read_text())
        names.update({node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)})
    return sum(count > 1 for count in names.values())


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
        runs = list(_served(recorder, rules))
    finally:
        threading.setprofile(None)
    files = set.intersection(*({callee for _, callee in run} for run in runs))
    crossings = (sum(caller != callee for caller, callee in run if callee in files) for run in runs)
    return len(files), int(statistics.median(crossings))


def _served(recorder: Recorder, rules: str) -> Iterator[list[tuple[str, str]]]:
    import grpc  # noqa: PLC0415 -- after the profiler is set, so that its threads have it

    from maitred.bootstrap import serving  # noqa: PLC0415 -- the package on the path
    from maitred.settings import Settings  # noqa: PLC0415
    from maitred.telemetry import configure_logging  # noqa: PLC0415
    from maitred.v1 import decision_pb2 as pb  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
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
                    request_id=f"r{number}", customer_id=f"c{number}", channel="pos", max_actions=1
                )
                request.context_json = b'{"customer": {"age": 31}}'
                data = request.SerializeToString()
                run = recorder.during(lambda data=data: call(data, timeout=30))  # type: ignore[misc]
                if number >= WARM_UP:
                    yield run
        running.stop(1)
        log.close()


def column(package: Path) -> Iterator[tuple[str, str]]:
    """Every figure with its name."""
    paths = sources(package)
    yield from lengths(paths)
    yield "modules imported by one other file", str(imported_once())
    yield "class names defined twice", str(classes_twice(paths))
    for name, rules in (("without", RULES), ("with", RULES + LIMIT)):
        files, crossings = decides(package, rules)
        yield f"files passed by a Decide {name} a limit", str(files)
        yield f"calls from one file to another in a Decide {name} a limit", str(crossings)


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
