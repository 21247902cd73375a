"""What may be done with what is known of a customer: purposes, their legal bases, and consent.

A purpose is allowed or it is not, for one decision. Attributes of a purpose that is not allowed
are absent for every rule; actions that need it are refused. Unknown is no: only what is known to
be allowed is. Where the record and the request differ, the stricter wins. What that comes to for the
attributes of a ruleset is a mask, worked out once for each way in which customers have agreed and refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum, unique
from math import isnan
from typing import NamedTuple

from maitred.core.conditions.model import Condition, Literal, OneOf
from maitred.core.values.types import OWN, Attribute, AttributeType, Facts, Kind

from .signals import Gpp, IabMapping, Malformed, SignalState, Tcf, verdict

CONSENT, ASKED = f"{OWN}consent/", f"{OWN}asked/"
"""Facts that are there where a purpose is allowed, and where the customer has said anything on it."""
_SENSITIVE, _WHY = f"{OWN}sensitive/", f"{OWN}why/"
"""Facts that are there where a category may be used, and that tell why a purpose is not allowed."""
JURISDICTION = f"{OWN}jurisdiction"
"""The fact that holds the name of the jurisdiction; no rule file can name it."""
_TRUE = OneOf(frozenset({True}))
MAX_REMEMBERED = 4_096
"""Ways that customers have agreed and refused; a ruleset of ten purposes has some hundred in use."""


@unique
class ConsentState(IntEnum):
    """Names and numbers are those of ``maitred.v1.ConsentState``.

    ``DENIED`` is a refusal or a withdrawal, ``OBJECTED`` an objection to what needs no consent.
    """

    GRANTED = 1
    DENIED = 2
    OBJECTED = 3


@dataclass(frozen=True, slots=True)
class Consent:
    """One statement of a customer on one purpose, and the proof of it.

    ``source`` is where it was made (``app-settings``), ``text_version`` the version of the text
    the customer saw, ``at`` when it was made; of two on one purpose the later counts.
    """

    purpose: str
    state: ConsentState
    source: str
    at: datetime
    text_version: str = ""


_REFUSALS = frozenset({ConsentState.DENIED, ConsentState.OBJECTED})


@unique
class Basis(Enum):
    """Legal bases. ``NEVER`` is none: the purpose is forbidden."""

    CONSENT = "consent"
    OPT_OUT = "opt_out"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What data is processed for. ``iab`` is how IAB strings speak of it, if they do."""

    name: str
    iab: IabMapping | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Minors:
    """Customers younger than ``below`` years, for whom the ``barred`` purposes are not allowed.

    A customer of unknown age is one of them, unless ``unknown_is_adult``.
    """

    below: int
    barred: frozenset[str]
    unknown_is_adult: bool = False


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The legal basis of each purpose in one place; a purpose without one is forbidden there."""

    name: str
    bases: Mapping[str, Basis]
    minors: Minors | None = None


@dataclass(frozen=True, slots=True)
class PrivacyRules:
    """What a ``Privacy`` document says.

    ``by`` is the attribute that names the jurisdiction, empty where there is only ``default``,
    which also serves where the attribute is absent or names no jurisdiction. ``age`` is the
    attribute that holds a customer's age in years, empty where there are no rules on minors.
    ``sensitive`` gives for each sensitive category the purpose that the customer must have
    agreed to explicitly.
    """

    purposes: Mapping[str, Purpose]
    default: Jurisdiction
    by: str = ""
    jurisdictions: Mapping[str, Jurisdiction] = field(default_factory=dict)
    age: str = ""
    sensitive: Mapping[str, str] = field(default_factory=dict)

    def jurisdiction(self, facts: Facts) -> Jurisdiction:
        """Returns the one that the facts name."""
        name = facts.get(self.by) if self.by else None
        return self.jurisdictions.get(name, self.default) if isinstance(name, str) else self.default

    def reads(self) -> Iterable[str]:
        """Attributes that are read before anything is absent."""
        return (name for name in (self.by, self.age) if name)


class KnownConsent(NamedTuple):
    """What is known of a customer's consent.

    ``statements`` are those on record, the last for each purpose. The rest came with the request:
    purposes by name, Global Privacy Control, and IAB strings that have been read.
    """

    statements: Mapping[str, ConsentState] = {}
    granted: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    gpc: bool = False
    tcf: Tcf | Malformed | None = None
    gpp: Gpp | Malformed | None = None


NOTHING_KNOWN = KnownConsent()


class Permission(NamedTuple):
    """Whether a purpose is allowed, and why it is or is not.

    ``explicit`` where the customer has said yes to it, ``asked`` where they have said anything on it.
    """

    purpose: str
    basis: Basis
    allowed: bool
    explicit: bool
    why: str
    asked: bool = False


def permissions_in(
    rules: PrivacyRules, jurisdiction: Jurisdiction, known: KnownConsent, now: datetime, *, minor: str
) -> Mapping[str, Permission]:
    """Returns what is allowed in a jurisdiction, by purpose.

    ``minor`` says why the rules on minors apply, if so.
    """
    barred = jurisdiction.minors.barred if jurisdiction.minors and minor else frozenset()
    return {
        name: _permission(
            purpose,
            jurisdiction.bases.get(name, Basis.NEVER),
            known,
            now,
            barred=minor if name in barred else "",
        )
        for name, purpose in rules.purposes.items()
    }


def consent_condition(purpose: str) -> Condition:
    """True where the purpose is allowed."""
    return Literal(f"{CONSENT}{purpose}", _TRUE)


def sensitive_condition(category: str) -> Condition:
    """True where the customer has agreed explicitly to the use of the category."""
    return Literal(f"{_SENSITIVE}{category}", _TRUE)


def masked_by(
    rules: PrivacyRules,
    jurisdiction: Jurisdiction,
    attributes: Mapping[str, Attribute],
    allowed: Mapping[str, Permission],
) -> tuple[frozenset[str], Facts]:
    """Names of the attributes that may not be read, and facts that tell what is allowed."""
    explicit = {
        category
        for category, purpose in rules.sensitive.items()
        if allowed[purpose].allowed and allowed[purpose].explicit
    }
    closed = {name for name, entry in attributes.items() if not _may_read(entry, allowed, explicit)}
    absent = _with_computed(closed, attributes)
    facts: Facts = {JURISDICTION: jurisdiction.name}
    facts.update((f"{CONSENT}{name}", True) for name, entry in allowed.items() if entry.allowed)
    facts.update((f"{_SENSITIVE}{category}", True) for category in explicit)
    facts.update((f"{ASKED}{name}", True) for name, entry in allowed.items() if entry.asked)
    facts.update((f"{_WHY}{name}", entry.why) for name, entry in allowed.items() if not entry.allowed)
    return frozenset(absent), facts


def _with_computed(absent: set[str], attributes: Mapping[str, Attribute]) -> set[str]:
    """Returns what may not be read, and what is worked out from it."""
    return absent | {
        name for name, attribute in attributes.items() if not absent.isdisjoint(attribute.sources)
    }


def still_allowed(
    rules: PrivacyRules,
    attributes: Mapping[str, Attribute],
    facts: Facts,
    statements: Mapping[str, ConsentState],
) -> Facts:
    """Masked facts of an earlier decision, without what is refused on record or forbidden by now."""
    bases = _bases(rules, facts)
    refused = {name for name, state in statements.items() if state in _REFUSALS}
    gone = {name for name in rules.purposes if _is_gone(bases.get(name, Basis.NEVER), name in refused)}
    closed = {category for category, purpose in rules.sensitive.items() if purpose in gone}
    absent = {f"{CONSENT}{name}" for name in gone} | {f"{_SENSITIVE}{category}" for category in closed}
    absent |= {
        name
        for name, attribute in attributes.items()
        if attribute.purpose in gone or attribute.sensitive in closed
    }
    absent = _with_computed(absent, attributes)
    return {name: value for name, value in facts.items() if name not in absent}


class Use(NamedTuple):
    """An attribute that was read for a decision: for which purpose, on what basis."""

    attribute: str
    purpose: str
    basis: Basis


def uses(rules: PrivacyRules, attributes: Mapping[str, Attribute], facts: Facts) -> tuple[Use, ...]:
    """Returns what of ``facts``, masked before, was read for a purpose; in order of name."""
    bases = _bases(rules, facts)
    read = (attributes[fact] for fact in sorted(facts) if fact in attributes)
    return tuple(
        Use(attribute.name, attribute.purpose, bases.get(attribute.purpose, Basis.NEVER))
        for attribute in read
        if attribute.purpose
    )


def _bases(rules: PrivacyRules, facts: Facts) -> Mapping[str, Basis]:
    """Of the jurisdiction that masked facts are of."""
    return rules.jurisdictions.get(str(facts.get(JURISDICTION)), rules.default).bases


def _is_gone(basis: Basis, refused: bool) -> bool:  # noqa: FBT001 -- of one purpose
    return basis is Basis.NEVER or (refused and basis is not Basis.CONTRACT)


def asks_of(purposes: Iterable[str]) -> Iterable[Attribute]:
    """Yields what conditions may ask of a customer's consent, each as the attribute it is in the facts."""
    truth = AttributeType(Kind.BOOL)
    for name in purposes:
        yield Attribute(f"{CONSENT}{name}", truth)
        yield Attribute(f"{ASKED}{name}", truth)


