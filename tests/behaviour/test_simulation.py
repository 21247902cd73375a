"""Customers who do things at random, and what is computed of it, against a model that counts by hand."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.behaviour.conftest import event
from tests.claims.harness import PIZZA, EngineHarness
from tests.rules import document
from tests.seeds import seeds

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import EventsCall

SEEDS_VARIABLE = "MAITRED_EVENT_SEEDS"
MICRO, HOUR, RETENTION = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=3)
ZONE = ZoneInfo("Europe/Rome")
VISIT = document(
    "Event", "visit", {"fields": "{page: string, clicks: int, spent: decimal(2)}", "retention": "3d"}
)
WINDOWS = {"hour": "{rolling: 1h}", "day": "{calendar: day}", "ever": "lifetime", "session": "session"}
HOW = {
    "count": "count: true",
    "clicks": "sum: event.clicks",
    "spent": "sum: event.spent",
    "least": "min: event.clicks",
    "most": "max: event.clicks",
    "pages": "distinct: event.page",
    "first": "first: event.at",
    "last": "last: event.page",
    "cars": 'where: event.page == "cars", count: true',
    "any": "where: event.clicks > 3, any: true",
    "budget": "sum: event.clicks * customer.quota",
}


def rules():
    computed = [
        f"  customer.{how}_{window}: {{over: events.visit, window: {text}, {body}}}"
        for window, text in WINDOWS.items()
        for how, body in HOW.items()
    ]
    names = [line.split(":")[0].strip() for line in computed]
    context = document("Context", "seen", "computed:\n" + "\n".join(computed) + "\n")
    # Read by some rule, so that all of them are worked out.
    reading = document(
        "Action",
        "reader",
        {
            "title": "r",
            "type": "offer",
            "treatments": json.dumps({"pos": {"say": [f"${{{name}}}" for name in names]}}),
        },
    )
    return PIZZA, VISIT, context, reading


class Model:
    """What a customer did, as a list; everything is counted anew each time."""

    def __init__(self):
        self.deeds = {}
        self.withdrawn = {}

    def record(self, happened, now):
        if happened.withdraws:
            at = happened.at or now
            self.withdrawn[happened.withdraws] = min(at, self.withdrawn.get(happened.withdraws, at))
        if happened.kind and happened.event_id not in self.deeds:
            self.deeds[happened.event_id] = (
                happened.at or now,
                happened.session_id,
                json.loads(happened.fields_json),
            )

    def standing(self, window, now, session):
        never = datetime.max.replace(tzinfo=UTC)
        counting = []
        for event_id, (at, in_session, fields) in self.deeds.items():
            if at > now or now >= at + RETENTION or now >= self.withdrawn.get(event_id, never):
                continue
            inside = {
                "hour": now - HOUR < at,
                "day": at.astimezone(ZONE).date() == now.astimezone(ZONE).date(),
                "ever": True,
                "session": bool(session) and in_session == session,
            }
            if inside[window]:
                counting.append((at, fields))
        return sorted(counting, key=lambda deed: deed[0])

    def value(self, how, window, now, session, quota):
        deeds = self.standing(window, now, session)
        clicks = [fields["clicks"] for _, fields in deeds]
        pages = [fields["page"] for _, fields in deeds]
        cents = sum(int(fields["spent"].replace(".", "")) for _, fields in deeds)
        return {
            "count": lambda: len(deeds),
            "clicks": lambda: sum(clicks),
            "spent": lambda: cents,
            "least": lambda: min(clicks, default=None),
            "most": lambda: max(clicks, default=None),
            "pages": lambda: len(set(pages)),
            "first": lambda: deeds[0][0] if deeds else None,
            "last": lambda: pages[-1] if pages else None,
            "cars": lambda: pages.count("cars"),
            "any": lambda: any(number > 3 for number in clicks),
            "budget": lambda: sum(clicks) * quota,
        }[how]()


def moment(rng, now):
    """Around now and around the edges of windows, to the microsecond."""
    midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    edge = rng.choice(
        [now, now - HOUR, midnight, now - RETENTION, now - timedelta(minutes=rng.randrange(4000))]
    )
    return edge + rng.choice([-1, 0, 1]) * MICRO


@pytest.fixture
def replicas(harness):
    """Two on one database: either records and decides, and both keep copies of what they have read."""
    both = harness, EngineHarness(harness.store, harness.keys, first_id=1_000_000)
    for replica in both:
        replica.rules(*rules(), zone="Europe/Rome")
    return both


def live(replicas, seed):
    """One customer's life: events, retries and withdrawals in any order, and decisions between them."""
    rng, model = random.Random(seed), Model()
    customer = f"c-{seed}"
    ids: list[Any] = []
    # Of several lives one is after the other: time does not go back.
    start = max(replica.now for replica in replicas)
    now = start + timedelta(days=rng.randrange(4, 300), seconds=rng.randrange(86_400))
    times = set()
    for step in range(rng.randrange(3, 12)):
        now += rng.choice([MICRO, timedelta(minutes=rng.randrange(90)), timedelta(hours=rng.randrange(30))])
        writer, decider = rng.choice(replicas).at(now), rng.choice(replicas)
        batch = []
        for number in range(rng.randrange(4)):
            at = moment(rng, now)
            if at in times or at > now or now - at >= RETENTION:
                continue
            times.add(at)
            batch.append(
                event(
                    f"{customer}-{step}-{number}",
                    customer,
                    at=at,
                    session=rng.choice(["", "s-1", "s-2"]),
                    page=rng.choice(["cars", "loans", "news"]),
                    clicks=rng.randrange(6),
                    spent=f"{rng.randrange(100)}.{rng.randrange(100):02}",
                )
            )
        if ids and rng.random() < 0.3:
            batch.append(event(f"{customer}-{step}-w", customer, "", withdraws=rng.choice(ids), at=now))
        ids += [happened.event_id for happened in batch if happened.kind]
        if batch:
            sent = [*batch, *rng.sample(batch, rng.randrange(len(batch) + 1))]
            assert all(
                record_event.recorded
                for record_event in writer.engine.recorder.record_events(EventsCall(tuple(sent), at=now))
            )
            for happened in batch:
                model.record(happened, now)
        check(decider, model, customer, moment(rng, now) if rng.random() < 0.3 else now, rng)


def check(harness, model, customer, now, rng):
    session, quota = rng.choice(["", "s-1", "s-2"]), rng.randrange(5)
    decided = harness.decide(customer, at=now, session=session, context={"customer": {"quota": quota}})
    view = harness.engine.decider.get_decision(decided.decision_id, Explain.EXPLAIN_NONE)
    facts = json.loads(view.facts_json)
    # Simulated time does not go back: that may be later than what was asked for.
    now = decided.decided_at
    for window in WINDOWS:
        for how in HOW:
            expected = model.value(how, window, now, session, quota)
            value = facts.get(f"customer.{how}_{window}")
            if how == "first" and value is not None:
                value = datetime.fromisoformat(value)
            if how == "spent":
                value = int(str(value).replace(".", ""))
            assert value == expected, (how, window, now)


def test_what_is_computed_is_what_the_model_counts(replicas):
    for seed in seeds(SEEDS_VARIABLE, 12):
        live(replicas, seed)


@pytest.mark.torture
def test_very_many_lives_are_what_the_model_counts(replicas):
    for seed in seeds(SEEDS_VARIABLE, 1_000):
        live(replicas, seed)
