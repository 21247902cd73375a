"""The document of kind ``Privacy`` to ``core.privacy.purposes.PrivacyRules``; what is wrong in itself."""

from collections.abc import Iterator, Mapping

from maitred.core.privacy.purposes import Basis, Jurisdiction, Minors, PrivacyRules, Purpose
from maitred.core.privacy.signals import IabMapping
from maitred.core.values.types import SITUATION, Attribute, AttributeType, Kind
from maitred.rulefiles.kinds import privacy
from maitred.rulefiles.kinds.privacy import CONSENT_ONLY_TCF
from maitred.rulefiles.messages import file_messages, privacy_messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import Report, SourcePath

PrivacySource = Sourced[privacy.Privacy]

_TCF_CANADA = "tcfcav1"
_STRING = (AttributeType(Kind.STRING),)
_YEARS = (AttributeType(Kind.INT), AttributeType(Kind.DOUBLE))


def privacy_source(report: Report, documents: Documents) -> PrivacySource | None:
    """Returns the one document of the kind; a second one is told."""
    sources = documents.of(privacy.Privacy)
    for extra in sources[1:]:
        report.error(extra.spot.at("kind"), file_messages.only_one("`Privacy`", sources[0].spot.file))
    return sources[0] if sources else None


def privacy_rules(
    report: Report, documents: Documents, sourced: PrivacySource, attributes: Mapping[str, Attribute]
) -> PrivacyRules:
    """Returns what the document says. What is wrong with it is told, and stands in it all the same."""
    model, spot = sourced.model, sourced.spot
    _check_names(report, sourced)
    _check_bases(report, sourced)
    for field, name, types in (("jurisdiction", model.jurisdiction, _STRING), ("age", model.age, _YEARS)):
        message = _attribute_fault(name, attributes, types) if name else None
        if message and not (name not in attributes and name in documents.doubtful):
            report.error(spot.at(field), message)
    for name, spec in model.purposes.items():
        if spec.iab:
            _check_iab(report, spot.at("purposes", name, "iab"), spec.iab)
    jurisdictions = {name: _jurisdiction(name, spec) for name, spec in model.jurisdictions.items()}
    return PrivacyRules(
        purposes={name: _purpose(name, spec) for name, spec in model.purposes.items()},
        default=jurisdictions.get(model.default, Jurisdiction(model.default, {})),
        by=model.jurisdiction or "",
        jurisdictions=jurisdictions,
        age=model.age or "",
        sensitive={category: spec.consent for category, spec in model.sensitive.items()},
    )


def _purpose(name: str, spec: privacy.PurposeSpec) -> Purpose:
    return Purpose(name, _mapping(spec.iab) if spec.iab else None, spec.description)


def _mapping(spec: privacy.IabSpec) -> IabMapping:
    tcf, gpp = spec.tcf or privacy.TcfSpec(), spec.gpp
    return IabMapping(
        tcf_purposes=frozenset(tcf.purposes),
        tcf_special_features=frozenset(tcf.special_features),
        tcf_legitimate_interest=frozenset(tcf.legitimate_interest),
        tcf_vendor=tcf.vendor,
        gpp_sections=frozenset(gpp.sections if gpp else ()),
        gpp_opt_outs=frozenset(gpp.opt_outs if gpp else ()),
        gpp_sensitive=frozenset(gpp.sensitive if gpp else ()),
        gpp_children=gpp is None or gpp.children == "deny",
    )


def _jurisdiction(name: str, spec: privacy.JurisdictionSpec) -> Jurisdiction:
    bases = {purpose: Basis(basis) for purpose, basis in spec.bases.items()}
    return Jurisdiction(name, bases, _minors(spec.minors) if spec.minors else None)


def _minors(spec: privacy.MinorsSpec) -> Minors:
    return Minors(spec.below, frozenset(spec.barred), unknown_is_adult=spec.unknown_age == "adult")


def _check_names(report: Report, sourced: PrivacySource) -> None:
    """Every purpose and every jurisdiction that is named is there."""
    model, spot = sourced.model, sourced.spot
    for name, at in _purposes_named(sourced):
        if name not in model.purposes:
            report.error(at, privacy_messages.unknown_purpose(name, model.purposes))
    if model.default not in model.jurisdictions:
        message = privacy_messages.unknown_jurisdiction(model.default, model.jurisdictions)
        report.error(spot.at("default"), message)
    for name, spec in model.jurisdictions.items():
        if spec.minors and not model.age:
            at = spot.at("jurisdictions", name, "minors", key=True)
            report.error(at, privacy_messages.minors_without_age(name))


def _purposes_named(sourced: PrivacySource) -> Iterator[tuple[str, SourcePath]]:
    model, spot = sourced.model, sourced.spot
    for jurisdiction, spec in model.jurisdictions.items():
        at = spot.at("jurisdictions", jurisdiction)
        for purpose in spec.bases:
            yield purpose, at.at("bases", purpose, key=True)
        for index, purpose in enumerate(spec.minors.barred if spec.minors else ()):
            yield purpose, at.at("minors", "barred", index)
    for category, sensitive_spec in model.sensitive.items():
        yield sensitive_spec.consent, spot.at("sensitive", category, "consent")


def _check_bases(report: Report, sourced: PrivacySource) -> None:
    """What a sensitive category takes consent to is allowed by consent alone, wherever it is."""
    model, spot = sourced.model, sourced.spot
    for category, sensitive_spec in model.sensitive.items():
        for name, spec in model.jurisdictions.items():
            basis = spec.bases.get(sensitive_spec.consent, "never")
            if basis not in ("consent", "never"):
                at = spot.at("jurisdictions", name, "bases", sensitive_spec.consent)
                report.error(
                    at,
                    privacy_messages.sensitive_not_by_consent(category, sensitive_spec.consent, basis, name),
                )


def _attribute_fault(
    name: str, attributes: Mapping[str, Attribute], types: tuple[AttributeType, ...]
) -> str | None:
    """Returns what is wrong with an attribute that is read to know what may be read."""
    attribute = attributes.get(name)
    if attribute is None:
        return privacy_messages.unknown_attribute(name, attributes)
    if name.startswith(SITUATION):
        return privacy_messages.derived(name)
    if attribute.type not in types:
        return privacy_messages.wrong_type(name, str(attribute.type), " or ".join(map(str, types)))
    return privacy_messages.read_before(name, attribute.sensitive) if attribute.sensitive else None


def _check_iab(report: Report, spot: SourcePath, spec: privacy.IabSpec) -> None:
    """A mapping that asks for nothing would grant nothing or, worse, look as if it did."""
    tcf, gpp = spec.tcf, spec.gpp
    if tcf is None and gpp is None:
        report.error(spot, privacy_messages.iab_empty())
    if tcf is not None:
        _check_tcf(report, spot.at("tcf"), tcf)
    asks_tcf = tcf is not None and gpp is not None and _TCF_CANADA in gpp.sections
    if gpp is not None and not (gpp.opt_outs or gpp.sensitive or asks_tcf):
        report.error(spot.at("gpp"), privacy_messages.gpp_asks_nothing())


def _check_tcf(report: Report, spot: SourcePath, spec: privacy.TcfSpec) -> None:
    if not (spec.purposes or spec.special_features):
        report.error(spot, privacy_messages.tcf_asks_nothing())
    for index, number in enumerate(spec.legitimate_interest):
        at = spot.at("legitimate_interest", index)
        if number in CONSENT_ONLY_TCF:
            report.error(at, privacy_messages.interest_never())
        elif number not in spec.purposes:
            report.error(at, privacy_messages.interest_not_asked(number))
