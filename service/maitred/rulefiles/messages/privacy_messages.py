"""Messages about privacy; in the style of ``file_messages``."""

# ruff: noqa: D103 - a message says itself what it says

from collections.abc import Iterable

from maitred.core.values.nearest import did_you_mean
from maitred.core.values.types import LIST

from .file_messages import is_not, listed, quoted, yaml_word


def _known(word: str, known: Iterable[str]) -> str:
    names = list(known)
    return did_you_mean(word, names) or f": known are {listed(names)}"


# Fields


def bad_iab_number(value: object, greatest: int) -> str:
    return f"{quoted(yaml_word(value))} is not known here: write IAB's word or its number, 1 to {greatest}"


def bad_number(what: str, value: object, greatest: int) -> str:
    return f"{is_not(value, what)}: write a whole number, 1 to {greatest:,}"


def purpose_none() -> str:
    return "`none` cannot be the name of a purpose: attributes have it that are no personal data"


def bad_attribute(text: str) -> str:
    return f"{quoted(text)} is not an attribute: write `location.NAME` or one of a `Context`"


# The document


def unknown_purpose(name: str, known: Iterable[str]) -> str:
    return f"there is no purpose {quoted(name)} in `purposes` of `Privacy`{_known(name, known)}"


def unknown_category(name: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(name, names) or ": write it there, with the purpose that it takes consent to"
    return f"there is no sensitive category {quoted(name)} in `sensitive` of `Privacy`{hint}"


def unknown_jurisdiction(name: str, known: Iterable[str]) -> str:
    return f"there is no jurisdiction {quoted(name)} in `jurisdictions`{_known(name, known)}"


def unknown_attribute(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known) or ": declare it in a `Context` or as a column of `Locations`"
    return f"there is no attribute {quoted(name)}{hint}"


def wrong_type(name: str, type_name: str, wanted: str) -> str:
    return f"{quoted(name)} is {type_name}: it must be {wanted}"


def read_before(name: str, category: str) -> str:
    return (
        f"{quoted(name)} is of the sensitive category {quoted(category)}: it is read before it is known what"
        " may be read, so it must not be sensitive"
    )


def derived(name: str) -> str:
    return f"{quoted(name)} is derived from what may be read: name an attribute that comes with the request"


def minors_without_age(jurisdiction: str) -> str:
    return f"jurisdiction {quoted(jurisdiction)} has `minors`: say with `age` which attribute holds the age"


def sensitive_not_by_consent(category: str, purpose: str, basis: str, jurisdiction: str) -> str:
    return (
        f"category {quoted(category)} takes explicit consent to {quoted(purpose)}, which has basis"
        f" {quoted(basis)} in {quoted(jurisdiction)}: write `consent` or `never` there"
    )


def tcf_asks_nothing() -> str:
    return "`tcf` asks for nothing: write `purposes` or `special_features`"


def gpp_asks_nothing() -> str:
    return "`gpp` asks for nothing: write `opt_outs` or `sensitive`, or `tcfcav1` in `sections` with `tcf`"


def iab_empty() -> str:
    return "`iab` is empty: write `tcf` or `gpp`, or remove it"


def interest_not_asked(number: int) -> str:
    return f"purpose {number} is in `legitimate_interest` and not in `purposes`: write it there too"


def interest_never() -> str:
    return "a legitimate interest never covers storing on a device: remove purpose 1"


# What uses it


def no_privacy(what: str) -> str:
    return f"{what} needs a document of kind `Privacy`: write one, or remove this"


def purpose_without_privacy() -> str:
    return "purposes have no effect without a document of kind `Privacy`"


def purpose_missing(name: str) -> str:
    return (
        f"attribute {quoted(name)} has no purpose, and `Privacy` requires one: write `purpose: NAME`,"
        " or `purpose: none` where it is no personal data"
    )


def sensitive_no_purpose(name: str) -> str:
    return f"attribute {quoted(name)} is sensitive, so it is personal data: name its purpose"


def reads_sensitive(action: str, way: Iterable[str], attribute: str, category: str, purpose: str) -> str:
    noun = "list" if attribute.startswith(LIST) else "attribute"
    chain = " -> ".join((f"action {quoted(action)}", *way, f"{noun} {quoted(attribute)}"))
    return f"{chain} reads sensitive category {quoted(category)}: add {quoted(purpose)} to `consent`"


# Warnings


def no_basis(purpose: str, jurisdiction: str) -> str:
    return (
        f"purpose {quoted(purpose)} has no basis in {quoted(jurisdiction)}, so it is forbidden there: write"
        " one, or `never`"
    )


def unused_purpose(name: str) -> str:
    return (
        f"purpose {quoted(name)} is not used: "
        "no attribute, event, action, experiment, learner or sensitive category names it"
    )


def never_allowed(name: str) -> str:
    return f"purpose {quoted(name)} is allowed in no jurisdiction: what has it is never read"


def barred_for_nothing(name: str) -> str:
    return f"no action and no attribute has purpose {quoted(name)}: barring it has no effect"


def pointless_consent(name: str) -> str:
    return f"purpose {quoted(name)} has basis `contract` everywhere: naming it in `consent` has no effect"


def interest_without_tcf(purpose: str, jurisdiction: str, number: int) -> str:
    return (
        f"purpose {quoted(purpose)} has basis `legitimate_interest` in {quoted(jurisdiction)}, but for IAB's"
        f" purpose {number} its `tcf` takes consent only: write it in `legitimate_interest` too"
    )


def unused_category(name: str) -> str:
    return f"sensitive category {quoted(name)} is not used: no attribute and no list has it"


def unused_age() -> str:
    return "`age` has no effect: no jurisdiction has `minors`"


def never_named() -> str:
    return "no attribute names the jurisdiction, so only `default` counts: write `jurisdiction`"


def odd_jurisdiction(value: str, known: str, where: str) -> str:
    return f"{where} names jurisdiction {quoted(value)}, which is not {quoted(known)}: `default` counts there"
