import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
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
