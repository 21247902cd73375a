"""A small client, for the command line: plain values in, the engine's types out."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import grpc
import orjson
from grpc_health.v1 import health_pb2, health_pb2_grpc

from maitred.core.behaviour.outcomes import Outcome
from maitred.core.deciding.decisions import Explain
from maitred.core.privacy.purposes import Consent
from maitred.engine.calls import (
    Answer,
    ClaimAnswer,
    ClaimsPage,
    ConsentSignals,
    ConsentView,
    CustomerView,
    Erased,
    EventAnswer,
    EventCall,
    LimitView,
    OutcomeAnswer,
    RecordView,
    SessionView,
)
from maitred.engine.operating.results import Results, ResultsCall
from maitred.v1 import decision_pb2 as pb
from maitred.v1 import decision_pb2_grpc, privacy_pb2, privacy_pb2_grpc, ruleset_pb2, ruleset_pb2_grpc

from . import messages, views
from .options import client_options
from .status import reason_of

_SERVICE: str = pb.DESCRIPTOR.services_by_name["DecisionService"].full_name
TIMEOUT_SECONDS = 10.0
"""Long for a decision; short for somebody who looks at a terminal."""
HEALTH_POLL_SECONDS = 0.05
"""Between two looks while a server starts."""


class ClientError(Exception):
    """A call that failed.

    ``code`` is the name of the gRPC status (``FAILED_PRECONDITION``), ``reason`` what the server tells
    programs (``CLAIM_EXPIRED``), empty where the call did not reach it.
    """

    def __init__(self, code: str, message: str, reason: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.reason = code, message, reason


class ClientCertificate(NamedTuple):
    """The PEM files of a client's certificate and its unencrypted key."""

    cert: Path
    key: Path


