"""``--keep``: how long data is kept, as one types it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

import typer

from maitred.settings import Keep

from . import privacy_messages as messages
from .exits import Stop

FOR_EVER = "forever"
LEAST, MOST = timedelta(days=1), timedelta(days=36_500)
"""Retries and holds come back within a day; longer than a century is for ever."""
CLASSES = tuple(field.name for field in fields(Keep))

KEEP_ALL = Keep(decisions=None, consents=None, ledger=None, events=None)

_DAYS = {"d": 1, "w": 7}


def keep_text(keep: Keep) -> str:
    """As it can be typed: ``decisions=400d,consents=forever,ledger=30d,events=400d``."""
    return ",".join(f"{data}={span_text(span)}" for data, span in asdict(keep).items())


def span_text(span: timedelta | None) -> str:
    """Returns ``400d``."""
    return FOR_EVER if span is None else f"{span.days}d"


def keep_option(default: Keep | None) -> Any:
    """Returns the flag, with what counts for classes that it does not name."""
    return typer.Option(
        "--keep",
        envvar="MAITRED_KEEP",
        metavar="CLASS=SPAN",
        show_default=keep_text(default) if default else False,
        help="How long data is kept, for each class: days (400d), weeks (8w) or forever. decisions with "
        "their outcomes; consents that a later statement has replaced; ledger, what limits have counted "
        "and count no more; events, where their own retention is not shorter. Repeat it, or part by commas.",
    )


def read_keep(words: Iterable[str], default: Keep) -> Keep:
    """Returns what was typed; classes that are not named are as in ``default``. Raises ``Stop``."""
    spans: dict[str, timedelta | None] = {}
    for word in _parts(words):
        data, _, span = word.partition("=")
        if data not in CLASSES:
            raise Stop(messages.no_such_class(data, CLASSES), messages.HOW_TO_KEEP)
        if data in spans:
            raise Stop(f"--keep names `{data}` twice")
        spans[data] = None if span == FOR_EVER else _span(data, span)
    return Keep(**(asdict(default) | spans))


def _parts(words: Iterable[str]) -> Iterator[str]:
    return (part.strip() for word in words for part in word.split(",") if part.strip())


def _span(data: str, text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if unit not in _DAYS or not (number.isascii() and number.isdigit()):
        raise Stop(f"`{text}` is no span to keep {data} for", messages.HOW_TO_KEEP)
    days = int(number) * _DAYS[unit] if len(number) <= len(str(MOST.days)) else MOST.days + 1
    if not LEAST.days <= days <= MOST.days:
        raise Stop(
            f"`{text}` is out of range: {data} are kept for {LEAST.days:,} to {MOST.days:,} days, or forever",
            messages.HOW_TO_KEEP,
        )
    return timedelta(days=days)
