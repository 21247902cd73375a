from maitred.engine.deciding import recurring
from maitred.engine.deciding.recurring import Recurring


def test_made_once_for_the_same_object_and_anew_for_an_equal_one():
    made = []
    memo = Recurring(lambda value: made.append(value) or tuple(value))
    first, second = ["a"], ["a"]
    assert memo.of(first) == memo.of(first) == memo.of(second) == ("a",)
    assert len(made) == 2


def test_an_identity_that_is_used_again_is_not_mistaken(monkeypatch):
    monkeypatch.setattr(recurring, "MAX_REMEMBERED", 3)
    memo = Recurring(tuple)
    assert all(memo.of([number]) == (number,) for number in range(1_000))
