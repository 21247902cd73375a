"""The compiled core of `make wheel` and pure Python, turn and turn about, in processes of their own.

Each process answers the same questions first; what differs is told in place of times. All times are processor
time, which other processes do not lengthen.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tools.compiled_setup import STAMP, stamp

from maitred import store
from maitred.compiled import core_words
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.policy import Policy
from maitred.v1 import decision_pb2 as pb

from . import ruleset, servers
from .figures import Row, Section, at_most, ratio, shown
from .limits import LIMITS, LOCATIONS
from .matching import CUSTOMERS, OF_FLOOR, SIZES, mean_seconds
from .policies import policy_of, question
from .requests import CUSTOMERS as KNOWN
from .requests import DECIDE, decides
from .rounds import Contender, Progress, Shown, in_turn, paired, play
from .serving import ACTIONS, SERVER_THREADS
from .stages import BATCH, Watch, answered, engine_on
from .workload import contexts, specs

ROOT = Path(__file__).resolve().parents[1]
PURE, COMPILED = "pure Python", "compiled"
ROUNDS, BATCHES = 12, 8
TITLE = "The core compiled, of pure Python"
WHOLE = {"Decide, durable": ("", 0), "Decide with limits, durable": (LIMITS, LOCATIONS)}


def measure(progress: Progress) -> list[Section]:
    """One section: in process of a no-op RPC, and whole decisions; why not, where there is no wheel."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        fault = _unpack(Path(folder))
        if fault:
            return [Section(TITLE, (Row(COMPILED, fault),))]
        progress("compiling rules with both cores")
        children = {
            PURE: stack.enter_context(_child(ROOT / "service")),
            COMPILED: stack.enter_context(_child(Path(folder))),
        }
        for core, child in children.items():
            assert child.ask() == core, f"the process that was to be {core} is not"
        if children[PURE].ask() != children[COMPILED].ask():
            return [Section(TITLE, (Row("answers", "they differ", "the same", met=False),))]
        return [_section(*_take_turns(children, progress))]


def _unpack(folder: Path) -> str:
    """Unpacks the wheel; says why not, where there is none of these sources."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    wheels = sorted((ROOT / "dist").glob(f"maitred-*-{tag}-{tag}-*.whl"), key=os.path.getmtime)
    if not wheels:
        return "not measured: there is no compiled wheel in dist/, `make wheel` builds one"
    zipfile.ZipFile(wheels[-1]).extractall(folder)
    if (folder / STAMP).read_text() != stamp(ROOT / "service"):
        return f"not measured: dist/{wheels[-1].name} is of other sources, `make wheel` builds it anew"
    return ""


class _Child:
    """A process with one of the cores. It answers a line of JSON to each line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self) -> Any:
        """What it says next: its core, its answers, then the times of a round as often as it is asked."""
        assert self._process.stdin
        assert self._process.stdout
        print(file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@contextmanager
def _child(source: Path) -> Iterator[_Child]:
    command, environ = [sys.executable, "-m", __name__], os.environ | {"PYTHONPATH": str(source)}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environ, **pipes) as process:
        try:
            yield _Child(process)
        finally:
            process.terminate()


def _take_turns(
    children: dict[str, _Child], progress: Progress
) -> tuple[list[float], dict[str, list[dict[str, float]]]]:
    """Microseconds of a no-op RPC, and of each core what it took, round by round."""
    floor, times = Shown(), {core: list[dict[str, float]]() for core in children}
    with servers.noop(SERVER_THREADS) as server, servers.apart([server]):
        contender = Contender(server, DECIDE, decides)
        for number in range(ROUNDS):
            progress(f"both cores, round {number + 1} of {ROUNDS}")
            play(floor, contender, f"floor {number}")
            for core in in_turn(list(children), number):
                times[core].append(children[core].ask())
    return floor.cpu_us, times


def _section(floor: Sequence[float], times: dict[str, list[dict[str, float]]]) -> Section:
    rows = [Row("server time of a no-op RPC", f"{statistics.median(floor):.0f} us")]
    for what in times[PURE][0]:
        pure, compiled = ([taken[what] for taken in times[core]] for core in (PURE, COMPILED))
        both = f"{statistics.median(compiled):.1f} us of {statistics.median(pure):.1f} us"
        rows.append(Row(what, f"{shown(paired(compiled, pure), ratio)}: {both}"))
    for size, (most, goal) in OF_FLOOR.items():
        compiled = [taken[_matched(size)] for taken in times[COMPILED]]
        rows.append(
            at_most(
                f"{size:,} actions compiled, of a no-op RPC", paired(compiled, floor), most, ratio, goal=goal
            )
        )
    return Section(TITLE, tuple(rows))


def _matched(size: int) -> str:
    return f"in process, {size:,} actions"


def _serve() -> None:
    """What a child does: a line of JSON for each line it is sent."""
    policies = {_matched(size): policy_of(specs(size)) for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        whole = {name: _Whole(Path(folder), *limited) for name, limited in WHOLE.items()}
        replies = itertools.chain((core_words(), _answers(policies, whole)), _times(policies, whole))
        for _, reply in zip(sys.stdin, replies, strict=False):
            print(json.dumps(reply), flush=True)


def _answers(policies: Mapping[str, Policy], whole: "Mapping[str, _Whole]") -> list[str]:
    sent = contexts(CUSTOMERS)
    alone = [
        repr(decide_from(policy, question(policy, context, 10)).proposals)
        for policy in policies.values()
        for context in sent
    ]
    return alone + [proposals for decisions in whole.values() for proposals in decisions.proposals()]


def _times(policies: Mapping[str, Policy], whole: "Mapping[str, _Whole]") -> Iterator[dict[str, float]]:
    """Microseconds, round by round."""
    sent = contexts(CUSTOMERS)
    while True:
        matched = {name: mean_seconds(policy, sent) * 1e6 for name, policy in policies.items()}
        yield matched | {name: decisions.mean_us() for name, decisions in whole.items()}


class _Whole:
    """Decisions as the loop makes them, in a database whose customers are known."""

    def __init__(self, folder: Path, limits: str, locations: int) -> None:
        place = folder / f"limits-{locations}"
        ruleset.write(place, specs(ACTIONS), limits)
        database = place.with_suffix(".db")
        self._engine = engine_on(store.open_store(f"sqlite:///{database}"), place, database)
        self._messages = decides("compiled", locations=locations)
        for _ in range(-(-KNOWN // BATCH)):
            self._answer(self._batch())

    def _batch(self) -> list[bytes]:
        return list(itertools.islice(self._messages, BATCH))

    def _answer(self, batch: Sequence[bytes]) -> list[bytes]:
        return answered(self._engine, batch, Watch())

    def proposals(self) -> list[str]:
        """What a batch is answered, without ids and instants."""
        answers = map(pb.DecideResponse.FromString, self._answer(self._batch()))
        return [
            repr(
                [(proposal.action, proposal.score, str(proposal.treatment)) for proposal in answer.proposals]
            )
            for answer in answers
        ]

    def mean_us(self) -> float:
        """Of one decision, over some batches."""
        batches = [self._batch() for _ in range(BATCHES)]
        started = time.process_time()
        for batch in batches:
            self._answer(batch)
        return (time.process_time() - started) / (BATCH * BATCHES) * 1e6


if __name__ == "__main__":
    _serve()
