"""What callers use: bounded, cached, and with one error."""

from functools import lru_cache

from maitred.core.privacy.strings import MALFORMED, MIN_CMP_ID, Gpp, Malformed, Tcf

from . import messages
from .bits import IabError
from .gpp import parse_gpp
from .tcf import parse_tcf

MAX_CHARS = 16_384
"""Four times what a cookie can hold; the longest strings seen in the wild have some 3,000."""
KEPT_CHARS = 4_096
"""Longer strings are read anew each time, so that hostile ones cannot fill memory."""
KEPT_STRINGS = 1_024
"""Customers of a busy minute: 3 MB of ordinary strings of each kind, at most 80 MB of hostile ones."""


def read_tcf(text: str) -> Tcf:
    """Returns a TCF string. Raises `IabError`, also where no registered consent platform wrote it."""
    _check_length(text)
    return _kept_tcf(text) if len(text) <= KEPT_CHARS else _registered(text)


def read_gpp(text: str) -> Gpp:
    """Returns a GPP string: sections by IAB's names (`maitred.core.privacy.strings.SECTIONS`).

    Raises `IabError`.
    """
    _check_length(text)
    return _kept_gpp(text) if len(text) <= KEPT_CHARS else parse_gpp(text)


def tcf_signal(text: str) -> Tcf | Malformed | None:
    """Returns a TCF string as `maitred.core.privacy.signals.verdict` takes it; an empty one was not sent."""
    if not text:
        return None
    try:
        return read_tcf(text)
    except IabError:
        return MALFORMED


def gpp_signal(text: str) -> Gpp | Malformed | None:
    """Returns a GPP string as `maitred.core.privacy.signals.verdict` takes it; an empty one was not sent."""
    if not text:
        return None
    try:
        return read_gpp(text)
    except IabError:
        return MALFORMED


def _check_length(text: str) -> None:
    if not text:
        raise IabError(messages.empty())
    if len(text) > MAX_CHARS:
        raise IabError(messages.too_long(MAX_CHARS))


def _registered(text: str) -> Tcf:
    tcf = parse_tcf(text)
    if tcf.cmp_id < MIN_CMP_ID:
        raise IabError(messages.unregistered_platform())
    return tcf


_kept_tcf = lru_cache(maxsize=KEPT_STRINGS)(_registered)
_kept_gpp = lru_cache(maxsize=KEPT_STRINGS)(parse_gpp)
