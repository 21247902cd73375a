"""Measures the design's budgets in one run and prints each as a ratio.

python -m benchmarks            everything, some ten minutes
python -m benchmarks serving    one part: serving, matching or loading
python -m benchmarks --write    also puts the figures into docs/benchmarks.md
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from . import figures, loading, machine, matching, serving

PARTS = ("serving", "loading", "matching")
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Exit code 0 whether or not the budgets are met: figures are no tests."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/benchmarks.md")
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    console = Console(stderr=False)
    about = machine.description()
    console.print(about)
    with console.status("starting") as status:
        sections = _measured(options.parts or PARTS, console, status.update)
    if options.write:
        figures.write(DOCUMENT, about, sections)
        console.print(f"wrote {DOCUMENT.relative_to(DOCUMENT.parent.parent)}")
    return 0


def _measured(
    parts: tuple[str, ...], console: Console, progress: Callable[[str], None]
) -> list[figures.Section]:
    sections: list[figures.Section] = []

    def add(found: list[figures.Section]) -> None:
        sections.extend(found)
        for section in found:
            figures.print_section(console, section)

    floor_seconds = 0.0
    if "serving" in parts or "matching" in parts:
        found, floor_seconds = serving.measure(progress)
        add(found)
    if "loading" in parts:
        add(loading.measure(progress))
    if "matching" in parts:
        add(matching.measure(floor_seconds, progress))
    return sections


if __name__ == "__main__":
    sys.exit(main())
