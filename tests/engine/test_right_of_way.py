"""Who answers calls goes first, and who loads a ruleset gets through."""

import threading

from tests.waiting import eventually

from maitred.engine.deciding.right_of_way import SLICE_SECONDS, RightOfWay

FOREVER = 600.0


def pausing(way):
    """A thread that pauses once."""
    thread = threading.Thread(target=way.pause, daemon=True)
    thread.start()
    return thread


def test_where_no_call_is_answered_nobody_waits():
    way = RightOfWay(yield_seconds=FOREVER)
    with way.given():
        way.pause()
        way.take()
        way.leave()
        way.pause()


def test_who_loads_waits_until_calls_are_answered():
    way = RightOfWay(yield_seconds=FOREVER)
    with way.given():
        way.take()
        thread = pausing(way)
        thread.join(0.05)
        assert thread.is_alive()
        way.leave()
        thread.join(60)
        assert not thread.is_alive()


def test_calls_without_end_leave_slices():
    now = [0.0]
    way = RightOfWay(lambda: now[0], yield_seconds=0.0)
    with way.given():
        way.take()
        way.pause()
        assert way._works_until == SLICE_SECONDS
        now[0] = SLICE_SECONDS / 2
        way.pause()
        assert way._works_until == SLICE_SECONDS
        now[0] = SLICE_SECONDS
        way.pause()
        assert way._works_until == 2 * SLICE_SECONDS


def test_after_the_last_load_nobody_waits_for_calls():
    way = RightOfWay(yield_seconds=FOREVER)
    with way.given(), way.given():
        assert way.loading
    assert not way.loading
    way.take()
    way.pause()


def test_who_still_loads_is_let_go_when_it_ends():
    way = RightOfWay(yield_seconds=FOREVER)
    with way.given():
        way.take()
        thread = pausing(way)
    eventually(lambda: not thread.is_alive())
