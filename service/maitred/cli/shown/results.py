"""Results of experiments as tables: pure, from what was compared to what rich prints."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.cli import messages
from maitred.core.learning.learners import is_learner
from maitred.engine.operating.results import (
    PERSONS_MIN,
    ArmCounts,
    Comparison,
    Interval,
    PolicyValue,
    Results,
)

from .answers import BAD, FAINT, GOOD, STRONG
from .console import plain

_KINDS = ("presented", "accepted", "claimed", "redeemed", "rejected")
WORSE = "bold red"
_UNREAD = (messages.NOT_TO_BE_READ, WORSE)
_P_SHOWN_MIN = 0.0001


def results_view(results: Results, within: str, by: str = "") -> RenderableType:
    """Returns what ``results`` prints."""
    parts: list[RenderableType] = [
        Text.assemble(
            (plain(results.experiment), STRONG),
            f"  by {plain(results.goal)} within {plain(within)} of exposure",
        ),
        Text(),
        _arms(results),
        Text(),
    ]
    parts.append(
        _comparisons(results.comparisons, results)
        if results.comparisons
        else Text("there is nobody to compare yet, in the control or beside it", FAINT)
    )
    notes = [*_notes(results, within), *_unsegmented(results, by)]
    parts += [Text()] * bool(notes)
    parts += (Text(line, BAD) for line in notes)
    if results.is_mismatched:
        parts.append(Text(messages.shares_are_wrong(results.mismatch), WORSE))
    for segment, comparisons in results.segments.items():
        parts += [Text(), Text(plain(segment), STRONG), _comparisons(comparisons, results)]
    if results.policy:
        parts += [Text(), *_policy(results.policy)]
    parts += [Text(), *(Text(line, FAINT) for line in messages.HOW_TO_READ_RESULTS)]
    return Group(*parts)


def _arms(results: Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    kinds = [kind for kind in _KINDS if any(kind in arm.outcomes for arm in results.arms)]
    reasons = sorted({reason for arm in results.arms for reason in arm.refused})
    for column in (
        "arm",
        "persons",
        "decisions",
        *kinds,
        "reached",
        "rate",
        *map(messages.refused_by, reasons),
    ):
        table.add_column(column, justify="left" if column == "arm" else "right")
    for arm in results.arms:
        table.add_row(*_cells(arm, kinds, reasons))
    return table


def _cells(arm: ArmCounts, kinds: Sequence[str], reasons: Sequence[str]) -> Iterator[str]:
    yield plain(arm.name)
    yield f"{arm.persons:,}"
    yield f"{arm.decisions:,}"
    for kind in kinds:
        yield f"{arm.outcomes.get(kind, 0):,}"
    yield f"{arm.reached:,}"
    yield f"{arm.rate:.2%}"
    for reason in reasons:
        yield f"{arm.refused.get(reason, 0):,}"


def _comparisons(comparisons: Sequence[Comparison], results: Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    for column in (
        f"less {plain(results.control)}",
        "points",
        "at every look",
        "at the end",
        "p",
        "with history",
        "",
    ):
        table.add_column(column, justify="left" if column.startswith("less") else "right")
    for comparison in comparisons:
        adjusted = comparison.adjusted
        verdict, style = _UNREAD if results.is_mismatched else _verdict(comparison.always)
        table.add_row(
            plain(comparison.arm),
            f"{comparison.difference * 100:+.2f}",
            _interval(comparison.always),
            _interval(comparison.fixed),
            _p(comparison.p_value),
            f"{_interval(adjusted.interval)} ({adjusted.variance_saved:.0%} less)" if adjusted else "",
            Text(verdict, style),
        )
    return table


def _policy(value: PolicyValue) -> Iterator[RenderableType]:
    """Yields what the policy would have reached, by each way of working it out, beside what was."""
    table = Table(box=None, pad_edge=False, header_style=FAINT)
    table.add_column("policy")
    table.add_column("rate", justify="right")
    table.add_column("at the end", justify="right")
    for name, estimate in (
        ("as it was", value.logged),
        ("inverse propensity", value.inverse_propensity),
        ("self-normalized", value.self_normalized),
        ("doubly robust", value.doubly_robust),
    ):
        ends = estimate.interval
        table.add_row(name, f"{estimate.value:.2%}", f"{ends.lower:.2%} to {ends.upper:.2%}")
    yield table
    yield Text()
    difference = value.difference
    verdict, style = _verdict(value.always)
    yield Text.assemble(
        f"policy less what was: {difference.value * 100:+.2f} points, at every look "
        f"{_interval(value.always)}, at the end {_interval(difference.interval)}: ",
        (verdict, style),
    )
    yield Text(
        f"{value.decisions:,} persons say as much of this policy as {value.effective:,.0f} of its own "
        f"would; the heaviest counts {value.heaviest:.3g} times",
        FAINT,
    )


def _verdict(always: Interval) -> tuple[str, str]:
    if always.lower > 0:
        return messages.BETTER, GOOD
    if always.upper < 0:
        return messages.WORSE_THAN_CONTROL, WORSE
    return messages.NOT_SHOWN, FAINT


def _interval(interval: Interval) -> str:
    return f"{interval.lower * 100:+.2f} to {interval.upper * 100:+.2f}"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= _P_SHOWN_MIN else f"<{_P_SHOWN_MIN}"


def _persons(count: int) -> str:
    return "1 person was" if count == 1 else f"{count:,} persons were"


def _notes(results: Results, within: str) -> Iterator[str]:
    if is_learner(results.experiment):
        yield "each decision draws anew whether it explores: a person here is a decision"
    if results.early:
        yield (
            f"{_persons(results.early)} first exposed less than {plain(within)} ago, and "
            "will be compared later"
        )
    if results.switched:
        yield (
            f"{_persons(results.switched)} seen in two arms, as weights or the salt changed, "
            "and will not be compared"
        )
    yield from _hints(results.arms, results.goal)


def _unsegmented(results: Results, by: str) -> Iterator[str]:
    if by and not results.segments:
        yield (
            f"no segment by `{plain(by)}` has {PERSONS_MIN} persons in an arm and in the control: "
            "records hold the attributes that rules read"
        )


def _hints(arms: Sequence[ArmCounts], goal: str) -> Iterator[str]:
    """Yields what may be wrong where figures say nothing."""
    persons, reached = sum(arm.persons for arm in arms), sum(arm.reached for arm in arms)
    if not persons:
        return
    if min(arm.persons for arm in arms) < PERSONS_MIN:
        yield f"fewer than {PERSONS_MIN} persons in an arm say nothing, whatever the figures are"
    elif not reached:
        yield f"nobody reached `{plain(goal)}`: is it reported at all, and within that time?"
    elif reached == persons:
        yield f"everybody reached `{plain(goal)}`: compare by what not everybody does"
