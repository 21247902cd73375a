"""What uses ``Privacy``: the purposes and categories of attributes, the consent that actions need."""

from collections.abc import Iterator
from itertools import chain

from maitred.core.privacy.purposes import PrivacyRules
from maitred.rulefiles.kinds import events, experiments, learners, models, privacy
from maitred.rulefiles.kinds.privacy import NO_PURPOSE
from maitred.rulefiles.messages import experiment_messages, learner_messages, privacy_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report, SourcePath


def specs(
    documents: Documents,
) -> Iterator[tuple[str, models.AttributeSpec | models.ComputedSpec, SourcePath]]:
    """Every attribute that is declared, with its place: those of a ``Context``, columns of ``Locations``."""
    yield from context_specs(documents)
    for locations in documents.of(models.Locations):
        for name, spec in locations.model.table.columns.items():
            yield f"location.{name}", spec, locations.spot.at("table", "columns", name)


def context_specs(
    documents: Documents,
) -> Iterator[tuple[str, models.AttributeSpec | models.ComputedSpec, SourcePath]]:
    """Yields those of a ``Context``."""
    for context in documents.of(models.Context):
        for name, spec in context.model.attributes.items():
            yield name, spec, context.spot.at("attributes", name)
        for name, computed in context.model.computed.items():
            yield name, computed, context.spot.at("computed", name)


def categories(documents: Documents) -> Iterator[tuple[str, SourcePath]]:
    """Yields every sensitive category that an attribute or a list has."""
    for _, spec, spot in specs(documents):
        if spec.sensitive:
            yield spec.sensitive, spot.at("sensitive")
    for sourced in documents.of(models.List):
        if sourced.model.sensitive:
            yield sourced.model.sensitive, sourced.spot.at("sensitive")


def consents(documents: Documents) -> Iterator[tuple[str, SourcePath]]:
    """Yields every purpose that actions and templates name in ``consent``."""
    for action in documents.of(models.Action):
        for index, name in enumerate(action.model.consent):
            yield name, action.spot.at("consent", index)
    for table in documents.of(models.ActionTable):
        for index, name in enumerate(table.model.action.consent):
            yield name, table.spot.at("action", "consent", index)


def event_purposes(documents: Documents) -> Iterator[tuple[str | None, SourcePath]]:
    """Yields the purpose of every kind of event."""
    for sourced in documents.of(events.Event):
        yield sourced.model.purpose, sourced.spot.at("purpose" if sourced.model.purpose else "name")


def experiment_purposes(documents: Documents) -> Iterator[tuple[str | None, SourcePath]]:
    """Yields the purpose of every experiment."""
    for sourced in documents.of(experiments.Experiment):
        yield sourced.model.purpose, sourced.spot.at("purpose" if sourced.model.purpose else "name")


def learner_purposes(documents: Documents) -> Iterator[tuple[str | None, SourcePath]]:
    """Yields the purpose of every learner."""
    for sourced in documents.of(learners.Learner):
        yield sourced.model.purpose, sourced.spot.at("purpose" if sourced.model.purpose else "name")


def check_uses(report: Report, documents: Documents, rules: PrivacyRules | None) -> None:
    """Whether what uses purposes and categories names some that there are."""
    if rules is None:
        if privacy.Privacy.__name__ not in documents.doubtful:
            _check_unused(report, documents)
        return
    for name, spot in consents(documents):
        if name not in rules.purposes:
            report.error(spot, privacy_messages.unknown_purpose(name, rules.purposes))
    for uses, no_purpose in (
        (experiment_purposes(documents), experiment_messages.no_purpose),
        (learner_purposes(documents), learner_messages.no_purpose),
    ):
        for purpose, spot in uses:
            if purpose is None:
                report.error(spot, no_purpose(rules.purposes))
            elif purpose not in rules.purposes:
                report.error(spot, privacy_messages.unknown_purpose(purpose, rules.purposes))
    _check_specs(report, documents, rules)
    _check_required(report, documents)


def _check_specs(report: Report, documents: Documents, rules: PrivacyRules) -> None:
    for name, spec, spot in specs(documents):
        if spec.purpose not in (None, NO_PURPOSE, *rules.purposes):
            message = privacy_messages.unknown_purpose(str(spec.purpose), rules.purposes)
            report.error(spot.at("purpose"), message)
        if spec.sensitive and spec.purpose == NO_PURPOSE:
            report.error(spot.at("purpose"), privacy_messages.sensitive_no_purpose(name))
    for purpose, spot in event_purposes(documents):
        if purpose not in (None, NO_PURPOSE, *rules.purposes):
            report.error(spot, privacy_messages.unknown_purpose(str(purpose), rules.purposes))
    for category, spot in categories(documents):
        if category not in rules.sensitive:
            report.error(spot, privacy_messages.unknown_category(category, rules.sensitive))


def _check_required(report: Report, documents: Documents) -> None:
    if not documents.of(privacy.Privacy)[0].model.require_purposes:
        return
    for name, spec, spot in context_specs(documents):
        if spec.purpose is None:
            report.error(spot.at(key=True), privacy_messages.purpose_missing(name))
    for sourced in documents.of(events.Event):
        if sourced.model.purpose is None:
            report.error(sourced.spot.at("name"), privacy_messages.purpose_missing(sourced.model.name))


def _check_unused(report: Report, documents: Documents) -> None:
    """Without the document nothing could be allowed, so what asks for it is a fault."""
    for _, spot in consents(documents):
        report.error(spot, privacy_messages.no_privacy("`consent`"))
    for _, spot in categories(documents):
        report.error(spot, privacy_messages.no_privacy("`sensitive`"))
    for purpose, spot in chain(experiment_purposes(documents), learner_purposes(documents)):
        if purpose is not None:
            report.error(spot, privacy_messages.no_privacy("`purpose`"))
