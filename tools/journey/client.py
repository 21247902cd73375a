"""Sends checkouts to the service, several at a time, and keeps what came back."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import grpc
import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from maitred.v1 import decision_pb2, decision_pb2_grpc

from .checkouts import Checkout
from .service import CHANNEL_OPTIONS

CHANNEL = "pos"
# The service's own maximum; no checkout of the year matches more than 26 coupons.
MAX_ACTIONS = 100
CENTS_PER_DOLLAR = 100
CALL_TIMEOUT_S = 30.0
TICK_S = 0.1
# A repeated request_id is answered from the record, so that trying again is safe. gRPC tries at most 5 times.
RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{"service": "maitred.v1.DecisionService"}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"],
                },
            }
        ]
    }
)


class CallError(Exception):
    """The service answered a checkout with an error."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: the names of the actions proposed, best first, and what the call took."""

    basket_id: str
    actions: tuple[str, ...]
    ruleset: str
    seconds: float


@dataclass(slots=True)
class Work:
    """What the threads share: the checkouts still to send, and what came back."""

    checkouts: Iterator[Checkout]
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)
    answers: list[Answered] = field(default_factory=list)
    failure: Exception | None = None

    def next(self) -> Checkout | None:
        with self.lock:
            return None if self.stop.is_set() else next(self.checkouts, None)

    def fail(self, error: Exception) -> None:
        with self.lock:
            self.failure = self.failure or error
        self.stop.set()


def request(checkout: Checkout) -> decision_pb2.DecideRequest:
    """The request of one checkout; the same one each time, so that a rerun is a retry."""
    context = {
        "customer": {"campaigns": checkout.campaigns},
        "basket": {"products": checkout.products, "value": checkout.value_cents / CENTS_PER_DOLLAR},
    }
    return decision_pb2.DecideRequest(
        request_id=f"basket-{checkout.basket_id}",
        customer_id=checkout.household_id,
        channel=CHANNEL,
        location_id=checkout.store_id,
        context_json=orjson.dumps(context),
        max_actions=MAX_ACTIONS,
        at=Timestamp(seconds=int(checkout.at.timestamp())),
    )


def send(
    address: str, checkouts: Iterable[Checkout], in_flight: int, advance: Callable[[int], object]
) -> Sequence[Answered]:
    """Sends every checkout, `in_flight` at a time; gives the answers in the order they came.

    `advance` is told now and then how many more are answered. The first error ends the run: `CallError`.
    """
    work = Work(iter(checkouts))
    options = [*CHANNEL_OPTIONS, ("grpc.service_config", RETRIES)]
    with grpc.insecure_channel(address, options) as channel:
        stub = decision_pb2_grpc.DecisionServiceStub(channel)
        threads = [threading.Thread(target=run, args=(stub, work), daemon=True) for _ in range(in_flight)]
        try:
            for thread in threads:
                thread.start()
            watch(threads, work, advance)
        finally:
            work.stop.set()
    if work.failure:
        raise work.failure
    return work.answers


def watch(threads: Sequence[threading.Thread], work: Work, advance: Callable[[int], object]) -> None:
    """Tells of progress until every thread has ended."""
    reported = 0
    while any(thread.is_alive() for thread in threads):
        time.sleep(TICK_S)
        answered = len(work.answers)
        advance(answered - reported)
        reported = answered


def run(stub: decision_pb2_grpc.DecisionServiceStub, work: Work) -> None:
    """What one thread does: sends one checkout after the other."""
    while checkout := work.next():
        try:
            work.answers.append(ask(stub, checkout))
        except grpc.RpcError as error:
            status = f"{error.code().name}: {error.details()}"
            work.fail(CallError(f"basket {checkout.basket_id} was answered with {status}"))
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
            work.fail(error)


def ask(stub: decision_pb2_grpc.DecisionServiceStub, checkout: Checkout) -> Answered:
    message = request(checkout)
    started = time.perf_counter()
    response = stub.Decide(message, timeout=CALL_TIMEOUT_S)
    seconds = time.perf_counter() - started
    actions = tuple(proposal.action for proposal in response.proposals)
    return Answered(checkout.basket_id, actions, response.ruleset, seconds)
