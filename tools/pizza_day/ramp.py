"""The pizza day as a ramp: 5 % of customers on the first Tuesday, a quarter on the next, all on the third.

``python -m tools.pizza_day.ramp`` plays the three Tuesdays in one service under rules/pizza-day/4-ramp, with
the guard and with the guard taken out. A pizza is redeemed when it is ready; who gives up waiting has none.
"""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from maitred.core.values.reasons import Reason
from maitred.rpc.client import Client

from .arrivals import arrivals
from .customers import Customer, customers
from .day import Day, Visit, instant
from .run import RULES, service
from .world import ZONE

RAMP = RULES / "4-ramp"
TUESDAYS = 3
_WEEK_S = timedelta(weeks=1) // timedelta(seconds=1)


class Tuesday(Day):
    """One Tuesday of the ramp, so many weeks after the first."""

    def __init__(self, client: Client, people: Iterable[Customer], week: int) -> None:
        moved = [
            replace(person, id=f"{week}-{person.id}", asks_s=person.asks_s + week * _WEEK_S)
            for person in people
        ]
        super().__init__(client, moved, lambda: None)

    def _order(self, visit: Visit, claim_id: str, at_s: int) -> None:
        customer = visit.customer
        visit.order = order = self._ovens[customer.store].order(at_s, customer.patience_s)
        if order.left_s is not None:
            self._plan(order.left_s, partial(self._give_up, visit, claim_id))
        elif order.ready_s is not None:
            self._plan(order.ready_s, partial(self._eat, visit, claim_id))

    def _eat(self, visit: Visit, claim_id: str, at_s: int) -> None:
        self._client.redeem(request_id=f"{visit.customer.id}-redeem", claim_id=claim_id, at=instant(at_s))


def play(rules: Path, people: Sequence[Customer]) -> Sequence[Sequence[Visit]]:
    """The Tuesdays one after the other, in one service. Raises `ServiceError`."""
    with service(rules) as client:
        return [Tuesday(client, people, week).run() for week in range(TUESDAYS)]


def unguarded(folder: Path) -> Path:
    """The same rules without the guard."""
    shutil.copytree(RAMP, folder / "rules")
    for file in (folder / "rules").glob("*.yaml"):
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "guard:" not in line))
    return folder / "rules"


def words(visits: Sequence[Visit]) -> str:
    """What one Tuesday came to."""
    claims = sum(visit.granted is not None for visit in visits)
    orders = [visit.order for visit in visits if visit.order]
    gave_up = sum(order.left_s is not None for order in orders)
    paused = [visit.customer.asks_s for visit in visits if visit.refused is Reason.PAUSED]
    since = f"; paused from {clock(min(paused))}, {len(paused):,} refused for it" if paused else ""
    asked = f"{len(visits):,} asked, {claims:,} claims, {len(orders):,} orders"
    return f"{asked}, {gave_up:,} gave up waiting{since}"


def clock(at_s: int) -> str:
    return f"{datetime.fromtimestamp(instant(at_s).timestamp(), ZONE):%d %b %H:%M}"


def main() -> None:
    people = customers(arrivals())
    with tempfile.TemporaryDirectory() as folder:
        for title, rules in (("guarded", RAMP), ("without a guard", unguarded(Path(folder)))):
            for week, visits in enumerate(play(rules, people), start=1):
                print(f"{title}, Tuesday {week}: {words(visits)}", flush=True)


if __name__ == "__main__":
    main()
