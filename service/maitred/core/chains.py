"""A derivation told in plain words, from the situation down to the conditions it rests on."""

from collections.abc import Mapping

from .derivation import Derivation

MAX_TOLD_CHARS = 600
"""A refusal's detail and a line of ``why`` are read by people; what is longer is cut."""

MAX_DEPTH = 8
"""Situations within situations that are followed; deeper ones are only named."""

_CUT = "…"

Support = Mapping[str, tuple[str, ...]]


def tell(derivation: Derivation, name: str) -> str:
    """Why the situation holds; or that it does not, or that nobody knows.

    ``vip_at_risk because service_failure (session.failed_calls >= 3) and customer.tier == "gold"``.
    Each situation is followed the first time it is named only, so that support which goes
    round in a circle comes to an end. At most ``MAX_TOLD_CHARS`` long.
    """
    if name in derivation.unknown:
        return _cut(f"{name} is not known")
    if name not in derivation.holds:
        return _cut(f"{name} does not hold")
    support = dict(derivation.because)
    reasons = _reasons(support, name, {name}, MAX_DEPTH)
    return _cut(f"{name} because {reasons}" if reasons else name)


def _reasons(support: Support, name: str, told: set[str], depth: int) -> str:
    """Members joined by "and", as far as there is room for them: more is never looked at."""
    parts: list[str] = []
    room = MAX_TOLD_CHARS
    for member in support.get(name, ()):
        part = _member(support, member, told, depth)
        parts.append(part)
        room -= len(part)
        if room < 0:
            break
    return " and ".join(parts)


def _member(support: Support, member: str, told: set[str], depth: int) -> str:
    """A condition as written; a situation with its own reasons behind it in brackets."""
    if member not in support or member in told or depth == 0:
        return member
    told.add(member)
    reasons = _reasons(support, member, told, depth - 1)
    return f"{member} ({reasons})" if reasons else member


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TOLD_CHARS else text[: MAX_TOLD_CHARS - len(_CUT)] + _CUT
