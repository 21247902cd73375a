"""Every text this room says to rule authors."""

from collections.abc import Sequence

SHOWN_IN_CYCLE_COUNT = 8
"""Members of a cycle that are named; a longer one is cut, with its ends kept."""

NAME_SHOWN_CHARS = 80
"""Of a longer name only the beginning is shown."""


_SPLIT = "let fewer situations build on each other"


def quoted(name: str) -> str:
    """The name as user input is shown: in backticks, cut where very long."""
    return f"`{name if len(name) <= NAME_SHOWN_CHARS else name[: NAME_SHOWN_CHARS - 1] + '…'}`"


def no_members() -> str:
    """A situation that would hold always or never, depending on taste."""
    return "has no members; give it at least one under `all`, `any` or `none`"


def defined_twice(name: str) -> str:
    """Two situations of one name."""
    return f"{quoted(name)} is defined more than once; rename one of them"


def unknown_situation(member: str, nearest: str | None) -> str:
    """A member that names nothing; ``nearest`` is a name it may have been meant for."""
    hint = f"; did you mean {quoted(nearest)}?" if nearest else "; define it or remove it"
    return f"needs {quoted(member)}, which is no situation{hint}"


def cycle_through_none(steps: Sequence[tuple[str, bool]]) -> str:
    """``steps`` are the names along the cycle, each with whether it is reached through ``none``.

    The first name is where the cycle starts and the last is the same name again.
    """
    first, *rest = steps
    needs = [f"{_needs(refused)} {quoted(name)}" for name, refused in rest]
    if len(needs) > SHOWN_IN_CYCLE_COUNT:
        needs = [*needs[: SHOWN_IN_CYCLE_COUNT - 1], "needs …", needs[-1]]
    return (
        f"{quoted(first[0])} {', which '.join(needs)}"
        "; a situation cannot depend on its own absence, take one of them out of the cycle"
    )


def _needs(refused: bool) -> str:  # noqa: FBT001 - a leaf of the function above
    return "needs none of" if refused else "needs"


def too_many_conditions(count: int, limit: int) -> str:
    """A part that would take too much memory and time."""
    return (
        f"this situation and those it is connected with have {count:,} members between them"
        f", at most {limit:,}; {_SPLIT}"
    )


def too_many_parts(limit: int) -> str:
    """More groups of connected situations than there is memory for."""
    return f"is one too many: at most {limit:,} situations may have nothing to do with each other"


def did_not_end(deadline_seconds: float) -> str:
    """The trial run was stopped."""
    return f"a trial run did not end within {deadline_seconds:g} s; {_SPLIT}"


def failed(why: str) -> str:
    """The trial run came to an end, but not a good one."""
    return f"a trial run failed: {why}"
