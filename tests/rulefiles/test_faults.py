"""What is wrong with documents: place, words, and all of it at once."""

import inspect
import re

import pytest

from maitred.core.rules.faults import Severity
from maitred.rulefiles.messages import file_messages, limit_messages, rule_messages


def shown(fault):
    return f"{fault.line}:{fault.column} {fault.message}"


@pytest.fixture
def action_faults(bench, ruleset):
    """Faults of the one action with more lines, as ``line:column message``."""

    def of(more):
        return [shown(fault) for fault in bench.faults(ruleset(more)) if fault.file == "pizza.yaml"]

    return of


# Line 7 is the first line of the text.
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("owner: 7\n", "7:8 `7` is not text: put it in quotes"),
        ("owner: true\n", "7:8 `true` is not text: put it in quotes"),
        ("owner:\n", "7:7 a value is missing: write text"),
        ("owner: [x]\n", "7:8 this must be text, not a list"),
        ("weather: red\n", "7:1 there is no field `weather` here: known are"),
        ("lables: {a: b}\n", "7:1 there is no field `lables` here, did you mean `labels`?"),
        ("live: {form: 2026-01-01}\n", "7:8 there is no field `form` here, did you mean `from`?"),
        ("consent: [perks]\n", "7:11 `consent` needs a document of kind `Privacy`"),
        ("consent: []\n", "7:10 this is empty"),
        ("consent: [No Way]\n", "7:11 `No Way` cannot be a name"),
        ("rollout:\n", "7:9 a value is missing: write a mapping, or leave it out"),
        ("claim_within:\n", "7:14 a value is missing: write `7d`"),
        ("rollout: {percent: 5, guard: }\n", "7:30 a value is missing: write a mapping, or leave it out"),
        ("rollout: {}\n", "7:10 a rollout says to whom: give `percent`, `steps`, `groups` or `locations`"),
        ("rollout: {salt: x}\n", "7:10 a rollout says to whom"),
        ("rollout: {percent: 101}\n", "7:20 "),
        ("rollout: {percent: -1}\n", "7:20 "),
        ("rollout: {percent: ten}\n", "7:20 "),
        ("rollout: {steps: []}\n", "7:18 this is empty"),
        ("rollout: {steps: [{from: 2026-13-01, percent: 1}]}\n", "7:26 `2026-13-01` is not a date"),
        ("rollout: {percent: 5, steps: [{from: 2026-12-01, percent: 1}]}\n", "7:31 a rollout only grows"),
        (
            "rollout: {steps: [{from: 2026-12-02, percent: 1}, {from: 2026-12-01, percent: 2}]}\n",
            "7:51 a rollout only grows",
        ),
        ("rollout: {groups: [stafff]}\n", "7:20 there is no list `stafff`"),
        ("alternatives: [x]\n", "7:16 there is no action `x` to stand in"),
        ("labels: {group: [x]}\n", "7:17 this must be text, not a list"),
        ("labels: {group: größe}\n", "7:17 `größe` cannot be the value of a label"),
        ("labels: {gr\u043eup: x}\n", "7:10 `gr\u043eup` cannot stand here"),
        ("labels: perks\n", "7:9 `perks` is not a mapping"),
        ("live: {from: 2026-02-30}\n", "7:14 `2026-02-30` is not a date: that month ends on `2026-02-28`"),
        ("live: {from: 20260101}\n", "7:14 `20260101` is not a date: write `2026-01-01`"),
        ('live: {from: "20260101"}\n', "7:14 `20260101` is not a date"),
        ("live: {from: 2026-02-02, until: 2026-02-01}\n", "7:33 `2026-02-01` is before `2026-02-02`"),
        ("live: {days: []}\n", "7:14 this is empty: write something or remove the field"),
        ("live: {hours: []}\n", "7:15 this is empty: write something or remove the field"),
        ("live: {days: [tue, thu, tu]}\n", "7:25 `tu` is not known here: write `tue`"),
        ("live: {days: [tue, tue]}\n", "7:14 `tue` stands here twice"),
        ("live: {hours: 11-22}\n", "7:15 `11-22` is not a span of hours: write `11:00-22:00`"),
        ('live: {hours: ["10:00-11:00", "24:30-25:00"]}\n', "7:31 `24:30-25:00` is not a span of hours"),
        ('live: {hours: "09:00-24:01"}\n', "7:15 `09:00-24:01` is not a span of hours"),
        ('live: {hours: "09:00-09:00"}\n', "7:15 `09:00-09:00` ends when it starts"),
        ("live: {timezone: Europe/Berln}\n", "7:18 there is no time zone `Europe/Berln`, did you mean"),
        ("live: {timezone: ../../etc/passwd}\n", "7:18 there is no time zone `../../etc/passwd`"),
        ("live: {timezone: localtime}\n", "7:18 there is no time zone `localtime`"),
        ("score: .nan\n", "7:8 `.nan` is not a finite number"),
        ("score: [1]\n", "7:8 a score is a finite number or a CEL expression"),
        ("score: true\n", "7:8 a score is a finite number or a CEL expression"),
        ("score: ''\n", "7:8 a score is a finite number or a CEL expression"),
        ("score: customer.pizza * 2\n", "7:8 undeclared reference `customer.pizza`"),
        ("eligibility: customer.age > 3\n", "7:14 `customer.age > 3` is not a list"),
        (
            "eligibility: [customer.age > 3]\n",
            "7:15 `customer.age > 3` is not a mapping: write `require: customer.age > 3`",
        ),
        ("eligibility:\n  - reason: x\n", "8:5 `require` is missing"),
        ("eligibility:\n  - require: ''\n", "8:14 this is empty"),
        ("eligibility:\n  - require: 3\n", "8:14 `3` is not text: put it in quotes"),
        ("eligibility:\n  - require: syntax\n", "8:14 this does not parse"),
        ("eligibility:\n  - require: row.x == 1\n", "8:14 undeclared reference `row.x`"),
        ("treatments: {poss: {show: x}}\n", "7:14 the action is not on channel `poss`, did you mean `pos`?"),
        ("treatments: {pos: {show: '${customer.agee}'}}\n", "7:29 there is no attribute `customer.agee`"),
        ("treatments: {pos: {show: 'a ${customer.age'}}\n", "7:29 `${` is not closed"),
        ("treatments: {pos: {say: [a, '${x}']}}\n", "7:32 there is no attribute `x`"),
        ("treatments: {pos: {shw: x}}\n", "7:20 there is no field `shw` here, did you mean `show`?"),
        (
            "treatments: {pos: {show: '${hold.expire}'}}\n",
            "7:29 there is no attribute `hold.expire`, did you mean `hold.expires`?",
        ),
    ],
)
def test_a_fault_of_an_action(action_faults, more, expected):
    faults = action_faults(more)
    assert len(faults) == 1
    assert faults[0].startswith(expected)


