"""A hand-written engine and a real server on the loopback."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import grpc
import pytest
from tests.recording import RecordingObserver

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.deciding.decisions import Explain, Proposal, Refusal
from maitred.core.limits.limits import LimitKind
from maitred.core.privacy.purposes import Consent
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import Treatment
from maitred.core.values.reasons import Reason
from maitred.engine.calls import (
    Answer,
    ClaimAnswer,
    ClaimCall,
    ClaimsCall,
    ClaimsPage,
    ClaimState,
    ConsentView,
    CustomerView,
    DecideCall,
    Erased,
    EventAnswer,
    EventsCall,
    LimitsCall,
    LimitView,
    OpenClaim,
    OutcomeAnswer,
    OutcomesCall,
    RecordConsentCall,
    RecordView,
    SessionView,
    StepCall,
)
from maitred.engine.errors import CallError, Code
from maitred.engine.operating.results import (
    Adjusted,
    ArmCounts,
    Comparison,
    Estimate,
    Interval,
    PolicyValue,
    Results,
    ResultsCall,
)
from maitred.rpc.methods import Services
from maitred.rpc.server import Server
from maitred.rpc.transports.selection import Transport
from maitred.v1.decision_pb2_grpc import DecisionServiceStub
from maitred.v1.privacy_pb2_grpc import PrivacyServiceStub
from maitred.v1.ruleset_pb2_grpc import RulesetServiceStub

DECIDED_AT = datetime(2026, 12, 1, 11, 30, 0, 123456, tzinfo=UTC)
HELD_UNTIL = datetime(2026, 12, 1, 11, 50, 0, 123456, tzinfo=UTC)
HALF_PRICE = Proposal(
    "half-price",
    1,
    2.5,
    ActionType.OFFER,
    Treatment("Half price", ("Half price instead.",)),
    "pizza",
    HELD_UNTIL,
)


LOUD = Comparison("loud", 0.25, Interval(0.0, 0.5), 0.03, Interval(-0.25, 0.75))
RESULTS = Results(
    "words",
    "accepted",
    "control",
    [ArmCounts("control", 4, 5, 1, {"accepted": 1}, {}), ArmCounts("loud", 4, 9, 2, {}, {"PACED": 3})],
    [replace(LOUD, adjusted=Adjusted(0.125, Interval(0.0, 0.25), 0.5))],
    0.75,
    2,
    1,
    {"pos": [LOUD]},
    PolicyValue(
        8,
        4.5,
        2.0,
        Estimate(0.375, Interval(0.25, 0.5)),
        Estimate(0.5, Interval(0.125, 0.75)),
        Estimate(0.25, Interval(0.0, 1.0)),
        Estimate(0.4375, Interval(0.375, 0.5)),
        Estimate(0.0625, Interval(-0.125, 0.25)),
        Interval(-0.5, 0.75),
    ),
)


def answer_to(call: DecideCall) -> Answer:
    treatment = Treatment("Free pizza", ("There is a free pizza for you.",), "FREE PIZZA")
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


class FakeCommitter:
    """Commits tickets by doing what they hold; a fault is the ticket's."""

    def settle(self, tickets: Sequence[Any], _waiting: int) -> None:
        for ticket in tickets:
            ticket.commit()

    def complete(self, steps: Any) -> Any:
        try:
            while True:
                ticket = next(steps)
                ticket.commit()
                if ticket.error:
                    steps.throw(ticket.error)
        except StopIteration as end:
            return end.value


class FakeTicket:
    """Something to do while a batch commits."""

    def __init__(self, todo: Callable[[], Any]) -> None:
        self._todo, self.answer = todo, None
        self.error: Exception | None = None

    def commit(self) -> None:
        try:
            self.answer = self._todo()
        except Exception as error:  # noqa: BLE001
            self.error = error


