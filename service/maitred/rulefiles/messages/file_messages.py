"""Messages about files, YAML and fields: lower case, no full stop, input in backticks, what to do."""

# ruff: noqa: D103 - a message says itself what it says

import difflib
from collections.abc import Iterable

from maitred.rulefiles.reading import bounds

# More than this of a wrong value helps nobody.
_SHOWN_CHARACTERS = 60
# One letter of three may differ; the library takes the same.
_CLOSE = 0.6


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean `x`?)`` where a known word is close, whatever its letter case, else nothing."""
    names = {name.casefold(): name for name in known}
    if len(names) > bounds.SUGGESTION_CANDIDATES:
        return ""
    close = difflib.get_close_matches(word.casefold(), names, 1, _CLOSE)
    return f", did you mean {quoted(names[close[0]])}?" if close else ""


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


_YAML_ADVICE = (
    ("tab character", "begin lines with blanks, not with tabs"),
    (
        "found character that cannot start any token",
        "begin lines with blanks, not with tabs, and put such text in quotes",
    ),
    (
        "did not find expected ',' or",
        "put text with `: `, `,`, `{` or `}` in quotes, and close every bracket",
    ),
    (
        "mapping values are not allowed",
        "put text with `: ` in quotes, and give fields of one level one column",
    ),
    ("did not find expected key", "give fields of one level one column, and close every quote"),
    ("did not find expected '-' indicator", "give items of one list one column"),
    ("could not find expected ':'", "write a field as `name: value`, with a blank after the colon"),
)
"""By a part of what libyaml says."""


def yaml_syntax(problem: str) -> str:
    advice = next((f"; {what_to_do}" for part, what_to_do in _YAML_ADVICE if part in problem), "")
    return f"this is not valid YAML: {problem}{advice}"


def unclosed_text() -> str:
    return "this is not valid YAML: the text that begins here is not closed, put a quote at its end"


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


_HOW_TO_WRITE = {
    "a list": ": put it in `[...]`",
    "a mapping": ": write fields, each as `name: value`",
}


def wants(what: str, value: object) -> str:
    if value is None:
        return f"a value is missing: write {what}"
    if isinstance(value, bool | int | float) and what == "text":
        return f"{quoted(yaml_word(value))} is not text: put it in quotes"
    if isinstance(value, dict | list):
        return f"this must be {what}, not {'a mapping' if isinstance(value, dict) else 'a list'}"
    return f"{quoted(yaml_word(value))} is not {what}{_HOW_TO_WRITE.get(what, '')}"


def yaml_word(value: object) -> object:
    """A value as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else value


def no_value(known: Iterable[str]) -> str:
    return f"a value is missing: write one of {listed(known)}"


def not_one_of(value: object, known: Iterable[object]) -> str:
    names = [str(name) for name in known]
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
        f" at most {bounds.NAME_CHARACTERS}, beginning with a letter or digit"
    )


def bad_action_name(text: str) -> str:
    return (
        f"{quoted(text)} cannot be the name of an action: use letters, digits, `-`, `_` and `.`,"
        f" at most {bounds.NAME_CHARACTERS}, beginning with a letter or digit"
    )


def bad_identifier(text: str) -> str:
    return (
        f"{quoted(text)} cannot be a name in conditions: use lower-case letters, digits and `_`,"
        " beginning with a letter, and no word of CEL"
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


def too_many_actions() -> str:
    return f"there are more than {bounds.ACTIONS:,} actions"
