"""Tries out what this room uses of PyYAML."""

from typing import Any

import yaml

from maitred.selftest import relying_on

USE = "the events of libyaml with their places"


def self_test() -> None:
    """Reads events of a small text. Raises ``Unfit``."""
    with relying_on("PyYAML", USE):
        loader: Any = yaml.CBaseLoader("a: [1]\n")
        events = []
        while not isinstance(event := loader.get_event(), yaml.StreamEndEvent):
            events.append((type(event).__name__, event.start_mark.column, event.end_mark.index))
        if events[3:6] != [("ScalarEvent", 0, 1), ("SequenceStartEvent", 3, 4), ("ScalarEvent", 4, 5)]:
            raise ValueError(f"the events are {events}")
