"""The workload as rule files."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .workload import ATTRIBUTES, REGIONS, TIERS, Spec

OFFERS = "offers"
"""The purpose that actions need consent to."""

_HEAD = """apiVersion: maitred/v1
kind: Ruleset
name: bench
version: "1"
timezone: America/New_York
channels: [pos]
defaults: {decision_cost_us: 10000}
---
apiVersion: maitred/v1
kind: Context
name: context
attributes:
"""


def write(
    folder: Path,
    specs: Sequence[Spec],
    extra: str = "",
    purposes: Mapping[str, str] | None = None,
    score: Callable[[Spec], str] = lambda spec: str(spec.score),
) -> Path:
    """Writes the actions as one document each, some thousand to a file.

    With ``purposes``, by the first word of the attributes, every attribute is processed for one and
    every action needs consent to `OFFERS`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    attributes = "".join(_attribute(name, kind, purposes or {}) for name, kind in ATTRIBUTES.items())
    (folder / "ruleset.yaml").write_text(_HEAD + attributes + extra)
    consent = f"consent: [{OFFERS}]\n" if purposes else ""
    for start in range(0, len(specs), 1_000):
        part = specs[start : start + 1_000]
        documents = "---\n".join(_document(spec, score(spec)) + consent for spec in part)
        (folder / f"actions-{start}.yaml").write_text(documents)
    return folder


def _attribute(name: str, kind: str, purposes: Mapping[str, str]) -> str:
    purpose = purposes.get(name.partition(".")[0])
    return f"  {name}: {{type: {kind}{f', purpose: {purpose}' if purpose else ''}}}\n"


def _document(spec: Spec, score: str) -> str:
    return f"""apiVersion: maitred/v1
kind: Action
name: {spec.name}
title: {spec.name}
type: offer
channels: [pos]
score: {score}
eligibility:
  - require: '{spec.cel()}'
treatments:
  pos: {{show: {spec.name}}}
"""


def situations(count: int) -> str:
    """So many situations in chains of five, with an action that needs the last of them."""
    documents = []
    for number in range(count):
        region = REGIONS[number % len(REGIONS)]
        members = [f"'customer.region == \"{region}\"'", f"customer.visits > {number}"]
        if number % 5:
            members.append(f"chain_{number - 1}")
        listed = "".join(f"  - {member}\n" for member in members)
        documents.append(
            f"---\napiVersion: maitred/v1\nkind: Situation\nname: chain_{number}\nany:\n{listed}"
        )
    needs = f"situation.chain_{count - 1} && situation.chain_{count // 2}"
    action = f"""---
apiVersion: maitred/v1
kind: Action
name: chained
title: chained
type: service
channels: [pos]
eligibility:
  - require: {needs}
"""
    return "".join(documents) + action


def write_table(folder: Path, specs: Sequence[Spec], *, rows: int = 0) -> Path:
    """Writes the actions as the rows of one table; what a row leaves out is a bound that all meet.

    Further rows, up to ``rows``, are copies of the first one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    attributes = "".join(f"  {name}: {{type: {kind}}}\n" for name, kind in ATTRIBUTES.items())
    (folder / "ruleset.yaml").write_text(_HEAD + attributes + _TABLE)
    with (folder / "actions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("name", "region", "low", "high", "tiers", "value", "visits"))
        lines = [
            (
                spec.name,
                spec.region,
                *spec.ages,
                " ".join(spec.tiers or TIERS),
                spec.least_value or 0.0,
                -1 if spec.least_visits is None else spec.least_visits,
            )
            for spec in specs
        ]
        table.writerows(lines)
        table.writerows([lines[0]] * (rows - len(lines)))
    return folder


_TABLE = """---
apiVersion: maitred/v1
kind: ActionTable
name: actions
table:
  file: actions.csv
  columns:
    name: string
    region: string
    low: int
    high: int
    tiers: list<string>
    value: double
    visits: int
action:
  name: ${row.name}
  title: ${row.name}
  type: offer
  channels: [pos]
  eligibility:
    - require: >-
        customer.region == row.region && customer.age >= row.low && customer.age <= row.high
        && customer.tier in row.tiers && basket.value >= row.value && customer.visits > row.visits
"""
