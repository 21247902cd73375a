"""Every kind of document there is."""

from . import events, experiments, learners, limits, models, privacy, promises

AnyDocument = (
    models.Ruleset
    | models.Context
    | models.Locations
    | models.List
    | models.Action
    | models.ActionTable
    | models.Eligibility
    | models.Group
    | models.Situation
    | events.Event
    | promises.Promise
    | experiments.Holdout
    | experiments.Experiment
    | learners.Learner
    | limits.FrequencyCap
    | limits.Capacity
    | privacy.Privacy
)

KINDS: dict[str, type[AnyDocument]] = {
    "Ruleset": models.Ruleset,
    "Context": models.Context,
    "Locations": models.Locations,
    "List": models.List,
    "Action": models.Action,
    "ActionTable": models.ActionTable,
    "Eligibility": models.Eligibility,
    "Group": models.Group,
    "Situation": models.Situation,
    "Event": events.Event,
    "Promise": promises.Promise,
    "Holdout": experiments.Holdout,
    "Experiment": experiments.Experiment,
    "Learner": learners.Learner,
    "FrequencyCap": limits.FrequencyCap,
    "Capacity": limits.Capacity,
    "Privacy": privacy.Privacy,
}

NOT_YET_KINDS = frozenset(("Test",))
