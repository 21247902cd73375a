"""The workload as rule files."""

from collections.abc import Sequence
from pathlib import Path

from .workload import ATTRIBUTES, Spec

_HEAD = """apiVersion: maitred/v1
kind: Ruleset
name: bench
version: "1"
timezone: America/New_York
channels: [pos]
---
apiVersion: maitred/v1
kind: Context
name: context
attributes:
"""


def write(folder: Path, specs: Sequence[Spec], extra: str = "") -> Path:
    """Writes the actions as one document each, some thousand to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    attributes = "".join(f"  {name}: {{type: {kind}}}\n" for name, kind in ATTRIBUTES.items())
    (folder / "ruleset.yaml").write_text(_HEAD + attributes + extra)
    for start in range(0, len(specs), 1_000):
        documents = "---\n".join(map(_document, specs[start : start + 1_000]))
        (folder / f"actions-{start}.yaml").write_text(documents)
    return folder


def _document(spec: Spec) -> str:
    return f"""apiVersion: maitred/v1
kind: Action
name: {spec.name}
title: {spec.name}
type: offer
channels: [pos]
score: {spec.score}
eligibility:
  - require: '{spec.cel()}'
treatments:
  pos: {{show: {spec.name}}}
"""
