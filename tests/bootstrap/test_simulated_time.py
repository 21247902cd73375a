"""Under simulated time the clock is the callers' alone."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.recording import RecordingLog
from tests.rules import action, capacity, joined, ruleset
from tests.services import settings_in

from maitred.bootstrap import serving
from maitred.bootstrap.clients import Client
from maitred.bootstrap.engine import SWEEP_SECONDS

LONG_AGO = datetime(2017, 8, 8, 16, tzinfo=UTC)
RULES = joined(
    ruleset(channels="[pos]"),
    action("lounge", title="Lounge pass", type="service"),
    capacity("seats", applies_to="{actions: [lounge]}", window="{calendar: day}", hold="30m"),
)


@pytest.fixture
def client(tmp_path):
    settings = settings_in(tmp_path, RULES, simulated_time=True)
    with serving.start(settings, {}, RecordingLog()) as running, Client(running.address) as connected:
        yield connected


def ask(client, number, at):
    return client.decide(request_id=f"ask-{number}", customer_id=f"c{number}", channel="pos", at=at)


def claim(client, number, answer, at):
    return client.claim(
        request_id=f"claim-{number}", decision_id=answer.decision_id, action="lounge", at=at
    ).granted


def test_a_hold_of_long_ago_is_kept_until_a_call_of_its_own_time_is_later(client):
    first, second = (ask(client, number, LONG_AGO) for number in (1, 2))
    assert claim(client, 1, first, LONG_AGO)
    # By the clock of the process it was due years ago.
    time.sleep(SWEEP_SECONDS + 0.5)
    assert not claim(client, 2, second, LONG_AGO + timedelta(minutes=29))
    assert claim(client, 3, second, LONG_AGO + timedelta(minutes=30))
