"""Messages about files, YAML and fields: lower case, no full stop, input in backticks, what to do."""

# ruff: noqa: D103 - a message says itself what it says

from collections.abc import Iterable, Sequence

from maitred.core.values.nearest import did_you_mean
from maitred.rulefiles import bounds

from . import meant

# More than this of a wrong value helps nobody.
_SHOWN_CHARACTERS = 60


def quoted(value: object) -> str:
    """A value as written by the author, in backticks; long ones are cut."""
    text = str(value)
    text = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
    return f"`{text.encode('unicode_escape').decode() if not text.isprintable() else text}`"


def listed(words: Iterable[str]) -> str:
    """Words in order, in backticks; at most a dozen."""
    shown = sorted(words)
    rest = len(shown) - 12
    return ", ".join(map(quoted, shown[:12])) + (f" and {rest} more" if rest > 0 else "")


# Files


def no_directory(path: str) -> str:
    return f"{quoted(path)} is not a directory: name the one that holds the rule files"


def unreadable(why: str) -> str:
    return f"cannot be read: {why}"


def no_rule_files() -> str:
    return "there is no rule file: put `*.yaml` files with at least a `Ruleset` into the directory"


def too_many_files() -> str:
    return f"there are more than {bounds.RULESET_FILES:,} files: a ruleset has at most that many"


def too_many_entries() -> str:
    return f"there are more than {bounds.DIRECTORY_ENTRIES:,} entries: is this the directory of a ruleset?"


def ruleset_too_large() -> str:
    return f"the files are over {bounds.RULESET_BYTES >> 20} MiB together: shorten the tables"


def file_too_large(limit: int) -> str:
    return f"the file is over {limit >> 20} MiB: split it"


def link_outside() -> str:
    return "is a link out of the ruleset: put the file itself here"


def link_broken() -> str:
    return "is a link that leads nowhere: put the file itself here"


def linked_directory() -> str:
    return "is a link to a directory, which is not followed: put the files themselves here"


def not_regular() -> str:
    return "is not a regular file"


def bad_file_name() -> str:
    return f"has a name that is not printable text of at most {bounds.PATH_CHARACTERS} characters: rename it"


def more_faults(count: int) -> str:
    return f"{count:,} more are not shown: repair these first"


# YAML


def not_yaml() -> str:
    return (
        "this cannot be read: write `name: value`, give fields of one level one column, and close every quote"
    )


def merge_conflict() -> str:
    return (
        "this is a mark of a merge conflict: decide for one of both sides, and remove the lines with"
        " `<<<<<<<`, `=======` and `>>>>>>>`"
    )


def tabs() -> str:
    return "lines begin with blanks, not with a tab: replace it by blanks"


def needs_quotes(text: str, written: str) -> str:
    return f"{quoted(text)} has signs that mean something else here: put it in quotes, {quoted(written)}"


def comma_for_semicolon() -> str:
    return "fields in braces are separated by commas: write `,` instead of `;`"


def bracket_open(bracket: str) -> str:
    closing = "]" if bracket == "[" else "}"
    return f"the bracket {quoted(bracket)} is not closed: put a {quoted(closing)} at its end"


def blank_after_colon(written: str) -> str:
    return f"a blank is missing after the colon: write {quoted(written)}"


def blank_after_dash() -> str:
    return "a blank is missing after the dash: write `- ` before every item"


def quotes_around_field(written: str) -> str:
    return (
        f"the quotes stand around the whole field: write {quoted(written)}, quotes around the value at most"
    )


def colon_for_equals(written: str) -> str:
    return f"a field has a colon and no `=`: write {quoted(written)}"


def colon_missing(written: str) -> str:
    return f"a field has a colon after its name: write {quoted(written)}"


def no_escape(written: str) -> str:
    return f"{quoted(written)} is no escape in double quotes: put the text in single quotes"


def wrong_column() -> str:
    return "this stands in another column than its neighbours: give fields of one level one column"


def curly_quotes() -> str:
    return 'the curly quotes are part of the text: write straight quotes `"`, or none'


def unclosed_text() -> str:
    return "the text that begins here is not closed: put a quote at its end"


def not_utf8() -> str:
    return "this byte is not UTF-8: save the file as UTF-8"


def forbidden_character(character: str) -> str:
    codes = ", ".join(f"U+{ord(letter):04X}" for letter in character if not letter.isprintable())
    return f"the character {codes} is invisible or changes how a line reads: remove it"


def duplicate_key(key: str) -> str:
    return f"{quoted(key)} stands here twice: keep one"


def merge_key() -> str:
    return "merge keys are not allowed: write the fields out"


def anchor(name: str) -> str:
    return f"anchors are not allowed: remove {quoted('&' + name)}"


