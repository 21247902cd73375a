"""Rule text for tests, without the lines that stand at the top of every document."""

from collections.abc import Mapping


def document(kind: str, name: str, content: Mapping[str, object] | str = "") -> str:
    """A document: its header, then YAML as it stands, or a line for each field that is not ``None``."""
    if not isinstance(content, str):
        content = "".join(f"{key}: {value}\n" for key, value in content.items() if value is not None)
    return f"apiVersion: maitred/v1\nkind: {kind}\nname: {name}\n{content}"


def joined(*documents: str) -> str:
    """The text of one file."""
    return "---\n".join(documents)


def ruleset(name: str = "shop", **fields: object) -> str:
    return document("Ruleset", name, {"version": '"1"', **fields})


def action(name: str, **fields: object) -> str:
    return document("Action", name, {"title": name, "type": "offer", **fields})


def cap(name: str = "cap", **fields: object) -> str:
    """At most one for each customer, ever, of all actions."""
    usual = {"applies_to": "{all: true}", "per": "[customer]", "limit": 1, "window": "lifetime"}
    return document("FrequencyCap", name, {**usual, **fields})


def capacity(name: str = "ovens", **fields: object) -> str:
    """One unit, ever, for all actions."""
    usual = {"applies_to": "{all: true}", "limit": 1, "window": "lifetime"}
    return document("Capacity", name, {**usual, **fields})


def situation(name: str, **members: object) -> str:
    return document("Situation", name, members)
