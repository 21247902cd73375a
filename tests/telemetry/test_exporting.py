"""What arrives at a real OTLP receiver."""

import time
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from maitred.core.trace import TraceContext
from maitred.core.values.reasons import Reason
from maitred.engine.errors import Code
from maitred.engine.ports.observer import BatchCommitted, CallFailed, RulesetLoaded, RulesetRefused
from maitred.telemetry.observer import make_observer

SERVER = 2
ERROR = 2


def export(receiver, log, *events, **environ):
    """Sends events through an observer and waits until it has closed."""
    observer = make_observer(
        {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, **environ}, log, instance_id="i-1"
    )
    assert observer.tracing
    for event in events:
        observer.observe(event)
    observer.close()


def test_a_decision_is_a_span_with_the_ids_and_times_of_the_event(receiver, log, decision, attributes):
    export(receiver, log, decision())
    (span,) = receiver.spans
    assert span.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.span_id.hex() == "00f067aa0ba902b7"
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    assert span.trace_state == "vendor=one,rojo=2"
    assert span.name == "maitred.v1.DecisionService/Decide"
    assert span.kind == SERVER
    assert span.status.code == 0
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (
        1_700_000_000_000_000_000,
        1_700_000_000_002_500_000,
    )
    assert attributes(span) == {
        "rpc.system.name": "grpc",
        "rpc.method": "maitred.v1.DecisionService/Decide",
        "rpc.response.status_code": "OK",
        "maitred.decision.id": "0123456789abcdef0123456789abcdef",
        "maitred.ruleset.hash": "ab" * 32,
        "maitred.ruleset.version": "2026-11",
        "maitred.channel": "pos",
        "maitred.location.id": "store-7",
        "maitred.proposals": ["free-pizza", "half-price-wednesday"],
        "maitred.candidates": 4,
        "maitred.batch.size": 5,
        "maitred.replayed": False,
        "maitred.dry_run": False,
        "maitred.refusals.not_eligible": 3,
        "maitred.refusals.not_live": 2,
        "maitred.step.match.duration": 0.0001,
        "maitred.step.wait.duration": 0.0004,
        "maitred.step.commit.duration": 0.002,
    }


def test_a_decision_without_a_caller_s_context_is_a_root(receiver, log, decision):
    export(receiver, log, decision(parent=None))
    (span,) = receiver.spans
    assert span.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.span_id.hex() == "00f067aa0ba902b7"
    assert span.parent_span_id == b""
    assert span.trace_state == ""


def test_the_resource_names_the_service(receiver, log, decision, attributes):
    export(receiver, log, decision(), OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test%20bed")
    for request, of in (
        ("spans", "resource_spans"),
        ("metrics", "resource_metrics"),
        ("logs", "resource_logs"),
    ):
        (resource,) = {
            tuple(sorted((k, str(v)) for k, v in attributes(part.resource).items()))
            for sent in receiver.requests[request]
            for part in getattr(sent, of)
        }
        fields = dict(resource)
        assert fields["service.name"] == "maitred"
        assert fields["service.version"] == version("maitred")
        assert fields["service.instance.id"] == "i-1"
        assert fields["deployment.environment.name"] == "test bed"


def test_a_decision_is_one_evaluation_event_in_its_trace(receiver, log, decision, attributes):
    export(receiver, log, decision())
    (record,) = receiver.records
    assert record.event_name == "feature_flag.evaluation"
    assert record.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert record.span_id.hex() == "00f067aa0ba902b7"
    assert record.flags & 1
    assert record.time_unix_nano == 1_700_000_000_002_500_000
    assert attributes(record) == {
        "feature_flag.key": "free-pizza",
        "feature_flag.result.variant": "proposed",
        "feature_flag.result.reason": "targeting_match",
        "feature_flag.version": "ab" * 32,
        "feature_flag.set.id": "2026-11",
        "feature_flag.provider.name": "maitred",
        "maitred.decision.id": "0123456789abcdef0123456789abcdef",
        "maitred.channel": "pos",
        "maitred.proposals": ["free-pizza", "half-price-wednesday"],
        "maitred.dry_run": False,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("free-pizza", "proposed", "targeting_match")),
        ({"replayed": True}, ("free-pizza", "proposed", "cached")),
        ({"proposals": ()}, ("_NONE", "nothing", "default")),
    ],
)
def test_the_evaluation_says_how_it_came_about(receiver, log, decision, attributes, changes, expected):
    export(receiver, log, decision(**changes))
    fields = attributes(receiver.records[0])
    names = ("feature_flag.key", "feature_flag.result.variant", "feature_flag.result.reason")
    assert tuple(fields[name] for name in names) == expected


