"""GPP strings and sections of the reference libraries' own tests."""

import functools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maitred.core.privacy.signals import IabMapping, SignalState, verdict
from maitred.core.privacy.strings import MALFORMED, OPT_OUTS, SECTIONS, SENSITIVE, Framework, Tcf
from maitred.iab import IabError, gpp_signal, read_gpp
from maitred.iab.canada import parse_canada
from maitred.iab.layouts import LAYOUTS
from maitred.iab.tcf import parse_tcf
from maitred.iab.us import parse_us

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HERE = Path(__file__).resolve().parents[2] / "../shared/data/iab"
STRINGS = HERE / "gpp_strings.json"
SECTION_CASES = HERE / "gpp_sections_java.json"
pytestmark = pytest.mark.skipif(not STRINGS.exists(), reason="../shared/data/iab is not here")

# Version 1 of the national section has 12 sensitive categories and 2 ages for the one reference
# library, 16 and 3 for the other. The strings carry the version, so 12 and 2 it is.
DISAGREEMENT = {
    "BVVVkkkkkpFY.YA": ({"SensitiveDataProcessing": 12, "KnownChildSensitiveDataConsents": 2}),
    "BVVVkkkkkpFY": ({"SensitiveDataProcessing": 12, "KnownChildSensitiveDataConsents": 2}),
    "BVQqAAAACg": ({"SensitiveDataProcessing": 12, "KnownChildSensitiveDataConsents": 2}),
}
SEGMENT_TYPES = {
    "DisclosedVendorsSegmentType": 1,
    "VendorsDisclosedSegmentType": 1,
    "VendorsAllowedSegmentType": 2,
    "PubPurposesSegmentType": 3,
    "PublisherPurposesSegmentType": 3,
    "GpcSegmentType": 1,
}


@functools.cache
def load(path):
    return json.loads(path.read_text()) if path.exists() else []


def instant(value, *, millis):
    return value.isoformat(timespec="milliseconds" if millis else "auto").replace("+00:00", "Z")


def places(numbers, count):
    return [place in numbers for place in range(1, count + 1)]


def restrictions(tcf):
    return [
        {"key": rule.purpose, "type": rule.kind.value, "ids": list(rule.vendors)} for rule in tcf.restrictions
    ]


def common(tcf, *, millis):
    own = tcf.publisher
    return {
        **SEGMENT_TYPES,
        "Version": tcf.version,
        "CmpId": tcf.cmp_id,
        "CmpVersion": tcf.cmp_version,
        "ConsentLanguage": tcf.consent_language,
        "ConsentScreen": tcf.consent_screen,
        "Created": instant(tcf.created, millis=millis),
        "LastUpdated": instant(tcf.last_updated, millis=millis),
        "NumCustomPurposes": own.custom_count if own else 0,
        "UseNonStandardStacks": tcf.uses_non_standard_stacks,
        "VendorListVersion": tcf.vendor_list_version,
    }


def own_purposes(tcf):
    own = tcf.publisher
    if own is None:
        return [False] * 24, [False] * 24, [], []
    return (
        places(own.consents, 24),
        places(own.legitimate_interests, 24),
        places(own.custom_consents, own.custom_count),
        places(own.custom_legitimate_interests, own.custom_count),
    )


def european(tcf, *, millis):
    consents, interests, custom, custom_interests = own_purposes(tcf)
    return {
        **common(tcf, millis=millis),
        "Id": 2,
        "IsServiceSpecific": tcf.is_service_specific,
        "PolicyVersion": tcf.policy_version,
        "PublisherConsents": consents,
        "PublisherLegitimateInterests": interests,
        "PublisherCustomConsents": custom,
        "PublisherCustomLegitimateInterests": custom_interests,
        "PublisherCountryCode": tcf.publisher_country,
        "PublisherRestrictions": restrictions(tcf),
        "PurposeConsents": places(tcf.purpose_consents, 24),
        "PurposeLegitimateInterests": places(tcf.purpose_legitimate_interests, 24),
        "PurposeOneTreatment": tcf.purpose_one_treatment,
        "SpecialFeatureOptins": places(tcf.special_features, 12),
        "VendorConsents": list(tcf.vendor_consents),
        "VendorLegitimateInterests": list(tcf.vendor_legitimate_interests),
        "VendorsAllowed": list(tcf.allowed_vendors or ()),
        "VendorsDisclosed": list(tcf.disclosed_vendors or ()),
    }


