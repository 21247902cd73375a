"""Messages about limits and alternatives; in the style of ``messages``."""

# ruff: noqa: D103 - a message says itself what it says

from collections.abc import Iterable, Mapping, Sequence

from maitred.core.values.nearest import did_you_mean
from maitred.rulefiles import bounds

from . import meant
from .file_messages import is_not, listed, quoted

# Fields


def bad_duration(value: object) -> str:
    like = meant.duration_of(value) or "7d"
    return f"{is_not(value, 'a duration')}: write {quoted(like)}, with `w`, `d`, `h`, `m` and `s`"


def no_duration(value: object) -> str:
    return f"{quoted(value)} is no time at all: write it like `7d`"


def duration_too_long(value: object) -> str:
    return (
        f"{quoted(value)} is too long: at most `{bounds.DURATION_DAYS}d`, "
        "and a limit's window may be `lifetime`"
    )


def bad_units(value: object) -> str:
    if isinstance(value, str) and (number := meant.number_of(value)):
        return f"{quoted(value)} is text: write {quoted(number)}, without quotes or other signs"
    return (
        f"{is_not(value, 'a number of units')}: write a whole number, or an attribute such as `location.NAME`"
    )


def bad_quota(given: Mapping[object, object]) -> str:
    lacking = [name for name in ("attribute", "default") if name not in given]
    strange = [str(name) for name in given if name not in {"attribute", "default"}]
    wrong = f"`{lacking[0]}` is missing" if lacking else f"there is no field {quoted(strange[0])}"
    return f"{wrong}: write `{{attribute: customer.quota, default: 2}}`"


def bad_quota_attribute(value: object) -> str:
    return f"{is_not(value, 'the name of an attribute')}: write it like `customer.quota`"


def of_without_calendar() -> str:
    return "`of` belongs to `calendar`: write `{calendar: week, of: booking.starts}`"


def of_unknown(name: str, known: Iterable[str]) -> str:
    return f"there is no attribute {quoted(name)}" + (
        did_you_mean(name, known) or ": declare it as timestamp in a `Context`"
    )


def of_not_timestamp(name: str, type_name: str) -> str:
    return f"{quoted(name)} is of type {type_name}: what a window is `of` is a timestamp"


def units_out_of_range(value: int) -> str:
    return f"{quoted(value)} units are not possible: write 0 to {bounds.UNITS:,}"


def bad_percent(value: object) -> str:
    limit = bounds.OVERBOOK_PERCENT
    if isinstance(value, str) and (number := meant.number_of(value)):
        return f"{quoted(value)} is text: write {quoted(number)}, without `%` or quotes"
    return f"{is_not(value, 'a percentage')}: write a whole number, 0 to {limit}"


def bad_window(value: str, known: Iterable[str]) -> str:
    if like := meant.window_of(value):
        return f"there is no window {quoted(value)}: write {quoted(like)}"
    return f"there is no window {quoted(value)}" + (
        did_you_mean(value, known) or ": write `{rolling: 7d}`, `{calendar: day}`, `lifetime` or `session`"
    )


def one_window() -> str:
    return "a window is one of `rolling`, `calendar`, `lifetime` and `session`: keep one"


def no_window() -> str:
    return "say how long a unit counts: `{rolling: 7d}`, `{calendar: day}`, `lifetime` or `session`"


def zone_without_calendar() -> str:
    return "only a `calendar` has a time zone: remove it"


def week_starts_without_week() -> str:
    return "only `calendar: week` starts on a day: remove it"


def pace_not_rolling() -> str:
    return "a pace looks back from now: write `{rolling: 15m}`"


# Whom and how many


