"""Whether a customer's IAB consent strings allow a purpose.

A privacy officer maps each purpose of the business to what the strings are asked for it
(`IabMapping`), and `verdict` answers:

- Unknown is no: only a string that says so, fresh and whole, is a grant.
- A refusal anywhere wins. What is named and present but silent (``UNKNOWN``) wins over a grant
  elsewhere, because that question is the customer's to answer and there is no answer. A section
  that is absent says nothing at all: it belongs to another jurisdiction and takes no grant away.
- Not having opted out is no consent. It counts as a grant only where the purpose's legal basis
  is an opt-out; elsewhere it neither grants nor denies.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, unique

from .strings import (
    MALFORMED,
    MIN_CMP_ID,
    OPT_OUTS,
    SECTIONS,
    SENSITIVE,
    Framework,
    Gpp,
    GppSection,
    Malformed,
    RestrictionKind,
    SectionChoice,
    Tcf,
)

__all__ = [
    "MALFORMED",
    "OPT_OUTS",
    "SECTIONS",
    "SENSITIVE",
    "Gpp",
    "IabMapping",
    "Malformed",
    "SignalState",
    "Tcf",
    "is_fresh",
    "strictest",
    "verdict",
]

FRESH_MONTHS = 13
"""Older strings are no: the age at which regulators and the TCF policies want people asked again."""
_SHORTEST_FRESH = timedelta(days=365 + 28)
"""No 13 months are shorter; spares the calendar for nearly all strings."""
CLOCK_SKEW = timedelta(hours=14)
"""How far ahead of now a string may be dated: newer ones carry the day only, and where the customer
lives that day may have begun up to 14 hours before it does in UTC."""
_CONSENT_ONLY_PURPOSES = frozenset({1})
"""Legitimate interest never covers storing things on a device (TCF policies, purpose 1)."""
_CONSENT_ONLY_PURPOSES_2_2 = frozenset({1, 3, 4, 5, 6})
"""Nor, since TCF 2.2, profiles for advertising and content."""
_POLICY_2_2 = 4
_POLICY_2_3 = 5
"""From this policy version on a vendor that was not disclosed may do nothing."""
_MONTHS_PER_YEAR = 12
_LONGEST_MONTH_DAYS = 31


@unique
class SignalState(Enum):
    """Whether signals allow a purpose."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class IabMapping:
    """What the strings are asked for one purpose of the business.

    ``tcf_purposes`` and ``tcf_special_features`` are IAB's numbers; all are needed. For the
    purposes in ``tcf_legitimate_interest`` a legitimate interest (Canada: implied consent) that
    nobody objected to suffices. With ``tcf_vendor``, the business's number on the IAB's vendor
    list, that vendor must be agreed to as well and publishers' restrictions on it hold. TCF is
    read from the TCF string and from ``tcfeuv2`` of the GPP string.

    ``gpp_sections`` are names of `SECTIONS`, ``gpp_opt_outs`` words of `OPT_OUTS`: none may have
    been opted out of. ``gpp_sensitive`` are words of `SENSITIVE`: each needs consent. With
    ``gpp_children``, a section that lacks consent for a known child denies.
    """

    tcf_purposes: frozenset[int] = frozenset()
    tcf_special_features: frozenset[int] = frozenset()
    tcf_legitimate_interest: frozenset[int] = frozenset()
    tcf_vendor: int | None = None
    gpp_sections: frozenset[str] = frozenset()
    gpp_opt_outs: frozenset[str] = frozenset()
    gpp_sensitive: frozenset[str] = frozenset()
    gpp_children: bool = field(default=True, kw_only=True)


def verdict(
    mapping: IabMapping,
    tcf: Tcf | Malformed | None,
    gpp: Gpp | Malformed | None,
    now: datetime,
    *,
    is_opt_out: bool = False,
) -> SignalState:
    """Returns whether the strings allow what ``mapping`` asks; ``None`` is a string that was not sent.

    ``now`` is aware. ``is_opt_out`` says that the legal basis is an opt-out, so that not having
    opted out is a grant.
    """
    reads_tcf = bool(mapping.tcf_purposes or mapping.tcf_special_features)
    states = [_tcf_state(mapping, tcf, now)] if reads_tcf and tcf is not None else []
    if gpp is MALFORMED and (reads_tcf or mapping.gpp_sections):
        states.append(SignalState.DENIED)
    elif isinstance(gpp, Mapping):
        states.extend(_gpp_states(mapping, gpp, now, is_opt_out=is_opt_out))
    return strictest(states)


def strictest(states: Iterable[SignalState]) -> SignalState:
    """Denied over unknown over granted; of nothing, unknown."""
    strict = SignalState.UNKNOWN
    is_silent = False
    for state in states:
        if state is SignalState.DENIED:
            return state
        is_silent = is_silent or state is SignalState.UNKNOWN
        strict = state
    return SignalState.UNKNOWN if is_silent else strict


