"""The arms of an experiment compared: rates, differences with intervals, and whether the shares are right."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.operating.gathering import Gathered, Participant
from maitred.engine.operating.results import (
    OTHERS,
    PERSONS_MIN,
    Adjusted,
    ArmCounts,
    Comparison,
    Interval,
    PolicyLine,
    PolicyValue,
    Results,
)

from .off_policy import Logged, value_of
from .plans import ArmPlan, PlanInvalid, plan_of
from .sequences import ALPHA, difference_sequence, last_of

_VARIANCE_MIN = 2


def compare(
    experiment: str,
    goal: str,
    gathered: Gathered,
    weights: Mapping[str, float],
    control: str,
    *,
    policy: Sequence[PolicyLine] = (),
) -> Results:
    """Compares every arm with the control, and a policy with what was done.

    ``weights`` are those of all arms, by name. Raises ``PlanInvalid``.
    """
    plan = plan_of(policy, weights) if policy else None
    counts = [_counted(name, gathered.people) for name in weights]
    return Results(
        experiment,
        goal,
        control,
        counts,
        _comparisons(gathered.people, weights, control),
        _mismatch([counted.persons for counted in counts], list(weights.values())),
        gathered.early,
        gathered.switched,
        _segments(gathered.people, weights, control),
        planned_value(plan, gathered.people, weights) if plan else None,
    )


def _counted(name: str, people: Sequence[Participant]) -> ArmCounts:
    mine = [person for person in people if person.arm == name]
    outcomes = Counter(kind for person in mine for kind in person.outcomes)
    refused: Counter[str] = Counter()
    for person in mine:
        refused.update(person.refused)
    return ArmCounts(
        name,
        len(mine),
        sum(person.decisions for person in mine),
        sum(person.reached for person in mine),
        {kind.name.lower(): outcomes[kind] for kind in OutcomeKind if outcomes[kind]},
        dict(sorted(refused.items())),
    )


def _mismatch(persons: Sequence[int], weights: Sequence[float]) -> float:
    """Returns the p-value of Pearson's test that the persons have the shares of the weights."""
    total = sum(persons)
    if not total:
        return 1.0
    expected = np.array(weights) / sum(weights) * total
    return float(stats.chisquare(np.array(persons, dtype=float), expected).pvalue)


def _comparisons(
    people: Sequence[Participant], weights: Mapping[str, float], control: str
) -> Sequence[Comparison]:
    """Returns every arm with the control, with p-values for so many comparisons."""
    others = [name for name in weights if name != control]
    sides = [_Side.of(people, name, control, weights) for name in others]
    compared = [side.compared(ALPHA / len(others)) for side in sides if side.is_comparable(1)]
    return _corrected(compared)


def _segments(
    people: Sequence[Participant], weights: Mapping[str, float], control: str
) -> Mapping[str, Sequence[Comparison]]:
    """Returns the same within each segment; all of them are one family of comparisons."""
    names = sorted({person.segment for person in people} - {""})
    sides = {
        (segment, arm): _Side.of(
            [person for person in people if person.segment == segment], arm, control, weights
        )
        for segment in names
        for arm in weights
        if arm != control
    }
    large = {key: side for key, side in sides.items() if side.is_comparable(PERSONS_MIN)}
    compared = _corrected([side.compared(ALPHA / len(large)) for side in large.values()])
    by_segment: dict[str, list[Comparison]] = {}
    for (segment, _), comparison in zip(large, compared, strict=True):
        by_segment.setdefault(segment, []).append(comparison)
    return by_segment


