"""Pieces of randomness are given out once: to threads, and on both sides of a fork."""

import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from maitred.vault import vault as pools
from maitred.vault.vault import PIECES, RandomPool


def test_pieces_have_their_length_and_are_all_different():
    pool = RandomPool(12)
    taken = [pool.take() for _ in range(3 * PIECES + 1)]
    assert {len(piece) for piece in taken} == {12}
    assert len(set(taken)) == len(taken)


def test_no_two_threads_get_the_same_piece():
    pool = RandomPool(12)
    start = threading.Barrier(8)

    def take() -> list[bytes]:
        start.wait()
        return [pool.take() for _ in range(5_000)]

    with ThreadPoolExecutor(8) as threads:
        taken = [piece for task in [threads.submit(take) for _ in range(8)] for piece in task.result()]
    assert len(set(taken)) == len(taken) == 8 * 5_000


def test_a_child_gets_other_pieces_than_its_parent():
    pool = RandomPool(12)
    pool.take()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"".join(pool.take() for _ in range(100)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    of_child = {data[at : at + 12] for at in range(0, len(data), 12)}
    assert len(of_child) == 100
    assert not of_child & {pool.take() for _ in range(PIECES)}


def test_a_pool_that_nobody_uses_is_let_go():
    gc.collect()
    before = len(pools._POOLS)
    pool = RandomPool(12)
    assert len(pools._POOLS) == before + 1
    del pool
    gc.collect()
    assert len(pools._POOLS) == before
