"""What was proposed against what should have been, and how long it took."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from .client import Answered
from .join import Join, in_first_half

QUANTILES = (0.5, 0.9, 0.99)
MILLISECONDS_PER_SECOND = 1_000
# Enough to see what they have in common.
SHOWN_DIFFERENCES = 10


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the checkouts sent. `missing` and `extra` are pairs of basket id and action."""

    title: str
    sent: int
    matched: int
    proposed: int
    missing: tuple[tuple[str, str], ...]
    extra: tuple[tuple[str, str], ...]


def parts(answers: Sequence[Answered], joined: Join) -> tuple[Part, ...]:
    """First half, second half, year. Only checkouts that were sent count."""
    first = [answer for answer in answers if in_first_half(joined.live[answer.basket_id])]
    second = [answer for answer in answers if not in_first_half(joined.live[answer.basket_id])]
    titled = (("first half", first), ("second half", second), ("year", answers))
    return tuple(compare(title, some, joined.pairs) for title, some in titled)


def compare(title: str, answers: Sequence[Answered], expected: Mapping[str, frozenset[str]]) -> Part:
    """An action proposed twice in one answer is extra the second time."""
    missing: list[tuple[str, str]] = []
    extra: list[tuple[str, str]] = []
    for answer in answers:
        wanted, received = Counter(expected.get(answer.basket_id, ())), Counter(answer.actions)
        missing += ((answer.basket_id, action) for action in (wanted - received).elements())
        extra += ((answer.basket_id, action) for action in (received - wanted).elements())
    return Part(
        title=title,
        sent=len(answers),
        matched=sum(bool(answer.actions) for answer in answers),
        proposed=sum(len(answer.actions) for answer in answers),
        missing=tuple(sorted(missing)),
        extra=tuple(sorted(extra)),
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed."""
    return ordered[max(math.ceil(len(ordered) * share), 1) - 1]


def print_report(console: Console, answers: Sequence[Answered], joined: Join, seconds: float) -> bool:
    """Prints what came out; says whether nothing is missing and nothing extra."""
    compared = parts(answers, joined)
    console.print(pairs_table(compared))
    console.print(speed_table(answers, seconds))
    year = compared[-1]
    for title, pairs in (("missing", year.missing), ("extra", year.extra)):
        for basket, action in pairs[:SHOWN_DIFFERENCES]:
            console.print(f"{title}: basket {basket}, {action}")
        if len(pairs) > SHOWN_DIFFERENCES:
            console.print(f"... and {len(pairs) - SHOWN_DIFFERENCES:,} more {title}")
    return not year.missing and not year.extra


def pairs_table(compared: Sequence[Part]) -> Table:
    titles = ("checkouts", "with a proposal", "pairs proposed", "missing", "extra")
    table = table_of("", *titles)
    for part in compared:
        numbers = (part.sent, part.matched, part.proposed, len(part.missing), len(part.extra))
        table.add_row(part.title, *(f"{number:,}" for number in numbers))
    return table


def speed_table(answers: Sequence[Answered], seconds: float) -> Table:
    ordered = sorted(answer.seconds * MILLISECONDS_PER_SECOND for answer in answers)
    titles = [f"p{share * 100:g}" for share in QUANTILES]
    table = table_of("", "decisions/s", "seconds", *(f"{title} ms" for title in (*titles, "max")))
    latencies = [quantile(ordered, share) for share in (*QUANTILES, 1)] if ordered else []
    rate = len(answers) / seconds if seconds else 0.0
    table.add_row("speed", f"{rate:,.0f}", f"{seconds:.1f}", *(f"{latency:.1f}" for latency in latencies))
    return table


def table_of(first: str, *others: str) -> Table:
    table = Table(first)
    for title in others:
        table.add_column(title, justify="right")
    return table
