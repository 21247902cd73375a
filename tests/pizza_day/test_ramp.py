"""The ramp against a real service, with customers enough to see who is in."""

from tools.pizza_day.arrivals import Arrival
from tools.pizza_day.customers import customers
from tools.pizza_day.ramp import RAMP, play, unguarded, words
from tools.pizza_day.world import HOUR_S, MINUTE_S, OVEN_PLACES


def test_each_tuesday_more_of_the_same_people_have_it():
    store = next(iter(OVEN_PLACES))
    people = customers(Arrival(f"b-{number}", store, 12 * HOUR_S + number * MINUTE_S) for number in range(60))
    tuesdays = play(RAMP, people)
    claims = [sum(visit.granted is not None for visit in visits) for visits in tuesdays]
    assert 0 <= claims[0] < claims[1] < claims[2] == len(people)
    assert words(tuesdays[0]).startswith(f"60 asked, {claims[0]} claims, ")


def test_the_guard_can_be_taken_out(tmp_path):
    (rules,) = unguarded(tmp_path).glob("*.yaml")
    assert "guard:" not in rules.read_text()
    assert "rollout:" in rules.read_text()
