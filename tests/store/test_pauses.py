from datetime import UTC, datetime, timedelta

import pytest

from maitred.engine.ports.store import Pause

NOON = datetime(2026, 12, 1, 12, 0, 0, 1, tzinfo=UTC)
PIZZA = Pause("free-pizza", NOON, "operator", "the ovens are cold")


def test_a_pause_is_kept_until_it_is_ended(store):
    assert list(store.pauses()) == []
    store.pause(PIZZA)
    assert list(store.pauses()) == [PIZZA]
    assert store.resume(PIZZA.action, NOON)
    assert not store.resume(PIZZA.action, NOON)
    assert list(store.pauses()) == []


def test_the_first_pause_of_an_action_stays(store):
    assert store.pause(PIZZA)
    assert not store.pause(PIZZA._replace(paused_at=NOON + timedelta(hours=1), by="another"))
    assert list(store.pauses()) == [PIZZA]


def test_pauses_come_by_name_of_the_action(store):
    names = ["b", "a", "B"]
    for name in names:
        store.pause(Pause(name, NOON))
    assert [pause.action for pause in store.pauses()] == sorted(names)


@pytest.mark.parametrize("text", ["", "\x00", "'; --", "\ud800", "\U0001f355", "x" * 10_000])
def test_whatever_an_operator_writes_comes_back(store, text):
    pause = Pause(text, NOON, text, text)
    store.pause(pause)
    assert list(store.pauses()) == [pause]
    assert store.resume(text, NOON)


def test_when_an_action_was_resumed_last_is_kept(store):
    assert store.resumed_at("free-pizza") is None
    assert not store.resume("free-pizza", NOON)
    assert store.resumed_at("free-pizza") is None
    for hours in (1, 5):
        store.pause(PIZZA)
        assert store.resume("free-pizza", NOON + timedelta(hours=hours))
        assert store.resumed_at("free-pizza") == NOON + timedelta(hours=hours)
    assert store.resumed_at("bread") is None
