"""Messages about what documents say; in the style of ``file_messages``."""

# ruff: noqa: D103 - a message says itself what it says

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence

from maitred.core.values.nearest import did_you_mean, how_declared

from . import meant
from .file_messages import listed, quoted, yaml_word

# Attributes, tables, lists


def bad_attribute(name: str) -> str:
    words = re.sub(r"[^\w.]+", "_", name.strip(), flags=re.ASCII).strip("_.")
    like = words if "." in words else f"customer.{words or 'age'}"
    return f"{quoted(name)} cannot be an attribute: write words joined by `.`, such as {quoted(like)}"


def attribute_word(name: str, word: str) -> str:
    return f"{quoted(name)} cannot be an attribute: {quoted(word)} is a word of CEL"


def reserved_root(name: str) -> str:
    root = name.split(".", maxsplit=1)[0]
    where = {
        "location": "declare it as a column of `Locations`",
        "row": "declare it as a column of an `ActionTable`",
        "list": "write a `List`",
        "situation": "write a `Situation`",
        "consent": 'what is agreed to is asked for by `consent.allowed("...")`',
        "event": "it is what a computed attribute over events reads; write an `Event`",
        "events": "what customers did is declared by an `Event`",
        "outcomes": "what became of proposals is recorded by the service",
        "math": "it is the name of functions, such as `math.greatest(1, 2)`",
        "hold": "it is what a proposal holds, for `${hold.expires}` in treatments",
    }
    return f"{quoted(name)} cannot be declared in a `Context`: {where[root]}"


def given_attribute(name: str, type_name: str) -> str:
    return f"{quoted(name)} comes with every request as {type_name}: it has no other type"


def attribute_inside(name: str, outer: str) -> str:
    return f"{quoted(name)} lies inside attribute {quoted(outer)}: an attribute holds a value, not others"


def bad_allowed(value: object, type_name: str) -> str:
    return f"{quoted(yaml_word(value))} is not of type {type_name}"


def one_of_file_and_values() -> str:
    return "a list has either `values` or `file`"


def no_such_file(name: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(name, names) or ": only `.csv` and `.txt` files count"
    return f"there is no file {quoted(name)} in the ruleset{hint}"


def unused_file() -> str:
    return "no rule file names this table"


def table_divided_by(sign: str) -> str:
    shown = "tabs" if sign == "\t" else quoted(sign)
    return f"the columns are divided by {shown}: save the table as CSV with commas"


def table_empty() -> str:
    return "the table is empty: write a header line"


def table_bad_line(why: str) -> str:
    return f"this is not valid CSV: {why}"


def table_no_column(name: str, header: Iterable[str]) -> str:
    names = list(header)
    hint = did_you_mean(name, names) or f", it has {listed(names)}"
    return f"the table has no column {quoted(name)}{hint}"


def table_column_twice(name: str) -> str:
    return f"column {quoted(name)} stands here twice: rename one"


def table_column_unused(name: str) -> str:
    return f"column {quoted(name)} is not declared and not read"


def table_cells(count: int, wanted: int) -> str:
    return f"this row has {count} cells, the header has {wanted}"


_CELLS_LIKE = {
    "bool": "`true` or `false`",
    "int": "it like `12`",
    "double": "it like `1.5`",
    "timestamp": "it like `2026-12-01T00:00:00Z`",
    "duration": "it like `1h30m`",
}


def bad_cell(column: str, cell: str, type_name: str) -> str:
    if not cell:
        return f"column {quoted(column)} is empty: write a value of type {type_name}"
    like = _CELLS_LIKE.get(type_name)
    return f"{quoted(cell)} in column {quoted(column)} is not of type {type_name}" + (
        f": write {like}" if like else ""
    )


def bad_location_id(text: str) -> str:
    return f"{quoted(text)} cannot be the id of a location: use 1 to 128 printable characters"


def blank_location_id(text: str) -> str:
    blank = "white space or an invisible character"
    return f"{quoted(text)} begins or ends with {blank}, which no call may send: take it away"


def duplicate_location(text: str, line: int) -> str:
    return f"location {quoted(text)} stands already in line {line}: keep one"


def duplicate_action_of_row(name: str, other: str, place: str) -> str:
    case = "" if other == name else f", {quoted(other)} but for letter case,"
    return f"this row gives another action {quoted(name)}{case} as {place}: make names differ by row"


# Actions


def unknown_zone(name: str, known: Iterable[str]) -> str:
    return f"there is no time zone {quoted(name)}{did_you_mean(name, known) or ': write an IANA name'}"


def live_zone_unknown(name: str, known: Iterable[str]) -> str:
    like = (
        did_you_mean(name, known)
        or ": write an IANA name such as `Europe/Rome`, or `location` for that of the store"
    )
    return f"there is no time zone {quoted(name)}{like}"


def live_over(until: str) -> str:
    return f"{quoted(until)} is over: the action is not live again, remove it or write a later date"


def never_live(first: str, last: str) -> str:
    return f"none of these days lies between {quoted(first)} and {quoted(last)}: the action is never live"


def rows_over(count: int, until: str) -> str:
    return f"{count:,} rows are over, this one since {quoted(until)}: their actions are not live again"


def bad_date(text: str, times: str = "") -> str:
    """``times`` is the field beside it that says the time of day, if there is one."""
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", text):
        beside = f", and the time into {quoted(times)}" if times else ", whole days"
        return f"{quoted(text)} has a time of day: write {quoted(text[:10])}{beside}"
    if no_day := re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])-(3[0-9]|2[0-9])", text):
        last = monthrange(int(no_day[1]), int(no_day[2]))[1]
        return f"{quoted(text)} is not a date: that month ends on {quoted(f'{text[:8]}{last}')}"
    return f"{quoted(text)} is not a date: write {quoted(meant.date_of(text) or '2026-12-01')}"


