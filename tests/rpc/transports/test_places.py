"""Which calls without a message are ended when a connection runs out of places."""

from typing import Any

from maitred.rpc.transports.places import CROWDED_LOOKS, Crowds, Places


def looks(crowds, silent, times):
    return [crowds.look(silent) for _ in range(times)]


def test_a_crowd_is_ended_once_it_has_stood_for_some_looks():
    crowds: Crowds[Any] = Crowds(Places(8), lambda call: call[0])
    crowd = [("a", number) for number in range(7)]
    *before, last = looks(crowds, [*crowd, ("b", 0)], CROWDED_LOOKS)
    assert not any(before)
    assert list(last) == crowd


def test_of_a_crowd_those_that_have_just_come_are_ended_a_look_later():
    crowds: Crowds[Any] = Crowds(Places(8), lambda call: call[0])
    first, second = ([("a", turn, number) for number in range(8)] for turn in range(2))
    assert list(looks(crowds, first, CROWDED_LOOKS)[-1]) == first
    assert [list(those) for those in looks(crowds, second, 2)] == [[], second]


def test_where_places_are_left_nobody_is_ended():
    crowds: Crowds[Any] = Crowds(Places(8), lambda call: call[0])
    silent = [(peer, number) for peer in "abc" for number in range(6)]
    assert not any(looks(crowds, silent, 3 * CROWDED_LOOKS))


def test_a_crowd_that_was_gone_at_one_look_begins_anew():
    crowds: Crowds[Any] = Crowds(Places(8), lambda call: call[0])
    crowd = [("a", number) for number in range(8)]
    assert not any(looks(crowds, crowd, CROWDED_LOOKS - 1))
    assert not crowds.look(crowd[:4])
    assert not any(looks(crowds, crowd, CROWDED_LOOKS - 1))
    assert list(crowds.look(crowd)) == crowd


def test_streams_that_stay_count_among_those_that_take_places():
    places = Places(8)
    crowds: Crowds[Any] = Crowds(places, lambda call: call[0])
    assert [places.stay("a") for _ in range(5)] == [True] * 4 + [False]
    silent = [("a", number) for number in range(4)]
    assert list(looks(crowds, silent, CROWDED_LOOKS)[-1]) == silent
    for _ in range(4):
        places.leave("a")
    assert not any(looks(crowds, silent, 2 * CROWDED_LOOKS))
    assert places.stay("a")
