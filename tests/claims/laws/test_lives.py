"""Lives of customers, known and unknown, at random: the engine beside a naive model, on both databases."""

import random
from datetime import timedelta

import pytest
from tests.claims.harness import HOUR, MINUTE, NOON
from tests.claims.laws.model import Rule, Shop
from tests.ledger.simulation import hurry
from tests.rules import action, cap, capacity
from tests.seeds import seeds

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import ClaimCall
from maitred.engine.errors import CallError, Cause, Code

SEEDS_VARIABLE = "MAITRED_LIFE_SEEDS"
SQLITE_SEEDS, POSTGRES_SEEDS, TORTURE_SEEDS = 30, 5, 2_000
CALLS, LOOKED_AT_SHARE = 40, 0.2
SCORES = {"pizza": 3, "tea": 2, "cake": 1, "bread": None}
ALTERNATIVES = {"pizza": ("bread",)}
CUSTOMERS, SESSIONS = ("ann", "bob", ""), ("s-1", "s-2", "")
STEPS = (0, 0, 1, 4, 5, 9, 10, 30, 60, 119)
KINDS = ("PRESENTED", "PRESENTED", "REJECTED", "REDEEMED", "RELEASED")
CAUSES = {
    Cause.CLAIM_REDEEMED: "redeemed",
    Cause.CLAIM_RELEASED: "released",
    Cause.CLAIM_REPLACED: "replaced",
    Cause.CLAIM_EXPIRED: "nothing left",
    Cause.NOTHING_LEFT: "nothing left",
}


def rules_of(rng):
    """Each step is counted by some limit, on some actions, over some window."""
    subsets = (
        ("pizza",),
        ("bread",),
        ("pizza", "bread"),
        ("pizza", "tea"),
        ("pizza", "tea", "cake", "bread"),
    )
    made = []
    for number, counts in enumerate(("decided", "presented", "claimed", "redeemed", "rejected") * 2):
        if number >= 5 and rng.random() < 0.6:
            continue
        made.append(
            Rule(
                f"{counts}-{number}",
                rng.choice(subsets),
                counts,
                rng.choice((1, 1, 2, 3, 5)) if number >= 5 else rng.choice((2, 3, 5)),
                per_customer=counts == "rejected" or rng.random() < 0.4,
                window=rng.choice((None, HOUR)),
                hold=rng.choice((5, 10)) * MINUTE,
                anonymous=rng.random() < 0.7,
            )
        )
    return made


def documents(rules):
    for name, score in SCORES.items():
        fields = {"claim_within": "2h", "score": score or 0}
        fields |= {"stand_in_only": "true"} if score is None else {}
        if name in ALTERNATIVES:
            fields["alternatives"] = f"[{', '.join(ALTERNATIVES[name])}]"
        yield action(name, **fields)
    for rule in rules:
        fields = {
            "applies_to": f"{{actions: [{', '.join(rule.actions)}]}}",
            "limit": rule.limit,
            "counts": rule.counts,
            "window": "{rolling: 1h}" if rule.window else "lifetime",
            "hold": f"{rule.hold // MINUTE}m",
        }
        if rule.per_customer:
            yield cap(rule.name, **fields, anonymous="allow" if rule.anonymous else "refuse")
        else:
            yield capacity(rule.name, **fields)