@pytest.mark.parametrize(
    ("find", "put", "expected"),
    [
        ("maitred/v1", "maitred/v2", "1:13 `maitred/v2` is not known here, did you mean `maitred/v1`?"),
        ("apiVersion: maitred/v1\n", "", "1:1 `apiVersion` is missing"),
        ("kind: Action\n", "", "1:1 `kind` is missing: write one of"),
        ("kind: Action", "kind: Actoin", "2:7 there is no kind `Actoin`, did you mean `Action`?"),
        ("kind: Action", "kind: [Action]", "2:7 this must be text, not a list"),
        ("kind: Action", "kind: Test", "2:7 kind `Test` is not supported yet"),
        ("name: pizza", "name: .pizza", "3:7 `.pizza` cannot be the name of an action"),
        ("name: pizza", "name: p\u0456zza", "3:7 `p\u0456zza` cannot be the name of an action"),
        ("name: pizza", "name: ../pizza", "3:7 `../pizza` cannot be the name of an action"),
        ("name: pizza", f"name: {'p' * 129}", "3:7 `pppp"),
        ("name: pizza\n", "", "1:1 `name` is missing"),
        ("title: Pizza\n", "", "1:1 `title` is missing"),
        ("title: Pizza", "title: ${customer.tier}", "4:10 `${customer.tier}` cannot stand here"),
        ("title: Pizza", "title: ''", "4:8 this is empty"),
        ("title: Pizza", f"title: {'x' * 2001}", "4:8 this is too long: at most 2000 characters"),
        ("type: offer", "type: ofer", "5:7 `ofer` is not known here, did you mean `offer`?"),
        (
            "type: offer",
            "type:",
            "5:6 a value is missing: write one of `gesture`, `message`, `offer`, `service`",
        ),
        ("type: offer", "type: OFFER", "5:7 `OFFER` is not known here"),
        ("[pos]", "[POS]", "6:12 `POS` cannot be a name"),
        ("[pos]", "[]", "6:11 this is empty: write something or remove the field"),
        ("[pos]", "pos", "6:11 `pos` is not a list: write `[pos]`"),
        ("[pos]", "[pos, pos]", "6:11 `pos` stands here twice"),
    ],
)
def test_a_fault_of_what_every_action_has(bench, ruleset, find, put, expected):
    sources = ruleset()
    assert find in sources["pizza.yaml"]
    sources["pizza.yaml"] = sources["pizza.yaml"].replace(find, put)
    faults = [shown(fault) for fault in bench.faults(sources)]
    assert len(faults) == 1
    assert faults[0].startswith(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [("- a\n", "a document is a mapping"), ("x\n", "a document is a mapping"), ("{}\n", "`kind` is missing")],
)
def test_what_is_no_document(bench, ruleset, text, words):
    (fault,) = bench.faults(ruleset(other__yaml=text))
    assert (fault.file, fault.line, fault.column) == ("other.yaml", 1, 1)
    assert words in fault.message


