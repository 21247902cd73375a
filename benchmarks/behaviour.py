"""What ten attributes over what customers did cost Decide, with events on record and after each fresh one.

All servers get the same events and the same questions; the rules of one read none of them. A fresh event is
followed by a decision of the same customer. What recording it costs more, because columns are kept of it,
counts as a cost of that decision. Costs are processor time of the server.
"""

import itertools
import random
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from maitred.v1 import decision_pb2 as pb

from . import figures, h2, ruleset, servers
from .figures import Row, Section, at_most
from .requests import DECIDE, decides
from .rounds import Progress, in_turn
from .serving import ACTIONS
from .workload import specs

RECORD_EVENTS = "/maitred.v1.DecisionService/RecordEvents"
CUSTOMERS, SWEEPS, ROUNDS = 40, 15, 10
EVENTS_PER_CALL = 500
MOST_COST = {100: 0.10, 1_000: 0.30}
MOST_SECONDS = 120.0
WITHOUT = 0

_EVENT = """---
apiVersion: maitred/v1
kind: Event
name: visit
fields: {page: string, clicks: int, amount: decimal(2)}
retention: 400d
"""
_COMPUTED = """---
apiVersion: maitred/v1
kind: Context
name: behaviour
computed:
  seen.visits: {over: events.visit, window: {rolling: 30d}, count: true}
  seen.cars: {over: events.visit, where: 'event.page == "cars"', window: {rolling: 30d}, count: true}
  seen.clicks: {over: events.visit, window: {rolling: 30d}, sum: event.clicks}
  seen.spent: {over: events.visit, window: {rolling: 90d}, sum: event.amount}
  seen.most: {over: events.visit, window: {rolling: 90d}, max: event.clicks}
  seen.least: {over: events.visit, min: event.amount}
  seen.pages: {over: events.visit, distinct: event.page}
  seen.first: {over: events.visit, first: event.clicks}
  seen.last: {over: events.visit, where: 'event.page == "loans"', last: event.clicks}
  seen.busy: {over: events.visit, where: event.clicks > 3, window: {calendar: month}, count: true}
"""
# Never true, so that as much is decided as without them.
_READER = """---
apiVersion: maitred/v1
kind: Action
name: reader-{name}
title: reader
type: offer
channels: [pos]
eligibility:
  - require: seen.{name} < -1
"""
_NAMES = ("visits", "cars", "clicks", "spent", "most", "least", "pages", "first", "last", "busy")


def measure(progress: Progress) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        readers = "".join(_READER.format(name=name) for name in _NAMES)
        plain = ruleset.write(place / "plain", specs(ACTIONS), _EVENT)
        reading = ruleset.write(place / "reading", specs(ACTIONS), _EVENT + _COMPUTED + readers)
        progress("starting the servers")
        running = {
            events: stack.enter_context(
                servers.maitred(reading if events else plain, f"sqlite:///{place}/{events}.db")
            )
            for events in (WITHOUT, *MOST_COST)
        }
        with servers.apart(running.values()):
            for events, server in running.items():
                progress(f"recording {events or max(MOST_COST)} events of each customer")
                _play(server, RECORD_EVENTS, _seeded(events or max(MOST_COST)))
                _play(server, DECIDE, _sweep("first", 0))
            found = _take_turns(running, progress)
    return [_section(found)]


def _take_turns(
    running: Mapping[int, servers.Server], progress: Progress
) -> Mapping[int, list[tuple[float, float]]]:
    """Microseconds of a decision, and of an event with the decision after it, by round."""
    found: dict[int, list[tuple[float, float]]] = {events: [] for events in running}
    for number in range(ROUNDS):
        for events in in_turn(list(running), number):
            progress(f"round {number + 1} of {ROUNDS}: {events or 'no'} events")
            server, word = running[events], f"{events} {number}"
            steady = _cost(server, (_sweep(f"steady {word}", sweep) for sweep in range(SWEEPS)))
            fresh = 0.0
            for sweep in range(SWEEPS):
                before = server.cpu_seconds()
                _play(server, RECORD_EVENTS, _fresh(f"{word} {sweep}"))
                _play(server, DECIDE, _sweep(f"fresh {word}", sweep))
                fresh += server.cpu_seconds() - before
            found[events].append((steady, fresh / SWEEPS / CUSTOMERS * 1e6))
    return found


def _cost(server: servers.Server, sweeps: Iterator[Iterator[bytes]]) -> float:
    before = server.cpu_seconds()
    for sweep in sweeps:
        _play(server, DECIDE, sweep)
    return (server.cpu_seconds() - before) / SWEEPS / CUSTOMERS * 1e6


def _play(server: servers.Server, method: str, messages: Iterator[bytes]) -> None:
    """One call at a time: nothing is shared by a batch."""
    load = h2.run(server.port, method, messages, MOST_SECONDS, connections=1, streams=1)
    assert not load.failed, f"{load.failed} calls failed"


def _sweep(word: str, number: int) -> Iterator[bytes]:
    """A question of each customer."""
    return itertools.islice(decides(f"{word} {number}"), CUSTOMERS)


def _seeded(count: int) -> Iterator[bytes]:
    draw, now = random.Random(7), datetime.now(UTC)
    for number in range(CUSTOMERS):
        for start in range(0, count, EVENTS_PER_CALL):
            ids = range(start, min(start + EVENTS_PER_CALL, count))
            yield pb.RecordEventsRequest(
                events=[
                    _event(f"{number}-{each}", number, draw, now - timedelta(days=300 * draw.random()))
                    for each in ids
                ]
            ).SerializeToString()


def _fresh(word: str) -> Iterator[bytes]:
    draw = random.Random(word)
    for number in range(CUSTOMERS):
        event = _event(f"fresh {word} {number}", number, draw, None)
        yield pb.RecordEventsRequest(events=[event]).SerializeToString()


def _event(event_id: str, number: int, draw: random.Random, at: datetime | None) -> pb.Event:
    fields = {
        "page": draw.choice(["cars", "loans", "news", "help"]),
        "clicks": draw.randrange(9),
        "amount": f"{draw.randrange(200)}.{draw.randrange(100):02}",
    }
    event = pb.Event(
        event_id=event_id, customer_id=str(number), kind="visit", fields_json=orjson.dumps(fields)
    )
    if at:
        event.at.FromDatetime(at)
    return event


def _section(found: Mapping[int, list[tuple[float, float]]]) -> Section:
    steady = [steady for steady, _ in found[WITHOUT]]
    pairs = [pair for _, pair in found[WITHOUT]]
    rows = [Row("a decision without them", figures.shown(figures.spread(steady), _microseconds))]
    for events, most in MOST_COST.items():
        added = [own / other - 1 for (own, _), other in zip(found[events], steady, strict=True)]
        after = [
            (own - other) / alone for (_, own), other, alone in zip(found[events], pairs, steady, strict=True)
        ]
        rows += [
            at_most(
                f"added by ten attributes over {events:,} events",
                figures.spread(added),
                most,
                figures.percent,
            ),
            at_most(
                f"added after a fresh event, {events:,} on record",
                figures.spread(after),
                most,
                figures.percent,
            ),
        ]
    return Section(
        f"What attributes over events cost Decide: {ACTIONS:,} actions, one call at a time, processor time",
        tuple(rows),
    )


def _microseconds(value: float) -> str:
    return f"{value:,.0f} us"
