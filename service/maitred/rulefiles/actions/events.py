"""Documents of kind ``Event`` to ``core.behaviour.events.EventKind``."""

from maitred.core.behaviour.events import EVENT, EventKind
from maitred.rulefiles.kinds.events import Event
from maitred.rulefiles.kinds.privacy import NO_PURPOSE
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report

from .vocabulary import attribute_of

GIVEN_FIELDS = frozenset(("at", "session"))
"""What every event has."""


def events_of(report: Report, documents: Documents) -> dict[str, EventKind]:
    """The kinds of events by name. What is wrong with one is told."""
    found = {}
    for sourced in documents.of(Event):
        model, spot = sourced.model, sourced.spot.at("fields")
        attributes = {}
        for name, spec in model.fields.items():
            if name in GIVEN_FIELDS:
                report.error(spot.at(name, key=True), rule_messages.event_field_given(name))
            attributes[name] = attribute_of(report, spot.at(name), f"{EVENT}{name}", spec)
        purpose = "" if model.purpose in (None, NO_PURPOSE) else str(model.purpose)
        found[model.name] = EventKind(model.name, attributes, model.retention, purpose)
    return found