def is_fresh(tcf: Tcf, now: datetime) -> bool:
    """Returns whether the string was updated within `FRESH_MONTHS` civil months, and not in the future."""
    age = now - tcf.last_updated
    if age < -CLOCK_SKEW:
        return False
    return age <= _SHORTEST_FRESH or now <= _months_after(tcf.last_updated, FRESH_MONTHS)


def _months_after(start: datetime, months: int) -> datetime:
    """Returns the same day and time that many months on; of a day that month lacks, its last day."""
    years, month = divmod(start.month - 1 + months, _MONTHS_PER_YEAR)
    for day in range(start.day, _LONGEST_MONTH_DAYS - 4, -1):
        try:
            return start.replace(year=start.year + years, month=month + 1, day=day)
        except ValueError:  # a day that this month does not have
            continue
    return start.replace(year=start.year + years, month=month + 1)


def _tcf_state(mapping: IabMapping, tcf: Tcf | Malformed, now: datetime) -> SignalState:
    allowed = (
        isinstance(tcf, Tcf)
        and tcf.framework is not Framework.EU_V1
        and tcf.exact
        and tcf.cmp_id >= MIN_CMP_ID
        and is_fresh(tcf, now)
        and mapping.tcf_special_features <= tcf.special_features
        and _disclosed(mapping.tcf_vendor, tcf)
        and all(_allows(mapping, tcf, purpose) for purpose in mapping.tcf_purposes)
    )
    return SignalState.GRANTED if allowed else SignalState.DENIED


def _disclosed(vendor: int | None, tcf: Tcf) -> bool:
    if vendor is None or tcf.framework is not Framework.EU or tcf.policy_version < _POLICY_2_3:
        return True
    return tcf.disclosed_vendors is not None and vendor in tcf.disclosed_vendors


def _allows(mapping: IabMapping, tcf: Tcf, purpose: int) -> bool:
    vendor = mapping.tcf_vendor
    by_consent = purpose in tcf.purpose_consents and (vendor is None or vendor in tcf.vendor_consents)
    by_interest = (
        purpose in mapping.tcf_legitimate_interest
        and purpose not in _consent_only(tcf)
        and purpose in tcf.purpose_legitimate_interests
        and (vendor is None or vendor in tcf.vendor_legitimate_interests)
    )
    if vendor is None:
        return by_consent or by_interest
    return _unrestricted(tcf, purpose, vendor, by_consent=by_consent, by_interest=by_interest)


def _unrestricted(tcf: Tcf, purpose: int, vendor: int, *, by_consent: bool, by_interest: bool) -> bool:
    """Returns whether a basis is left after what publishers say of this vendor."""
    for rule in tcf.restrictions:
        if rule.purpose != purpose or vendor not in rule.vendors:
            continue
        by_consent = by_consent and rule.kind is RestrictionKind.CONSENT_ONLY
        by_interest = by_interest and rule.kind is RestrictionKind.LEGITIMATE_INTEREST_ONLY
    return by_consent or by_interest


def _consent_only(tcf: Tcf) -> frozenset[int]:
    newer = tcf.framework is Framework.EU and tcf.policy_version >= _POLICY_2_2
    return _CONSENT_ONLY_PURPOSES_2_2 if newer else _CONSENT_ONLY_PURPOSES


def _gpp_states(mapping: IabMapping, gpp: Gpp, now: datetime, *, is_opt_out: bool) -> Iterator[SignalState]:
    reads_tcf = bool(mapping.tcf_purposes or mapping.tcf_special_features)
    for name, section in gpp.items():
        if isinstance(section, GppSection):
            if name in mapping.gpp_sections:
                yield from _section_states(mapping, section, is_opt_out=is_opt_out)
        elif reads_tcf and (section.framework is Framework.EU or name in mapping.gpp_sections):
            yield _tcf_state(mapping, section, now)


def _section_states(mapping: IabMapping, section: GppSection, *, is_opt_out: bool) -> Iterator[SignalState]:
    if mapping.gpp_children and section.child_refused:
        yield SignalState.DENIED
    if mapping.gpp_opt_outs and section.gpc:
        yield SignalState.DENIED
    choices = [section.opt_outs.get(word, SectionChoice.UNSAID) for word in mapping.gpp_opt_outs]
    choices += [section.sensitive.get(word, SectionChoice.UNSAID) for word in mapping.gpp_sensitive]
    for choice in choices:
        state = _state_of(choice, is_opt_out=is_opt_out)
        if state is not None:
            yield SignalState.UNKNOWN if state is SignalState.GRANTED and not section.exact else state


def _state_of(choice: SectionChoice, *, is_opt_out: bool) -> SignalState | None:
    match choice:
        case SectionChoice.REFUSED:
            return SignalState.DENIED
        case SectionChoice.CONSENTED:
            return SignalState.GRANTED
        case SectionChoice.NOT_OPTED_OUT:
            return SignalState.GRANTED if is_opt_out else None
        case SectionChoice.UNSAID:
            return SignalState.UNKNOWN