def _corrected(compared: Sequence[Comparison]) -> Sequence[Comparison]:
    if not compared:
        return ()
    corrected = multipletests([comparison.p_value for comparison in compared], ALPHA, method="holm")[1]
    return [
        Comparison(
            comparison.arm,
            comparison.difference,
            comparison.fixed,
            float(p),
            comparison.always,
            comparison.adjusted,
        )
        for comparison, p in zip(compared, corrected, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Side:
    """The persons of one arm and of the control, in order of first exposure."""

    arm: str
    treated: NDArray[np.bool_]
    reached: NDArray[np.float64]
    before: NDArray[np.float64]
    share: float

    @classmethod
    def of(
        cls, people: Sequence[Participant], arm: str, control: str, weights: Mapping[str, float]
    ) -> "_Side":
        both = [person for person in people if person.arm in (arm, control)]
        return cls(
            arm,
            np.array([person.arm == arm for person in both], dtype=bool),
            np.array([person.reached for person in both], dtype=float),
            np.array([person.before for person in both], dtype=float),
            weights[arm] / (weights[arm] + weights[control]),
        )

    def is_comparable(self, least: int) -> bool:
        """Returns whether there are so many persons on either side."""
        return bool(min(self.treated.sum(), (~self.treated).sum()) >= least)

    def compared(self, alpha: float) -> Comparison:
        one, none = self.reached[self.treated], self.reached[~self.treated]
        counts = int(one.sum()), len(one), int(none.sum()), len(none)
        fixed = confint_proportions_2indep(*counts, method="newcomb", compare="diff", alpha=alpha)
        always = last_of(difference_sequence(self.reached, self.treated, self.share, alpha), -1, 1)
        return Comparison(
            self.arm,
            float(one.mean() - none.mean()),
            Interval(float(fixed[0]), float(fixed[1])),
            _p_value(*counts),
            Interval(*always),
            self._adjusted(alpha),
        )

    def _adjusted(self, alpha: float) -> Adjusted | None:
        """CUPED (Deng, Xu, Kohavi and Walker 2013) with one covariate; ``None`` where there is no history."""
        if not (self.before.std() and self.reached.std() and self.is_comparable(_VARIANCE_MIN)):
            return None
        slope = np.cov(self.reached, self.before)[0, 1] / self.before.var(ddof=1)
        values = self.reached - slope * (self.before - self.before.mean())
        one, none = values[self.treated], values[~self.treated]
        difference = float(one.mean() - none.mean())
        deviation = float(np.sqrt(one.var(ddof=1) / len(one) + none.var(ddof=1) / len(none)))
        half = float(stats.norm.ppf(1 - alpha / 2)) * deviation
        saved = float(np.corrcoef(self.reached, self.before)[0, 1] ** 2)
        return Adjusted(difference, Interval(difference - half, difference + half), saved)


def _p_value(reached: int, persons: int, others_reached: int, others: int) -> float:
    """Of Pearson's test that both rates are one; 1 where nobody or everybody reached the goal."""
    if reached + others_reached in (0, persons + others):
        return 1.0
    table = [[reached, persons - reached], [others_reached, others - others_reached]]
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def planned_value(
    plan: ArmPlan, people: Sequence[Participant], weights: Mapping[str, float]
) -> PolicyValue | None:
    """Returns what the policy would have reached with these persons; ``None`` where there is nobody.

    Raises ``PlanInvalid`` where it does not say what to do with some of them, or tells segments apart and
    nobody has one.
    """
    if not people:
        return None
    sizes = Counter(person.segment for person in people)
    _check_said(plan, sizes)
    arms, numbers = list(weights), {segment: number for number, segment in enumerate(sorted(sizes))}
    by_segment = np.array(
        [[float((plan.of_segment(segment) or {}).get(arm, 0)) for arm in arms] for segment in numbers]
    )
    chances = np.array(list(weights.values())) / sum(weights.values())
    contexts = np.array([numbers[person.segment] for person in people])
    logged = Logged(
        np.array([arms.index(person.arm) for person in people]),
        np.array([person.reached for person in people], dtype=float),
        np.tile(chances, (len(people), 1)),
        contexts,
    )
    return value_of(by_segment[contexts], logged)


def _check_said(plan: ArmPlan, sizes: Mapping[str, int]) -> None:
    """Raises ``PlanInvalid``; a segment of few persons is not named, for it may say who they are."""
    if set(sizes) == {""} and set(plan.shares) - {OTHERS}:
        raise PlanInvalid(["nobody has a segment: records hold the attributes that rules read"])
    unsaid = sorted(segment for segment in sizes if plan.of_segment(segment) is None)
    if not unsaid:
        return
    known = [f"`{segment}`" for segment in unsaid if segment and sizes[segment] >= PERSONS_MIN]
    few = len(unsaid) - len(known)
    parts = known + ([f"{few} of few persons or without a value"] if few else [])
    raise PlanInvalid([f"it says nothing of these segments: {', '.join(parts)}; add lines for `{OTHERS}`"])
