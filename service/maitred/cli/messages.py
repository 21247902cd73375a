"""Every text of the command line: lower case, no full stop, input in backticks, what to do."""

import re
from collections.abc import Iterable, Sequence

HELP = """Decides what is appropriate for a customer, here and now.

[bold]maitred serve[/bold] answers calls with the rules of a directory; [bold]maitred decide[/bold] asks it \
something; [bold]maitred check[/bold] looks for faults in rule files.

Every flag that a deployment sets is also a variable, shown in each command's help: \
MAITRED_RULES, MAITRED_DATABASE, MAITRED_TARGET ...

Exit codes: 0 fine, 1 findings (a faulty rule, a refused request), 2 cannot run."""

NOT_WRITTEN = "nothing was written down"
DRY_RUN = "dry run: nothing was written down"
NOTHING_PROPOSED = "nothing to propose"
ASK_WHY = "say why not with `--explain reasons`"
TRY_TLS = "with TLS the server and --tls-ca must agree; without it, leave --tls-ca out"
DEGRADED = "degraded: a limit could not be asked"
NO_REFUSALS = "none: no other action is live on the channel"

ONE_OF_CUSTOMER_SESSION_LOCATION = "give exactly one of --customer, --session and --location"
NOTHING_CLAIMED = "nothing has been claimed"
OTHER_SESSION = "--session and `session.id` in --context differ: give one of them"


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


def context_not_json(why: str, line: int, column: int) -> str:
    """The place in the JSON counts from 1."""
    return f"the context is not JSON: line {line} column {column}: {why}"


def context_not_object() -> str:
    """JSON, but no object."""
    return 'the context must be a JSON object: `{"customer": {"tier": "gold"}}`'


def context_beyond_json(why: str) -> str:
    """Nested too deep, or a lone surrogate."""
    return f"the context cannot be sent: {why}"


def cannot_read(path: str, why: str) -> str:
    """A file of the user."""
    return f"cannot read `{path}`: {why}"


def not_an_instant(text: str) -> str:
    """A time without its offset is a different one in every zone."""
    return f"`{text}` is not an instant with its offset, as in 2026-12-01T11:30:00Z or 2026-12-01T11:30-05:00"


def no_server(target: str) -> str:
    """Nobody listens there."""
    return f"no server answers at `{target}`"


def no_connection(target: str, why: str) -> str:
    """Somebody listens there and does not speak as expected."""
    return f"cannot talk to `{target}`: {why}"


def start_one(target: str) -> str:
    """What to do about ``no_server``."""
    return f"start one with `maitred serve --listen {target}`, or name another with --target"


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


def checking(path: str) -> str:
    """While rule files are read."""
    return f"checking {path}"


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


def alike(number: int) -> str:
    """Of how many refusals nothing else is shown."""
    return f"{number:,} more by the same rule: --action NAME shows one of them, --json all"


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

USE_POSTGRESQL = "name one with --database postgresql+psycopg://USER@HOST/NAME, or leave --workers out"
TLS_NEEDS_BOTH = "TLS needs both --tls-cert and --tls-key"
TLS_CLIENT_CA_ALONE = "--tls-client-ca needs --tls-cert and --tls-key as well"
SIMULATED_TIME = "callers may say what time it is"
HOW_TO_STOP = "Ctrl-C stops it; changed rule files are taken up as they are saved"


def unknown_transport(transport: str, known: Sequence[str]) -> str:
    """How calls are to be answered is none of the ways there are."""
    return f"`--transport {transport}` is none of {', '.join(known)}"


def workers_need_postgresql(workers: int) -> str:
    """SQLite has one writer, and each process would be another."""
    return f"{workers} workers need PostgreSQL: SQLite takes one process"


def loading(path: str) -> str:
    """While the service starts."""
    return f"loading {path}"


def faulty_rules(path: str) -> str:
    """The banner's word where no valid ruleset is in force."""
    return f"has faults: see `maitred check {path}`; it is taken up once it is right"


def not_an_address(listen: str) -> str:
    """The address is not HOST:PORT."""
    return f"`{listen}` is not an address: give HOST:PORT, an IPv6 host in brackets"


def cannot_listen(listen: str) -> str:
    """The port cannot be had."""
    return f"cannot listen on `{listen}`: in use, not permitted, or not an address of this machine"


# limits, pause, resume

DEPENDS = "depends on the request"
NONE_LEFT = "none left"


def of_units(taken: int, maximum: int | None) -> str:
    """``15 of 40``."""
    return f"{taken:,}" if maximum is None else f"{taken:,} of {maximum:,}"


def held_units(held: int) -> str:
    """Nothing where nothing is."""
    return f"{held:,}" if held else ""


def gone(when: str, until: str) -> str:
    """``gone 14:05, in 25 min``."""
    return f"gone {when}, {until}"


def nothing_limited(*, chosen: bool) -> str:
    """No row at all, and what to do about it."""
    if chosen:
        return "no limit applies there: see all with `maitred limits`"
    return "no action has a limit: write a FrequencyCap or a Capacity into the rule files"


def only_the_fullest(count: int) -> str:
    """There may be more subjects than are shown."""
    return (
        f"at most {count} subjects of each limit, the fullest: see more with --most, or one with --location"
    )


def one_limit(second: str) -> str:
    """Two limits were named."""
    return f"one limit at a time, not also `{second}`: leave both out to see all"


def not_seconds(word: str, least: float, greatest: float) -> str:
    """What follows --watch."""
    return f"`{word}` is no interval: give seconds from {least:g} to {greatest:g}"


def limits_at(target: str) -> str:
    """Above a live table."""
    return f"limits at {target}"


def every(seconds: float) -> str:
    """How often it is redrawn, and how it ends."""
    return f"every {seconds:g} s, Ctrl-C ends it"


