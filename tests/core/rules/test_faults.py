import pytest

from maitred.core.rules.faults import Fault


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("a.yaml", 3, 7, "x is wrong"), "a.yaml:3:7: error: x is wrong"),
        (Fault("a.csv", 0, 0, "is too long"), "a.csv: error: is too long"),
        (Fault("", 0, 0, "there is no rule file"), "error: there is no rule file"),
    ],
)
def test_a_fault_is_told_with_the_place_it_has(fault, text):
    assert str(fault) == text
