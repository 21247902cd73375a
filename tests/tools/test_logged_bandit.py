"""The tool on a wheel made here; on the real one where ``MAITRED_OBP_WHEEL`` names it."""

import os
import re
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from maitred.insights.off_policy import mean_of
from tools import logged_bandit

ITEMS = 4
HEAD = ",timestamp,item_id,position,click,propensity_score\n"


@pytest.fixture
def wheel(tmp_path):
    """One of which item 3 is clicked half the time and the others never; later rows stand first."""
    rows = [
        f"{number},2019-11-24 00:{number // 60:02}:{number % 60:02}.0+00:00,{number % ITEMS},1,"
        f"{int(number % (2 * ITEMS) == ITEMS - 1)},{1 / ITEMS}\n"
        for number in reversed(range(2_000))
    ]
    path = tmp_path / "obp.whl"
    with ZipFile(path, "w") as made:
        for policy in ("random", "bts"):
            for campaign in logged_bandit.CAMPAIGNS:
                name = f"obp/dataset/obd/{policy}/{campaign}/{campaign}.csv"
                made.writestr(name, HEAD + "".join(rows))
    return path


def numbers_in(line, behind):
    """The numbers with a sign that stand behind these words."""
    return [float(number) for number in re.findall(r"[+-][0-9.]+", line.partition(behind)[2])]


def bounds_in(line, behind="("):
    lower, upper, *_ = numbers_in(line, behind)
    return lower, upper


def test_a_log_is_read_in_order_of_time(wheel):
    log = logged_bandit.read(wheel, "random", "men")
    assert log.items[:5].tolist() == [0, 1, 2, 3, 0]
    assert log.clicks[:8].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert set(log.chances) == {1 / ITEMS}


def test_what_is_learned_from_the_shops_log_is_worth_more_by_the_random_one(wheel):
    random = logged_bandit.read(wheel, "random", "all")
    before = logged_bandit.Shown.of(random.items, random.clicks, ITEMS)
    gains = logged_bandit.differences(random, before, np.random.default_rng(1))
    added = mean_of(gains)
    assert len(gains) == len(random.items)
    assert added.value == pytest.approx(1 / 2 - 1 / 8, abs=0.03)
    assert added.interval.lower > 0.3


def test_the_learner_knows_of_the_random_log_what_was_before_only(wheel):
    """What comes of later decisions changes nothing of what earlier ones count."""
    random = logged_bandit.read(wheel, "random", "all")
    nothing = logged_bandit.Shown(np.zeros(ITEMS), np.zeros(ITEMS))
    half = len(random.items) // 2
    other = random._replace(clicks=np.where(np.arange(2 * half) < half, random.clicks, 1 - random.clicks))
    one, two = (
        logged_bandit.differences(log, nothing, np.random.default_rng(1), draws=500)
        for log in (random, other)
    )
    assert one[:half].tolist() == two[:half].tolist()
    assert one[half:].tolist() != two[half:].tolist()


def test_where_nothing_differs_the_prior_counts_for_all_there_is():
    alike = logged_bandit.Shown(np.full(10, 1_000.0), np.full(10, 50.0))
    unlike = logged_bandit.Shown(np.full(10, 1_000.0), np.array([5.0, 95.0] * 5))
    assert sum(logged_bandit.prior_of(alike)) == pytest.approx(max(logged_bandit.PRIOR_WEIGHTS))
    assert sum(logged_bandit.prior_of(unlike)) == pytest.approx(min(logged_bandit.PRIOR_WEIGHTS))


def test_each_campaign_has_two_lines_and_all_have_one_together(wheel):
    lines = list(logged_bandit.of_campaigns(wheel))
    heads = [line.split(":")[0] for line in lines]
    assert heads == ["all", "all", "men", "men", "women", "women", "together"]
    assert "difference +0.000 points" in lines[1]


def test_a_learner_finds_the_e_mail_that_brings_people(tmp_path):
    path = tmp_path / "emails.csv"
    arms = logged_bandit.ARMS
    rows = [f"{arms[number % 3]},{int(number % 3 == 0 and number % 2)}\n" for number in range(3_000)]
    path.write_text("segment,visit\n" + "".join(rows))
    (line,) = logged_bandit.of_emails(path)
    assert line.startswith("e-mails: 1,500 decisions held out; random 16.67%, learner 50.0")


def test_the_sample_does_not_show_the_learner_to_be_better():
    """What ``docs/decisions/0019-off-policy.md`` says of the real sample."""
    path = os.environ.get("MAITRED_OBP_WHEEL")
    if not path:
        pytest.skip("MAITRED_OBP_WHEEL names no wheel of obp")
    *_, together = logged_bandit.of_campaigns(Path(path))
    lower, upper = bounds_in(together)
    assert together.startswith("together: random 0.433%")
    assert lower < 0 < upper


def test_the_experiment_with_e_mails_shows_the_learner_to_be_better():
    """With its interval, and at every look, as ``docs/experiments.md`` says."""
    path = os.environ.get("MAITRED_HILLSTROM_CSV")
    if not path:
        pytest.skip("MAITRED_HILLSTROM_CSV names no file of Hillstrom's experiment")
    (line,) = logged_bandit.of_emails(Path(path))
    (difference, *_), (lower, upper) = numbers_in(line, "difference "), bounds_in(line, "every look ")
    assert difference == pytest.approx(3.68, abs=0.02)
    assert 2.7 < lower < upper < 4.7
