"""What a fresh machine lacks is told in words; locks are complete and name no index."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def script(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(("#!/bin/sh", *lines, "")))
    file.chmod(0o755)


def test_a_missing_compiler_is_told_in_words(tmp_path):
    python = tmp_path / "venv/bin/python"
    script(python, 'case "$2" in *durable*) exit 1;; esac', f'exec {sys.executable} "$@"')
    script(tmp_path / "bin/id", "echo 1000")
    path = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "tools/install.sh", tmp_path / "venv", "locks/run.txt"],
        cwd=ROOT,
        env={"PATH": path, "CC": "no-such-compiler"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "durable-rules has no wheels for Python 3." in done.stderr
    assert "a C compiler (no-such-compiler)" in done.stderr
    assert "as root: apt-get install gcc" in done.stderr


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_names_no_index_and_has_a_hash_for_everything(lock):
    text = lock.read_text()
    assert not re.search(r"https?:|file:|--index|--find-links|--extra|/(?:work|tmp|root|home)/", text)
    entries = re.split(r"\n(?=[a-z])", text[text.index("\n", text.index("make lock")) + 1 :])
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_is_served_is_what_is_tested():
    versions = {lock.stem: dict(PINNED.findall(lock.read_text())) for lock in LOCKS}
    assert set(versions) == {"build", "demo", "dev", "lowest", "run"}
    for name in ("build", "demo", "run"):
        assert versions[name].items() <= versions["dev"].items(), name


def test_the_lock_holds_every_dependency():
    """`make lock` has been run since the last change of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = dict(PINNED.findall((ROOT / "locks/run.txt").read_text()))
    dev = dict(PINNED.findall((ROOT / "locks/dev.txt").read_text()))
    groups = [
        requirement
        for group in project["dependency-groups"].values()
        for requirement in group
        if isinstance(requirement, str)
    ]
    assert {name_of(requirement) for requirement in project["project"]["dependencies"]} <= locked.keys()
    assert {name_of(requirement) for requirement in groups} <= dev.keys()


def name_of(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_the_lowest_versions_are_the_floors():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lowest = dict(PINNED.findall((ROOT / "locks/lowest.txt").read_text()))
    for requirement in project["project"]["dependencies"]:
        floor = re.search(r">=([0-9.]+)", requirement)
        assert floor, requirement
        assert lowest[name_of(requirement)].startswith(floor[1]), requirement
