"""The import contracts let nothing through that nobody has placed. Each trial is of a copy of the sources."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def copy(tmp_path):
    """The sources and what checks them, to be spoilt."""
    shutil.copytree(ROOT / "service/maitred", tmp_path / "service/maitred")
    (tmp_path / "tools").mkdir()
    for name in ("pyproject.toml", "tools/contracts.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def lint(copy: Path) -> tuple[int, str]:
    """The exit code and what is printed, in one line."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy / "service"), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def add(copy: Path, name: str, *lines: str) -> None:
    file = copy / "service/maitred" / name
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text("\n".join((*lines, "")))


def test_the_sources_as_they_are_keep_every_contract(copy):
    code, output = lint(copy)
    assert code == 0, output
    assert "0 broken" in output


def test_a_package_that_nobody_placed_breaks_them(copy):
    add(copy, "rogue/shelf.py", "import grpc", "import sqlite3", "import requests")
    code, output = lint(copy)
    assert code == 1
    assert "not listed as layers: - maitred.rogue" in output
    assert "maitred.rogue.shelf -> grpc: allowed in rpc, v1" in output
    assert "maitred.rogue.shelf -> sqlite3: allowed in store" in output
    assert "maitred.rogue.shelf -> requests: not on the list of third parties" in output


@pytest.mark.parametrize("room", ["authoring", "insights"])
def test_a_planned_room_has_its_place(copy, room):
    add(copy, f"{room}/work.py", "from maitred.core.values import facts")
    assert lint(copy)[0] == 0


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("core/values/clock.py", "import time", "maitred.core is not allowed to import time"),
        ("core/values/fast.py", "import orjson", "maitred.core.values.fast -> orjson"),
        (
            "engine/rows.py",
            "import maitred.store",
            "maitred.engine is not allowed to import maitred.store",
        ),
        ("store/reach.py", "import maitred.rpc", "maitred.store is not allowed to import maitred.rpc"),
        ("cli/proto.py", "import maitred.v1.decision_pb2", "maitred.cli.proto -> maitred.v1.decision_pb2"),
        ("rpc/strings.py", "import maitred.iab", "maitred.rpc.strings -> maitred.iab"),
    ],
)
def test_an_import_that_is_not_allowed_is_named(copy, name, line, message):
    add(copy, name, line)
    code, output = lint(copy)
    assert code == 1
    assert message in output


def test_an_entry_that_nothing_uses_is_named(copy):
    config = copy / "pyproject.toml"
    config.write_text(config.read_text().replace('"rich, typer: cli"', '"rich, typer: cli, engine"'))
    code, output = lint(copy)
    assert code == 1
    assert "engine does not import rich: remove it from the list" in output
