"""``maitred``: the commands put together, and the one place where errors become exit codes."""

import os
import sys
import traceback
from typing import Annotated, Any

import typer

from maitred.selftest import Unfit

from . import (
    audit,
    check,
    claim,
    consent,
    decide,
    erase,
    explain,
    export,
    keys,
    limits,
    messages,
    outcome,
    pause,
    purge,
    redeem,
    release,
    resume,
    schema,
    serve,
)
from .exits import BROKEN_PIPE, CANNOT_RUN, FINE, INTERRUPTED, Stop

app = typer.Typer(
    help=messages.HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
RULES, TRYING, OPERATING = "Rule files", "Trying things", "Operating"
RIGHTS = "Customers' rights"

for _panel, _name, _command in (
    (OPERATING, "serve", serve),
    (OPERATING, "limits", limits),
    (OPERATING, "pause", pause),
    (OPERATING, "resume", resume),
    (RULES, "check", check),
    (RULES, "schema", schema),
    (TRYING, "decide", decide),
    (TRYING, "explain", explain),
    (TRYING, "claim", claim),
    (TRYING, "redeem", redeem),
    (TRYING, "release", release),
    (TRYING, "outcome", outcome),
    (RIGHTS, "consent", consent),
    (RIGHTS, "export", export),
    (RIGHTS, "erase", erase),
    (RIGHTS, "audit", audit),
    (RIGHTS, "purge", purge),
):
    app.command(_name, help=_command.HELP, rich_help_panel=_panel)(_command.run)
app.add_typer(keys.app, name="keys", rich_help_panel=OPERATING)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- costs as much as the rest of --help

        typer.echo(f"maitred {version('maitred')}")
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
