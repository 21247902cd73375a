"""``PrivacyService``."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.engine.calls import ConsentView, Erased, RecordConsentCall
from maitred.rpc import messages
from maitred.v1 import privacy_pb2 as pb

from .fields import (
    ID_MAX_BYTES,
    PLAIN,
    REQUEST_ID_MAX_BYTES,
    Arrival,
    check_count,
    check_text,
    fingerprint_of,
    id_of,
    malformed,
    member,
    moment,
    parsed,
    timestamp,
)

RECORDS_MAX = 100
"""Promised in the API: a form has some ten purposes."""
AHEAD_MAX = timedelta(minutes=5)
"""Promised in the API: clocks differ; a statement from further ahead would outdo later ones until then."""

_CustomerRequest = pb.GetConsentRequest | pb.ExportCustomerRequest | pb.EraseCustomerRequest


def record_consent_call(data: bytes, arrival: Arrival = PLAIN) -> RecordConsentCall:
    """Returns the call a serialized ``RecordConsentRequest`` makes.

    Raises:
        CallError: with ``Code.MALFORMED``; of a record that is at fault it gives the place.
    """
    request = parsed(pb.RecordConsentRequest, data)
    request_id = id_of("request_id", request.request_id, REQUEST_ID_MAX_BYTES, required=True)
    customer_id = id_of("customer_id", request.customer_id, required=True)
    check_count("records", len(request.records), RECORDS_MAX, required=True)
    now = arrival.now()
    latest = None if arrival.simulated_time else now + AHEAD_MAX
    consents = tuple(
        _consent(f"records[{number}]", record, now, latest) for number, record in enumerate(request.records)
    )
    fingerprint = fingerprint_of((customer_id, [_as_sent(record) for record in request.records]))
    return RecordConsentCall(request_id, customer_id, consents, arrival.deadline, fingerprint)


def record_consent_response(_done: None = None) -> bytes:
    """Returns a serialized ``RecordConsentResponse``."""
    return pb.RecordConsentResponse().SerializeToString()


def get_consent_call(data: bytes, _arrival: Arrival = PLAIN) -> str:
    """Returns the customer a serialized ``GetConsentRequest`` names.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    return _customer_of(pb.GetConsentRequest, data)


def export_call(data: bytes, _arrival: Arrival = PLAIN) -> str:
    """Returns the customer a serialized ``ExportCustomerRequest`` names.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    return _customer_of(pb.ExportCustomerRequest, data)


def erase_call(data: bytes, _arrival: Arrival = PLAIN) -> str:
    """Returns the customer a serialized ``EraseCustomerRequest`` names.

    Raises:
        CallError: with ``Code.MALFORMED``.
    """
    return _customer_of(pb.EraseCustomerRequest, data)


def consent_response(view: ConsentView) -> bytes:
    """Returns a serialized ``GetConsentResponse``."""
    current, history = _records(view.current), _records(view.history)
    return pb.GetConsentResponse(current=current, history=history).SerializeToString()


def export_response(json: bytes) -> bytes:
    """Returns a serialized ``ExportCustomerResponse``."""
    return pb.ExportCustomerResponse(json=json).SerializeToString()


def erase_response(erased: Erased) -> bytes:
    """Returns a serialized ``EraseCustomerResponse``."""
    at = timestamp(erased.erased_at)
    return pb.EraseCustomerResponse(erased=erased.rows, erased_at=at).SerializeToString()


def _customer_of(kind: type[_CustomerRequest], data: bytes) -> str:
    return id_of("customer_id", parsed(kind, data).customer_id, required=True)


def _consent(place: str, record: pb.ConsentRecord, now: datetime, latest: datetime | None) -> Consent:
    purpose = id_of(f"{place}.purpose", record.purpose, required=True)
    check_text(f"{place}.source", record.source, ID_MAX_BYTES)
    check_text(f"{place}.text_version", record.text_version, ID_MAX_BYTES)
    state = member(ConsentState, f"{place}.state", record.state)
    at = moment(f"{place}.at", record.at) if record.HasField("at") else now
    if latest is not None and at > latest:
        malformed(messages.in_the_future(f"{place}.at", AHEAD_MAX))
    return Consent(purpose, state, record.source, at, record.text_version)


def _as_sent(record: pb.ConsentRecord) -> tuple[Any, ...]:
    at = (record.at.seconds, record.at.nanos) if record.HasField("at") else None
    return record.purpose, record.state, record.source, at, record.text_version


def _records(consents: Iterable[Consent]) -> list[Mapping[str, Any]]:
    return [
        {
            "purpose": consent.purpose,
            "state": int(consent.state),
            "source": consent.source,
            "at": timestamp(consent.at),
            "text_version": consent.text_version,
        }
        for consent in consents
    ]