def permission_words(attribute: str) -> str | None:
    """Returns what a condition of this module needs, in plain words; ``None`` for any other attribute."""
    if attribute.startswith(ASKED):
        return f"answer about {attribute.removeprefix(ASKED)}"
    if attribute.startswith(CONSENT):
        return f"permission for {attribute.removeprefix(CONSENT)}"
    if attribute.startswith(_SENSITIVE):
        return f"explicit consent to the use of {attribute.removeprefix(_SENSITIVE)} data"
    return None


def lacking_words(attribute: str, facts: Facts) -> str | None:
    """Returns how it is with such a condition that does not hold; ``None`` for any other attribute."""
    if attribute.startswith(CONSENT):
        return str(facts.get(_WHY + attribute.removeprefix(CONSENT), "is not there"))
    if attribute.startswith(ASKED):
        return "none is known"
    return "is not given" if attribute.startswith(_SENSITIVE) else None


def barred_words(attribute: Attribute | None, facts: Facts) -> str | None:
    """Returns why an attribute may not be read, where its purpose or its category is not allowed."""
    if attribute is None or JURISDICTION not in facts:
        return None
    if barred := purpose_barred_words(attribute.purpose, facts):
        return barred
    if attribute.sensitive and f"{_SENSITIVE}{attribute.sensitive}" not in facts:
        return f"may not be read: explicit consent to the use of {attribute.sensitive} data is not given"
    return None


