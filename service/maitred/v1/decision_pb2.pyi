import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Explain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPLAIN_NONE: _ClassVar[Explain]
    EXPLAIN_REASONS: _ClassVar[Explain]
    EXPLAIN_FULL: _ClassVar[Explain]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    PAUSED: _ClassVar[Reason]
    NOT_LIVE: _ClassVar[Reason]
    WRONG_CHANNEL: _ClassVar[Reason]
    CONSENT_REQUIRED: _ClassVar[Reason]
    SENSITIVE: _ClassVar[Reason]
    NOT_ELIGIBLE: _ClassVar[Reason]
    MISSING_ATTRIBUTE: _ClassVar[Reason]
    RULE_ERROR: _ClassVar[Reason]
    HELD_OUT: _ClassVar[Reason]
    NOT_IN_ROLLOUT: _ClassVar[Reason]
    FREQUENCY_CAPPED: _ClassVar[Reason]
    CAPACITY_EXHAUSTED: _ClassVar[Reason]
    PACED: _ClassVar[Reason]
    OUTRANKED: _ClassVar[Reason]
    ALREADY_REDEEMED: _ClassVar[Reason]
    CLAIM_WINDOW_OVER: _ClassVar[Reason]
    SUPPRESSED: _ClassVar[Reason]
    GROUPED: _ClassVar[Reason]
    REJECTED_IN_SESSION: _ClassVar[Reason]
    STAND_IN_ONLY: _ClassVar[Reason]

class ActionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_TYPE_UNSPECIFIED: _ClassVar[ActionType]
    OFFER: _ClassVar[ActionType]
    SERVICE: _ClassVar[ActionType]
    GESTURE: _ClassVar[ActionType]
    MESSAGE: _ClassVar[ActionType]

class ClaimStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLAIM_STATUS_UNSPECIFIED: _ClassVar[ClaimStatus]
    CLAIM_GRANTED: _ClassVar[ClaimStatus]
    CLAIM_DENIED: _ClassVar[ClaimStatus]

class OutcomeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_KIND_UNSPECIFIED: _ClassVar[OutcomeKind]
    PRESENTED: _ClassVar[OutcomeKind]
    ACCEPTED: _ClassVar[OutcomeKind]
    REJECTED: _ClassVar[OutcomeKind]
    CLAIMED: _ClassVar[OutcomeKind]
    REDEEMED: _ClassVar[OutcomeKind]
    RELEASED: _ClassVar[OutcomeKind]
    EXPIRED: _ClassVar[OutcomeKind]
EXPLAIN_NONE: Explain
EXPLAIN_REASONS: Explain
EXPLAIN_FULL: Explain
REASON_UNSPECIFIED: Reason
PAUSED: Reason
NOT_LIVE: Reason
WRONG_CHANNEL: Reason
CONSENT_REQUIRED: Reason
SENSITIVE: Reason
NOT_ELIGIBLE: Reason
MISSING_ATTRIBUTE: Reason
RULE_ERROR: Reason
HELD_OUT: Reason
NOT_IN_ROLLOUT: Reason
FREQUENCY_CAPPED: Reason
CAPACITY_EXHAUSTED: Reason
PACED: Reason
OUTRANKED: Reason
ALREADY_REDEEMED: Reason
CLAIM_WINDOW_OVER: Reason
SUPPRESSED: Reason
GROUPED: Reason
REJECTED_IN_SESSION: Reason
STAND_IN_ONLY: Reason
ACTION_TYPE_UNSPECIFIED: ActionType
OFFER: ActionType
SERVICE: ActionType
GESTURE: ActionType
MESSAGE: ActionType
CLAIM_STATUS_UNSPECIFIED: ClaimStatus
CLAIM_GRANTED: ClaimStatus
CLAIM_DENIED: ClaimStatus
OUTCOME_KIND_UNSPECIFIED: OutcomeKind
PRESENTED: OutcomeKind
ACCEPTED: OutcomeKind
REJECTED: OutcomeKind
CLAIMED: OutcomeKind
REDEEMED: OutcomeKind
RELEASED: OutcomeKind
EXPIRED: OutcomeKind

class ConsentSignals(_message.Message):
    __slots__ = ("granted", "denied", "gpc", "tcf", "gpp")
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    GPC_FIELD_NUMBER: _ClassVar[int]
    TCF_FIELD_NUMBER: _ClassVar[int]
    GPP_FIELD_NUMBER: _ClassVar[int]
    granted: _containers.RepeatedScalarFieldContainer[str]
    denied: _containers.RepeatedScalarFieldContainer[str]
    gpc: bool
    tcf: str
    gpp: str
    def __init__(self, granted: _Optional[_Iterable[str]] = ..., denied: _Optional[_Iterable[str]] = ..., gpc: _Optional[bool] = ..., tcf: _Optional[str] = ..., gpp: _Optional[str] = ...) -> None: ...

