from typing import Any

import pytest

from maitred.core.deciding.decisions import Explain
from maitred.core.rules.ruleset import ActionType
from maitred.core.values.reasons import Reason
from maitred.v1 import decision_pb2

PRECEDENCE = """
ALREADY_REDEEMED CLAIM_WINDOW_OVER PAUSED NOT_LIVE WRONG_CHANNEL CONSENT_REQUIRED SENSITIVE SUPPRESSED
NOT_ELIGIBLE MISSING_ATTRIBUTE RULE_ERROR HELD_OUT NOT_IN_ROLLOUT STAND_IN_ONLY REJECTED_IN_SESSION
FREQUENCY_CAPPED CAPACITY_EXHAUSTED PACED GROUPED OUTRANKED
"""


def test_reasons_are_the_published_ones_in_order_of_precedence():
    published = dict(decision_pb2.Reason.items())
    assert published.pop("REASON_UNSPECIFIED") == 0
    assert {reason.name: reason.value for reason in Reason} == published
    assert [reason.precedence for reason in Reason] == list(range(len(Reason)))
    # As the comment of the proto names them.
    assert [reason.name for reason in Reason] == PRECEDENCE.split()


def test_values_are_not_an_order_to_compare_by():
    reasons: list[Any] = [Reason.PAUSED, Reason.ALREADY_REDEEMED]
    with pytest.raises(TypeError):
        sorted(reasons)


def test_the_other_enums_are_the_published_ones():
    assert {level.name: level.value for level in Explain} == dict(decision_pb2.Explain.items())
    published = dict(decision_pb2.ActionType.items())
    published.pop("ACTION_TYPE_UNSPECIFIED")
    assert {kind.name: kind.value for kind in ActionType} == published
