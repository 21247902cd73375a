"""Measures the design's budgets in one run and prints each as a ratio.

python -m benchmarks            everything, some fifteen minutes
python -m benchmarks claims     one part: stages, serving, overload, limits, claims, workers, privacy,
                                experiments, behaviour, hostile, loading, matching or compiled
python -m benchmarks growth     on a database of two million decisions, filled first; growth-postgres is the
                                same on PostgreSQL. Only where they are named: they fill gigabytes
python -m benchmarks --write    also puts the figures into docs/benchmarks.md; whole runs only
python -m benchmarks growth --decisions 10000000 --kept FOLDER
                                another number of them, kept in that folder
python -m benchmarks privacy --against CHECKOUT
                                also takes turns with the service of another checkout of the project
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from . import (
    behaviour,
    claims,
    compiled,
    experiments,
    figures,
    growth,
    hostile,
    limits,
    loading,
    machine,
    matching,
    overload,
    privacy,
    serving,
    stages,
    workers,
)
from .rounds import Progress

Part = Callable[[Progress], list[figures.Section]]
PARTS = (
    "stages",
    "serving",
    "overload",
    "limits",
    "claims",
    "workers",
    "privacy",
    "experiments",
    "behaviour",
    "hostile",
    "loading",
    "matching",
    "compiled",
)
BY_NAME = "growth", "growth-postgres"
"""Those that are measured where they are named only."""
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Exit code 0 whether or not the budgets are met: figures are no tests."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped too
    console = Console(stderr=False)
    about = machine.description()
    console.print(about)
    with console.status("starting") as status:
        sections = _measured(_parts(options), options.parts or PARTS, console, status.update)
    console.print(f"load average {os.getloadavg()[0]:.1f} at the end")
    if options.write:
        figures.write(DOCUMENT, about, sections)
        console.print(f"wrote {DOCUMENT.relative_to(DOCUMENT.parent.parent)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"{', '.join(PARTS)}: all of these by default; {', '.join(BY_NAME)}",
    )
    parser.add_argument("--write", action="store_true", help="put the figures into docs/benchmarks.md")
    parser.add_argument(
        "--against", type=Path, metavar="CHECKOUT", help="a checkout of the service without privacy"
    )
    parser.add_argument(
        "--decisions", type=int, default=growth.DECISIONS, metavar="COUNT", help="stored, for growth"
    )
    parser.add_argument(
        "--kept", type=Path, default=growth.KEPT, metavar="FOLDER", help="where growth keeps filled databases"
    )
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - {*PARTS, *BY_NAME}):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join((*PARTS, *BY_NAME))}")
    if options.against and not (options.against / "service" / "maitred").is_dir():
        parser.error(f"no service/maitred in `{options.against}`: give the folder of a checkout")
    return options


def _parts(options: argparse.Namespace) -> Mapping[str, Part]:
    against = options.against.resolve() if options.against else None
    filled = {"decisions": options.decisions, "kept": options.kept.resolve()}
    return {
        "stages": stages.measure,
        "serving": serving.measure,
        "overload": overload.measure,
        "limits": limits.measure,
        "claims": claims.measure,
        "workers": workers.measure,
        "privacy": lambda progress: privacy.measure(against, progress),
        "experiments": experiments.measure,
        "behaviour": behaviour.measure,
        "hostile": hostile.measure,
        "loading": loading.measure,
        "matching": matching.measure,
        "compiled": compiled.measure,
        "growth": partial(growth.on_sqlite, **filled),
        "growth-postgres": partial(growth.on_postgres, **filled),
    }


def _measured(
    parts: Mapping[str, Part], wanted: Sequence[str], console: Console, progress: Progress
) -> list[figures.Section]:
    sections: list[figures.Section] = []
    for name in (*PARTS, *BY_NAME):
        if name in wanted:
            measured = parts[name](progress)
            sections.extend(measured)
            for section in measured:
                figures.print_section(console, section)
    return sections


if __name__ == "__main__":
    sys.exit(main())
