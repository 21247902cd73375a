"""Strings that were cut, changed or made to hurt."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.privacy.signals import IabMapping, SignalState, verdict
from maitred.core.privacy.strings import MALFORMED, OPT_OUTS, SECTIONS, SENSITIVE, Tcf, VendorRanges
from maitred.iab import IabError, gpp_signal, read_gpp, read_tcf, tcf_signal
from maitred.iab.gpp import MAX_SECTIONS
from maitred.iab.reading import KEPT_CHARS, MAX_CHARS

NOW = datetime(2026, 11, 22, tzinfo=UTC)
UPDATED = NOW - timedelta(days=10)
TEXTS = st.text(st.sampled_from("ABCDIQYZabgz019-_.~="), max_size=80) | st.text(max_size=40)
HOSTILE_SECONDS = 1.0
"""Some twenty times what the worst string takes on a busy machine."""


@pytest.fixture(scope="session")
def a_tcf(encode):
    return encode.tcf(
        updated=UPDATED,
        purposes={1, 3, 9},
        interests={2, 7},
        features={1},
        vendors={2, 7, 30, 31, 32},
        vendor_interests={7, 9},
        rules=[(3, 0, {2}), (9, 1, {7, 8})],
        policy=5,
        as_ranges=True,
        disclosed={2, 7, 9, 30, 31, 32},
        own={1},
    )


@pytest.fixture(scope="session")
def a_gpp(encode, a_tcf):
    return encode.gpp({2: a_tcf, 6: "1YNN", 7: encode.answers(*[1] * 6, *[2] * 26, version=2, gpc=False)})


def granted(tcf):
    """All that a TCF string grants: purposes, alone and for each vendor."""
    return {
        (purpose, vendor)
        for purpose in range(1, 12)
        for vendor in (None, 2, 7, 9, 31)
        if verdict(
            IabMapping(
                tcf_purposes=frozenset({purpose}),
                tcf_legitimate_interest=frozenset({2, 7}),
                tcf_vendor=vendor,
            ),
            tcf,
            None,
            NOW,
        )
        is SignalState.GRANTED
    }


def test_the_string_grants_something(a_tcf):
    assert {(1, None), (1, 7), (7, 9), (3, 7), (9, 31)} <= granted(read_tcf(a_tcf))
    assert (3, 2) not in granted(read_tcf(a_tcf))


def test_a_cut_tcf_string_never_grants_what_the_whole_one_does_not(a_tcf):
    whole = granted(read_tcf(a_tcf))
    for length in range(len(a_tcf)):
        assert granted(tcf_signal(a_tcf[:length])) <= whole


def test_a_cut_gpp_string_grants_nothing_new(a_gpp):
    """Where it carries no GPC and no child: those stand in what may be left out, and cutting loses them."""
    whole = read_gpp(a_gpp)
    for length in range(len(a_gpp)):
        cut_signal = gpp_signal(a_gpp[:length])
        for word in OPT_OUTS | SENSITIVE:
            mapping = IabMapping(
                gpp_sections=SECTIONS, gpp_opt_outs=OPT_OUTS & {word}, gpp_sensitive=SENSITIVE & {word}
            )
            if verdict(mapping, None, cut_signal, NOW, is_opt_out=True) is SignalState.GRANTED:
                assert verdict(mapping, None, whole, NOW, is_opt_out=True) is SignalState.GRANTED


@given(st.data())
def test_changed_characters_raise_nothing_but_the_one_error(a_tcf, a_gpp, data):
    text = data.draw(st.sampled_from([a_tcf, a_gpp]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.sampled_from("ABCDIQYag9-_.~")) + text[at + 1 :]
    for signal, kind in ((tcf_signal, Tcf), (gpp_signal, Mapping)):
        parsed = signal(text)
        assert parsed is MALFORMED or isinstance(parsed, kind)


@given(TEXTS)
def test_any_text_is_read_or_raises_the_one_error(text):
    for signal in (tcf_signal, gpp_signal):
        assert signal(text) is not None or not text


@given(TEXTS, st.sampled_from(["DBABLA~B", "DBABLA~C", "DBABMA~C", "DBABDA~B", "DBABTA~1", "C", "B"]))
def test_any_text_after_an_honest_beginning_is_read_or_raises_the_one_error(text, beginning):
    for signal in (tcf_signal, gpp_signal):
        assert signal(beginning + text) is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("C" * (MAX_CHARS + 1), "longer than"),
        ("C" * 65_536, "longer than"),
        ("D" + "A" * 60, "version 3"),
        ("C" + "A" * 20, "middle of a field"),
        ("CA+A", "character outside"),
        ("CAAé", "character outside"),
        ("CAAA\n", "character outside"),
        (".", "is empty"),
    ],
)
def test_why_a_tcf_string_cannot_be_read(text, why):
    with pytest.raises(IabError, match=why):
        read_tcf(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("~", "is empty"),
        ("DBABLA", "announces 1 sections and has 0"),
        ("DBABLA~BVQqAAAAAgA~BVQqAAAAAgA", "announces 1 sections and has 2"),
        ("CBABLA~BVQqAAAAAgA", "type 2"),
        ("DCABLA~BVQqAAAAAgA", "version 2"),
        ("DBABLA~", "is empty or has an empty part, in section usnat"),
        ("DBABLA~D" + "A" * 11, "version 3, which is not known, in section usnat"),
        ("DBABLA~BVQqAAAAAgA.AA", "segment of type 0"),
        ("DBABLA~BVQqAAAAAgA.QA.QA", "number of parts"),
        ("DBABLA~BVQqAAAA_gA", "none of 0, 1 and 2"),
        ("DBABLA~BVQqAAAAAgA" + "A" * 40, "goes on after"),
        ("DBABTA~1yNN", "US Privacy"),
        ("DBABTA~1YNN\n", "US Privacy"),
        ("DBABLA" + "~" * (MAX_SECTIONS + 1), "number of sections"),
    ],
)
def test_why_a_gpp_string_cannot_be_read(text, why):
    with pytest.raises(IabError, match=why):
        read_gpp(text)


def test_error_texts_do_not_repeat_the_string():
    with pytest.raises(IabError) as caught:
        read_tcf("CjaneXdoe@example.org")
    assert "jane" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_header_that_names_billions_of_sections_costs_nothing(encode):
    bits = encode.number(3, 6) + encode.number(1, 6) + encode.number(4095, 12)
    bits += ("1" + encode.fibonacci(1) + encode.fibonacci(65_535)) * 200
    started = time.monotonic()
    assert gpp_signal(f"{encode.text(bits)}~1YNN") is MALFORMED
    assert time.monotonic() - started < HOSTILE_SECONDS


def test_ranges_that_name_every_vendor_again_and_again_are_bounded(encode):
    head = encode.tcf(updated=UPDATED, purposes={1})
    bits = "".join(
        encode.number("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(c), 6)
        for c in head
    )
    everybody = "1" + encode.number(1, 16) + encode.number(65_535, 16)
    core = bits[:213] + encode.number(65_535, 16) + "1" + encode.number(2_900, 12) + everybody * 2_900
    text = encode.text(core + "0" * 29)
    assert KEPT_CHARS < len(text) <= MAX_CHARS
    started = time.monotonic()
    tcf = read_tcf(text)
    assert 65_535 in tcf.vendor_consents
    assert sum(1 for _ in tcf.vendor_consents) == 65_535
    assert time.monotonic() - started < HOSTILE_SECONDS
    assert isinstance(tcf.vendor_consents, VendorRanges)
    assert len(tcf.vendor_consents.pairs) < len(text)


@pytest.mark.parametrize("pair", [(0, 5), (5, 4), (1, 901)])
def test_ranges_that_make_no_sense_are_refused(encode, pair):
    text = encode.tcf(updated=UPDATED)
    assert read_tcf(text)
    wrong = encode.number(900, 16) + "1" + encode.number(1, 12) + "1" + encode.number(pair[0], 16)
    segment = encode.text("001" + wrong + encode.number(pair[1], 16))
    with pytest.raises(IabError, match="range of ids"):
        read_tcf(f"{text}.{segment}")


def test_the_same_string_is_read_once(a_tcf, a_gpp):
    assert read_tcf(a_tcf) is read_tcf(a_tcf)
    assert read_gpp(a_gpp) is read_gpp(a_gpp)


@pytest.mark.parametrize("cmp_id", [0, 1])
def test_a_string_of_no_registered_platform_is_refused(encode, cmp_id):
    text = encode.tcf(updated=UPDATED, purposes={1}, cmp_id=cmp_id)
    assert tcf_signal(text) is MALFORMED
    inside = read_gpp(encode.gpp({2: text}))
    assert verdict(IabMapping(tcf_purposes=frozenset({1})), None, inside, NOW) is SignalState.DENIED


def test_a_segment_twice_or_unknown_is_refused(encode):
    text = encode.tcf(updated=UPDATED, disclosed={1})
    core, disclosed = text.split(".")
    for others in (f"{disclosed}.{disclosed}", encode.text("100" + "0" * 30), core):
        with pytest.raises(IabError, match="segment of type"):
            read_tcf(f"{core}.{others}")


def test_what_was_not_sent_is_no_signal():
    assert (tcf_signal(""), gpp_signal("")) == (None, None)
