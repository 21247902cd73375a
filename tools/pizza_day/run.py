"""The runs: each ruleset in a service of its own, with the same customers."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.journey.service import ServiceError, last_lines, serve_command, serving

from maitred.rpc.client import Client, ClientError

from .customers import Customer
from .day import Day, Visit

RULES = Path(__file__).resolve().parents[2] / "rules" / "pizza-day"


@dataclass(frozen=True, slots=True)
class Variant:
    """A ruleset by its directory, and what to call it."""

    directory: str
    title: str


VARIANTS = (
    Variant("1-no-limits", "no limits"),
    Variant("2-daily-limit", "a limit per day"),
    Variant("3-paced", "a limit per day, a pace per 15 minutes, alternatives"),
)


def play(rules: Path, customers: Sequence[Customer], on_ask: Callable[[], object]) -> Sequence[Visit]:
    """One day under one ruleset. Raises `ServiceError`."""
    with service(rules) as client:
        return Day(client, customers, on_ask).run()


@contextmanager
def service(rules: Path) -> Iterator[Client]:
    """A service with a database of its own, both gone afterwards. Raises `ServiceError`."""
    with tempfile.TemporaryDirectory(prefix="maitred-pizza-day-") as scratch:
        log = Path(scratch) / "service.log"
        command = serve_command(rules, f"sqlite:///{scratch}/ledger.db")
        with serving(command, log) as running, Client(running.address) as client:
            try:
                yield client
            except ClientError as error:
                raise ServiceError(f"the service answered with {error}", last_lines(log)) from error
