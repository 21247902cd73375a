"""What the commands of the privacy officer say."""

from collections.abc import Sequence

from .messages import counted

# --keep

HOW_TO_KEEP = "write days, weeks or forever: --keep decisions=400d --keep consents=forever --keep ledger=8w"


def no_such_class(data: str, known: Sequence[str]) -> str:
    """The word before the equals sign."""
    return f"`{data}` is no class of data to keep: {', '.join(known)}"


def class_twice(data: str) -> str:
    """Which of the two counts, nobody could tell."""
    return f"--keep names `{data}` twice"


def not_a_span(data: str, text: str) -> str:
    """Hours are too short, and a month has no fixed length."""
    return f"`{text}` is no span to keep {data} for"


def span_out_of_range(data: str, text: str, least: int, greatest: int) -> str:
    """A typing error, most likely: data would be gone, or never go."""
    return f"`{text}` is out of range: {data} are kept for {least:,} to {greatest:,} days, or forever"


# consent

SOURCE_NEEDED = "a statement needs its source, where the customer made it: --source app-settings"
STATE_NEEDED = (
    "say what was stated as well, as in `maitred consent CUSTOMER PURPOSE granted`; "
    "leave the flags out to look"
)
NOTHING_STATED = "nothing is on record: where a purpose needs consent, that is no"
COUNTS_NOW, HISTORY = "counts now", "every statement, oldest first"


def recorded(purpose: str, state: str) -> str:
    """A statement is kept."""
    return f"recorded: {purpose} {state}"


# export


def exported(path: str, size: int) -> str:
    """Where it is, and that it is readable."""
    return f"wrote {counted(size, 'byte')} to {path}: it is in the clear, delete it once it is handed over"


def exporting(customer: str) -> str:
    """While the server works every decision out again."""
    return f"collecting what is held about {customer}"


# erase

ERASE_NEEDS_YES = "nothing was erased: nobody is there to ask, say --yes"
NOT_ERASED = "nothing was erased"
ERASE = "erase?"
LEFT_BEHIND = (
    "their decisions stay in the log, unreadable; backups of the database and of the keys "
    "hold what they held until they are overwritten"
)


def will_erase(customer: str) -> str:
    """Before it is asked."""
    return (
        f"this erases customer `{customer}` for good: the key that opens their decisions, their statements, "
        "the outcomes reported of them and the counts of limits of their own\n"
        "what they took of shared limits stays counted, and the audit stays valid; nobody can undo it, so "
        "export first what you must keep: `maitred export`"
    )


def erased(customer: str, when: str) -> str:
    """Above what went."""
    return f"erased {customer} at {when}"


def nothing_held(customer: str) -> str:
    """Never known, or erased before."""
    return f"nothing is held about {customer}"


# audit

CHECKING_LOG = "checking the decision log"
NOTE_HEADS = (
    "note the heads where who may write to this database may not: an end that is cut off, or rows that are "
    "written anew, show by them alone"
)
KEEP_REPORT = "`maitred audit --json` writes all of them, and `maitred audit --since FILE` checks them later"


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


def not_a_head(text: str) -> str:
    """What follows --head."""
    return f"`{text}` is no head: give WRITER=HASH as `maitred audit` prints it"


def not_a_report(path: str) -> str:
    """What follows --since."""
    return f"`{path}` is no report of `maitred audit --json`"


# purge

AT_NEEDED = "under simulated time the instant must be given: the wall clock says nothing about the data"
GIVE_AT = "name it with --at 2026-12-01T00:00:00Z"
SERVICE_DOES_IT = "a service that runs there forgets by itself: give it the same --keep"
DRY_RUN = "dry run: nothing was deleted"
NOTHING_TO_PURGE = "nothing would go: --keep names no class of data that has a term"
NOTHING_TO_GO = "nothing has been kept longer than that"


def purging(rows: int) -> str:
    """Long work goes on."""
    return f"deleting what has been kept long enough: {counted(rows, 'row')}"


def forgotten(rows: int, *, dry_run: bool) -> str:
    """The last line."""
    return f"about {counted(rows, 'row')} would go" if dry_run else f"{counted(rows, 'row')} deleted"
