"""The hash of rulesets with limits: the same for the same meaning, another for any other."""

from typing import Any

import pytest
import yaml

DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "Ruleset", "name": "r", "version": "1", "timezone": "Europe/Berlin"},
    {"kind": "Context", "name": "c", "attributes": {"customer.tier": "string"}},
    {"kind": "Action", "name": "one", "title": "One", "type": "offer", "labels": {"a": "b"}},
    {"kind": "Action", "name": "two", "title": "Two", "type": "offer"},
    {"kind": "Action", "name": "three", "title": "Three", "type": "offer"},
    {"kind": "Locations", "name": "l", "table": {"file": "stores.csv", "columns": {"slots": "int"}}},
]


@pytest.fixture
def digest(bench):
    def of(documents):
        full = [{"apiVersion": "maitred/v1", **document} for document in documents]
        files = {"rules.yaml": yaml.safe_dump_all(full), "stores.csv": "id,slots\n1,3\n2,4\n"}
        return bench.load(files).ruleset.hash

    return of


LIMIT = {
    "kind": "Capacity",
    "name": "k",
    "applies_to": {"actions": ["one"], "labels": {"a": "b"}},
    "per": ["location", "customer.tier"],
    "limit": 10,
    "window": {"rolling": "90m"},
    "pace": {"limit": 2, "window": {"rolling": "1h"}},
    "overbook": {"percent": 20},
    "counts": "claimed",
    "hold": "5m",
}
CALENDAR = {**LIMIT, "window": {"calendar": "week", "timezone": "location", "week_starts": "sun"}}


@pytest.mark.parametrize(
    ("limit", "same"),
    [
        (LIMIT, {"window": {"rolling": "1h30m"}, "hold": "300s"}),
        (LIMIT, {"per": ["customer.tier", "location.id"]}),
        (LIMIT, {"on_failure": "closed", "letter_case": "exact", "counts": "claimed"}),
        (LIMIT, {"applies_to": {"labels": {"a": "b"}, "actions": ["one"], "types": []}}),
        ({**LIMIT, "hold": "20m"}, {"hold": "1200s"}),
        ({**LIMIT, "per": []}, {"per": ["chain"]}),
        ({**LIMIT, "window": {"lifetime": True}}, {"window": "lifetime"}),
        (
            {**CALENDAR, "window": {"calendar": "week"}},
            {"window": {"calendar": "week", "week_starts": "mon"}},
        ),
    ],
)
def test_limits_that_mean_the_same(digest, limit, same):
    assert digest([*DOCUMENTS, limit]) == digest([*DOCUMENTS, {**limit, **same}])
    assert digest([*DOCUMENTS, limit]) != digest(DOCUMENTS)


def test_the_default_hold_and_everybody_are_no_fields(digest):
    bare = {key: LIMIT[key] for key in ("kind", "name", "applies_to", "limit", "window")}
    explicit = {**bare, "hold": "20m", "per": ["chain"], "counts": "claimed"}
    assert digest([*DOCUMENTS, bare]) == digest([*DOCUMENTS, explicit])


def test_any_other_limit_is_another_ruleset(digest):
    others: list[dict[str, Any]] = [
        {"name": "l"},
        {"per": ["location"]},
        {"per": ["location", "customer.tier", "action"]},
        {"limit": 11},
        {"limit": "location.slots"},
        {"window": "lifetime"},
        {"window": {"rolling": "91m"}},
        {"window": {"calendar": "day"}},
        {"window": {"calendar": "week"}},
        {"window": {"calendar": "week", "week_starts": "sun"}},
        {"window": {"calendar": "week", "week_starts": "sun", "timezone": "location"}},
        {"pace": {"limit": 3, "window": {"rolling": "1h"}}},
        {"pace": {"limit": 2, "window": {"rolling": "61m"}}},
        {"overbook": {"percent": 30}},
        {"counts": "presented"},
        {"hold": "6m"},
        {"letter_case": "ignore"},
        {"applies_to": {"labels": {"a": "b"}}},
        {"kind": "FrequencyCap", "pace": None, "overbook": None},
    ]
    digests = {digest([*DOCUMENTS, LIMIT])}
    for other in others:
        changed_limit = {key: value for key, value in {**LIMIT, **other}.items() if value is not None}
        digests.add(digest([*DOCUMENTS, changed_limit]))
    assert len(digests) == len(others) + 1


def test_the_order_of_alternatives_is_part_of_the_ruleset(digest):
    def of(*names):
        return [*DOCUMENTS[:2], {**DOCUMENTS[2], "alternatives": list(names)}, *DOCUMENTS[3:]]

    orders = [(), ("two",), ("two", "three"), ("three", "two")]
    assert len({digest(of(*names)) for names in orders}) == len(orders)
    assert digest(of()) == digest(DOCUMENTS)
