"""``maitred keys``."""

import json
import re
import shlex
import stat
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"
HEAVY = ("grpc", "yaml", "sqlalchemy", "opentelemetry", "cel_expr_python", "durable", "google.protobuf")


@pytest.fixture
def file(tmp_path: Path, run) -> Path:
    """A keyring of two versions, the second active."""
    file = tmp_path / "maitred.keys"
    run("keys", "new", file)
    assert run("keys", "rotate", file).returncode == 0
    return file


def rows(output: str) -> list[list[str]]:
    """The table's rows: number, created, check value and whether active."""
    lines = output.splitlines()
    head = next(at for at, line in enumerate(lines) if line.startswith("version  "))
    return [line.split() for line in lines[head + 1 :]]


def secrets_in(file: Path) -> list[str]:
    top = json.loads(file.read_text())
    return [top["subject"], *(version[key] for version in top["versions"] for key in ("master", "pseudonym"))]


def test_new_makes_one_for_this_user_alone_and_says_to_keep_a_copy(run, tmp_path):
    file = tmp_path / "new.keys"
    done = run("keys", "new", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "keep a copy in a secret manager" in done.stdout
    assert [(row[0], row[3]) for row in rows(done.stdout)] == [("1", "active")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    before = file.read_text()
    again = run("keys", "new", file)
    assert (again.returncode, again.stdout) == (2, "")
    assert "is there already" in again.stderr
    assert file.read_text() == before


def test_show_tells_versions_and_check_values_and_no_key(run, file):
    done = run("keys", "show", file)
    top = json.loads(file.read_text())
    assert [(row[0], row[2], row[3:]) for row in rows(done.stdout)] == [
        ("2", top["versions"][0]["check"], ["active"]),
        ("1", top["versions"][1]["check"], []),
    ]
    assert not any(secret in done.stdout for secret in secrets_in(file))


def test_the_file_may_be_named_by_the_variable(run, file, monkeypatch):
    monkeypatch.setenv("MAITRED_KEYS", str(file))
    assert len(rows(run("keys", "show").stdout)) == 2


def test_rotate_keeps_the_old_keys(run, file):
    before = secrets_in(file)
    done = run("keys", "rotate", file)
    assert done.stdout.startswith("version 3 is active: copy the file to your secret manager, then restart")
    assert set(before) < set(secrets_in(file))


def test_a_version_stands_by_until_it_is_activated(run, file):
    done = run("keys", "rotate", file, "--standby")
    assert f"then `maitred keys activate {file} --version 3`" in done.stdout
    assert [row[0] for row in rows(done.stdout) if "active" in row] == ["2"]
    done = run("keys", "activate", file, "--version", 3)
    assert [row[0] for row in rows(done.stdout) if "active" in row] == ["3"]


def test_drop_says_what_is_lost_and_wants_to_hear_yes(run, file):
    before = file.read_text()
    done = run("keys", "drop", file, "--version", 1)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be undone" in done.stderr
    assert "can be neither read nor exported, nor found to be erased" in done.stderr
    assert "say --yes" in done.stderr
    assert file.read_text() == before

    done = run("keys", "drop", file, "--version", 1, "--yes")
    assert (done.returncode, [row[0] for row in rows(done.stdout)]) == (0, ["2"])


@pytest.mark.parametrize(("number", "message"), [(2, "not older than the active one"), (9, "no version 9")])
@pytest.mark.parametrize("yes", [[], ["--yes"]], ids=["asking", "doing"])
def test_what_cannot_be_dropped_is_refused_first(run, file, number, message, yes):
    done = run("keys", "drop", file, "--version", number, *yes)
    assert done.returncode == 2
    assert message in done.stderr
    assert "cannot be undone" not in done.stderr


@pytest.mark.parametrize(
    "command", [["show"], ["rotate"], ["activate", "--version", 1], ["drop", "--version", 1, "--yes"]]
)
def test_one_that_others_can_read_is_refused_by_every_command(run, file, command):
    file.chmod(0o644)
    done = run("keys", command[0], file, *command[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: keyring `{file}` can be used by others (mode 0644)")


@pytest.mark.parametrize("command", ["show", "new", "rotate", "activate", "drop"])
def test_help_teaches(run, command):
    done = run("keys", command, "--help")
    assert done.returncode == 0
    for words in ("Examples:", f"maitred keys {command}", "Exit codes:", "MAITRED_KEYS"):
        assert words in done.stdout


def test_without_a_command_it_teaches_what_a_keyring_is(run):
    done = run("keys", "--help")
    assert "Without it nobody can read that data" in " ".join(done.stdout.split())
    assert all(f"│ {name} " in done.stdout for name in ("show", "new", "rotate", "activate", "drop"))


def test_only_the_rooms_it_needs_are_brought(tmp_path, maitred):
    done = maitred("keys", "new", tmp_path / "k", env={"PYTHONPROFILEIMPORTTIME": "1"})
    brought = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "cryptography.exceptions" in brought
    assert not brought & set(HEAVY)


def test_what_the_page_on_keys_says_works_as_written(run, tmp_path, monkeypatch):
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert {command[2] for command in commands} == {"new", "show", "rotate", "activate", "drop"}
    monkeypatch.chdir(tmp_path)
    for command in commands:
        done = run(*command[1:])
        assert (done.returncode, done.stderr) == (0, ""), command
