"""Messages to operators that are put together."""

from collections.abc import Sequence


def unknown_sampler(name: str, known: Sequence[str]) -> str:
    """``OTEL_TRACES_SAMPLER`` is not one of the standard ones."""
    return f"`OTEL_TRACES_SAMPLER` is `{name}`; use one of {', '.join(known)}"


def unknown_level(text: str, known: Sequence[str]) -> str:
    """``MAITRED_LOG_LEVEL`` is not a level."""
    return f"`MAITRED_LOG_LEVEL` is `{text}`; use one of {', '.join(known)}"