def test_no_files_and_no_ruleset(bench, ruleset):
    assert "no rule file" in bench.faults({})[0].message
    assert "no rule file" in bench.faults({"t.csv": "a\n"})[0].message
    assert "no document of kind `Ruleset`" in bench.faults({"a.yaml": "# nothing\n"})[-1].message
    sources = ruleset()
    text = sources["ruleset.yaml"].split("---\n")[1]
    (fault,) = bench.faults({**sources, "ruleset.yaml": text})
    assert (fault.file, fault.message[:11]) == ("", "there is no")


def test_two_rulesets(bench, ruleset):
    again = ruleset()["ruleset.yaml"].split("---\n")[0].replace("name: test", "name: other")
    (fault,) = bench.faults(ruleset(z__yaml=again))
    assert shown(fault) == "2:7 there is another `Ruleset` in z.yaml: a ruleset has one"


def test_a_name_twice_in_one_kind_but_not_in_two(bench, ruleset):
    twice = ruleset()["pizza.yaml"]
    (fault,) = bench.faults(ruleset(second__yaml=twice))
    assert fault.file == "second.yaml"
    assert shown(fault) == "3:7 there is another Action `pizza` in pizza.yaml: rename one"
    other = "apiVersion: maitred/v1\nkind: List\nname: pizza\nvalues: [x]\n"
    assert bench.load(ruleset(list__yaml=other)).ruleset.actions


def test_a_channel_that_the_ruleset_does_not_list(bench, ruleset):
    sources = ruleset("treatments: {pos: {show: x}}\n")
    head = "timezone: Europe/Berlin\n"
    sources["ruleset.yaml"] = sources["ruleset.yaml"].replace(head, head + "channels: [pod, mobile]\n")
    (fault,) = bench.faults(sources)
    assert shown(fault) == "6:12 channel `pos` is not in `channels` of the `Ruleset`, did you mean `pod`?"


def test_a_number_as_version_is_kept_but_not_one_with_a_point(bench, ruleset):
    sources = ruleset()
    text = sources["ruleset.yaml"]
    assert bench.load({**sources, "ruleset.yaml": text.replace('"1"', "7")}).ruleset.version == "7"
    (fault,) = bench.faults({**sources, "ruleset.yaml": text.replace('"1"', "1.10")})
    assert "put it in quotes" in fault.message


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("age: int", "cannot be an attribute"),
        ("customer.: int", "cannot be an attribute"),
        ("customer.größe: int", "cannot be an attribute"),
        ("customer.\u0430ge: int", "cannot be an attribute"),
        ("customer.in: int", "`in` is a word of CEL"),
        ("package.size: int", "`package` is a word of CEL"),
        ("location.size: int", "declare it as a column of `Locations`"),
        ("row.size: int", "declare it as a column of an `ActionTable`"),
        ("list.size: int", "write a `List`"),
        ("situation.vip: bool", "write a `Situation`"),
        ("hold.expires: timestamp", "it is what a proposal holds"),
        ("customer.age: int", "`customer.age` stands here twice"),
        ("customer.age.years: int", "lies inside attribute `customer.age`"),
        ("customer.id: int", "comes with every request as string"),
        ("basket.size: integer", "`integer` is not known here"),
        ("basket.size: list<list<int>>", "is not known here"),
        ("basket.size: {type: int, values: [1, x]}", "`x` is not of type int"),
        ("basket.size: {type: int, values: [true]}", "`true` is not of type int"),
        ("basket.size: {type: int, purpose: No Way}", "cannot be a name"),
        ("basket.size: {typ: int}", "no field `typ`"),
        ("basket.at: {type: timestamp, values: [yesterday]}", "`yesterday` is not of type timestamp"),
    ],
)
def test_a_fault_of_an_attribute(bench, ruleset, attribute, words):
    sources = ruleset()
    sources["ruleset.yaml"] += f"  {attribute}\n"
    faults = bench.faults(sources)
    assert any(words in fault.message for fault in faults), faults
    assert {fault.line for fault in faults} == {16}


