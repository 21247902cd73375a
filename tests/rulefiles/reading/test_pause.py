"""The collector is off while rules load, and as it was afterwards."""

import gc
import threading

import pytest

from maitred.core.rules.faults import RulesetInvalid
from maitred.rulefiles import load
from maitred.rulefiles.reading.collector import collector_paused


def test_off_during_a_load_and_on_after_it_even_where_it_fails(bench, ruleset):
    enabled = []

    def compiler(attributes, constants):
        enabled.append(gc.isenabled())
        return bench.compiler(attributes, constants)

    load({name: text.encode() for name, text in ruleset().items()}, compiler, bench.check)
    assert enabled == [False]
    assert gc.isenabled()
    with pytest.raises(RulesetInvalid):
        load({}, compiler, bench.check)
    assert gc.isenabled()


def test_on_again_only_after_the_last_of_several_loads():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with collector_paused():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with collector_paused():
        thread.start()
        assert entered.wait(10)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_off_stays_off():
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
