"""Texts of the command line that several commands have, or that are put together.

All texts: lower case, no full stop, input in backticks, what to do.
"""

import re
from collections.abc import Iterable, Sequence

HELP = """Decides what is appropriate for a customer, here and now.

[bold]maitred serve[/bold] answers calls with the rules of a directory; [bold]maitred decide[/bold] asks it \
something; [bold]maitred check[/bold] looks for faults in rule files.

Every flag that a deployment sets is also a variable, shown in each command's help: \
MAITRED_RULES, MAITRED_DATABASE, MAITRED_TARGET ...

Exit codes: 0 fine, 1 findings (a faulty rule, a refused request), 2 cannot run."""

DRY_RUN = "dry run: nothing was written down"
DEGRADED = "degraded: a limit could not be asked"


def error(message: str) -> str:
    """A line that ends a command."""
    return f"error: {message}"


_IN_OUR_WORDS = (
    (r"Value error, ", ""),
    (r"Input should be greater than or equal to (\S+)", r"write \1 or more"),
    (r"Input should be less than or equal to (\S+)", r"write \1 or less"),
    (r"Input should be a valid integer\b.*", "write a whole number"),
    (r"Input should be a valid number\b.*", "write a number"),
    (r"'([^'\n]*)'", r"`\1`"),
)


def usage(message: str) -> str:
    """What typer says about flags, in house style."""
    message = message.strip().removesuffix(".")
    for theirs, ours in _IN_OUR_WORDS:
        message = re.sub(theirs, ours, message)
    return message[:1].lower() + message[1:]


def see_help(command: str) -> str:
    """Where flags are explained."""
    return f"see `{command} --help`"


def unexpected(error: Exception) -> str:
    """One line to report; the traceback is for who asks for it."""
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return (
        f"error: a fault of maitred itself: {what}\n"
        "please report it with what is printed when MAITRED_DEBUG=1 is set"
    )


# decide, explain


def cannot_read(path: str, why: str) -> str:
    """A file of the user."""
    return f"cannot read `{path}`: {why}"


def not_an_instant(text: str) -> str:
    """A time without its offset is a different one in every zone."""
    return f"`{text}` is not an instant with its offset, as in 2026-12-01T11:30:00Z or 2026-12-01T11:30-05:00"


def refused(code: str, message: str) -> str:
    """A status of the server in plain words, with its own message where it sent one."""
    words = _STATUS_WORDS.get(code, code.lower().replace("_", " "))
    return f"{words}: {message}" if message else words


_STATUS_WORDS = {
    "INVALID_ARGUMENT": "the request is malformed",
    "NOT_FOUND": "not found",
    "ALREADY_EXISTS": "already answered",
    "FAILED_PRECONDITION": "not possible now",
    "OUT_OF_RANGE": "out of range",
    "PERMISSION_DENIED": "not permitted",
    "UNAUTHENTICATED": "not signed in",
    "RESOURCE_EXHAUSTED": "the server is busy, try again",
    "DEADLINE_EXCEEDED": "the server did not answer in time",
    "ABORTED": "lost a race, try again",
    "UNAVAILABLE": "the server is unavailable",
    "UNIMPLEMENTED": "the server does not know this call: is it maitred?",
    "INTERNAL": "a fault of the server, its log tells more",
    "UNKNOWN": "the server failed",
}


# check, schema


def not_a_directory(path: str) -> str:
    """There are no rule files to look at."""
    return f"`{path}` is not a directory: name the one that holds the rule files"


def faulty(errors: int, warnings: int, files: int) -> str:
    """``3 errors, 1 warning in 4 files``."""
    counts = [counted(errors, "error")] if errors else []
    counts += [counted(warnings, "warning")] if warnings else []
    return ", ".join(counts) + (f" in {counted(files, 'file')}" if files else "")


def sound(actions: int, situations: int, version: str, digest: str, *, warnings: int, cost_ns: int) -> str:
    """``ok: 12 actions, 3 situations, ruleset 1.4 (1d0c6f2a9b3e), at most 0.02 ms a decision``."""
    more = f", {counted(warnings, 'warning')}" if warnings else ""
    return (
        f"ok: {counted(actions, 'action')}, {counted(situations, 'situation')}, "
        f"ruleset {version} ({digest}), at most {cost_ns / 10**6:.2f} ms a decision{more}"
    )