def test_an_attribute_in_two_contexts(bench, ruleset):
    other = "apiVersion: maitred/v1\nkind: Context\nname: other\nattributes: {customer.age: int}\n"
    (fault,) = bench.faults(ruleset(z__yaml=other))
    assert shown(fault) == "4:14 attribute `customer.age` is also declared in ruleset.yaml: keep one"


def test_what_comes_with_every_request_may_be_declared_with_a_purpose(bench, ruleset):
    sources = ruleset()
    sources["ruleset.yaml"] += "  customer.id: {type: string, purpose: perks}\n  now: timestamp\n"
    assert bench.load(sources).ruleset.attributes["customer.id"].purpose == "perks"


def test_all_faults_of_all_files_at_once_in_order(bench, ruleset):
    sources = ruleset(
        "rollout: [x]\nlive: {days: [x]}\neligibility:\n  - require: customer.agee > 3\n",
        broken__yaml="a: [\n",
        doubled__yaml="apiVersion: maitred/v1\nkind: List\nname: a\nname: b\nvalues: [x]\n",
        eligible__yaml="apiVersion: maitred/v1\nkind: Eligibility\nname: e\napplies_to: {actions: [pizzza]}\n"
        "eligibility: [{require: syntax}]\n",
        fact__yaml="apiVersion: maitred/v1\nkind: Situation\nname: s\nall: [t, row.x]\n",
    )
    assert [(fault.file, fault.line, fault.column) for fault in bench.faults(sources)] == [
        ("broken.yaml", 1, 4),
        ("doubled.yaml", 4, 1),
        ("eligible.yaml", 4, 24),
        ("eligible.yaml", 5, 25),
        ("fact.yaml", 4, 7),
        ("fact.yaml", 4, 10),
        ("pizza.yaml", 7, 10),
        ("pizza.yaml", 8, 15),
        ("pizza.yaml", 10, 14),
    ]


def test_every_fault_has_its_source_line(bench, ruleset):
    (fault,) = bench.faults(ruleset("labels: {group: größe}\n"))
    assert fault.text == "labels: {group: größe}"
    assert fault.severity is Severity.ERROR


def test_what_follows_from_a_told_fault_is_not_told(bench, ruleset):
    """An attribute whose declaration is broken is no unknown one; a truly unknown one is."""
    uses = "eligibility:\n  - require: basket.size > 3\n  - require: basket.seize > 3\n"
    sources = ruleset(uses + "treatments: {pos: {show: '${basket.size} ${basket.seize}'}}\n")
    sources["ruleset.yaml"] += "  basket.size: imt\n"
    assert [(fault.file, fault.line) for fault in bench.faults(sources)] == [
        ("pizza.yaml", 9),
        ("pizza.yaml", 10),
        ("ruleset.yaml", 16),
    ]


def test_a_ruleset_document_that_cannot_be_read_is_not_missing(bench, ruleset):
    sources = ruleset()
    sources["ruleset.yaml"] = "a: [\n" + sources["ruleset.yaml"]
    assert [fault.file for fault in bench.faults(sources)] == ["ruleset.yaml"]


def test_faults_are_bounded(bench, ruleset):
    needs = "".join(f"  - require: customer.x{number} > 1\n" for number in range(1500))
    faults = bench.faults(ruleset("eligibility:\n" + needs))
    assert len(faults) == 1001
    assert faults[-1].message == "500 more are not shown: repair these first"


@pytest.mark.parametrize("module", [file_messages, rule_messages, limit_messages])
def test_messages_are_in_house_style(module):
    """Lower case, no full stop, balanced backticks; with any word put in."""
    helpers = {"quoted", "listed", "did_you_mean", "yaml_word", "_number"}
    named = {
        "known": ["word"],
        "header": ["word"],
        "limit": 2**20,
        "count": 3,
        "wanted": 4,
        "line": 5,
        "circle": ["a"] * 99,
        "channels": ["word"],
        "locations": ["word", "other"],
        "at_most": 8,
        "limit_ns": 3_000_000,
        "max_length": 8,
        "least": 1,
        "ns": 2_000_000,
        "worst": 1_000_000,
        "given": {"attribute": "word", "x": 1},
    }
    named |= dict.fromkeys(("type_name", "what", "place", "why", "problem", "kind", "counts"), "word")
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__ or name in helpers:
            continue
        arguments = {key: named.get(key, "x\n" + "w" * 300) for key in inspect.signature(function).parameters}
        message = function(**arguments) if name != "reserved_root" else function("row.x")
        assert message, name
        assert not message[0].isupper(), message
        assert not re.search(r"\.$|\n", message), message
        assert message.count("`") % 2 == 0, message
        assert len(message) < 400, message
