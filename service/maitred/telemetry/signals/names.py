"""Names of what is exported; docs/telemetry.md explains each.

Names of OpenTelemetry's semantic conventions are written out because its package still calls
them incubating and moves them; ``maitred.*`` is ours. Nothing here names a customer or holds
the value of an attribute that conditions read.
"""

from typing import Final

SERVICE: Final = "maitred"
SYSTEM: Final = "rpc.system.name"
METHOD: Final = "rpc.method"
STATUS: Final = "rpc.response.status_code"
ERROR_TYPE: Final = "error.type"

DECIDE: Final = "maitred.v1.DecisionService/Decide"

DECISION_ID: Final = "maitred.decision.id"
RULESET_HASH: Final = "maitred.ruleset.hash"
RULESET_VERSION: Final = "maitred.ruleset.version"
RULESET_COMMIT: Final = "maitred.ruleset.commit"
RULESET_ACTIONS: Final = "maitred.ruleset.actions"
RULESET_SOURCE: Final = "maitred.ruleset.source"
RULESET_FAULTS: Final = "maitred.ruleset.faults"
RULESET_FAULT_COUNT: Final = "maitred.ruleset.fault_count"
CHANNEL: Final = "maitred.channel"
LOCATION: Final = "maitred.location.id"
PROPOSALS: Final = "maitred.proposals"
CANDIDATES: Final = "maitred.candidates"
BATCH_SIZE: Final = "maitred.batch.size"
REPLAYED: Final = "maitred.replayed"
DRY_RUN: Final = "maitred.dry_run"
RESULT: Final = "maitred.result"
REASON: Final = "maitred.reason"
ACTION: Final = "maitred.action"
LIMIT: Final = "maitred.limit"
REFUSED_AT: Final = "maitred.refused_at"
COMMIT_SECONDS: Final = "maitred.step.commit.duration"
PAUSED: Final = "maitred.paused"
PAUSED_BY: Final = "maitred.paused_by"
CODE: Final = "maitred.code"
ERROR_ID: Final = "maitred.error.id"
LOAD: Final = "maitred.load"
LOST: Final = "maitred.lost"
CAUSE: Final = "maitred.cause"
TRANSPORT: Final = "maitred.transport"
FALLBACK: Final = "maitred.fallback"

EVENTS: Final = "events"
SPANS: Final = "spans"
LOGS: Final = "logs"
QUEUE_FULL: Final = "queue_full"
EXPORT_FAILED: Final = "export_failed"
CLOSED: Final = "closed"
FAULT: Final = "fault"

DECIDED: Final = "decided"
CLAIMED: Final = "claimed"
PROPOSED: Final = "proposed"
NOTHING: Final = "nothing"

FLAG_KEY: Final = "feature_flag.key"
FLAG_PROVIDER: Final = "feature_flag.provider.name"
FLAG_REASON: Final = "feature_flag.result.reason"
FLAG_SET: Final = "feature_flag.set.id"
FLAG_VARIANT: Final = "feature_flag.result.variant"
FLAG_VERSION: Final = "feature_flag.version"
# The convention requires a key; no action can have this name, as with its own `_OTHER`.
NO_ACTION: Final = "_NONE"
# As the conventions call what is beyond the values that a label may have.
OTHER: Final = "_OTHER"

EVALUATION_EVENT: Final = "feature_flag.evaluation"
CALL_FAILED_EVENT: Final = "maitred.call.failed"
CLAIM_EVENT: Final = "maitred.claim"
PAUSE_EVENT: Final = "maitred.action.paused"
LOADED_EVENT: Final = "maitred.ruleset.loaded"
REFUSED_EVENT: Final = "maitred.ruleset.refused"

# Long enough for every name a ruleset gives; what comes from outside may be longer.
TEXT_MAX_CHARS: Final = 256


def plain(text: str) -> str:
    """Returns the text as it can be sent: bounded, and valid UTF-8 so that it cannot spoil its batch."""
    if len(text) <= TEXT_MAX_CHARS and text.isascii():
        return text
    return text[:TEXT_MAX_CHARS].encode("utf-8", "replace").decode()


def channel(name: str) -> str:
    """Returns a channel that the ruleset names, or what stands for all others."""
    return plain(name) or OTHER


def method(name: str) -> str:
    """Returns the full method name as the conventions have it: no leading slash."""
    return plain(name.removeprefix("/"))


def of_claims(name: str) -> str:
    """Returns the full name of a method that moves claims."""
    return f"maitred.v1.DecisionService/{name}"


def refusals(reason_name: str) -> str:
    """Returns the span attribute that counts the refusals of one reason."""
    return f"maitred.refusals.{reason_name.lower()}"


def step(name: str) -> str:
    """Returns the span attribute with the duration of one step, in seconds."""
    return f"maitred.step.{name}.duration"
