"""Orders per 15 minutes as blocks in the terminal. A line is what the ovens bake in that time."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from .world import HOUR_S, OPENS_S, QUARTER_S

EIGHTHS = " ▁▂▃▄▅▆▇█"
FULL = len(EIGHTHS) - 1
# Not by colour alone.
TOO_MANY = "▒"
WITHIN_STYLE, OVER_STYLE = "blue", "dark_orange"
LABEL_WIDTH = 5
QUARTERS_AN_HOUR = HOUR_S // QUARTER_S
TICK_HOURS = 2


def chart(orders: Sequence[int], capacity: int) -> Iterator[Text]:
    """Lines from the top down to the hours; as many as it takes."""
    for line in range(lines(max(orders) / capacity), 0, -1):
        text = Text(f"{line * capacity:>{LABEL_WIDTH}} ┤")
        for count in orders:
            text.append(cell(count / capacity, line), WITHIN_STYLE if line == 1 else OVER_STYLE)
        yield text.append(" ← the ovens" if line == 1 else "")
    yield Text(f"{'0':>{LABEL_WIDTH}} ┴" + hours(len(orders)))


def lines(height: float) -> int:
    """Those in which a bar of that height shows."""
    return max(-(-round(height * FULL) // FULL), 1)


def cell(height: float, line: int) -> str:
    """What a bar of so many lines shows in one of them."""
    filled = min(max(height - (line - 1), 0), 1)
    return TOO_MANY if filled == 1 and line > 1 else EIGHTHS[round(filled * FULL)]


def hours(quarters: int) -> str:
    """The hours under every eighth bar."""
    every = QUARTERS_AN_HOUR * TICK_HOURS
    first = OPENS_S // HOUR_S
    ticks = (f"{first + TICK_HOURS * number}:00" for number in range(quarters // every + 1))
    return "".join(f"{tick:<{every}}" for tick in ticks).rstrip()