class Life:
    """One seed. ``made`` are decisions with the model's, ``claims`` ids of claims with the model's."""

    def __init__(self, harness, seed):
        self.harness, self.seed, self.rng = harness, seed, random.Random(seed)
        self.rules = rules_of(self.rng)
        self.shop = Shop(self.rules, SCORES, ALTERNATIVES)
        self.made, self.claims = [], {}
        # Lives in one database share no customer, no session, and no limit.
        self.rules = [Rule(**{**vars(rule), "name": f"{rule.name}-{seed}"}) for rule in self.rules]
        self.shop.rules = self.rules

    def run(self):
        self.harness.rules(*documents(self.rules))
        for _ in range(CALLS):
            self.harness.after(self.rng.choice(STEPS) * MINUTE)
            self.shop.see(self.harness.now)
            self.rng.choice((self.decide, self.decide, self.claim, self.claim, self.step, self.report))()
            # Reading all limits takes as long as what they count.
            if self.rng.random() < LOOKED_AT_SHARE:
                self.check_counts()
        self.check_counts()

    def check_counts(self):
        counted = {rule.name: self.shop.live(rule) for rule in self.rules}
        live = dict(zip(counted, self.harness.live(*counted), strict=True))
        assert live == counted, f"seed {self.seed}"

    def name(self, text):
        return f"{text}-{self.seed}" if text else ""

    def decide(self):
        rng, customer = self.rng, self.rng.choice(CUSTOMERS)
        named = rng.sample(list(self.claims), min(len(self.claims), rng.choice((0, 0, 1, 2))))
        session, max_actions = rng.choice(SESSIONS), rng.choice((1, 2, 4))
        ask = {"session": self.name(session), "claims": tuple(named), "max_actions": max_actions}
        theirs = [claim for claim in named if self.claims[claim].line.decision.customer == customer]
        request = self.harness.new_id()
        if len(theirs) < len(named):
            with pytest.raises(CallError) as refused:
                self.harness.decide(self.name(customer), request=request, **ask)
            assert refused.value.code is Code.NOT_FOUND
            return
        answer = self.harness.decide(
            self.name(customer), request=request, explain=Explain.EXPLAIN_NONE, **ask
        )
        decision = self.shop.decide(customer, session, [self.claims[claim] for claim in named], max_actions)
        proposed = {proposal.action: self.claims.get(proposal.claim_id) for proposal in answer.proposals}
        expected = {name: decision.lines[name].carried for name in decision.proposed}
        assert proposed == expected, f"seed {self.seed}"
        ended = [claim for claim in named if self.claims[claim].state != "held"]
        assert len(answer.unused) == len(ended), f"seed {self.seed}"
        if rng.random() < 0.2:
            assert self.harness.decide(self.name(customer), request=request, **ask) == answer
        if answer.proposals:
            self.made.append((answer, decision))

    def any_action(self, decision):
        return self.rng.choice([*decision.proposed, *(["bread"] if "pizza" in decision.proposed else [])])

    def claim(self):
        """Now and then under several ids, and each of them again."""
        if not self.made:
            return
        answer, decision = self.rng.choice(self.made[-4:])
        name = self.any_action(decision)
        for _ in range(self.rng.choice((1, 1, 3))):
            self.claim_once(answer, decision, name)

    def claim_once(self, answer, decision, name):
        call = ClaimCall(self.harness.new_id(), answer.decision_id, name)
        expected, claim = self.shop.claim(decision, name)
        if expected == "PLACE_TAKEN":
            with pytest.raises(CallError) as refused:
                self.harness.engine.claimer.claim(call)
            assert refused.value.cause is Cause.PLACE_TAKEN, f"seed {self.seed}"
            return
        given = self.harness.engine.claimer.claim(call)
        assert self.harness.engine.claimer.claim(call) == given
        if claim is None:
            assert (given.granted, given.reason.name) == (False, expected), f"seed {self.seed}"
            return
        assert (given.granted, given.existing) == (True, expected == "existing"), f"seed {self.seed} {given}"
        assert self.claims.setdefault(given.claim_id, claim) is claim, f"seed {self.seed}"
        assert given.expires_at == claim.until, f"seed {self.seed}"

    def step(self):
        """A redemption or a release, and the same request again."""
        if not self.claims:
            return
        claim_id = self.rng.choice(list(self.claims)[-4:])
        claim, request = self.claims[claim_id], self.harness.new_id()
        is_redemption = self.rng.random() < 0.5
        expected = self.shop.redeem(claim) if is_redemption else self.shop.release(claim)
        method = self.harness.redeem if is_redemption else self.harness.release
        for _ in range(2):
            result = "done"
            try:
                method(Named(claim_id), request=request)
            except CallError as error:
                result = CAUSES[error.cause]
            assert result == expected, f"seed {self.seed}"

    def report(self):
        """What became of a proposal, early and late, once and again under another id."""
        if not self.made:
            return
        answer, decision = self.rng.choice(self.made[-5:])
        name, kind = self.any_action(decision), self.rng.choice(KINDS)
        at = max(decision.at, self.harness.now - self.rng.choice((0, 1, 10, 61)) * MINUTE)
        for _ in range(self.rng.choice((1, 1, 2))):
            outcome = self.harness.outcome(answer, kind, action=name, at=at)
            expected = self.shop.report(decision, name, kind, at)
            (recorded,) = self.harness.record(outcome)
            assert recorded.recorded == expected, f"seed {self.seed} {kind} {recorded}"
            assert self.harness.record(outcome) == [recorded]


class Named:
    """A claim by its id."""

    def __init__(self, claim_id):
        self.claim_id = claim_id


def live(harness, chosen):
    hurry(harness.store)
    for seed in chosen:
        harness.at(max(harness.now, NOON) + timedelta(days=1))
        Life(harness, seed).run()


def test_customers_get_what_the_model_gives_them(harness, database_url):
    live(
        harness, seeds(SEEDS_VARIABLE, SQLITE_SEEDS if database_url.startswith("sqlite") else POSTGRES_SEEDS)
    )


@pytest.mark.torture
def test_very_many_customers_get_what_the_model_gives_them(harness):
    live(harness, seeds(SEEDS_VARIABLE, TORTURE_SEEDS))