def alias(name: str) -> str:
    return f"aliases are not allowed: write the value of {quoted('*' + name)} out"


def tag(name: str) -> str:
    return f"tags are not allowed: remove {quoted(name)}"


def begins_with_exclamation(written: str) -> str:
    return f"what begins with `!` stands in quotes, else YAML takes it for its own: write {quoted(written)}"


def directive() -> str:
    return "directives are not allowed: remove the lines that begin with `%`"


def key_not_text() -> str:
    return "a key must be text"


def too_deep() -> str:
    return f"this is nested over {bounds.NESTING_LEVELS} levels deep: nothing in a rule file is"


def not_finite(text: str) -> str:
    return f"{quoted(text)} is not a finite number: put it in quotes if it is text"


def integer_too_large(text: str) -> str:
    return f"{quoted(text)} does not fit into 64 bits: put it in quotes if it is text"


# Documents and fields


def not_a_document() -> str:
    return "a document is a mapping with `apiVersion`, `kind` and `name`"


def no_kind(known: Iterable[str]) -> str:
    return f"`kind` is missing: write one of {listed(known)}"


def unknown_kind(kind: str, known: Iterable[str]) -> str:
    names = list(known)
    other = meant.kind_of(kind)
    if other in names:
        return f"there is no kind {quoted(kind)}: write {quoted(other)}"
    return f"there is no kind {quoted(kind)}" + (
        did_you_mean(kind, names) or f": write one of {listed(names)}"
    )


def kind_not_yet(kind: str) -> str:
    return f"kind {quoted(kind)} is not supported yet: remove the document"


def unknown_field(name: str, known: Iterable[str]) -> str:
    names = list(known)
    return f"there is no field {quoted(name)} here" + (
        did_you_mean(name, names) or f": known are {listed(names)}"
    )


def missing(name: str) -> str:
    return f"{quoted(name)} is missing"


def not_below(limit: object) -> str:
    return f"this must be less than {_number(limit)}"


def not_above(least: object) -> str:
    return f"this must be more than {_number(least)}"


def too_small(least: object) -> str:
    return f"this number is too small: write at least {_number(least)}"


def too_large(limit: object) -> str:
    return f"this number is too large: write at most {_number(limit)}"


def _number(bound: object) -> object:
    """As people write it: a bound of a number with decimals is 0.0 to Python."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def no_such_value() -> str:
    return "this value cannot stand here: see the field in the page on rule files"


def field_elsewhere(name: str, where: str) -> str:
    shown = where if "`" in where else quoted(where)
    return f"there is no field {quoted(name)} here: write {shown}"


def comma_in_text(name: str) -> str:
    return (
        f"the comma before {quoted(name)} ends the text, as it stands in braces: put the whole text in quotes"
    )


def write_form(what: str, value: str, written: str) -> str:
    return f"{quoted(value)} is not {what}: write {quoted(written)}"


def one_mapping() -> str:
    return "this must be one mapping, not a list: remove the dash or the brackets around it"


def guard_fields(value: object) -> str:
    return (
        f"{quoted(value)} is not a mapping: write fields, `outcome: rejected`, `direction: above`,"
        " `threshold: 20` and `horizon: 28d`"
    )


def arms_by_name() -> str:
    return "this must be a mapping, not a list: write each arm as `NAME: {weight: ...}`"


def not_live(value: str) -> str:
    """A text where days and hours are wanted."""
    return (
        f"{quoted(value)} is not a mapping: write `{{from: 2026-12-01, until: 2026-12-24}}`,"
        " or leave `live` out for always"
    )


def leave_out(field: str, value: str) -> str:
    return f"{quoted(value)} is not a list: leave {quoted(field)} out for all of them"


def dash_missing() -> str:
    return "this must be a list, not a mapping: begin every item with `- `, a dash and a blank"


def known_as(value: str, known: Iterable[str]) -> str:
    return f"{quoted(value)} is not known here: write {' or '.join(map(quoted, known))}"


_HOW_TO_WRITE = {
    "a list": ": put it in `[...]`",
    "a mapping": ": write fields, each as `name: value`",
}


def wants(what: str, value: object) -> str:
    if value is None:
        return f"a value is missing: write {what}"
    if isinstance(value, bool | int | float) and what.startswith("text"):
        return f"{quoted(yaml_word(value))} is not {what}: put it in quotes"
    if isinstance(value, str) and (word := meant.value_of(what, value)):
        return f"{quoted(value)} is not {what}: write {quoted(word)}, without quotes"
    if isinstance(value, dict | list):
        other = "a mapping" if isinstance(value, dict) else "a list"
        return f"this must be {what}, not {other}{_HOW_TO_WRITE.get(what, '')}"
    return f"{quoted(yaml_word(value))} is not {what}{_HOW_TO_WRITE.get(what, '')}"


def decimal_comma(digits: str) -> str:
    written = quoted(f"0.{digits}")
    return f"there is no field {quoted(digits)} here: a number has a point for its decimals, {written}"


def share_for_percent(value: object, share: str) -> str:
    """What is told of a percentage where the field is a share from 0 to 1."""
    return f"{quoted(value)} is a percentage, this is a share from 0 to 1: write {quoted(share)}"


def is_not(value: object, what: str) -> str:
    """The beginning of what is told of a value of another kind, or of none at all."""
    return "a value is missing" if value is None else f"{quoted(yaml_word(value))} is not {what}"


def or_left_out(what: str) -> str:
    """What is told of a field without a value that can be left out."""
    return f"{what}, or leave it out"


def yaml_word(value: object) -> object:
    """A value as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else value


