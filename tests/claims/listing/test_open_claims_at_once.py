"""Claims listed, redeemed and erased at once: no list shows what nobody may know, and nothing gets stuck."""

from concurrent.futures import ThreadPoolExecutor

from tests.claims.harness import PIZZA
from tests.rules import capacity

from maitred.engine.calls import ClaimsCall, ClaimState
from maitred.engine.errors import CallError, Code

CUSTOMERS = ("ann", "bob", "eve")
ROUNDS = 12
EXPECTED = {Code.NOT_FOUND, Code.TOO_LATE, Code.RETRY, Code.OTHER_CONTENT}
"""What may happen to who claims while they are erased; never a store that is down or a fault of ours."""


def tolerated(call, *args, **fields):
    try:
        return call(*args, **fields)
    except CallError as error:
        if error.code not in EXPECTED:
            raise
        return None


def test_lists_hold_while_customers_come_and_go(harness):
    harness.rules(PIZZA, capacity(limit=10_000))

    def claims_and_ends(customer):
        for number in range(ROUNDS):
            decided = tolerated(harness.decide, customer, session=f"of-{customer}", location="harbour")
            claimed = tolerated(harness.claim, decided) if decided else None
            if claimed and number % 3:
                tolerated((harness.redeem, harness.release)[number % 2], claimed)

    def erases(customer):
        for _ in range(ROUNDS // 3):
            harness.engine.privacy.erase(customer)

    def lists(customer):
        for _ in range(ROUNDS):
            page = harness.engine.claimer.list_claims(ClaimsCall(customer_id=customer, page_size=100))
            assert len({claim.claim_id for claim in page.claims}) == len(page.claims)
            harness.engine.claimer.list_claims(ClaimsCall(location_id="harbour", page_size=100))

    with ThreadPoolExecutor(9) as pool:
        jobs = [
            pool.submit(job, customer_id) for customer_id in CUSTOMERS for job in (claims_and_ends, lists)
        ]
        jobs.append(pool.submit(erases, "ann"))
        for job in jobs:
            job.result(timeout=120)

    harness.engine.privacy.erase("ann")
    for customer in CUSTOMERS:
        page = harness.engine.claimer.list_claims(ClaimsCall(customer_id=customer, page_size=100))
        held = {claim.claim_id for claim in page.claims if claim.state is ClaimState.HELD}
        shown = {claim.claim_id for claim in harness.decide(customer).open_claims}
        assert shown <= held
        assert len(shown) == min(20, len(held))
    assert harness.engine.claimer.list_claims(ClaimsCall(customer_id="ann")).claims == ()
