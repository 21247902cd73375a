"""``maitred limits``: how full limits are."""

from typing import Annotated

import typer

from . import messages
from .exits import Stop
from .form import DEFAULT_TARGET, Json, Target, TlsCa, quiet_grpc

WATCH_SECONDS = 2.0
WATCH_LEAST_SECONDS, WATCH_MOST_SECONDS = 0.2, 3_600.0
"""Oftener than an eye follows, and as seldom as nobody waits."""
MOST_DEFAULT, MOST = 20, 1_000

HELP = """Show how full limits are, and when they will be.

A bar for each limit and subject: units used, units held, units free; then when the count begins anew, by \
this machine's clock, and when the last unit goes at the pace of the last quarter of an hour. A pace stands \
below its limit. Of each limit the fullest subjects come first; customers are pseudonyms.

Examples:

  maitred limits

  maitred limits store-ovens --location 330

  maitred limits --action free-pizza --watch

  maitred limits --watch 10 --json    a line of JSON every ten seconds

Colours are left out where NO_COLOR is set. Exit codes: 0 fine, 1 there is no such limit or action, \
2 no server, or bad flags. With --watch Ctrl-C ends it with 0."""

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[LIMIT]", show_default=False, help="This one only, and its pace; every one if not given."
    ),
]
Action = Annotated[
    str, typer.Option(envvar="MAITRED_ACTION", metavar="NAME", help="Limits that apply to this action.")
]
Location = Annotated[
    str, typer.Option(envvar="MAITRED_LOCATION", metavar="ID", help="Limits as they stand at this location.")
]
Most = Annotated[
    int, typer.Option(min=1, max=MOST, metavar="N", help="Subjects of each limit, the fullest first.")
]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help=f"Redraw until Ctrl-C, every {WATCH_SECONDS:g} s or as many as follow: --watch 10.",
    ),
]


def run(
    *,
    words: Words = None,
    action: Action = "",
    location: Location = "",
    most: Most = MOST_DEFAULT,
    watch: Watch = False,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Shows limits once, or until it is interrupted."""
    quiet_grpc()
    from . import watching  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    limit, seconds = _read(words or [], watch=watch)
    ask = watching.AskLimits(limit, action, location, most)
    if seconds is None:
        return watching.show_once(ask, target, tls_ca, as_json=as_json)
    return watching.watch(ask, target, tls_ca, seconds, as_json=as_json)


def _read(words: list[str], *, watch: bool) -> tuple[str, float | None]:
    """The limit and, where it is watched, every how many seconds. Raises ``Stop``.

    Of the words one that is a number is the seconds, the last one first: a limit may be called
    ``2026``, and is watched with ``2026 --watch 2``.
    """
    names, seconds = list(words), WATCH_SECONDS if watch else None
    number = next((word for word in reversed(names) if _is_number(word)), None) if watch else None
    if number is not None:
        seconds = _seconds(number)
        del names[len(names) - 1 - names[::-1].index(number)]
    if len(names) > 1:
        raise Stop(messages.one_limit(names[1]))
    return (names[0] if names else ""), seconds


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _seconds(word: str) -> float:
    seconds = float(word)
    if not WATCH_LEAST_SECONDS <= seconds <= WATCH_MOST_SECONDS:
        raise Stop(messages.not_seconds(word, WATCH_LEAST_SECONDS, WATCH_MOST_SECONDS))
    return seconds
