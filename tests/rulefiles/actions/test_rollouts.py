from datetime import date, timedelta
from fractions import Fraction

from tests.rules import document

from maitred.core.rules.ruleset import Rollout, RolloutStep, Then

STAFF = document("List", "staff", {"values": "['Zoe\u0308', c-1]"})


def rollout_of(bench, sources):
    return bench.load(sources).ruleset.actions[0].rollout


def test_everything_that_is_written_is_read(bench, ruleset):
    text = (
        "rollout: {percent: 0.1, salt: x, groups: [staff], locations: [oslo-1],\n"
        "  steps: [{from: 2026-12-01, percent: 10}, {from: 2026-12-08, percent: 33.3}]}\n"
        "live: {timezone: location}\n"
    )
    steps = (
        RolloutStep(date(2026, 12, 1), Fraction(10)),
        RolloutStep(date(2026, 12, 8), Fraction(333, 10)),
    )
    assert rollout_of(bench, ruleset(text, s__yaml=STAFF)) == Rollout(
        salt="x",
        percent=Fraction(1, 10),
        steps=steps,
        groups=(("staff", frozenset({"Zo\u00eb", "c-1"})),),
        locations=frozenset({"oslo-1"}),
        zone=None,
    )


def test_what_is_left_out_is_the_action_and_everybody(bench, ruleset):
    rollout = rollout_of(bench, ruleset("rollout: {percent: 10}\n"))
    name = bench.load(ruleset("rollout: {percent: 10}\n")).ruleset.actions[0].name
    assert (rollout.salt, rollout.percent, rollout.zone) == (name, 10, "Europe/Berlin")
    assert rollout_of(bench, ruleset("rollout: {locations: [a]}\n")).percent == 100
    steps = "rollout: {steps: [{from: 2026-12-01, percent: 10}]}\n"
    assert rollout_of(bench, ruleset(steps)).percent == 0


def test_a_list_of_customers_is_used_by_a_rollout(bench, ruleset):
    warnings = bench.load(ruleset("rollout: {groups: [staff]}\n", s__yaml=STAFF)).warnings
    assert not [fault for fault in warnings if "staff" in fault.message]


def test_the_hash_tells_rollouts_apart(bench, ruleset):
    def digest(text):
        return bench.load(ruleset(text)).ruleset.hash

    assert digest("rollout: {percent: 10}\n") != digest("rollout: {percent: 20}\n")
    assert digest("rollout: {percent: 10}\n") == digest("rollout: {percent: 10.0}\n")


def test_a_guard_waits_for_reports_ten_minutes_at_least(bench, ruleset):
    def sources(more):
        return ruleset(f"rollout: {{percent: 10, guard: {{{RATE}{more}}}}}\n")

    assert rollout_of(bench, sources("")).guard.reported_within == timedelta(minutes=10)
    assert rollout_of(bench, sources(", reported_within: 2d")).guard.reported_within == timedelta(days=2)
    (fault,) = bench.faults(sources(", reported_within: 9m"))
    assert fault.message.endswith("write at least `10m`, or leave it out")


RATE = "outcome: accepted, direction: below, threshold: 5, horizon: 7d"
STEPS = "steps: [{from: 2026-12-01, percent: 10}]"
HOLDS = f"guard: {{{RATE}, then: hold}}"


def test_steps_that_are_held_are_known_by_the_action(bench, ruleset):
    sources = ruleset(f"rollout: {{{STEPS}, {HOLDS}}}\n")
    rollout = rollout_of(bench, sources)
    assert rollout.held_as == f"rollout/{bench.load(sources).ruleset.actions[0].name}"
    assert rollout.guard.then is Then.HOLD
    without = rollout_of(bench, ruleset(f"rollout: {{{STEPS}, guard: {{{RATE}}}}}\n"))
    assert (without.held_as, without.guard.then) == ("", Then.ROLL_BACK)


def test_a_guard_cannot_hold_what_has_no_steps(bench, ruleset):
    (fault,) = bench.faults(ruleset(f"rollout: {{percent: 10, {HOLDS}}}\n"))
    assert fault.message == "there are no `steps` to hold: `roll_back` pauses the action"
