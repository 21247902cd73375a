"""Columns that grow with every deed tell what the deeds tell, in whatever order they come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.claims.harness import rules_text
from tests.rules import document

from maitred.bootstrap.rules import load_policy
from maitred.core.behaviour.history import NO_HISTORY, History, Track, items_in, remember
from maitred.core.behaviour.projections import NEVER_US, Deed, When
from maitred.core.values.instants import to_microseconds
from maitred.core.values.types import Fact

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOON_US, HOUR_US = to_microseconds(NOON), 3_600_000_000
VISIT = (
    document(
        "Event",
        "visit",
        {"fields": "{page: string, clicks: int, spent: decimal(2), ratio: double, stay: duration}"},
    )
    + "retention: 3h\n"
)
HOW = {
    "count": "count: true",
    "clicks": "sum: event.clicks",
    "spent": "sum: event.spent",
    "worth": "sum: event.clicks * event.spent",
    "ratio": "sum: event.ratio",
    "stayed": "sum: event.stay",
    "least": "min: event.spent",
    "most": "max: event.clicks",
    "pages": "distinct: event.page",
    "first": "first: event.spent",
    "last": "last: event.page",
    "cars": 'where: event.page == "cars", count: true',
    "any": "where: event.clicks > 3, any: true",
}
WINDOWS = {"hour": "{rolling: 1h}", "day": "{calendar: day, timezone: location}", "ever": "lifetime"}


def _policy(how=HOW):
    computed = "".join(
        f"  customer.{name}_{window}: {{over: events.visit, window: {text}, {body}}}\n"
        for window, text in WINDOWS.items()
        for name, body in how.items()
    )
    names = [line.split(":")[0].strip() for line in computed.splitlines()]
    says = ", ".join(f'"${{{name}}}"' for name in names)
    documents = [
        VISIT,
        document("Context", "seen", f"computed:\n{computed}"),
        document("Action", "r", {"title": "r", "type": "offer", "treatments": f"{{pos: {{say: [{says}]}}}}"}),
    ]
    return load_policy({"rules.yaml": rules_text(*documents).encode()}, "")


POLICY = _policy()
KIND = POLICY.ruleset.events["visit"]
SENT = st.fixed_dictionaries(
    {},
    optional={
        "page": st.sampled_from(["cars", "loans", "news"]),
        "clicks": st.integers(0, 5) | st.just(2**62),
        "spent": st.sampled_from(["0.10", "-3.99", "20.05", "90000000000000000.00"]),
        "ratio": st.sampled_from([0.1, 0.2, -1e300, 1e300]),
        "stay": st.sampled_from(["1s", "90m"]),
    },
)
# Around the edges of what counts at noon and in the four hours after it, to the microsecond.
AT_US = st.builds(
    lambda hours, micros: NOON_US + hours * HOUR_US + micros, st.integers(-4, 4), st.integers(-1, 1)
)
KEPT_US = st.sampled_from([3 * HOUR_US] * 9 + [2 * HOUR_US])


@st.composite
def _steps(draw):
    """Deeds, withdrawals of some of them, and moments at which is decided."""
    deeds = draw(st.lists(st.tuples(AT_US, KEPT_US, SENT), max_size=8))
    steps = [("add", number) for number in range(len(deeds))]
    if deeds:
        steps += draw(
            st.lists(st.tuples(st.just("withdraw"), st.integers(0, len(deeds) - 1), AT_US), max_size=2)
        )
    steps += [("decide", at_us) for at_us in draw(st.lists(AT_US, max_size=4))]
    return deeds, draw(st.permutations(steps))


def _deed(number, deed, withdrawn):
    at_us, kept_us, sent = deed
    key = bytes([number])
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)
    return Deed(at_us, at_us + kept_us, withdrawn.get(key, NEVER_US), KIND.item(sent, moment, ""), key)


@given(_steps())
def test_columns_tell_what_the_deeds_tell(steps):
    deeds, order = steps
    track, added = Track(), []
    withdrawn: dict[bytes, int] = {}
    for step in order:
        match step:
            case "add", number:
                added.append(number)
                track.add(_deed(number, deeds[number], withdrawn))
            case "withdraw", number, at_us:
                key = bytes([number])
                withdrawn[key] = min(at_us, withdrawn.get(key, at_us))
                track.withdraw(key, withdrawn[key])
            case "decide", at_us:
                _check(track, [_deed(number, deeds[number], withdrawn) for number in added], at_us)
    _check(track.copy(), [_deed(number, deeds[number], withdrawn) for number in added], NOON_US)


def _check(track, deeds, at_us, zone="UTC"):
    """Against deeds laid anew, of which nothing was worked out before."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)
    when = When(moment, zone, "")
    history = History({"events.visit": track})
    facts: dict[str, Fact] = {}
    remember(facts, POLICY.rememberers, history, when)
    for reader in POLICY.rememberers.every:
        items = items_in(Track(deeds), reader.window, when)
        assert facts.get(reader.name) == reader.worker.fact({}, {"events.visit": items}), reader.name


@pytest.mark.parametrize("added", [0, 1])
def test_a_copy_leaves_the_track_as_it_is(added):
    track = Track([_deed(0, (NOON_US, 3 * HOUR_US, {"clicks": 1}), {})])
    when = When(NOON + timedelta(minutes=1), "UTC", "")
    copied = track.copy()
    for number in range(added):
        copied.add(_deed(number + 1, (NOON_US + 1, 3 * HOUR_US, {"clicks": 4}), {}))
    copied.withdraw(bytes([0]), NOON_US)
    assert _clicks(copied, when) == 4 * added
    assert _clicks(track, when) == 1


def _clicks(track, when):
    facts: dict[str, Fact] = {}
    remember(facts, POLICY.rememberers, History({"events.visit": track}), when)
    return facts["customer.clicks_ever"]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_what_came_out_stands_until_the_microsecond_at_which_it_changes(zone):
    deeds = [
        _deed(0, (NOON_US - 11 * HOUR_US, 30 * HOUR_US, {"clicks": 1, "page": "cars"}), {}),
        _deed(1, (NOON_US, 30 * HOUR_US, {"clicks": 5, "page": "loans", "spent": "0.10"}), {}),
        # A sum and a least cannot tell what this one counts for.
        _deed(2, (NOON_US + 2 * HOUR_US, 30 * HOUR_US, {"page": "news"}), {}),
    ]
    track = Track(deeds)
    edges_us = sorted(
        {
            NOON_US + hours * HOUR_US + micros
            for hours in (-11, 0, 1, 2, 3, 10, 12, 19, 30, 32)
            for micros in (-1, 0, 1)
        }
    )
    for at_us in [*edges_us, *reversed(edges_us)]:
        _check(track, deeds, at_us, zone)
        _check(track, deeds, at_us, "UTC")


def test_one_who_did_nothing_is_read_by_the_rules_in_force():
    when = When(NOON, "UTC", "")
    earlier: dict[str, Fact] = {}
    later: dict[str, Fact] = {}
    remember(earlier, POLICY.rememberers, NO_HISTORY, when)
    remember(later, _policy({"count": "any: true", "any": "count: true"}).rememberers, NO_HISTORY, when)
    assert (earlier["customer.count_ever"], earlier["customer.any_ever"]) == (0, False)
    assert later["customer.count_ever"] is False
    assert later["customer.any_ever"] == 0
    assert later["customer.any_ever"] is not False
