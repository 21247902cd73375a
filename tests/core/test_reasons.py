from maitred.core.decisions import Explain
from maitred.core.reasons import Reason
from maitred.core.rules import ActionType
from maitred.v1 import decision_pb2


def test_reasons_are_the_published_ones_in_order_of_precedence():
    published = dict(decision_pb2.Reason.items())
    assert published.pop("REASON_UNSPECIFIED") == 0
    assert {reason.name: reason.value for reason in Reason} == published
    assert [reason.value for reason in Reason] == list(range(1, len(Reason) + 1))


def test_the_other_enums_are_the_published_ones():
    assert {level.name: level.value for level in Explain} == dict(decision_pb2.Explain.items())
    published = dict(decision_pb2.ActionType.items())
    published.pop("ACTION_TYPE_UNSPECIFIED")
    assert {kind.name: kind.value for kind in ActionType} == published
