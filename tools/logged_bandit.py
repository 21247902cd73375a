"""A learner's value on logged decisions of others.

``python -m tools.logged_bandit WHEEL`` reads the sample of the Open Bandit Dataset (Saito et al. 2020) from
a wheel of `obp`, without installing it; with no path the wheel is downloaded with pip. Of each campaign
there is a log of a policy that shows items at random, and one of the shop's own Thompson sampling (`bts`). A
learner learns from the second, and from what the first had shown before, and is judged by the first.
``--simulated`` does the same with made-up logs of items that differ.

``--emails FILE`` reads the experiment of Hillstrom (MineThatData 2008): 64,000 customers who got one of two
e-mails or none, by lot, and whether they came. A learner learns from the first half and is judged by the
second. Nothing of either is kept here.
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
from scipy.special import betaln
from statsmodels.stats.proportion import confint_proportions_2indep

from maitred.engine.operating.results import Estimate, Interval, PolicyValue
from maitred.insights.off_policy import Logged, mean_of, value_of

Floats = NDArray[np.float64]
RELEASE = "obp==0.4.1"
CAMPAIGNS = ("all", "men", "women")
PRIOR_WEIGHTS = (50.0, 100.0, 200.0, 400.0, 800.0, 1_600.0, 3_200.0, 6_400.0, 1e9)
"""Decisions that the mean of all may count for in an item's rate: what the clicks make likeliest is taken."""
DRAWS, BLOCKS = 20_000, 10
"""What was clicked is learned anew after each tenth of the log."""
MADE_UP = ((80, 0.0037), (34, 0.0048), (46, 0.0055))
"""Items and their mean rate, of campaigns as large as the real ones."""
SIZES, SPREADS, RUNS, MADE_UP_DRAWS = (10_000, 30_000, 100_000), (0.0, 0.3, 0.4), 100, 1_000
KEENNESS, NOISE = 2.0, 0.8
"""Of the made-up sampler: how its chances follow the true rates, and how far they are off."""

ARMS = ("Mens E-Mail", "Womens E-Mail", "No E-Mail")


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


class Shown(NamedTuple):
    """How often each item was shown and clicked."""

    shown: Floats
    clicked: Floats

    @classmethod
    def of(cls, items: NDArray[np.int64], clicks: Floats, count: int) -> "Shown":
        """In a log of so many items."""
        return cls(
            np.bincount(items, minlength=count).astype(float),
            np.bincount(items, weights=clicks, minlength=count).astype(float),
        )

    def and_then(self, more: "Shown") -> "Shown":
        """Both."""
        return Shown(self.shown + more.shown, self.clicked + more.clicked)


def prior_of(seen: Shown) -> tuple[float, float]:
    """The beta distribution of items' rates that makes the clicks likeliest (empirical Bayes)."""
    mean = (seen.clicked.sum() + 1) / (seen.shown.sum() + 200)

    def likelihood(weight: float) -> float:
        successes, failures = mean * weight, (1 - mean) * weight
        seen_too = betaln(successes + seen.clicked, failures + seen.shown - seen.clicked)
        return float((seen_too - betaln(successes, failures)).sum())

    weight = max(PRIOR_WEIGHTS, key=likelihood)
    return mean * weight, (1 - mean) * weight


def thompson(seen: Shown, rng: np.random.Generator, draws: int = DRAWS) -> tuple[Floats, Floats]:
    """With which probability each item is shown after what was seen, and which rate it is thought to have."""
    successes, failures = prior_of(seen)
    won, lost = successes + seen.clicked, failures + seen.shown - seen.clicked
    best = rng.beta(won, lost, (draws, len(won))).argmax(axis=1)
    return np.bincount(best, minlength=len(won)) / draws, won / (won + lost)


def differences(
    random: Log, before: Shown, rng: np.random.Generator, draws: int = DRAWS, blocks: int = BLOCKS
) -> Floats:
    """What the learner adds to the random policy, decision by decision: doubly robust, as in ``off_policy``.

    It has seen ``before``, and what the random policy had shown until the block of the decision began: so
    these are martingale differences about what it is worth.
    """
    count, seen, gains = len(before.shown), before, []
    for block in np.array_split(np.arange(len(random.items)), blocks):
        policy, rates = thompson(seen, rng, draws)
        items, clicks = random.items[block], random.clicks[block]
        over = policy - 1 / count
        gains.append(float(over @ rates) + over[items] * count * (clicks - rates[items]))
        seen = seen.and_then(Shown.of(items, clicks, count))
    return np.concatenate(gains)


