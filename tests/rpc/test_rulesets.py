"""What operators ask and stop."""

from datetime import UTC, datetime

from maitred.core.limits.limits import LimitKind
from maitred.engine.calls import LimitsCall
from maitred.rpc.client import Client
from maitred.rpc.convert.rulesets import KIND_NUMBERS
from maitred.v1 import ruleset_pb2 as pb

DECIDED_AT = datetime(2026, 12, 1, 11, 30, 0, 123456, tzinfo=UTC)


def test_an_action_is_paused_and_goes_on(standing):
    with Client(standing.address) as client:
        assert client.pause("pizza", by="night shift", cause="the oven\u2019s out") == DECIDED_AT
        assert client.resume("pizza") is True
        assert client.resume("pizza") is False
        client.pause("tea", by="night shift")
    assert standing.desk.calls == [
        ("pizza", "night shift", "the oven\u2019s out"),
        "pizza",
        "pizza",
        ("tea", "night shift", ""),
    ]


def test_limits_arrive_whole(standing):
    with Client(standing.address) as client:
        limits = client.limits(limit="ovens", action="pizza", location_id="oslo-1", most_subjects=3)
    assert limits == tuple(standing.desk.limits(LimitsCall()))
    assert standing.desk.calls[0] == LimitsCall("ovens", "pizza", "oslo-1", 3)


def test_nothing_chosen_is_everything(standing):
    with Client(standing.address) as client:
        assert len(client.limits()) == 3
    assert standing.desk.calls[0] == LimitsCall()


def test_a_maximum_of_none_is_not_one_of_nought(standing):
    limits = standing.rulesets.GetLimits(pb.GetLimitsRequest(), timeout=5).limits
    assert [(one.HasField("maximum"), one.maximum) for one in limits] == [(True, 300), (True, 0), (False, 0)]
    assert [one.HasField("resets_at") for one in limits] == [True, False, False]


def test_every_kind_of_limit_has_its_number():
    assert set(KIND_NUMBERS) == set(LimitKind)
    assert {one.name: KIND_NUMBERS[one] for one in LimitKind} | {"LIMIT_KIND_UNSPECIFIED": 0} == dict(
        pb.LimitKind.items()
    )
