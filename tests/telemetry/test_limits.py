"""What is told of limits, claims and pauses."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from maitred.core.values.reasons import Reason
from maitred.engine.ports.observer import ClaimResult, Fullness, HoldsExpired, LimitsSeen, PauseChanged
from maitred.telemetry.observer import make_observer
from maitred.telemetry.process_log.narrate import Narrator
from maitred.telemetry.signals.limits import STALE_SECONDS, LimitMetrics
from maitred.telemetry.signals.metrics import CHANNELS_MAX

OVENS = "store-ovens"


@pytest.fixture
def export(receiver, log):
    """Sends events and waits until they have arrived."""

    def tell(*events):
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
        observer = make_observer(environ, log, instance_id="i-1")
        for event in events:
            observer.observe(event)
        observer.close()
        return receiver

    return tell


@pytest.fixture
def points(attributes):
    """The points of a metric: attributes in order of name, and the value."""

    def read(metrics, name):
        kind = metrics[name].WhichOneof("data")
        return sorted(
            (tuple(sorted(attributes(point).items())), getattr(point, point.WhichOneof("value")))
            for point in getattr(metrics[name], kind).data_points
        )

    return read


def test_claims_are_counted_by_action_and_what_came_of_them(export, claim, denied, points):
    redeemed = claim(method="Redeem", result=ClaimResult.REDEEMED)
    released = claim(method="Release", result=ClaimResult.RELEASED, replayed=True)
    metrics = export(claim(), claim(), denied, redeemed, released).metrics
    pizza = ("maitred.action", "free-pizza")
    first, again = ("maitred.replayed", False), ("maitred.replayed", True)
    assert points(metrics, "maitred.claims") == [
        ((pizza, ("maitred.reason", ""), first, ("maitred.result", "granted")), 2),
        ((pizza, ("maitred.reason", "CAPACITY_EXHAUSTED"), first, ("maitred.result", "denied")), 1),
    ]
    assert points(metrics, "maitred.claims.redeemed") == [((pizza, first), 1)]
    assert points(metrics, "maitred.claims.released") == [((pizza, again), 1)]
    methods = {dict(point[0])["rpc.method"] for point in _durations(metrics, "rpc.server.call.duration")}
    assert methods == {f"maitred.v1.DecisionService/{name}" for name in ("Claim", "Redeem", "Release")}


def _durations(metrics, name):
    for point in metrics[name].histogram.data_points:
        yield [(pair.key, pair.value.string_value) for pair in point.attributes], point.count


def test_refusals_are_counted_by_limit_and_a_retry_once(export, decision, denied, claim, points):
    limits = {(OVENS, Reason.CAPACITY_EXHAUSTED): 2, ("weekly", Reason.FREQUENCY_CAPPED): 1}
    again = claim(result=ClaimResult.DENIED, reason=Reason.PACED, limit=OVENS, replayed=True)
    metrics = export(decision(limits=limits), decision(limits=limits, replayed=True), denied, again).metrics
    assert points(metrics, "maitred.limit.refusals") == [
        (_refusal(OVENS, "CAPACITY_EXHAUSTED", "claimed"), 1),
        (_refusal(OVENS, "CAPACITY_EXHAUSTED", "decided"), 2),
        (_refusal("weekly", "FREQUENCY_CAPPED", "decided"), 1),
    ]


def _refusal(limit, reason, step):
    return ("maitred.limit", limit), ("maitred.reason", reason), ("maitred.refused_at", step)


def test_expired_holds_fullness_and_pauses(export, points):
    current = LimitsSeen((Fullness(OVENS, 0.75, 0), Fullness("budget", 1.0, 1)), 2)
    old = LimitsSeen((Fullness("gone", 0.5, 0),), 0)
    metrics = export(
        HoldsExpired({"free-pizza": 2, "bread": 1}), HoldsExpired({"bread": 1}), old, current
    ).metrics
    assert points(metrics, "maitred.holds.expired") == [
        ((("maitred.action", "bread"),), 2),
        ((("maitred.action", "free-pizza"),), 2),
    ]
    assert points(metrics, "maitred.limit.used_ratio") == [
        ((("maitred.limit", "budget"),), 1.0),
        ((("maitred.limit", OVENS),), 0.75),
    ]
    assert points(metrics, "maitred.limit.exhausted") == [
        ((("maitred.limit", "budget"),), 1),
        ((("maitred.limit", OVENS),), 0),
    ]
    assert points(metrics, "maitred.actions.paused") == [((), 2)]


def test_a_claim_is_a_span_in_the_caller_s_trace(export, denied, attributes):
    (span,) = export(denied).spans
    assert span.name == "maitred.v1.DecisionService/Claim"
    assert span.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    assert span.end_time_unix_nano - span.start_time_unix_nano == 2_500_000
    assert attributes(span) == {
        "rpc.system.name": "grpc",
        "rpc.method": "maitred.v1.DecisionService/Claim",
        "rpc.response.status_code": "OK",
        "maitred.decision.id": "0123456789abcdef0123456789abcdef",
        "maitred.batch.size": 3,
        "maitred.step.commit.duration": 0.002,
        "maitred.action": "free-pizza",
        "maitred.result": "denied",
        "maitred.replayed": False,
        "maitred.reason": "CAPACITY_EXHAUSTED",
        "maitred.limit": OVENS,
    }


def test_a_claim_without_a_trace_is_a_root_of_its_own(export, claim):
    one, other = export(claim(trace=None), claim(trace=None)).spans
    assert one.trace_id != other.trace_id
    assert one.parent_span_id == b""


def test_a_claim_and_a_pause_are_events(export, claim, attributes):
    pause = PauseChanged("free-pizza", paused=True)
    moved, paused = export(claim(), pause).records
    assert (moved.event_name, paused.event_name) == ("maitred.claim", "maitred.action.paused")
    assert attributes(moved) == {
        "maitred.decision.id": "0123456789abcdef0123456789abcdef",
        "maitred.action": "free-pizza",
        "maitred.result": "granted",
        "maitred.replayed": False,
    }
    assert attributes(paused) == {
        "maitred.action": "free-pizza",
        "maitred.paused": True,
        "maitred.paused_by": "operator",
    }


def test_the_process_log_says_what_was_paused(log):
    narrator = Narrator(log)
    narrator.tell(PauseChanged("free-pizza", paused=True))
    narrator.tell(PauseChanged("bread", paused=True, by_guard=True))
    narrator.tell(PauseChanged("free-pizza", paused=False))
    assert log.lines == [
        ("warning", "action_paused", {"action": "free-pizza", "by": "operator"}),
        ("warning", "action_paused", {"action": "bread", "by": "guard"}),
        ("info", "action_resumed", {"action": "free-pizza"}),
    ]


def test_channels_that_callers_make_up_are_one_label(export, decision, points):
    made_up = [decision(channel=f"channel-{number}") for number in range(CHANNELS_MAX + 5)]
    metrics = export(*made_up, decision(channel="channel-0")).metrics
    counts = {dict(key)["maitred.channel"]: count for key, count in points(metrics, "maitred.decisions")}
    assert len(counts) == CHANNELS_MAX + 1
    assert (counts["_OTHER"], counts["channel-0"]) == (5, 2)


def test_what_was_seen_long_ago_is_not_shown():
    reader, now = InMemoryMetricReader(), [100.0]
    provider = MeterProvider([reader])
    metrics = LimitMetrics(provider.get_meter("test"), lambda: now[0])
    metrics.seen(LimitsSeen((Fullness(OVENS, 0.5, 0),), 1))
    assert "maitred.limit.used_ratio" in _names(reader)
    now[0] += STALE_SECONDS
    assert not _names(reader)
    provider.shutdown()


def _names(reader):
    data = reader.get_metrics_data()
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
    return {metric.name for scope in scopes for metric in scope.metrics if metric.data.data_points}
