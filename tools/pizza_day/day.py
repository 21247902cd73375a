"""One pizza day against a running service: events in order of time, one call after the other.

What a claim gets depends on everybody before, so calls are not sent side by side; time never goes back.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush

from maitred.core.deciding.decisions import Explain, Proposal
from maitred.core.values.reasons import Reason
from maitred.rpc.client import Client

from .customers import Customer
from .oven import Order, Oven
from .world import BAKES_S, HOUR_S, MIDNIGHT, OVEN_PLACES

FREE_PIZZA, HALF_PRICE, PICKUP = "free-pizza", "half-price-wednesday", "pickup-"
CHANNEL = "mobile"
# What is wanted, and the next best thing.
MAX_ACTIONS = 2
GAVE_UP = "gave up waiting"


@dataclass(frozen=True, slots=True)
class Claim:
    """One Claim and its answer: the id of what was granted, or the reason of the denial."""

    action: str
    at_s: int
    id: str = ""
    reason: Reason | None = None


@dataclass(slots=True)
class Visit:
    """What one customer lived through. `refused` is why the free pizza was not even proposed."""

    customer: Customer
    decision_id: str = ""
    refused: Reason | None = None
    claims: list[Claim] = field(default_factory=list)
    order: Order | None = None

    @property
    def granted(self) -> Claim | None:
        return next((claim for claim in self.claims if claim.id), None)


class Day:
    """Plays the day of these customers. `on_ask` is called whenever one has asked."""

    def __init__(self, client: Client, customers: Iterable[Customer], on_ask: Callable[[], object]) -> None:
        self._client, self._on_ask = client, on_ask
        self._visits = [Visit(customer) for customer in customers]
        self._ovens = {store: Oven(places, BAKES_S) for store, places in OVEN_PLACES.items()}
        self._events: list[tuple[int, int, Callable[[int], None]]] = []
        self._planned = 0

    def run(self) -> Sequence[Visit]:
        """Raises `ClientError` where a call is answered with an error."""
        for visit in self._visits:
            self._plan(visit.customer.asks_s, partial(self._ask, visit))
        while self._events:
            at_s, _, happens = heappop(self._events)
            happens(at_s)
        return self._visits

    def _plan(self, at_s: int, happens: Callable[[int], None]) -> None:
        """Events of one second happen in the order in which they were planned."""
        self._planned += 1
        heappush(self._events, (at_s, self._planned, happens))

    def _ask(self, visit: Visit, at_s: int) -> None:
        customer = visit.customer
        answer = self._client.decide(
            request_id=f"{customer.id}-ask",
            customer_id=customer.id,
            channel=CHANNEL,
            location_id=customer.store,
            max_actions=MAX_ACTIONS,
            explain=Explain.EXPLAIN_REASONS,
            at=instant(at_s),
        )
        visit.decision_id = answer.decision_id
        reasons = {refusal.action: refusal.reason for refusal in answer.refusals}
        visit.refused = reasons.get(FREE_PIZZA)
        if wanted := choice(customer, answer.proposals):
            self._plan(at_s + customer.reads_s, partial(self._claim, visit, wanted))
        self._on_ask()

    def _claim(self, visit: Visit, action: str, at_s: int) -> None:
        customer = visit.customer
        answer = self._client.claim(
            request_id=f"{customer.id}-claim-{len(visit.claims)}",
            decision_id=visit.decision_id,
            action=action,
            at=instant(at_s),
        )
        visit.claims.append(Claim(action, at_s, answer.claim_id, answer.reason))
        if answer.granted:
            if customer.comes and action != HALF_PRICE:
                self._plan(comes_s(customer, action, at_s), partial(self._order, visit, answer.claim_id))
        elif wanted := choice(customer, answer.alternatives):
            self._plan(at_s + customer.reads_s, partial(self._claim, visit, wanted))

    def _order(self, visit: Visit, claim_id: str, at_s: int) -> None:
        customer = visit.customer
        self._client.redeem(request_id=f"{customer.id}-redeem", claim_id=claim_id, at=instant(at_s))
        visit.order = self._ovens[customer.store].order(at_s, customer.patience_s)
        if visit.order.left_s is not None:
            self._plan(visit.order.left_s, partial(self._give_up, visit, claim_id))

    def _give_up(self, visit: Visit, claim_id: str, at_s: int) -> None:
        request_id = f"{visit.customer.id}-release"
        self._client.release(request_id=request_id, claim_id=claim_id, cause=GAVE_UP, at=instant(at_s))


def choice(customer: Customer, offered: Iterable[Proposal]) -> str:
    """The action that the customer claims; empty where nothing is good enough."""
    names = [proposal.action for proposal in offered]
    if FREE_PIZZA in names:
        return FREE_PIZZA
    pickup = next((name for name in names if name.startswith(PICKUP)), "")
    if pickup and customer.takes_pickup:
        return pickup
    return HALF_PRICE if HALF_PRICE in names and customer.takes_half_price else ""


def comes_s(customer: Customer, action: str, claimed_s: int) -> int:
    """When the customer stands at the counter: after the walk, or some time in the pickup's hour."""
    if not action.startswith(PICKUP):
        return claimed_s + customer.walks_s
    return int((int(action.removeprefix(PICKUP)) + customer.comes_late) * HOUR_S)


def instant(at_s: int) -> datetime:
    return MIDNIGHT.astimezone(UTC) + timedelta(seconds=at_s)
