"""Which known name was meant by one that is not known.

In order: the same but for letter case and separators; the last word of a qualified name; what
begins alike; what differs in a letter or two. Of two names with the same root, `customer.height`
and `customer.id`, only what follows is compared: else the root alone would make them alike.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

COMPARED_MAX = 2_000
"""Names compared letter by letter, some 10 ms; a ruleset may have a hundred thousand."""
_LENGTHS_DIFFER_MAX = 3
_BEGINS_ALIKE_CHARACTERS = 3
_SHORT_CHARACTERS = 4
# Two letters swapped in three are 0.67; in five letters one that differs is 0.8.
_CLOSE_IF_SHORT, _CLOSE = 0.65, 0.72


_DECLARED: Mapping[str, str] = {
    "location": "declare it as a column of `Locations`",
    "row": "columns of an `ActionTable` are declared in its `columns`, for its own `action` alone",
    "list": "write a `List` of that name",
    "situation": "write a `Situation` of that name",
    "event": "what an event says is read by computed attributes over events",
    "hold": "only treatments say `${hold.expires}`",
}
"""By the root of a name that no ``Context`` declares."""


def how_declared(name: str) -> str:
    """Says what makes a qualified name known to rules: ``declare it in a `Context```."""
    return _DECLARED.get(name.partition(".")[0], "declare it in a `Context`")


def did_you_mean(word: str, known: Iterable[str], count: int = 1) -> str:
    """``, did you mean `free-pizza`?``; empty where nothing is close."""
    names = nearest(word, known, count)
    return f", did you mean {' or '.join(f'`{name}`' for name in names)}?" if names else ""


def nearest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Returns the known names that may have been meant, the likeliest first; none where nothing is close."""
    names = [name for name in known if name != word] if word else []
    for alike in (_is_same, _is_inside, _begins_alike):
        if near := [name for name in names if alike(word, name)]:
            return sorted(near, key=lambda name: (abs(len(name) - len(word)), name))[:count]
    return _close(word, names, count)


def _key(text: str) -> str:
    return text.casefold().translate({ord(letter): None for letter in "_-. "})


def _is_same(word: str, name: str) -> bool:
    return len(word) + _LENGTHS_DIFFER_MAX >= len(name) and _key(word) == _key(name)


def _is_inside(word: str, name: str) -> bool:
    """Returns `age` in `customer.age`, `customer` as what has it, and `Rome` in `Europe/Rome`."""
    low, lower = word.casefold(), name.casefold()
    return lower.endswith((f".{low}", f"/{low}")) or lower.startswith(f"{low}.")


def _begins_alike(word: str, name: str) -> bool:
    ours, theirs = _tails(word, name)
    ours, theirs = ours.casefold(), theirs.casefold()
    short = min(len(ours), len(theirs))
    return short >= _BEGINS_ALIKE_CHARACTERS and ours[:short] == theirs[:short] and 2 * short > len(theirs)


def _tails(word: str, name: str) -> tuple[str, str]:
    """Both without the root they share."""
    root, point, tail = word.rpartition(".")
    shares = point and name.startswith(root + point)
    return (tail, name[len(root) + 1 :]) if shares else (word, name)


def _close(word: str, names: list[str], count: int) -> list[str]:
    if len(word) < _BEGINS_ALIKE_CHARACTERS:
        return []
    near = [name for name in names if abs(len(name) - len(word)) <= _LENGTHS_DIFFER_MAX][:COMPARED_MAX]
    pairs = [(*_tails(word, name), name) for name in near]
    by_tail: dict[str, dict[str, str]] = {}
    for ours, theirs, name in pairs:
        by_tail.setdefault(ours.casefold(), {}).setdefault(theirs.casefold(), name)
    return [
        candidates[text]
        for ours, candidates in sorted(by_tail.items(), key=lambda entry: len(entry[0]))
        for text in get_close_matches(ours, candidates, count, _cutoff(ours))
    ][:count]


def _cutoff(text: str) -> float:
    return _CLOSE_IF_SHORT if len(text) <= _SHORT_CHARACTERS else _CLOSE
