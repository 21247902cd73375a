"""Messages of this room that are put together. None repeats what a keyring or a record holds."""

from collections.abc import Sequence

# the file


def not_there(name: str) -> str:
    """No such file."""
    return f"keyring `{name}` does not exist, make one with `maitred keys new {name}`"


def too_open(name: str, mode: int) -> str:
    """Whoever reads it can open every record."""
    return f"keyring `{name}` can be used by others (mode {mode:04o}), run `chmod 600 {name}`"


# its text


def unknown_fields(names: Sequence[str], where: str) -> str:
    """What is not understood is not ignored."""
    return f"{where} has unknown fields `{'`, `'.join(names)}`"


def missing_fields(names: Sequence[str], where: str) -> str:
    """Every field is needed."""
    return f"{where} lacks `{'`, `'.join(names)}`"


def wrong_versions(greatest: int) -> str:
    """Not a list of objects, empty or too long."""
    return f"`versions` must be a list of 1 to {greatest} objects"


# changes


def no_version(number: int, known: Sequence[int]) -> str:
    """There are others."""
    return f"the keyring has no version {number}, only {', '.join(map(str, known))}"
