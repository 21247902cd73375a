"""Calls a server for ``pause`` and ``resume``, and prints what it says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.text import Text

from . import messages
from .asking import called, print_json
from .console import plain, show
from .exits import FINE
from .moments import moment_words
from .plainly import instant_text

CLOCKS_DIFFER = timedelta(seconds=5)
"""What was paused so long before it was asked for was paused already; clocks differ by less."""


def pause(action: str, by: str, cause: str, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Pauses and prints since when. Raises ``Stop``."""
    asked = datetime.now(UTC)
    since = called(lambda client: client.pause(action, by=by, cause=cause), target, tls_ca)
    if as_json:
        print_json({"action": action, "paused_at": instant_text(since)})
        return FINE
    before = since < asked - CLOCKS_DIFFER
    show(Text(messages.paused(plain(action), moment_words(since, asked), before=before)))
    show(Text(messages.how_to_resume(plain(action)), "dim"))
    return FINE


def resume(action: str, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Resumes and prints whether it was paused. Raises ``Stop``."""
    was_paused = called(lambda client: client.resume(action), target, tls_ca)
    if as_json:
        print_json({"action": action, "was_paused": was_paused})
    else:
        show(Text(messages.resumed(plain(action), was_paused=was_paused)))
    return FINE