def test_metrics_have_their_units_and_values(receiver, log, decision, attributes):
    export(
        receiver,
        log,
        decision(),
        decision(proposals=(), channel="mobile", refusals={Reason.NOT_ELIGIBLE: 4}),
        BatchCommitted(size=2, waiting=7, commit_seconds=0.003),
        CallFailed("/maitred.v1.DecisionService/Decide", Code.MALFORMED, 0.25, status="INVALID_ARGUMENT"),
        RulesetLoaded("ab" * 32, "2026-11", "c0ffee", 1000, 0.5, datetime(2026, 11, 3, tzinfo=UTC)),
        RulesetRefused("rules/", ("a.yaml:1:1: error: no",), "ab" * 32),
    )
    metrics = receiver.metrics

    def points(name, kind="sum"):
        return {
            frozenset(attributes(point).items()): point for point in getattr(metrics[name], kind).data_points
        }

    def counts(name):
        return {key: point.as_int for key, point in points(name).items()}

    def histogram(name, unit):
        assert metrics[name].unit == unit
        return {key: (point.count, point.sum) for key, point in points(name, "histogram").items()}

    usual = {"maitred.ruleset.version": "2026-11", "maitred.replayed": False, "maitred.dry_run": False}
    method = {"rpc.system.name": "grpc", "rpc.method": "maitred.v1.DecisionService/Decide"}
    failed = {"rpc.response.status_code": "INVALID_ARGUMENT", "error.type": "INVALID_ARGUMENT"}
    assert counts("maitred.decisions") == {
        frozenset({**usual, "maitred.channel": "pos", "maitred.result": "proposed"}.items()): 1,
        frozenset({**usual, "maitred.channel": "mobile", "maitred.result": "nothing"}.items()): 1,
    }
    assert counts("maitred.refusals") == {
        frozenset({("maitred.reason", "NOT_ELIGIBLE")}): 7,
        frozenset({("maitred.reason", "NOT_LIVE")}): 2,
    }
    assert counts("maitred.calls.failed") == {
        frozenset({("rpc.method", method["rpc.method"]), ("maitred.code", "MALFORMED")}): 1
    }
    assert counts("maitred.ruleset.loads") == {
        frozenset({("maitred.load", "loaded")}): 1,
        frozenset({("maitred.load", "refused")}): 1,
    }
    assert histogram("rpc.server.call.duration", "s") == {
        frozenset({**method, "rpc.response.status_code": "OK"}.items()): (2, pytest.approx(0.005)),
        frozenset({**method, **failed}.items()): (1, 0.25),
    }
    assert histogram("maitred.decision.duration", "s") == {
        frozenset({("maitred.channel", "pos")}): (1, 0.0025),
        frozenset({("maitred.channel", "mobile")}): (1, 0.0025),
    }
    assert histogram("maitred.batch.size", "{decision}") == {frozenset(): (1, 2)}
    assert histogram("maitred.queue.depth", "{call}") == {frozenset(): (1, 7)}
    assert histogram("maitred.commit.duration", "s") == {frozenset(): (1, 0.003)}


def test_the_metric_of_losses_is_there_before_anything_is_lost(receiver, log, decision):
    export(receiver, log, decision())
    points = receiver.metrics["maitred.telemetry.dropped"].sum.data_points
    assert points
    assert all(point.as_int == 0 for point in points)


def test_ids_of_decisions_and_locations_are_in_no_metric(receiver, log, decision):
    export(receiver, log, decision(decision_id="d-secret", location_id="l-secret"))
    sent = "".join(str(request) for request in receiver.requests["metrics"])
    assert "maitred.decisions" in sent
    assert "secret" not in sent


def test_a_flood_of_names_makes_no_flood_of_series(receiver, log, decision):
    metrics_only = {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    export(receiver, log, *(decision(channel=f"c{number}") for number in range(3_000)), **metrics_only)
    points = receiver.metrics["maitred.decisions"].sum.data_points
    assert len(points) <= 2_001
    assert sum(point.as_int for point in points) == 3_000


@pytest.mark.parametrize(
    ("call", "status", "error_type"),
    [
        (CallFailed("/a.B/C", Code.MALFORMED, 0.5, status="INVALID_ARGUMENT"), 0, "INVALID_ARGUMENT"),
        (CallFailed("a.B/C", Code.STORE_DOWN, 0.5, status="UNAVAILABLE"), ERROR, "UNAVAILABLE"),
        (CallFailed("a.B/C", Code.OVERLOADED, 0.5), 0, "OVERLOADED"),
        (CallFailed("a.B/C", None, 0.5, "e-1", cause=ValueError("secret")), ERROR, "INTERNAL"),
    ],
)
def test_a_failed_call_is_a_span_and_an_event(receiver, log, attributes, call, status, error_type):
    before_ns = time.time_ns()
    export(receiver, log, call)
    (span,), (record,) = receiver.spans, receiver.records
    assert span.name == "a.B/C"
    assert span.status.code == status
    assert attributes(span)["error.type"] == attributes(record)["error.type"] == error_type
    assert attributes(span).get("maitred.error.id", "") == call.error_id
    assert span.end_time_unix_nano - span.start_time_unix_nano == 500_000_000
    assert before_ns <= span.end_time_unix_nano <= time.time_ns()
    assert record.event_name == "maitred.call.failed"
    assert (record.trace_id, record.span_id) == (span.trace_id, span.span_id)
    assert "secret" not in str(receiver.requests)


def test_a_failed_call_is_in_its_caller_s_trace(receiver, log):
    caller = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=True)
    export(receiver, log, CallFailed("a.B/C", Code.RETRY, 0.1, trace=caller))
    (span,) = receiver.spans
    assert span.trace_id.hex() == caller.trace_id
    assert span.parent_span_id.hex() == caller.span_id


