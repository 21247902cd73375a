import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.trace import STATE_MAX_CHARS, STATE_MEMBERS_MAX, TraceContext, parse_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"

HEX = "0123456789abcdef"
KEY = st.from_regex(r"[a-z][a-z0-9_\-*/]{0,20}", fullmatch=True)
VALUE = st.from_regex(r"[!-+\--<>-~]{1,40}", fullmatch=True)
STATES = st.dictionaries(KEY, VALUE, max_size=STATE_MEMBERS_MAX).map(
    lambda pairs: [f"{key}={value}" for key, value in pairs.items()]
)


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (PARENT, True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-02", False),
        (f"00-{TRACE}-{SPAN}-ff", True),
        (f" {PARENT}\t", True),
        (f"01-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", True),
        (f"fe-{TRACE}-{SPAN}-01-", True),
    ],
)
def test_a_well_formed_header_is_read(header, sampled):
    assert parse_traceparent(header) == TraceContext(TRACE, SPAN, sampled=sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-001",
        f"00-{TRACE}-{SPAN}-0x",
        f"{PARENT}-",
        f"{PARENT}-extra",
        f" {PARENT}-extra",
        f"cc-{TRACE}-{SPAN}-01.extra",
        f"cc-{TRACE}-{SPAN}-01extra",
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00-{TRACE[:-1]}\N{ARABIC-INDIC DIGIT ONE}-{SPAN}-01",
        f"00_{TRACE}_{SPAN}_01",
        f"{PARENT}\n",
        f"\n{PARENT}",
        f"\N{NO-BREAK SPACE}{PARENT}",
        f"{PARENT},{PARENT}",
        "0" * 100_000,
        f"cc-{TRACE}-{SPAN}-01-\n",
    ],
)
def test_a_malformed_header_is_none(header):
    assert parse_traceparent(header, "a=b") is None


@pytest.mark.parametrize(
    ("header", "state"),
    [
        ("", ""),
        ("a=1", "a=1"),
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (" a=1 \t,\tb=2 ", "a=1,b=2"),
        ("a=1,,b=2,", "a=1,b=2"),
        ("tenant@system=1,0tenant@system=2", "tenant@system=1,0tenant@system=2"),
        ("a*/_-0=!~", "a*/_-0=!~"),
        ("a=one two", "a=one two"),
    ],
)
def test_a_well_formed_state_is_kept(header, state):
    context = parse_traceparent(PARENT, header)
    assert context == TraceContext(TRACE, SPAN, sampled=True, state=state)


@pytest.mark.parametrize(
    "header",
    [
        "a",
        "=",
        "a=",
        "=1",
        "a=1,b",
        "a=1=2",
        "a =1",
        "A=1",
        "0a=1",
        "a=1,a=2",
        "a=1,b=2,a=1",
        "@system=1",
        "tenant@0=1",
        f"tenant@{'s' * 15}=1",
        f"{'k' * 257}=1",
        f"k={'v' * 257}",
        "a=\u00e9",
        "a=\x7f",
        "a=1\n",
        "a=1\nb=2",
        "a=\x1b[31m",
        ",".join(f"k{number}=1" for number in range(STATE_MEMBERS_MAX + 1)),
        "a=1," * 100_000,
    ],
)
def test_a_malformed_state_is_dropped_and_the_rest_stands(header):
    assert parse_traceparent(PARENT, header) == TraceContext(TRACE, SPAN, sampled=True)


def test_a_long_state_loses_its_large_members_first_then_its_oldest():
    small = [f"k{number:02}={'v' * 50}" for number in range(15)]
    state = ",".join([*small[:5], f"big={'v' * 200}", *small[5:]])
    context = parse_traceparent(PARENT, state)
    assert context
    assert context.state == ",".join(small[:9])


@given(
    trace=st.text(HEX, min_size=32, max_size=32),
    span=st.text(HEX, min_size=16, max_size=16),
    flags=st.integers(0, 255),
    state=STATES,
)
def test_what_is_written_is_read(trace, span, flags, state):
    context = parse_traceparent(f"00-{trace}-{span}-{flags:02x}", ",".join(state))
    if int(trace, 16) == 0 or int(span, 16) == 0:
        assert context is None
        return
    assert context
    assert (context.trace_id, context.span_id, context.sampled) == (trace, span, flags % 2 == 1)
    kept = context.state.split(",") if context.state else []
    assert len(context.state) <= STATE_MAX_CHARS
    assert kept == [member for member in state if member in kept]
    if len(",".join(state)) <= STATE_MAX_CHARS:
        assert kept == state


@given(header=st.text(), state=st.text())
def test_nothing_raises(header, state):
    parse_traceparent(header, state)
    assert parse_traceparent(PARENT, state) is not None


@given(
    header=st.text(alphabet=HEX + "-\n\x00 F\u0661", max_size=70),
    state=st.text("ab=,@ \t\n\x1b\u00e9", max_size=40),
)
def test_what_comes_out_is_always_well_formed(header, state):
    for context in (parse_traceparent(header, state), parse_traceparent(PARENT, state)):
        if context:
            again = f"00-{context.trace_id}-{context.span_id}-{context.sampled:02x}"
            assert parse_traceparent(again, context.state) == context


@given(state=st.text("ab0@=,!\t ", max_size=60))
def test_a_state_that_was_read_reads_the_same_again(state):
    context = parse_traceparent(PARENT, state)
    assert context
    assert parse_traceparent(PARENT, context.state) == context