def in_steps(todo: Callable[[Any], Any], call: Any) -> Iterator[Any]:
    """A call that is answered while its ticket is committed."""
    ticket = FakeTicket(lambda: todo(call))
    yield ticket
    return ticket.answer


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

    def deciding(self, call: DecideCall) -> Any:
        return in_steps(self.decide, call)

    def get_decision(self, decision_id: str, explain: Explain) -> RecordView:
        if not decision_id.startswith("d-"):
            raise CallError(Code.NOT_FOUND, "no such decision")
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
class FakeDesk:
    """Claims, limits and consents in memory; calls in order of arrival. ``before`` is called first."""

    units: int = 1
    before: Callable[[Any], object] = lambda _call: None
    calls: list[Any] = field(default_factory=list)
    claims: dict[str, tuple[ClaimCall, ClaimAnswer]] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    consents: dict[str, list[Consent]] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def claim(self, call: ClaimCall) -> ClaimAnswer:
        self._arrives(call)
        with self._lock:
            return self._claim(call)

    def _claim(self, call: ClaimCall) -> ClaimAnswer:
        known = self.claims.get(call.request_id)
        if known is not None and known[0][:3] != call[:3]:
            raise CallError(Code.OTHER_CONTENT, "this request was made before with other content")
        if known is None:
            denied = ClaimAnswer(False, "", None, Reason.CAPACITY_EXHAUSTED, "0 of 1 left", (HALF_PRICE,))
            answer = ClaimAnswer(True, f"c-{call.request_id}", HELD_UNTIL) if self.units else denied
            self.units -= answer.granted
            known = self.claims[call.request_id] = call, answer
        return known[1]

    def list_claims(self, call: ClaimsCall) -> ClaimsPage:
        self._arrives(call)
        words = Treatment(title="Free pizza", show="Yours")
        claim = OpenClaim("c-1", "free-pizza", words, HELD_UNTIL, "oslo-1", ClaimState.HELD)
        return ClaimsPage((claim,), "" if call.page_token else "more")

    def redeem(self, call: StepCall) -> None:
        self._arrives(call)

    def release(self, call: StepCall) -> None:
        self._arrives(call)

    def record_events(self, call: EventsCall) -> list[EventAnswer]:
        self._arrives(call)
        return [
            EventAnswer(one.event_id, bool(one.kind), "" if one.kind else "no kind") for one in call.events
        ]

    def record_outcomes(self, call: OutcomesCall) -> list[OutcomeAnswer]:
        self._arrives(call)
        return [
            OutcomeAnswer(one.outcome_id, True)
            if one.kind is OutcomeKind.PRESENTED
            else OutcomeAnswer(one.outcome_id, False, "was used for something else")
            for one in call.outcomes
        ]

    def claiming(self, call: ClaimCall) -> Any:
        return in_steps(self.claim, call)

    def redeeming(self, call: StepCall) -> Any:
        return in_steps(self.redeem, call)

    def releasing(self, call: StepCall) -> Any:
        return in_steps(self.release, call)

    def session(self, session_id: str, at: datetime | None) -> SessionView:
        self._arrives((session_id, at))
        return SessionView(session_id, (), (), ())

    def customer(self, customer_id: str, at: datetime | None) -> CustomerView:
        self._arrives((customer_id, at))
        return CustomerView(customer_id, (), (), (), ())

    def recording_events(self, call: Any) -> Any:
        return in_steps(self.record_events, call)

    def recording(self, call: OutcomesCall) -> Any:
        return in_steps(self.record_outcomes, call)

    def pause(self, action: str, by: str, cause: str) -> datetime:
        self._arrives((action, by, cause))
        self.paused.add(action)
        return DECIDED_AT

    def resume(self, action: str) -> bool:
        self._arrives(action)
        was_paused = action in self.paused
        self.paused.discard(action)
        return was_paused

    def limits(self, call: LimitsCall) -> list[LimitView]:
        self._arrives(call)
        at_oslo = "location oslo-1"
        return [
            LimitView(
                name="ovens",
                kind=LimitKind.CAPACITY,
                subject=at_oslo,
                window="day",
                counts="claimed",
                used=290,
                held=10,
                maximum=300,
                resets_at=DECIDED_AT,
                exhausted_at=HELD_UNTIL,
                actions=("pizza", "pasta"),
            ),
            LimitView("ovens/pace", LimitKind.PACE, at_oslo, "rolling 15m", "claimed", 0, 0, 0),
            LimitView("weekly", LimitKind.FREQUENCY_CAP, "", "lifetime", "presented", 2**40, 0, None),
        ]

    def record_consent(self, call: RecordConsentCall) -> None:
        self._arrives(call)
        self.consents.setdefault(call.customer_id, []).extend(call.consents)

    def recording_consent(self, call: RecordConsentCall) -> Any:
        return in_steps(self.record_consent, call)

    def consent(self, customer_id: str) -> ConsentView:
        self._arrives(customer_id)
        history = tuple(self.consents.get(customer_id, ()))
        return ConsentView(history[-1:], history)

    def export(self, customer_id: str) -> bytes:
        self._arrives(customer_id)
        return '{"customer":"Zoë"}'.encode()

    def erase(self, customer_id: str) -> Erased:
        self._arrives(customer_id)
        return Erased({"consents": len(self.consents.pop(customer_id, ())), "decisions": 0}, DECIDED_AT)

    def results(self, call: ResultsCall) -> Results:
        self._arrives(call)
        return RESULTS

    def _arrives(self, call: Any) -> None:
        self.calls.append(call)
        self.before(call)


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
    desk: FakeDesk
    observer: RecordingObserver
    channel: grpc.Channel

    @property
    def stub(self) -> Any:
        return DecisionServiceStub(self.channel)

    @property
    def rulesets(self) -> Any:
        return RulesetServiceStub(self.channel)

    @property
    def privacy(self) -> Any:
        return PrivacyServiceStub(self.channel)

    def raw(self, method: str, service: str = "DecisionService") -> Any:
        """Bytes in, bytes out."""
        return self.channel.unary_unary(f"/maitred.v1.{service}/{method}")


