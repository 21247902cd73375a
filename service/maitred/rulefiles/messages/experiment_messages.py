"""Messages about holdouts and experiments; in the style of ``rule_messages``."""

# ruff: noqa: D103 - a message says itself what it says

from collections.abc import Iterable
from datetime import timedelta

from maitred.core.values.nearest import did_you_mean
from maitred.rulefiles import bounds

from .file_messages import listed, quoted


def too_many() -> str:
    return f"more than {bounds.EXPERIMENTS} holdouts and experiments: remove those that are over"


def name_taken(kind: str, name: str, place: str) -> str:
    return f"there is already {kind} {quoted(name)} in {place}: results go by the name, choose another"


def salt_taken(salt: str, kind: str, name: str) -> str:
    return (
        f"salt {quoted(salt)} is also that of {kind} {quoted(name)}: who is in one depends on who is in the"
        " other, leave it out or choose another"
    )


def overlaps(action: str, other: str) -> str:
    return (
        f"action {quoted(action)} is also in experiment {quoted(other)}: one at a time can say how it is,"
        " change `applies_to`, or let one end before the other begins"
    )


def applies_to_no_action(label: str, known: Iterable[str]) -> str:
    return f"no action meets this: nobody is ever in it{did_you_mean(label, known)}"


def reported_too_soon(least: timedelta) -> str:
    minutes = least // timedelta(minutes=1)
    return f"tills without a line report later: write at least `{minutes}m`, or leave it out"


def one_arm() -> str:
    return "an experiment compares at least two arms: add one with nothing but `weight` as the control"


def too_many_arms() -> str:
    return f"more than {bounds.ARMS} arms: with so many none would be found better"


def arms_alike(one: str, other: str) -> str:
    return f"arms {quoted(one)} and {quoted(other)} say the same: there is nothing to compare"


def until_before_from(until: str, first: str) -> str:
    return f"it would end on {until}, before it begins on {first}"


def one_day() -> str:
    return "a single day tells of that weekday alone: let it run for whole weeks"


def over(until: str) -> str:
    return f"it was over on {until}: remove it, and write what was better into the action"


def no_purpose(known: Iterable[str]) -> str:
    return f"say for which purpose people are compared: `purpose`, one of {listed(sorted(known))}"


def arm_off_channel(channel: str, known: Iterable[str]) -> str:
    return f"none of the actions is on channel {quoted(channel)}{did_you_mean(channel, known)}"


def no_cap(name: str, known: Iterable[str]) -> str:
    return f"there is no frequency cap {quoted(name)}{did_you_mean(name, known)}"


def cap_of_others(name: str, action: str) -> str:
    return (
        f"frequency cap {quoted(name)} counts {quoted(action)} too, which is not in this experiment: its"
        " units are one number for both, apply the experiment to both"
    )


def cap_of_none(name: str) -> str:
    return f"frequency cap {quoted(name)} applies to none of these actions"


def holds_out_nobody() -> str:
    return "0 % hold out nobody: there is nothing to compare"


def holds_out_everybody() -> str:
    return "100 % hold out everybody: there is nobody to compare with, `maitred pause` stops an action"
