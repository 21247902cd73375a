"""The context as given on a command line."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from . import messages
from .exits import Stop


def read_context(given: str) -> Mapping[str, Any]:
    """A JSON object: as text, ``@FILE``, or ``-`` for stdin. Raises ``Stop``."""
    content = _content(given)
    try:
        context = orjson.loads(content)
        orjson.dumps(context)
    except orjson.JSONDecodeError as error:
        raise Stop(messages.context_not_json(error.msg, error.lineno, error.colno)) from None
    except orjson.JSONEncodeError as error:
        raise Stop(messages.context_beyond_json(str(error).lower())) from None
    if not isinstance(context, dict):
        raise Stop(messages.context_not_object())
    return context


def _content(given: str) -> str | bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        raise Stop(messages.cannot_read(given[1:], error.strerror or "unreadable")) from None