def purpose_barred_words(purpose: str | None, facts: Facts) -> str | None:
    """Returns why nothing may be read for a purpose, where it is not allowed."""
    if not purpose or JURISDICTION not in facts or f"{CONSENT}{purpose}" in facts:
        return None
    return f"may not be read for {purpose}: {lacking_words(f'{CONSENT}{purpose}', facts)}"


def _may_read(attribute: Attribute, allowed: Mapping[str, Permission], explicit: set[str]) -> bool:
    if attribute.sensitive and attribute.sensitive not in explicit:
        return False
    return not attribute.purpose or allowed[attribute.purpose].allowed


def minority(minors: Minors | None, age: object) -> str:
    """Returns why the rules on minors apply to a customer of that age, ``None`` for unknown.

    Empty where not.
    """
    if minors is None:
        return ""
    if isinstance(age, int | float) and not isinstance(age, bool) and not isnan(age):
        return f"the customer is a minor, younger than {minors.below}" if age < minors.below else ""
    return "" if minors.unknown_is_adult else "the age is not known, and may be that of a minor"


def _permission(
    purpose: Purpose, basis: Basis, known: KnownConsent, now: datetime, *, barred: str
) -> Permission:
    yes, no = _said(purpose, basis, known, now)
    allowed, why = (False, barred) if barred else _judged(basis, yes, no)
    explicit, asked = bool(yes and not no), bool(yes or no)
    return Permission(purpose.name, basis, allowed, explicit=explicit, why=why, asked=asked)


