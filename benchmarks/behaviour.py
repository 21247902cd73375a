"""What ten attributes over what customers did cost Decide, with events on record and after each fresh one.

All servers get the same events and the same questions; the rules of one read none of them. Of each customer a
fresh event is recorded, and then it is decided for them. Costs are processor time of the server.
"""

import itertools
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

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
            costs = _take_turns(running, progress)
    return [_section(costs)]


class Cost(NamedTuple):
    """Microseconds of one round: a decision, the first one after a fresh event, and recording that event."""

    steady: float
    fresh: float
    recording: float


def _take_turns(running: Mapping[int, servers.Server], progress: Progress) -> Mapping[int, list[Cost]]:
    """By the number of events that are on record of each customer, round by round."""
    costs: dict[int, list[Cost]] = {events: [] for events in running}
    for number in range(ROUNDS):
        for events in in_turn(list(running), number):
            progress(f"round {number + 1} of {ROUNDS}: {events or 'no'} events")
            costs[events].append(_round(running[events], f"{events} {number}"))
    return costs


def _round(server: servers.Server, word: str) -> Cost:
    steady, fresh, recording = 0.0, 0.0, 0.0
    for sweep in range(SWEEPS):
        recording += _cost(server, RECORD_EVENTS, _fresh(f"{word} {sweep}"))
        fresh += _cost(server, DECIDE, _sweep(f"fresh {word}", sweep))
        steady += _cost(server, DECIDE, _sweep(f"steady {word}", sweep))
    return Cost(*(seconds / SWEEPS / CUSTOMERS * 1e6 for seconds in (steady, fresh, recording)))


def _cost(server: servers.Server, method: str, messages: Iterator[bytes]) -> float:
    before = server.thread_seconds()
    _play(server, method, messages)
    return server.thread_seconds() - before


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
                    _event(f"{number}-{event_id}", number, draw, now - timedelta(days=300 * draw.random()))
                    for event_id in ids
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


def _section(costs: Mapping[int, list[Cost]]) -> Section:
    without = costs[WITHOUT]
    rows = [
        Row("a decision without them", _shown([cost.steady for cost in without])),
        Row("recording an event where nothing reads it", _shown([cost.recording for cost in without])),
    ]
    for events, maximum in MOST_COST.items():
        pairs = list(zip(costs[events], without, strict=True))
        steady = figures.spread([own.steady / other.steady - 1 for own, other in pairs])
        fresh = figures.spread([own.fresh / other.fresh - 1 for own, other in pairs])
        added = [own.recording - other.recording for own, other in pairs]
        rows += [
            at_most(
                f"a decision with ten, {events:,} events on record: added", steady, maximum, figures.percent
            ),
            at_most(
                f"the first after a fresh event, {events:,} on record: added", fresh, maximum, figures.percent
            ),
            Row(f"recording an event, {events:,} on record: added", _shown(added)),
        ]
    return Section(
        f"What attributes over events cost Decide: {ACTIONS:,} actions, one call at a time, processor time",
        tuple(rows),
    )


def _shown(microseconds: Sequence[float]) -> str:
    return figures.shown(figures.spread(microseconds), _microseconds)


def _microseconds(value: float) -> str:
    return f"{value:,.0f} us"