def bad_per(word: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = (
        did_you_mean(word, names) or f": write one of {listed(names)}, or an attribute such as `basket.slot`"
    )
    return f"nothing is counted per {quoted(word)}{hint}"


def chain_stands_alone() -> str:
    return "`chain` is everybody together: it stands alone"


def per_nobody() -> str:
    return "a frequency cap is per somebody: write `[customer]`, or a `Capacity` for what everybody shares"


def per_unknown(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known) or f": write {quoted(name + ': string')} into a `Context`"
    return f"attribute {quoted(name)} is not declared{hint}"


def per_not_countable(name: str, type_name: str) -> str:
    return f"{quoted(name)} is of type {type_name}, which names nobody: use a string, int or bool"


def session_unknown(name: str) -> str:
    return f"a window `session` needs {quoted(name)}: write {quoted(name + ': string')} into a `Context`"


def session_not_text(name: str, type_name: str) -> str:
    return f"a window `session` needs {quoted(name)} as string: it is declared as {type_name}"


def limit_unknown(name: str, known: Iterable[str]) -> str:
    return f"there is no attribute {quoted(name)}" + (
        did_you_mean(name, known) or ": declare it as int, in a `Context` or as a column"
    )


def limit_not_int(name: str, type_name: str) -> str:
    return f"{quoted(name)} is of type {type_name}: a number of units is an int"


def limit_no_column(name: str, action: str) -> str:
    return (
        f"action {quoted(action)} has no {quoted(name)}: apply the limit to rows of an"
        " `ActionTable` with that int column only"
    )


def bad_cell_units(name: str, value: int) -> str:
    return f"{quoted(value)} in {quoted(name)} is not a number of units: write 0 to {bounds.UNITS:,}"


def bad_location_units(name: str, value: int, location: str) -> str:
    return (
        f"{quoted(name)} is {quoted(value)} at location {quoted(location)}: write 0 to {bounds.UNITS:,} there"
    )


def limit_name_taken(kind: str, name: str, place: str) -> str:
    return f"there is also a {kind} {quoted(name)} in {place}: limits share their names, rename one"


def open_for_more_than_messages(action: str, type_name: str) -> str:
    return (
        f"`open` is for messages only, and it applies to action {quoted(action)} of type {quoted(type_name)}:"
        " write `closed`, or narrow `applies_to`"
    )


def too_many_limits() -> str:
    limit = bounds.LIMITS
    return f"there are more than {limit:,} limits: choose actions by label, and take numbers from columns"


def too_many_needs(name: str, count: int, limit: int) -> str:
    return f"action {quoted(name)} has {count} limits and paces, at most {limit}: let fewer apply to it"


# Alternatives


def unknown_alternative(name: str, known: Iterable[str]) -> str:
    return f"there is no action {quoted(name)} to stand in" + did_you_mean(name, known)


# Longer circles are nobody's idea, and faults are read by people.
_SHOWN_STEPS = 20


def alternatives_circle(circle: Sequence[str]) -> str:
    steps = circle if len(circle) <= _SHOWN_STEPS else [*circle[: _SHOWN_STEPS - 2], "…", circle[-1]]
    return f"alternatives lead in a circle, `{' -> '.join(steps)}`: take one of them out"


def alternatives_too_many(name: str, limit: int) -> str:
    actions = f"over {limit} actions may stand in for {quoted(name)}"
    return f"{actions}, those of its alternatives included: name fewer"


def alternatives_without_capacity() -> str:
    return "no `Capacity` applies to the action, so nothing ever stands in for it: write one or remove this"


def stands_in_for_nothing() -> str:
    return "it stands in for nothing and is never proposed: no action names it in `alternatives`"


def alternative_on_no_channel(name: str, channels: Iterable[str]) -> str:
    return (
        f"{quoted(name)} can never stand in: it is on none of the channels {listed(channels)}, add one to it"
    )


def alternative_never_live(name: str) -> str:
    return f"{quoted(name)} can never stand in: it is never live on the same day, change `live` of one"


def alternative_of_same_capacity(name: str, limit: str) -> str:
    return (
        f"{quoted(name)} can never stand in: it is under `Capacity` {quoted(limit)} as well, which is used up"
        " for both, take it out of `applies_to` there"
    )


def nothing_is_held() -> str:
    return (
        "a proposal of the action holds nothing, so the text with `${hold.expires}` would always be left"
        " out: write it under `claimed`, or a limit that counts `presented`"
    )


def claim_is_held_anew(limit: str) -> str:
    return (
        "this is when what the proposal holds goes back; what a claim takes, such as a unit of"
        f" {quoted(limit)}, ends at another time: tell of that under `claimed`"
    )


# Limits that load and yet cannot mean what they say


def applies_to_no_action(label: str, known: Iterable[str]) -> str:
    near = did_you_mean(label, known)
    return f"no action meets this, so nothing is limited: change it or remove the limit{near}"


def nothing_to_have() -> str:
    return (
        "this is never more than 0, so the actions are always refused: write a number, or remove the actions"
    )


def no_number_at(name: str, locations: Sequence[str]) -> str:
    others = f" and {len(locations) - 1} more" if len(locations) > 1 else ""
    return (
        f"{quoted(name)} is empty for location {quoted(locations[0])}{others}, where the actions are always"
        " refused: write a number there, 0 for none"
    )


def number_of_another_location(name: str) -> str:
    return f"{quoted(name)} differs by location, but all of them share the units: add `location` to `per`"


def hold_without_effect(counts: str) -> str:
    return f"nothing is held where a unit counts when {counts}: remove `hold`"


def hold_outlasts_window(hold: str) -> str:
    return f"a unit held for {quoted(hold)} stops counting before its hold ends: shorten `hold`"


def pace_outlasts_window(length: str) -> str:
    return f"a pace over {quoted(length)} looks back longer than `window`: shorten it, or write another limit"


def pace_never_slows(maximum: object) -> str:
    return f"a pace of {quoted(maximum)} is not below `limit` and slows nothing down: lower it or remove it"


def overbooks_nothing() -> str:
    return "this comes to no unit more, as it is rounded down: raise it or remove it"


def anonymous_without_effect() -> str:
    return "it is not counted per customer, so `anonymous` means nothing: remove it"


def letter_case_without_effect() -> str:
    return "no text is counted per, so letter case means nothing: remove `letter_case`"


def twin_attribute(name: str, other: str) -> str:
    return (
        f"{quoted(name)} and {quoted(other)} differ in letter case only and are counted apart: declare one of"
        " them in the `Context`"
    )


def limit_twice(name: str) -> str:
    return f"this says the same as limit {quoted(name)}: keep one"


def limit_pointless(name: str) -> str:
    return f"limit {quoted(name)} refuses first wherever this one would: make this one stricter or remove it"


def cap_of_another_identity(name: str, identity: str) -> str:
    return (
        f"this is cap {quoted(name)} once more, only that one is per {quoted(identity)}: keep one, or give"
        " them different numbers"
    )


def also_unknown(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    hint = did_you_mean(name, names) or f", known are: {', '.join(names) or 'none'}"
    return f"there are no events {quoted(name)}{hint}"


def also_of_customers() -> str:
    return "events count beside the units of a customer: write `per: [customer]`"


def also_of_now() -> str:
    return "events count in the window of now: remove `of`, or `also`"
