"""Customers are erased while everybody decides and claims: nobody else notices."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from tests.databases import connected
from tests.privacy.shop import RULES, Shop, names

from maitred.bootstrap.rules import load_policy
from maitred.core.deciding.decisions import Explain
from maitred.engine.customers.people import People
from maitred.engine.deciding.codec import Packings, decode_body
from maitred.engine.deciding.records import decide_again
from maitred.rpc.client import ClientError
from maitred.store import open_read_only, open_store
from maitred.vault import open_vault

CUSTOMERS = [f"customer-{number}" for number in range(50)]
ERASED = CUSTOMERS[::3]
KEPT = [item for item in CUSTOMERS if item not in ERASED]
THREADS, BEFORE_SECONDS, AFTER_SECONDS = 8, 1.0, 1.0
CAPACITY_UNITS = """
SELECT (SELECT sum(held + used) FROM ledger_counter WHERE limit_name = 'beans'),
       (SELECT count(*) FROM ledger_lot WHERE state IN (1, 2) AND {contains})
"""
CONTAINS = {"sqlite": "instr(units, {c}) > 0", "postgresql": "position({c} IN units) > 0"}
ONE = "(SELECT counter_id FROM ledger_counter WHERE limit_name = 'beans')"


class LoadThreads:
    """Threads that decide and claim; ``grants`` counts the units each customer was granted."""

    def __init__(self, address):
        self.decided, self.coffees, self.grants = {}, {}, 0
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS)
        self._running = [self._pool.submit(self._run, address, number) for number in range(THREADS)]

    def _run(self, address, thread):
        with Shop(address) as shop:
            number = 0
            while not self._stop.is_set():
                customer = CUSTOMERS[(number * THREADS + thread) % len(CUSTOMERS)]
                number += 1
                self._once(shop, customer, f"{thread}-{number}")

    def _once(self, shop, customer, request):
        answer = shop.ask(customer, request=request, explain=Explain.EXPLAIN_NONE, max_actions=2)
        with self._lock:
            self.decided.setdefault(customer, []).append(answer)
        if "coffee" not in names(answer):
            return
        with self._lock:
            self.coffees[customer] = self.coffees.get(customer, 0) + 1
        granted = self._claim(shop, customer, f"c{request}", answer.decision_id)
        with self._lock:
            self.grants += granted

    @staticmethod
    def _claim(shop, customer, request, decision_id):
        try:
            return shop.claim(request_id=request, decision_id=decision_id, action="coffee").granted
        except ClientError as error:
            if error.code == "NOT_FOUND" and customer in ERASED:  # between the two
                return False
            raise

    def stop(self):
        self._stop.set()
        for item in self._running:
            item.result()
        self._pool.shutdown()


def audited(database):
    opened = open_read_only(database)
    try:
        report = opened.audit(lambda _: None)
        return report.rows, report.broken
    finally:
        opened.close()


def units(database):
    """Of the shared capacity: those counted, and the live lots that have one; at one moment."""
    with connected(database) as connection:
        asked = CAPACITY_UNITS.format(contains=CONTAINS[connection.dialect.name].format(c=ONE))
        return tuple(int(item or 0) for item in connection.execute(text(asked)).one())


def test_erasing_amid_load(serve, write_rules, database_url, tmp_path):
    rules = write_rules(RULES)
    running = serve(rules, database_url)
    with Shop(running.address) as office:
        load = LoadThreads(running.address)
        time.sleep(BEFORE_SECONDS)
        moments = [units(database_url)]
        before = {item: list(load.decided.get(item, ())) for item in ERASED}
        for customer in ERASED:
            assert office.erase(customer).rows["key"] == 1
            moments.append(units(database_url))
            if customer is ERASED[len(ERASED) // 2]:
                assert audited(database_url)[1] == ()
        time.sleep(AFTER_SECONDS)
        load.stop()

        counted, live = units(database_url)
        assert counted == live == load.grants
        assert all(item == of_lots for item, of_lots in moments), moments
        assert counted > moments[0][0] > 0
        rows, broken = audited(database_url)
        assert (rows, broken) == (sum(map(len, load.decided.values())), ())

        gone = [answer for item in before.values() for answer in item]
        assert gone
        for answer in gone:
            with pytest.raises(ClientError, match="NOT_FOUND"):
                office.get_decision(answer.decision_id)
        for customer in KEPT:
            assert [(cap["limit"], cap["used"]) for cap in office.exported(customer)["caps"]] == [
                ("coffees", load.coffees[customer])
            ]
            assert load.coffees[customer] <= 3
        # Everybody who was erased and came back began anew.
        for customer in ERASED:
            after = [item for item in load.decided[customer] if item not in before[customer]]
            held = office.exported(customer)["decisions"]
            assert {item["decision_id"] for item in held} <= {item.decision_id for item in after}
        erased_again(office)
    running.stop()
    replayed(rules, database_url, tmp_path / "serve.keys", load)


def erased_again(office):
    gone = ERASED[:5]
    assert names(office.ask(gone[0])), "who is erased can be served"
    for customer in gone:
        office.erase(customer)
        assert not any(office.erase(customer).rows.values())
        export = office.exported(customer)
        assert (export["decisions"], export["consents"], export["caps"]) == ([], [], [])
    assert "coffee" in names(office.ask(gone[0])), "they begin with a cap of their own"


def replayed(rules, database, keys, load):
    """The decisions of the others decide again, from their records, to what was decided."""
    policy = load_policy({"rules.yaml": (rules / "rules.yaml").read_bytes()}, "")
    people = People(open_vault(keys, create=False), lambda: b"")
    store, number = open_store(database), 0
    packings = Packings(store.dictionary)
    try:
        for answer in (item for customer in KEPT for item in load.decided[customer][:20]):
            record = store.decision(bytes.fromhex(answer.decision_id))
            body = decode_body(packings.unpacked(people.opened(record)))
            again = decide_again(policy, record, body)
            assert again.proposals == body.proposals
            number += 1
    finally:
        store.close()
    assert number > len(KEPT)
