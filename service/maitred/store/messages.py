"""Every message of this room."""

from collections.abc import Sequence


def not_a_url(problem: str) -> str:
    """The database URL cannot be read. The URL itself may hold a password: it is not repeated."""
    return (
        f"the database URL is malformed ({problem}), write `sqlite:///FILE` or `postgresql://USER@HOST/NAME`"
    )


def unknown_database(kind: str) -> str:
    """The URL names a database or driver that is not supported."""
    return f"database `{kind}` is not supported, use `sqlite:///FILE` or `postgresql://USER@HOST/NAME`"


def in_memory() -> str:
    """A decision must be durable before it is answered."""
    return "a SQLite database in memory keeps nothing, name a file: `sqlite:///FILE`"


def options_on_sqlite(names: Sequence[str]) -> str:
    """Options in the URL could undo durability."""
    return f"options of a SQLite URL are not supported, remove `{'`, `'.join(names)}`"


def no_folder(name: str, folder: str) -> str:
    """The folder the file should stand in is missing."""
    return f"database `{name}`: the folder `{folder}` does not exist, create it"


def folder_read_only(name: str, folder: str) -> str:
    """The log and the lock file cannot be made beside the database."""
    return f"database `{name}`: the folder `{folder}` is read-only, let this user write to it"


def is_folder(name: str) -> str:
    """A folder stands where the file should be."""
    return f"database `{name}` is a folder, name a file in it"


def cannot_lock(name: str, problem: str) -> str:
    """The lock file beside the database cannot be made."""
    return f"database `{name}`: cannot make its lock file ({problem}), let this user write to the folder"


def in_use(name: str, holder: str) -> str:
    """Another process has the file."""
    process = f"process {holder}" if holder else "another process"
    return f"database `{name}` is in use by {process}, stop that one or use PostgreSQL for many processes"


def no_wal(name: str, mode: str) -> str:
    """The file system cannot hold a write-ahead log."""
    return f"database `{name}` cannot keep a write-ahead log (mode `{mode}`), put it on a local disk"


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


def too_old(name: str, version: str, known: str) -> str:
    """An older maitred has written the database, and it was opened for reading only."""
    return (
        f"database `{name}` is at schema `{version}`, this maitred reads `{known}`, "
        "start `maitred serve` on it once to migrate it"
    )


def empty(name: str) -> str:
    """Nothing was ever written, and it was opened for reading only."""
    return f"database `{name}` is empty, name the one that `maitred serve` writes to"


def not_there(name: str) -> str:
    """There is no such file, and it was opened for reading only."""
    return f"database `{name}` does not exist, name the one that `maitred serve` writes to"


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


def cannot_be_reached(name: str, problem: str) -> str:
    """No connection, or it was lost."""
    return f"database `{name}` cannot be reached: {problem}"


def too_slow(name: str, problem: str) -> str:
    """A statement ran into its time limit."""
    return f"database `{name}` does not answer in time: {problem}"


def failed(name: str, problem: str) -> str:
    """Anything else the database complains of."""
    return f"database `{name}` failed: {problem}"


def lost(name: str, problem: str) -> str:
    """The transaction lost against another one."""
    return f"database `{name}` was busy: {problem}"


def closed(name: str) -> str:
    """The store was closed."""
    return f"database `{name}` is closed"


def transaction_over() -> str:
    """A transaction was used after its block, or after an error in it."""
    return "this transaction is over, begin another one"


def old_sqlite(version: str, fixed: str) -> str:
    """A warning: SQLite's own fault, which this room works around."""
    return (
        f"SQLite {version} can damage a database that several connections write to; maitred writes from one, "
        f"let no other program write to the file, or use SQLite {fixed} or later"
    )


def fsync_off(name: str) -> str:
    """A warning: the server trades durability away."""
    return f"database `{name}` runs with `fsync = off`, a power failure loses answered decisions"


def id_used_meanwhile() -> str:
    """Another transaction used an id of this batch between reading and writing."""
    return "an id of the batch was used by another replica at the same moment"


def log_changed_meanwhile() -> str:
    """The end of this process's chain, or an id of the batch, is not what it was a statement ago."""
    return "the decision log changed at the same moment"


def erased_meanwhile() -> str:
    """The customer was erased between reading and writing."""
    return "the customer was erased at the same moment"


def customer_met_meanwhile() -> str:
    """Another transaction wrote down a new customer of this batch between reading and writing."""
    return "a new customer of the batch was met by another replica at the same moment"