def until_before_from(until: str, first: str) -> str:
    return f"{quoted(until)} is before {quoted(first)}: the action would never be live"


def bad_hours(text: str) -> str:
    return f"{quoted(text)} is not a span of hours: write {quoted(meant.hours_of(text) or '11:00-22:00')}"


def empty_hours(text: str) -> str:
    return f"{quoted(text)} ends when it starts: leave `hours` out for the whole day"


def unknown_channel(name: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(name, names) or f": known are {listed(names)}"
    return f"channel {quoted(name)} is not in `channels` of the `Ruleset`{hint}"


def treatment_off_channel(name: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(name, names) or f": it is on {listed(names)}"
    return f"the action is not on channel {quoted(name)}{hint}"


def placeholder_wrong(form: str, known: Iterable[str]) -> str:
    if form:
        meant = did_you_mean(form, known) or f": write one of {listed(known)}"
        return f"there is no format {quoted(form)}{meant}"
    return 'write `${attribute}`, `${attribute | time}` or `${attribute ?? "text"}`'


def form_unfit(form: str, name: str, type_name: str) -> str:
    return f"{quoted(name)} is of type {type_name}, which cannot be shown as {quoted(form)}"


def cell_as_it_is(name: str) -> str:
    return f"{quoted(name)} is shown as its cell is written: leave out format and default"


def placeholder_meant(text: str, name: str) -> str:
    return f"{quoted(text)} is shown as it stands: write {quoted('${' + name + '}')} for the value"


def placeholder_meant_here(text: str) -> str:
    return f"{quoted(text)} is shown as it stands: of the request speak the texts of `treatments` only"


def text_too_long(text: str, count: int, field: str, channel: str, max_length: int) -> str:
    return (
        f"{quoted(text)} has {count} characters, and {quoted(field)} on {quoted(channel)} has room"
        f" for {max_length}: {count - max_length} fewer, or more room in `text_lengths` of the `Ruleset`"
    )


def every_line_may_be_left_out() -> str:
    return (
        "every line here may be left out for want of a value: write one without a placeholder, or what"
        ' stands where there is none, `${attribute ?? "text"}`'
    )


def placeholder_open() -> str:
    return "`${` is not closed by `}`: write `$${` for a plain `${`"


def placeholder_unknown(name: str, known: Iterable[str]) -> str:
    return f"there is no attribute {quoted(name)}{did_you_mean(name, known) or f': {how_declared(name)}'}"


def placeholder_here(name: str) -> str:
    shown = quoted(f"${{{name}}}")
    return f"{shown} cannot stand here: only treatments speak of the request; `$${{` is a plain `${{`"


def placeholder_column(name: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(name, names) or f": declared are {listed(names)}"
    return f"the table has no declared column {quoted(name)}{hint}"


def template_name_constant() -> str:
    return "every row would give an action of the same name: use `${row.COLUMN}` in it"


def computed_and_declared(name: str) -> str:
    return f"{quoted(name)} is declared already: what is computed is not declared besides, nor sent"


def no_such_source(name: str, type_name: str, known: Sequence[str]) -> str:
    """``type_name`` where it is an attribute, but no list of objects."""
    if type_name:
        return f"{quoted(name)} is of type {type_name}: only over a `list<object>` can be computed"
    hint = did_you_mean(name, known) or (f": known are {listed(known)}" if known else "")
    return f"there is no list of objects {quoted(name)}{hint}"


def item_is_a_root(item: str, source: str) -> str:
    return f"the `item` of {quoted(source)}, {quoted(item)}, is part of an attribute's name: choose another"


def one_aggregate(given: Sequence[str], known: Sequence[str]) -> str:
    names = f"not {' and '.join(map(quoted, given))}" if given else "none is given"
    return f"exactly one of {listed(known)} says what is computed, {names}"


def not_summed(type_name: str) -> str:
    return f"values of type {type_name} are not added up: sum numbers, decimals or durations"


def not_ordered(type_name: str) -> str:
    return f"values of type {type_name} have no order: take `first`, `last`, `distinct` or `count`"


def several_categories(categories: Sequence[str]) -> str:
    return f"this reads of several sensitive categories, {listed(categories)}: compute one attribute for each"


def fields_of_no_object(type_name: str) -> str:
    return f"only a `list<object>` has fields and an item, this is of type {type_name}"


def object_without_fields() -> str:
    return "a `list<object>` needs `fields`: write `fields: {sku: string, quantity: int}`"


def values_of_objects() -> str:
    return "objects have no `values`: give `values` to one of the fields"


def text_only(field: str, type_name: str) -> str:
    return f"{quoted(field)} is for text, this is of type {type_name}: leave it out"


def empty_title() -> str:
    return "the row gives an empty title: fill its cells in"


def promise_every_or_before() -> str:
    return "a promise has either `every` or `before`"


def promise_only_before(field: str) -> str:
    return f"{quoted(field)} belongs to `before`: what is due every so often is due again and again"


def window_of_request(source: str) -> str:
    return f"{quoted(source)} comes with the request: only events and outcomes have a window"


def window_of_now() -> str:
    return "what is computed over events is of the window of now: remove `of`"


def event_field_given(name: str) -> str:
    return f"every event has {quoted(f'event.{name}')}: it is not declared"


def rollout_of_nobody() -> str:
    return "a rollout says to whom: give `percent`, `steps`, `groups` or `locations`"


def nothing_to_hold() -> str:
    return "there are no `steps` to hold: `roll_back` pauses the action"


def rollout_shrinks() -> str:
    return "a rollout only grows: steps stand in order of their dates, each with no less than before"


def unknown_group(name: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(name, names) or ": write a `List` of customers' ids"
    return f"there is no list {quoted(name)}{hint}"


def sensitive_group(name: str) -> str:
    return f"list {quoted(name)} tells of a sensitive category: no rollout may go by it"


def unknown_location(name: str, known: Iterable[str]) -> str:
    return f"there is no location {quoted(name)} in the table{did_you_mean(name, known)}"


# Cost


def _time(ns: int) -> str:
    if ns >= 10**10:
        return "more than 10 s"
    return f"{ns / 10**6:,.1f} ms" if ns >= 10**5 else f"{ns / 10**3:,.0f} us"


def rule_too_slow(ns: int, limit_ns: int) -> str:
    return (
        f"this rule is too slow: it can take {_time(ns)} for one decision, at most {_time(limit_ns)} are"
        " allowed, declare `max_items` and `max_length` of what it reads, or ask for less"
    )


def ruleset_too_slow(ns: int, limit_ns: int, worst: int) -> str:
    return (
        f"all rules together are too slow: they can take {_time(ns)} for one decision, at most"
        f" {_time(limit_ns)} are allowed, this is the slowest with {_time(worst)}: declare `max_items` and"
        " `max_length` of what it reads"
    )


# Eligibility and situations


def never_true() -> str:
    return "this is never true: nobody can meet it, whatever is sent"


def always_true() -> str:
    return "this is always true of who has the value: it keeps nobody out, did you mean `&&` instead of `||`?"


def never_with(other: str) -> str:
    return f"this is never true together with {quoted(other)}: nobody can meet both"


def never_true_of_row(text: str) -> str:
    return f"{quoted(text)} is never true with the cells of this row: nobody can meet it, whatever is sent"


def never_both(text: str, other: str) -> str:
    return f"{quoted(text)} and {quoted(other)} are never true together: nobody can meet both"


def never_with_shared(text: str, other: str, document: str) -> str:
    return (
        f"{quoted(text)} is never true together with {quoted(other)}, which `Eligibility`"
        f" {quoted(document)} adds: nobody can meet both"
    )


def more_rows(count: int) -> str:
    return f", and {count} more rows are alike" if count > 1 else ", and so is another row" if count else ""


def applies_to_nothing_said() -> str:
    return "say what it applies to: by `actions`, `labels`, `types` or `channels`, or `all: true`"


def all_stands_alone() -> str:
    return "`all: true` stands alone: remove it or the rest"


def applies_to_no_action(label: str, known: Iterable[str]) -> str:
    return f"no action meets this: the conditions have no effect{did_you_mean(label, known)}"


def group_never_full(count: int, at_most: int) -> str:
    actions = f"{count} action{'' if count == 1 else 's'}"
    return f"{actions} in it, and {at_most} may stand in one answer: the group has no effect"


def table_for_action(name: str) -> str:
    return f"{quoted(name)} is an `ActionTable`: name actions of its rows, or a label that its `action` has"


def unknown_action(name: str, known: Iterable[str]) -> str:
    return f"there is no action {quoted(name)}{did_you_mean(name, known)}"


def channel_of_no_action(name: str, known: Iterable[str]) -> str:
    return f"no action is on channel {quoted(name)}{did_you_mean(name, known)}"


def unknown_situation(name: str, known: Iterable[str]) -> str:
    return f"there is no situation {quoted(name)}{did_you_mean(name, known)}"


def situation_by_name(name: str) -> str:
    return f"a situation is a member by its bare name: write {quoted(name)}"


def situation_without_members() -> str:
    return "a situation needs members: write `all`, `any` or `none`"


def suppresses_nothing_said() -> str:
    return "this holds back nothing: give `types` or `labels`"


def suppresses_no_action() -> str:
    return "no action is held back by this"


def unused(kind: str, name: str) -> str:
    return f"{kind} {quoted(name)} is not used"


def location_column(name: str) -> str:
    return f"column {quoted(name)} is always text and always read: remove it here"
