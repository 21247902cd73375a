"""Prepared messages, each with a request id of its own."""

import itertools
from collections.abc import Callable, Iterator
from functools import cache

import orjson

from maitred.v1 import decision_pb2 as pb

from .workload import contexts

DECIDE = "/maitred.v1.DecisionService/Decide"
CUSTOMERS = 10_000
BODIES = 500

Signals = Callable[[int], pb.ConsentSignals | None]


def customer(number: int) -> str:
    """One customer's id."""
    return str(number % CUSTOMERS)


def decides(
    prefix: str,
    *,
    locations: int = 0,
    max_actions: int = 3,
    signals: Signals | None = None,
    customer: Callable[[int], str] = customer,
) -> Iterator[bytes]:
    """Questions without end, customer by customer, at so many locations."""
    bodies = _bodies()
    for number in itertools.count():
        request = pb.DecideRequest(
            request_id=f"{prefix}-{number}",
            customer_id=customer(number),
            channel="pos",
            location_id=f"store-{number % locations}" if locations else "",
            context_json=bodies[number % len(bodies)],
            max_actions=max_actions,
            consent=signals(number % CUSTOMERS) if signals else None,
        )
        yield request.SerializeToString()


@cache
def _bodies() -> list[bytes]:
    return [orjson.dumps(context) for context in contexts(BODIES)]


def every_customer(prefix: str, **more: object) -> Iterator[bytes]:
    """One question of each customer, so that all of them are known afterwards."""
    return itertools.islice(decides(prefix, **more), CUSTOMERS)  # type: ignore[arg-type]
