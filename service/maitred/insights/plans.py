"""A policy as people write it down before it goes live: the share of each arm, by segment.

    segment,arm,probability
    gold,loud,1
    *,control,0.5
    *,loud,0.5

``*`` is everybody whose segment has no lines of its own. An arm without a line is chosen for nobody. Faults
name lines and known arms, and nothing that was written: they are also told to callers, and kept nowhere else.
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO

from maitred.core.values.nearest import did_you_mean
from maitred.engine.operating.results import OTHERS, POLICY_LINES_MAX, PolicyLine

COLUMNS = ("segment", "arm", "probability")
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

    def of_segment(self, segment: str) -> Mapping[str, Fraction] | None:
        """Returns what it does in a segment; ``None`` where it does not say."""
        return self.shares.get(segment, self.shares.get(OTHERS))


def lines_in(text: str) -> tuple[PolicyLine, ...]:
    """Returns the lines of a CSV table. Raises ``PlanInvalid`` with all that are none."""
    faults: list[str] = []
    lines: list[PolicyLine] = []
    for number, (segment, arm, written) in _rows(text, faults):
        share = _share(written)
        if share is None:
            meant = f"`{percentage}`" if (percentage := _percentage(written)) else "a number from 0 to 1"
            faults.append(f"line {number}: `{written}` is no probability: write {meant}")
        else:
            lines.append(PolicyLine(f"line {number}", segment, arm, share))
    if not lines and not faults:
        faults.append("it says nothing of any segment: write a line for each arm, with `*` for everybody")
    if faults:
        raise PlanInvalid(faults)
    return tuple(lines)


def plan_of(lines: Sequence[PolicyLine], arms: Collection[str]) -> ArmPlan:
    """Returns the policy that lines say. Raises ``PlanInvalid`` with all faults."""
    faults: list[str] = []
    shares: dict[str, dict[str, Fraction]] = {}
    places: dict[str, str] = {}
    for line in lines:
        places.setdefault(line.segment, line.place)
        of_segment = shares.setdefault(line.segment, {})
        if line.arm not in arms:
            faults.append(f"{line.place}: no arm is called so{did_you_mean(line.arm, arms)}")
        elif line.arm in of_segment:
            faults.append(f"{line.place}: arm `{line.arm}` stands twice in its segment")
        else:
            of_segment[line.arm] = line.probability
    if not faults:
        faults += _sums(shares, places)
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
            if reader.line_num > POLICY_LINES_MAX:
                faults.append(
                    f"line {reader.line_num}: more than {POLICY_LINES_MAX:,} lines, name fewer segments"
                )
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


def _percentage(written: str) -> str:
    """Returns `0.5` for `50%` or `50`; empty where it is no percentage."""
    share = _share(f"{digits}/100") if (digits := written.rstrip("% ")).isdecimal() else None
    return f"{float(share):g}" if share is not None else ""


def _sums(shares: Mapping[str, Mapping[str, Fraction]], places: Mapping[str, str]) -> Iterator[str]:
    for segment, by_arm in shares.items():
        total = sum(by_arm.values(), Fraction(0))
        if abs(total - 1) > _SUM_WITHIN:
            yield f"{places[segment]}: the probabilities of its segment add up to {float(total):.6g}, not 1"
