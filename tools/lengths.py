"""Checks lengths: no function over 60 lines, no file over 600; tells of small files."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

LONGEST_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 10
"""The median is under it."""
LONGEST_FILE_LINES = 600
SMALL_FILE_LINES = 50
"""What is shorter may belong into a neighbour. Only told: a short idea is one all the same."""
SOURCES = "service/"
GENERATED = ("_pb2.py", "_pb2_grpc.py")

Sizes = list[tuple[str, int]]
"""Names with how many lines each has."""


def function_sizes(path: Path) -> Iterator[tuple[str, int]]:
    """Every function of a file; its name begins with the file's."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            end = node.end_lineno or node.lineno
            yield f"{path}:{node.lineno} {node.name}", end - node.lineno + 1


def tracked() -> list[Path]:
    """Python files that git knows or does not ignore; generated ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], capture_output=True, text=True, check=True
    )
    paths = (Path(name) for name in listed.stdout.split() if not name.endswith(GENERATED))
    return [path for path in paths if path.exists()]


def longer_than(limit: int, sizes: Iterable[tuple[str, int]]) -> list[str]:
    """A complaint for each that has more lines."""
    return [f"{name}: {size} lines, at most {limit}" for name, size in sizes if size > limit]


def faults(functions: Sizes, files: Sizes) -> list[str]:
    """What breaks a rule; the median is that of the sources."""
    messages = longer_than(LONGEST_FUNCTION_LINES, functions) + longer_than(LONGEST_FILE_LINES, files)
    sources = [size for name, size in functions if name.startswith(SOURCES)]
    median = statistics.median(sources or [0])
    if median >= MEDIAN_FUNCTION_LINES:
        messages.append(
            f"functions of {SOURCES}: median {median:g} lines, under {MEDIAN_FUNCTION_LINES} wanted"
        )
    return messages


def summary(functions: Sizes, files: Sizes) -> str:
    """The figures of the sources in one line."""
    sources = [size for name, size in functions if name.startswith(SOURCES)]
    lengths = [size for name, size in files if name.startswith(SOURCES)]
    small = sum(1 for name, size in files if is_small(name, size))
    return (
        f"{SOURCES}: {len(sources)} functions, median {statistics.median(sources or [0]):g} lines; "
        f"{len(lengths)} files, median {statistics.median(lengths or [0]):g} lines, "
        f"{small} under {SMALL_FILE_LINES}"
    )


def is_small(name: str, size: int) -> bool:
    """Whether a file of the sources may belong into a neighbour; what a package shows is as long as that."""
    return name.startswith(SOURCES) and size < SMALL_FILE_LINES and not name.endswith("__init__.py")


def main(arguments: list[str]) -> int:
    """Exit code 1 where a rule is broken. ``--small`` lists the small files of the sources."""
    paths = tracked()
    functions = [entry for path in paths for entry in function_sizes(path)]
    files = [(str(path), path.read_text().count("\n")) for path in paths]
    broken = faults(functions, files)
    if "--small" in arguments:
        print("\n".join(f"{name}: {size} lines" for name, size in files if is_small(name, size)))
    print("\n".join(broken) or summary(functions, files))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
