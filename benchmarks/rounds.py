"""Servers that take turns in short rounds.

A shared machine's speed drifts by more than what is to be measured. Rounds that follow one another
share it, so each round gives a ratio, and the median of the ratios counts. Every other round goes
in the opposite order, so that a steady drift favours nobody.
"""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from maitred.v1 import decision_pb2 as pb

from . import h2, servers
from .figures import Spread, spread

ROUNDS = 12
SECONDS = 1.0
"""Some thousands of calls; a machine that others use keeps its speed for about as long."""
WARM_SECONDS = 1.0
MAX_STANDSTILLS = 3
"""Rounds in which other processes let nothing be answered at all; they are played again."""
CONNECTIONS, STREAMS = 16, 8
MAX_PREPARING_SECONDS = 120.0

Progress = Callable[[str], None]
Name = TypeVar("Name")


class Contender(NamedTuple):
    """Who takes part. ``messages`` are for a round by a word that no other round has."""

    server: servers.Server
    method: str
    messages: Callable[[str], Iterator[bytes]]
    check: Callable[[bytes], bool] = bool
    """Whether an answer is of the kind that is to be measured."""


@dataclass(slots=True)
class Shown:
    """What a contender has shown, round by round."""

    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    median_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


def pooled(parts: Iterable[Shown]) -> Shown:
    """What was shown in all of them, one after the other."""
    whole = Shown()
    for part in parts:
        whole.rates += part.rates
        whole.cpu_us += part.cpu_us
        whole.median_ms += part.median_ms
        whole.p99_ms += part.p99_ms
    return whole


def take_turns(
    contenders: Mapping[str, Contender], progress: Progress, *, rounds: int = ROUNDS, alone: bool = False
) -> dict[str, Shown]:
    """Each contender once in every round, ``alone`` with one call at a time instead of 128."""
    results = {name: Shown() for name in contenders}
    for name, contender in contenders.items():
        progress(f"warming up: {name}")
        _run(contender, f"warm {name}", WARM_SECONDS, alone=alone)
    for number in range(rounds):
        for name in in_turn(list(contenders), number):
            progress(f"round {number + 1} of {rounds}: {name}")
            play(results[name], contenders[name], f"{name} {number} {alone:d}", alone=alone)
    return results


def in_turn(names: Sequence[Name], number: int) -> Sequence[Name]:
    """The order of a round."""
    return names[::-1] if number % 2 else names


def play(shown: Shown, contender: Contender, word: str, *, alone: bool = False) -> None:
    """One round of one contender."""
    for attempt in range(MAX_STANDSTILLS):
        before = contender.server.cpu_seconds()
        load = _run(contender, f"{word} {attempt}", SECONDS, alone=alone)
        if load.timely:
            break
    else:
        raise RuntimeError(f"no answer in {MAX_STANDSTILLS} rounds: this machine is too busy to measure on")
    latencies = sorted(load.latencies)
    shown.rates.append(load.rate)
    shown.cpu_us.append((contender.server.cpu_seconds() - before) / load.answered * 1e6)
    shown.median_ms.append(latencies[len(latencies) // 2] * 1e3)
    shown.p99_ms.append(latencies[int(len(latencies) * 0.99)] * 1e3)


def send(server: servers.Server, method: str, messages: Iterator[bytes]) -> bytes:
    """Sends every one of the messages, and gives the last answer that came."""
    load = h2.run(server.port, method, messages, MAX_PREPARING_SECONDS)
    assert not load.failed, f"{load.failed} calls failed"
    if next(messages, None) is not None:
        raise RuntimeError(
            f"not prepared in {MAX_PREPARING_SECONDS:.0f} s: this machine is too busy to measure on"
        )
    return load.last


def answers(server: servers.Server, method: str, messages: Iterable[bytes]) -> list[bytes]:
    """One answer to each of the messages, in their order."""
    return [
        h2.run(server.port, method, iter([message]), MAX_PREPARING_SECONDS, connections=1, streams=1).last
        for message in messages
    ]


def proposed_by(contender: Contender, count: int) -> list[list[str]]:
    """The actions that a contender proposes in its first decisions, so that two can be compared."""
    asked = itertools.islice(contender.messages("check"), count)
    return [
        [proposal.action for proposal in pb.DecideResponse.FromString(answer).proposals]
        for answer in answers(contender.server, contender.method, asked)
    ]


def paired(
    left: Sequence[float],
    right: Sequence[float],
    of: Callable[[float, float], float] = operator.truediv,
) -> Spread:
    """Ratios, or what ``of`` makes of two values, round by round."""
    return spread([of(a, b) for a, b in zip(left, right, strict=True)])


def lost(own: float, other: float) -> float:
    """The share of another rate that this one lacks."""
    return 1 - own / other


def _run(contender: Contender, word: str, seconds: float, *, alone: bool) -> h2.Load:
    connections, streams = (1, 1) if alone else (CONNECTIONS, STREAMS)
    load = h2.run(
        contender.server.port,
        contender.method,
        contender.messages(word),
        seconds,
        connections=connections,
        streams=streams,
    )
    assert not load.failed, f"{load.failed} calls failed"
    assert contender.check(load.last), f"an answer of another kind: {load.last!r}"
    return load
