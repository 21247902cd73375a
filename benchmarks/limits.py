"""Decide with caps that are read and held, against a no-op server with the same messages."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from maitred.v1 import decision_pb2 as pb

from . import figures, ruleset, servers
from .figures import Row, Section, at_least, ratio
from .requests import CUSTOMERS, DECIDE, decides, every_customer
from .rounds import Contender, Progress, Shown, answers, lost, paired, send, take_turns
from .serving import ACTIONS, SERVER_THREADS, floor_rate, saturated
from .workload import specs

LOCATIONS = 200
CHECKED = 50
MIN_OF_FLOOR, GOAL_OF_FLOOR = 0.7, 1.0

LIMITS = """---
apiVersion: maitred/v1
kind: FrequencyCap
name: weekly
applies_to: {all: true}
per: [customer]
limit: 1000
window: {rolling: 7d}
counts: presented
---
apiVersion: maitred/v1
kind: Capacity
name: daily
applies_to: {all: true}
per: [location]
limit: 1000000
window: {calendar: day}
counts: claimed
"""
"""Neither limit binds, so that as much is proposed as without them."""


def measure(progress: Progress) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        plain = ruleset.write(place / "plain", specs(ACTIONS))
        limited = ruleset.write(place / "limited", specs(ACTIONS), LIMITS)
        progress("starting the servers")
        running = {
            "no-op": stack.enter_context(servers.noop(SERVER_THREADS)),
            "limits": stack.enter_context(servers.maitred(limited, f"sqlite:///{place}/limited.db")),
            "no limits": stack.enter_context(servers.maitred(plain, f"sqlite:///{place}/plain.db")),
        }
        with servers.apart(running.values()):
            for name in ("limits", "no limits"):
                progress(f"making the customers known: {name}")
                send(running[name], DECIDE, every_customer("first", locations=LOCATIONS))
            results = take_turns(
                {name: Contender(server, DECIDE, _questions) for name, server in running.items()}, progress
            )
            _check_holds(running["limits"])
    return [_section(results)]


def _questions(word: str) -> Iterator[bytes]:
    return decides(word, locations=LOCATIONS)


def _check_holds(server: servers.Server) -> None:
    asked = itertools.islice(_questions("check"), CHECKED)
    responses = [pb.DecideResponse.FromString(answer) for answer in answers(server, DECIDE, asked)]
    proposals = list(itertools.chain.from_iterable(response.proposals for response in responses))
    assert proposals
    assert all(proposal.HasField("hold_expires_at") for proposal in proposals)


def _section(results: dict[str, Shown]) -> Section:
    floor, own, free = results["no-op"], results["limits"], results["no limits"]
    return Section(
        f"Decide with limits at saturation: a cap per customer and a capacity per location on {ACTIONS:,}"
        f" actions, {CUSTOMERS:,} customers",
        (
            Row("no-op server", floor_rate(floor)),
            Row("maitred", saturated(own)),
            at_least(
                "Decide with limits, of the no-op's",
                paired(own.rates, floor.rates),
                MIN_OF_FLOOR,
                ratio,
                goal=GOAL_OF_FLOOR,
            ),
            Row(
                "server time of Decide, of the no-op's",
                figures.shown(paired(own.cpu_us, floor.cpu_us), ratio),
            ),
            Row(
                "throughput lost with limits",
                figures.shown(paired(own.rates, free.rates, lost), figures.percent),
            ),
        ),
    )
