"""What strings grant, and the laws of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.privacy.signals import CLOCK_SKEW, IabMapping, SignalState, strictest, verdict
from maitred.core.privacy.strings import (
    MALFORMED,
    OPT_OUTS,
    SECTIONS,
    SENSITIVE,
    Framework,
    GppSection,
    Restriction,
    RestrictionKind,
    SectionChoice,
    Tcf,
    VendorBits,
)
from maitred.iab.gpp import READERS
from maitred.iab.layouts import LAYOUTS, NATIONAL_OLD

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
VENDOR = 7
SEVEN = VendorBits(1, VENDOR)


def a_tcf(**changes):
    given_ = Tcf(
        framework=Framework.EU,
        version=2,
        created=NOW - timedelta(days=30),
        last_updated=NOW - timedelta(days=30),
        cmp_id=5,
        cmp_version=1,
        consent_screen=1,
        consent_language="EN",
        vendor_list_version=1,
        policy_version=4,
        purpose_consents=frozenset({1, 3}),
        purpose_legitimate_interests=frozenset({2, 3, 7}),
        special_features=frozenset({1}),
        vendor_consents=SEVEN,
        vendor_legitimate_interests=SEVEN,
    )
    return replace(given_, **changes)


def a_section(name="usnat", *, sale=SectionChoice.UNSAID, health=SectionChoice.UNSAID, **changes):
    return replace(GppSection(name, {}, {"sale": sale}, {"health": health}), **changes)


def purposes(*numbers, **more):
    return IabMapping(tcf_purposes=frozenset(numbers), **more)


SALE = IabMapping(gpp_sections=frozenset({"usnat", "usca"}), gpp_opt_outs=frozenset({"sale"}))
HEALTH = IabMapping(gpp_sections=frozenset({"usnat", "usca"}), gpp_sensitive=frozenset({"health"}))


def test_all_purposes_are_needed():
    assert verdict(purposes(1, 3), a_tcf(), None, NOW) is SignalState.GRANTED
    assert verdict(purposes(1, 2), a_tcf(), None, NOW) is SignalState.DENIED


def test_special_features_are_needed():
    assert (
        verdict(purposes(1, tcf_special_features=frozenset({1})), a_tcf(), None, NOW) is SignalState.GRANTED
    )
    assert verdict(purposes(1, tcf_special_features=frozenset({2})), a_tcf(), None, NOW) is SignalState.DENIED


def test_legitimate_interest_suffices_where_the_mapping_says_so():
    assert verdict(purposes(7), a_tcf(), None, NOW) is SignalState.DENIED
    assert (
        verdict(purposes(7, tcf_legitimate_interest=frozenset({7})), a_tcf(), None, NOW)
        is SignalState.GRANTED
    )


@pytest.mark.parametrize(
    ("purpose", "policy", "state"),
    [(1, 2, SignalState.DENIED), (4, 3, SignalState.GRANTED), (4, 4, SignalState.DENIED)],
)
def test_legitimate_interest_is_not_for_every_purpose(purpose, policy, state):
    tcf = a_tcf(
        purpose_consents=frozenset(), purpose_legitimate_interests=frozenset({1, 4}), policy_version=policy
    )
    mapping = purposes(purpose, tcf_legitimate_interest=frozenset({purpose}))
    assert verdict(mapping, tcf, None, NOW) is state


@pytest.mark.parametrize(
    "changes", [{"vendor_consents": VendorBits(0, VENDOR)}, {"vendor_consents": VendorBits()}]
)
def test_a_named_vendor_is_needed(changes):
    mapping = purposes(1, tcf_vendor=VENDOR)
    assert verdict(mapping, a_tcf(), None, NOW) is SignalState.GRANTED
    assert verdict(mapping, a_tcf(**changes), None, NOW) is SignalState.DENIED


@pytest.mark.parametrize(
    ("kind", "by_consent", "by_interest"),
    [
        (RestrictionKind.FORBIDDEN, SignalState.DENIED, SignalState.DENIED),
        (RestrictionKind.CONSENT_ONLY, SignalState.GRANTED, SignalState.DENIED),
        (RestrictionKind.LEGITIMATE_INTEREST_ONLY, SignalState.DENIED, SignalState.GRANTED),
        (RestrictionKind.UNDEFINED, SignalState.DENIED, SignalState.DENIED),
    ],
)
def test_publishers_restrict_a_named_vendor(kind, by_consent, by_interest):
    rules = (Restriction(3, kind, SEVEN), Restriction(7, kind, SEVEN))
    tcf = a_tcf(restrictions=rules, purpose_consents=frozenset({3}))
    interest = purposes(7, tcf_vendor=VENDOR, tcf_legitimate_interest=frozenset({7}))
    assert verdict(purposes(3, tcf_vendor=VENDOR), tcf, None, NOW) is by_consent
    assert verdict(interest, tcf, None, NOW) is by_interest
    assert verdict(purposes(3), tcf, None, NOW) is SignalState.GRANTED


def test_since_tcf_2_3_a_vendor_must_have_been_disclosed():
    mapping = purposes(1, tcf_vendor=VENDOR)
    assert verdict(mapping, a_tcf(policy_version=5), None, NOW) is SignalState.DENIED
    assert (
        verdict(mapping, a_tcf(policy_version=5, disclosed_vendors=VendorBits()), None, NOW)
        is SignalState.DENIED
    )
    assert (
        verdict(mapping, a_tcf(policy_version=5, disclosed_vendors=SEVEN), None, NOW) is SignalState.GRANTED
    )


@pytest.mark.parametrize(
    ("updated", "last"),
    [
        (datetime(2025, 10, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (datetime(2025, 1, 31, 8, tzinfo=UTC), datetime(2026, 2, 28, 8, tzinfo=UTC)),
        (datetime(2023, 1, 29, 8, tzinfo=UTC), datetime(2024, 2, 29, 8, tzinfo=UTC)),
        (datetime(2025, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2025, 2, 28, tzinfo=UTC), datetime(2026, 3, 28, tzinfo=UTC)),
    ],
)
def test_thirteen_civil_months_and_not_a_moment_longer(updated, last):
    tcf = a_tcf(last_updated=updated)
    assert verdict(purposes(1), tcf, None, last) is SignalState.GRANTED
    assert verdict(purposes(1), tcf, None, last + timedelta(microseconds=1)) is SignalState.DENIED


def test_a_string_from_the_future_is_no():
    tcf = a_tcf(last_updated=NOW)
    assert verdict(purposes(1), tcf, None, NOW - CLOCK_SKEW) is SignalState.GRANTED
    assert verdict(purposes(1), tcf, None, NOW - CLOCK_SKEW - timedelta(microseconds=1)) is SignalState.DENIED


@pytest.mark.parametrize("changes", [{"framework": Framework.EU_V1}, {"cmp_id": 1}, {"exact": False}])
def test_what_no_tcf_platform_wrote_is_no(changes):
    assert verdict(purposes(1), a_tcf(**changes), None, NOW) is SignalState.DENIED


def test_what_was_not_sent_is_unknown_and_what_cannot_be_read_is_no():
    assert verdict(purposes(1), None, None, NOW) is SignalState.UNKNOWN
    assert verdict(purposes(1), MALFORMED, None, NOW) is SignalState.DENIED
    assert verdict(purposes(1), a_tcf(), MALFORMED, NOW) is SignalState.DENIED
    assert verdict(SALE, None, MALFORMED, NOW, is_opt_out=True) is SignalState.DENIED
    assert verdict(IabMapping(), MALFORMED, MALFORMED, NOW) is SignalState.UNKNOWN


def test_the_european_section_counts_beside_the_string():
    refusing = {"tcfeuv2": a_tcf(purpose_consents=frozenset())}
    assert verdict(purposes(1), None, {"tcfeuv2": a_tcf()}, NOW) is SignalState.GRANTED
    assert verdict(purposes(1), a_tcf(), refusing, NOW) is SignalState.DENIED


def test_the_canadian_section_counts_where_it_is_named():
    canada = {"tcfcav1": a_tcf(framework=Framework.CANADA, version=1)}
    assert verdict(purposes(1), None, canada, NOW) is SignalState.UNKNOWN
    named = purposes(1, gpp_sections=frozenset({"tcfcav1"}))
    assert verdict(named, None, canada, NOW) is SignalState.GRANTED


@pytest.mark.parametrize(
    ("choice", "opt_out", "consent"),
    [
        (SectionChoice.NOT_OPTED_OUT, SignalState.GRANTED, SignalState.UNKNOWN),
        (SectionChoice.REFUSED, SignalState.DENIED, SignalState.DENIED),
        (SectionChoice.UNSAID, SignalState.UNKNOWN, SignalState.UNKNOWN),
        (SectionChoice.CONSENTED, SignalState.GRANTED, SignalState.GRANTED),
    ],
)
def test_not_having_opted_out_is_a_grant_only_for_opt_outs(choice, opt_out, consent):
    for mapping, section in ((SALE, a_section(sale=choice)), (HEALTH, a_section(health=choice))):
        assert verdict(mapping, None, {"usnat": section}, NOW, is_opt_out=True) is opt_out
        assert verdict(mapping, None, {"usnat": section}, NOW) is consent


def test_consent_to_a_category_stands_beside_an_opt_out_not_taken():
    mapping = replace(HEALTH, gpp_opt_outs=frozenset({"sale"}))
    section = a_section(sale=SectionChoice.NOT_OPTED_OUT, health=SectionChoice.CONSENTED)
    assert verdict(mapping, None, {"usnat": section}, NOW) is SignalState.GRANTED


def test_global_privacy_control_refuses_selling_and_says_nothing_of_categories():
    section = a_section(sale=SectionChoice.NOT_OPTED_OUT, health=SectionChoice.CONSENTED, gpc=True)
    assert verdict(SALE, None, {"usnat": section}, NOW, is_opt_out=True) is SignalState.DENIED
    assert verdict(HEALTH, None, {"usnat": section}, NOW) is SignalState.GRANTED


def test_a_known_child_without_consent_is_refused_unless_the_mapping_looks_away():
    section = a_section(sale=SectionChoice.NOT_OPTED_OUT, child_refused=True)
    assert verdict(SALE, None, {"usnat": section}, NOW, is_opt_out=True) is SignalState.DENIED
    adult = replace(SALE, gpp_children=False)
    assert verdict(adult, None, {"usnat": section}, NOW, is_opt_out=True) is SignalState.GRANTED


def test_an_inexact_section_denies_and_never_grants():
    yes = a_section(sale=SectionChoice.NOT_OPTED_OUT, exact=False)
    no = a_section(sale=SectionChoice.REFUSED, exact=False)
    assert verdict(SALE, None, {"usnat": yes}, NOW, is_opt_out=True) is SignalState.UNKNOWN
    assert verdict(SALE, None, {"usnat": no}, NOW, is_opt_out=True) is SignalState.DENIED


def test_an_absent_section_takes_nothing_away_and_a_silent_one_does():
    yes, silent = a_section(sale=SectionChoice.NOT_OPTED_OUT), a_section("usca")
    assert verdict(SALE, None, {"usnat": yes}, NOW, is_opt_out=True) is SignalState.GRANTED
    assert verdict(SALE, None, {"usnat": yes, "usca": silent}, NOW, is_opt_out=True) is SignalState.UNKNOWN
    assert verdict(
        SALE,
        None,
        {"usnat": yes, "usva": a_section("usva", sale=SectionChoice.REFUSED)},
        NOW,
        is_opt_out=True,
    ) is (SignalState.GRANTED)


STATES = st.lists(st.sampled_from(SignalState))
STRICTNESS = {SignalState.GRANTED: 0, SignalState.UNKNOWN: 1, SignalState.DENIED: 2}


@given(STATES, STATES)
def test_more_signals_are_never_less_strict_than_some(some, more):
    if some:
        assert STRICTNESS[strictest(some + more)] >= STRICTNESS[strictest(some)]


NUMBERS = st.frozensets(st.integers(1, 11))


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.integers(1, 11), st.none() | st.just(VENDOR))
def test_taking_consent_back_never_grants_more(asked, consents, interests, suffices, taken, vendor):
    mapping = IabMapping(tcf_purposes=asked, tcf_legitimate_interest=suffices, tcf_vendor=vendor)
    tcf = a_tcf(purpose_consents=consents, purpose_legitimate_interests=interests)
    less = replace(tcf, purpose_consents=consents - {taken}, purpose_legitimate_interests=interests - {taken})
    before, after = verdict(mapping, tcf, None, NOW), verdict(mapping, less, None, NOW)
    assert STRICTNESS[after] >= STRICTNESS[before]
    assert after is not SignalState.GRANTED or taken not in asked


CHOICES = st.sampled_from(SectionChoice)


@given(
    st.dictionaries(st.sampled_from(sorted(OPT_OUTS)), CHOICES),
    st.sampled_from(sorted(OPT_OUTS)),
    st.booleans(),
)
def test_opting_out_never_grants_more(choices, word, is_opt_out):
    mapping = IabMapping(gpp_sections=frozenset({"usnat"}), gpp_opt_outs=OPT_OUTS)
    section = GppSection("usnat", {}, choices, {})
    opted_out = replace(section, opt_outs=choices | {word: SectionChoice.REFUSED})
    before = verdict(mapping, None, {"usnat": section}, NOW, is_opt_out=is_opt_out)
    after = verdict(mapping, None, {"usnat": opted_out}, NOW, is_opt_out=is_opt_out)
    assert after is SignalState.DENIED
    assert STRICTNESS[after] >= STRICTNESS[before]


def test_the_words_are_those_of_the_formats():
    assert {name for name, _ in READERS.values()} == SECTIONS
    named = {
        word
        for layout in (*LAYOUTS.values(), NATIONAL_OLD)
        for words in layout.categories
        for word in words.split()
    }
    assert named == SENSITIVE
