"""``window`` as written to ``core.limits.windows``."""

from maitred.core.values.instants import Calendar, Lifetime, Period, Rolling, Session, Window
from maitred.core.values.types import SESSION_ID, AttributeType, Kind
from maitred.rulefiles.actions.actions import LoadContext
from maitred.rulefiles.kinds.field_types import DAYS, LOCATION_ZONE, zones
from maitred.rulefiles.kinds.windows import WindowSpec
from maitred.rulefiles.messages import limit_messages, rule_messages
from maitred.rulefiles.report import SourcePath

_FORMS = ("rolling", "calendar", "lifetime", "session")
_STRING = AttributeType(Kind.STRING)
_TIMESTAMP = AttributeType(Kind.TIMESTAMP)


def window_of(around: LoadContext, spot: SourcePath, model: WindowSpec) -> Window:
    """The window; a faulty one is told and never resets."""
    given = [form for form in _FORMS if getattr(model, form) is not None]
    if len(given) > 1:
        around.report.error(spot.at(given[1], key=True), limit_messages.one_window())
    elif not given and not around.doubtful:
        around.report.error(spot, limit_messages.no_window())
    _check_zone(around, spot, model)
    if model.of is not None:
        _check_of(around, spot.at("of"), model, model.of)
    if model.rolling is not None:
        return Rolling(model.rolling)
    if model.calendar is not None:
        zone = None if model.timezone == LOCATION_ZONE else model.timezone or around.zone
        return Calendar(Period(model.calendar), zone, DAYS.index(model.week_starts), model.of or "")
    if model.session:
        _check_session(around, spot)
        return Session()
    return Lifetime()


def _check_zone(around: LoadContext, spot: SourcePath, model: WindowSpec) -> None:
    report = around.report
    if model.timezone is not None and model.calendar is None:
        report.error(spot.at("timezone", key=True), limit_messages.zone_without_calendar())
    elif model.timezone not in (None, LOCATION_ZONE) and model.timezone not in zones():
        report.error(spot.at("timezone"), rule_messages.unknown_zone(str(model.timezone), zones()))
    if "week_starts" in model.model_fields_set and model.calendar != Period.WEEK.value:
        report.error(spot.at("week_starts", key=True), limit_messages.week_starts_without_week())


def _check_of(around: LoadContext, spot: SourcePath, model: WindowSpec, name: str) -> None:
    declared = around.attributes.get(name)
    around.conditions.mentions.names.add(name)
    if model.calendar is None:
        around.report.error(spot, limit_messages.of_without_calendar())
    elif declared is None and name not in around.doubtful:
        moments = [attribute.name for attribute in around.attributes.values() if attribute.type == _TIMESTAMP]
        around.report.error(spot, limit_messages.of_unknown(name, moments))
    elif declared is not None and declared.type != _TIMESTAMP:
        around.report.error(spot, limit_messages.of_not_timestamp(name, str(declared.type)))


def _check_session(around: LoadContext, spot: SourcePath) -> None:
    attribute = around.attributes.get(SESSION_ID)
    if attribute is None and SESSION_ID not in around.doubtful:
        around.report.error(spot, limit_messages.session_unknown(SESSION_ID))
    elif attribute is not None and attribute.type != _STRING:
        around.report.error(spot, limit_messages.session_not_text(SESSION_ID, str(attribute.type)))
