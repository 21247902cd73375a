"""What looks wrong in a ``Privacy`` document, and what its hash is made of."""

import pytest
from tests.rulefiles.conftest import lines_of
from tests.rules import document

WARNINGS = [
    ("ads: opt_out, ", "", "20:5 purpose `ads` has no basis in `no`"),
    ("  health-offers: Off", "  spare: x\n  health-offers: Off", "11:3 purpose `spare` is not used"),
    ("ads: opt_out", "ads: legitimate_interest", "20:37 purpose `ads` has basis `legitimate_interest` in"),
    (
        "consent: health-offers}\n",
        "consent: health-offers}\n  status: {consent: ads}\n",
        "24:3 sensitive category `status`",
    ),
    (
        "jurisdiction: customer.country\n",
        "",
        "14:1 no attribute names the jurisdiction, so only `default` counts",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), WARNINGS)
def test_a_warning_of_the_document(bench, private, old, new, expected):
    sources = private(old, new)
    if "status" in new:
        sources["privacy.yaml"] = sources["privacy.yaml"].replace("ads: opt_out", "ads: consent")
    warnings = lines_of(bench.load(sources).warnings)
    assert any(warning.startswith(f"privacy.yaml:{expected}") for warning in warnings), warnings


def test_a_purpose_that_nobody_allows_and_minors_barred_from_nothing(bench, private, privacy_text):
    text = privacy_text.replace("ads: consent", "ads: never").replace("ads: opt_out", "ads: never")
    text = text.replace("  health-offers: Off", "  spare: x\n  health-offers: Off")
    text = text.replace("contract, ads", "contract, spare: consent, ads").replace("[ads]", "[spare]")
    warnings = lines_of(bench.load(private(privacy__yaml=text)).warnings)
    assert [warning.partition(" ")[2].partition(":")[0] for warning in warnings] == [
        "purpose `ads` is allowed in no jurisdiction",
        "purpose `spare` is not used",
        "no action and no attribute has purpose `spare`",
    ]


def test_consent_to_what_the_contract_needs_is_pointless(bench, private):
    (warning,) = bench.load(private(action="consent: [service]\n")).warnings
    assert lines_of([warning])[0].startswith(
        "pizza.yaml:7:11 purpose `service` has basis `contract` everywhere"
    )


def test_ages_that_nobody_asks_for(bench, private, privacy_text):
    text = "\n".join(line for line in privacy_text.splitlines() if "minors" not in line)
    (warning,) = bench.load(private(privacy__yaml=text)).warnings
    assert warning.message == "`age` has no effect: no jurisdiction has `minors`"


def test_a_slip_of_the_pen_in_what_names_the_jurisdiction(bench, private):
    sources = private(
        "jurisdiction: customer.country",
        "jurisdiction: location.law",
        stores__yaml=document("Locations", "s", {"table": "{file: s.csv, columns: {law: string}}"}),
        s__csv="id,law\n1,DE\n2,de\n3,fr\n4,\n",
    )
    (warning,) = bench.load(sources).warnings
    assert (
        warning.message == "location `2` names jurisdiction `de`, which is not `DE`: `default` counts there"
    )
    declared = private("customer.country: {", "customer.country: {values: [DE, No], ")
    (warning,) = bench.load(declared).warnings
    assert warning.message.startswith("a declared value of `customer.country` names jurisdiction `No`")


# The hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("store_on_device, ad_profile, 4", "personalised_ads, 3, 1"),
        ("[usca, usnat]", "[usnat, usca]"),
        ("barred: [ads, health-offers]", "barred: [health-offers, ads]"),
        ("barred: [ads]}", "barred: [ads], unknown_age: minor}"),
    ],
)
def test_another_way_to_write_the_same(bench, private, old, new):
    assert bench.load(private(old, new)).ruleset.hash == bench.load(private()).ruleset.hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ads: opt_out", "ads: consent"),
        ("default: DE", "default: no"),
        ("vendor: 755", "vendor: 756"),
        ("below: 16", "below: 18"),
        ("children: ignore", "children: deny"),
        ("unknown_age: adult", "unknown_age: minor"),
    ],
)
def test_another_meaning_is_another_ruleset(bench, private, old, new):
    assert bench.load(private(old, new)).ruleset.hash != bench.load(private()).ruleset.hash


def test_consent_is_part_of_the_hash_and_its_order_is_not(bench, private):
    one = bench.load(private(action="consent: [ads, health-offers]\n")).ruleset
    other = bench.load(private(action="consent: [health-offers, ads]\n")).ruleset
    assert one.hash == other.hash != bench.load(private()).ruleset.hash
    assert one.actions == other.actions


def test_hostile_sizes_are_refused_in_time(bench, private, privacy_text):
    many = "".join(f"  p{number}: x\n" for number in range(5_000))
    bases = ", ".join(f"p{number}: consent" for number in range(5_000))
    text = privacy_text.replace("purposes:\n", f"purposes:\n{many}").replace(
        "{service", f"{{{bases}, service"
    )
    assert len(bench.load(private(privacy__yaml=text)).ruleset.privacy.purposes) == 5_003


@pytest.mark.parametrize(
    "alone",
    [
        document("Event", "call", {"purpose": "spare", "retention": "1d"}),
        document("Learner", "uptake", {"purpose": "spare"}),
        document(
            "Experiment",
            "words",
            {
                "purpose": "spare",
                "applies_to": {"actions": ["pizza"]},
                "salt": "w",
                "arms": {"control": {"weight": 1}, "loud": {"weight": 1, "score": "2.0"}},
            },
        ),
    ],
    ids=["event", "learner", "experiment"],
)
def test_a_purpose_that_one_other_document_names_is_used(bench, private, privacy_text, alone):
    text = privacy_text.replace("  health-offers: Off", "  spare: x\n  health-offers: Off")
    sources = private(privacy__yaml=text)
    assert any("`spare` is not used" in warning for warning in lines_of(bench.load(sources).warnings))
    sources["alone.yaml"] = alone
    assert not any("`spare` is not used" in warning for warning in lines_of(bench.load(sources).warnings))
