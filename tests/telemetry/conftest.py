"""An OTLP receiver, and values to send to it."""

import os
from dataclasses import replace
from types import MappingProxyType

import pytest
from tests.recording import RecordingLog

from maitred.core.trace import TraceContext
from maitred.core.values.reasons import Reason
from maitred.engine.ports.observer import ClaimMoved, ClaimResult, DecisionMade


@pytest.fixture
def log():
    return RecordingLog()


@pytest.fixture
def decision():
    """Makes decisions; what is not said is that of a usual one."""
    usual = DecisionMade(
        decision_id="0123456789abcdef0123456789abcdef",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        span_id="00f067aa0ba902b7",
        parent=TraceContext(
            "4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=True, state="vendor=one,rojo=2"
        ),
        ruleset="ab" * 32,
        ruleset_version="2026-11",
        channel="pos",
        location_id="store-7",
        proposals=("free-pizza", "half-price-wednesday"),
        refusals=MappingProxyType({Reason.NOT_ELIGIBLE: 3, Reason.NOT_LIVE: 2}),
        candidates=4,
        replayed=False,
        dry_run=False,
        batch_size=5,
        started_ns=1_700_000_000_000_000_000,
        ended_ns=1_700_000_000_002_500_000,
        step_seconds=MappingProxyType({"match": 0.0001, "wait": 0.0004, "commit": 0.002}),
    )
    return lambda **changes: replace(usual, **changes)


@pytest.fixture
def claim():
    """Makes claims that moved; what is not said is that of a usual one."""
    usual = ClaimMoved(
        method="Claim",
        result=ClaimResult.GRANTED,
        action="free-pizza",
        decision_id="0123456789abcdef0123456789abcdef",
        reason=None,
        limit="",
        replayed=False,
        trace=TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331", sampled=True),
        batch_size=3,
        started_ns=1_700_000_000_000_000_000,
        ended_ns=1_700_000_000_002_500_000,
        commit_seconds=0.002,
    )
    return lambda **changes: replace(usual, **changes)


@pytest.fixture
def denied(claim):
    """A claim that was denied."""
    return claim(result=ClaimResult.DENIED, reason=Reason.CAPACITY_EXHAUSTED, limit="store-ovens")


@pytest.fixture
def attributes():
    """The attributes of anything that came over OTLP, as a dict."""

    def read(value):
        kind = value.WhichOneof("value")
        if kind == "array_value":
            return [read(item) for item in value.array_value.values]
        return getattr(value, kind)

    return lambda thing: {pair.key: read(pair.value) for pair in thing.attributes}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    """The exporters read the process's own environment, which must not reach into the tests."""
    for name in [name for name in os.environ if name.startswith(("OTEL_", "MAITRED_"))]:
        monkeypatch.delenv(name)
