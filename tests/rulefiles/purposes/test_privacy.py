"""The document of kind ``Privacy``: what becomes of it, and what is wrong with it."""

import pytest
from tests.rulefiles.conftest import lines_of
from tests.rules import document

from maitred.core.privacy.purposes import Basis, Minors
from maitred.core.privacy.signals import IabMapping


def test_the_whole_document(bench, private):
    loaded = bench.load(private())
    assert lines_of(loaded.warnings) == []
    rules = loaded.ruleset.privacy
    assert {name: purpose.description for name, purpose in rules.purposes.items()} == {
        "service": "Doing what the contract promises.",
        "ads": "Showing what fits.",
        "health-offers": "Offers that fit an allergy.",
    }
    assert rules.purposes["ads"].iab == IabMapping(
        tcf_purposes=frozenset({1, 3, 4}),
        tcf_special_features=frozenset({1}),
        tcf_vendor=755,
        gpp_sections=frozenset({"usca", "usnat"}),
        gpp_opt_outs=frozenset({"sale"}),
        gpp_sensitive=frozenset({"health"}),
        gpp_children=False,
    )
    assert rules.purposes["service"].iab is None
    assert (rules.by, rules.age, rules.sensitive) == (
        "customer.country",
        "customer.years",
        {"health": "health-offers"},
    )
    assert rules.default is rules.jurisdictions["DE"]
    assert rules.default.bases == {
        "service": Basis.CONTRACT,
        "ads": Basis.CONSENT,
        "health-offers": Basis.CONSENT,
    }
    assert rules.default.minors == Minors(16, frozenset({"ads"}), unknown_is_adult=False)
    assert rules.jurisdictions["no"].minors == Minors(
        13, frozenset({"ads", "health-offers"}), unknown_is_adult=True
    )


def test_what_is_left_out(bench, private):
    text = document(
        "Privacy",
        "p",
        """\
default: here
purposes: {ads: '', service: '', health-offers: ''}
jurisdictions: {here: {bases: {ads: consent, service: contract, health-offers: consent}}}
sensitive: {health: {consent: health-offers}}
""",
    )
    loaded = bench.load(private(privacy__yaml=text))
    rules = loaded.ruleset.privacy
    assert (rules.by, rules.age, rules.default.minors) == ("", "", None)
    assert lines_of(loaded.warnings) == []


def test_consent_of_actions_and_tables(bench, private):
    table = document(
        "ActionTable",
        "t",
        {
            "table": "{file: t.csv, columns: {id: string}}",
            "action": "{name: 'row-${row.id}', title: T, type: offer, consent: [health-offers, ads]}",
        },
    )
    loaded = bench.load(
        private(action="consent: [ads]\n", table__yaml=table, t__csv="id\n1\n2\n"),
    )
    assert {action.name: action.consent for action in loaded.ruleset.actions} == {
        "pizza": ("ads",),
        "row-1": ("ads", "health-offers"),
        "row-2": ("ads", "health-offers"),
    }


