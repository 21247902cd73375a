"""What another policy would have reached, worked out from decisions of the one that ran.

A policy gives each action a probability, depending on the context. Where the probabilities ``p`` that chose
the actions of a log are known, what a policy ``q`` would have reached can be read from it. Of each decision,
in order of time, with the chosen action ``a`` and ``y`` in [0, 1] what came of it, ``w = q(a) / p(a)``:

- *inverse propensity scores* (Horvitz and Thompson 1952): the mean of ``w y``. Right on average, wide;
- *self-normalized* (Swaminathan and Joachims 2015): the sum of ``w y`` by that of ``w``. A little wrong in
  small logs, narrower where weights vary;
- *doubly robust* (Dudik, Langford and Li 2011): the mean of ``sum q(b) m(b) + w (y - m(a))``, where ``m``
  says what each action reaches in the context. As ``p`` is known it is right on average whatever ``m`` says,
  and the narrower the more ``m`` is right. ``m`` is made of the decisions *before*, so that the values are
  martingale differences, as in ``sequences``.

The difference from what ran is the doubly robust one of both on the same decisions,
``sum (q(b) - p(b)) m(b) + (w - 1) (y - m(a))``: nothing at all where ``q`` is ``p``. Its confidence sequence
holds at every look and for logs of any length; the other intervals are right in long ones.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from maitred.engine.operating.results import Estimate, Interval, PolicyValue

from .sequences import ALPHA, Floats, last_of, mean_sequence

Places = NDArray[np.int64]

MODEL_WEIGHT = 20.0
"""For so many decisions the model counts what is known without the context, or without the action."""

_NO_SKEW = 1e-6


class Unsupported(Exception):
    """The policy chooses an action that the log never chose there: nothing says what would have come of it.

    ``contexts`` are the numbers of those contexts.
    """

    def __init__(self, contexts: tuple[int, ...]) -> None:
        super().__init__(contexts)
        self.contexts = contexts


class Logged(NamedTuple):
    """Decisions in order of time.

    ``chosen`` are numbers of actions, ``reached`` what came of them in [0, 1]; ``probabilities`` has a row
    for each decision and a column for each action. The model tells apart the groups with the numbers of
    ``contexts``.
    """

    chosen: Places
    reached: Floats
    probabilities: Floats
    contexts: Places


def value_of(policy: Floats, logged: Logged, alpha: float = ALPHA) -> PolicyValue:
    """Returns the value of a policy, whose rows and columns are those of ``logged.probabilities``.

    There is a decision at least, and all that was chosen had a chance. Raises ``Unsupported``.
    """
    _check_support(policy, logged)
    rows = np.arange(len(logged.chosen))
    weights: Floats = policy[rows, logged.chosen] / logged.probabilities[rows, logged.chosen]
    model = _model(logged)
    gap = logged.reached - model[rows, logged.chosen]
    robust = (policy * model).sum(axis=1) + weights * gap
    differences = ((policy - logged.probabilities) * model).sum(axis=1) + (weights - 1) * gap
    return PolicyValue(
        len(rows),
        float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0,
        float(weights.max()),
        mean_of(logged.reached, alpha).within(0, 1),
        mean_of(weights * logged.reached, alpha).within(0, 1),
        _self_normalized(weights, logged.reached, alpha).within(0, 1),
        mean_of(robust, alpha).within(0, 1),
        mean_of(differences, alpha).within(-1, 1),
        _always(differences, policy, logged, alpha),
    )


def _check_support(policy: Floats, logged: Logged) -> None:
    missing = ((policy > 0) & (logged.probabilities <= 0)).any(axis=1)
    if missing.any():
        raise Unsupported(tuple(int(context) for context in np.unique(logged.contexts[missing])))


def _model(logged: Logged) -> Floats:
    """Returns what each action reaches in the context of each decision, as the decisions before it say.

    Means of context and action lean on those of the action, and these on the mean of all.
    """
    actions = logged.probabilities.shape[1]
    contexts = int(logged.contexts.max()) + 1
    sums, counts = np.zeros((contexts, actions)), np.zeros((contexts, actions))
    action_sums, action_counts = np.zeros(actions), np.zeros(actions)
    model = np.empty_like(logged.probabilities)
    total = 0.0
    for row, (chosen, reached, context) in enumerate(
        zip(logged.chosen, logged.reached, logged.contexts, strict=True)
    ):
        mean = (total + 0.5) / (row + 1)
        by_action = (action_sums + MODEL_WEIGHT * mean) / (action_counts + MODEL_WEIGHT)
        model[row] = (sums[context] + MODEL_WEIGHT * by_action) / (counts[context] + MODEL_WEIGHT)
        total += reached
        action_sums[chosen] += reached
        action_counts[chosen] += 1
        sums[context, chosen] += reached
        counts[context, chosen] += 1
    return model


def mean_of(values: Floats, alpha: float = ALPHA) -> Estimate:
    """Returns the mean of values, with Hall's interval (1992)."""
    return _skewed(float(values.mean()), values - values.mean(), len(values), alpha)


def _self_normalized(weights: Floats, reached: Floats, alpha: float) -> Estimate:
    """By the delta method; of no weight at all nothing is known."""
    total = float(weights.sum())
    if not total:
        return Estimate(0.0, Interval(-np.inf, np.inf))
    value = float((weights * reached).sum() / total)
    return _skewed(value, weights * (reached - value) * (len(weights) / total), len(weights), alpha)


def _skewed(value: float, deviations: Floats, count: int, alpha: float) -> Estimate:
    """Returns the interval of a mean by Hall's transformation (1992), which allows for skewness.

    Few heavy weights make means skewed, and the usual interval ends too low.
    """
    if count <= 1:
        return Estimate(value, Interval(-np.inf, np.inf))
    spread = float(np.sqrt((deviations**2).sum() / (count - 1)))
    if not spread:
        return Estimate(value, Interval(value, value))
    skew = float((deviations**3).mean() / spread**3 / np.sqrt(count))
    high = float(stats.norm.ppf(1 - alpha / 2))
    lower, upper = (_unskewed(bound, skew) * spread / np.sqrt(count) for bound in (high, -high))
    return Estimate(value, Interval(value - float(lower), value - float(upper)))


def _unskewed(bound: float, skew: float) -> float:
    """Where the transformed statistic is at the bound."""
    if abs(skew) < _NO_SKEW:
        return bound
    return float(3 / skew * (np.cbrt(1 + skew * (bound - skew / 6)) - 1))


def _always(differences: Floats, policy: Floats, logged: Logged, alpha: float) -> Interval:
    """Each difference lies within ``1 + k`` of nothing, where ``k`` is the most a weight can be away from 1.

    ``k`` goes by what could have been chosen, as what was chosen is no bound for what comes.
    """
    ratios = np.divide(policy, logged.probabilities, out=np.ones_like(policy), where=logged.probabilities > 0)
    bound = 1 + max(1.0, float(np.abs(ratios - 1).max()))
    return Interval(*last_of(mean_sequence(differences, 2 * bound, alpha), -1, 1))
