"""Chores are done again and again, whatever becomes of one of them."""

import threading
import time
from typing import Any

from maitred.upkeep.chores import TELL_SECONDS, Chore, Upkeep


def done_until(upkeep, event):
    upkeep.start()
    assert event.wait(10)
    upkeep.stop()


def test_a_chore_that_fails_is_told_of_and_keeps_none_from_being_done():
    failed: list[Exception] = []
    twice = threading.Event()
    calls: list[int] = []

    def broken():
        raise RuntimeError("broken")

    def fine():
        calls.append(1)
        if len(calls) > 1:
            twice.set()

    done_until(Upkeep([Chore(0.0, broken), Chore(0.0, fine)], time.monotonic, failed.append), twice)
    assert len(failed) >= 1
    assert all(isinstance(error, RuntimeError) for error in failed)


def test_a_chore_that_fails_for_long_is_told_of_now_and_then():
    failed: list[Exception] = []
    calls: list[int] = []
    fourth, last = threading.Event(), threading.Event()

    def broken():
        calls.append(1)
        if len(calls) == 4:
            fourth.set()
        if len(calls) == 6:
            last.set()
        raise RuntimeError("other" if len(calls) == 2 else "broken")

    def clock():
        return TELL_SECONDS if fourth.is_set() else 0.0

    done_until(Upkeep([Chore(-TELL_SECONDS, broken)], clock, failed.append), last)
    assert [str(error) for error in failed] == ["broken", "other", "broken", "broken"]


def test_a_chore_is_done_at_once_and_then_not_before_its_time():
    often, seldom, third = [], [], threading.Event()

    def count():
        often.append(1)
        if len(often) > 2:
            third.set()

    chores = [Chore(3_600.0, lambda: seldom.append(1)), Chore(0.0, count)]
    done_until(Upkeep(chores, time.monotonic, lambda _: None), third)
    assert len(seldom) == 1


def test_what_was_never_started_can_be_stopped():
    calls: list[Any] = []
    upkeep = Upkeep([Chore(0.0, lambda: calls.append(1))], time.monotonic, calls.append)
    upkeep.stop()
    assert calls == []
