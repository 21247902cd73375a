"""Messages of this room that several places have, or that are put together."""

from collections.abc import Sequence


def options_on_sqlite(names: Sequence[str]) -> str:
    """Options in the URL could undo durability."""
    return f"options of a SQLite URL are not supported, remove `{'`, `'.join(names)}`"


def in_use(name: str, holder: str) -> str:
    """Another process has the file."""
    process = f"process {holder}" if holder else "another process"
    return f"database `{name}` is in use by {process}, stop that one or use PostgreSQL for many processes"


def not_ours(name: str, tables: Sequence[str]) -> str:
    """Tables of somebody else stand there, and none of maitred's."""
    return (
        f"database `{name}` holds tables that are not maitred's (`{'`, `'.join(tables)}`), "
        "give maitred a database or schema of its own"
    )


def too_new(name: str, version: str, known: str) -> str:
    """A newer maitred has migrated the database."""
    return (
        f"database `{name}` is at schema `{version}`, this maitred knows `{known}` at most, run a newer one"
    )


def damaged(name: str) -> str:
    """Pages do not hold what they should."""
    return f"database `{name}` is damaged, restore it from a backup"


def not_a_database(name: str) -> str:
    """Some other file."""
    return f"database `{name}` is not a SQLite database, name another file"


def read_only(name: str) -> str:
    """Nothing can be written."""
    return f"database `{name}` is read-only, let this user read and write it and the files beside it"


def cannot_open(name: str) -> str:
    """The file cannot be opened or made."""
    return f"database `{name}` cannot be opened, let this user read and write it and its folder"


def full(name: str, problem: str) -> str:
    """No room to write."""
    return f"database `{name}` has no room left to write ({problem}), free some"


def failed(name: str, problem: str) -> str:
    """Anything else the database complains of."""
    return f"database `{name}` failed: {problem}"


def lost(name: str, problem: str) -> str:
    """The transaction lost against another one."""
    return f"database `{name}` was busy: {problem}"


def closed(name: str) -> str:
    """The store was closed."""
    return f"database `{name}` is closed"


def old_sqlite(version: str, fixed: str) -> str:
    """A warning: SQLite's own fault, which this room works around."""
    return (
        f"SQLite {version} can damage a database that several connections write to; maitred writes from one, "
        f"let no other program write to the file, or use SQLite {fixed} or later"
    )


def id_used_meanwhile() -> str:
    """Another transaction used an id of this batch between reading and writing."""
    return "an id of the batch was used by another replica at the same moment"
