"""The consent signals of a request."""

from collections.abc import Collection

from maitred.engine.calls import ConsentSignals
from maitred.v1 import decision_pb2 as pb

from .fields import ID_MOST_BYTES, check_count, check_length, check_text

PURPOSES_MOST = 64
"""Of each kind: a ``Privacy`` file has some ten purposes, the IAB's lists together under 64."""
SIGNAL_MOST_BYTES = 64 * 1024
"""A TCF string that lists all 65,535 vendors in each of its four lists takes 44 KiB; real ones some 2."""


def consent_signals(signals: pb.ConsentSignals) -> ConsentSignals | None:
    """What the caller knows of the customer's consent; ``None`` where that is nothing.

    A string that cannot be decoded is no fault of the call: it grants nothing.

    Raises:
        CallError: with ``Code.MALFORMED``: too many or too long.
    """
    check_length("consent.tcf", signals.tcf, SIGNAL_MOST_BYTES)
    check_length("consent.gpp", signals.gpp, SIGNAL_MOST_BYTES)
    found = ConsentSignals(
        _purposes("consent.granted", signals.granted),
        _purposes("consent.denied", signals.denied),
        signals.gpc,
        signals.tcf,
        signals.gpp,
    )
    return None if found == _NONE else found


def _purposes(field: str, purposes: Collection[str]) -> frozenset[str]:
    check_count(field, len(purposes), PURPOSES_MOST)
    for number, purpose in enumerate(purposes):
        check_text(f"{field}[{number}]", purpose, ID_MOST_BYTES, required=True)
    return frozenset(purposes)


_NONE = ConsentSignals()
