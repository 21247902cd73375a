"""Locations from tables, and lists in files."""

import pytest
from tests.rules import document

from maitred.core.rules.ruleset import Location
from maitred.rulefiles.reading.csv_tables import read_lines


def test_lines_of_a_list():
    assert read_lines(b"\xef\xbb\xbfa\r\n\r\n  b c \n#d", None) == ["a", "b c", "#d"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("values: [a]\nfile: l.txt", "1:1 a list has either `values` or `file`"),
        ("description: x", "1:1 a list has either `values` or `file`"),
        ("values: [1]", "4:10 `1` is not text: put it in quotes"),
        ("values: [a, '']", "4:13 this is empty"),
        ("file: m.txt", "4:7 there is no file `m.txt` in the ruleset, did you mean `l.txt`?"),
        ("file: ../l.txt", "4:7 `../l.txt` is not the path"),
    ],
)
def test_faults_of_lists(bench, ruleset, fields, expected):
    text = document("List", "l", f"{fields}\n")
    faults = [
        fault
        for fault in bench.faults(ruleset(l__yaml=text, l__txt="a\n"))
        if fault.severity.value == "error"
    ]
    assert len(faults) == 1
    assert f"{faults[0].line}:{faults[0].column} {faults[0].message}".startswith(expected)


# Locations


STORES = document(
    "Locations",
    "stores",
    """\
table:
  file: stores.csv
  columns: {slots: int, region: {type: string, values: [east, west], purpose: service}}
""",
)


def stores(bench, ruleset, rows, document=STORES):
    return bench.load(ruleset(stores__yaml=document, stores__csv=rows)).ruleset


def test_locations_with_zones_and_attributes(bench, ruleset):
    rows = "id,timezone,slots,region\n1,America/New_York,7,east\nb-2,Asia/Tokyo,,\n"
    loaded = stores(bench, ruleset, rows)
    assert loaded.locations == {
        "1": Location("1", "America/New_York", {"location.slots": 7, "location.region": "east"}),
        "b-2": Location("b-2", "Asia/Tokyo", {}),
    }
    assert loaded.attributes["location.region"].purpose == "service"
    assert loaded.attributes["location.region"].allowed == ("east", "west")


def test_without_a_column_the_zone_is_that_of_the_ruleset(bench, ruleset):
    document = STORES.split("  columns", maxsplit=1)[0]
    assert stores(bench, ruleset, "id\n1\n", document).locations == {"1": Location("1", "Europe/Berlin", {})}


def test_without_locations_there_are_none(bench, ruleset):
    assert bench.load(ruleset()).ruleset.locations is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("id,slots,region\n1,x,east\n", "stores.csv:2:3 `x` in column `slots` is not of type int"),
        ("id,slots,region\n1,1,north\n", "stores.csv:2:5 `north` in column `region`"),
        ("id,slots,region,timezone\n1,1,east,Mars\n", "stores.csv:2:10 there is no time zone `Mars`"),
        ("id,slots,region,timezone\n1,1,east,\n", "stores.csv:2:10 there is no time zone"),
        ("id,slots,region\n1,1,east\n1,2,west\n", "stores.csv:3:1 location `1` stands already in line 2"),
        ("id,slots,region\n ,1,east\n", "stores.csv:2:1 ` ` cannot be the id of a location"),
        ("id,slots,region\n1 ,1,east\n", "stores.csv:2:1 `1 ` begins or ends with white space"),
        (f"id,slots,region\n{'x' * 129},1,east\n", "stores.csv:2:1 `xxx"),
        ("slots,region\n1,east\n", "stores.yaml:6:3 the table has no column `id`"),
    ],
)
def test_faults_of_locations(bench, ruleset, rows, expected):
    faults = bench.faults(ruleset(stores__yaml=STORES, stores__csv=rows))
    assert len(faults) == 1
    assert f"{faults[0].file}:{faults[0].line}:{faults[0].column} {faults[0].message}".startswith(expected)


def test_two_tables_of_locations_and_a_column_that_is_always_there(bench, ruleset):
    again = STORES.replace("name: stores", "name: zz").replace("slots: int", "id: string")
    rows = "id,slots,region\n"
    faults = bench.faults(
        ruleset(stores__yaml=STORES.replace("slots", "timezone"), z__yaml=again, stores__csv=rows)
    )
    assert [(fault.file, fault.line, fault.message[:22]) for fault in faults] == [
        ("stores.csv", 0, "column `slots` is not "),
        ("stores.yaml", 6, "column `timezone` is a"),
        ("z.yaml", 2, "there is another `Loca"),
    ]


def test_an_id_is_read_in_its_one_spelling(bench, ruleset):
    loaded = stores(bench, ruleset, "id,slots,region\ncafe\u0301,1,east\n")
    assert list(loaded.locations) == ["caf\u00e9"]
    faults = bench.faults(
        ruleset(stores__yaml=STORES, stores__csv="id,slots,region\ncafe\u0301,1,east\ncaf\u00e9,1,east\n")
    )
    assert [fault.message for fault in faults] == ["location `caf\u00e9` stands already in line 2: keep one"]
