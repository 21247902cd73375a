"""Many claimants at once, each claim sent by all of them; and confirmations against expiry."""

import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.ledger.claimant import HOLD_US, NOW, UNITS, claim_all, needs, settle

from maitred.core.limits.lots import Confirm, Status, Take
from maitred.store import open_store

CLAIMANT = Path(__file__).parent / "claimant.py"
CLAIMANTS = 3
CLAIMS = 2_000
SEEDS = range(3)
TORTURE_SEEDS = range(100)
RACES, ROUNDS = 2_000, 5
CONFIRMED_AT_ONCE = 16
DUE = NOW + timedelta(microseconds=HOLD_US)
STATES = "SELECT state, count(*) FROM ledger_lot GROUP BY state"


class Sampler(threading.Thread):
    """Reads all the time how many units are live, and once more when all is ``over``."""

    def __init__(self, url, needs):
        super().__init__(daemon=True)
        self.url, self.needs, self.most, self.over = url, needs, 0, threading.Event()

    def run(self):
        with closing(open_store(self.url)) as store:
            is_last = False
            while not is_last:
                is_last = self.over.wait(0.002)
                self.most = max(self.most, live(store, self.needs))


def live(store, needs):
    with store.transaction() as transaction:
        return transaction.read_counts(NOW, needs)[0].live


class RaceResult(NamedTuple):
    """What claimants were told of the same claims, and what is live after it."""

    accounts: int
    answered: int
    granted: int
    live: int


EXACT = RaceResult(accounts=1, answered=CLAIMS, granted=UNITS, live=UNITS)


def result_of(store, seed, answers):
    return RaceResult(len(set(answers)), len(answers[0]), answers[0].count("G"), live(store, needs(seed)))


@pytest.fixture
def claimants(postgres_url):
    command = [sys.executable, str(CLAIMANT), postgres_url]
    open_store(postgres_url).close()
    started = [
        subprocess.Popen(
            [*command, str(number), str(CLAIMS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(CLAIMANTS)
    ]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * CLAIMANTS
    yield started
    for process in started:
        process.communicate()


def race(claimants, url, seeds):
    """For each seed what was told, and the most units that were live at any time."""
    results = []
    with closing(open_store(url)) as store:
        for seed in seeds:
            sampler = Sampler(url, needs(seed))
            sampler.start()
            for process in claimants:
                process.stdin.write(f"{seed}\n")
                process.stdin.flush()
            answers = [process.stdout.readline().strip() for process in claimants]
            sampler.over.set()
            sampler.join()
            results.append((result_of(store, seed, answers), sampler.most))
    return results


def test_processes_that_all_send_every_claim_get_exactly_what_there_is(claimants, postgres_url):
    assert race(claimants, postgres_url, SEEDS) == [(EXACT, UNITS)] * len(SEEDS)


@pytest.mark.torture
def test_processes_that_all_send_every_claim_get_exactly_what_there_is_every_time(claimants, postgres_url):
    assert race(claimants, postgres_url, TORTURE_SEEDS) == [(EXACT, UNITS)] * len(TORTURE_SEEDS)


def test_threads_that_all_send_every_claim_get_exactly_what_there_is(store):
    with ThreadPoolExecutor(CLAIMANTS) as pool:
        answers = list(pool.map(lambda number: claim_all(store, 0, number, CLAIMS), range(CLAIMANTS)))
    assert result_of(store, 0, answers) == EXACT


def test_a_confirmation_and_the_expiry_of_its_hold_have_one_winner(database_url, closed_after):
    rival_url = database_url if database_url.startswith("postgresql") else None
    store = closed_after(open_store(database_url))
    rival = closed_after(open_store(rival_url)) if rival_url else store
    winners = [one_round(store, rival, number) for number in range(ROUNDS)]
    with store.transaction() as transaction:
        states = dict(transaction._line.driver.execute(STATES).fetchall())
    confirmed, expired = map(sum, zip(*winners, strict=True))
    assert states == {state: count for state, count in ((2, confirmed), (4, expired)) if count}
    assert confirmed + expired == RACES * ROUNDS
    if rival is not store:
        assert confirmed > 0
        assert expired > 0


def one_round(store, rival, number):
    """One store confirms holds at the last moment while the other gives back those that are due."""
    ids = [bytes([number]) + at.to_bytes(15, "big") for at in range(RACES)]
    roomy = tuple(need._replace(maximum=RACES) for need in needs(1_000 + number))
    for at in range(0, RACES, 100):
        settle(store, [Take(key, b"", (roomy,), HOLD_US) for key in ids[at : at + 100]])
    random.Random(number).shuffle(ids)
    with ThreadPoolExecutor(2) as pool:
        sweeping = pool.submit(lambda: [settle(rival, (), DUE) for _ in range(RACES // 100)])
        answers = pool.submit(confirm_all, store, ids).result()
        sweeping.result()
    settle(rival, (), DUE)
    assert set(answers) <= {Status.CONFIRMED, Status.NOTHING_LEFT}
    confirmed = answers.count(Status.CONFIRMED)
    assert live(store, roomy) == confirmed
    return confirmed, len(answers) - confirmed


def confirm_all(store, ids):
    answers = []
    for at in range(0, len(ids), CONFIRMED_AT_ONCE):
        part = ids[at : at + CONFIRMED_AT_ONCE]
        confirms = [Confirm(bytes([128 + key[0]]) + key[1:], b"", key) for key in part]
        answers += [settled.status for settled in settle(store, confirms, DUE - timedelta(microseconds=1))]
    return answers
