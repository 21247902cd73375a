import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from maitred.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LimitKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_KIND_UNSPECIFIED: _ClassVar[LimitKind]
    FREQUENCY_CAP: _ClassVar[LimitKind]
    CAPACITY: _ClassVar[LimitKind]
    PACE: _ClassVar[LimitKind]
LIMIT_KIND_UNSPECIFIED: LimitKind
FREQUENCY_CAP: LimitKind
CAPACITY: LimitKind
PACE: LimitKind

class PauseActionRequest(_message.Message):
    __slots__ = ("action", "by", "cause")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    action: str
    by: str
    cause: str
    def __init__(self, action: _Optional[str] = ..., by: _Optional[str] = ..., cause: _Optional[str] = ...) -> None: ...

class PauseActionResponse(_message.Message):
    __slots__ = ("paused_at",)
    PAUSED_AT_FIELD_NUMBER: _ClassVar[int]
    paused_at: _timestamp_pb2.Timestamp
    def __init__(self, paused_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResumeActionRequest(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: str
    def __init__(self, action: _Optional[str] = ...) -> None: ...

class ResumeActionResponse(_message.Message):
    __slots__ = ("was_paused",)
    WAS_PAUSED_FIELD_NUMBER: _ClassVar[int]
    was_paused: bool
    def __init__(self, was_paused: _Optional[bool] = ...) -> None: ...

class GetLimitsRequest(_message.Message):
    __slots__ = ("limit", "action", "location_id", "most_subjects", "at")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    MOST_SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    limit: str
    action: str
    location_id: str
    most_subjects: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, limit: _Optional[str] = ..., action: _Optional[str] = ..., location_id: _Optional[str] = ..., most_subjects: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetLimitsResponse(_message.Message):
    __slots__ = ("limits",)
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    limits: _containers.RepeatedCompositeFieldContainer[LimitStatus]
    def __init__(self, limits: _Optional[_Iterable[_Union[LimitStatus, _Mapping]]] = ...) -> None: ...

class LimitStatus(_message.Message):
    __slots__ = ("name", "kind", "subject", "window", "counts", "used", "held", "maximum", "resets_at", "exhausted_at", "actions", "also")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    RESETS_AT_FIELD_NUMBER: _ClassVar[int]
    EXHAUSTED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    ALSO_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: LimitKind
    subject: str
    window: str
    counts: str
    used: int
    held: int
    maximum: int
    resets_at: _timestamp_pb2.Timestamp
    exhausted_at: _timestamp_pb2.Timestamp
    actions: _containers.RepeatedScalarFieldContainer[str]
    also: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[LimitKind, str]] = ..., subject: _Optional[str] = ..., window: _Optional[str] = ..., counts: _Optional[str] = ..., used: _Optional[int] = ..., held: _Optional[int] = ..., maximum: _Optional[int] = ..., resets_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., exhausted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actions: _Optional[_Iterable[str]] = ..., also: _Optional[_Iterable[str]] = ...) -> None: ...

class GetResultsRequest(_message.Message):
    __slots__ = ("experiment", "outcome", "event", "within", "action", "control", "by", "at", "policy")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    experiment: str
    outcome: _decision_pb2.OutcomeKind
    event: str
    within: _duration_pb2.Duration
    action: str
    control: str
    by: str
    at: _timestamp_pb2.Timestamp
    policy: _containers.RepeatedCompositeFieldContainer[PolicyShare]
    def __init__(self, experiment: _Optional[str] = ..., outcome: _Optional[_Union[_decision_pb2.OutcomeKind, str]] = ..., event: _Optional[str] = ..., within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., action: _Optional[str] = ..., control: _Optional[str] = ..., by: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., policy: _Optional[_Iterable[_Union[PolicyShare, _Mapping]]] = ...) -> None: ...

