"""Which subjects of limits are kept as pseudonyms."""

import pytest
from tests.rules import document, joined

CONTEXT = joined(
    document(
        "Context",
        "subjects",
        """\
attributes:
  basket.slot: {type: string, values: [early, late]}
  basket.number: {type: int, values: [1, 2]}
  basket.gift: bool
  basket.note: string
  basket.count: int
  basket.cause: {type: string, values: [ill, well], sensitive: health}
  customer.mood: {type: string, values: [good, bad]}
""",
    ),
    document(
        "Privacy",
        "p",
        {
            "purposes": "{care: x}",
            "default": "here",
            "jurisdictions": "{here: {bases: {care: consent}}}",
            "sensitive": "{health: {consent: care}}",
        },
    ),
)


@pytest.fixture
def is_personal(bench, ruleset, capacity):
    def of(per, action="consent: [care]\n", **more):
        limit = capacity(per=per, pace="{limit: 2, window: {rolling: 1h}}")
        sources = ruleset(action, limits__yaml=limit, subjects__yaml=CONTEXT, **more)
        (action,) = bench.load(sources).ruleset.actions
        (limit,) = action.limits
        assert limit.pace.is_personal == limit.is_personal
        return limit.is_personal

    return of


STORES = {
    "stores__yaml": document("Locations", "s", {"table": "{file: s.csv, columns: {city: string}}"}),
    "s__csv": "id,city\n1,Rome\n",
}


@pytest.mark.parametrize(
    ("per", "expected"),
    [
        ("[]", False),
        ("[chain]", False),
        ("[action]", False),
        ("[channel]", False),
        ("[basket.slot]", False),
        ("[basket.number, basket.gift, action]", False),
        ("[customer.mood]", False),
        ("[basket.note]", True),
        ("[basket.count]", True),
        ("[basket.slot, basket.note]", True),
        ("[basket.cause]", True),
        ("[customer]", True),
        ("[location]", True),
    ],
)
def test_a_subject_is_personal_unless_its_values_are_known_and_harmless(is_personal, per, expected):
    assert is_personal(per) is expected


@pytest.mark.parametrize(
    ("per", "expected"),
    [("[location]", False), ("[location.city]", False), ("[location, customer]", True)],
)
def test_locations_in_a_table_are_known(is_personal, per, expected):
    assert is_personal(per, **STORES) is expected


def test_channels_that_nobody_names_may_be_anything(bench, ruleset, capacity):
    sources = ruleset(limits__yaml=capacity(per="[channel]"))
    sources["pizza.yaml"] = sources["pizza.yaml"].replace("channels: [pos]\n", "")
    (action,) = bench.load(sources).ruleset.actions
    assert action.limits[0].is_personal
    sources["ruleset.yaml"] = sources["ruleset.yaml"].replace("---", "channels: [pos]\n---", 1)
    (action,) = bench.load(sources).ruleset.actions
    assert not action.limits[0].is_personal