def canadian(tcf, *, millis):
    express, implied, custom, custom_implied = own_purposes(tcf)
    return {
        **common(tcf, millis=millis),
        "Id": 5,
        "CustomPurposesExpressConsent": custom,
        "CustomPurposesImpliedConsent": custom_implied,
        "DisclosedVendors": list(tcf.disclosed_vendors or ()),
        "PubPurposesExpressConsent": express,
        "PubPurposesImpliedConsent": implied,
        "PubRestrictions": restrictions(tcf),
        "PurposesExpressConsent": places(tcf.purpose_consents, 24),
        "PurposesImpliedConsent": places(tcf.purpose_legitimate_interests, 24),
        "SpecialFeatureExpressConsent": places(tcf.special_features, 12),
        "TcfPolicyVersion": tcf.policy_version,
        "VendorExpressConsent": list(tcf.vendor_consents),
        "VendorImpliedConsent": list(tcf.vendor_legitimate_interests),
    }


def as_asserted(section, *, millis):
    if isinstance(section, Tcf):
        return (european if section.framework is Framework.EU else canadian)(section, millis=millis)
    lists = {name: list(value) for name, value in section.fields.items() if isinstance(value, tuple)}
    return {**SEGMENT_TYPES, **section.fields, **lists}


def asserted_part(decoded, wanted):
    return {name: decoded.get(name, "missing") for name in wanted}


def parse(section, text):
    match section:
        case "TcfEuV2":
            return parse_tcf(text)
        case "TcfCaV1":
            return parse_canada(text)
    return parse_us({layout.name: number for number, layout in LAYOUTS.items()}[section.lower()], text)


GOOD = [case for case in load(STRINGS) if case["ok"]]
BAD = [case for case in load(STRINGS) if not case["ok"]]


def test_every_vector_is_there():
    assert (len(GOOD), len(BAD), len(load(SECTION_CASES))) == (34, 6, 37)
    assert sum(len(case["expect"]) for case in load(SECTION_CASES)) == 485


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["string"][:40])
def test_strings_decode_as_asserted(case):
    signal = read_gpp(case["string"])
    assert set(signal) == set(case["decoded"]) <= SECTIONS
    for name, wanted in case["decoded"].items():
        assert asserted_part(as_asserted(signal[name], millis=True), wanted) == wanted, name


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["string"][:40])
def test_strings_that_do_not_decode_grant_nothing(case):
    with pytest.raises(IabError):
        read_gpp(case["string"])
    assert gpp_signal(case["string"]) is MALFORMED


@pytest.mark.parametrize(
    "case", load(SECTION_CASES), ids=lambda case: f"{case['section']} {case['string'][:24]}"
)
def test_sections_decode_as_asserted(case):
    decoded = as_asserted(parse(case["section"], case["string"]), millis=False)
    wanted = dict(case["expect"])
    if case["section"] == "UsNat":
        for name, count in DISAGREEMENT[case["string"]].items():
            assert len(wanted[name]) > count
            wanted[name] = wanted[name][:count]
    assert asserted_part(decoded, wanted) == wanted


def sale(fields):
    """What the asserted fields say about selling data, where the basis is an opt-out."""
    child = fields.get("KnownChildSensitiveDataConsents", 0)
    refusals = (
        fields["SaleOptOut"] == 1,
        fields.get("Gpc", False),
        1 in (child if isinstance(child, list) else [child]),
    )
    if any(refusals):
        return SignalState.DENIED
    opted_in = fields["SaleOptOut"] == 2 and fields["SaleOptOutNotice"] == 1
    return SignalState.GRANTED if opted_in else SignalState.UNKNOWN


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["string"][:40])
def test_grants_what_the_fields_say_and_nothing_else(case):
    signal = read_gpp(case["string"])
    for name, fields in case["decoded"].items():
        if "SaleOptOut" in fields:
            mapping = IabMapping(gpp_sections=frozenset({name}), gpp_opt_outs=frozenset({"sale"}))
            assert verdict(mapping, None, signal, NOW, is_opt_out=True) is sale(fields)
            assert verdict(mapping, None, signal, NOW) is not SignalState.GRANTED
    for word in SENSITIVE:  # no string of the vectors has a consent
        mapping = IabMapping(gpp_sections=SECTIONS, gpp_sensitive=frozenset({word}))
        assert verdict(mapping, None, signal, NOW, is_opt_out=True) is not SignalState.GRANTED


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("1YNN", SignalState.GRANTED),
        ("1YYN", SignalState.DENIED),
        ("1Y--", SignalState.UNKNOWN),
        ("1---", SignalState.UNKNOWN),
    ],
)
def test_us_privacy_strings(text, state):
    signal = read_gpp(f"DBABTA~{text}")
    for word in OPT_OUTS:
        mapping = IabMapping(gpp_sections=frozenset({"uspv1"}), gpp_opt_outs=frozenset({word}))
        wanted = SignalState.UNKNOWN if state is SignalState.GRANTED and word != "sale" else state
        assert verdict(mapping, None, signal, NOW, is_opt_out=True) is wanted
