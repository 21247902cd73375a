"""What CEL's checker is told of types it does not have.

A decimal, a version, a date and an address are messages without fields to the checker, and an object
is a message with typed fields, so that it finds what does not go together. The operators are declared
anew with the overloads of these types beside CEL's own; that needs them to be taken out of the standard
library first. What is evaluated are plain CEL types (``typing`` says which), so none of this is there
when an expression runs.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from google.protobuf import any_pb2, duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from maitred.core.values.kinds import KINDS, OWN_KINDS
from maitred.core.values.types import Attribute, AttributeType, Kind

from .binding import cel

PACKAGE = "maitred"
DECIMAL, DATE, IP = (KINDS[kind].cel for kind in (Kind.DECIMAL, Kind.DATE, Kind.IP))
_TEXTS = [name for name in OWN_KINDS if name != DECIMAL]
"""Own types that go beside texts and values of their own type alone."""
_ORDERED = [name for name in _TEXTS if KINDS[OWN_KINDS[name]].is_ordered]
_WELL_KNOWN = (any_pb2, duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)
_PLAIN_ORDERED = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
_NUMBERS = ("int", "double")
_CIVIL = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear")

Signature = tuple[tuple[str, ...], str]
"""Types of the operands, and of the result."""


def _both_ways(type_: str, others: Iterable[str]) -> list[tuple[str, ...]]:
    return [pair for other in others for pair in ((type_, other), (other, type_))]


SHARE = f"{PACKAGE}.share"
"""What ``learned("...")`` is to the checker: it can be reckoned with, and nothing else."""
_SHARES = [
    ((SHARE, SHARE), SHARE),
    *((pair, SHARE) for pair in _both_ways(SHARE, (*_NUMBERS, DECIMAL))),
]
_DECIMAL_PAIRS = [(DECIMAL, DECIMAL), *_both_ways(DECIMAL, _NUMBERS)]
_TEXT_PAIRS = [pair for type_ in (DECIMAL, *_ORDERED) for pair in _both_ways(type_, ["string"])]
_ORDERED_PAIRS = [
    *((type_, type_) for type_ in (*_PLAIN_ORDERED, *_ORDERED)),
    *_DECIMAL_PAIRS,
    *_TEXT_PAIRS,
]
_EQUAL_PAIRS = [
    ("~A", "~A"),
    *_DECIMAL_PAIRS[1:],
    *(pair for type_ in OWN_KINDS for pair in _both_ways(type_, ["string"])),
]
_IN_PAIRS = [
    ("~A", "list<~A>"),
    ("~A", "map<~A, ~B>"),
    *((DECIMAL, f"list<{other}>") for other in (*_NUMBERS, "string")),
    *((other, f"list<{DECIMAL}>") for other in (*_NUMBERS, "string")),
    *((type_, "list<string>") for type_ in _TEXTS),
    *(("string", f"list<{type_}>") for type_ in _TEXTS),
]


def _same(types: Iterable[str]) -> list[Signature]:
    return [((type_, type_), type_) for type_ in types]


def _decimals() -> list[Signature]:
    return [(pair, DECIMAL) for pair in _DECIMAL_PAIRS]


OPERATORS: Mapping[str, list[Signature]] = {
    **{sign: [(pair, "bool") for pair in _ORDERED_PAIRS] for sign in ("_<_", "_<=_", "_>_", "_>=_")},
    **{sign: [(pair, "bool") for pair in _EQUAL_PAIRS] for sign in ("_==_", "_!=_")},
    "@in": [(pair, "bool") for pair in _IN_PAIRS],
    "_+_": [
        *_same(("int", "uint", "double", "string", "bytes", "duration", "list<~A>")),
        (("timestamp", "duration"), "timestamp"),
        (("duration", "timestamp"), "timestamp"),
        *_decimals(),
        *_SHARES,
    ],
    "_-_": [
        *_same(("int", "uint", "double", "duration")),
        (("timestamp", "timestamp"), "duration"),
        (("timestamp", "duration"), "timestamp"),
        ((DATE, DATE), "duration"),
        *_decimals(),
        *_SHARES,
    ],
    "_*_": [*_same(("int", "uint", "double")), *_decimals(), *_SHARES],
    "_/_": [*_same(("int", "uint", "double")), *_SHARES],
    "-_": [((type_,), type_) for type_ in ("int", "double", DECIMAL, SHARE)],
    "double": [((type_,), "double") for type_ in ("double", "int", "uint", "string", DECIMAL)],
}
_FUNCTIONS: Mapping[str, list[Signature]] = {
    "age": [((DATE, "timestamp", "string"), "int")],
    "date": [(("timestamp", "string"), DATE)],
}
_METHODS: Mapping[str, list[Signature]] = {
    **{
        name: [(("timestamp",), "int"), (("timestamp", "string"), "int"), ((DATE,), "int")] for name in _CIVIL
    },
    "inNetwork": [((IP, "string"), "bool")],
}
OWN_FUNCTIONS = frozenset(("age", "date", "inNetwork"))
"""Those that CEL does not have at all."""


@cache
def configuration() -> Any:
    """Returns the standard library with these operators and functions in it."""
    functions = [
        *(
            _function(name, signatures, method=False)
            for name, signatures in {**OPERATORS, **_FUNCTIONS}.items()
        ),
        *(_function(name, signatures, method=True) for name, signatures in _METHODS.items()),
    ]
    redeclared = [{"name": name} for name in (*OPERATORS, *_METHODS) if name not in OWN_FUNCTIONS]
    config = {
        "name": PACKAGE,
        "stdlib": {"exclude_functions": redeclared},
        "functions": functions,
    }
    return cel.NewEnvConfigFromYaml(json.dumps(config))  # JSON is YAML


def _function(name: str, signatures: list[Signature], *, method: bool) -> dict[str, Any]:
    return {
        "name": name,
        "overloads": [
            _overload(f"{PACKAGE}_{name}_{number}", operands, result, method=method)
            for number, (operands, result) in enumerate(signatures)
        ],
    }


def _overload(id_: str, operands: tuple[str, ...], result: str, *, method: bool) -> dict[str, Any]:
    target, args = (operands[:1], operands[1:]) if method else ((), operands)
    overload: dict[str, Any] = {
        "id": id_,
        "args": [{"type": operand} for operand in args],
        "return": {"type": result},
    }
    if target:
        overload["target"] = {"type": target[0]}
    return overload


# Types


def object_name(attribute: str) -> str:
    """Returns the message that the objects of an attribute are to the checker."""
    return f"{PACKAGE}.items.{attribute.replace('.', '_')}"


def type_name(attribute: Attribute) -> str:
    """Returns the type of an attribute in CEL's spelling."""
    kind = attribute.type.kind
    name = object_name(attribute.name) if kind is Kind.OBJECT else KINDS[kind].cel
    return f"list<{name}>" if attribute.type.is_list else name


