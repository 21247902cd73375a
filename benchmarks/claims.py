"""Claims that all want the same row, against a no-op server that answers them with fixed messages."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from maitred.engine.deciding.service import decision_id_of
from maitred.v1 import decision_pb2 as pb

from . import figures, noop, postgres, ruleset, servers
from .figures import Row, Section, at_least, ratio
from .requests import DECIDE, decides
from .rounds import Contender, Progress, Shown, paired, send, take_turns
from .serving import ACTIONS, SERVER_THREADS, floor_rate, saturated
from .workload import specs

CLAIM = "/maitred.v1.DecisionService/Claim"
DECISIONS = 80_000
"""Made beforehand, so that none is claimed twice: that would be answered with the first claim."""
OF_FLOOR = {"SQLite": (0.9, 1.2), "PostgreSQL": (0.6, 0.9)}  # at least, goal
PLENTY, GIVEN_AWAY = "plenty", noop.GIVEN_AWAY

RULES = f"""---
apiVersion: maitred/v1
kind: Action
name: {PLENTY}
title: A pizza
type: offer
channels: [pos]
score: 100
---
apiVersion: maitred/v1
kind: Action
name: {GIVEN_AWAY}
title: The last pizza
type: offer
channels: [pos]
score: 99
alternatives: [instead]
---
apiVersion: maitred/v1
kind: Action
name: instead
title: Bread instead
type: offer
channels: [pos]
score: -1
---
apiVersion: maitred/v1
kind: Capacity
name: ovens
applies_to: {{actions: [{PLENTY}, instead]}}
per: [location, action]
limit: 1000000000
window: {{calendar: day}}
counts: claimed
hold: 8h
---
apiVersion: maitred/v1
kind: Capacity
name: last-one
applies_to: {{actions: [{GIVEN_AWAY}]}}
per: [location]
limit: 1
window: lifetime
counts: claimed
hold: 8h
"""


def measure(progress: Progress) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        rules = ruleset.write(place / "rules", specs(ACTIONS), RULES)
        progress("starting the servers")
        running = {
            "no-op": stack.enter_context(servers.noop(SERVER_THREADS)),
            "SQLite": stack.enter_context(servers.maitred(rules, f"sqlite:///{place}/claims.db")),
        }
        missing = ""
        try:
            url = stack.enter_context(postgres.server())
            running["PostgreSQL"] = stack.enter_context(
                servers.maitred(rules, url, MAITRED_KEYS=f"{place}/postgres.keys")
            )
        except postgres.NoServerError as why:
            missing = str(why)
        with servers.apart(running.values()):
            for name, server in running.items():
                progress(f"decisions to claim: {name}")
                _prepare(server)
            results = take_turns(_contenders(running), progress)
    return [_section(results, missing)]


def _prepare(server: servers.Server) -> None:
    """Makes the decisions, then takes the one unit there is of what the others are denied."""
    if server.name != "no-op":
        send(server, DECIDE, decisions())
        assert _is_granted(send(server, CLAIM, claims("first", GIVEN_AWAY, iter([0]))))


def _contenders(running: dict[str, servers.Server]) -> dict[str, Contender]:
    granted = {
        name: Contender(server, CLAIM, _on_and_on(PLENTY), _is_granted) for name, server in running.items()
    }
    denied = {
        f"{name}, denied": Contender(server, CLAIM, _on_and_on(GIVEN_AWAY, 1), _is_denied)
        for name, server in running.items()
    }
    return granted | denied


def _on_and_on(action: str, first: int = 0) -> Callable[[str], Iterator[bytes]]:
    """Claims for round after round, each round from the decision on that the one before has come to."""
    decisions = itertools.count(first)
    return lambda word: claims(word, action, decisions)


def decisions(count: int = DECISIONS) -> Iterator[bytes]:
    """Those that are claimed."""
    return itertools.islice(decides("made", locations=1, max_actions=2), count)


def claims(prefix: str, action: str, numbers: Iterator[int]) -> Iterator[bytes]:
    """Claims of the decisions of these numbers, each under a request id of its own."""
    decided = _decided()
    for number in numbers:
        yield pb.ClaimRequest(
            request_id=f"{prefix}-{action}-{number}", decision_id=decided[number % DECISIONS], action=action
        ).SerializeToString()


@cache
def _decided() -> list[str]:
    return [decision_id_of(f"made-{number}").hex() for number in range(DECISIONS)]


def _is_granted(answer: bytes) -> bool:
    response = pb.ClaimResponse.FromString(answer)
    return response.status == pb.CLAIM_GRANTED and not response.existing


def _is_denied(answer: bytes) -> bool:
    response = pb.ClaimResponse.FromString(answer)
    return response.status == pb.CLAIM_DENIED and len(response.alternatives) == 1


def _section(results: dict[str, Shown], missing: str) -> Section:
    floor, denying = results["no-op"], results["no-op, denied"]
    rows = [Row("no-op server", floor_rate(floor))]
    for name, (least, goal) in OF_FLOOR.items():
        if name not in results:
            rows.append(Row(f"claims on {name}", f"not measured: {missing}", f"at least {ratio(least)}"))
            continue
        own, denied = results[name], results[f"{name}, denied"]
        rows += [
            Row(f"claims on {name}", saturated(own)),
            at_least(
                f"claims on {name}, of the no-op's", paired(own.rates, floor.rates), least, ratio, goal=goal
            ),
            Row(
                f"server time of a claim on {name}, of the no-op's",
                figures.shown(paired(own.cpu_us, floor.cpu_us), ratio),
            ),
            Row(f"denied with an alternative, {name}", saturated(denied)),
            Row(
                f"denied on {name}, of the no-op's",
                figures.shown(paired(denied.rates, denying.rates), ratio),
            ),
        ]
    return Section("Claim over gRPC at saturation, all on one row of capacity", tuple(rows))