FAULTS = [
    # the form
    ("store_on_device", "store_on_devise", "9:24 `store_on_devise` is not known here, did you mean `store"),
    (
        "ad_profile, 4",
        "ad_profile, 25",
        "9:53 `25` is not known here: write IAB's word or its number, 1 to 24",
    ),
    ("ad_profile, 4", "ad_profile, true", "9:53 `true` is not known here"),
    ("ad_profile, 4", "ad_profile, 3", "9:23 `3` stands here twice"),
    ("[precise_location]", "[3.5]", "9:76 `3.5` is not known here"),
    ("vendor: 755", "vendor: 65536", "9:103 `65536` is not a vendor: write a whole number, 1 to 65,535"),
    ("vendor: 755", "vendor: yes", "9:103 `yes` is not a vendor"),
    ("[usca, usnat]", "[usca, usna]", "10:30 `usna` is not known here, did you mean `us"),
    ("[usca, usnat]", "[usca, usca]", "10:23 `usca` stands here twice"),
    ("[usca, usnat]", "[]", "10:23 this is empty"),
    ("opt_outs: [sale]", "opt_outs: [sales]", "10:49 `sales` is not known here, did you mean `sale`?"),
    (
        "sensitive: [health], c",
        "sensitive: [healt], c",
        "10:68 `healt` is not known here, did you mean `health`?",
    ),
    ("children: ignore", "children: no", "10:87 `no` is not known here: write one of `deny`, `ignore`"),
    ("ads: opt_out", "ads: opt-out", "20:37 `opt-out` is not known here, did you mean `opt_out`?"),
    ("below: 13", "below: 0", "21:21 `0` is not an age in years: write a whole number, 1 to 120"),
    ("below: 13", "below: '13'", "21:21 `13` is not an age in years"),
    ("below: 13", "under: 13", "21:14 there is no field `under` here"),
    ("barred: [ads, health-offers]", "barred: []", "21:33 this is empty"),
    (
        "unknown_age: adult",
        "unknown_age: child",
        "21:68 `child` is not known here: write one of `adult`, `minor`",
    ),
    ("  no:\n", "  n o:\n", "19:3 `n o` cannot stand here"),
    ("default: DE\n", "", "1:1 `default` is missing"),
    ("  service: D", "  none: D", "5:3 `none` cannot be the name of a purpose"),
    ("jurisdiction: customer.country", "jurisdiction: country", "12:15 `country` is not an attribute"),
    (
        "name: data-protection",
        "name: data-protection\nrequired_purposes: true",
        "4:1 there is no field `requ",
    ),
    # what it names
    ("default: DE", "default: de", "13:10 there is no jurisdiction `de` in `jurisdictions`"),
    (
        "{service: contract, ads: consent",
        "{service: contract, adds: consent",
        "17:32 there is no purpose `adds` in",
    ),
    (
        "barred: [ads]",
        "barred: [service, add]",
        "18:43 there is no purpose `add` in `purposes` of `Privacy`, did",
    ),
    ("consent: health-offers}", "consent: health-offer}", "23:21 there is no purpose `health-offer` in"),
    (
        "jurisdiction: customer.country",
        "jurisdiction: customer.county",
        "12:15 there is no attribute `customer.co",
    ),
    (
        "jurisdiction: customer.country",
        "jurisdiction: customer.years",
        "12:15 `customer.years` is double: it must",
    ),
    (
        "jurisdiction: customer.country",
        "jurisdiction: customer.campaigns",
        "12:15 `customer.campaigns` is list<st",
    ),
    (
        "age: customer.years",
        "age: customer.country",
        "14:6 `customer.country` is string: it must be int or double",
    ),
    ("age: customer.years\n", "", "17:5 jurisdiction `DE` has `minors`: say with `age`"),
    (
        "purposes: [store_on_device, ad_profile, 4], special_features: [precise_location],",
        "",
        "9:12 `tcf` asks for",
    ),
    ("opt_outs: [sale], sensitive: [health],", "", "10:12 `gpp` asks for nothing"),
    ("vendor: 755", "legitimate_interest: [4, 2]", "9:120 purpose 2 is in `legitimate_interest` and not in"),
    (
        "vendor: 755",
        "legitimate_interest: [1]",
        "9:117 a legitimate interest never covers storing on a device",
    ),
    (
        "health-offers: consent}",
        "health-offers: contract}",
        "17:61 category `health` takes explicit consent to",
    ),
    ("health-offers: never}", "health-offers: opt_out}", "20:61 category `health` takes explicit consent to"),
]


@pytest.mark.parametrize(("old", "new", "expected"), FAULTS)
def test_a_fault_of_the_document(bench, private, old, new, expected):
    faults = lines_of(fault for fault in bench.faults(private(old, new)) if fault.file == "privacy.yaml")
    assert any(fault.startswith(f"privacy.yaml:{expected}") for fault in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "purpose: ads",
            "purpose: add",
            "7:46 there is no purpose `add` in `purposes` of `Privacy`, did you",
        ),
        (
            "sensitive: health}",
            "sensitive: healt}",
            "8:79 there is no sensitive category `healt` in `sensitiv",
        ),
        ("purpose: health-offers, s", "purpose: none, s", "8:53 attribute `customer.allergies` is sensitive"),
    ],
)
def test_an_attribute_with_what_there_is_not(bench, private, old, new, expected):
    (fault,) = [fault for fault in bench.faults(private(old, new)) if fault.file == "known.yaml"]
    assert lines_of([fault])[0].startswith(f"known.yaml:{expected}")