def no_value(known: Iterable[str]) -> str:
    return f"a value is missing: write one of {listed(known)}"


def not_one_of(value: object, known: Iterable[object]) -> str:
    names = [str(name) for name in known]
    if isinstance(value, list) and len(value) == 1 and value[0] in names:
        return f"this must be one word, not a list: write {quoted(value[0])}"
    if isinstance(value, dict | list):
        return f"this must be one of {listed(names)}"
    word = str(yaml_word(value))
    hint = did_you_mean(word, names)
    return f"{quoted(word)} is not known here" + (hint or f": write one of {listed(names)}")


def too_long(limit: object) -> str:
    return f"this is too long: at most {limit} characters"


def empty() -> str:
    return "this is empty: write something or remove the field"


def bad_name(text: str) -> str:
    return (
        f"{quoted(text)} cannot be a name: use lower-case letters, digits, `-` and `_`,"
        f" at most {bounds.NAME_CHARACTERS}, beginning with a letter or digit{_instead(meant.name_of(text))}"
    )


def bad_action_name(text: str) -> str:
    return (
        f"{quoted(text)} cannot be the name of an action: use letters, digits, `-`, `_` and `.`,"
        f" at most {bounds.NAME_CHARACTERS}, beginning with a letter or digit{_instead(meant.name_of(text))}"
    )


def _instead(word: str | None) -> str:
    return f", such as {quoted(word)}" if word else ""


def bad_language(text: str) -> str:
    return f"{quoted(text)} is not a language: write it like `en` or `de-CH`"


def bad_languages(wrong: Sequence[object]) -> str:
    if not wrong:
        return "this is empty: write a text, or one for each language, `{en: ..., it: ...}`"
    tag = meant.language_of(str(wrong[0]))
    by_language = "write a text, or one for each language, `{en: ..., it: ...}`"
    return f"{quoted(wrong[0])} is not a language: {f'write {quoted(tag)}' if tag else by_language}"


def bad_currency(text: str) -> str:
    return f"{quoted(text)} is not a currency: write its code, such as `EUR`"


def bad_identifier(text: str) -> str:
    return (
        f"{quoted(text)} cannot be a name in conditions: use lower-case letters, digits and `_`,"
        f" beginning with a letter, and no word of CEL{_instead(meant.name_of(text, '_'))}"
    )


def bad_word(text: str) -> str:
    return f"{quoted(text)} cannot stand here: use letters, digits, `-`, `_` and `.`"


def bad_label_value(text: str) -> str:
    return f"{quoted(text)} cannot be the value of a label: use printable ASCII, at most 128 characters"


def bad_column(text: str) -> str:
    return f"{quoted(text)} cannot be a column: use letters, digits and `_`, and no word of CEL"


def bad_file(text: str) -> str:
    return (
        f"{quoted(text)} is not the path of a file in the ruleset: write it from the directory of the"
        " ruleset, with `/`, without `..`"
    )


def bad_score() -> str:
    return "a score is a finite number or a CEL expression in text"


def duplicate_value(value: str) -> str:
    return f"{quoted(value)} stands here twice: keep one"


def duplicate_name(kind: str, name: str, other: str, place: str) -> str:
    case = f", which differs from {quoted(name)} in letter case only" if other != name else ""
    return f"there is another {kind} {quoted(other)} in {place}{case}: rename one"


def duplicate_attribute(name: str, place: str) -> str:
    return f"attribute {quoted(name)} is also declared in {place}: keep one"


def no_ruleset() -> str:
    return "there is no document of kind `Ruleset`: write one with a `version`"


def only_one(kind: str, place: str) -> str:
    return f"there is another {kind} in {place}: a ruleset has one"


def no_actions() -> str:
    return "there is no action: the ruleset decides nothing"


def too_many_rows() -> str:
    return f"the table has more than {bounds.TABLE_ROWS:,} rows: divide it, or leave rows out"


def too_many_actions() -> str:
    return f"there are more than {bounds.ACTIONS:,} actions"
