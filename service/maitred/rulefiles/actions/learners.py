"""Documents of kind ``Learner`` to what scores learn."""

from collections.abc import Iterable

from maitred.core.learning.learners import Beta, Learner
from maitred.core.rules.experiments import learned_by
from maitred.core.rules.ruleset import Action
from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import learners
from maitred.rulefiles.messages import learner_messages as messages
from maitred.rulefiles.reading.documents import Documents, Sourced
from maitred.rulefiles.report import RULESET, Report


def learners_of(report: Report, documents: Documents) -> tuple[Learner, ...]:
    """Returns all learners, by name."""
    sourced = documents.of(learners.Learner)
    if len(sourced) > bounds.LEARNERS:
        report.at_line(RULESET, 0, 0, messages.too_many())
    made = (_learner(report, document) for document in sourced[: bounds.LEARNERS])
    return tuple(sorted(made, key=lambda learner: learner.name))


def warn_learners(report: Report, documents: Documents, actions: Iterable[Action]) -> None:
    """Warns of learners that no score reads."""
    read = frozenset[str]().union(*map(learned_by, actions))
    for sourced in documents.of(learners.Learner):
        if sourced.model.name not in read:
            report.warn(sourced.spot.at("name"), messages.read_by_nothing(sourced.model.name))


def _learner(report: Report, sourced: Sourced[learners.Learner]) -> Learner:
    model, spot = sourced.model, sourced.spot
    prior = Beta(float(model.prior.successes), float(model.prior.failures))
    if model.outcome == model.over:
        report.error(spot.at("outcome"), messages.over_itself(model.outcome))
    if model.floor > model.ceiling:
        report.error(spot.at("floor"), messages.floor_above_ceiling(model.floor, model.ceiling))
    elif not model.floor <= prior.mean <= model.ceiling:
        report.warn(spot.at("prior"), messages.prior_outside(prior.mean))
    if 0 < model.exploration < 1:
        report.warn(spot.at("exploration"), messages.hardly_explores(model.exploration))
    return Learner(
        model.name,
        model.outcome,
        model.over,
        model.within,
        prior,
        float(model.floor),
        float(model.ceiling),
        float(model.exploration),
        model.purpose or "",
        model.enabled,
    )
