"""``maitred limits``: how full limits are."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated

import orjson
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from maitred.bootstrap.clients import Client, ClientError, connect
from maitred.cli import messages
from maitred.cli.calling import called, identity, print_json, stop_for
from maitred.cli.exits import FINE, Stop
from maitred.cli.flags import DEFAULT_TARGET, Json, Target, TlsCa
from maitred.cli.shown.as_json import limits_json
from maitred.cli.shown.bars import FAINT, STRONG, Bars
from maitred.cli.shown.console import answers, plain, show
from maitred.cli.shown.moments import moment_words
from maitred.engine.calls import LimitView

WATCH_SECONDS = 2.0
WATCH_MIN_SECONDS, WATCH_MAX_SECONDS = 0.2, 3_600.0
"""Oftener than an eye follows, and as seldom as nobody waits."""
MAX_DEFAULT, MOST = 20, 1_000

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
    most: Most = MAX_DEFAULT,
    watch: Watch = False,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Shows limits once, or until it is interrupted."""
    limit, seconds = _read(words or [], watch=watch)
    ask = AskLimits(limit, action, location, most)
    if seconds is None:
        return show_once(ask, target, tls_ca, as_json=as_json)
    return follow(ask, target, tls_ca, seconds, as_json=as_json)


def _read(words: list[str], *, watch: bool) -> tuple[str, float | None]:
    """Returns the limit and, where it is watched, every how many seconds. Raises ``Stop``.

    Of the words one that is a number is the seconds, the last one first: a limit may be called
    ``2026``, and is watched with ``2026 --watch 2``.
    """
    names, seconds = list(words), WATCH_SECONDS if watch else None
    number = next((word for word in reversed(names) if _is_number(word)), None) if watch else None
    if number is not None:
        seconds = _seconds(number)
        del names[len(names) - 1 - names[::-1].index(number)]
    if len(names) > 1:
        raise Stop(f"one limit at a time, not also `{names[1]}`: leave both out to see all")
    return (names[0] if names else ""), seconds


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _seconds(word: str) -> float:
    seconds = float(word)
    if not WATCH_MIN_SECONDS <= seconds <= WATCH_MAX_SECONDS:
        raise Stop(
            f"`{word}` is no interval: give seconds from {WATCH_MIN_SECONDS:g} to {WATCH_MAX_SECONDS:g}"
        )
    return seconds


ONLY_A_LINE = "bold yellow"


@dataclass(frozen=True, slots=True)
class AskLimits:
    """Which limits, as ``Client.limits`` takes it; all where empty."""

    limit: str
    action: str
    location_id: str
    most: int

    def of(self, client: Client) -> tuple[LimitView, ...]:
        """Asks. Raises ``ClientError``."""
        return client.limits(
            limit=self.limit, action=self.action, location_id=self.location_id, most_subjects=self.most
        )

    @property
    def chosen(self) -> bool:
        """Whether it leaves some limits out."""
        return bool(self.limit or self.action or self.location_id)


def show_once(ask: AskLimits, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Asks and prints. Raises ``Stop``."""
    views = called(ask.of, target, tls_ca)
    if as_json:
        print_json(limits_json(views, _now()))
    else:
        show(limits_view(ask, views, _now()))
    return FINE


def limits_view(ask: AskLimits, views: Sequence[LimitView], now: datetime) -> RenderableType:
    """Returns the table, or what to do where there is none."""
    if not views:
        return Text(messages.nothing_limited(chosen=ask.chosen))
    parts: list[RenderableType] = [Bars(views, now)]
    if _is_cut(views, ask.most):
        parts.append(
            Text(
                f"at most {ask.most} subjects of each limit, the fullest: see more with --most, or "
                "one with --location",
                FAINT,
            )
        )
    return Group(*parts)


def _is_cut(views: Sequence[LimitView], shown_most: int) -> bool:
    """Returns whether some limit shows as many subjects as it may: there may be more."""
    counts: dict[str, int] = {}
    for view in views:
        counts[view.name] = counts.get(view.name, 0) + 1
    return max(counts.values()) >= shown_most > 1


def follow(ask: AskLimits, target: str, tls_ca: Path | None, seconds: float, *, as_json: bool) -> int:
    """Shows limits until it is interrupted; a server that is gone for a while is waited for.

    Raises ``Stop`` where the first call is not answered.
    """
    with _interrupts() as interrupted, suppress(KeyboardInterrupt):
        looks = _looks(ask, target, tls_ca, seconds, interrupted)
        if as_json:
            _write_json(looks)
        else:
            _draw(ask, target, seconds, looks)
    return FINE


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen last, and when; ``lost`` says why nothing newer is known, empty where it is new."""

    views: tuple[LimitView, ...]
    at: datetime
    lost: str = ""


def _looks(
    ask: AskLimits, target: str, tls_ca: Path | None, seconds: float, interrupted: Event
) -> Iterator[_Look]:
    """Yields a look at once, and another each time ``seconds`` have passed, until ``interrupted``."""
    last = _Look(called(ask.of, target, tls_ca), _now())
    yield last
    client: Client | None = None
    try:
        while not interrupted.wait(seconds):
            try:
                client = client or connect(target, tls_ca, identity(os.environ))
                last = _Look(ask.of(client), _now())
            except (ClientError, OSError) as error:
                # A new connection is made at once; the old one would wait longer from time to time.
                _close(client)
                client = None
                last = _Look(last.views, last.at, _why(error, target))
            yield last
    finally:
        _close(client)


def _close(client: Client | None) -> None:
    if client:
        client.close()


def _why(error: ClientError | OSError, target: str) -> str:
    return stop_for(error, target).message if isinstance(error, ClientError) else str(error)


def _draw(ask: AskLimits, target: str, seconds: float, looks: Iterator[_Look]) -> None:
    """In place at a terminal; one after the other for who pipes it."""
    console = answers()
    if not console.is_terminal:
        for look in looks:
            show(_frame(ask, target, seconds, look))
            sys.stdout.flush()
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        for look in looks:
            live.update(_frame(ask, target, seconds, look), refresh=True)


def _frame(ask: AskLimits, target: str, seconds: float, look: _Look) -> RenderableType:
    now = _now()
    heading = Text.assemble(
        (f"limits at {plain(target)}", STRONG),
        (f"  {now.astimezone():%H:%M:%S}, {messages.every(seconds)}", FAINT),
    )
    parts: list[RenderableType] = [heading]
    if look.lost:
        parts.append(
            Text(
                plain(f"{look.lost}; trying again, this is how it stood at {moment_words(look.at, now)}"),
                ONLY_A_LINE,
            )
        )
    return Group(*parts, Text(), limits_view(ask, look.views, now))


def _write_json(looks: Iterator[_Look]) -> None:
    """A line for each look; who reads them learns from ``error`` what is old."""
    for look in looks:
        line = limits_json(look.views, look.at) | ({"error": look.lost} if look.lost else {})
        print(orjson.dumps(line).decode(), flush=True)


@contextmanager
def _interrupts() -> Iterator[Event]:
    """Ctrl-C and SIGTERM end a watch alike, so that the terminal gets its cursor back.

    The event is set as well: an exception that comes while gRPC calls back is lost in there.
    """
    interrupted = Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _now() -> datetime:
    return datetime.now(UTC)
