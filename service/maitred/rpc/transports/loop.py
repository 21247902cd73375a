"""The loop: calls answered on the thread that polls gRPC's completion queue, in batches.

A server of grpcio hands every call from its polling thread to one of a pool, and that thread waits in
turn for the polling one, for the message and for the writer of the database: most of what a call costs is
these hand-overs under one interpreter lock. Here one thread takes what has arrived, and when nothing more
has, answers all of it: each call is parsed and begun, what the calls need of the database is committed as
one batch, and the answers are sent.

A batch goes step by step: all of it is parsed, then all of it begun, and so on. The same code over again runs
in a warm processor: a call that is taken through all steps by itself costs a sixth more.

Where commits wait for a network (``overlap``) batches are answered on a second thread, and the loop goes on
receiving and beginning what comes meanwhile. For a file that is not worth it: two threads that take turns on
one interpreter cost a fifth more for each call.

What a call waits for ends with an event in the queue: that its message has come, that its status has been
sent, and, where it is not answered at once, that its caller has left. It is forgotten when all have come.
All that waits for a message is an object: clients that send none hold no thread.

What is not in the table of methods (streams, health, reflection) is left to grpcio as it is, on the same
queue and port. The names of grpcio that are used here and are not public are those of ``selection``.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MethodType
from typing import Any

import grpc
from grpc import _server as grpcio
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from maitred.core.trace import TraceContext
from maitred.engine.deciding.right_of_way import RightOfWay
from maitred.engine.deciding.tickets import Ticket, get_ready
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import CallsRefused, Observer
from maitred.rpc import messages
from maitred.rpc.failures import DEADLINE_MAX_SECONDS, failed, trace_of
from maitred.rpc.methods import Method, Runs, Services
from maitred.rpc.status import CallStatus, overloaded, status_of

from .overload import Admission, Waiting
from .places import LOOK_SECONDS, Crowds, Places

NO_WAIT = 1.0
"""An instant long ago, in Unix time. One that has just passed is rounded up to a millisecond."""
TICK_SECONDS = 1.0
HELD_SECONDS = 0.005
"""Held calls have a part of their deadline left; who may be read is looked at so often."""
SILENT_TICKS_MAX = 2
"""Clients send the message with the opening of the call; a lost packet is sent again within a second. Counted
in ticks, for while the process is stopped it does not take up messages that are there."""
PATIENCE_SECONDS = 0.1
"""Callers give up sooner rarely; of those who may have waited longer it is asked whether they still do."""
MAX_EVENTS_IN_A_ROW = 1_024
"""Of some three hundred calls: whatever else comes without end, those that wait are answered."""
DESK_THREADS = 8
"""Operators and privacy officers are few, and what they ask takes longer than a decision."""
DESK_CALLS_MAX = 64
"""As many people as will ever look at one server at once."""

_EXPIRED = status_of(CallError(Code.EXPIRED, messages.DEADLINE_PASSED))
GONE = CallStatus(grpc.StatusCode.CANCELLED, "")
"""Of a call whose caller has left; nobody reads it."""


class LoopCall:
    """One call, from when it was taken up until nothing of it is under way."""

    __slots__ = (
        "_answer", "_events", "_loop", "_request", "_rpc", "_steps", "_watched", "answered", "cancelled",
        "data", "deadline", "is_read", "method", "sent", "started", "ticket", "trace",
    )  # fmt: skip

    def __init__(
        self, loop: "Loop", method: Method, rpc: Any, deadline: float | None, started: float
    ) -> None:
        self._loop, self.method, self._rpc = loop, method, rpc
        self.deadline, self.started = deadline, started
        self.trace: TraceContext | None = None
        self.data = b""
        self.cancelled = self.sent = self.answered = self.is_read = self._watched = False
        self._request: Any = None
        self._steps: Any = None
        self._answer: Any = None
        self.ticket: Ticket | None = None
        self._events = 2

    def receive(self) -> None:
        """Waits for the message."""
        self._rpc.start_server_batch((cygrpc.ReceiveMessageOperation(0),), self._received)

    def peer(self) -> str:
        """Names its connection."""
        return str(self._rpc.peer())

    def watch(self) -> None:
        """Waits for the end of the call; of one that is answered at once that is known with its answer.

        On the loop, or before the call is begun: ``_events`` belongs to it.
        """
        if not self._watched:
            self._watched = True
            self._events += 1
            self._rpc.start_server_batch((cygrpc.ReceiveCloseOnServerOperation(0),), self._closed)

    def parse(self, services: Services) -> bool:
        """Reads the message; false where the call is over."""
        try:
            arrival = services.arrival(self.deadline, self.trace)
            self._request = self.method.parse(self.data, arrival)
        except Exception as error:  # noqa: BLE001 -- whatever it is, its caller is told
            self.fail(error)
        return not self.sent

    def begin(self, services: Services) -> bool:
        """Goes as far as the first ticket; false where the call has none."""
        try:
            self._steps = steps = self.method.call(services, self._request)
            self.ticket = next(steps)
        except StopIteration as end:
            self._answer, self.answered = end.value, True
        except Exception as error:  # noqa: BLE001 -- whatever it is, its caller is told
            self.fail(error)
        return self.ticket is not None

    def resume(self) -> bool:
        """Goes on after its ticket was settled; false where there is no other one."""
        ticket, steps = self.ticket, self._steps
        assert ticket
        self.ticket = None
        try:
            self.ticket = steps.throw(ticket.error) if ticket.error else next(steps)
        except StopIteration as end:
            self._answer, self.answered = end.value, True
        except Exception as error:  # noqa: BLE001 -- whatever it is, its caller is told
            self.fail(error)
        return self.ticket is not None

    def render(self) -> bool:
        """Makes the answer into bytes; false where the call is over."""
        try:
            self.data = self.method.render(self._answer)
        except Exception as error:  # noqa: BLE001 -- whatever it is, its caller is told
            self.fail(error)
        return not self.sent

    def work(self, services: Services) -> None:
        """Answers the call on this thread."""
        try:
            arrival = services.arrival(self.deadline, self.trace)
            self.reply(self.method.answer(services, self.data, arrival))
        except Exception as error:  # noqa: BLE001 -- whatever it is, its caller is told
            self.fail(error)

    def reply(self, data: bytes) -> None:
        """Sends the answer."""
        self._send(
            cygrpc.SendInitialMetadataOperation(None, 0),
            cygrpc.SendMessageOperation(data, 0),
            cygrpc.SendStatusFromServerOperation(None, 0, b"", 0),
        )

    def fail(self, error: Exception) -> None:
        """Ends the call with the status of the error."""
        seconds = time.monotonic() - self.started
        self.end(failed(self._loop.observer, self.method.full_name, error, seconds, self.trace))

    def end(self, status: CallStatus) -> None:
        """Ends the call without an answer."""
        self._send(
            cygrpc.SendInitialMetadataOperation(None, 0),
            cygrpc.SendStatusFromServerOperation(
                status.trailers, status.code.value[0], status.message.encode(), 0
            ),
        )

    def reject(self, status: CallStatus) -> None:
        """Ends a call that was only just taken up, without a look at its message."""
        self._events = 1
        self.end(status)

    def lapse(self) -> None:
        """Leaves a call whose deadline has passed to gRPC, and waits until it has ended it.

        One that nobody holds any more it ends with ``CANCELLED``, where its own clock is a little behind.
        """
        self._events -= 1 if self.is_read else 2
        self.watch()
        if not self._events:
            self._loop.forget(self)

    def _send(self, *operations: Any) -> None:
        self.sent = True
        if not self._watched:
            operations = cygrpc.ReceiveCloseOnServerOperation(0), *operations
        self._rpc.start_server_batch(operations, self._sent)

    def _closed(self, event: Any) -> None:
        self.cancelled = event.batch_operations[0].cancelled()
        self._ended()

    def _received(self, event: Any) -> None:
        data = event.batch_operations[0].message()
        self._loop.received(self, data)
        self._ended()

    def _sent(self, _event: Any) -> None:
        self._ended()

    def _ended(self) -> None:
        self._events -= 1
        if not self._events:
            self._loop.forget(self)


class _Accept:
    """Asks gRPC for the next call of a method; the tag of the event that brings it."""

    __slots__ = ("method", "path")

    def __init__(self, method: Method) -> None:
        self.method, self.path = method, f"/{method.full_name}"


class Loop:
    """Serves the methods on the queue of a ``grpc.server`` that has not been started.

    ``places`` are those of a connection, ``way`` is what calls have before rulesets that load, ``overlap``
    is whether commits wait for a network.
    Of methods that run on the loop ``call`` must give ``Steps``.
    """

    def __init__(
        self,
        server: grpc.Server,
        methods: Iterable[Method],
        services: Services,
        observer: Observer,
        *,
        places: Places,
        way: RightOfWay | None = None,
        overlap: bool,
    ) -> None:
        # Not the server itself: it shuts down when nobody holds it any more.
        self._state: Any = server._state  # type: ignore[attr-defined] # noqa: SLF001 -- see ``selection``
        self._poll: Any = self._state.completion_queue.poll
        self._nothing = cygrpc.CompletionType.queue_timeout
        self._started = grpcio._ServerStage.STARTED  # noqa: SLF001 -- see ``selection``
        self._services, self.observer, self._way = services, observer, way or RightOfWay()
        self._accepts = [_Accept(method) for method in methods]
        for accept in self._accepts:
            self._state.server.register_method(accept.path)
        self._waiting: Waiting[LoopCall] = Waiting()
        self._silent: dict[LoopCall, int] = {}
        self._crowds: Crowds[LoopCall] = Crowds(places, LoopCall.peer)
        self._crowd_min = places.crowd_min
        self._at_desk: set[LoopCall] = set()
        self._desk = ThreadPoolExecutor(DESK_THREADS, "maitred-desk")
        self._refusals: Counter[tuple[str, Code]] = Counter()
        self._tick, self._ticked_at = 0, time.monotonic()
        self._looked_at = self._ticked_at
        self._serving = True
        self._stopping = self._closed = self._answering = self._was_away = False
        self.rejected = 0
        self._overlap, self._bell, self._turn = overlap, threading.Event(), threading.Lock()
        self._unbegun: list[LoopCall] = []
        self._threads = [threading.Thread(target=self._serve, name="maitred-loop", daemon=True)]
        if overlap:
            beside = threading.Thread(target=self._answer_beside, name="maitred-batches", daemon=True)
            self._threads.append(beside)

    def start(self) -> None:
        """Begins to serve, as ``grpc.Server.start`` does."""
        with self._state.lock:
            self._state.server.start()
            self._state.stage = self._started
            grpcio._request_call(self._state)  # noqa: SLF001 -- see ``selection``
            for accept in self._accepts:
                self._ask(accept)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Refuses what comes from then on; what was taken up is answered."""
        self._stopping = True

    @property
    def busy(self) -> bool:
        """Whether there may be calls that it has not come to take up."""
        return self._answering or bool(self._waiting or self._unbegun or self._waiting.held)

    def close(self) -> None:
        """Ends the threads beside the loop, once the server has stopped."""
        self._closed = True
        self._bell.set()
        self._desk.shutdown(wait=False)

    # On the thread that polls

    def _serve(self) -> None:
        in_a_row = 0
        while self._serving:
            idle = bool(self._waiting) and not self._turn.locked()
            came = self._next(NO_WAIT) if idle or self._unbegun else self._await()
            in_a_row = in_a_row + 1 if came else 0
            if not came or in_a_row % MAX_EVENTS_IN_A_ROW == 0:
                try:
                    self._rest(idle=idle)
                    if not came:
                        self._look(time.monotonic())
                except Exception as error:  # noqa: BLE001 -- one call's fault must not end the server
                    failed(self.observer, "", error, 0.0, None)

    def _await(self) -> bool:
        """Waits for the next event; what is being loaded goes on meanwhile."""
        if self._way.loading and not self._turn.locked():
            self._way.leave()
        return self._next(time.time() + self._patience())

    def _next(self, until: float) -> bool:
        """Handles the next event; false where none comes."""
        event = self._poll(until)
        if event.completion_type == self._nothing:
            return False
        if self._way.loading:
            self._way.take()
        tag = event.tag
        kind = type(tag)
        try:
            if kind is MethodType:
                tag(event)
            elif kind is _Accept:
                self._accepted(tag, event)
            else:
                self._serving = grpcio._process_event_and_continue(self._state, event)  # noqa: SLF001 -- see ``selection``
                return True
            if self._state.stage is not self._started:
                self._serving = self._goes_on()
        except Exception as error:  # noqa: BLE001 -- one call's fault must not end the server
            failed(self.observer, "", error, 0.0, None)
        return True

    def _glance(self) -> None:
        """Sees to what comes between the steps of a batch: a refusal does not wait for its end."""
        if self._waiting.behind and not self._overlap:
            for _ in range(MAX_EVENTS_IN_A_ROW):
                if not (self._serving and self._next(NO_WAIT)):
                    break

    def _patience(self) -> float:
        if self._waiting.held:
            return HELD_SECONDS
        return LOOK_SECONDS if len(self._silent) >= self._crowd_min else TICK_SECONDS

    def _rest(self, *, idle: bool) -> None:
        """Looks up from receiving; it is ``idle`` where calls wait and none are being answered."""
        if self._waiting.held:
            self._revive()
        if self._unbegun:
            self._begin_meanwhile()
        if idle and self._overlap:
            self._bell.set()
        elif idle:
            self._answer_waiting()
        now = time.monotonic()
        if now - self._ticked_at >= TICK_SECONDS:
            self._ticked(now)
        if self._state.server_deallocated:
            grpcio._begin_shutdown_once(self._state)  # noqa: SLF001 -- see ``selection``

    def _begin_meanwhile(self) -> None:
        """Begins what has come while others are answered."""
        calls, self._unbegun = self._unbegun, []
        for call in self._begin(calls):
            self._waiting.add(call)
        self._finish(calls)

    def _goes_on(self) -> bool:
        """Whether a server that is being stopped still has calls."""
        with self._state.lock:
            return not grpcio._stop_serving(self._state)  # noqa: SLF001 -- see ``selection``

    def _accepted(self, accept: _Accept, event: Any) -> None:
        self._state.due.discard(accept)
        if not event.success:
            return
        with self._state.lock:
            self._ask(accept)
        self._take_up(accept.method, event)

    def _take_up(self, method: Method, event: Any) -> None:
        now = time.monotonic()
        remaining = event.call_details.deadline - time.time()
        deadline = now + remaining if remaining < DEADLINE_MAX_SECONDS else None
        call = LoopCall(self, method, event.call, deadline, now)
        self._state.rpc_states.add(call)
        if self.observer.tracing:
            call.trace = trace_of(event.invocation_metadata)
        if self._stopping:
            self.rejected += 1
            call.reject(self._failure(call, Code.STOPPING, messages.STOPPING))
        elif remaining <= 0:
            call.reject(self._expired(call))
        else:
            self._admit(call)

    def _admit(self, call: LoopCall) -> None:
        if call.method.runs is Runs.DESK:
            is_full = len(self._at_desk) >= DESK_CALLS_MAX
            admission = Admission.REFUSE if is_full else Admission.READ
        else:
            admission = self._waiting.admit(call)
        if admission is Admission.READ:
            self._silent[call] = self._tick
            call.receive()
        elif admission is Admission.REFUSE:
            call.reject(self._overloaded(call))

    def _revive(self) -> None:
        """Reads held calls that there is room for, and ends those whose time is over."""
        readable, over = self._waiting.revive()
        for call in over:
            if call.deadline is None and call.is_read:
                call.end(self._overloaded(call))
            elif call.deadline is None:
                call.reject(self._overloaded(call))
            else:
                # gRPC ends it by itself, and its caller has given up: nothing has to be sent.
                self._refusals[call.method.full_name, Code.EXPIRED] += 1
                call.lapse()
        for call in readable:
            call.watch()
            if call.is_read:
                self._waiting.add(call)
            else:
                self._silent[call] = self._tick
                call.receive()

    def _ask(self, accept: _Accept) -> None:
        """Asks gRPC for a call; the caller holds the lock."""
        state = self._state
        if state.stage is self._started:
            queue = state.completion_queue
            state.server.request_registered_call(queue, queue, accept.path, accept)
            state.due.add(accept)

    def received(self, call: LoopCall, data: bytes | None) -> None:
        """The message of a call has come, or its end without one."""
        self._silent.pop(call, None)
        if call.sent:
            return
        if data is None:
            # Not a failure to observe: gRPC says the same of a call that was just cancelled.
            call.end(status_of(CallError(Code.MALFORMED, messages.NO_MESSAGE)))
            return
        call.data, call.is_read = data, True
        if call.method.runs is Runs.DESK:
            self._at_desk.add(call)
            self._desk.submit(self._work, call)
            return
        if self._overlap or self._was_away:
            call.watch()
        # Begun while others are answered; not where it might be refused after all.
        if self._overlap and self._turn.locked() and not (call.method.reads or self._waiting.behind):
            self._unbegun.append(call)
        else:
            self._waiting.add(call)

    def forget(self, call: LoopCall) -> None:
        """Nothing of the call is under way any more."""
        self._state.rpc_states.discard(call)

    def _ticked(self, now: float) -> None:
        self._tick += 1
        self._give_up([call for call, tick in self._silent.items() if self._tick - tick > SILENT_TICKS_MAX])
        refusals, self._refusals = self._refusals, Counter()
        for (method, code), count in refusals.items():
            self.observer.observe(CallsRefused(method, code, count, now - self._ticked_at))
        self._ticked_at = now

    def _look(self, now: float) -> None:
        """Ends calls without a message that leave the others of their connection no place.

        To be called when all messages that have come were taken up.
        """
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._give_up(self._crowds.look(self._silent))

    def _give_up(self, silent: Iterable[LoopCall]) -> None:
        for call in silent:
            del self._silent[call]
            call.fail(CallError(Code.EXPIRED, messages.MESSAGE_LATE))

    # Batches: on the thread that polls, or on one of their own

    def _answer_beside(self) -> None:
        while not self._closed:
            self._bell.clear()
            while self._waiting:
                self._answer_waiting()
            self._way.leave()
            self._bell.wait(TICK_SECONDS)

    def _answer_waiting(self) -> None:
        # The thread whose turn it was finishes its batch before the other one begins.
        with self._turn:
            self._answer_batch()

    def _answer_batch(self) -> None:
        started, self._answering = time.monotonic(), True
        calls, refused = self._waiting.take()
        for call in refused:
            self._shed(call, started)
        for call in self._waiting:
            call.watch()
        self._answer([call for call in calls if self._is_wanted(call)])
        seconds = time.monotonic() - started
        self._was_away = seconds > PATIENCE_SECONDS
        if calls:
            self._waiting.learn(len(calls), seconds)
        self._answering = False

    def _is_wanted(self, call: LoopCall) -> bool:
        """Whether the caller still waits."""
        if call.cancelled:
            call.end(GONE)
        return not call.cancelled

    def _shed(self, call: LoopCall, now: float) -> None:
        if call.cancelled:
            call.end(GONE)
        elif call.deadline is not None and call.deadline <= now:
            call.end(self._expired(call))
        else:
            call.end(self._overloaded(call))

    def _answer(self, calls: Sequence[LoopCall]) -> None:
        """Begins the calls that have not been, settles and resumes them until each is over."""
        try:
            going = [call for call in calls if call.ticket]
            going += self._begin([call for call in calls if not call.ticket])
            while going:
                tickets = [call.ticket for call in going if call.ticket]
                self._glance()
                self._services.committer.settle(tickets, len(self._waiting))
                self._glance()
                going = [call for call in going if call.resume()]
                self._finish(calls)
            self._finish(calls)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, of which every caller is told
            for call in calls:
                if not call.sent:
                    call.fail(error)

    def _begin(self, calls: Iterable[LoopCall]) -> list[LoopCall]:
        """Those that have a ticket. Step by step: code that is in the processor's caches runs faster."""
        services = self._services
        parsed = [call for call in calls if call.parse(services)]
        begun = [call for call in parsed if call.begin(services)]
        get_ready([call.ticket for call in begun if call.ticket])
        return begun

    def _finish(self, calls: Iterable[LoopCall]) -> None:
        """Sends the answers there are."""
        rendered = [call for call in calls if call.answered and not call.sent and call.render()]
        for call in rendered:
            call.reply(call.data)

    def _work(self, call: LoopCall) -> None:
        call.work(self._services)
        self._at_desk.discard(call)

    def _overloaded(self, call: LoopCall) -> CallStatus:
        """Counted, and told once a second: to tell of each would cost more than to refuse it."""
        self._refusals[call.method.full_name, Code.OVERLOADED] += 1
        return overloaded(self._waiting.drain_seconds())

    def _expired(self, call: LoopCall) -> CallStatus:
        """Counted likewise."""
        self._refusals[call.method.full_name, Code.EXPIRED] += 1
        return _EXPIRED

    def _failure(self, call: LoopCall, code: Code, message: str) -> CallStatus:
        return failed(self.observer, call.method.full_name, CallError(code, message), 0.0, None)