def counted(number: int, noun: str) -> str:
    """``1 file``, ``1,200 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def wrote(count: int, directory: str) -> str:
    """``wrote 7 schemas to rules/schema``."""
    return f"wrote {counted(count, 'schema')} to {directory}"


def cannot_write(path: str, why: str) -> str:
    """A file of ours."""
    return f"cannot write `{path}`: {why}"


# serve

HOW_TO_STOP = "Ctrl-C stops it; changed rule files are taken up as they are saved"


def unknown_transport(transport: str, known: Sequence[str]) -> str:
    """How calls are to be answered is none of the ways there are."""
    return f"`--transport {transport}` is none of {', '.join(known)}"


def not_an_address(listen: str) -> str:
    """The address is not HOST:PORT."""
    return f"`{listen}` is not an address: give HOST:PORT, an IPv6 host in brackets"


# limits, pause, resume


def of_units(taken: int, maximum: int | None) -> str:
    """``15 of 40``."""
    return f"{taken:,}" if maximum is None else f"{taken:,} of {maximum:,}"


def held_units(held: int) -> str:
    """Nothing where nothing is."""
    return f"{held:,}" if held else ""


def nothing_limited(*, chosen: bool) -> str:
    """No row at all, and what to do about it."""
    if chosen:
        return "no limit applies there: see all with `maitred limits`"
    return "no action has a limit: write a FrequencyCap or a Capacity into the rule files"


def every(seconds: float) -> str:
    """How often it is redrawn, and how it ends."""
    return f"every {seconds:g} s, Ctrl-C ends it"


def paused(action: str, since: str, *, before: bool) -> str:
    """An action is stopped."""
    if before:
        return f"`{action}` was paused before: since {since}"
    return f"`{action}` is paused everywhere within a second, since {since}"


def resumed(action: str, *, was_paused: bool) -> str:
    """An action goes on."""
    return f"`{action}` goes on everywhere within a second" if was_paused else f"`{action}` was not paused"


# claim, redeem, release, outcome


def as_request(request_id: str) -> str:
    """Under which id it was asked."""
    return f"request {request_id}: repeat it with --request-id to get the same answer"


def denied(detail: str, reason: str) -> str:
    """No unit was taken."""
    return f"denied, {reason}: {detail}" if detail else f"denied, {reason}"


def held_until(when: str, span: str) -> str:
    """How long what a proposal or a claim takes is kept."""
    return f"until {when}, for {span}"


def in_place_of(action: str) -> str:
    """An action that stands in for another one."""
    return f"in place of {action}"


RECORDED = "recorded"


def not_recorded(detail: str) -> str:
    """An outcome was refused."""
    return f"not recorded: {detail}"


# event, session


def bad_attribute(problem: str) -> str:
    """An attribute on the command line that cannot be read."""
    return f"--set: {problem}"


def rejected_words(actions: Iterable[str]) -> str:
    """What the customer does not want to hear of again."""
    return f"rejected: {', '.join(actions)}"


# results

BETTER, WORSE_THAN_CONTROL, NOT_SHOWN = "better", "worse", "no difference shown"
NOT_TO_BE_READ = "not to be read"


def nothing_reported(name: str, outcome: str, persons: int) -> str:
    """Of a guard that waits for what has not happened, or is not told."""
    return f"{name}: none of {persons:,} persons is known as `{outcome}`; make sure that it is reported"


def shares_are_wrong(p_value: float) -> str:
    """Of arms that chance does not give with these weights."""
    return (
        f"the arms have other shares than their weights (p {p_value:.2g}): do not read the differences, find "
        "out first who is missing, or whether somebody changed the weights meanwhile"
    )


HOW_TO_READ_RESULTS = (
    "at every look: holds however often you look, so you may stop once it leaves out zero",
    "at the end: right once, at the end that was planned; p is corrected for the number of comparisons",
    "docs/experiments.md says how long to test and what a result means",
)


def refused_by(reason: str) -> str:
    """A column of decisions in which a limit refused an action."""
    return reason.lower().replace("_", " ")


# rollouts


def paused_words(by: str, cause: str) -> str:
    """That an action is paused, by whom and why."""
    return f"paused by {by or 'somebody'}{f': {cause}' if cause else ''}"


def held_words(by: str, cause: str) -> str:
    """That the steps of a rollout are held, by whom and why."""
    return f"held by {by or 'somebody'}{f': {cause}' if cause else ''}"


def rules_at_fault(directory: str) -> str:
    """Rules that do not load."""
    return f"the rules in `{directory}` have faults: see `maitred check {directory}`"


LEARNING = "going through the decision log"


def learning_from(decisions: int) -> str:
    """Long work goes on."""
    return f"{LEARNING}: {decisions:,} decisions"


def not_a_span(text: str) -> str:
    """What follows ``--watch`` is no duration."""
    return f"`{text}` is no span of a second or more, write `10m` or `1h`"


def learned_from(decisions: int, early: int, refused: int) -> str:
    """How many decisions had a part in it, and how many had not."""
    text = f"learned from {decisions:,} decisions"
    text += f", {early:,} too early" if early else ""
    return text + (f", {refused:,} left out of people who have refused since" if refused else "")


def learner_unknown(name: str, near: str) -> str:
    """Decisions were scored by a learner that the rules do not have: another ruleset is served, or was."""
    hint = near or ": name the directory that is served"
    return f"these rules have no learner {name}, by which decisions were scored{hint}"


def share_words(mean: float, deviation: float) -> str:
    """A share in percent, and about how far off it may be."""
    return f"{100 * mean:.2f} % ± {100 * deviation:.2f}"