class DecideRequest(_message.Message):
    __slots__ = ("request_id", "customer_id", "channel", "location_id", "context", "context_json", "max_actions", "explain", "dry_run", "ruleset", "at", "consent", "claims", "explain_actions")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_JSON_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    RULESET_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    customer_id: str
    channel: str
    location_id: str
    context: _struct_pb2.Struct
    context_json: bytes
    max_actions: int
    explain: Explain
    dry_run: bool
    ruleset: str
    at: _timestamp_pb2.Timestamp
    consent: ConsentSignals
    claims: _containers.RepeatedScalarFieldContainer[str]
    explain_actions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., channel: _Optional[str] = ..., location_id: _Optional[str] = ..., context: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., context_json: _Optional[bytes] = ..., max_actions: _Optional[int] = ..., explain: _Optional[_Union[Explain, str]] = ..., dry_run: _Optional[bool] = ..., ruleset: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., consent: _Optional[_Union[ConsentSignals, _Mapping]] = ..., claims: _Optional[_Iterable[str]] = ..., explain_actions: _Optional[_Iterable[str]] = ...) -> None: ...

class DecideResponse(_message.Message):
    __slots__ = ("decision_id", "ruleset", "proposals", "refusals", "degraded", "decided_at", "trace_id", "open_claims", "unused")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    RULESET_FIELD_NUMBER: _ClassVar[int]
    PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    OPEN_CLAIMS_FIELD_NUMBER: _ClassVar[int]
    UNUSED_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    ruleset: str
    proposals: _containers.RepeatedCompositeFieldContainer[Proposal]
    refusals: _containers.RepeatedCompositeFieldContainer[Refusal]
    degraded: bool
    decided_at: _timestamp_pb2.Timestamp
    trace_id: str
    open_claims: _containers.RepeatedCompositeFieldContainer[OpenClaim]
    unused: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, decision_id: _Optional[str] = ..., ruleset: _Optional[str] = ..., proposals: _Optional[_Iterable[_Union[Proposal, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., degraded: _Optional[bool] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trace_id: _Optional[str] = ..., open_claims: _Optional[_Iterable[_Union[OpenClaim, _Mapping]]] = ..., unused: _Optional[_Iterable[str]] = ...) -> None: ...

class OpenClaim(_message.Message):
    __slots__ = ("claim_id", "action", "treatment", "expires_at", "location_id", "state")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[OpenClaim.State]
        HELD: _ClassVar[OpenClaim.State]
        REDEEMED: _ClassVar[OpenClaim.State]
        RELEASED: _ClassVar[OpenClaim.State]
        EXPIRED: _ClassVar[OpenClaim.State]
    STATE_UNSPECIFIED: OpenClaim.State
    HELD: OpenClaim.State
    REDEEMED: OpenClaim.State
    RELEASED: OpenClaim.State
    EXPIRED: OpenClaim.State
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    claim_id: str
    action: str
    treatment: Treatment
    expires_at: _timestamp_pb2.Timestamp
    location_id: str
    state: OpenClaim.State
    def __init__(self, claim_id: _Optional[str] = ..., action: _Optional[str] = ..., treatment: _Optional[_Union[Treatment, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., location_id: _Optional[str] = ..., state: _Optional[_Union[OpenClaim.State, str]] = ...) -> None: ...

class Treatment(_message.Message):
    __slots__ = ("title", "say", "show", "do", "terms", "avoid")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SAY_FIELD_NUMBER: _ClassVar[int]
    SHOW_FIELD_NUMBER: _ClassVar[int]
    DO_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    AVOID_FIELD_NUMBER: _ClassVar[int]
    title: str
    say: _containers.RepeatedScalarFieldContainer[str]
    show: str
    do: _containers.RepeatedScalarFieldContainer[str]
    terms: str
    avoid: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, title: _Optional[str] = ..., say: _Optional[_Iterable[str]] = ..., show: _Optional[str] = ..., do: _Optional[_Iterable[str]] = ..., terms: _Optional[str] = ..., avoid: _Optional[_Iterable[str]] = ...) -> None: ...

class Proposal(_message.Message):
    __slots__ = ("action", "rank", "score", "type", "treatment", "substitute_for", "hold_expires_at", "why", "claim_id")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    SUBSTITUTE_FOR_FIELD_NUMBER: _ClassVar[int]
    HOLD_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    action: str
    rank: int
    score: float
    type: ActionType
    treatment: Treatment
    substitute_for: str
    hold_expires_at: _timestamp_pb2.Timestamp
    why: _containers.RepeatedScalarFieldContainer[str]
    claim_id: str
    def __init__(self, action: _Optional[str] = ..., rank: _Optional[int] = ..., score: _Optional[float] = ..., type: _Optional[_Union[ActionType, str]] = ..., treatment: _Optional[_Union[Treatment, _Mapping]] = ..., substitute_for: _Optional[str] = ..., hold_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., why: _Optional[_Iterable[str]] = ..., claim_id: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("action", "reason", "rule", "detail")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    action: str
    reason: Reason
    rule: str
    detail: str
    def __init__(self, action: _Optional[str] = ..., reason: _Optional[_Union[Reason, str]] = ..., rule: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class ClaimRequest(_message.Message):
    __slots__ = ("request_id", "decision_id", "action", "at")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    decision_id: str
    action: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., action: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ClaimResponse(_message.Message):
    __slots__ = ("status", "claim_id", "expires_at", "reason", "alternatives", "detail", "treatment", "existing")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ALTERNATIVES_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TREATMENT_FIELD_NUMBER: _ClassVar[int]
    EXISTING_FIELD_NUMBER: _ClassVar[int]
    status: ClaimStatus
    claim_id: str
    expires_at: _timestamp_pb2.Timestamp
    reason: Reason
    alternatives: _containers.RepeatedCompositeFieldContainer[Proposal]
    detail: str
    treatment: Treatment
    existing: bool
    def __init__(self, status: _Optional[_Union[ClaimStatus, str]] = ..., claim_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[_Union[Reason, str]] = ..., alternatives: _Optional[_Iterable[_Union[Proposal, _Mapping]]] = ..., detail: _Optional[str] = ..., treatment: _Optional[_Union[Treatment, _Mapping]] = ..., existing: _Optional[bool] = ...) -> None: ...

class RedeemRequest(_message.Message):
    __slots__ = ("request_id", "claim_id", "at", "location_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    claim_id: str
    at: _timestamp_pb2.Timestamp
    location_id: str
    def __init__(self, request_id: _Optional[str] = ..., claim_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., location_id: _Optional[str] = ...) -> None: ...

class RedeemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("request_id", "claim_id", "cause", "at")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    claim_id: str
    cause: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., claim_id: _Optional[str] = ..., cause: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReleaseResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("outcome_id", "decision_id", "action", "kind", "at")
    OUTCOME_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    outcome_id: str
    decision_id: str
    action: str
    kind: OutcomeKind
    at: _timestamp_pb2.Timestamp
    def __init__(self, outcome_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., action: _Optional[str] = ..., kind: _Optional[_Union[OutcomeKind, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordOutcomesRequest(_message.Message):
    __slots__ = ("outcomes", "at")
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[Outcome]
    at: _timestamp_pb2.Timestamp
    def __init__(self, outcomes: _Optional[_Iterable[_Union[Outcome, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordOutcomesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[OutcomeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[OutcomeResult, _Mapping]]] = ...) -> None: ...

class OutcomeResult(_message.Message):
    __slots__ = ("outcome_id", "recorded", "detail")
    OUTCOME_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    outcome_id: str
    recorded: bool
    detail: str
    def __init__(self, outcome_id: _Optional[str] = ..., recorded: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class ListClaimsRequest(_message.Message):
    __slots__ = ("customer_id", "session_id", "location_id", "page_size", "page_token", "at")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    session_id: str
    location_id: str
    page_size: int
    page_token: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., session_id: _Optional[str] = ..., location_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListClaimsResponse(_message.Message):
    __slots__ = ("claims", "next_page_token")
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    claims: _containers.RepeatedCompositeFieldContainer[OpenClaim]
    next_page_token: str
    def __init__(self, claims: _Optional[_Iterable[_Union[OpenClaim, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event_id", "customer_id", "kind", "at", "fields_json", "session_id", "withdraws")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    customer_id: str
    kind: str
    at: _timestamp_pb2.Timestamp
    fields_json: bytes
    session_id: str
    withdraws: str
    def __init__(self, event_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., kind: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fields_json: _Optional[bytes] = ..., session_id: _Optional[str] = ..., withdraws: _Optional[str] = ...) -> None: ...

class RecordEventsRequest(_message.Message):
    __slots__ = ("events", "at")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    at: _timestamp_pb2.Timestamp
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordEventsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[EventResult]
    def __init__(self, results: _Optional[_Iterable[_Union[EventResult, _Mapping]]] = ...) -> None: ...

class EventResult(_message.Message):
    __slots__ = ("event_id", "recorded", "detail")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    recorded: bool
    detail: str
    def __init__(self, event_id: _Optional[str] = ..., recorded: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ("session_id", "at")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, session_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SessionStep(_message.Message):
    __slots__ = ("decision_id", "decided_at", "channel", "location_id", "proposals", "outcomes")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    decided_at: _timestamp_pb2.Timestamp
    channel: str
    location_id: str
    proposals: _containers.RepeatedCompositeFieldContainer[Proposal]
    outcomes: _containers.RepeatedCompositeFieldContainer[ReportedOutcome]
    def __init__(self, decision_id: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., channel: _Optional[str] = ..., location_id: _Optional[str] = ..., proposals: _Optional[_Iterable[_Union[Proposal, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[ReportedOutcome, _Mapping]]] = ...) -> None: ...

class ReportedOutcome(_message.Message):
    __slots__ = ("action", "kind", "at")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    action: str
    kind: OutcomeKind
    at: _timestamp_pb2.Timestamp
    def __init__(self, action: _Optional[str] = ..., kind: _Optional[_Union[OutcomeKind, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SessionView(_message.Message):
    __slots__ = ("session_id", "steps", "rejected", "open_claims")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    OPEN_CLAIMS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    steps: _containers.RepeatedCompositeFieldContainer[SessionStep]
    rejected: _containers.RepeatedScalarFieldContainer[str]
    open_claims: _containers.RepeatedCompositeFieldContainer[OpenClaim]
    def __init__(self, session_id: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[SessionStep, _Mapping]]] = ..., rejected: _Optional[_Iterable[str]] = ..., open_claims: _Optional[_Iterable[_Union[OpenClaim, _Mapping]]] = ...) -> None: ...

class GetCustomerRequest(_message.Message):
    __slots__ = ("customer_id", "at")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CustomerView(_message.Message):
    __slots__ = ("customer_id", "open_claims", "last_decisions", "rejections", "events")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    OPEN_CLAIMS_FIELD_NUMBER: _ClassVar[int]
    LAST_DECISIONS_FIELD_NUMBER: _ClassVar[int]
    REJECTIONS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    open_claims: _containers.RepeatedCompositeFieldContainer[OpenClaim]
    last_decisions: _containers.RepeatedCompositeFieldContainer[SessionStep]
    rejections: _containers.RepeatedCompositeFieldContainer[ReportedOutcome]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, customer_id: _Optional[str] = ..., open_claims: _Optional[_Iterable[_Union[OpenClaim, _Mapping]]] = ..., last_decisions: _Optional[_Iterable[_Union[SessionStep, _Mapping]]] = ..., rejections: _Optional[_Iterable[_Union[ReportedOutcome, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class GetDecisionRequest(_message.Message):
    __slots__ = ("decision_id", "explain")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    explain: Explain
    def __init__(self, decision_id: _Optional[str] = ..., explain: _Optional[_Union[Explain, str]] = ...) -> None: ...

class GetDecisionResponse(_message.Message):
    __slots__ = ("decision", "record")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    decision: DecideResponse
    record: DecisionRecord
    def __init__(self, decision: _Optional[_Union[DecideResponse, _Mapping]] = ..., record: _Optional[_Union[DecisionRecord, _Mapping]] = ...) -> None: ...

class DecisionRecord(_message.Message):
    __slots__ = ("request_id", "customer_id", "channel", "location_id", "max_actions", "facts_json", "situations", "ruleset_version", "ruleset_commit", "purposes", "data_used", "exposures")
    class ExposuresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    FACTS_JSON_FIELD_NUMBER: _ClassVar[int]
    SITUATIONS_FIELD_NUMBER: _ClassVar[int]
    RULESET_VERSION_FIELD_NUMBER: _ClassVar[int]
    RULESET_COMMIT_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    DATA_USED_FIELD_NUMBER: _ClassVar[int]
    EXPOSURES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    customer_id: str
    channel: str
    location_id: str
    max_actions: int
    facts_json: bytes
    situations: _containers.RepeatedScalarFieldContainer[str]
    ruleset_version: str
    ruleset_commit: str
    purposes: _containers.RepeatedScalarFieldContainer[str]
    data_used: _containers.RepeatedCompositeFieldContainer[DataUse]
    exposures: _containers.ScalarMap[str, str]
    def __init__(self, request_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., channel: _Optional[str] = ..., location_id: _Optional[str] = ..., max_actions: _Optional[int] = ..., facts_json: _Optional[bytes] = ..., situations: _Optional[_Iterable[str]] = ..., ruleset_version: _Optional[str] = ..., ruleset_commit: _Optional[str] = ..., purposes: _Optional[_Iterable[str]] = ..., data_used: _Optional[_Iterable[_Union[DataUse, _Mapping]]] = ..., exposures: _Optional[_Mapping[str, str]] = ...) -> None: ...

class DataUse(_message.Message):
    __slots__ = ("attribute", "purpose", "basis")
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    attribute: str
    purpose: str
    basis: str
    def __init__(self, attribute: _Optional[str] = ..., purpose: _Optional[str] = ..., basis: _Optional[str] = ...) -> None: ...
