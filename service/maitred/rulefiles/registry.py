"""Every kind of document there is."""

from . import kinds, limit_kinds, privacy_kinds

AnyDocument = (
    kinds.Ruleset
    | kinds.Context
    | kinds.Locations
    | kinds.List
    | kinds.Action
    | kinds.ActionTable
    | kinds.Eligibility
    | kinds.Situation
    | limit_kinds.FrequencyCap
    | limit_kinds.Capacity
    | privacy_kinds.Privacy
)

KINDS: dict[str, type[AnyDocument]] = {
    "Ruleset": kinds.Ruleset,
    "Context": kinds.Context,
    "Locations": kinds.Locations,
    "List": kinds.List,
    "Action": kinds.Action,
    "ActionTable": kinds.ActionTable,
    "Eligibility": kinds.Eligibility,
    "Situation": kinds.Situation,
    "FrequencyCap": limit_kinds.FrequencyCap,
    "Capacity": limit_kinds.Capacity,
    "Privacy": privacy_kinds.Privacy,
}

NOT_YET_KINDS = frozenset(("Holdout", "Experiment", "Test"))
