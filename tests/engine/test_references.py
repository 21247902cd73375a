"""References of customers follow each other in time."""

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

from maitred.engine.customers.people import REF_BYTES, refs_by_time

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=17)


def test_who_comes_later_has_a_greater_reference_and_those_of_one_instant_differ():
    instants, numbers = count(), count()
    new_ref = refs_by_time(
        lambda: NOON + next(instants) // 2 * TICK, lambda: next(numbers).to_bytes(REF_BYTES, "little")
    )
    refs = [new_ref() for _ in range(2_000)]
    assert {len(ref) for ref in refs} == {REF_BYTES}
    assert len(set(refs)) == len(refs)
    assert all(before < after for before, after in pairwise(refs[::2]))
