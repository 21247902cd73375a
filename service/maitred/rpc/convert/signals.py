"""The consent signals of a request."""

from maitred.engine.calls import ConsentSignals
from maitred.v1 import decision_pb2 as pb

from .fields import are_plain, check_count, check_length, id_of

PURPOSES_MAX = 64
"""Of each kind: a ``Privacy`` file has some ten purposes, the IAB's lists together under 64."""
SIGNAL_MAX_BYTES = 64 * 1024
"""A TCF string that lists all 65,535 vendors in each of its four lists takes 44 KiB; real ones some 2."""


def consent_signals(signals: pb.ConsentSignals) -> ConsentSignals | None:
    """What the caller knows of the customer's consent; ``None`` where that is nothing.

    A string that cannot be decoded is no fault of the call: it grants nothing.

    Raises:
        CallError: with ``Code.MALFORMED``: too many or too long.
    """
    granted = _purposes("consent.granted", tuple(signals.granted))
    denied = _purposes("consent.denied", tuple(signals.denied))
    tcf, gpp = signals.tcf, signals.gpp
    check_length("consent.tcf", tcf, SIGNAL_MAX_BYTES)
    check_length("consent.gpp", gpp, SIGNAL_MAX_BYTES)
    result = ConsentSignals(frozenset(granted), frozenset(denied), signals.gpc, tcf, gpp)
    return None if result == _NONE else result


def _purposes(field: str, purposes: tuple[str, ...]) -> tuple[str, ...]:
    check_count(field, len(purposes), PURPOSES_MAX)
    if all(purposes) and are_plain(*purposes):
        return purposes
    return tuple(
        id_of(f"{field}[{number}]", purpose, required=True) for number, purpose in enumerate(purposes)
    )


_NONE = ConsentSignals()
