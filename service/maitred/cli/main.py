"""``maitred``: the commands put together, and the one place where errors become exit codes."""

import os
import sys
import traceback
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from maitred.cli.commands import keys
from maitred.compiled import core_words
from maitred.selftest import Unfit

from . import messages
from .exits import BROKEN_PIPE, CANNOT_RUN, FINE, INTERRUPTED, Stop
from .flags import quiet_grpc

RULES, TRYING, OPERATING = "Rule files", "Trying things", "Operating"
RIGHTS = "Customers' rights"


class Command(NamedTuple):
    """A command: the panel of the help it stands in, its name, and the first line of its own help.

    What it does is in the module of its name in ``commands``, imported when it runs: ``HELP`` and ``run``.
    """

    panel: str
    name: str
    summary: str


COMMANDS = (
    Command(OPERATING, "serve", "Serve decisions over gRPC by the rules of a directory."),
    Command(OPERATING, "limits", "Show how full limits are, and when they will be."),
    Command(OPERATING, "pause", "Stop an action everywhere, within a second."),
    Command(OPERATING, "results", "Show what an experiment, a control group or a learner has shown."),
    Command(OPERATING, "learn", "Learn from outcomes what people take up."),
    Command(OPERATING, "rollouts", "Show how far rollouts are, and what guards have seen."),
    Command(OPERATING, "resume", "Let a paused action go on, everywhere within a second."),
    Command(RULES, "check", "Check the rule files of a directory, all faults at once."),
    Command(RULES, "schema", "Print the JSON Schema of rule files."),
    Command(TRYING, "decide", "Ask a server what to propose to a customer."),
    Command(TRYING, "explain", "Show a decision and explain it."),
    Command(TRYING, "claim", "Take one unit of what a decision proposed."),
    Command(TRYING, "claims", "Show what a customer, a session or a location has claimed."),
    Command(TRYING, "redeem", "Spend the unit that a claim holds."),
    Command(TRYING, "release", "Give back the unit that a claim holds or has spent."),
    Command(TRYING, "outcome", "Say what became of a proposal."),
    Command(TRYING, "event", "Record what a customer did: an event."),
    Command(TRYING, "guide", "Show what to do for a customer, on a screen that follows the call."),
    Command(TRYING, "session", "Show where a session is: its decisions, and what became of them."),
    Command(RIGHTS, "consent", "Show what a customer has agreed to, or record what they state."),
    Command(RIGHTS, "export", "Write everything that is held about a customer, as JSON."),
    Command(RIGHTS, "erase", "Erase a customer: delete their key, and every row that is theirs alone."),
    Command(RIGHTS, "audit", "Check that the decision log is as it was written."),
    Command(RIGHTS, "purge", "Delete what has been kept longer than --keep says, now."),
)
_NAMES = frozenset(command.name for command in COMMANDS)


class _Commands(TyperGroup):
    """Imports a command's module once the command is to run: the help needs none of them."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, _loaded(name) if name in _NAMES else command, rest


def _loaded(name: str) -> TyperCommand:
    if name != "serve":
        quiet_grpc()
    module = import_module(f".commands.{name}", __package__)
    single = typer.Typer(add_completion=False, rich_markup_mode="rich")
    single.command(name, help=module.HELP)(module.run)
    command = typer.main.get_command(single)
    assert isinstance(command, TyperCommand)
    return command


app = typer.Typer(
    cls=_Commands,
    help=messages.HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in COMMANDS:
    app.command(_command.name, help=_command.summary, rich_help_panel=_command.panel)(lambda: None)
app.add_typer(keys.app, name="keys", rich_help_panel=OPERATING)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- costs as much as the rest of --help

        typer.echo(f"maitred {version('maitred')} (core: {core_words()})")
        raise typer.Exit(FINE)


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and leave.")
    ] = False,
) -> None:
    """Takes the flags that stand before the command."""


def run(args: list[str] | None = None) -> int:
    """Runs one command; gives its exit code. Never raises."""
    try:
        code = _run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 -- the last stop before a user's terminal
        return _unexpected(error)
    return code


def _run(args: list[str] | None) -> int:
    try:
        code: Any = app(args, prog_name="maitred", standalone_mode=False)
    except Stop as stop:
        _say(stop.message, stop.hint)
        return stop.code
    except Unfit as unfit:
        _say(str(unfit), "")
        return CANNOT_RUN
    except typer.TyperException as error:
        _say(messages.usage(error.format_message()), _help_for(error))
        return CANNOT_RUN
    except typer.Abort:
        return INTERRUPTED
    except SystemExit as left:
        # What typer makes of a reader that has left.
        if isinstance(left.__context__, BrokenPipeError):
            raise left.__context__ from None
        raise
    return int(code or FINE)


def _say(message: str, hint: str) -> None:
    # Without a command typer prints the help and has nothing to say.
    if message:
        print(messages.error(message), *filter(None, (hint,)), sep="\n", file=sys.stderr)


def _help_for(error: typer.TyperException) -> str:
    ctx = getattr(error, "ctx", None)
    return messages.see_help(ctx.command_path if ctx else "maitred")


def _unexpected(error: Exception) -> int:
    if os.environ.get("MAITRED_DEBUG"):
        traceback.print_exc()
    else:
        print(messages.unexpected(error), file=sys.stderr)
    return CANNOT_RUN


def _leave_pipe() -> None:
    """What is still buffered has nowhere to go; writing it at exit would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """The entry point."""
    sys.exit(run())


if __name__ == "__main__":
    main()