def out_of_touch(why: str, since: str) -> str:
    """What is shown is old."""
    return f"{why}; trying again, this is how it stood at {since}"


def paused(action: str, since: str, *, before: bool) -> str:
    """An action is stopped."""
    if before:
        return f"`{action}` was paused before: since {since}"
    return f"`{action}` is paused everywhere within a second, since {since}"


def how_to_resume(action: str) -> str:
    """What to do afterwards."""
    return f"it goes on with `maitred resume {action}`"


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


def granted(claim_id: str) -> str:
    """A unit was taken."""
    return f"granted: claim {claim_id}"


def held_until(when: str, span: str) -> str:
    """How long what a proposal or a claim takes is kept."""
    return f"until {when}, for {span}"


def in_place_of(action: str) -> str:
    """An action that stands in for another one."""
    return f"in place of {action}"


CLAIM_INSTEAD = "can be claimed instead"
NO_EXPIRY = "does not expire"
REDEEMED = "redeemed: the unit is spent"
RELEASED = "released: the unit goes back"
RECORDED = "recorded"


def not_recorded(detail: str) -> str:
    """An outcome was refused."""
    return f"not recorded: {detail}"


def not_reported(kind: str, known: str) -> str:
    """A kind of outcome that there is not, or that nobody reports."""
    return f"`{kind}` is no outcome to report: {known}"


# event, session

NOTHING_SEEN = "nothing was decided"
NOTHING_IN_STEP = "nothing"


def bad_attribute(problem: str) -> str:
    """An attribute on the command line that cannot be read."""
    return f"--set: {problem}"


def not_a_field(word: str) -> str:
    """A field of an event is no name with a value."""
    return f"`{word}` is no field: write NAME=VALUE"


def rejected_words(actions: Iterable[str]) -> str:
    """What the customer does not want to hear of again."""
    return f"rejected: {', '.join(actions)}"


def open_claim_words(action: str, claim_id: str) -> str:
    """A claim that can be redeemed."""
    return f"open claim: {action} {claim_id}"


# results

READING_RESULTS = "reading the decision log"
SERVERS_SHOW_RESULTS = "--target asks for one experiment, without --policy: name one, or leave it out"
DECISIONS_ARE_COMPARED = "each decision draws anew whether it explores: a person here is a decision"
NOBODY_EXPOSED = "nobody was exposed to an experiment or a holdout yet"
BETTER, WORSE_THAN_CONTROL, NOT_SHOWN = "better", "worse", "no difference shown"
HOW_TO_READ_RESULTS = (
    "at every look: holds however often you look, so you may stop once it leaves out zero",
    "at the end: right once, at the end that was planned; p is corrected for the number of comparisons",
    "docs/experiments.md says how long to test and what a result means",
)


def refused_by(reason: str) -> str:
    """A column of decisions in which a limit refused an action."""
    return reason.lower().replace("_", " ")


def weight_of_policy(persons: int, effective: float, heaviest: float) -> str:
    """How much of the log speaks of the policy."""
    return (
        f"{persons:,} persons say as much of this policy as {effective:,.0f} of its own would; "
        f"the heaviest counts {heaviest:.3g} times"
    )


def shares_wrong(p_value: float) -> str:
    """The arms have other numbers of persons than their weights say."""
    return (
        f"the arms have other shares than their weights (p {p_value:.2g}): do not read the differences, find"
        " out who is missing first"
    )


def too_early(persons: int) -> str:
    """Whose time is not over yet."""
    return f"{persons:,} persons were exposed too lately to be compared"


def in_two_arms(persons: int) -> str:
    """Who was seen in two arms."""
    return f"{persons:,} persons were seen in two arms, as weights or the salt changed, and are left out"


def not_a_duration(text: str) -> str:
    """A span that is none."""
    return f"`{text}` is no duration: write it like `7d`, with `h`, `d` or `w`"


# rollouts

NO_ROLLOUTS = "no action has a rollout"
GOES_ON = "goes on"


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
KEPT = "kept in the database, services draw by it within a second"
LEFT_FOR_SERVICE = "left beside the database, the service that has it draws by it within a second"
NOTHING_NEW = "nothing new, services draw by it already"
NOTHING_LEARNS = "no learner is enabled, nothing was kept"


def learning_from(decisions: int) -> str:
    """Long work goes on."""
    return f"{LEARNING}: {decisions:,} decisions"


def not_a_span(text: str) -> str:
    """What follows ``--watch`` is no duration."""
    return f"`{text}` is no span of a second or more, write `10m` or `1h`"


def written_to(file: str) -> str:
    """Where it went."""
    return f"written to {file}"


def what_became_of(version: str, kept: str) -> str:
    """The last line: parameters by their version."""
    return f"parameters {version}: {kept}"


def learner_words(name: str, outcome: str, over: str) -> str:
    """The head of a table."""
    return f"{name}: {outcome} of what was {over}"


def learner_off(name: str) -> str:
    """It learns nothing."""
    return f"{name} is not enabled: set `enabled: true` in its document"


def learned_from(decisions: int, early: int, refused: int) -> str:
    """How many decisions had a part in it, and how many had not."""
    text = f"learned from {decisions:,} decisions"
    text += f", {early:,} too early" if early else ""
    return text + (f", {refused:,} left out of people who have refused since" if refused else "")


def share_words(mean: float, deviation: float) -> str:
    """A share in percent, and about how far off it may be."""
    return f"{100 * mean:.2f} % ± {100 * deviation:.2f}"


def not_parameters(file: str, why: str) -> str:
    """A file that ``maitred learn --out`` did not write."""
    return f"`{file}` holds no learned parameters: {why}"
