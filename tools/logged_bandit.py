"""A learner's value on logged decisions of others: the sample of the Open Bandit Dataset (Saito et al. 2020).

``python -m tools.logged_bandit WHEEL`` reads the sample from a wheel of `obp`, without installing it; with no
path the wheel is downloaded with pip. Nothing of it is kept here. Of each campaign the random policy's log is
cut in two by time: the first half teaches Thompson sampling (a beta distribution for each item), the second
says what that would have reached. Beside it stands what the shop's own Thompson sampling (`bts`), which had
learned from far more, reached on its own log. ``--simulated`` does the first with made-up logs of items that
differ.
"""

import argparse
import csv
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

from maitred.engine.operating.results import PolicyValue
from maitred.insights.off_policy import Logged, value_of

Floats = NDArray[np.float64]
RELEASE = "obp==0.4.1"
CAMPAIGNS = ("all", "men", "women")
PRIOR_DECISIONS = 100.0
"""What an item's rate is thought to be before it was shown, the mean of all, counts for so many decisions."""
DRAWS = 20_000
SIZES, RUNS, ITEMS, RATE, SPREAD = (10_000, 100_000, 400_000), 20, 34, 0.005, 0.4


class Log(NamedTuple):
    """Decisions of a policy in order of time: the item shown, and whether it was clicked."""

    items: NDArray[np.int64]
    clicks: Floats
    chances: Floats


def download(folder: Path) -> Path:
    """The wheel, from the index that pip is set up for."""
    pip = shutil.which("pip") or shutil.which("pip3")
    if pip is None:
        raise SystemExit("there is no pip: download the wheel of obp and give its path")
    words = [
        "download",
        RELEASE,
        "--no-deps",
        "--only-binary",
        ":all:",
        "--ignore-requires-python",
        "--quiet",
    ]
    subprocess.run([pip, *words, "--dest", str(folder)], check=True)
    return next(folder.glob("obp-*.whl"))


def read(wheel: Path, policy: str, campaign: str) -> Log:
    """The log of a policy (`random` or `bts`) in a campaign."""
    with ZipFile(wheel) as opened, opened.open(f"obp/dataset/obd/{policy}/{campaign}/{campaign}.csv") as file:
        rows = sorted(csv.DictReader(TextIOWrapper(file, "utf-8")), key=lambda row: row["timestamp"])
    return Log(
        np.array([int(row["item_id"]) for row in rows]),
        np.array([float(row["click"]) for row in rows]),
        np.array([float(row["propensity_score"]) for row in rows]),
    )


def thompson(items: NDArray[np.int64], clicks: Floats, count: int, rng: np.random.Generator) -> Floats:
    """With which probability each of so many items is shown after such a log."""
    mean = (clicks.sum() + 1) / (len(clicks) + 1 / RATE)
    shown = np.bincount(items, minlength=count)
    clicked = np.bincount(items, weights=clicks, minlength=count)
    draws = rng.beta(
        PRIOR_DECISIONS * mean + clicked, PRIOR_DECISIONS * (1 - mean) + shown - clicked, (DRAWS, count)
    )
    return np.bincount(draws.argmax(axis=1), minlength=count) / DRAWS


def learned_value(log: Log, count: int, rng: np.random.Generator) -> PolicyValue:
    """What is learned from the first half of a uniform log is worth, by the second."""
    half = len(log.items) // 2
    policy = thompson(log.items[:half], log.clicks[:half], count, rng)
    rest = len(log.items) - half
    held_out = Logged(
        log.items[half:], log.clicks[half:], np.full((rest, count), 1 / count), np.zeros(rest, np.int64)
    )
    return value_of(np.tile(policy, (rest, 1)), held_out)


def of_campaigns(wheel: Path) -> Iterator[str]:
    """A line for each campaign."""
    for campaign in CAMPAIGNS:
        log = read(wheel, "random", campaign)
        count = int(log.items.max()) + 1
        if not np.allclose(log.chances, 1 / count):
            raise SystemExit(f"{campaign}: the random policy is not uniform over {count} items")
        value = learned_value(log, count, np.random.default_rng(1))
        clicks = int(log.clicks[len(log.clicks) // 2 :].sum())
        yield f"{campaign}: {value.decisions:,} decisions held out, {clicks} clicks; {words(value)}"
        yield f"{campaign}: on its own log, {own_words(read(wheel, 'bts', campaign), log)}"


def words(value: PolicyValue) -> str:
    difference = value.difference
    return (
        f"random {value.logged.value:.3%}, learner {value.doubly_robust.value:.3%} "
        f"(inverse propensity {value.inverse_propensity.value:.3%}, self-normalized "
        f"{value.self_normalized.value:.3%}); difference {100 * difference.value:+.3f} points, "
        f"{100 * difference.interval.lower:+.3f} to {100 * difference.interval.upper:+.3f}"
    )


def own_words(shop: Log, random: Log) -> str:
    """What a policy reached beside the random one, each on its own log (Newcombe's interval)."""
    counts = (int(shop.clicks.sum()), len(shop.clicks), int(random.clicks.sum()), len(random.clicks))
    lower, upper = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    difference = counts[0] / counts[1] - counts[2] / counts[3]
    return (
        f"bts {shop.clicks.mean():.3%}, random {random.clicks.mean():.3%}; difference "
        f"{100 * difference:+.3f} points, {100 * lower:+.3f} to {100 * upper:+.3f}"
    )


def made_up(decisions: int, rng: np.random.Generator) -> Log:
    """A uniform log of items whose rates differ as a lognormal does."""
    rates = RATE * rng.lognormal(0, SPREAD, ITEMS)
    items = rng.integers(0, ITEMS, decisions)
    clicks = (rng.random(decisions) < rates[items]).astype(float)
    return Log(items, clicks, np.full(decisions, 1 / ITEMS))


def of_simulations() -> Iterator[str]:
    """How often the learner is told to be better, by the length of the log."""
    for size in SIZES:
        detected = 0
        for seed in range(RUNS):
            rng = np.random.default_rng(seed)
            detected += learned_value(made_up(size, rng), ITEMS, rng).difference.interval.lower > 0
        yield f"{size:,} decisions of {ITEMS} items: better with its interval in {detected} of {RUNS} runs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, nargs="?", help="a wheel of obp; downloaded where it is left out")
    parser.add_argument("--simulated", action="store_true", help="made-up logs in place of the real ones")
    asked = parser.parse_args()
    if asked.simulated:
        lines = of_simulations()
    elif asked.wheel:
        lines = of_campaigns(asked.wheel)
    else:
        with tempfile.TemporaryDirectory() as folder:
            lines = iter(list(of_campaigns(download(Path(folder)))))
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