def _said(purpose: Purpose, basis: Basis, known: KnownConsent, now: datetime) -> tuple[str, str]:
    """Where the customer said yes, and where no; empty where nowhere."""
    name, stated = purpose.name, known.statements.get(purpose.name)
    strings = _strings(purpose.iab, basis, known, now)
    grants = (
        (stated is ConsentState.GRANTED, "granted on record"),
        (name in known.granted, "granted in the request"),
        (strings is SignalState.GRANTED and basis is not Basis.OPT_OUT, "granted by an IAB string"),
    )
    refusals = (
        (stated is ConsentState.OBJECTED, "the customer has objected to it, on record"),
        (stated is ConsentState.DENIED, "refused on record"),
        (name in known.denied, "refused in the request"),
        (strings is SignalState.DENIED, "refused by an IAB string"),
        (known.gpc and basis is Basis.OPT_OUT, "refused by Global Privacy Control"),
    )
    return _first(grants), _first(refusals)


def _first(sayings: Iterable[tuple[bool, str]]) -> str:
    return next((words for said, words in sayings if said), "")


def _strings(iab: IabMapping | None, basis: Basis, known: KnownConsent, now: datetime) -> SignalState:
    if iab is None or (known.tcf is None and known.gpp is None):
        return SignalState.UNKNOWN
    return verdict(iab, known.tcf, known.gpp, now, is_opt_out=basis is Basis.OPT_OUT)


def _judged(basis: Basis, yes: str, no: str) -> tuple[bool, str]:
    match basis:
        case Basis.NEVER:
            return False, "barred by the law of the place"
        case Basis.CONTRACT:
            return True, "needed for the contract"
        case Basis.CONSENT:
            return bool(yes and not no), no or yes or "no consent to it is known"
        case Basis.OPT_OUT | Basis.LEGITIMATE_INTEREST:
            return not no, no or yes or "not objected to"


class Mask(NamedTuple):
    """Attributes that are absent, and the facts that tell what is allowed."""

    absent: frozenset[str]
    allowed_facts: Facts


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks of one ruleset. Those of requests with IAB strings, which age, are not remembered."""

    rules: PrivacyRules
    attributes: Mapping[str, Attribute]
    remembered: dict[object, Mask] = field(default_factory=dict, compare=False)

    def masked(self, facts: Facts, known: KnownConsent, now: datetime) -> Facts:
        """Returns the facts without what may not be read, and with what is allowed as facts of their own."""
        jurisdiction = self.rules.jurisdiction(facts)
        minor = minority(jurisdiction.minors, facts.get(self.rules.age))
        mask = self._mask(jurisdiction, known, now, minor=minor)
        seen = {name: value for name, value in facts.items() if name not in mask.absent}
        seen.update(mask.allowed_facts)
        return seen

    def _mask(self, jurisdiction: Jurisdiction, known: KnownConsent, now: datetime, *, minor: str) -> Mask:
        if known.tcf is not None or known.gpp is not None:
            return self._made(jurisdiction, known, now, minor=minor)
        said = tuple(known.statements.items()), known.granted, known.denied, known.gpc
        key = jurisdiction.name, minor, said
        mask = self.remembered.get(key)
        if mask is None:
            mask = self._made(jurisdiction, known, now, minor=minor)
            if len(self.remembered) >= MAX_REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = mask
        return mask

    def _made(self, jurisdiction: Jurisdiction, known: KnownConsent, now: datetime, *, minor: str) -> Mask:
        allowed = permissions_in(self.rules, jurisdiction, known, now, minor=minor)
        absent, known_facts = masked_by(self.rules, jurisdiction, self.attributes, allowed)
        return Mask(absent, known_facts)
