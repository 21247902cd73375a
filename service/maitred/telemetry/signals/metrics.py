"""Events to metrics. Attributes are few and from small sets: never an id."""

from opentelemetry.metrics import Meter

from maitred.engine.ports.observer import (
    BatchCommitted,
    CallFailed,
    CallsRefused,
    ClaimMoved,
    DecisionMade,
    Event,
    HoldsExpired,
    LimitsSeen,
    RulesetLoaded,
    RulesetRefused,
    TransportChosen,
)

from . import names
from .instruments import Few, Tally, histogram
from .limits import LimitMetrics
from .spans import error_type, status_of

# From a tenth of a millisecond, where a decision that waits for nobody lies, to ten seconds.
DURATION_BOUNDS_SECONDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025),
    *(0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
# What the conventions advise for rpc.server.call.duration.
RPC_BOUNDS_SECONDS = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25),
    *(0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
SIZE_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

CHANNELS_MAX = 32
"""A ruleset may name any number; businesses have a dozen."""


class Metrics:
    """Every instrument of the service; for one thread."""

    def __init__(self, meter: Meter) -> None:
        self._decisions = Tally(meter.create_counter("maitred.decisions", "{decision}", "Decisions answered"))
        self._refusals = Tally(
            meter.create_counter("maitred.refusals", "{refusal}", "Refusals told of, by reason")
        )
        self._failed = Tally(
            meter.create_counter("maitred.calls.failed", "{call}", "Calls answered with an error")
        )
        self._transport = Tally(
            meter.create_counter("maitred.transport", "{server}", "Servers started, by their transport")
        )
        self._loads = Tally(
            meter.create_counter("maitred.ruleset.loads", "{load}", "Rulesets loaded or refused")
        )
        self._lost = Tally(
            meter.create_counter("maitred.telemetry.dropped", "{item}", "Telemetry that was lost")
        )
        for what in (names.EVENTS, names.SPANS, names.LOGS):
            self.lost(what, names.QUEUE_FULL, 0)
        self._limits = LimitMetrics(meter)
        self._channels = Few(CHANNELS_MAX)
        self._rpc = histogram(
            meter, "rpc.server.call.duration", "s", "Duration of incoming calls", RPC_BOUNDS_SECONDS
        )
        self._decision = histogram(
            meter, "maitred.decision.duration", "s", "Duration of decisions", DURATION_BOUNDS_SECONDS
        )
        self._commit = histogram(
            meter, "maitred.commit.duration", "s", "Duration of commits", DURATION_BOUNDS_SECONDS
        )
        self._size = histogram(
            meter, "maitred.batch.size", "{decision}", "Decisions per transaction", SIZE_BOUNDS
        )
        self._depth = histogram(
            meter, "maitred.queue.depth", "{call}", "Calls waiting when a batch committed", SIZE_BOUNDS
        )

    def record(self, event: Event) -> None:
        """Takes an event in."""
        if isinstance(event, DecisionMade):
            self._decided(event)
        elif isinstance(event, BatchCommitted):
            self._size(event.size, {})
            self._depth(event.waiting, {})
            self._commit(event.commit_seconds, {})
        elif isinstance(event, CallFailed):
            self._call_failed(event)
        elif isinstance(event, CallsRefused):
            method = (names.METHOD, names.method(event.method))
            self._failed.add((method, (names.CODE, event.code.name)), event.count)
        elif isinstance(event, TransportChosen):
            self._transport.add(((names.TRANSPORT, event.transport), (names.FALLBACK, bool(event.fault))))
        elif isinstance(event, ClaimMoved):
            self._claim_moved(event)
        elif isinstance(event, HoldsExpired):
            self._limits.expired(event)
        elif isinstance(event, LimitsSeen):
            self._limits.seen(event)
        elif isinstance(event, RulesetLoaded | RulesetRefused):
            self._loads.add(((names.LOAD, type(event).__name__.removeprefix("Ruleset").lower()),))

    def _decided(self, event: DecisionMade) -> None:
        channel = self._channels.label(names.channel(event.channel))
        seconds = max(0, event.ended_ns - event.started_ns) / 1e9
        self._decisions.add(
            (
                (names.CHANNEL, channel),
                (names.RULESET_VERSION, names.plain(event.ruleset_version)),
                (names.RESULT, names.PROPOSED if event.proposals else names.NOTHING),
                (names.REPLAYED, event.replayed),
                (names.DRY_RUN, event.dry_run),
            )
        )
        for reason, count in event.refusals.items():
            self._refusals.add(((names.REASON, reason.name),), count)
        self._limits.decided(event)
        self._decision(seconds, {names.CHANNEL: channel})
        self._rpc(seconds, {names.SYSTEM: "grpc", names.METHOD: names.DECIDE, names.STATUS: "OK"})

    def _claim_moved(self, event: ClaimMoved) -> None:
        self._limits.claim_moved(event)
        seconds = max(0, event.ended_ns - event.started_ns) / 1e9
        self._rpc(
            seconds, {names.SYSTEM: "grpc", names.METHOD: names.of_claims(event.method), names.STATUS: "OK"}
        )

    def _call_failed(self, event: CallFailed) -> None:
        method = names.method(event.method)
        code = event.code.name if event.code else "INTERNAL"
        self._failed.add(((names.METHOD, method), (names.CODE, code)))
        attributes = {names.SYSTEM: "grpc", names.METHOD: method, names.ERROR_TYPE: error_type(event)}
        if status := status_of(event):
            attributes[names.STATUS] = status
        self._rpc(max(0.0, event.seconds), attributes)

    def lost(self, what: str, cause: str, count: int) -> None:
        """Counts telemetry that will not arrive. A count of 0 makes the series exist."""
        self._lost.add(((names.LOST, what), (names.CAUSE, cause)), count)

    def flush(self) -> None:
        """Shows what was tallied to the next collection."""
        for tally in (
            self._decisions,
            self._refusals,
            self._failed,
            self._loads,
            self._transport,
            self._lost,
        ):
            tally.flush()
        self._limits.flush()
