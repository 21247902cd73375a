"""What the commands of the privacy officer say and put together."""

from collections.abc import Sequence

from .messages import counted

# --keep

HOW_TO_KEEP = "write days, weeks or forever: --keep decisions=400d --keep consents=forever --keep ledger=8w"


def no_such_class(data: str, known: Sequence[str]) -> str:
    """The word before the equals sign."""
    return f"`{data}` is no class of data to keep: {', '.join(known)}"


# consent

COUNTS_NOW, HISTORY = "counts now", "every statement, oldest first"


# export


def exported(path: str, size: int) -> str:
    """Where it is, and that it is readable."""
    return f"wrote {counted(size, 'byte')} to {path}: it is in the clear, delete it once it is handed over"


# audit

CHECKING_LOG = "checking the decision log"


def rows_so_far(rows: int) -> str:
    """Long work goes on."""
    return f"{CHECKING_LOG}: {counted(rows, 'row')}"


def log_sound(rows: int, chains: int) -> str:
    """No row was touched."""
    if not rows:
        return "ok: the decision log is empty"
    return f"ok: {counted(rows, 'decision')} in {counted(chains, 'chain')}, each as it was written"


def log_broken(broken: int, missing: int) -> str:
    """The last line where something is wrong."""
    counts = [f"{counted(broken, 'chain')} not as written"] if broken else []
    counts += [f"{counted(missing, 'noted head')} not there"] if missing else []
    return ", ".join(counts)


def first_bad_row(writer: str, row: int, decision_id: str, why: str) -> str:
    """Rows behind it may be bad as well: a chain proves nothing from there on."""
    place = f", row {row:,}" if row else ""
    which = f" (decision {decision_id})" if decision_id else ""
    return f"chain {writer}{place}{which}: {why}"


def head_missing(writer: str, digest: str, purged: int | None) -> str:
    """What a head that is not there means; ``purged`` is ``None`` where there is no such chain."""
    if purged is None:
        return f"noted head {writer}={digest}: the whole chain is gone"
    if purged:
        return (
            f"noted head {writer}={digest}: no row has it; {counted(purged, 'row')} of the chain went with "
            "their term, a head noted before that proves nothing any more"
        )
    return f"noted head {writer}={digest}: no row has it, the end was cut off or rows were written anew"


def heads_there(count: int) -> str:
    """All that were given."""
    return f"{counted(count, 'noted head')} found again"


def more_chains(count: int) -> str:
    """Only the last ones are shown."""
    return f"and {counted(count, 'earlier chain')}: see --json"


# purge


def purging(rows: int) -> str:
    """Long work goes on."""
    return f"deleting what has been kept long enough: {counted(rows, 'row')}"


def forgotten(rows: int, *, dry_run: bool) -> str:
    """The last line."""
    return f"about {counted(rows, 'row')} would go" if dry_run else f"{counted(rows, 'row')} deleted"
