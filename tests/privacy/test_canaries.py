"""Four canaries in every field of every request: nobody but the caller ever hears of them."""

import sqlite3
from pathlib import Path

import grpc
import pytest
from sqlalchemy import inspect
from tests.databases import connected
from tests.privacy.canary_calls import (
    CANARIES,
    RULES,
    CanaryCalls,
    consents,
    decides,
    events,
    moves,
    operations,
)
from tests.privacy.conftest import CALL_SECONDS, Stubs

from maitred.v1 import privacy_pb2, ruleset_pb2


def standing_limits(canary_calls):
    """What operators are told of limits in an OK answer they have not sent themselves."""
    answer = canary_calls.call(
        canary_calls.stubs.rulesets.GetLimits, ruleset_pb2.GetLimitsRequest(most_subjects=1000)
    )
    return str(answer)


def rules_are_open(rules):
    return not (rules / "stores.csv").exists()


def hits(text):
    data = text if isinstance(text, bytes) else str(text).encode()
    return [canary for canary in CANARIES if canary.encode() in data or canary.encode("utf-16le") in data]


@pytest.fixture(params=RULES)
def rules(request, write_rules):
    text, tables = RULES[request.param]
    return write_rules(text, **tables)


def test_nobody_but_the_caller_hears_of_a_canary(rules, database_url, exporting_service, receiver):
    service = exporting_service(rules, database_url)
    with Stubs(service.address) as stubs:
        canary_calls = CanaryCalls(stubs)
        for canary in CANARIES:
            made = decides(canary_calls, canary)
            assert made, canary_calls.told
            consents(canary_calls, canary)
            events(canary_calls, canary)
            moves(canary_calls, canary, [*made, *decides(canary_calls, canary)])
            operations(canary_calls, canary)
        limits = standing_limits(canary_calls)
        assert "per-email" in limits
        assert not hits(limits), "operators are told pseudonyms"
        stored = everything_in(database_url)
        assert len(canary_calls.prints) > len(CANARIES)
        assert not [table for table, row in stored for item in canary_calls.prints if item in row], "unkeyed"
        # Until they are erased: what was stated, with where, and the place of a claim, which is a store's id;
        # nothing else is in the clear.
        assert {table for table, row in stored if hits(row)} <= {"claim", "consent"}
        requests = [privacy_pb2.EraseCustomerRequest(customer_id=item) for item in CANARIES]
        erased = [stubs.privacy.EraseCustomer(request, timeout=CALL_SECONDS) for request in requests]
        assert all(item.erased["key"] == 1 for item in erased)
        assert not [(table, row) for table, row in everything_in(database_url) if hits(row)]
        if database_url.startswith("sqlite"):
            assert not in_files(database_url), "before the vacuum"
    service.stop()
    assert grpc.StatusCode.INTERNAL not in canary_calls.codes, service.log.read_text()
    assert {code.name for code in canary_calls.codes} >= {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS"}
    assert not [text for text in canary_calls.told if hits(text)]
    assert not hits(service.log.read_bytes()), service.log.read_text()
    assert receiver.spans
    assert receiver.records
    labels = str(receiver.metrics["maitred.decisions"])
    assert ("_OTHER" in labels) is rules_are_open(rules)
    sent = [item for kind in receiver.requests.values() for item in kind]
    assert not [text for text in map(str, sent) if hits(text)]
    assert not [item for item in sent if hits(item.SerializeToString())]
    if database_url.startswith("sqlite"):
        vacuumed(database_url)
        assert not in_files(database_url)


def everything_in(database):
    """Every row of every table, as bytes."""
    with connected(database) as connection:
        return [
            (table, b"|".join(map(_data, row)))
            for table in inspect(connection).get_table_names()
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')
        ]


def _data(value):
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def in_files(database):
    name = database.removeprefix("sqlite:///")
    files = [Path(f"{name}{ending}") for ending in ("", "-wal", "-shm")]
    hits_by_file = {file.name: hits(file.read_bytes()) for file in files if file.exists()}
    return {file: canaries for file, canaries in hits_by_file.items() if canaries}


def vacuumed(database):
    connection = sqlite3.connect(database.removeprefix("sqlite:///"))
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
