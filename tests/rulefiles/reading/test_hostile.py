"""Files made to hurt, through the whole loader."""

import contextlib
import time

import pytest

from maitred.core.rules.faults import RulesetInvalid
from maitred.rulefiles import bounds

HEADER = "apiVersion: maitred/v1\nkind: Action\n"

LIMIT = "apiVersion: maitred/v1\nkind: Capacity\nname: x\napplies_to: {all: true}\n"

# A quarter of what is allowed: what is quadratic shows, and the suite stays short.
SIZE_BYTES = bounds.YAML_FILE_BYTES // 4


def filled(head, unit):
    """As much of a unit, numbered, as a file may hold."""
    parts, size = [head], len(head)
    for number in range(SIZE_BYTES):
        part = unit.replace("@", str(number))
        size += len(part.encode())
        if size > SIZE_BYTES:
            break
        parts.append(part)
    return "".join(parts)


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("", "---\nx\n"),
        ("", "---\n{}\n"),
        ("", "---\nkind: Action\n"),
        ("", "---\nkind: Acton\n"),
        (HEADER, "a: &x 1\n"),
        (HEADER, "k@: 1\n"),
        (HEADER + "channels:\n", "- c@\n"),
        (HEADER + "channels:\n", "- c\n"),
        (HEADER + "channels:\n", "- C@\n"),
        (HEADER + "eligibility:\n", "- x\n"),
        (HEADER + "eligibility:\n", "- require: customer.a@\n"),
        (HEADER + "eligibility:\n", "- require: syntax @\n"),
        (HEADER + "eligibility:\n- require: ", "a"),
        (HEADER + "eligibility:\n", f"- require: {'a' * 9990}\n- {'b' * 9000}: x\n"),
        (HEADER + "title: ", "${"),
        (HEADER + "title: ", "${a}"),
        (HEADER + "name: x\ntitle: x\ntype: offer\ntreatments: {pos: {say: [", "'${a@}',"),
        (HEADER + "name: x\ntitle: x\ntype: offer\ntreatments:\n", "  c@: {show: '${x'}\n"),
        ("apiVersion: maitred/v1\nkind: Context\nname: x\nattributes:\n  a.b: int\n", "  a.b.c@: int\n"),
        ("apiVersion: maitred/v1\nkind: Context\nname: x\nattributes:\n", "  a@: it\n"),
        ("apiVersion: maitred/v1\nkind: Situation\nname: x\nall:\n", "- s@\n"),
        ("apiVersion: maitred/v1\nkind: Eligibility\nname: x\napplies_to:\n  actions:\n", "  - a@\n"),
        (HEADER + "name: x\ntitle: x\ntype: offer\nalternatives:\n", "- a@\n"),
        (LIMIT + "window: lifetime\nlimit: 1\nper:\n", "- a@.b\n"),
        (LIMIT + "window: lifetime\nlimit: 1\nper:\n", "- customer\n"),
        (LIMIT + "per: []\nlimit: 1\nwindow: {rolling: ", "9"),
        (LIMIT + "per: []\nlimit: 1\nwindow: {rolling: ", "1w1d"),
        (LIMIT + "per: []\nwindow: lifetime\nlimit: ", "a."),
        (LIMIT + "per: []\nlimit: 1\nwindow:\n", "  w@: 1\n"),
    ],
)
def test_a_file_of_faults_ends_soon(bench, ruleset, head, unit):
    sources = ruleset(hostile__yaml=filled(head, unit))
    started = time.process_time()
    faults = bench.faults(sources)
    assert time.process_time() - started < 10
    assert len(faults) <= bounds.FAULTS + 1


@pytest.mark.parametrize("unit", ["a,b,c\n", "\x00\n", '"', "a\n", ",", "\n", "A,1\n", "x,2026-99-99\n"])
def test_tables_of_faults_end_soon(bench, ruleset, unit):
    table = """\
apiVersion: maitred/v1
kind: ActionTable
name: t
table: {file: t.csv, columns: {a: string, b: date}}
action: {name: "x-${row.a}", title: x, type: offer, live: {from: "${row.b}"}}
"""
    sources = ruleset(t__yaml=table, t__csv="a,b\n" + unit * (SIZE_BYTES // len(unit)))
    started = time.process_time()
    with contextlib.suppress(RulesetInvalid):
        bench.load(sources)
    assert time.process_time() - started < 10


def test_a_context_of_thousands_of_attributes(bench, ruleset):
    head = "apiVersion: maitred/v1\nkind: Context\nname: x\nattributes:\n"
    started = time.process_time()
    assert len(bench.load(ruleset(hostile__yaml=filled(head, "  a@.b: int\n"))).ruleset.attributes) > 10_000
    assert time.process_time() - started < 10