def test_an_action_with_a_purpose_there_is_not(bench, private):
    (fault,) = bench.faults(private(action="consent: [ads, add]\n"))
    assert lines_of([fault])[0].startswith(
        "pizza.yaml:7:16 there is no purpose `add` in `purposes` of `Privacy`, did"
    )


@pytest.mark.parametrize(
    "attribute",
    ["customer.country: {type: string, sensitive: health}", "customer.years: {type: int, sensitive: health}"],
)
def test_what_is_read_first_is_not_sensitive(bench, private, private_context, attribute):
    name = attribute.partition(":")[0]
    old = next(line for line in private_context.splitlines() if name in line)
    (fault,) = bench.faults(private(old, f"  {attribute}"))
    assert f"`{name}` is of the sensitive category `health`: it is read before" in fault.message


def test_the_jurisdiction_cannot_be_derived(bench, private):
    faults = bench.faults(
        private(
            "jurisdiction: customer.country",
            "jurisdiction: situation.far",
            far__yaml=document("Situation", "far", {"all": "[customer.country == 'x']"}),
        )
    )
    assert "is derived from what may be read" in faults[0].message


def test_one_document_is_enough(bench, private, privacy_text):
    (fault,) = bench.faults(private(other__yaml=privacy_text.replace("data-protection", "other")))
    assert fault.message == "there is another `Privacy` in privacy.yaml: a ruleset has one"


REQUIRED = ("name: data-protection", "name: data-protection\nrequire_purposes: true")


def test_every_attribute_has_a_purpose_where_that_is_required(bench, private, ruleset):
    faults = bench.faults(private(*REQUIRED))
    assert {fault.file for fault in faults} == {"ruleset.yaml"}
    assert "attribute `customer.age` has no purpose, and `Privacy` requires one" in faults[0].message
    assert len(faults) == 5
    purposeful = [
        f"  {line.strip().split(':')[0]}: {{type: int, purpose: none}}" if line.startswith("  ") else line
        for line in ruleset()["ruleset.yaml"].splitlines()
    ]
    loaded = bench.load({**private(*REQUIRED), "ruleset.yaml": "\n".join(purposeful)})
    assert loaded.ruleset.attributes["customer.age"].purpose is None


def test_a_broken_document_is_told_once(bench, private):
    faults = bench.faults(private("jurisdictions:", "jurisdictoins:"))
    assert {fault.file for fault in faults} == {"privacy.yaml"}
    assert len(faults) == 2  # the unknown field, and the one that lacks


# Without the document


def test_plain_purposes_load_without_the_document(bench, ruleset):
    sources = ruleset()
    sources["ruleset.yaml"] += (
        "  basket.a: {type: int, purpose: ads}\n  basket.b: {type: int, purpose: ads}\n"
    )
    (warning,) = bench.load(sources).warnings
    assert lines_of([warning]) == [
        "ruleset.yaml:16:34 purposes have no effect without a document of kind `Privacy`"
    ]


def test_no_purpose_at_all_needs_no_document(bench, ruleset):
    sources = ruleset()
    sources["ruleset.yaml"] += "  basket.a: {type: int, purpose: none}\n"
    assert bench.load(sources).warnings == ()


def test_sensitive_and_consent_need_the_document(bench, ruleset):
    sources = ruleset("consent: [ads]\n", list__yaml=LIST)
    sources["ruleset.yaml"] += "  basket.a: {type: int, sensitive: health}\n"
    assert lines_of(bench.faults(sources)) == [
        "list.yaml:5:12 `sensitive` needs a document of kind `Privacy`: write one, or remove this",
        "pizza.yaml:7:11 `consent` needs a document of kind `Privacy`: write one, or remove this",
        "ruleset.yaml:16:36 `sensitive` needs a document of kind `Privacy`: write one, or remove this",
    ]


LIST = document("List", "patients", {"values": '["1"]', "sensitive": "health"})
