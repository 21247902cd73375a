"""A random life: every record decides again to what was decided, and no limit is ever exceeded."""

import random
from itertools import count
from typing import Any

import orjson
from tests.claims.harness import DAY, HOUR, MINUTE
from tests.rules import action, cap, capacity, document

from maitred.core.deciding.decisions import Explain
from maitred.engine.deciding.codec import Packings, encode_proposals
from maitred.engine.deciding.records import decide_again
from maitred.engine.errors import CallError, Code

SEED = 20_261_201
DECISIONS, CHECKED_EVERY = 1_000, 100
ACTIONS = [f"a-{number}" for number in range(9)]
DAILY = "{calendar: day}"
ARMS = "{control: {weight: 1}, high: {weight: 1, score: customer.points + 9.0, treatments: {pos: {say: Hi}}}}"
ACCEPTABLE = {Code.TOO_LATE, Code.NOT_FOUND}


def documents(rng):
    """Rules made at random: what shares a limit, and who stands in for whom."""
    some = lambda: "{actions: [" + ", ".join(sorted(rng.sample(ACTIONS, rng.randint(2, 5)))) + "]}"  # noqa: E731
    made = [
        action(
            name,
            score=rng.choice(["2.5", "1", "customer.points", "-0.0", "customer.points * 0.1"]),
            alternatives="[" + ", ".join(sorted(rng.sample(ACTIONS[place + 1 :], min(2, 8 - place)))) + "]",
            eligibility="[{require: 'customer.points < 9.0'}]" if rng.random() < 0.2 else "[]",
        )
        for place, name in enumerate(ACTIONS)
    ]
    return [
        *made,
        cap("seen", applies_to=some(), limit=2, window="{rolling: 2h}", hold="10m"),
        cap(
            "own",
            applies_to=some(),
            limit=1,
            window="{calendar: day}",
            counts="decided",
            per="[customer, action]",
        ),
        capacity(
            "ovens", applies_to=some(), limit=3, window=DAILY, pace="{limit: 2, window: {rolling: 30m}}"
        ),
        capacity(
            "slots",
            applies_to=some(),
            limit=4,
            counts="presented",
            per="[location]",
            window="{calendar: day}",
        ),
        cap("no", applies_to=some(), limit=2, counts="rejected", window=DAILY),
        capacity("done", applies_to=some(), limit=3, counts="redeemed", window=DAILY),
        document("Holdout", "control", {"applies_to": some(), "percent": 40}),
        document("Experiment", "points", {"applies_to": "{actions: [a-0, a-3]}", "arms": ARMS}),
    ]


LIMITS = {"ovens": 3, "ovens/pace": 2, "done": 3}


def live_a_while(harness, rng):
    decided: list[Any] = []
    claims: list[Any] = []
    for step in count():
        if len(decided) == DECISIONS:
            break
        harness.after(rng.choice([MINUTE, 7 * MINUTE, HOUR, 0 * MINUTE]))
        try:
            do_something(harness, rng, decided, claims)
        except CallError as error:
            if error.code not in ACCEPTABLE:
                raise
        if step % CHECKED_EVERY == 0:
            check_limits(harness)
    return decided


def do_something(harness, rng, decided, claims):
    match rng.choice("dddddcccrxoop"):
        case "c" if decided:
            one = rng.choice(decided[-12:])
            answer = harness.claim(
                one, rng.choice([proposal.action for proposal in one.proposals] or ["none"])
            )
            claims += [answer] if answer.granted else []
        case "r" if claims:
            harness.redeem(rng.choice(claims[-9:]))
        case "x" if claims:
            harness.release(rng.choice(claims[-9:]))
        case "o" if decided and decided[-1].proposals:
            kinds = rng.sample(["PRESENTED", "REJECTED", "REDEEMED", "RELEASED"], 2)
            harness.report(decided[-1], *kinds, action=rng.choice(decided[-1].proposals).action)
        case "p":
            rng.choice([harness.engine.operator.resume, pause(harness)])(rng.choice(ACTIONS))
        case _:
            decided.append(ask(harness, rng))


def ask(harness, rng):
    return harness.decide(
        rng.choice(["ann", "bob", "cem"]),
        session=rng.choice(["", "s-1", "s-2"]),
        location=rng.choice(["1", "2"]),
        max_actions=rng.choice([1, 2, 5]),
        context={"customer": {"points": rng.choice([1, 0.1, 3.3, 1e300])}},
        explain=rng.choice([Explain.EXPLAIN_NONE, Explain.EXPLAIN_REASONS]),
    )


def pause(harness):
    return lambda name: harness.engine.operator.pause(name, "", "")


def check_limits(harness):
    live_counts = harness.live(*LIMITS)
    assert all(live <= maximum for live, maximum in zip(live_counts, LIMITS.values(), strict=True)), (
        live_counts
    )


def test_every_decision_of_a_random_life_comes_out_again(harness):
    rng = random.Random(SEED)
    policy = harness.rules(*documents(rng))
    decided = live_a_while(harness, rng)
    proposals = [proposal for answer in decided for proposal in answer.proposals]
    assert len({proposal.action for proposal in proposals}) > 4
    assert any(proposal.substitute_for for proposal in proposals)
    assert any(proposal.lot for proposal in proposals)
    assert any(proposal.treatment.say for proposal in proposals)
    harness.rules(action("other"))
    harness.after(1_000 * DAY)
    for answer in decided:
        check_again(harness, policy, answer)


def check_again(harness, policy, answer):
    """By the function that decided at first, and to the same bytes as are in the record."""
    record = harness.store.decision(bytes.fromhex(answer.decision_id))
    body = harness.engine.records.body(record)
    again = decide_again(policy, record, body)
    packed = harness.keys.open(record.key, record.body, record.decision_id)
    stored = orjson.loads(Packings(harness.store.dictionary).unpacked(packed))
    assert encode_proposals(again) == orjson.dumps(stored["proposals"])
    assert again.exposures == body.exposures
    assert bool(again.exposures) == ("exposures" in stored)
    assert again.candidates == stored["candidates"]
    assert again.proposals == answer.proposals
