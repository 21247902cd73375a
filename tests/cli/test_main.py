"""What all commands have in common: help, version, errors, pipes, a quick start."""

import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
import typer
from tests.services import TIMEOUT_SECONDS

from maitred.cli import main, messages
from maitred.cli.exits import Stop
from maitred.compiled import core_words

# pydantic is not among them: typer brings it.
HEAVY = (
    "grpc",
    "yaml",
    "sqlalchemy",
    "opentelemetry",
    "cel_expr_python",
    "durable",
    "google.protobuf",
    "cryptography",
)
HEAVY_FOR_A_CLIENT = ("yaml", "sqlalchemy", "opentelemetry", "cel_expr_python", "durable", "structlog")


def test_version(run):
    assert run("--version").stdout == f"maitred {version('maitred')} (core: {core_words()})\n"


COMMANDS = (
    *("serve", "limits", "pause", "resume", "check", "schema"),
    *("decide", "explain", "claim", "redeem", "release", "outcome", "event", "session"),
    *("consent", "export", "erase", "audit", "purge"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_examples_variables_and_exit_codes(run, command):
    done = run(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("Example", f"maitred {command}", "Exit codes:", "MAITRED_"):
        assert words in done.stdout


def test_every_command_is_listed(run):
    listed = run("--help").stdout
    assert all(f"│ {name} " in listed for name in (*COMMANDS, "keys"))


def test_no_command_shows_the_help(run):
    done = run()
    assert done.returncode == 2
    assert "Usage: maitred" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["decid"], "error: no such command `decid`"),
        (["check"], "error: missing argument"),
        (["explain"], "error: missing argument"),
        (["decide", "--customer"], "error: option `--customer` requires an argument"),
    ],
)
def test_bad_usage_is_one_line_and_where_to_look(run, args, message):
    done = run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(message)
    assert second.startswith("see `maitred")


def test_a_reader_that_leaves_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "maitred.cli.main", "schema"]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.fixture
def fail(monkeypatch):
    """Makes the command line run a command that ends as told."""

    def replace(error: BaseException) -> None:
        app = typer.Typer()

        @app.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(main, "app", app)

    return replace


def test_a_fault_of_ours_is_one_line_to_report(run, fail, monkeypatch):
    fail(KeyError("lost\nsecond line"))
    done = run()
    assert done.returncode == 2
    assert done.stderr.startswith("error: a fault of maitred itself: KeyError: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2

    monkeypatch.setenv("MAITRED_DEBUG", "1")
    assert "Traceback" in run().stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Stop("no luck", "try harder"), 2, "error: no luck\ntry harder\n"),
        (Stop("no luck", code=1), 1, "error: no luck\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Exit(3), 3, ""),
        (typer.Abort(), 130, ""),
    ],
)
def test_how_a_command_ends(run, fail, error, code, message):
    fail(error)
    done = run()
    assert (done.returncode, done.stderr) == (code, message)


def imported_by(*args: str) -> set[str]:
    program = (
        f"import sys; from maitred.cli import main; main.run({list(args)!r}); print('\\n', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_and_decide_start_without_the_rooms_they_do_not_need():
    assert not imported_by("serve", "--help") & set(HEAVY)
    asked = imported_by("decide", "--customer", "1", "--channel", "pos", "--target", "127.0.0.1:1")
    assert "grpc" in asked
    assert not asked & set(HEAVY_FOR_A_CLIENT)


def test_messages_keep_the_house_style():
    texts = [
        value
        for name, value in vars(messages).items()
        if name.isupper() and name != "HELP" and isinstance(value, str)
    ]
    assert len(texts) > 5
    for text in texts:
        assert not text.endswith(".")
        assert not text[0].isupper() or text.split()[0] in ("TLS", "Ctrl-C")


@pytest.mark.parametrize("command", main.COMMANDS, ids=lambda command: command.name)
def test_the_summary_of_a_command_begins_its_own_help(command):
    module = import_module(f"maitred.cli.commands.{command.name}")
    assert module.HELP.splitlines()[0].startswith(command.summary.removesuffix("."))
