"""Holds the house rules on length: no function over 60 lines, files of at most 600."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

LONGEST_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 10
LONGEST_FILE_LINES = 600


def lengths(path: Path) -> list[tuple[str, int]]:
    """Every function of a file with its length in lines."""
    tree = ast.parse(path.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(f"{path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1) for node in functions]


def tracked() -> list[Path]:
    """Python files that git knows or does not ignore; generated ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], capture_output=True, text=True, check=True
    )
    names = (name for name in listed.stdout.split() if "_pb2" not in name)
    return [path for path in map(Path, names) if path.exists()]


def longer_than(most: int, sizes: list[tuple[str, int]]) -> list[str]:
    """A complaint for each that has more lines."""
    return [f"{name}: {size} lines, at most {most}" for name, size in sizes if size > most]


def main() -> int:
    paths = tracked()
    functions = [entry for path in paths for entry in lengths(path)]
    files_by_size = [(str(path), path.read_text().count("\n")) for path in paths]
    bad = longer_than(LONGEST_FUNCTION_LINES, functions) + longer_than(LONGEST_FILE_LINES, files_by_size)
    median = statistics.median(size for name, size in functions if name.startswith("service/"))
    if median >= MEDIAN_FUNCTION_LINES:
        bad.append(f"median function of service/ has {median} lines, under {MEDIAN_FUNCTION_LINES} wanted")
    print("\n".join(bad) or f"{len(functions)} functions in {len(paths)} files, median {median:g} lines")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
