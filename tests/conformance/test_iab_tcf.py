"""TCF strings of the reference libraries' own tests, decoded by them field by field."""

import functools
import json
from datetime import timedelta
from pathlib import Path

import pytest

from maitred.core.privacy.signals import IabMapping, SignalState, verdict
from maitred.core.privacy.strings import MALFORMED
from maitred.iab import IabError, read_tcf, tcf_signal

HERE = Path(__file__).resolve().parents[2] / "../shared/data/iab"
DECODED = HERE / "tcf_v2_vectors.json"
REJECTED = HERE / "tcf_other_or_rejected.json"
pytestmark = pytest.mark.skipif(not DECODED.exists(), reason="../shared/data/iab is not here")


@functools.cache
def load(path):
    return json.loads(path.read_text()) if path.exists() else []


def instant(value):
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_asserted(tcf):
    own = tcf.publisher
    return {
        "cmpId": tcf.cmp_id,
        "cmpVersion": tcf.cmp_version,
        "consentLanguage": tcf.consent_language,
        "consentScreen": tcf.consent_screen,
        "created": instant(tcf.created),
        "isServiceSpecific": tcf.is_service_specific,
        "lastUpdated": instant(tcf.last_updated),
        "policyVersion": tcf.policy_version,
        "publisherConsents": sorted(own.consents) if own else [],
        "publisherCountryCode": tcf.publisher_country,
        "publisherLegitimateInterests": sorted(own.legitimate_interests) if own else [],
        "publisherRestrictions": [
            {"purpose": rule.purpose, "type": rule.kind.value, "vendors": list(rule.vendors)}
            for rule in tcf.restrictions
        ],
        "purposeConsents": sorted(tcf.purpose_consents),
        "purposeLegitimateInterests": sorted(tcf.purpose_legitimate_interests),
        "purposeOneTreatment": tcf.purpose_one_treatment,
        "specialFeatureOptins": sorted(tcf.special_features),
        "vendorConsents": list(tcf.vendor_consents),
        "vendorLegitimateInterests": list(tcf.vendor_legitimate_interests),
        "vendorListVersion": tcf.vendor_list_version,
        "vendorsAllowed": list(tcf.allowed_vendors or ()),
        "vendorsDisclosed": list(tcf.disclosed_vendors or ()),
        "version": tcf.version,
    }


def test_every_vector_is_there():
    assert (len(load(DECODED)), len(load(REJECTED))) == (22, 28)


@pytest.mark.parametrize("case", load(DECODED), ids=lambda case: case["string"][:24])
def test_decodes_as_asserted(case):
    assert as_asserted(read_tcf(case["string"])) == case["decoded"]


@pytest.mark.parametrize("case", load(DECODED), ids=lambda case: case["string"][:24])
def test_names_of_vendors_agree_with_asking_for_one(case):
    tcf = read_tcf(case["string"])
    wanted = set(case["decoded"]["vendorConsents"])
    assert {vendor for vendor in range(1_300) if vendor in tcf.vendor_consents} == wanted


@pytest.mark.parametrize("case", load(REJECTED), ids=lambda case: case["string"][:24])
def test_what_the_library_refuses_is_refused(case):
    with pytest.raises(IabError):
        read_tcf(case["string"])
    assert tcf_signal(case["string"]) is MALFORMED


@pytest.mark.parametrize("case", load(DECODED), ids=lambda case: case["string"][:24])
def test_grants_the_consented_purposes_of_version_2_and_nothing_of_version_1(case):
    tcf = read_tcf(case["string"])
    for purpose in range(1, 25):
        state = verdict(
            IabMapping(tcf_purposes=frozenset({purpose})), tcf, None, tcf.last_updated + timedelta(days=1)
        )
        wanted = tcf.version == 2 and purpose in case["decoded"]["purposeConsents"]
        assert state is (SignalState.GRANTED if wanted else SignalState.DENIED)
