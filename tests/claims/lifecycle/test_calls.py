"""What each call takes and gives back: every cell of the table in docs/rule-files.md, on both databases.

The table is the oracle. A function of the name of its row makes everything that comes before, yields, and
makes the call.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.claims.harness import DAY, MINUTE, EngineHarness
from tests.conftest import schema_of
from tests.rules import action, cap, capacity

from maitred.engine.calls import LimitsCall
from maitred.store import open_store
from maitred.store.databases import postgres
from maitred.vault import open_vault

COLUMNS = ("decided", "presented", "claimed", "redeemed", "rejected")
RULES = (
    action("pizza"),
    cap("decided", limit=99, counts="decided"),
    cap("presented", limit=99, hold="10m"),
    capacity("claimed", limit=99, hold="10m"),
    capacity("redeemed", limit=99, counts="redeemed"),
    cap("rejected", limit=99, counts="rejected"),
)
DOCUMENT = Path(__file__).parents[3] / "docs" / "rule-files.md"
NOTHING = (0, 0)
MEANS = {
    "": {NOTHING},
    "held": {(1, 0)},
    "+": {(0, 1), (-1, 1)},
    "-": {(0, -1), (-1, 0)},
    "- (held)": {(-1, 0)},
}
"""What a cell may say, as the change of units held and used: what is spent may have been held before."""


def table():
    """Cells by row and column."""
    text = DOCUMENT.read_text().partition("What each call takes (+)")[2].partition("\n\n- ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line[:1] == "|"]
    assert rows[0] == ["call", *COLUMNS]
    return {row[0].strip("`"): dict(zip(COLUMNS, row[1:], strict=True)) for row in rows[2:]}


def decide(harness):
    yield
    harness.decide()


def decide_again_while_held(harness):
    harness.decide()
    yield
    harness.decide(session="another")


def decide_naming_a_claim(harness):
    granted = harness.claim(harness.decide())
    yield
    harness.decide(claims=(granted.claim_id,))


def presented_reported(harness):
    decided = harness.decide()
    yield
    harness.report(decided, "PRESENTED")


def presented_reported_twice(harness):
    decided = harness.decide()
    harness.report(decided, "PRESENTED")
    yield
    harness.report(decided, "PRESENTED", "ACCEPTED")


def presented_reported_of_two_decisions(harness):
    first, second = harness.decide(), harness.decide()
    harness.report(first, "PRESENTED")
    yield
    harness.report(second, "PRESENTED")


def claim(harness):
    decided = harness.decide()
    yield
    harness.claim(decided)


def claim_again(harness):
    decided = harness.decide()
    first = harness.claim(decided)
    yield
    again = harness.claim(decided)
    assert (again.claim_id, again.existing, first.existing) == (first.claim_id, True, False)


def claim_of_what_was_presented(harness):
    decided = harness.decide()
    harness.report(decided, "PRESENTED")
    yield
    harness.claim(decided)


def claim_after_release(harness):
    decided = harness.decide()
    harness.release(harness.claim(decided))
    yield
    assert not harness.claim(decided).existing


def claim_after_expiry(harness):
    decided = harness.decide()
    harness.claim(decided)
    harness.after(11 * MINUTE).sweep()
    yield
    assert not harness.claim(decided).existing


def claim_after_rejection(harness):
    decided = harness.decide()
    harness.report(decided, "REJECTED")
    yield
    harness.claim(decided)


def presented_reported_after_claim(harness):
    decided = harness.decide()
    harness.claim(decided)
    yield
    harness.report(decided, "PRESENTED")


def redeem(harness):
    granted = harness.claim(harness.decide())
    yield
    harness.redeem(granted)


def redeem_after_expiry(harness):
    granted = harness.claim(harness.decide())
    harness.after(11 * MINUTE).sweep()
    yield
    harness.redeem(granted)


def release(harness):
    granted = harness.claim(harness.decide())
    yield
    harness.release(granted)


def release_after_presented_reported(harness):
    decided = harness.decide()
    granted = harness.claim(decided)
    harness.report(decided, "PRESENTED")
    yield
    harness.release(granted)


def release_after_redeem(harness):
    granted = harness.claim(harness.decide())
    harness.redeem(granted)
    yield
    harness.release(granted)


def release_of_what_was_replaced(harness):
    decided = harness.decide()
    expired = harness.claim(decided)
    harness.after(11 * MINUTE)
    harness.claim(decided)
    yield
    harness.release(expired)


def hold_expires(harness):
    harness.decide()
    yield
    harness.after(11 * MINUTE).sweep()


def claim_expires(harness):
    harness.claim(harness.decide())
    yield
    harness.after(11 * MINUTE).sweep()


def rejected_reported(harness):
    decided = harness.decide()
    yield
    harness.report(decided, "REJECTED")


def rejected_reported_twice(harness):
    decided = harness.decide()
    harness.report(decided, "REJECTED")
    yield
    harness.report(decided, "REJECTED")


def rejected_reported_after_claim(harness):
    decided = harness.decide()
    harness.claim(decided)
    yield
    harness.report(decided, "REJECTED")


def rejected_reported_after_presented(harness):
    decided = harness.decide()
    harness.report(decided, "PRESENTED")
    yield
    harness.report(decided, "REJECTED")


def rejected_reported_after_redeem(harness):
    decided = harness.decide()
    harness.redeem(harness.claim(decided))
    yield
    harness.report(decided, "REJECTED")


def released_reported(harness):
    decided = harness.decide()
    yield
    harness.report(decided, "RELEASED")


def released_reported_after_redeem(harness):
    decided = harness.decide()
    harness.redeem(harness.claim(decided))
    yield
    harness.report(decided, "RELEASED")


def redeemed_reported(harness):
    decided = harness.decide()
    harness.claim(decided)
    yield
    harness.report(decided, "REDEEMED")


def redeemed_reported_without_claim(harness):
    decided = harness.decide()
    yield
    harness.report(decided, "REDEEMED")


def redeemed_reported_twice(harness):
    decided = harness.decide()
    harness.report(decided, "REDEEMED")
    yield
    harness.report(decided, "REDEEMED")


ROWS = (
    decide,
    decide_again_while_held,
    decide_naming_a_claim,
    presented_reported,
    presented_reported_twice,
    presented_reported_of_two_decisions,
    presented_reported_after_claim,
    claim,
    claim_again,
    claim_of_what_was_presented,
    claim_after_release,
    claim_after_expiry,
    claim_after_rejection,
    redeem,
    redeem_after_expiry,
    release,
    release_after_presented_reported,
    release_after_redeem,
    release_of_what_was_replaced,
    hold_expires,
    claim_expires,
    rejected_reported,
    rejected_reported_twice,
    rejected_reported_after_claim,
    rejected_reported_after_presented,
    rejected_reported_after_redeem,
    released_reported,
    released_reported_after_redeem,
    redeemed_reported,
    redeemed_reported_without_claim,
    redeemed_reported_twice,
)


class Counted:
    """Runs each row once; ``changes`` gives what its call changed, by column."""

    def __init__(self, harness):
        self._harness, self._known = harness, {}
        harness.rules(*RULES)

    def changes(self, calls):
        if calls not in self._known:
            self._known[calls] = self._run(calls)
        return self._known[calls]

    def _run(self, calls):
        self._harness.after(DAY).sweep()
        steps = calls(self._harness)
        next(steps)
        before = self._units()
        assert next(steps, None) is None
        after = self._units()
        return {
            name: tuple(now - then for now, then in zip(after[name], before[name], strict=True))
            for name in COLUMNS
        }

    def _units(self):
        units = dict.fromkeys(COLUMNS, NOTHING)
        for limit in self._harness.engine.operator.limits(LimitsCall(max_subjects=1_000)):
            held, used = units[limit.name]
            units[limit.name] = held + limit.held, used + limit.used
        return units


@contextmanager
def database(kind, request) -> Iterator[str]:
    """One database of the kind for all rows."""
    if kind == "sqlite":
        file = request.getfixturevalue("tmp_path_factory").mktemp("calls") / "maitred.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    with schema_of(*map(request.getfixturevalue, ("postgres_server", "postgres_script"))) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def counted(request, tmp_path_factory):
    with ExitStack() as stack:
        url = stack.enter_context(database(request.param, request))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(postgres, "POSTGRES", replace(postgres.POSTGRES, clock=lambda _, local: local))
        keys = open_vault(tmp_path_factory.mktemp("keys") / "test.keys", create=True)
        harness = EngineHarness(open_store(url), keys)
        stack.callback(harness.close)
        yield Counted(harness)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("calls", ROWS, ids=lambda calls: calls.__name__)
def test_what_each_call_takes_and_gives_back(counted, calls, column):
    cell = table()[calls.__name__][column]
    assert counted.changes(calls)[column] in MEANS[cell], f"the table says {cell!r}"


def test_the_table_has_every_row_and_every_row_a_test():
    assert list(table()) == [calls.__name__ for calls in ROWS]


def test_claims_that_were_released_or_have_expired_take_their_units_anew(harness):
    harness.rules(*RULES)
    decided = harness.decide()
    harness.release(harness.claim(decided))
    assert harness.claim(decided).granted
    assert harness.live("decided", "presented", "claimed") == [1, 1, 1]
    harness.after(11 * MINUTE)
    anew = harness.claim(decided)
    assert (anew.granted, anew.existing) == (True, False)
    assert harness.live("presented", "claimed") == [1, 1], "its presentation still counts in its window"


def test_the_claim_window_ends_to_the_microsecond(harness):
    harness.rules(action("pizza", claim_within="2h"), action("tea"), capacity("claimed", limit=9, hold="30h"))
    decided, late, tea = (
        harness.decide(max_actions=2),
        harness.decide("bob", max_actions=2),
        harness.decide("cem", max_actions=2),
    )
    start = harness.now
    harness.at(start + 120 * MINUTE - harness.now.resolution)
    granted = harness.claim(decided)
    harness.at(start + 120 * MINUTE)
    assert harness.claim(late).reason.name == "CLAIM_WINDOW_OVER"
    assert harness.claim(decided).claim_id == granted.claim_id, "a live claim is answered whatever the window"
    harness.at(start + DAY - harness.now.resolution)
    assert harness.claim(tea, "tea").granted
    harness.at(start + DAY)
    assert harness.claim(late, "tea").reason.name == "CLAIM_WINDOW_OVER"


def test_a_claim_that_expired_is_redeemed_late_only_while_its_place_has_no_other(harness):
    harness.rules(action("pizza"), capacity("claimed", limit=9, hold="5m"))
    decided = harness.decide()
    first = harness.claim(decided)
    harness.after(6 * MINUTE)
    second = harness.claim(decided)
    assert second.claim_id != first.claim_id
    with pytest.raises(Exception, match="another claim"):
        harness.redeem(first)
    harness.release(second)
    harness.redeem(first)
    assert harness.claim(decided).reason.name == "ALREADY_REDEEMED"
