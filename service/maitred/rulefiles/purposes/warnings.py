"""What looks wrong about privacy and has a meaning all the same."""

from collections.abc import Iterator, Mapping
from itertools import chain

from maitred.core.privacy.purposes import Basis, Jurisdiction, PrivacyRules
from maitred.core.rules.ruleset import Location
from maitred.core.values.types import LOCATION_ID, Attribute
from maitred.rulefiles.kinds import events, experiments, learners
from maitred.rulefiles.kinds.privacy import CONSENT_ONLY_TCF, NO_PURPOSE
from maitred.rulefiles.messages import privacy_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report

from .document import PrivacySource, privacy_source
from .uses import categories, consents, specs


def warn_privacy(
    report: Report,
    documents: Documents,
    rules: PrivacyRules | None,
    attributes: Mapping[str, Attribute],
    locations: Mapping[str, Location] | None,
) -> None:
    """Of a ruleset without faults."""
    sourced = privacy_source(report, documents)
    if rules is None or sourced is None:
        _warn_idle(report, documents)
        return
    _warn_purposes(report, documents, sourced, rules)
    for name in rules.jurisdictions:
        _warn_bases(report, sourced, rules, rules.jurisdictions[name])
    _warn_pointless(report, documents, rules)
    _warn_unused(report, documents, sourced)
    _warn_jurisdictions(report, sourced, attributes, locations or {})


def _warn_idle(report: Report, documents: Documents) -> None:
    spots = (spot for _, spec, spot in specs(documents) if spec.purpose not in (None, NO_PURPOSE))
    spot = next(spots, None)
    if spot:
        report.warn(spot.at("purpose"), privacy_messages.purpose_without_privacy())


def _used(documents: Documents) -> set[str]:
    """Purposes that attributes, events, experiments and learners have or actions name."""
    declared = (spec.purpose for _, spec, _ in specs(documents))
    of_kinds = chain(
        (sourced.model.purpose for sourced in documents.of(events.Event)),
        (sourced.model.purpose for sourced in documents.of(experiments.Experiment)),
        (sourced.model.purpose for sourced in documents.of(learners.Learner)),
    )
    named = (name for name, _ in consents(documents))
    return set(filter(None, chain(declared, of_kinds, named)))


def _warn_purposes(report: Report, documents: Documents, sourced: PrivacySource, rules: PrivacyRules) -> None:
    used = _used(documents)
    for name in rules.purposes:
        spot = sourced.spot.at("purposes", name, key=True)
        bases = {one.bases.get(name, Basis.NEVER) for one in rules.jurisdictions.values()}
        if name not in used and name not in rules.sensitive.values():
            report.warn(spot, privacy_messages.unused_purpose(name))
        elif bases == {Basis.NEVER}:
            report.warn(spot, privacy_messages.never_allowed(name))
    for jurisdiction, spec in sourced.model.jurisdictions.items():
        for index, name in enumerate(spec.minors.barred if spec.minors else ()):
            if name not in used:
                spot = sourced.spot.at("jurisdictions", jurisdiction, "minors", "barred", index)
                report.warn(spot, privacy_messages.barred_for_nothing(name))


def _warn_bases(
    report: Report, sourced: PrivacySource, rules: PrivacyRules, jurisdiction: Jurisdiction
) -> None:
    spot = sourced.spot.at("jurisdictions", jurisdiction.name, "bases")
    for name, purpose in rules.purposes.items():
        basis, iab = jurisdiction.bases.get(name), purpose.iab
        if basis is None:
            report.warn(spot.at(key=True), privacy_messages.no_basis(name, jurisdiction.name))
        elif basis is Basis.LEGITIMATE_INTEREST and iab:
            lacking = iab.tcf_purposes - iab.tcf_legitimate_interest - CONSENT_ONLY_TCF
            if lacking:
                message = privacy_messages.interest_without_tcf(name, jurisdiction.name, min(lacking))
                report.warn(spot.at(name), message)


def _warn_pointless(report: Report, documents: Documents, rules: PrivacyRules) -> None:
    for name, spot in consents(documents):
        barred = (
            jurisdiction.minors.barred if jurisdiction.minors else ()
            for jurisdiction in rules.jurisdictions.values()
        )
        bases = {jurisdiction.bases.get(name, Basis.NEVER) for jurisdiction in rules.jurisdictions.values()}
        if bases == {Basis.CONTRACT} and name not in chain.from_iterable(barred):
            report.warn(spot, privacy_messages.pointless_consent(name))


def _warn_unused(report: Report, documents: Documents, sourced: PrivacySource) -> None:
    model, spot = sourced.model, sourced.spot
    named = {category for category, _ in categories(documents)}
    for name in model.sensitive:
        if name not in named:
            report.warn(spot.at("sensitive", name, key=True), privacy_messages.unused_category(name))
    if model.age and not any(jurisdiction.minors for jurisdiction in model.jurisdictions.values()):
        report.warn(spot.at("age"), privacy_messages.unused_age())
    if not model.jurisdiction and len(model.jurisdictions) > 1:
        report.warn(spot.at("jurisdictions", key=True), privacy_messages.never_named())


def _warn_jurisdictions(
    report: Report,
    sourced: PrivacySource,
    attributes: Mapping[str, Attribute],
    locations: Mapping[str, Location],
) -> None:
    """Names that differ from a jurisdiction's in letter case alone are slips of the pen."""
    model, by = sourced.model, sourced.model.jurisdiction
    known = {name.casefold(): name for name in model.jurisdictions}
    reported: set[str] = set()
    for value, where in _values_of(by or "", attributes, locations):
        meant = known.get(value.strip().casefold())
        if meant and value not in model.jurisdictions and value not in reported:
            reported.add(value)
            message = privacy_messages.odd_jurisdiction(value, meant, where)
            report.warn(sourced.spot.at("jurisdiction"), message)


def _values_of(
    by: str, attributes: Mapping[str, Attribute], locations: Mapping[str, Location]
) -> Iterator[tuple[str, str]]:
    """Values the attribute can have, as far as they are known, each with what names it."""
    for value in attributes[by].allowed if by in attributes else ():
        yield str(value), f"a declared value of `{by}`"
    for location in locations.values():
        named = location.id if by == LOCATION_ID else location.attributes.get(by)
        if isinstance(named, str):
            yield named, f"location `{location.id}`"