class Client:
    """Calls one server at ``HOST:PORT``; with ``tls_ca`` over TLS, trusting that PEM file.

    ``identity`` is for servers that ask for a client's certificate. Instants must be aware. Raises
    ``OSError`` where a file cannot be read; every method that calls raises ``ClientError`` where it was not
    answered, but for ``serving``.
    """

    def __init__(
        self,
        target: str,
        *,
        tls_ca: Path | None = None,
        identity: ClientCertificate | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._target, self._timeout_seconds = target, timeout_seconds
        self._channel = _channel(target, tls_ca, identity)
        self._decisions = decision_pb2_grpc.DecisionServiceStub(self._channel)
        self._rulesets = ruleset_pb2_grpc.RulesetServiceStub(self._channel)
        self._privacy = privacy_pb2_grpc.PrivacyServiceStub(self._channel)
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
        consent: ConsentSignals | None = None,
        explain_actions: Iterable[str] = (),
        claims: Iterable[str] = (),
    ) -> Answer:
        """One decision."""
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
            consent=None if consent is None else pb.ConsentSignals(**consent._asdict()),
            explain_actions=explain_actions,
            claims=claims,
        )
        return views.answer(self._call(self._decisions.Decide, request))

    def get_decision(self, decision_id: str, explain: Explain = Explain.EXPLAIN_NONE) -> RecordView:
        """Returns the record of a decision."""
        request = pb.GetDecisionRequest(decision_id=decision_id, explain=explain.name)
        return views.record(self._call(self._decisions.GetDecision, request))

    def claim(
        self, *, request_id: str, decision_id: str, action: str, at: datetime | None = None
    ) -> ClaimAnswer:
        """Takes one unit of what was proposed."""
        request = pb.ClaimRequest(request_id=request_id, decision_id=decision_id, action=action, at=at)
        return views.claim(self._call(self._decisions.Claim, request))

    def claims(
        self,
        *,
        customer_id: str = "",
        session_id: str = "",
        location_id: str = "",
        page_size: int = 0,
        page_token: str = "",
        at: datetime | None = None,
    ) -> ClaimsPage:
        """Claims of exactly one of customer, session and location; the usual number where 0."""
        request = pb.ListClaimsRequest(
            customer_id=customer_id,
            session_id=session_id,
            location_id=location_id,
            page_size=page_size,
            page_token=page_token,
            at=at,
        )
        return views.claims(self._call(self._decisions.ListClaims, request))

    def redeem(
        self, *, request_id: str, claim_id: str, location_id: str = "", at: datetime | None = None
    ) -> None:
        """Spends what a claim holds."""
        request = pb.RedeemRequest(request_id=request_id, claim_id=claim_id, location_id=location_id, at=at)
        self._call(self._decisions.Redeem, request)

    def release(self, *, request_id: str, claim_id: str, cause: str = "", at: datetime | None = None) -> None:
        """Gives back what a claim holds or has spent."""
        request = pb.ReleaseRequest(request_id=request_id, claim_id=claim_id, cause=cause, at=at)
        self._call(self._decisions.Release, request)

    def record_outcomes(self, outcomes: Iterable[Outcome]) -> tuple[OutcomeAnswer, ...]:
        """Says what became of proposals; one answer each, in their order."""
        request = pb.RecordOutcomesRequest(outcomes=[asdict(outcome) for outcome in outcomes])
        return views.outcomes(self._call(self._decisions.RecordOutcomes, request))

    def record_events(self, events: Iterable[EventCall]) -> tuple[EventAnswer, ...]:
        """Records what customers did; one answer each, in their order."""
        request = pb.RecordEventsRequest(events=[event._asdict() for event in events])
        return views.events(self._call(self._decisions.RecordEvents, request))

    def session(self, session_id: str, at: datetime | None = None) -> SessionView:
        """Where a session is."""
        request = pb.GetSessionRequest(session_id=session_id, at=at)
        return views.session(self._call(self._decisions.GetSession, request))

    def customer(self, customer_id: str, at: datetime | None = None) -> CustomerView:
        """Where a customer is."""
        request = pb.GetCustomerRequest(customer_id=customer_id, at=at)
        return views.customer(self._call(self._decisions.GetCustomer, request))

    def pause(self, action: str, *, by: str, cause: str = "") -> datetime:
        """Stops an action everywhere; since when it is stopped."""
        request = ruleset_pb2.PauseActionRequest(action=action, by=by, cause=cause)
        return views.moment(self._call(self._rulesets.PauseAction, request).paused_at)

    def resume(self, action: str) -> bool:
        """Lets an action go on; whether it was paused."""
        request = ruleset_pb2.ResumeActionRequest(action=action)
        return bool(self._call(self._rulesets.ResumeAction, request).was_paused)

    def limits(
        self, *, limit: str = "", action: str = "", location_id: str = "", most_subjects: int = 0
    ) -> tuple[LimitView, ...]:
        """Limits as they stand; all where nothing is chosen, the usual number of subjects where 0."""
        request = ruleset_pb2.GetLimitsRequest(
            limit=limit, action=action, location_id=location_id, most_subjects=most_subjects
        )
        return views.limits(self._call(self._rulesets.GetLimits, request))

    def results(self, call: ResultsCall) -> Results:
        """Returns what an experiment has shown; its ``deadline`` is not sent, but the client's own time."""
        event, outcome = (call.goal, "") if isinstance(call.goal, str) else ("", call.goal.name)
        request = ruleset_pb2.GetResultsRequest(
            experiment=call.experiment,
            event=event,
            outcome=outcome or None,
            within=call.within,
            action=call.action,
            control=call.control,
            by=call.by,
            at=call.at,
            policy=[
                ruleset_pb2.PolicyShare(
                    segment=line.segment, arm=line.arm, probability=float(line.probability)
                )
                for line in call.policy
            ],
        )
        return views.results(self._call(self._rulesets.GetResults, request))

    def record_consent(
        self, *, request_id: str, customer_id: str, consents: Iterable[Consent], made_now: bool = False
    ) -> None:
        """Keeps statements of a customer; with ``made_now`` their time is the server's, and not sent."""
        records = [asdict(consent) | ({"at": None} if made_now else {}) for consent in consents]
        request = privacy_pb2.RecordConsentRequest(
            request_id=request_id, customer_id=customer_id, records=records
        )
        self._call(self._privacy.RecordConsent, request)

    def consent(self, customer_id: str) -> ConsentView:
        """Returns what is known of a customer's consent."""
        request = privacy_pb2.GetConsentRequest(customer_id=customer_id)
        return views.consent(self._call(self._privacy.GetConsent, request))

    def export(self, customer_id: str) -> bytes:
        """Everything held about a customer, as JSON."""
        request = privacy_pb2.ExportCustomerRequest(customer_id=customer_id)
        return bytes(self._call(self._privacy.ExportCustomer, request).json)

    def erase(self, customer_id: str) -> Erased:
        """Deletes a customer's key and rows."""
        request = privacy_pb2.EraseCustomerRequest(customer_id=customer_id)
        return views.erased(self._call(self._privacy.EraseCustomer, request))

    def serving(self) -> bool:
        """Returns whether the server says it is serving; false where it cannot be reached."""
        request = health_pb2.HealthCheckRequest(service=_SERVICE)
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
            raise ClientError(error.code().name, error.details() or "", reason_of(error)) from None


def _channel(target: str, tls_ca: Path | None, identity: ClientCertificate | None) -> grpc.Channel:
    if tls_ca is None:
        return grpc.insecure_channel(target, options=client_options())
    own = (identity.key.read_bytes(), identity.cert.read_bytes()) if identity else (None, None)
    credentials = grpc.ssl_channel_credentials(tls_ca.read_bytes(), *own)
    return grpc.secure_channel(target, credentials, options=client_options())
