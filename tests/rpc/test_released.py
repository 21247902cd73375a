"""What was released stays as it is: callers keep the stubs they were built with."""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2, timestamp_pb2

from maitred.v1 import decision_pb2 as pb

RELEASED = Path(__file__).parent / "released"


def descriptor(name):
    return descriptor_pb2.FileDescriptorProto.FromString((RELEASED / f"{name}.binpb").read_bytes())


def shapes(file):
    """Everything a built client relies on: by name, the number and what goes with it."""
    found = {}
    for message in file.message_type:
        for field in message.field:
            found[message.name, field.name] = field.number, field.type, field.label, field.type_name
    for enum in file.enum_type:
        found |= {(enum.name, value.name): value.number for value in enum.value}
    for service in file.service:
        for method in service.method:
            found[service.name, method.name] = (
                method.input_type,
                method.output_type,
                method.client_streaming,
                method.server_streaming,
            )
    return found


def test_what_was_released_has_not_changed():
    today = descriptor_pb2.FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(today)
    released, now = shapes(descriptor("decision")), shapes(today)
    assert len(released) > 70
    assert {name: now.get(name) for name in released} == released


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
