"""One round: every claim sent three times and under two more ids, by callers in each other's way."""

import json
import random
import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime

import grpc
from tests.ledger.asks import needs_of_all
from tests.torture.books import CONFIRMED, HELD, Books, Sampler, sums, told_of
from tests.torture.callers import in_threads
from tests.torture.servers import COUNTED, STORES

from maitred.core.limits.limits import Counts
from maitred.core.limits.lots import UnitState
from maitred.v1 import decision_pb2 as pb

UNITS = 300
COPIES, OTHER_IDS = 3, 2
SENDS = COPIES + OTHER_IDS
"""Of each claim: the same id several times, and other ids once each."""
SPARE_CLAIMS = 20
"""More than there are units left at the end, were they all in one store: some are denied."""
THREADS = (16, 64, 128)
STEPS_SHARE = 0.6
RELEASED = UnitState.RELEASED.value
LIMITS = {"location": "ovens", "everybody": "campaign", "both": "rush"}
TOO_LATE = grpc.StatusCode.FAILED_PRECONDITION


class Round:
    """A seed decides how units are counted, the order, the timing, and whose calls go wrong.

    ``mixed``: some claims are redeemed, released or both, while others are still made.
    """

    def __init__(self, server_pool, caller_pool, seed, claims, *, mixed, threads=None):
        self._rng = random.Random(seed)
        self.server_pool, self._crowd, self.seed, self.claims, self.mixed = (
            server_pool,
            caller_pool,
            seed,
            claims,
            mixed,
        )
        counted = COUNTED[seed % len(COUNTED)]
        self.number, self.limit = server_pool.next_round(counted), LIMITS[counted]
        self.action = f"round-{self.number}"
        stores = 1 if counted == "location" else STORES
        self._stores = [f"store-{self.number}-{store}" for store in range(stores)]
        self._threads = threads or self._rng.choice(THREADS)
        self.answers, self.steps = defaultdict(list), defaultdict(list)
        self.answered, self.over = 0, False
        self._locks = threading.Lock()
        self._find_counters(counted)
        self._decide(claims + (STORES * UNITS + SPARE_CLAIMS if mixed else 0))

    def _find_counters(self, counted):
        limits = self.server_pool.policy.by_name[self.action].limits
        claimed = [limit for limit in limits if limit.counts is Counts.CLAIMED]
        facts = [{"location.id": store} for store in self._stores]
        self.maxima = {
            need.counter.id: (need.maximum, need.counter.limit)
            for fact in facts
            for need in needs_of_all(claimed, fact, datetime.now(UTC))
        }
        (self.hot,) = [key for key, maximum in self.maxima.items() if maximum == (UNITS, self.limit)]
        # By which GetLimits finds it: the one store whose units they are, or how it calls the action.
        self.store = self._stores[0] if counted == "location" else ""
        self.subject = f"action {self.action}"

    def _decide(self, count):
        """A decision for every claim: of one and the same there is one claim at most."""
        made = in_threads(self._decision, range(count), 8)
        self.decisions = [answer.decision_id for answer in made]
        self.decision_ids = [bytes.fromhex(decision) for decision in self.decisions]
        assert all(answer.proposals[0].action == self.action for answer in made)

    def _decision(self, number):
        context = {"session": {"id": f"session-{number}", "round": str(self.number)}}
        request = pb.DecideRequest(
            request_id=f"{self.action}-decision-{number}",
            customer_id=f"{self.action}-customer-{number}",
            channel="pos",
            location_id=self._stores[number % len(self._stores)],
            context_json=json.dumps(context).encode(),
        )
        return self._crowd.ask("Decide", request, number % len(self._crowd.stubs))

    def fight(self):
        """Sends every claim and what follows it, until all is answered."""
        sends = [send for claim in range(self.claims) for send in self._sends(claim)]
        sends.sort()
        in_threads(self._claim, sends, self._threads)
        if self.mixed:
            left = UNITS - len(self.claimed()) + len(self.released())
            more = range(self.claims, self.claims + STORES * left + SPARE_CLAIMS)
            in_threads(self._claim, [send for claim in more for send in self._sends(claim)], self._threads)
        self.over = True

    def _sends(self, claim):
        """When (between 0 and 2), for which claim, under which id of it, where, and with which luck."""
        first, rng = self._rng.random(), self._rng
        at_once = rng.random() < 0.5
        for send, channel in enumerate(self._crowd.elsewhere(rng, SENDS)):
            later = 0 if at_once else rng.random()
            yield first + later, claim, max(0, send - COPIES + 1), channel, rng.random()

    def _claim(self, send):
        _, claim, id_number, channel, luck = send
        request = pb.ClaimRequest(
            request_id=f"{self.action}-claim-{claim}-{id_number}",
            decision_id=self.decisions[claim],
            action=self.action,
        )
        answer = self._crowd.ask("Claim", request, channel, random.Random(luck))
        with self._locks:
            self.answered += 1
            self.answers[claim, id_number].append(answer)
            number = len(self.answers[claim, id_number])
        granted = not isinstance(answer, grpc.StatusCode) and answer.status == pb.CLAIM_GRANTED
        # Of the id that comes several times: what is claimed under the others stays held.
        if self.mixed and claim < self.claims and granted and id_number == 0 and number < COPIES:
            self._go_on(claim, answer.claim_id, channel, luck)

    def _go_on(self, claim, claim_id, channel, luck):
        """Two of the three callers each do the same with the claim, if anything, in orders of their own."""
        rng = random.Random(f"{self.seed}-{claim}")
        if rng.random() > STEPS_SHARE:
            return
        methods = rng.choice([["Redeem"], ["Release"], ["Redeem", "Release"]])
        if luck < 0.5:
            methods.reverse()
        for method in methods:
            message = {"Redeem": pb.RedeemRequest, "Release": pb.ReleaseRequest}[method]
            request = message(request_id=f"{self.action}-{method}-{claim}", claim_id=claim_id)
            answer = self._crowd.ask(method, request, channel, random.Random(luck))
            with self._locks:
                self.steps[claim, method].append(answer)

    def granted(self):
        """The id of the claim that was granted, by number of the claim and of its id."""
        firsts = {sent: answers[0] for sent, answers in self.answers.items()}
        return {sent: first.claim_id for sent, first in firsts.items() if first.status == pb.CLAIM_GRANTED}

    def claimed(self):
        """Each claim there has been."""
        return set(self.granted().values())

    def released(self):
        """The claims that were given back."""
        return self._done("Release")

    def _done(self, method):
        granted = self.granted()
        return {
            granted[claim, 0]
            for (claim, done), answers in self.steps.items()
            if done == method and answers[0] != TOO_LATE
        }

    def check(self):
        """Everything that must hold when the fight is over."""
        self._check_answers()
        with Books(self.server_pool.database) as books:
            lots = books.lots(self.decision_ids)
            self._check_lots(lots)
            for counter, (maximum, _) in self.maxima.items():
                counted = books.counter(counter)
                assert counted == sums(lots, counter)
                assert sum(counted) <= maximum
            assert sum(books.counter(self.hot)) == UNITS
            assert told_of(self._crowd.operators[0], self) == books.counter(self.hot)

    def _check_answers(self):
        """Each id got one and the same answer each time, and every claim an id of its own."""
        for answers in [*self.answers.values(), *self.steps.values()]:
            assert all(answer == answers[0] for answer in answers), answers
        refused = {item[0] for item in self.answers.values() if isinstance(item[0], grpc.StatusCode)}
        assert not refused
        sent = {(number == 0, len(answers)) for (_, number), answers in self.answers.items()}
        assert sent == {(True, COPIES), (False, 1)}
        assert len(self.answers) >= self.claims * (1 + OTHER_IDS)
        self._check_claims()
        released, granted = self.released(), self.granted()
        late = {granted[claim, 0] for (claim, _), answers in self.steps.items() if answers[0] == TOO_LATE}
        assert late <= released, "too late only for what was given back"
        others = {type(item) for answers in self.steps.values() for item in answers if item != TOO_LATE}
        assert others <= {pb.RedeemResponse, pb.ReleaseResponse}

    def _check_claims(self):
        """A decision has one claim under all ids, or another one only after it was given back."""
        released, of_decision = self.released(), defaultdict(set)
        for (claim, _), claim_id in self.granted().items():
            of_decision[claim].add(claim_id)
        assert len(self.claimed()) == sum(map(len, of_decision.values())), "no two decisions share a claim"
        assert {len(claims - released) for claims in of_decision.values()} <= {0, 1}
        assert len(self.claimed()) == UNITS + len(released)
        answered = [answers[0] for answers in self.answers.values()]
        assert len([answer for answer in answered if answer.claim_id and not answer.existing]) == len(
            self.claimed()
        )

    def _check_lots(self, lots):
        """A lot for each claim, and no other that is live; each granted one as its steps left it."""
        released, redeemed = self.released(), self._done("Redeem")
        wanted = {
            bytes.fromhex(claim): RELEASED if claim in released else CONFIRMED if claim in redeemed else HELD
            for claim in self.claimed()
        }
        assert {lot: lots[lot].state for lot in wanted} == wanted
        assert {key for key, lot in lots.items() if self.hot in lot.counters} == wanted.keys()
        served = Counter(lot.decision for lot in lots.values() if lot.is_live_claim)
        assert (len(served), set(served.values())) == (UNITS, {1})
        denied = [lot for lot in lots.values() if lot.state == UnitState.DENIED.value]
        assert len(denied) == len(self.answers) - len(self.granted())

    def sampler(self):
        return Sampler(self.server_pool.database, self._crowd, self)


def check_samples(sampler):
    """Never too many, and counters were the sum of their lots, at every look."""
    assert sampler.samples
    assert sampler.told
    assert 0 < sampler.most <= UNITS
    assert sampler.most_claims <= 1
    assert sampler.most_told <= UNITS
    assert sampler.faults == []
