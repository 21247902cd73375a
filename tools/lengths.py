"""Holds the house rules on length: no function over 60 lines, files of about 300."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

LONGEST_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 10
# "About 300": room for a file whose last idea needs a few lines more.
LONGEST_FILE_LINES = 330


def lengths(path: Path) -> list[tuple[str, int]]:
    """Every function of a file with its length in lines."""
    tree = ast.parse(path.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(f"{path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1) for node in functions]


def main() -> int:
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.py"], capture_output=True, text=True, check=True)
    files = [Path(name) for name in names.stdout.split() if "_pb2" not in name and Path(name).exists()]
    functions = [entry for path in files for entry in lengths(path)]
    bad = [f"{name}: {size} lines, at most {LONGEST_FUNCTION_LINES}" for name, size in functions if size > LONGEST_FUNCTION_LINES]
    sizes = ((path, path.read_text().count("\n")) for path in files)
    bad += [f"{path}: {size} lines, at most {LONGEST_FILE_LINES}" for path, size in sizes if size > LONGEST_FILE_LINES]
    service = [size for name, size in functions if name.startswith("service/")]
    median = statistics.median(service)
    if median >= MEDIAN_FUNCTION_LINES:
        bad.append(f"median function of service/ has {median} lines, under {MEDIAN_FUNCTION_LINES} wanted")
    print("\n".join(bad) or f"{len(functions)} functions in {len(files)} files, median {median:g} lines")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
