"""Customers' consent and rights."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest

from maitred.core.privacy.purposes import Consent, ConsentState
from maitred.rpc.client import Client
from maitred.v1 import privacy_pb2 as pb

NOW = datetime(2026, 12, 1, 11, 30, 0, 123456, tzinfo=UTC)
AT = datetime(2017, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
PERKS = Consent("perks", ConsentState.GRANTED, "app-settings", AT, "v3")


def recording(*records, request_id="r"):
    return pb.RecordConsentRequest(request_id=request_id, customer_id="c", records=records)


def test_statements_are_kept_and_given_back(standing):
    ads = Consent("ads", ConsentState.OBJECTED, "till", AT + timedelta(days=1))
    with Client(standing.address) as client:
        client.record_consent(request_id="r", customer_id="c", consents=iter([PERKS, ads]))
        view = client.consent("c")
        assert (view.current, view.history) == ((ads,), (PERKS, ads))
        assert client.consent("nobody").history == ()
    assert standing.desk.calls[0][:3] == ("r", "c", (PERKS, ads))


def test_a_statement_without_a_time_is_of_now(standing):
    standing.privacy.RecordConsent(recording({"purpose": "perks", "state": pb.DENIED}), timeout=5)
    assert standing.desk.calls[0].consents == (Consent("perks", ConsentState.DENIED, "", NOW),)


def test_a_statement_may_be_a_little_ahead_of_the_clock(serve, status_of):
    running, edge = serve(), NOW + timedelta(minutes=5)
    running.privacy.RecordConsent(recording({"purpose": "p", "state": pb.GRANTED, "at": edge}), timeout=5)
    ahead = recording(
        {"purpose": "p", "state": pb.GRANTED},
        {"purpose": "p", "state": pb.GRANTED, "at": edge + timedelta(microseconds=1)},
    )
    error = status_of(lambda: running.privacy.RecordConsent(ahead, timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().startswith("`records[1].at` lies more than 5 minutes ahead")
    assert len(running.desk.calls) == 1
    simulated = serve(simulated_time=True)
    simulated.privacy.RecordConsent(ahead, timeout=5)
    assert len(simulated.desk.calls[0].consents) == 2


@pytest.mark.parametrize("at", [{"seconds": -1}, {"seconds": 7258118400}, {"nanos": -1}])
def test_when_a_statement_was_made_must_be_a_time(standing, status_of, at):
    request = recording({"purpose": "p", "state": pb.GRANTED, "at": at})
    error = status_of(lambda: standing.privacy.RecordConsent(request, timeout=5))
    assert error.details().startswith("`records[0].at` must lie in the years 1970 to 2199")


def test_a_retry_has_the_same_fingerprint_and_other_content_another(serve):
    moments = iter([NOW, NOW + timedelta(seconds=9)])
    running = serve(now=lambda: next(moments, NOW))
    contents = [
        [{"purpose": "p", "state": pb.GRANTED}],
        [{"purpose": "p", "state": pb.GRANTED}],
        [{"purpose": "p", "state": pb.DENIED}],
        [{"purpose": "q", "state": pb.GRANTED}],
        [{"purpose": "p", "state": pb.GRANTED, "source": "till"}],
        [{"purpose": "p", "state": pb.GRANTED, "text_version": "v1"}],
        [{"purpose": "p", "state": pb.GRANTED, "at": NOW}],
        [{"purpose": "p", "state": pb.GRANTED}] * 2,
    ]
    for records in contents:
        running.privacy.RecordConsent(recording(*records), timeout=5)
    running.privacy.RecordConsent(
        pb.RecordConsentRequest(request_id="r", customer_id="c2", records=contents[0]), timeout=5
    )
    first, again, *others = (call.fingerprint for call in running.desk.calls)
    assert first == again
    assert len(first) == 16
    assert len({first, *others}) == len(others) + 1


def test_export_and_erase(standing):
    with Client(standing.address) as client:
        client.record_consent(request_id="r", customer_id="c", consents=[PERKS])
        assert client.export("c") == '{"customer":"Zoë"}'.encode()
        erased, again = client.erase("c"), client.erase("c")
    assert (erased.rows, erased.erased_at) == ({"consents": 1, "decisions": 0}, NOW)
    assert again.rows == {"consents": 0, "decisions": 0}


def test_an_export_may_be_larger_than_what_a_client_takes_by_default(running):
    running.desk.export = lambda _customer_id: b"x" * (8 * 1024 * 1024)
    with Client(running.address) as client:
        assert len(client.export("c")) == 8 * 1024 * 1024
