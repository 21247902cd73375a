"""What an encoder of our own writes is what is read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.privacy.strings import Framework, GppSection, RestrictionKind, SectionChoice
from maitred.iab import read_gpp, read_tcf
from maitred.iab.bits import Bits
from maitred.iab.canada import parse_canada
from maitred.iab.layouts import LAYOUTS

START = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 10**9).map(lambda tenths: START + timedelta(milliseconds=100 * tenths))
PURPOSES = st.frozensets(st.integers(1, 24))
VENDORS = st.frozensets(st.integers(1, 900), max_size=40)
SOME_VENDORS = st.frozensets(st.integers(1, 900), min_size=1, max_size=10)
RULES = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 3), SOME_VENDORS), max_size=5)


def us_section(text: str, name: str) -> GppSection:
    section = read_gpp(text)[name]
    assert isinstance(section, GppSection)
    return section


@given(
    INSTANTS,
    PURPOSES,
    PURPOSES,
    VENDORS,
    VENDORS,
    RULES,
    st.booleans(),
    st.none() | VENDORS,
    st.none() | PURPOSES,
)
def test_tcf(encode, updated, purposes, interests, vendors, others, rules, as_ranges, disclosed, own):
    tcf = read_tcf(
        encode.tcf(
            updated=updated,
            purposes=purposes,
            interests=interests,
            vendors=vendors,
            vendor_interests=others,
            rules=rules,
            as_ranges=as_ranges,
            disclosed=disclosed,
            own=own,
        )
    )
    assert (tcf.framework, tcf.created, tcf.last_updated) == (Framework.EU, updated, updated)
    assert (tcf.purpose_consents, tcf.purpose_legitimate_interests) == (purposes, interests)
    assert (frozenset(tcf.vendor_consents), frozenset(tcf.vendor_legitimate_interests)) == (vendors, others)
    assert [(rule.purpose, rule.kind.value, frozenset(rule.vendors)) for rule in tcf.restrictions] == rules
    assert (None if tcf.disclosed_vendors is None else frozenset(tcf.disclosed_vendors)) == disclosed
    assert (None if tcf.publisher is None else tcf.publisher.consents) == own
    assert (tcf.cmp_id, tcf.cmp_version, tcf.consent_screen, tcf.vendor_list_version) == (5, 3, 1, 77)
    assert (tcf.consent_language, tcf.publisher_country, tcf.is_service_specific) == ("EN", "IT", True)


@given(st.integers(1, 65_535), st.integers(1, 65_535))
def test_fibonacci(encode, first, second):
    bits = Bits(encode.text(encode.fibonacci(first) + encode.fibonacci(second)))
    assert (bits.fibonacci(), bits.fibonacci()) == (first, second)


@given(VENDORS, VENDORS, st.booleans(), st.booleans())
def test_canada_in_both_codings(encode, express, implied, as_ranges, is_fibonacci):
    ranges = encode.fibonacci_ranges if is_fibonacci else encode.ranges
    core = encode.number(1, 6) + encode.instant(START) * 2 + encode.number(9, 12) + encode.number(0, 18)
    core += encode.letters("FR") + encode.number(0, 12) + encode.number(2, 6) + "0" + "0" * 12
    core += encode.places({1, 4}, 24) + encode.places({2}, 24)
    core += encode.vendors(express, as_ranges=as_ranges, ranges=ranges)
    core += encode.vendors(implied, as_ranges=as_ranges, ranges=ranges) + encode.number(0, 12)
    tcf = parse_canada(encode.text(core))
    assert tcf.purpose_consents == {1, 4}
    assert tcf.purpose_legitimate_interests == {2}
    if is_fibonacci or not as_ranges:
        assert (frozenset(tcf.vendor_consents), frozenset(tcf.vendor_legitimate_interests)) == (
            express,
            implied,
        )


def count_of(layout):
    return sum(int(field.partition("*")[2] or 1) for field in layout.fields.split())


@pytest.mark.parametrize("number", LAYOUTS)
@given(st.data())
def test_us_sections(encode, number, data):
    layout = LAYOUTS[number]
    count = count_of(layout)
    answers = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    gpc = None if layout.has_sensitive_part else data.draw(st.none() | st.booleans())
    version = 2 if layout.name == "usnat" else 1
    text = encode.gpp({number: encode.answers(*answers, version=version, gpc=gpc)})
    section = us_section(text, layout.name)
    decoded = [
        answer
        for field in layout.fields.split()
        for value in [section.fields[field.partition("*")[0]]]
        for answer in (value if isinstance(value, tuple) else [value])
    ]
    assert (decoded, section.gpc, section.exact) == (answers, bool(gpc), True)


@given(st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_sensitive_categories_in_a_part_of_their_own(encode, answers):
    part = encode.text("".join(encode.number(answer, 2) for answer in answers))
    section = us_section(encode.gpp({25: f"{encode.answers(*[0] * 10)}.{part}"}), "usin")
    meaning = [SectionChoice.UNSAID, SectionChoice.REFUSED, SectionChoice.CONSENTED]
    assert list(section.sensitive.values()) == [meaning[answer] for answer in answers]


def test_sections_that_are_not_known_are_left_out(encode):
    signal = read_gpp(encode.gpp({2: encode.tcf(updated=START), 6: "1YNN", 40: "whatever", 41: ""}))
    assert set(signal) == {"tcfeuv2", "uspv1"}


def test_california_reads_one_answer_for_three_categories(encode):
    answers = [1, 1, 1, 2, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    section = us_section(encode.gpp({8: encode.answers(*answers)}), "usca")
    assert {word for word, choice in section.sensitive.items() if choice is SectionChoice.NOT_OPTED_OUT} == {
        "racial_ethnic_origin",
        "religious_beliefs",
        "union_membership",
    }
    assert section.opt_outs == dict.fromkeys(
        ("sale", "sharing", "targeted_advertising"), SectionChoice.NOT_OPTED_OUT
    )


def test_kinds_of_restrictions_have_the_numbers_of_the_format():
    assert [kind.value for kind in RestrictionKind] == [0, 1, 2, 3]