def of_campaigns(wheel: Path) -> Iterator[str]:
    """A line for each campaign, and one for all of them, whose interval is the answer."""
    rng, gains = np.random.default_rng(1), []
    for campaign in CAMPAIGNS:
        random, shop = read(wheel, "random", campaign), read(wheel, "bts", campaign)
        count = int(random.items.max()) + 1
        if not np.allclose(random.chances, 1 / count):
            raise SystemExit(f"{campaign}: the random policy is not uniform over {count} items")
        gains.append(differences(random, Shown.of(shop.items, shop.clicks, count), rng))
        clicks = f"{int(random.clicks.sum())} clicks at random, {int(shop.clicks.sum())} of bts"
        yield f"{campaign}: {clicks}; {words(random.clicks, mean_of(gains[-1]))}"
        yield f"{campaign}: on its own log, {own_words(shop, random)}"
    clicks_of_all = np.concatenate([read(wheel, "random", campaign).clicks for campaign in CAMPAIGNS])
    yield f"together: {words(clicks_of_all, mean_of(np.concatenate(gains)))}"


def words(clicks: Floats, difference: Estimate) -> str:
    """What ran, and what the learner adds."""
    added = f"{points(difference.value)} points ({range_words(difference.interval)})"
    return f"random {clicks.mean():.3%}, learner {added}"


def own_words(shop: Log, random: Log) -> str:
    """What a policy reached beside the random one, each on its own log (Newcombe's interval)."""
    counts = (int(shop.clicks.sum()), len(shop.clicks), int(random.clicks.sum()), len(random.clicks))
    lower, upper = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    difference = counts[0] / counts[1] - counts[2] / counts[3]
    return (
        f"bts {shop.clicks.mean():.3%}, random {random.clicks.mean():.3%}; difference "
        f"{100 * difference:+.3f} points, {100 * lower:+.3f} to {100 * upper:+.3f}"
    )


def made_up(rows: int, spread: float, rng: np.random.Generator) -> Floats:
    """Differences in made-up logs whose items' rates differ as a lognormal does, of three campaigns."""
    gains = []
    for count, rate in MADE_UP:
        rates = rate * rng.lognormal(-(spread**2) / 2, spread, count)
        items = rng.integers(0, count, rows)
        random = Log(items, (rng.random(rows) < rates[items]).astype(float), np.full(rows, 1 / count))
        chances = rates**KEENNESS * rng.lognormal(0, NOISE, count)
        shown = rng.multinomial(rows, chances / chances.sum())
        before = Shown(shown.astype(float), rng.binomial(shown, rates).astype(float))
        gains.append(differences(random, before, rng, MADE_UP_DRAWS))
    return np.concatenate(gains)


def of_simulations() -> Iterator[str]:
    """How often the learner is told to be better or worse, by the length of the logs."""
    for size in SIZES:
        for spread in SPREADS:
            estimates = [mean_of(made_up(size, spread, np.random.default_rng(seed))) for seed in range(RUNS)]
            better = sum(one.interval.lower > 0 for one in estimates)
            worse = sum(one.interval.upper < 0 for one in estimates)
            yield f"{size:,} decisions a log, spread {spread}: better in {better} of {RUNS}, worse in {worse}"


def of_emails(file: Path) -> Iterator[str]:
    """What a learner is worth that learned which e-mail brings people, beside choosing one at random."""
    with file.open(newline="", encoding="utf-8") as lines:
        rows = [(ARMS.index(row["segment"]), float(row["visit"])) for row in csv.DictReader(lines)]
    arms = np.array([arm for arm, _ in rows])
    visits = np.array([visit for _, visit in rows])
    half, count = len(rows) // 2, len(ARMS)
    policy, _ = thompson(Shown.of(arms[:half], visits[:half], count), np.random.default_rng(1))
    rest = len(rows) - half
    held_out = Logged(arms[half:], visits[half:], np.full((rest, count), 1 / count), np.zeros(rest, np.int64))
    yield f"e-mails: {value_words(value_of(np.tile(policy, (rest, 1)), held_out))}"


def value_words(value: PolicyValue) -> str:
    """What a learner is worth beside what ran."""
    simple = f"{value.inverse_propensity.value:.2%} and {value.self_normalized.value:.2%}"
    return (
        f"{value.decisions:,} decisions held out; random {value.logged.value:.2%}, learner "
        f"{value.doubly_robust.value:.2%} (inverse propensity and self-normalized {simple}); difference "
        f"{points(value.difference.value)} points ({range_words(value.difference.interval)}), at every look "
        f"{range_words(value.always)}"
    )


def points(share: float) -> str:
    return f"{100 * share:+.3f}"


def range_words(interval: Interval) -> str:
    return f"{points(interval.lower)} to {points(interval.upper)}"


def main() -> None:
    """Prints the lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path, nargs="?", help="a wheel of obp; downloaded where it is left out")
    parser.add_argument("--simulated", action="store_true", help="made-up logs in place of the real ones")
    parser.add_argument("--emails", type=Path, help="the file of Hillstrom's experiment in place of them")
    asked = parser.parse_args()
    if asked.simulated:
        lines = of_simulations()
    elif asked.emails:
        lines = of_emails(asked.emails)
    elif asked.wheel:
        lines = of_campaigns(asked.wheel)
    else:
        with tempfile.TemporaryDirectory() as folder:
            lines = iter(list(of_campaigns(download(Path(folder)))))
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
