"""Every message of this room. None repeats what a keyring or a record holds."""

from collections.abc import Sequence

AT_TOP = "the keyring"
IN_VERSION = "a version"
FIELD_TWICE = "a field stands there twice"
VERSION_TWICE = "two versions have the same number"
UNKNOWN_ACTIVE = "`active` must be the number of one of the versions"
WRONG_INSTANT = "`created` must be an instant with its offset, as in 2026-12-01T11:30:00+00:00"

_RESTORE = "restore it from your backup or secret manager"


# the file


def not_there(name: str) -> str:
    """No such file."""
    return f"keyring `{name}` does not exist, make one with `maitred keys new {name}`"


def there_already(name: str) -> str:
    """Making it anew would lose what was sealed."""
    return (
        f"keyring `{name}` is there already, name another file or add keys to it with `maitred keys rotate`"
    )


def cannot_read(name: str, problem: str) -> str:
    """The system refuses."""
    return f"keyring `{name}` cannot be read ({problem}), let this user read it"


def cannot_write(name: str, problem: str) -> str:
    """The system refuses, or the file system cannot do it without a gap."""
    return (
        f"keyring `{name}` cannot be written ({problem}), let this user write to its folder, on a local disk"
    )


def not_a_file(name: str) -> str:
    """A folder, a pipe, a device."""
    return f"keyring `{name}` is not a regular file, name one"


def too_open(name: str, mode: int) -> str:
    """Whoever reads it can open every record."""
    return f"keyring `{name}` can be used by others (mode {mode:04o}), run `chmod 600 {name}`"


def too_long(name: str, max_bytes: int) -> str:
    """Some other file."""
    return f"keyring `{name}` is longer than {max_bytes:,} bytes, so it is not a keyring: name another file"


# its text


def not_json(name: str) -> str:
    """Cut short, or some other file."""
    return f"keyring `{name}` is cut short or no JSON, {_RESTORE}"


def malformed(name: str, problem: str) -> str:
    """JSON, and no keyring."""
    return f"keyring `{name}` is malformed: {problem}; {_RESTORE}"


def unknown_format(known: str) -> str:
    """Of a newer maitred, or some other JSON."""
    return f"`format` is not `{known}`, the one this maitred knows"


def unknown_fields(names: Sequence[str], where: str) -> str:
    """What is not understood is not ignored."""
    return f"{where} has unknown fields `{'`, `'.join(names)}`"


def missing_fields(names: Sequence[str], where: str) -> str:
    """Every field is needed."""
    return f"{where} lacks `{'`, `'.join(names)}`"


def wrong_versions(greatest: int) -> str:
    """Not a list of objects, empty or too long."""
    return f"`versions` must be a list of 1 to {greatest} objects"


def wrong_number(greatest: int) -> str:
    """The number of a version."""
    return f"`version` must be a whole number from 1 to {greatest}"


def wrong_key(field: str, digits: int) -> str:
    """Never with the value."""
    return f"`{field}` must have {digits} hexadecimal digits"


def altered(number: int) -> str:
    """The keys are not those of the check value."""
    return f"the keys of version {number} are not those it was written with"


# changes


def enough_versions(count: int) -> str:
    """Each costs every decision."""
    return f"the keyring has {count} versions, drop old ones first with `maitred keys drop`"


def drops_active(number: int, active: int) -> str:
    """Nothing could be written, or a later version would get the number again."""
    return f"version {number} is not older than the active one ({active}), make a newer one active first"


def no_version(number: int, known: Sequence[int]) -> str:
    """There are others."""
    return f"the keyring has no version {number}, only {', '.join(map(str, known))}"


# seals


def not_a_key(size: int) -> str:
    """Cut, or something else."""
    return f"{size} bytes are not a wrapped key"


def other_master(number: int) -> str:
    """Dropped, or of another keyring."""
    return f"the key was wrapped with version {number} of the master key, which the keyring does not have"


def cut_short(size: int) -> str:
    """Shorter than nothing sealed."""
    return f"{size} bytes are not a sealed record"


def seal_broken() -> str:
    """Nothing more is known."""
    return "the seal is broken: made with another key or about something else, or changed since"
