"""A hand-written engine and a real server on the loopback."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from maitred.core.decisions import Explain, Proposal, Refusal, RenderedTreatment
from maitred.core.reasons import Reason
from maitred.core.rules import ActionType
from maitred.engine.calls import Answer, DecideCall, RecordView
from maitred.engine.errors import CallError, Code
from maitred.engine.observer import Event
from maitred.rpc.server import Server
from maitred.v1.decision_pb2_grpc import DecisionServiceStub

DECIDED_AT = datetime(2026, 12, 1, 11, 30, 0, 123456, tzinfo=UTC)


def answer_to(call: DecideCall) -> Answer:
    treatment = RenderedTreatment("Free pizza", ("There is a free pizza for you.",), "FREE PIZZA")
    proposals = tuple(
        Proposal(f"offer-{rank}", rank, 5.0 - rank, ActionType.OFFER, treatment)
        for rank in range(1, call.max_actions + 1)
    )
    refusals = (Refusal("tea", Reason.NOT_ELIGIBLE, "adults", "needs customer.age >= 18, is 12"),)
    return Answer(
        decision_id=f"d-{call.request_id}",
        ruleset="ab" * 32,
        proposals=proposals,
        decided_at=call.at or DECIDED_AT,
        refusals=refusals if call.explain else (),
        why=tuple(("because",) for _ in proposals) if call.explain else (),
        trace_id=call.trace.trace_id if call.trace else "",
    )


@dataclass
class FakeEngine:
    """Answers at once, unless ``before`` does something first."""

    before: Callable[[DecideCall], object] = lambda _call: None
    is_ready: bool = True
    calls: list[DecideCall] = field(default_factory=list)

    def decide(self, call: DecideCall) -> Answer:
        self.calls.append(call)
        self.before(call)
        return answer_to(call)

    def get_decision(self, decision_id: str, explain: Explain) -> RecordView:
        if not decision_id.startswith("d-"):
            raise CallError(Code.NOT_FOUND, f"no decision `{decision_id}`")
        call = DecideCall(decision_id[2:], "c", "pos", "s", {}, b"", 2, explain)
        return RecordView(
            answer_to(call),
            call.request_id,
            "c",
            "pos",
            "s",
            2,
            b'{"customer.age":41}',
            ("vip",),
            "v7",
            "c0ffee",
        )

    def ready(self) -> bool:
        return self.is_ready


@dataclass
class FakeObserver:
    """Keeps what it is told."""

    tracing: bool = False
    events: list[Event] = field(default_factory=list)

    def observe(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        pass


class Gate:
    """Holds every decision until it is opened."""

    def __init__(self) -> None:
        self._open, self._count, self._arrived = threading.Event(), 0, threading.Condition()

    def __call__(self, _call: DecideCall) -> None:
        with self._arrived:
            self._count += 1
            self._arrived.notify_all()
        assert self._open.wait(20)

    def open(self) -> None:
        self._open.set()

    def await_arrivals(self, count: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._count >= count, 10)


@dataclass
class Running:
    """A server that runs, with what stands behind it and a channel to it."""

    server: Server
    address: str
    engine: FakeEngine
    observer: FakeObserver
    channel: grpc.Channel

    @property
    def stub(self) -> Any:
        return DecisionServiceStub(self.channel)

    def raw(self, method: str) -> Any:
        """Bytes in, bytes out."""
        return self.channel.unary_unary(f"/maitred.v1.DecisionService/{method}")


Serve = Callable[..., Running]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers; stops them at the end."""
    running: list[Running] = []

    def start(
        *, engine: FakeEngine | None = None, tracing: bool = False, listen: str = "127.0.0.1:0", **more: Any
    ) -> Running:
        engine, observer = engine or FakeEngine(), FakeObserver(tracing)
        server = Server(listen, engine, observer, **{"notice_seconds": 0.0, **more})
        address = server.start()
        channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        running.append(Running(server, address, engine, observer, channel))
        return running[-1]

    yield start
    for one in running:
        one.channel.close()
        one.server.drain(2.0)


@pytest.fixture
def running(serve: Serve) -> Running:
    return serve()


@pytest.fixture
def engine_of() -> type[FakeEngine]:
    return FakeEngine


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def answer() -> Answer:
    """An answer with one of everything."""
    call = DecideCall("r", "c", "pos", "s", {}, b"", 2, Explain.EXPLAIN_FULL)
    return answer_to(call)._replace(degraded=True, trace_id="ab" * 16)


@pytest.fixture
def status_of() -> Callable[[Callable[[], object]], grpc.RpcError]:
    """The error a call ends with."""

    def status(call: Callable[[], object]) -> Any:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        return caught.value

    return status
