"""Documents of kind ``Event`` to ``core.behaviour.events.EventKind``, and what is computed over them."""

from collections.abc import Iterable, Mapping

from maitred.core.behaviour.events import AT, SESSION, EventKind
from maitred.core.behaviour.history import EVENTS, outcome_source
from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.limits.limits import ALSO
from maitred.core.rules.ruleset import Action
from maitred.core.values.types import Attribute, AttributeType, Kind
from maitred.rulefiles.kinds.events import Event
from maitred.rulefiles.kinds.privacy import NO_PURPOSE
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report

from .computed import Source
from .vocabulary import attribute_of

_GIVEN = (
    Attribute(AT, AttributeType(Kind.TIMESTAMP)),
    Attribute(SESSION, AttributeType(Kind.STRING)),
)
_OF_OUTCOMES = (Attribute("action", AttributeType(Kind.STRING)), *_GIVEN)
_REMEMBERED = (
    OutcomeKind.PRESENTED,
    OutcomeKind.ACCEPTED,
    OutcomeKind.REJECTED,
    OutcomeKind.CLAIMED,
    OutcomeKind.REDEEMED,
)
_EVENT, _OUTCOME = "event", "outcome"


def events_of(report: Report, documents: Documents) -> dict[str, EventKind]:
    """Returns the kinds of events by name. What is wrong with one is told."""
    kinds = {}
    for sourced in documents.of(Event):
        model, spot = sourced.model, sourced.spot.at("fields")
        attributes = {}
        for name, spec in model.fields.items():
            if name in (AT, SESSION):
                report.error(spot.at(name, key=True), rule_messages.event_field_given(name))
            attributes[name] = attribute_of(report, spot.at(name), name, spec)
        purpose = "" if model.purpose in (None, NO_PURPOSE) else str(model.purpose)
        kinds[model.name] = EventKind(model.name, attributes, model.retention, purpose)
    return kinds


def behaviour_sources(events: Mapping[str, EventKind]) -> Mapping[str, Source]:
    """Returns what attributes can be computed over besides lists of the request: events and own outcomes."""
    of_events = (
        Source(f"{EVENTS}{kind.name}", _EVENT, (*kind.fields.values(), *_GIVEN)) for kind in events.values()
    )
    of_outcomes = (Source(outcome_source(kind), _OUTCOME, _OF_OUTCOMES) for kind in _REMEMBERED)
    return {source.name: source for source in (*of_events, *of_outcomes)}


def event_attributes(events: Mapping[str, EventKind]) -> dict[str, Attribute]:
    """Returns the kinds of events as what attributes are computed from, with the purposes that takes."""
    type_ = AttributeType(Kind.OBJECT, is_list=True)
    return {
        f"{EVENTS}{kind.name}": Attribute(f"{EVENTS}{kind.name}", type_, purpose=kind.purpose or None)
        for kind in events.values()
    }


def also_attributes(actions: Iterable[Action]) -> dict[str, Attribute]:
    """Returns how many events count beside the units of a limit, as attributes computed from those events."""
    limits = {limit.name: limit for action in actions for limit in action.limits if limit.also}
    type_ = AttributeType(Kind.INT)
    return {
        f"{ALSO}{name}": Attribute(f"{ALSO}{name}", type_, sources=frozenset(limit.also))
        for name, limit in limits.items()
    }
