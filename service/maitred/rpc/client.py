"""A small client, for the command line: plain values in, the engine's types out."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maitred.core.decisions import Explain, Proposal, Refusal, RenderedTreatment
from maitred.core.reasons import Reason
from maitred.core.rules import ActionType
from maitred.engine.calls import Answer, RecordView
from maitred.v1 import decision_pb2 as pb
from maitred.v1 import decision_pb2_grpc

from . import messages
from .names import DECISION_SERVICE
from .options import client_options

TIMEOUT_SECONDS = 10.0
"""Long for a decision; short for somebody who looks at a terminal."""
HEALTH_POLL_SECONDS = 0.05
"""Between two looks while a server starts."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ClientError(Exception):
    """A call that failed. ``code`` is the name of the gRPC status, e.g. ``INVALID_ARGUMENT``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Client:
    """Calls one server at ``HOST:PORT``; with ``tls_ca`` over TLS, trusting that PEM file.

    Raises ``OSError`` where that file cannot be read.
    """

    def __init__(
        self, target: str, *, tls_ca: Path | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._target, self._timeout_seconds = target, timeout_seconds
        self._channel = _channel(target, tls_ca)
        self._service = decision_pb2_grpc.DecisionServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def decide(
        self,
        *,
        request_id: str,
        customer_id: str,
        channel: str,
        location_id: str = "",
        context: Mapping[str, Any] | None = None,
        max_actions: int = 1,
        explain: Explain = Explain.EXPLAIN_NONE,
        dry_run: bool = False,
        ruleset: str = "",
        at: datetime | None = None,
    ) -> Answer:
        """One decision. ``at`` must be aware.

        Raises:
            ClientError: it was not answered.
        """
        request = pb.DecideRequest(
            request_id=request_id,
            customer_id=customer_id,
            channel=channel,
            location_id=location_id,
            context_json=orjson.dumps(context or {}),
            max_actions=max_actions,
            explain=explain.name,
            dry_run=dry_run,
            ruleset=ruleset,
            at=at,
        )
        return _answer(self._call(self._service.Decide, request))

    def get_decision(self, decision_id: str, explain: Explain = Explain.EXPLAIN_NONE) -> RecordView:
        """The record of a decision.

        Raises:
            ClientError: there is none, or it was not answered.
        """
        request = pb.GetDecisionRequest(decision_id=decision_id, explain=explain.name)
        return _record(self._call(self._service.GetDecision, request))

    def serving(self) -> bool:
        """Whether the server says it is serving; false where it cannot be reached."""
        request = health_pb2.HealthCheckRequest(service=DECISION_SERVICE)
        try:
            response = self._call(self._health.Check, request)
        except ClientError:
            return False
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    def wait_until_serving(self, seconds: float) -> None:
        """Waits for the server to serve.

        Raises:
            ClientError: it did not within ``seconds``.
        """
        end = time.monotonic() + seconds
        while not self.serving():
            if time.monotonic() >= end:
                raise ClientError("UNAVAILABLE", messages.not_serving(self._target, seconds))
            time.sleep(HEALTH_POLL_SECONDS)

    def _call(self, method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout_seconds)
        except grpc.RpcError as error:
            raise ClientError(error.code().name, error.details() or "") from None


def _channel(target: str, tls_ca: Path | None) -> grpc.Channel:
    if tls_ca is None:
        return grpc.insecure_channel(target, options=client_options())
    credentials = grpc.ssl_channel_credentials(tls_ca.read_bytes())
    return grpc.secure_channel(target, credentials, options=client_options())


def _answer(response: pb.DecideResponse) -> Answer:
    return Answer(
        decision_id=response.decision_id,
        ruleset=response.ruleset,
        proposals=tuple(_proposal(proposal) for proposal in response.proposals),
        decided_at=_moment(response.decided_at),
        refusals=tuple(_refusal(refusal) for refusal in response.refusals),
        why=tuple(tuple(proposal.why) for proposal in response.proposals),
        degraded=response.degraded,
        trace_id=response.trace_id,
    )


def _proposal(proposal: pb.Proposal) -> Proposal:
    treatment = proposal.treatment
    rendered = RenderedTreatment(treatment.title, tuple(treatment.say), treatment.show)
    return Proposal(proposal.action, proposal.rank, proposal.score, ActionType(proposal.type), rendered)


def _refusal(refusal: pb.Refusal) -> Refusal:
    return Refusal(refusal.action, Reason(refusal.reason), refusal.rule, refusal.detail)


def _moment(timestamp: Timestamp) -> datetime:
    return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)


def _record(response: pb.GetDecisionResponse) -> RecordView:
    record = response.record
    return RecordView(
        answer=_answer(response.decision),
        request_id=record.request_id,
        customer_id=record.customer_id,
        channel=record.channel,
        location_id=record.location_id,
        max_actions=record.max_actions,
        facts_json=record.facts_json,
        situations=tuple(record.situations),
        ruleset_version=record.ruleset_version,
        ruleset_commit=record.ruleset_commit,
    )