def pool_of(attributes: Iterable[Attribute]) -> DescriptorPool:
    """Returns the messages that the types of the attributes are to the checker."""
    pool = DescriptorPool()
    for module in _WELL_KNOWN:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    names = (KINDS[kind].cel for kind in Kind)
    own = FileDescriptorProto(name="maitred/types.proto", package=PACKAGE, syntax="proto3")
    for name in (*names, SHARE):
        if name.startswith(f"{PACKAGE}."):
            own.message_type.add(name=name.removeprefix(f"{PACKAGE}."))
    pool.Add(own)
    for attribute in attributes:
        if attribute.type.kind is Kind.OBJECT:
            pool.Add(_object_file(attribute))
    return pool


_REPEATED, _OPTIONAL = FieldDescriptorProto.LABEL_REPEATED, FieldDescriptorProto.LABEL_OPTIONAL
_FIELD_TYPES = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int": FieldDescriptorProto.TYPE_INT64,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "string": FieldDescriptorProto.TYPE_STRING,
}
_MESSAGES = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration"}


def _object_file(attribute: Attribute) -> FileDescriptorProto:
    name = object_name(attribute.name)
    package, _, message_name = name.rpartition(".")
    file = FileDescriptorProto(
        name=f"{name}.proto",
        package=package,
        syntax="proto3",
        dependency=[
            "maitred/types.proto",
            "google/protobuf/timestamp.proto",
            "google/protobuf/duration.proto",
        ],
    )
    message = file.message_type.add(name=message_name)
    for number, field in enumerate(attribute.type.fields, start=1):
        label = _REPEATED if field.type.is_list else _OPTIONAL
        added = message.field.add(name=field.name, number=number, label=label)
        _set_type(added, KINDS[field.type.kind].cel)
    return file


def _set_type(field: FieldDescriptorProto, name: str) -> None:
    if name in _FIELD_TYPES:
        field.type = _FIELD_TYPES[name]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_MESSAGES.get(name, name)}"


def celtype(type_: AttributeType) -> cel.Type:
    """Returns the type that values have when an expression runs."""
    row = KINDS[type_.kind]
    kind = _RUNNING[row.runs_as or row.cel]
    return cel.Type.List(kind) if type_.is_list else kind


_RUNNING = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "timestamp": cel.Type.TIMESTAMP,
    "duration": cel.Type.DURATION,
    "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}
