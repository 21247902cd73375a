"""The ruleset as a whole, and its warnings."""

from tests.rules import document, situation

from maitred.rulefiles import load


def test_channels_and_sources_of_the_ruleset(bench, ruleset):
    sources = ruleset(note__txt="unused\n")
    sources["pizza.yaml"] = sources["pizza.yaml"].replace(
        "channels: [pos]\n", "treatments: {app: {show: x}}\n"
    )
    loaded = bench.load(sources, commit="abc")
    assert loaded.ruleset.channels == {"app"}
    assert loaded.ruleset.commit == "abc"
    assert set(loaded.ruleset.sources) == {"ruleset.yaml", "pizza.yaml"}
    assert [(fault.file, fault.message) for fault in loaded.warnings] == [
        ("note.txt", "no rule file names this table")
    ]


def test_a_ruleset_loads_again_from_its_sources(bench, ruleset):
    first = bench.load(ruleset("score: 2\n")).ruleset
    again = load(first.sources, bench.compiler, bench.check).ruleset
    assert again.hash == first.hash
    assert again.sources == first.sources


def test_warnings_keep_nothing_from_loading(bench, ruleset):
    text = "---\n".join(
        (
            document("List", "spare", {"values": "[a]"}),
            situation("spare", all="[customer.age > 1]"),
            document(
                "Eligibility",
                "e",
                {"applies_to": "{labels: {a: b}}", "eligibility": "[{require: customer.age > 1}]"},
            ),
        )
    )
    warnings = bench.load(ruleset(w__yaml=text)).warnings
    assert [(fault.line, fault.message) for fault in warnings] == [
        (3, "list `spare` is not used"),
        (8, "situation `spare` is not used"),
        (14, "no action meets this: the conditions have no effect"),
    ]
    assert {fault.severity.value for fault in warnings} == {"warning"}


def test_use_in_any_expression_counts(bench, ruleset):
    more = "eligibility: [{require: situation.a && channel in list.b}]\n"
    more += "treatments: {pos: {show: '${situation.c ?? \"no\"}'}}\n"
    text = "---\n".join(
        (
            document("List", "b", {"values": "[a]"}),
            situation("a", all="[d]"),
            situation("c", all="[customer.age > 1]"),
            situation("d", all="[customer.age > 1]"),
        )
    )
    assert bench.load(ruleset(more, w__yaml=text)).warnings == ()


def test_a_ruleset_without_actions_is_told(bench, ruleset):
    sources = ruleset()
    del sources["pizza.yaml"]
    assert [fault.message for fault in bench.load(sources).warnings] == [
        "there is no action: the ruleset decides nothing"
    ]