Serve = Callable[..., Running]

_OPTIONS: dict[str, dict[str, Any]] = {
    "loop": {"transport": Transport.LOOP},
    "overlap": {"transport": Transport.LOOP, "overlap": True},
    "stock": {"transport": Transport.STOCK},
}


@pytest.fixture
def transport() -> str:
    """How the servers of a test answer calls."""
    return "loop"


@pytest.fixture
def serve(transport: str) -> Iterator[Serve]:
    """Starts servers; stops them at the end."""
    with _servers() as start:
        yield partial(start, **_OPTIONS[transport])


@pytest.fixture(scope="session")
def _standing() -> Iterator[Callable[[str], Running]]:
    with _servers() as start:
        yield cache(lambda transport: start(**_OPTIONS[transport]))


@pytest.fixture
def standing(_standing: Callable[[str], Running], transport: str) -> Running:
    """One server for many tests, which leave it as it is; what stands behind it is as new."""
    running = _standing(transport)
    FakeEngine.__init__(running.engine)
    FakeDesk.__init__(running.desk)
    running.observer.events.clear()
    return running


@contextmanager
def _servers() -> Iterator[Serve]:
    running: list[Running] = []

    def start(
        *,
        engine: FakeEngine | None = None,
        tracing: bool = False,
        listen: str = "127.0.0.1:0",
        now: Callable[[], datetime] = lambda: DECIDED_AT,
        simulated_time: bool = False,
        **more: Any,
    ) -> Running:
        engine, desk, observer = engine or FakeEngine(), FakeDesk(), RecordingObserver(tracing=tracing)
        services = Services(
            FakeCommitter(),
            engine,
            desk,
            desk,
            desk,
            desk,
            desk,
            desk,
            now,
            simulated_time,
        )
        server = Server(listen, services, observer, **{"notice_seconds": 0.0, **more})
        address = server.start()
        channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        running.append(Running(server, address, engine, desk, observer, channel))
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
def results_shown() -> Results:
    """What an experiment has shown, with one of everything."""
    return RESULTS


@pytest.fixture
def half_price() -> Proposal:
    """What a denied claim names instead."""
    return HALF_PRICE


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
