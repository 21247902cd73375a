"""A filled database is as the service would have left it: chains, holds and counters agree."""

from contextlib import closing

import pytest
from benchmarks import ruleset
from benchmarks.limits import LIMITS
from benchmarks.workload import specs
from tests.databases import connected

from maitred import store
from tools import fill

ACTIONS, DECISIONS = 50, 896
HELD, EXPIRED = 1, 4


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(fill, "SAMPLES", 20)
    monkeypatch.setattr(fill, "CUSTOMERS", 300)
    monkeypatch.setattr(fill, "BATCH", 64)
    monkeypatch.setattr(fill, "PAST_BATCH", 128)


@pytest.mark.usefixtures("small")
def test_what_fills_a_database_is_what_the_service_leaves(database_url, tmp_path):
    rules = ruleset.write(tmp_path / "rules", specs(ACTIONS), LIMITS)
    for _ in fill.fill(database_url, tmp_path / "keys", rules, DECISIONS):
        pass

    with closing(store.open_store(database_url)) as opened:
        audit = opened.audit(lambda _: None)
    assert not audit.broken
    assert audit.rows == DECISIONS + fill.SAMPLES

    with connected(database_url) as connection:

        def rows(statement):
            return connection.exec_driver_sql(statement).fetchall()

        states = dict(rows("SELECT state, count(*) FROM ledger_lot GROUP BY state"))
        assert set(states) == {HELD, EXPIRED}
        assert states[EXPIRED] > states[HELD]
        assert rows("SELECT count(*) FROM ledger_unit") == [(states[HELD],)]
        assert rows("SELECT sum(held), sum(used) FROM ledger_counter") == [(states[HELD], 0)]
        assert rows("SELECT count(*) FROM person WHERE ref NOT IN (SELECT customer FROM decision)") == [(0,)]
        orphans = (
            "SELECT count(*) FROM ledger_lot WHERE decision_id NOT IN (SELECT decision_id FROM decision)"
        )
        assert rows(orphans) == [(0,)]
