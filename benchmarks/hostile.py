"""What innocent callers notice of hostile rules: how long theirs takes beside as many as a ruleset may have.

A thousand rules are written at random to take long. Those that the bound on a rule refuses are left out,
the others are taken until the bound on a ruleset refuses more. The innocent ask one at a time about one
plain rule, without and with attackers who send the largest contexts that the hostile rules can read.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc

from maitred import cel, rulefiles, situations
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.ruleset import Ruleset
from maitred.v1 import decision_pb2 as pb
from maitred.v1 import decision_pb2_grpc as rpc

from . import figures, servers
from .figures import Row, Section
from .hostile_rules import HostileRules
from .requests import DECIDE
from .rounds import ROUNDS, Contender, Progress, Shown, in_turn, paired, play

RULES, DEPTHS = 1_000, 6
BOUND_NS = 5_000_000
ATTACKS_A_SECOND = 10
LETTERS, ITEMS = 500, 165

_HEAD = f"""apiVersion: maitred/v1
kind: Ruleset
name: shared
version: "1"
channels: [pos]
---
apiVersion: maitred/v1
kind: Context
name: context
attributes:
  c.age: int
  c.name: string
  c.note: string
  b.words: list<string>
  b.other: list<string>
  innocent.age: int
---
apiVersion: maitred/v1
kind: List
name: some
values: [{", ".join(f"p{number}" for number in range(50))}]
---
apiVersion: maitred/v1
kind: Action
name: innocent
title: Innocent
type: offer
score: 99
eligibility: [{{require: innocent.age > 3}}]
"""


def measure(progress: Progress) -> list[Section]:
    """One section."""
    progress(f"{RULES:,} hostile rules")
    refused, hostile, cost_ns = _hostile_rules()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        running = {
            name: stack.enter_context(
                servers.maitred(_written(place / name, text), f"sqlite:///{place}/{name}.db")
            )
            for name, text in {"plain": _HEAD, "hostile": hostile}.items()
        }
        with servers.apart(running.values()):
            quiet = _take_turns(running, progress, attacked=False)
            attacked = _take_turns(running, progress, attacked=True)
    return [
        Section(
            f"Innocent callers beside hostile rules: {RULES - refused:,} of {RULES:,} are within the bound "
            f"of a rule, {hostile.count('kind: Action') - 1} fit into a ruleset",
            (
                Row("what the ruleset's rules can take at most", f"{cost_ns / 1e6:.1f} ms"),
                *_rows("without attackers", quiet),
                *_rows(f"with {ATTACKS_A_SECOND} largest contexts a second", attacked),
            ),
        )
    ]


def _rows(when: str, shown: dict[str, Shown]) -> tuple[Row, ...]:
    plain, hostile = shown["plain"], shown["hostile"]
    return (
        Row(f"{when}: median", _both(plain.median_ms, hostile.median_ms)),
        Row(f"{when}: 99th percentile", _both(plain.p99_ms, hostile.p99_ms)),
        Row(
            f"{when}: 99th percentile beside hostile rules, of without",
            figures.shown(paired(hostile.p99_ms, plain.p99_ms), figures.ratio),
        ),
    )


def _both(plain: list[float], hostile: list[float]) -> str:
    return (
        f"{figures.spread(plain).median:.2f} ms, beside hostile rules {figures.spread(hostile).median:.2f} ms"
    )


def _hostile_rules() -> tuple[int, str, int]:
    """How many rules are refused; the largest ruleset of others; what it can take at most, in ns."""
    refused, text, cost_ns = 0, _HEAD, 0
    for seed in range(RULES):
        rule = _rule(seed)
        try:
            own_ns = _loaded(_HEAD + rule).cost_ns
        except RulesetInvalid:
            refused += 1
            continue
        if cost_ns + own_ns < BOUND_NS:
            cost_ns, text = cost_ns + own_ns, text + rule
    return refused, text, cost_ns


def _rule(seed: int) -> str:
    condition = HostileRules(seed).condition(1 + seed % DEPTHS)
    return f"""---
apiVersion: maitred/v1
kind: Action
name: hostile-{seed}
title: Hostile
type: offer
eligibility:
  - require: {json.dumps(condition)}
"""


def _loaded(text: str) -> Ruleset:
    return rulefiles.load({"rules.yaml": text.encode()}, cel.compiler, situations.deriver).ruleset


def _written(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "rules.yaml").write_text(text)
    return folder


def _take_turns(
    running: dict[str, servers.Server], progress: Progress, *, attacked: bool
) -> dict[str, Shown]:
    shown = {name: Shown() for name in running}
    contenders = {name: Contender(server, DECIDE, _innocent) for name, server in running.items()}
    for number in range(-1, ROUNDS):
        for name in in_turn(list(running), number):
            progress(f"round {number + 1} of {ROUNDS}: {name}{', attacked' if attacked else ''}")
            with _attacks(running[name].port if attacked else None, f"{name} {number}"):
                warming = number < 0
                word = f"{name} {number} {attacked}"
                play(Shown() if warming else shown[name], contenders[name], word, alone=True)
    return shown


def _innocent(word: str) -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield pb.DecideRequest(
            request_id=f"{word}-{number}",
            customer_id=f"innocent-{number % 50}",
            channel="pos",
            context_json=b'{"innocent": {"age": 9}}',
        ).SerializeToString()


@contextmanager
def _attacks(port: int | None, word: str) -> Iterator[None]:
    """Sends the largest contexts at an even pace until the block ends."""
    if port is None:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_attack, args=(port, word, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _attack(port: int, word: str, ended: threading.Event) -> None:
    largest = json.dumps(
        {
            "c": {"age": 99, "name": "a" * LETTERS, "note": "b" * LETTERS},
            "b": {"words": ["a" * LETTERS] * ITEMS, "other": ["c" * LETTERS] * ITEMS},
        }
    ).encode()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        service = rpc.DecisionServiceStub(channel)
        number, due = 0, time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            number, due = number + 1, due + 1 / ATTACKS_A_SECOND
            request = pb.DecideRequest(
                request_id=f"attack {word} {number}",
                customer_id=f"attacker-{number % 50}",
                channel="pos",
                context_json=largest,
            )
            service.Decide(request, timeout=5)