def test_rulesets_are_events(receiver, log, attributes):
    at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    faults = tuple(f"a.yaml:{line}:1: error: no" for line in range(1, 100))
    export(
        receiver,
        log,
        RulesetLoaded("ab" * 32, "v", "c0ffee", 7, 0.5, at),
        RulesetRefused("rules/", faults, "ab" * 32),
    )
    loaded, refused = receiver.records
    assert (loaded.event_name, refused.event_name) == ("maitred.ruleset.loaded", "maitred.ruleset.refused")
    assert loaded.time_unix_nano == int(at.timestamp()) * 10**9
    assert attributes(loaded)["maitred.ruleset.actions"] == 7
    assert attributes(refused)["maitred.ruleset.fault_count"] == 99
    assert attributes(refused)["maitred.ruleset.faults"] == list(faults[:20])


def test_an_unsampled_caller_gets_metrics_and_an_event_but_no_span(receiver, log, decision):
    caller = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=False)
    export(receiver, log, decision(parent=caller))
    assert not receiver.spans
    assert receiver.metrics["maitred.decisions"].sum.data_points[0].as_int == 1
    assert receiver.records[0].trace_id.hex() == caller.trace_id
    assert not receiver.records[0].flags & 1


@pytest.mark.parametrize(
    ("sampler", "argument", "sampled_caller", "root"),
    [
        ("always_on", "", 2, 1),
        ("always_off", "", 0, 0),
        ("parentbased_always_off", "", 1, 0),
        ("traceidratio", "0", 0, 0),
        ("parentbased_traceidratio", "0", 1, 0),
        ("parentbased_traceidratio", "1", 1, 1),
        ("unheard of", "", 1, 1),
    ],
)
def test_the_sampler_is_the_standard_one(receiver, log, decision, sampler, argument, sampled_caller, root):
    def caller(sampled):
        return TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=sampled)

    events = (decision(parent=caller(True)), decision(parent=caller(False)), decision(parent=None))
    export(receiver, log, *events, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument)
    roots = [span for span in receiver.spans if not span.parent_span_id]
    assert (len(receiver.spans) - len(roots), len(roots)) == (sampled_caller, root)


def test_hostile_text_spoils_neither_its_batch_nor_the_wire(receiver, log, decision, attributes):
    export(receiver, log, decision(location_id="\ud800" + "x" * 100_000), decision(channel="kiosk"))
    assert len(receiver.spans) == len(receiver.records) == 2
    assert len(attributes(receiver.spans[0])["maitred.location.id"]) == 256


def test_an_event_that_cannot_be_told_ends_nothing(receiver, log, decision):
    export(receiver, log, decision(trace_id="not hex"), decision(trace_id="not hex"), decision())
    assert len(receiver.spans) == 1
    assert len(log.of("telemetry_fault")) == 1
    assert log.of("telemetry_dropped")[0][1] == {"events_fault": 2}


@pytest.mark.parametrize("off", ["traces", "metrics", "logs"])
def test_each_signal_can_be_switched_off(receiver, log, decision, off):
    export(receiver, log, decision(), **{f"OTEL_{off.upper()}_EXPORTER": "none"})
    kinds = {"traces": "spans"}
    for signal in ("traces", "metrics", "logs"):
        assert bool(receiver.requests[kinds.get(signal, signal)]) == (signal != off)


def test_one_signal_can_go_elsewhere(receiver, log, decision):
    observer = make_observer({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": receiver.endpoint}, log)
    assert observer.tracing
    observer.observe(decision())
    observer.close()
    assert receiver.metrics
    assert not receiver.spans
    assert not receiver.records


def test_headers_are_sent(receiver, log, decision, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k1")
    export(receiver, log, decision())
    assert all(sent["api-key"] == "k1" for sent in receiver.metadata)
