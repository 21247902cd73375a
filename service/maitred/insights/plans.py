"""A policy as people write it down before it goes live: the share of each arm, by segment.

    segment,arm,probability
    gold,loud,1
    *,control,0.5
    *,loud,0.5

``*`` is everybody whose segment has no lines of its own. An arm without a line is chosen for nobody.
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO

import numpy as np

from maitred.core.values.nearest import did_you_mean
from maitred.engine.operating.gathering import Participant
from maitred.engine.operating.results import PolicyValue

from .off_policy import Logged, value_of

COLUMNS = ("segment", "arm", "probability")
OTHERS = "*"
LINES_MAX = 10_000
_SUM_WITHIN = Fraction(1, 1_000_000)
"""What three thirds of `0.3333333` may lack."""


class PlanInvalid(Exception):
    """The policy cannot be read; ``faults`` say where and why, one each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """The probability of each arm, by segment."""

    shares: Mapping[str, Mapping[str, Fraction]]

    @property
    def is_segmented(self) -> bool:
        """Whether it tells segments apart."""
        return set(self.shares) != {OTHERS}

    def of_segment(self, segment: str) -> Mapping[str, Fraction] | None:
        """Returns what it does in a segment; ``None`` where it does not say."""
        return self.shares.get(segment, self.shares.get(OTHERS))


def read_plan(text: str, arms: Collection[str]) -> ArmPlan:
    """Returns the policy that a CSV table says. Raises ``PlanInvalid`` with all faults."""
    faults: list[str] = []
    shares: dict[str, dict[str, Fraction]] = {}
    for line, row in _rows(text, faults):
        segment, arm, written = row
        share = _share(written)
        if arm not in arms:
            faults.append(f"line {line}: there is no arm `{arm}`{did_you_mean(arm, arms)}")
        elif share is None:
            faults.append(f"line {line}: `{written}` is no probability: write a number from 0 to 1")
        elif arm in shares.setdefault(segment, {}):
            faults.append(f"line {line}: arm `{arm}` of segment `{segment}` stands there twice")
        else:
            shares[segment][arm] = share
    if not faults:
        faults += _sums(shares)
    if faults:
        raise PlanInvalid(faults)
    return ArmPlan(shares)


def _rows(text: str, faults: list[str]) -> Iterator[tuple[int, tuple[str, str, str]]]:
    reader = csv.reader(StringIO(text))
    try:
        header = tuple(cell.strip() for cell in next(reader, ()))
        if header != COLUMNS:
            faults.append(f"line 1: the first line is `{','.join(COLUMNS)}`")
            return
        for cells in reader:
            if reader.line_num > LINES_MAX:
                faults.append(f"line {reader.line_num}: more than {LINES_MAX:,} lines, name fewer segments")
                return
            if cells and len(cells) != len(COLUMNS):
                faults.append(f"line {reader.line_num}: {len(cells)} cells, there are {len(COLUMNS)} columns")
            elif cells:
                segment, arm, share = (cell.strip() for cell in cells)
                yield reader.line_num, (segment, arm, share)
    except csv.Error as error:
        faults.append(f"line {reader.line_num}: not CSV, {error}")


def _share(written: str) -> Fraction | None:
    try:
        share = Fraction(written) if len(written) <= len("0.123456789012345678") else None
    except (ValueError, ZeroDivisionError):
        return None
    return share if share is not None and 0 <= share <= 1 else None


def _sums(shares: Mapping[str, Mapping[str, Fraction]]) -> Iterator[str]:
    if not shares:
        yield "it says nothing of any segment: write a line for each arm, with `*` for everybody"
    for segment, by_arm in shares.items():
        total = sum(by_arm.values(), Fraction(0))
        if abs(total - 1) > _SUM_WITHIN:
            yield f"the probabilities of segment `{segment}` add up to {float(total):.6g}, not to 1"


def planned_value(
    plan: ArmPlan, people: Sequence[Participant], weights: Mapping[str, float]
) -> PolicyValue | None:
    """Returns what the policy would have reached with these persons; ``None`` where there is nobody.

    Raises ``PlanInvalid`` where it does not say what to do with some of them.
    """
    if not people:
        return None
    segments = sorted({person.segment for person in people})
    unsaid = [segment for segment in segments if plan.of_segment(segment) is None]
    if unsaid:
        raise PlanInvalid([f"it says nothing of segment `{unsaid[0]}`: add lines for `{OTHERS}`"])
    arms, numbers = list(weights), {segment: number for number, segment in enumerate(segments)}
    by_segment = np.array(
        [[float((plan.of_segment(segment) or {}).get(arm, 0)) for arm in arms] for segment in segments]
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
