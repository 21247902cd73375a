"""What would have been enough, told exactly for every kind of threshold."""

import pytest
from tests.claims.harness import document

HEAD = """\
apiVersion: maitred/v1
kind: Ruleset
name: near
version: "1"
channels: [pos]
---
apiVersion: maitred/v1
kind: Context
name: near
attributes:
  a.money: decimal(2)
  a.count: int
  a.share: double
  a.day: date
  a.at: timestamp
  a.stay: duration
  a.version: version
  a.lines: {{type: list<object>, fields: {{price: decimal(2)}}}}
computed:
  a.sum: {{over: a.lines, sum: item.price}}
"""


@pytest.mark.parametrize(
    ("condition", "sent", "enough"),
    [
        ("a.money >= 30.00", {"money": "25.80"}, "a.money 30.00, 4.20 more"),
        ("a.money > 30", {"money": "25.80"}, "a.money 30.01, 4.21 more"),
        ("a.money < 10", {"money": "25.80"}, "a.money 9.99, 15.81 less"),
        ("a.sum >= 30.00", {"lines": [{"price": "25.80"}]}, "a.sum 30.00, 4.20 more"),
        ("a.count >= 3", {"count": 2}, "a.count 3, 1 more"),
        ("a.count > 3", {"count": 2}, "a.count 4, 2 more"),
        ("a.share >= 0.5", {"share": 0.25}, "a.share 0.5, 0.25 more"),
        ('a.day <= "2026-01-01"', {"day": "2026-01-03"}, "a.day 2026-01-01, 2 days earlier"),
        ('a.day > "2026-01-01"', {"day": "2026-01-01"}, "a.day 2026-01-02, 1 day later"),
        ('a.stay >= duration("2h")', {"stay": "90m"}, "a.stay 7200s, 1800s more"),
        ('a.version >= "2.10.0"', {"version": "2.9.1"}, "a.version 2.10.0"),
        (
            'a.at >= timestamp("2026-01-01T00:00:00Z")',
            {"at": "2025-12-31T23:00:00Z"},
            "a.at 2026-01-01T00:00:00Z",
        ),
        (
            'a.at < timestamp("2026-01-01T00:00:00Z")',
            {"at": "2026-02-01T00:00:00Z"},
            "a.at 2025-12-31T23:59:59.999999Z",
        ),
    ],
)
def test_the_nearest_miss_is_told_exactly(sqlite_harness, condition, sent, enough):
    offer = document(
        "Action", "offer", {"title": "o", "type": "offer", "eligibility": f"[{{require: '{condition}'}}]"}
    )
    sqlite_harness.rules(offer, head=HEAD)
    _, _, told = sqlite_harness.why_not(context={"a": sent})["offer"]
    assert told.endswith(f"; would have been proposed with {enough}"), told
