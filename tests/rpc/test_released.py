"""What was released stays as it is: callers keep the stubs they were built with.

`tools/stubs.py --release` keeps what a release has.
"""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2, timestamp_pb2

from maitred.v1 import decision_pb2 as pb
from maitred.v1 import privacy_pb2, ruleset_pb2

PROTOS = Path(__file__).parents[2] / "protos"
RELEASED = Path(__file__).parent / "released"
FILES = {"decision": pb, "ruleset": ruleset_pb2, "privacy": privacy_pb2}


def descriptor(name):
    return descriptor_pb2.FileDescriptorProto.FromString((RELEASED / f"{name}.binpb").read_bytes())


def shapes(file):
    """Everything a built client relies on: by name, the number and what goes with it."""
    fields = {
        (service.name, method.name): (
            method.input_type,
            method.output_type,
            method.client_streaming,
            method.server_streaming,
        )
        for service in file.service
        for method in service.method
    }
    return fields | enum_shapes("", file.enum_type) | message_shapes("", file.message_type)


def message_shapes(outer, messages):
    fields = {}
    for message in messages:
        name = f"{outer}{message.name}"
        for field in message.field:
            oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
            fields[name, field.name] = field.number, field.type, field.label, field.type_name, oneof
        fields |= enum_shapes(f"{name}.", message.enum_type)
        fields |= message_shapes(f"{name}.", message.nested_type)
    return fields


def enum_shapes(outer, enums):
    return {(f"{outer}{enum.name}", value.name): value.number for enum in enums for value in enum.value}


def today(name):
    file = descriptor_pb2.FileDescriptorProto()
    FILES[name].DESCRIPTOR.CopyToProto(file)
    return file


def test_every_file_of_the_api_has_been_kept():
    protos = {path.stem for path in PROTOS.rglob("*.proto") if path.parent.name == "v1"}
    assert protos == set(FILES) == {path.stem for path in RELEASED.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_what_was_released_has_not_changed(name):
    released, now = shapes(descriptor(name)), shapes(today(name))
    assert len(released) > 20
    assert {key: now.get(key) for key in released} == released


@pytest.mark.parametrize("name", FILES)
def test_a_field_that_is_renumbered_is_noticed(name):
    changed = today(name)
    changed.message_type[0].field[0].number += 50
    kept = shapes(descriptor(name))
    assert {key: shapes(changed).get(key) for key in kept} != kept


@pytest.fixture
def old():
    """Messages as a client built at the first release has them."""
    pool = descriptor_pool.DescriptorPool()
    for module in (struct_pb2, timestamp_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.Add(descriptor("decision"))
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"maitred.v1.{name}"))


def test_an_old_client_is_answered(standing, old):
    request = old("DecideRequest")(request_id="r", customer_id="c", channel="pos", context_json=b"{}")
    data = standing.raw("Decide")(request.SerializeToString(), timeout=5)
    response = old("DecideResponse").FromString(data)
    assert (response.decision_id, response.proposals[0].action) == ("d-r", "offer-1")


def test_old_consent_signals_are_read(standing, old):
    request = old("DecideRequest")(request_id="r", customer_id="c", channel="pos")
    request.consent.denied.append("perks")
    standing.raw("Decide")(request.SerializeToString(), timeout=5)
    assert standing.engine.calls[0].consent.denied == {"perks"}