class PolicyShare(_message.Message):
    __slots__ = ("segment", "arm", "probability")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    ARM_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    segment: str
    arm: str
    probability: float
    def __init__(self, segment: _Optional[str] = ..., arm: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...

class GetResultsResponse(_message.Message):
    __slots__ = ("experiment", "goal", "control", "arms", "comparisons", "mismatch", "is_mismatched", "early", "switched", "segments", "policy")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    GOAL_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    ARMS_FIELD_NUMBER: _ClassVar[int]
    COMPARISONS_FIELD_NUMBER: _ClassVar[int]
    MISMATCH_FIELD_NUMBER: _ClassVar[int]
    IS_MISMATCHED_FIELD_NUMBER: _ClassVar[int]
    EARLY_FIELD_NUMBER: _ClassVar[int]
    SWITCHED_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    experiment: str
    goal: str
    control: str
    arms: _containers.RepeatedCompositeFieldContainer[ArmResult]
    comparisons: _containers.RepeatedCompositeFieldContainer[ArmComparison]
    mismatch: float
    is_mismatched: bool
    early: int
    switched: int
    segments: _containers.RepeatedCompositeFieldContainer[SegmentResult]
    policy: PolicyValue
    def __init__(self, experiment: _Optional[str] = ..., goal: _Optional[str] = ..., control: _Optional[str] = ..., arms: _Optional[_Iterable[_Union[ArmResult, _Mapping]]] = ..., comparisons: _Optional[_Iterable[_Union[ArmComparison, _Mapping]]] = ..., mismatch: _Optional[float] = ..., is_mismatched: _Optional[bool] = ..., early: _Optional[int] = ..., switched: _Optional[int] = ..., segments: _Optional[_Iterable[_Union[SegmentResult, _Mapping]]] = ..., policy: _Optional[_Union[PolicyValue, _Mapping]] = ...) -> None: ...

class PolicyValue(_message.Message):
    __slots__ = ("decisions", "effective", "heaviest", "logged", "inverse_propensity", "self_normalized", "doubly_robust", "difference", "always")
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    HEAVIEST_FIELD_NUMBER: _ClassVar[int]
    LOGGED_FIELD_NUMBER: _ClassVar[int]
    INVERSE_PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    SELF_NORMALIZED_FIELD_NUMBER: _ClassVar[int]
    DOUBLY_ROBUST_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    ALWAYS_FIELD_NUMBER: _ClassVar[int]
    decisions: int
    effective: float
    heaviest: float
    logged: Estimate
    inverse_propensity: Estimate
    self_normalized: Estimate
    doubly_robust: Estimate
    difference: Estimate
    always: Interval
    def __init__(self, decisions: _Optional[int] = ..., effective: _Optional[float] = ..., heaviest: _Optional[float] = ..., logged: _Optional[_Union[Estimate, _Mapping]] = ..., inverse_propensity: _Optional[_Union[Estimate, _Mapping]] = ..., self_normalized: _Optional[_Union[Estimate, _Mapping]] = ..., doubly_robust: _Optional[_Union[Estimate, _Mapping]] = ..., difference: _Optional[_Union[Estimate, _Mapping]] = ..., always: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("value", "interval")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    value: float
    interval: Interval
    def __init__(self, value: _Optional[float] = ..., interval: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class ArmResult(_message.Message):
    __slots__ = ("name", "persons", "decisions", "reached", "rate", "outcomes", "refused")
    class OutcomesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class RefusedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    name: str
    persons: int
    decisions: int
    reached: int
    rate: float
    outcomes: _containers.ScalarMap[str, int]
    refused: _containers.ScalarMap[str, int]
    def __init__(self, name: _Optional[str] = ..., persons: _Optional[int] = ..., decisions: _Optional[int] = ..., reached: _Optional[int] = ..., rate: _Optional[float] = ..., outcomes: _Optional[_Mapping[str, int]] = ..., refused: _Optional[_Mapping[str, int]] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("lower", "upper")
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    lower: float
    upper: float
    def __init__(self, lower: _Optional[float] = ..., upper: _Optional[float] = ...) -> None: ...

class ArmComparison(_message.Message):
    __slots__ = ("arm", "difference", "fixed", "p_value", "always", "adjusted")
    ARM_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    FIXED_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    ALWAYS_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_FIELD_NUMBER: _ClassVar[int]
    arm: str
    difference: float
    fixed: Interval
    p_value: float
    always: Interval
    adjusted: AdjustedDifference
    def __init__(self, arm: _Optional[str] = ..., difference: _Optional[float] = ..., fixed: _Optional[_Union[Interval, _Mapping]] = ..., p_value: _Optional[float] = ..., always: _Optional[_Union[Interval, _Mapping]] = ..., adjusted: _Optional[_Union[AdjustedDifference, _Mapping]] = ...) -> None: ...

class AdjustedDifference(_message.Message):
    __slots__ = ("difference", "interval", "variance_saved")
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    VARIANCE_SAVED_FIELD_NUMBER: _ClassVar[int]
    difference: float
    interval: Interval
    variance_saved: float
    def __init__(self, difference: _Optional[float] = ..., interval: _Optional[_Union[Interval, _Mapping]] = ..., variance_saved: _Optional[float] = ...) -> None: ...

class SegmentResult(_message.Message):
    __slots__ = ("segment", "comparisons")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    COMPARISONS_FIELD_NUMBER: _ClassVar[int]
    segment: str
    comparisons: _containers.RepeatedCompositeFieldContainer[ArmComparison]
    def __init__(self, segment: _Optional[str] = ..., comparisons: _Optional[_Iterable[_Union[ArmComparison, _Mapping]]] = ...) -> None: ...
