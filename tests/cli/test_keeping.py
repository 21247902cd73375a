"""``--keep``."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.cli.exits import Stop
from maitred.cli.keep import KEEP_ALL, MOST, keep_text, read_keep
from maitred.settings import Keep

SPANS = st.none() | st.integers(1, MOST.days).map(lambda days: timedelta(days=days))


@given(st.builds(Keep, SPANS, SPANS, SPANS))
def test_what_is_written_is_read_back(keep):
    """Workers are told in a variable what the first process was told with flags."""
    assert read_keep([keep_text(keep)], Keep()) == keep


def test_flags_may_be_repeated_or_parted_by_commas():
    wanted = Keep(timedelta(days=400), None, timedelta(weeks=8))
    assert read_keep(["decisions=400d", "consents=forever", "ledger=8w"], Keep()) == wanted
    assert read_keep([" decisions=400d, consents=forever ,ledger=8w,"], Keep()) == wanted


def test_what_is_not_named_is_as_before():
    assert read_keep(["ledger=2d"], KEEP_ALL) == Keep(None, None, timedelta(days=2), None)
    assert read_keep([], Keep()) == Keep()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("desicions=3d", "`desicions` is no class of data to keep: decisions, consents, ledger"),
        ("400d", "`400d` is no class"),
        ("", None),
        ("decisions", "`` is no span"),
        ("decisions=", "`` is no span"),
        ("decisions=400", "`400` is no span"),
        ("decisions=13m", "`13m` is no span"),
        ("decisions=1.5d", "`1.5d` is no span"),
        ("decisions=-1d", "`-1d` is no span"),
        ("decisions=٣d", "is no span"),
        ("decisions=0d", "`0d` is out of range"),
        ("decisions=36501d", "out of range"),
        (f"decisions={'9' * 5000}d", "out of range"),
        ("decisions=1d,decisions=2d", "names `decisions` twice"),
        ("Decisions=1d", "is no class"),
    ],
)
def test_nonsense_is_refused(word, message):
    if message is None:
        assert read_keep([word], Keep()) == Keep()
        return
    with pytest.raises(Stop) as stop:
        read_keep([word], Keep())
    assert message in stop.value.message
