"""What the process log says of events."""

from datetime import UTC, datetime

import pytest
from tests.clock import Clock

from maitred.core.trace import TraceContext
from maitred.engine.errors import Code
from maitred.engine.ports.observer import BatchCommitted, CallFailed, RulesetLoaded, RulesetRefused
from maitred.telemetry.process_log.narrate import CALLS_PER_CODE_AND_SECOND, Narrator


@pytest.fixture
def clock():
    return Clock(100.0)


@pytest.fixture
def narrator(log, clock):
    return Narrator(log, clock)


def test_a_loaded_ruleset(narrator, log):
    narrator.tell(RulesetLoaded("ab", "v1", "c0ffee", 3, 0.12345, datetime(2026, 11, 3, tzinfo=UTC)))
    expected = {"ruleset": "ab", "version": "v1", "commit": "c0ffee", "actions": 3, "seconds": 0.123}
    assert log.lines == [("info", "ruleset_loaded", expected)]


def test_a_refused_ruleset_with_all_its_faults(narrator, log):
    narrator.tell(RulesetRefused("rules/", ("a", "b"), "ab"))
    assert log.lines == [
        ("error", "ruleset_refused", {"source": "rules/", "in_force": "ab", "faults": ("a", "b")})
    ]


def test_decisions_and_batches_are_not_for_the_process_log(narrator, log, decision):
    narrator.tell(decision())
    narrator.tell(BatchCommitted(1, 2, 0.1))
    assert log.lines == []


def test_a_fault_of_ours_has_its_id_its_trace_and_its_traceback(narrator, log):
    cause = ValueError("no")
    caller = TraceContext("4b" * 16, "00f067aa0ba902b7", sampled=True)
    narrator.tell(CallFailed("a.B/C", None, 0.25, "e-1", caller, "INTERNAL", cause))
    ((level, fields),) = log.of("call_failed")
    assert level == "error"
    assert fields == {
        "method": "a.B/C",
        "code": "INTERNAL",
        "status": "INTERNAL",
        "error_id": "e-1",
        "trace_id": "4b" * 16,
        "seconds": 0.25,
        "held_back": 0,
        "cause": None,
        "exception": "builtins.ValueError",
    }


@pytest.mark.parametrize("code", Code)
def test_the_level_says_whose_fault_it_is(narrator, log, code):
    narrator.tell(CallFailed("a.B/C", code, 0.25))
    ((level, fields),) = log.of("call_failed")
    assert level == ("info" if code in {Code.MALFORMED, Code.NOT_FOUND, Code.OTHER_CONTENT} else "warning")
    assert fields["code"] == code.name
    assert "error_id" not in fields


def test_why_the_store_is_down_is_said(narrator, log):
    narrator.tell(CallFailed("a.B/C", Code.STORE_DOWN, 0.25, detail="no room left"))
    assert log.of("call_failed")[0][1]["detail"] == "no room left"


def test_every_error_id_that_a_caller_has_is_in_the_log(narrator, log):
    ids = [f"e-{number}" for number in range(3 * CALLS_PER_CODE_AND_SECOND)]
    for error_id in ids:
        narrator.tell(CallFailed("a.B/C", None, 0.0, error_id, cause=ValueError("no")))
    assert [fields["error_id"] for _, _, fields in log.lines] == ids
    assert len(log.of("call_failed")) == CALLS_PER_CODE_AND_SECOND


def test_a_flood_is_a_trickle_in_the_log_and_its_size_is_said(narrator, log, clock):
    for _ in range(1_000):
        narrator.tell(CallFailed("a.B/C", Code.MALFORMED, 0.0))
    assert len(log.lines) == CALLS_PER_CODE_AND_SECOND
    narrator.tell(CallFailed("a.B/C", Code.OVERLOADED, 0.0))
    assert log.lines[-1][2]["code"] == "OVERLOADED"
    clock.now += 1
    narrator.tell(CallFailed("a.B/C", Code.MALFORMED, 0.0))
    narrator.tell(CallFailed("a.B/C", Code.MALFORMED, 0.0))
    assert [fields["held_back"] for _, _, fields in log.lines[-2:]] == [1_000 - CALLS_PER_CODE_AND_SECOND, 0]


def test_a_fault_of_ours_is_told_by_where_it_came_from_and_not_by_its_text(log):
    def fail(value):
        try:
            return {}[value]
        except KeyError as error:
            raise ValueError(value) from error

    canary = "ann@example.com"
    with pytest.raises(ValueError, match=canary) as raised:
        fail(canary)
    Narrator(log).tell(CallFailed("a.B/C", None, 0.0, "e-1", cause=raised.value))
    ((level, fields),) = log.of("call_failed")
    assert level == "error"
    assert "builtins.ValueError\nwhich came after:\n" in fields["exception"]
    assert fields["exception"].endswith("builtins.KeyError")
    assert ", in fail" in fields["exception"]
    assert canary not in str(fields)
