"""Tables of actions and of locations, and lists in files."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.core.rules.ruleset import Live
from maitred.core.rules.treatments import Placeholder, Treatment
from maitred.core.values.kinds import type_of
from maitred.core.values.types import Attribute
from maitred.rulefiles import bounds
from maitred.rulefiles.reading.csv_tables import Row, cell_column, cell_reader, read_lines, read_table

COUPONS = """\
apiVersion: maitred/v1
kind: ActionTable
name: coupons
table:
  file: coupons.csv
  columns: {campaign: string, code: string, products: list<string>, start: date, end: date, worth: double}
action:
  name: coupon-${row.campaign}-${row.code}
  title: Coupon ${row.code}
  type: offer
  labels: {campaign: "${row.campaign}", group: coupons}
  channels: [pos]
  live: {from: "${row.start}", until: "${row.end}", timezone: location}
  eligibility:
    - require: row.campaign in customer.campaigns
    - require: customer.age > 17
      reason: adults-only
  score: row.worth
  treatments:
    pos: {show: "${row.code} for ${customer.tier}", say: Hello}
"""

ROWS = """\
campaign,code,products,start,end,worth
a,10,1 2 3,2026-01-01,2026-02-28,1.50
b,9,,2026-03-01,,0
"""


@pytest.fixture
def with_table(bench, ruleset):
    def load(rows=ROWS, document=COUPONS):
        return bench.load(ruleset(coupons__yaml=document, coupons__csv=rows))

    return load


@pytest.fixture
def table_faults(bench, ruleset):
    def faults(rows=ROWS, document=COUPONS):
        messages = bench.faults(ruleset(coupons__yaml=document, coupons__csv=rows))
        return [
            f"{fault.file}:{fault.line}:{fault.column} {fault.message}"
            for fault in messages
            if fault.severity.value == "error"
        ]

    return faults


def test_every_row_is_an_action(with_table):
    first, second, _ = with_table().ruleset.actions
    assert (first.name, first.title) == ("coupon-a-10", "Coupon 10")
    assert first.labels == {"campaign": "a", "group": "coupons"}
    assert first.live == Live(date(2026, 1, 1), date(2026, 2, 28))
    assert second.live == Live(date(2026, 3, 1))
    assert [need.rule for need in first.requirements] == ["coupons", "adults-only"]
    assert first.treatments["pos"] == Treatment(
        say=(("Hello",),), show=("10 for ", Placeholder("customer.tier"))
    )


def test_a_template_is_compiled_once_and_bound_to_every_row(with_table, bench):
    with_table()
    compiler = bench.compilers[1]
    assert sorted(compiler.compiled) == [
        "customer.age > 17",
        "row.campaign in customer.campaigns",
        "row.worth",
    ]
    assert str(compiler.attributes["row.products"].type) == "list<string>"
    assert str(compiler.attributes["row.start"].type) == "date"
    assert not any(name.startswith("row.") for name in bench.compilers[0].attributes)
    rows = [row for row in compiler.bound if row]
    first = {"row.campaign": "a", "row.code": "10", "row.products": ("1", "2", "3"), "row.worth": 1.5}
    second = {"row.campaign": "b", "row.code": "9", "row.products": (), "row.worth": 0.0}
    rows = [{name: row[name] for name in row if name not in {"row.start", "row.end"}} for row in rows]
    assert rows == [first, first, second, second]


def test_conditions_that_read_no_row_are_shared(with_table):
    first, second, _ = with_table().ruleset.actions
    assert first.requirements[1].condition is second.requirements[1].condition
    assert first.requirements[0].condition is not second.requirements[0].condition


def test_texts_of_cells_are_kept_as_they_are(with_table):
    document = COUPONS.replace('show: "${row.code}', 'show: "100% ${row.worth} $${x} %s ${row.code}')
    action = with_table(document=document).ruleset.actions[0]
    assert action.treatments["pos"].show == ("100% 1.50 ${x} %s 10 for ", Placeholder("customer.tier"))


def test_eligibility_and_hours_reach_rows(bench, ruleset):
    document = COUPONS.replace("timezone: location", 'hours: "${row.worth}", timezone: "${row.code}"')
    rows = "campaign,code,products,start,end,worth\na,Asia/Tokyo,,,,10:00-11:00\n"
    document = document.replace("worth: double", "worth: string").replace("-${row.code}", "")
    shared = "apiVersion: maitred/v1\nkind: Eligibility\nname: e\napplies_to: {labels: {campaign: a}}\n"
    shared += "eligibility: [{require: customer.age > 3}]\n"
    actions = bench.load(ruleset(coupons__yaml=document, coupons__csv=rows, e__yaml=shared)).ruleset.actions
    assert actions[0].live == Live(hours=((600, 660),), zone="Asia/Tokyo")
    assert [need.rule for need in actions[0].requirements] == ["coupons", "adults-only", "e"]


def test_a_table_without_rows_has_no_actions(with_table):
    assert [action.name for action in with_table(ROWS.split("\n", maxsplit=1)[0]).ruleset.actions] == [
        "pizza"
    ]


def test_columns_that_are_not_declared_are_told(with_table):
    rows = "extra,campaign,code,products,start,end,worth\nx,a,10,,,,1\n"
    assert [fault.message for fault in with_table(rows).warnings] == [
        "column `extra` is not declared and not read"
    ]


HEADER = "campaign,code,products,start,end,worth\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "coupons.csv:1:1 the table is empty: write a header line"),
        ("campaign,code\n", "coupons.yaml:6:45 the table has no column `products`"),
        (HEADER + "a,10,,,,1,2\n", "coupons.csv:2:1 this row has 7 cells, the header has 6"),
        (HEADER + "a,10\n", "coupons.csv:2:1 this row has 2 cells, the header has 6"),
        (HEADER + "a,10,,2026-1-1,,1\n", "coupons.csv:2:7 `2026-1-1` is not a date"),
        (HEADER + "a,10,,2026-02-02,2026-02-01,1\n", "coupons.csv:2:18 `2026-02-01` is before `2026-02-02`"),
        (
            HEADER + "a,10,,,,x\n",
            "coupons.csv:2:9 `x` in column `worth` is not of type double: write it like `1.5`",
        ),
        (HEADER + "a,10,,,,\n", "coupons.csv:2:9 column `worth` is empty"),
        (HEADER + "a,10,,,,nan\n", "coupons.csv:2:9 `nan` in column `worth`"),
        (HEADER + "a,10,,,,1e999\n", "coupons.csv:2:9 `1e999` in column `worth`"),
        (HEADER + '"a",10,,,,x\n', "coupons.csv:2:9 `x`"),
        (HEADER + '"a,b",10,,,,1\n', "coupons.csv:2:1 `coupon-a,b-10` cannot be the name of an action"),
        (
            HEADER + "a,10,,,,1\nA,10,,,,1\n",
            "coupons.csv:3:1 this row gives another action `coupon-A-10`, `coupon-a-10` but for letter case,",
        ),
        (HEADER + "unusable,10,,,,1\n", "coupons.csv:2:1 `row.campaign` is unusable here"),
        (HEADER + 'a,10,"1\n2",,,1\nb,9,,,,x\n', "coupons.csv:4:8 `x`"),
        (
            HEADER + "a,10,,,,1\na,10,,,,2\n",
            "coupons.csv:3:1 this row gives another action `coupon-a-10` as coupons.csv line 2",
        ),
        (HEADER + '"a,10,,,,1\n', "coupons.csv:2:1 this is not valid CSV"),
        (HEADER + '"a"b,10,,,,1\n', "coupons.csv:2:1 this is not valid CSV"),
        (HEADER + "a\x00,10,,,,1\n", "coupons.csv:2:2 the character U+0000"),
        (HEADER + "a\u202e,10,,,,1\n", "coupons.csv:2:2 the character U+202E"),
        ("code,code,campaign,products,start,end,worth\n", "coupons.csv:1:1 column `code` stands here twice"),
        (
            "code;campaign;products\na;b;1\n",
            "coupons.csv:1:5 the columns are divided by `;`: save the table as CSV with commas",
        ),
        (
            "\ufeffcode\tcampaign\n",
            "coupons.csv:1:5 the columns are divided by tabs: save the table as CSV with commas",
        ),
    ],
)
def test_faults_of_rows(table_faults, rows, expected):
    assert table_faults(rows)[0].startswith(expected)


def test_bytes_that_are_no_text(bench, ruleset):
    sources = {**ruleset(coupons__yaml=COUPONS), "coupons.csv": HEADER.encode() + b"a,1\xff,,,,1\n"}
    (fault,) = [fault for fault in bench.faults(sources) if fault.severity.value == "error"]
    assert (fault.file, fault.line, fault.column) == ("coupons.csv", 2, 4)


def test_all_faults_of_all_rows_at_once(table_faults):
    rows = HEADER + "a,10,,,,x\nb,10,,,,1\nc,10,,,,y\nd,10,,x,,1\n"
    assert [fault.split(" ")[0] for fault in table_faults(rows)] == [
        "coupons.csv:2:9",
        "coupons.csv:4:9",
        "coupons.csv:5:7",
    ]


@pytest.mark.parametrize(
    ("find", "put", "expected"),
    [
        (
            "file: coupons.csv",
            "file: coupon.csv",
            "5:9 there is no file `coupon.csv` in the ruleset, did you mean",
        ),
        ("file: coupons.csv", "file: ../coupons.csv", "5:9 `../coupons.csv` is not the path of a file"),
        ("file: coupons.csv", "file: /etc/passwd", "5:9 `/etc/passwd` is not the path of a file"),
        ("file: coupons.csv", "file: x/./y.csv", "5:9 `x/./y.csv` is not the path of a file"),
        ("file: coupons.csv", "file: .git/x.csv", "5:9 `.git/x.csv` is not the path of a file"),
        ("file: coupons.csv", "file: pizza.yaml", "5:9 there is no file `pizza.yaml`"),
        (
            "{campaign: string",
            "{Campaign : string, campaign: string",
            "6:13 the table has no column `Campaign`",
        ),
        ("{campaign: string", "{campaign: text", "6:23 `text` is not known here"),
        ("{campaign: string", "{in: string, campaign: string", "6:13 `in` cannot be a column"),
        (
            "coupon-${row.campaign}-${row.code}",
            "coupon",
            "8:9 every row would give an action of the same name",
        ),
        (
            "title: Coupon ${row.code}",
            "title: ${row.cod}",
            "9:12 the table has no declared column `cod`, did you",
        ),
        ("title: Coupon ${row.code}", "title: ${customer.tier}", "9:12 `${customer.tier}` cannot stand here"),
        (
            '${row.campaign}", group',
            '${row.campain}", group',
            "11:25 the table has no declared column `campain`",
        ),
        ("group: coupons", "group: größe", "11:48 `größe` cannot be the value of a label"),
        ("timezone: location", "timezone: locatoin", "13:63 there is no time zone `locatoin`"),
        ("require: row.campaign in", "require: row.campain in", "15:16 undeclared reference `row.campain`"),
        ("pos: {show", "poss: {show", "20:5 the action is not on channel `poss`"),
        ("${customer.tier}", "${customer.teir}", "20:36 there is no attribute `customer.teir`, did you mean"),
        ("type: offer", "type: offer\n  rollout: {groups: [staff]}", "11:22 there is no list `staff`"),
    ],
)
def test_faults_of_a_template(table_faults, find, put, expected):
    assert find in COUPONS
    faults = table_faults(document=COUPONS.replace(find, put))
    assert faults[0].startswith(f"coupons.yaml:{expected}"), faults


def test_a_row_of_fourteen_thousand_products(with_table, bench):
    products = [str(number) for number in range(1_000_000, 1_014_000)]
    with_table(HEADER + f"a,10,{' '.join(products)},,,1\n")
    assert bench.compilers[1].bound[-1]["row.products"] == tuple(products)


def test_tables_over_their_limit(table_faults, monkeypatch):
    monkeypatch.setattr(bounds, "TABLE_FILE_BYTES", 1 << 20)
    assert table_faults(HEADER + "x" * (1 << 20))[0] == "coupons.csv:0:0 the file is over 1 MiB: split it"


# Cells


@pytest.mark.parametrize(
    ("type_name", "cell", "value"),
    [
        ("bool", "true", True),
        ("bool", "True", None),
        ("bool", "1", None),
        ("int", "-12", -12),
        ("int", "007", 7),
        ("int", "9223372036854775807", 2**63 - 1),
        ("int", "9223372036854775808", None),
        ("int", "1" * 5000, None),
        ("int", "1.0", None),
        ("int", " 1", None),
        ("int", "1_0", None),
        ("int", "\u0661", None),
        ("double", "1.50", 1.5),
        ("double", "2", 2.0),
        ("double", "inf", None),
        ("double", "0x10", None),
        ("string", " a b ", " a b "),
        ("string", "", ""),
        ("timestamp", "2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("timestamp", "2026-01-02T03:04:05", None),
        ("duration", "1h30m", timedelta(minutes=90)),
        ("duration", "90", None),
        ("list<string>", "a  b", ("a", "b")),
        ("list<string>", "", ()),
        ("list<int>", "1 2", (1, 2)),
        ("list<int>", "1 x", None),
        ("list<bool>", "true false", (True, False)),
        ("list<duration>", "1s 2m", (timedelta(seconds=1), timedelta(minutes=2))),
    ],
)
def test_value_of_a_cell(type_name, cell, value):
    read = cell_reader(Attribute("row.x", type_of(type_name)))(cell)
    assert read == value
    assert type(read) is type(value)


def test_a_cell_outside_the_declared_values_is_none():
    read = cell_reader(Attribute("location.x", type_of("string"), allowed=("a", "b")))
    assert (read("a"), read("c")) == ("a", None)


@given(st.lists(st.lists(st.text('ab," \n', max_size=4), min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_table_is_read_as_it_was_written(rows):
    def cell(text):
        return '"' + text.replace('"', '""') + '"'

    text = "x,y\r\n" + "".join(",".join(map(cell, row)) + "\r\n" for row in rows)
    table = read_table("t.csv", text.encode(), None)
    assert [row.cells for row in table.rows] == rows
    assert table.rows[0].line == 2


@given(st.lists(st.text('ab," ', max_size=5), min_size=1, max_size=5), st.data())
def test_the_column_of_a_cell(cells, data):
    index = data.draw(st.integers(0, len(cells) - 1))
    quoted = ['"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"') else cell for cell in cells]
    assert cell_column(Row(1, cells), index) == len(",".join([*quoted[:index], ""])) + 1


@given(st.binary(max_size=80))
def test_no_bytes_raise(data):
    faults = []
    table = read_table("t.csv", data, lambda *fault: faults.append(fault))
    assert table or faults
    assert not table or all(len(row.cells) == len(table.header) for row in table.rows)
    lines = read_lines(data, lambda *fault: faults.append(fault))
    assert all(line and line == line.strip() for line in lines)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_with_too_many_rows_is_not_read(with_table, table_faults, monkeypatch, end):
    monkeypatch.setattr(bounds, "TABLE_ROWS", 2)
    assert len(with_table(ROWS.replace("\n", end)).ruleset.actions) == 3
    more = ROWS + "c,8,,2026-03-01,,x\n"
    assert table_faults(more.replace("\n", end)) == [
        "coupons.csv:0:0 the table has more than 2 rows: divide it, or leave rows out"
    ]


def test_lines_inside_of_cells_and_empty_ones_are_no_rows(monkeypatch):
    monkeypatch.setattr(bounds, "TABLE_ROWS", 2)
    table = read_table("t.csv", b'x,y\n\n"1\n2\n3",4\n5,"6\n7"\n\n', None)
    assert [row.cells for row in table.rows] == [["1\n2\n3", "4"], ["5", "6\n7"]]


def test_no_more_actions_are_made_than_there_may_be(table_faults, monkeypatch):
    monkeypatch.setattr(bounds, "ACTIONS", 1)
    # The third row is faulty, and is not looked at.
    assert table_faults(ROWS + "c,8,,2026-03-01,,x\n") == [":0:0 there are more than 1 actions"]
