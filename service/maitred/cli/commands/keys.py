"""``maitred keys``: the keyring that customers' data is sealed with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maitred.cli.exits import FINE, Stop

if TYPE_CHECKING:
    from maitred.bootstrap.keys import Keyring

HELP = """Make, look at and rotate the keyring that customers' data is sealed with.

A keyring is a small file. Its keys make customers' ids into pseudonyms, and wrap the key that each \
customer's data is sealed with. Without it nobody can read that data, maitred neither: keep a copy, in a \
secret manager and not beside the backups of the database.

Its keys have versions. One is active: new data is written with it. The others read what is there.

Examples:

  maitred keys new maitred.keys       a first one

  maitred keys show maitred.keys      versions and check values, never a key

  maitred keys rotate maitred.keys    new keys, beside the old ones

Exit codes: 0 fine, 2 the keyring cannot be used, or a version would be dropped without --yes."""

SHOW = """Show the versions of a keyring; never a key.

A check value is the same in two keyrings where the keys of that version are, and tells nothing else: \
compare it with your copy's, or with what `maitred serve` says of a database written with other keys.

Examples:

  maitred keys show maitred.keys

  MAITRED_KEYS=/etc/maitred/keys maitred keys show

Exit codes: 0 fine, 2 the keyring cannot be used."""

NEW = """Make a new keyring, which only this user can read.

A file that is there already is left alone. Keep a copy of the new one, as text, in a secret manager.

Examples:

  maitred keys new maitred.keys

Exit codes: 0 fine, 2 it cannot be made."""

ROTATE = """Add a version of the keys and make it the active one; the old ones stay.

A running service takes it up when it is started anew. Where several replicas share a database and are \
restarted one after the other, do it in two steps, so that none meets keys that it does not have yet: \
add the version with --standby, bring the file to every replica and restart it, then do the same after \
`maitred keys activate`.

Examples:

  maitred keys rotate maitred.keys

  maitred keys rotate maitred.keys --standby

Exit codes: 0 fine, 2 the keyring cannot be changed. MAITRED_KEYS names the file where FILE is left out."""

ACTIVATE = """Write with another version of the keys from the next start on.

Every replica must have the version by then.

Examples:

  maitred keys activate maitred.keys --version 2

Exit codes: 0 fine, 2 the keyring cannot be changed. MAITRED_KEYS names the file where FILE is left out."""

DROP = """Take a version that is older than the active one out of a keyring, for good.

What still depends on it is lost: customers whose key is wrapped with that version, with everything sealed \
under it, and customers who are known by a pseudonym of that version only. They can be neither read, nor \
exported, nor found to be erased. Wait until no more of the database depends on it.

Examples:

  maitred keys drop maitred.keys --version 1          say what would be lost

  maitred keys drop maitred.keys --version 1 --yes    do it

Exit codes: 0 fine, 2 the keyring cannot be changed, or without --yes. MAITRED_KEYS names the file where \
FILE is left out."""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")

File = Annotated[
    Path, typer.Argument(metavar="FILE", envvar="MAITRED_KEYS", show_default=False, help="The keyring.")
]
Version = Annotated[int, typer.Option("--version", metavar="N", show_default=False, help="Which version.")]
Standby = Annotated[bool, typer.Option("--standby", help="Add the version without writing with it yet.")]
Yes = Annotated[bool, typer.Option("--yes", help="Drop it: what depends on it is lost for good.")]


@app.command("show", help=SHOW)
def show(*, file: File) -> int:
    """Prints what may be known of a keyring."""
    from maitred.bootstrap.keys import read_keyring  # noqa: PLC0415 -- brings cryptography

    with _stopping():
        keyring = read_keyring(file)
    return _show(keyring)


@app.command("new", help=NEW)
def new(*, file: File) -> int:
    """Makes a keyring."""
    from maitred.bootstrap.keys import make_keyring  # noqa: PLC0415 -- brings cryptography

    with _stopping():
        keyring = make_keyring(file)
    print(f"made {file}: keep a copy in a secret manager, without it customers' data cannot be read")
    return _show(keyring)


@app.command("rotate", help=ROTATE)
def rotate(*, file: File, standby: Standby = False) -> int:
    """Adds a version."""
    from maitred.bootstrap import keys  # noqa: PLC0415 -- brings cryptography

    with _stopping():
        keyring = keys.rotate(file, standby=standby)
    print(_rotated_words(keyring.versions[0].number, str(file), standby=standby))
    return _show(keyring)


@app.command("activate", help=ACTIVATE)
def activate(*, file: File, version: Version) -> int:
    """Writes with another version."""
    from maitred.bootstrap import keys  # noqa: PLC0415 -- brings cryptography

    with _stopping():
        keyring = keys.activate(file, version)
    print(_activated_words(version))
    return _show(keyring)


@app.command("drop", help=DROP)
def drop(*, file: File, version: Version, yes: Yes = False) -> int:
    """Takes a version out once the user has been told what that means."""
    from maitred.bootstrap import keys  # noqa: PLC0415 -- brings cryptography

    with _stopping():
        if not yes:
            keys.check_drop(file, version)
            raise Stop(_lost_words(version), "nothing was changed; say --yes to drop it all the same")
        keyring = keys.drop(file, version)
    print(f"version {version} is dropped: drop it from your copies as well, then restart the service")
    return _show(keyring)


@contextmanager
def _stopping() -> Iterator[None]:
    from maitred.bootstrap.keys import KeyringUnusable  # noqa: PLC0415 -- brings cryptography

    try:
        yield
    except KeyringUnusable as unusable:
        raise Stop(str(unusable)) from None


def _show(keyring: "Keyring") -> int:
    from rich.table import Table  # noqa: PLC0415 -- not needed for --help

    from maitred.bootstrap.keys import check_values  # noqa: PLC0415 -- brings cryptography
    from maitred.cli.shown.console import show as print_table  # noqa: PLC0415 -- brings rich

    table = Table("version", "created", "check value", "", box=None, pad_edge=False, header_style="dim")
    values = check_values(keyring)
    for version in keyring.versions:
        active = "active" if version.number == keyring.active else ""
        created = f"{version.created_at:%Y-%m-%dT%H:%M:%SZ}"
        table.add_row(str(version.number), created, values[version.number].hex(), active)
    print_table(table)
    return FINE


def _rotated_words(number: int, file: str, *, standby: bool) -> str:
    """And what to do next."""
    if standby:
        return (
            f"version {number} stands by: restart every replica with it, "
            f"then `maitred keys activate {file} --version {number}`"
        )
    return _activated_words(number)


def _activated_words(number: int) -> str:
    """A running service has read its keyring."""
    return f"version {number} is active: copy the file to your secret manager, then restart the service"


def _lost_words(number: int) -> str:
    """Before a version is dropped."""
    return (
        f"dropping version {number} cannot be undone: whatever is still sealed or filed under it is lost; "
        "those customers' data can be neither read nor exported, nor found to be erased"
    )
