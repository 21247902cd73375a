"""What somebody may have meant who wrote a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

COMPARED_MOST = 5_000
"""Some tens of milliseconds; a ruleset may have a hundred thousand names."""
LENGTHS_DIFFER_MOST = 3
CLOSE = 0.75
SHOWN_MOST = 3


def did_you_mean(name: str, known: Iterable[str], most: int = SHOWN_MOST) -> str:
    """``, did you mean `free-pizza`?``; empty where nothing is close."""
    near = [each for each in known if abs(len(each) - len(name)) <= LENGTHS_DIFFER_MOST]
    spelt = {each.casefold(): each for each in near[:COMPARED_MOST]}
    close = get_close_matches(name.casefold(), spelt, most, CLOSE)
    return f", did you mean {' or '.join(f'`{spelt[each]}`' for each in close)}?" if close else ""
