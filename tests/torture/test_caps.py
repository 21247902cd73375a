"""One unit per customer, asked for by everybody at once at four processes; and pauses that all obey.

While it is held for presenting, the unit serves every session of its customer.
"""

import json
import random
import time
from collections import Counter, defaultdict

import pytest
from tests.torture.books import CONFIRMED, HELD, Books
from tests.torture.callers import CallerPool, in_threads

from maitred.v1 import decision_pb2 as pb
from maitred.v1 import ruleset_pb2

CUSTOMERS, SESSIONS, REPEATS = 40, 3, 4
THREADS = 48
ACTION = "welcome"
OBEYED_SECONDS = 1.0


class Lobby:
    """Customers with several sessions each; every call is a request of its own."""

    def __init__(self, caller_pool, name):
        self._crowd, self._name, self._waves = caller_pool, name, 0
        self._rng = random.Random(name)

    def wave(self):
        """Everybody asks in every session, several times; the decisions that propose, by customer."""
        self._waves += 1
        asks = [
            (customer, session, repeat)
            for customer in range(CUSTOMERS)
            for session in range(SESSIONS)
            for repeat in range(REPEATS)
        ]
        # Those of one customer close together, at processes as they come.
        asks.sort(key=lambda ask: (ask[0] // 4, self._rng.random()))
        proposed = defaultdict(list)
        for (customer, session, _), answer in zip(asks, in_threads(self._ask, asks, THREADS), strict=True):
            if [proposal.action for proposal in answer.proposals] == [ACTION]:
                proposed[customer].append((session, answer.decision_id))
        return proposed

    def _ask(self, ask):
        customer, session, repeat = ask
        request = decide(
            f"{self._name}-{self._waves}-{customer}-{session}-{repeat}", f"{self._name}-{customer}", session
        )
        (channel,) = self._crowd.elsewhere(random.Random(request.request_id), 1)
        return self._crowd.ask("Decide", request, channel)

    def report(self, decisions, kind):
        """Says what became of the proposal of each of the decisions."""
        outcomes = [
            pb.Outcome(outcome_id=f"{self._name}-{decision}", decision_id=decision, action=ACTION, kind=kind)
            for decision in decisions
        ]
        answer = self._crowd.ask("RecordOutcomes", pb.RecordOutcomesRequest(outcomes=outcomes), 0)
        assert all(result.recorded for result in answer.results)


def decide(request_id, customer, session):
    context = {"session": {"id": f"{customer}-{session}", "round": ""}}
    return pb.DecideRequest(
        request_id=request_id, customer_id=customer, channel="pos", context_json=json.dumps(context).encode()
    )


def sessions_of(proposed):
    return {customer: {session for session, _ in decided} for customer, decided in proposed.items()}


def live_lots(server_pool, *waves):
    """How many lots hold or have spent a unit, over all decisions of some waves."""
    decisions = [bytes.fromhex(one) for wave in waves for decided in wave.values() for _, one in decided]
    with Books(server_pool.database) as books:
        states = Counter(lot.state for lot in books.lots(decisions).values())
    return states[HELD], states[CONFIRMED]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_cap_of_one_holds_for_everybody_who_asks_at_once(server_pool, request):
    with CallerPool(server_pool) as caller_pool:
        lobby = Lobby(caller_pool, request.node.name)
        first = lobby.wave()
        winners = sessions_of(first)
        assert winners.keys() == set(range(CUSTOMERS))
        assert {len(sessions) for sessions in winners.values()} == {SESSIONS}
        assert live_lots(server_pool, first) == (CUSTOMERS, 0)

        # A third has seen it, a third has said no, a third is still looking at it.
        one_each = {customer: decided[0][1] for customer, decided in first.items()}
        lobby.report([one for customer, one in one_each.items() if customer % 3 == 0], pb.PRESENTED)
        holders = own_decisions(server_pool, first)
        lobby.report([one for customer, one in holders.items() if customer % 3 == 1], pb.REJECTED)
        second = lobby.wave()
        again = sessions_of(second)
        without_session = {customer for customer in range(CUSTOMERS) if customer % 3 == 0}
        assert again.keys() == set(range(CUSTOMERS)) - without_session
        assert all(again[customer] == winners[customer] for customer in again if customer % 3 == 2)
        # Not again in the session in which it was rejected.
        assert all(len(again[customer]) == SESSIONS - 1 for customer in again if customer % 3 == 1)
        assert live_lots(server_pool, first, second) == (
            CUSTOMERS - len(without_session),
            len(without_session),
        )


def own_decisions(server_pool, proposed):
    """Of each customer the decision that took the unit; the others of its session use the same."""
    with Books(server_pool.database) as books:
        return {
            customer: next(one for _, one in decided if books.lots([bytes.fromhex(one)]))
            for customer, decided in proposed.items()
        }


@pytest.mark.parametrize("kind", ["postgresql"])
def test_every_process_obeys_a_pause_within_a_second(server_pool):
    with CallerPool(server_pool) as caller_pool:
        name = "pause"
        assert set(proposals_everywhere(caller_pool, f"{name}-before")) == {True}
        operator = caller_pool.operators[0]
        operator.PauseAction(ruleset_pb2.PauseActionRequest(action=ACTION, by="tests", cause="torture"))
        assert obeyed_seconds(caller_pool, f"{name}-paused", proposed=False) <= OBEYED_SECONDS
        operators = caller_pool.operators[-1]
        assert operators.ResumeAction(ruleset_pb2.ResumeActionRequest(action=ACTION)).was_paused
        assert obeyed_seconds(caller_pool, f"{name}-resumed", proposed=True) <= OBEYED_SECONDS


def obeyed_seconds(caller_pool, name, *, proposed):
    """How long the last call took to begin that was answered as before, at any of the processes."""
    began, last, tries = time.monotonic(), 0.0, 0
    while (since := time.monotonic() - began) < 2 * OBEYED_SECONDS:
        tries += 1
        if set(proposals_everywhere(caller_pool, f"{name}-{tries}")) != {proposed}:
            last = since
    return last


def proposals_everywhere(caller_pool, name):
    """Whether each process proposes; each customer is a new one."""
    for channels in caller_pool.workers.values():
        request = decide(f"{name}-{channels[0]}", f"{name}-{channels[0]}", 0)
        yield bool(caller_pool.ask("Decide", request, channels[0]).proposals)
