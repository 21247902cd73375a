"""``kill -9`` while claims are fought over: what was answered stands, no unit is lost or given twice."""

import os
import random
import signal
import threading
import time

import pytest
from tests.torture.callers import CallerPool
from tests.torture.rounds import SENDS, Round, check_samples

VICTIMS = ("workers", "all", "worker", "worker", "watcher")
"""Whom a round kills on PostgreSQL, in turn; on SQLite there is one process to kill."""
KINDS = ("sqlite", "postgresql")
SUITE = (("sqlite", 0), ("sqlite", 1), ("postgresql", 0), ("postgresql", 1), ("postgresql", 4))
CLAIMS = 450
THREADS = 24
PROGRESS_MIN, PROGRESS_MAX = 0.02, 0.6
"""How much of the claims has been answered when the kill comes: most units go early."""
TORTURE_SEEDS = range(int(os.environ.get("MAITRED_TORTURE_KILLS", "50")))


class Killer(threading.Thread):
    """Kills when so many calls have been answered, and sees to it that the service comes back."""

    def __init__(self, server_pool, fight, seed):
        super().__init__(daemon=True)
        rng = random.Random(f"kill-{seed}")
        self._crew, self._fight, self._rng = server_pool, fight, rng
        self._victim = VICTIMS[seed % len(VICTIMS)] if server_pool.workers > 1 else "all"
        self._after = rng.uniform(PROGRESS_MIN, PROGRESS_MAX) * SENDS * fight.claims
        self.killed, self.in_flight = [], False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join()

    def run(self):
        while self._fight.answered < self._after:
            time.sleep(0.001)
        self.in_flight = not self._fight.over
        self.killed = self._kill()
        # Nobody else starts the first process again.
        self._crew.ensure_running()

    def _kill(self):
        server_pool, pids = self._crew, self._crew.pids()
        match self._victim:
            case "worker" | "workers":
                pids = self._rng.sample(pids, 1 if self._victim == "worker" else 2)
                server_pool.kill(pids)
            case "all":
                server_pool.kill_all()
            case "watcher":
                server_pool.kill_watcher()
        return pids


def fight(server_pool, seed):
    """One round under fire; every other one redeems and releases, too."""
    ended, serving = len(server_pool.events("worker_ended")), len(server_pool.events("serving"))
    with CallerPool(server_pool) as caller_pool:
        one = Round(server_pool, caller_pool, seed, CLAIMS, mixed=seed % 2 == 1, threads=THREADS)
        with one.sampler() as sampler, Killer(server_pool, one, seed) as killer:
            one.fight()
        assert killer.in_flight, "nothing was under way when the kill came"
        one.check()
        check_samples(sampler)
    check_restarted(server_pool, killer.killed, ended, serving)


def check_restarted(server_pool, killed, ended, serving):
    """As many serve as before. A worker that is killed is replaced, by the process that has watched it."""
    server_pool.await_events("serving", serving + len(killed))
    assert server_pool.process.poll() is None
    assert len(server_pool.pids()) == server_pool.workers
    assert not set(killed) & set(server_pool.pids())
    ended_workers = server_pool.events("worker_ended")[ended:]
    assert {event["exit_code"] for event in ended_workers} <= {-signal.SIGKILL}


@pytest.mark.parametrize(("kind", "seed"), SUITE)
def test_five_kills_lose_and_double_no_claim(server_pool, seed):
    fight(server_pool, seed)


@pytest.mark.torture
@pytest.mark.parametrize("seed", TORTURE_SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_fifty_kills_lose_and_double_no_claim(server_pool, seed):
    fight(server_pool, seed)
