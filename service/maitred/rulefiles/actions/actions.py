"""Documents of kind ``Action`` to ``core.rules.ruleset.Action``; what tables share with them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set  # noqa: PYI025 - for reading only
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import MappingProxyType

from maitred.core.rules.formats import Form
from maitred.core.rules.ruleset import Action, ActionType, Live, RedeemAt, Requirement
from maitred.core.rules.treatments import Placeholder, Template, Treatment
from maitred.core.values.nearest import nearest
from maitred.core.values.types import HOLD_EXPIRES, Attribute, Kind
from maitred.rulefiles.kinds import field_types, models
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.reading.documents import ROWS_UNREAD, Documents, Sourced
from maitred.rulefiles.report import Report, SourcePath

from .expressions import Conditions
from .languages import once, other_texts, text_in, titles_of, treatment_of
from .live import Written, live_of
from .placeholders import PlaceholderOpen, PlaceholderWrong, literal, names, parse


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What an action is read against. ``channels`` are those of the ``Ruleset``, if it lists any.

    ``events`` are the names that there are: ``events.visit``. ``tables`` are those of action tables.
    """

    report: Report
    conditions: Conditions
    attributes: Mapping[str, Attribute]
    channels: frozenset[str]
    zone: str
    language: str
    doubtful: Set[str]
    events: Set[str] = frozenset()
    tables: Set[str] = frozenset()

    def may_be_action(self, name: str) -> bool:
        """Whether an unknown name may be that of an action which was not read because of other faults."""
        return name in self.doubtful or ROWS_UNREAD in self.doubtful


_FITS: Mapping[Form, frozenset[Kind]] = {
    Form.TIME: frozenset((Kind.TIMESTAMP,)),
    Form.DATE: frozenset((Kind.TIMESTAMP, Kind.DATE)),
    Form.MONEY: frozenset((Kind.INT, Kind.DOUBLE, Kind.DECIMAL)),
    Form.NUMBER: frozenset((Kind.INT, Kind.DOUBLE, Kind.DECIMAL)),
}
_DOTTED = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+"
_WORD = r"[A-Za-z_]\w*"
_MEANT = re.compile(
    rf"(?<!\$)\{{\{{?\s*(?P<braced>{_WORD}(?:\.{_WORD})*)\s*\}}\}}?|\$(?P<bare>{_DOTTED})"
    rf"|(?P<other>\$\(\s*{_DOTTED}\s*\)|%{_DOTTED}%|\[\s*{_DOTTED}\s*\]|<\s*{_DOTTED}\s*/?>)"
)
"""How other templates write a placeholder: `{{customer.name}}`, `$(customer.name)`, `%customer.name%`."""
_WRITTEN = re.compile(r"(?<!\$)\$\{[^{}]*\}")
NO_NUMBERS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourcedAction:
    """An action and where it comes from: a document, or a row of a table.

    ``numbers`` are the row's values in the int columns that limits name, by qualified name.
    """

    action: Action
    spot: SourcePath
    row: tuple[str, int] | None = None
    numbers: Mapping[str, int] = field(default_factory=lambda: NO_NUMBERS)

    @property
    def place(self) -> str:
        """File and line for messages."""
        return f"{self.row[0]} line {self.row[1]}" if self.row else self.spot.file


def actions_of(around: LoadContext, documents: Documents) -> list[SourcedAction]:
    """Returns the actions that are written out one by one."""
    written = documents.of(models.Action)
    return [SourcedAction(_action(around, sourced), sourced.spot) for sourced in written]


def _action(around: LoadContext, sourced: Sourced[models.Action]) -> Action:
    around.report.pause()
    model, spot = sourced.model, sourced.spot
    check_channels(around, spot, model)
    titles = titles_of(
        model.title, spot.at("title"), around.language, lambda at, text: _plain(around, at, text)
    )
    return Action(
        name=model.name,
        title=titles.pop(""),
        titles=titles,
        type=ActionType[model.type.upper()],
        owner=model.owner,
        labels=_labels(around, spot.at("labels"), model.labels),
        channels=frozenset(model.channels),
        live=_live(around, spot.at("live"), model.live),
        requirements=requirements_of(around, spot.at("eligibility"), model.name, model.eligibility),
        score=around.conditions.score(spot.at("score"), model.score),
        treatments=treatments_of(around, spot.at("treatments"), model.treatments),
        alternatives=tuple(model.alternatives),
        consent=tuple(sorted(model.consent)),
        redeem_at=RedeemAt(model.redeem_at),
        stand_in_only=model.stand_in_only,
        claim_within=model.claim_within,
    )


def check_channels(around: LoadContext, spot: SourcePath, model: models.Offering) -> None:
    """Every channel of the action is one of the ruleset's, every treatment on one of the action's."""
    for index, channel in enumerate(model.channels):
        if around.channels and channel not in around.channels:
            message = rule_messages.unknown_channel(channel, around.channels)
            around.report.error(spot.at("channels", index), message)
    own = frozenset(model.channels)
    for channel in model.treatments:
        at = spot.at("treatments", channel, key=True)
        if own and channel not in own:
            around.report.error(at, rule_messages.treatment_off_channel(channel, own))
        elif not own and around.channels and channel not in around.channels:
            around.report.error(at, rule_messages.unknown_channel(channel, around.channels))


def requirements_of(
    around: LoadContext, spot: SourcePath, document: str, models: Iterable[models.RequirementSpec]
) -> tuple[Requirement, ...]:
    """Returns the conditions of one document, in its order."""
    models = tuple(models)
    for index, model in enumerate(models):
        _warn_said(around, spot.at(index, "say"), model.say)
    return tuple(
        Requirement(
            rule=model.reason or document,
            text=model.require,
            condition=around.conditions.condition(spot.at(index, "require"), model.require),
            say=text_in(model.say, around.language, around.language),
            says=other_texts(model.say, around.language),
        )
        for index, model in enumerate(models)
    )


def _warn_said(around: LoadContext, spot: SourcePath, say: str | Mapping[str, str] | None) -> None:
    """What a condition says is the same to everybody."""
    for text in say.values() if isinstance(say, Mapping) else (say or "",):
        for match in chain(_WRITTEN.finditer(text), (match for match, _ in _meant(text, around.attributes))):
            around.report.warn(spot, rule_messages.placeholder_meant_here(match[0]))


def treatments_of(
    around: LoadContext,
    spot: SourcePath,
    written: Mapping[str, models.TreatmentSpec],
    columns: Collection[str] = (),
) -> dict[str, Treatment[Template]]:
    """By channel. ``columns`` are the ``row.*`` that may be read besides attributes."""
    template = once(lambda at, text: template_of(around, at, text, columns))

    def treatment(at: SourcePath, model: models.TreatmentSpec) -> Treatment[Template]:
        return treatment_of(model, at, around.language).mapped(lambda _, leaf: template(*leaf))

    return {channel: treatment(spot.at(channel), model) for channel, model in written.items()}


def template_of(around: LoadContext, spot: SourcePath, text: str, columns: Collection[str]) -> Template:
    """Returns a text with its placeholders checked; without them where one is faulty."""
    template = parsed(around.report, spot, text)
    _check_forms(around, spot, text, template, columns)
    _warn_meant(around, spot, text, columns)
    for name in names(template):
        around.conditions.mentions.names.add(name)
        if not any(name in known for known in (around.attributes, columns, around.doubtful, (HOLD_EXPIRES,))):
            at = spot.within(*place_in(text, name))
            known = [*around.attributes, *columns, HOLD_EXPIRES]
            around.report.error(at, rule_messages.placeholder_unknown(name, known))
    return template


def _check_forms(
    around: LoadContext, spot: SourcePath, text: str, template: Template, columns: Collection[str]
) -> None:
    """Every format fits the type of its attribute; cells are shown as they are written."""
    for part in template:
        if not isinstance(part, Placeholder) or (part.form is None and part.default is None):
            continue
        at = spot.within(*place_in(text, part.attribute))
        attribute = around.attributes.get(part.attribute)
        type_ = attribute.type if attribute else None
        if part.attribute in columns:
            around.report.error(at, rule_messages.cell_as_it_is(part.attribute))
        elif part.form and type_ and (type_.is_list or type_.kind not in _FITS[part.form]):
            message = rule_messages.form_unfit(part.form.value, part.attribute, str(type_))
            around.report.error(at, message)


def _warn_meant(around: LoadContext, spot: SourcePath, text: str, columns: Collection[str]) -> None:
    """Names in braces, or behind a `$`, that were meant as placeholders."""
    for match, meant in _meant(text, (*around.attributes, *columns, HOLD_EXPIRES)):
        at = spot.within(*_line_and_column(text, match.start()))
        around.report.warn(at, rule_messages.placeholder_meant(match[0], meant))


def _meant(text: str, known: Collection[str]) -> Iterator[tuple[re.Match[str], str]]:
    """Yields what was meant as a placeholder, with the attribute that was meant."""
    for match in _MEANT.finditer(text):
        name = match["braced"] or match["bare"] or match["other"].strip("$()%[]<>/ ")
        if meant := _attribute_meant(name, known, braced=bool(match["braced"])):
            yield match, meant


def _attribute_meant(name: str, known: Collection[str], *, braced: bool) -> str:
    """Returns the attribute; in braces, which hardly stand for themselves, a mistyped one as well."""
    if name in known:
        return name
    if "." not in name:
        ending = [attribute for attribute in known if attribute.rpartition(".")[2] == name]
        return ending[0] if len(ending) == 1 else ""
    alike = [attribute for attribute in known if attribute.startswith(name.partition(".")[0] + ".")]
    return next(iter(nearest(name, alike)), "") if braced else ""


def parsed(report: Report, spot: SourcePath, text: str) -> Template:
    """Returns the parts of a text; the text itself where a placeholder is not closed."""
    if "${" not in text:
        return (text,) if text else ()
    try:
        return parse(text)
    except PlaceholderOpen as error:
        report.error(spot.within(*_line_and_column(text, error.index)), rule_messages.placeholder_open())
        return (text,)
    except PlaceholderWrong as error:
        at = spot.within(*_line_and_column(text, error.index))
        report.error(at, rule_messages.placeholder_wrong(error.form, [form.value for form in Form]))
        return (text,)


def place_in(text: str, name: str) -> tuple[int, int]:
    """Line and column, from 1, of a placeholder's name in a text."""
    return _line_and_column(text, max(0, text.find(name, text.find("${"))))


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, index) + 1
    return text.count("\n", 0, index) + 1, index - start + 1


def _plain(around: LoadContext, spot: SourcePath, text: str) -> str:
    """Returns a text that may not speak of the request."""
    template = parsed(around.report, spot, text)
    for name in names(template):
        around.report.error(spot.within(*place_in(text, name)), rule_messages.placeholder_here(name))
    for match, _ in _meant(text, around.attributes):
        at = spot.within(*_line_and_column(text, match.start()))
        around.report.warn(at, rule_messages.placeholder_meant_here(match[0]))
    return literal(template)


def _labels(around: LoadContext, spot: SourcePath, labels: Mapping[str, str]) -> dict[str, str]:
    for name, value in labels.items():
        if not field_types.is_label_value(value):
            around.report.error(spot.at(name), file_messages.bad_label_value(value))
    return dict(labels)


def written(model: models.LiveSpec) -> Written:
    """Returns the fields of ``live`` as they stand in the file."""
    return Written(model.from_, model.until, tuple(model.days), tuple(model.hours), model.timezone)


def _live(around: LoadContext, spot: SourcePath, model: models.LiveSpec) -> Live:
    live, errors = live_of(written(model), around.zone)
    for error in errors:
        around.report.error(spot.at(*error.path), error.message)
    if (
        live.first
        and live.last
        and live.weekdays
        and not errors
        and live.weekdays.isdisjoint(_weekdays(live))
    ):
        around.report.warn(spot.at("days"), rule_messages.never_live(str(live.first), str(live.last)))
    return live


def _weekdays(live: Live) -> frozenset[int]:
    """Returns the days of the week between the dates of an action that has both."""
    assert live.first
    assert live.last
    days = (live.last - live.first).days + 1
    return frozenset((live.first + timedelta(days=number)).weekday() for number in range(min(days, 7)))


# Nowhere on earth is it still the date that has passed there.
_LAST_ZONE = timedelta(hours=12)


def warn_over(report: Report, sourced_actions: Iterable[SourcedAction], now: datetime) -> None:
    """Warns of actions that are not live again. Of a table the first row speaks for all."""
    today = (now.astimezone(UTC) - _LAST_ZONE).date()
    over = [
        source for source in sourced_actions if source.action.live.last and source.action.live.last < today
    ]
    rows: dict[str, list[SourcedAction]] = {}
    for source in over:
        if source.row:
            rows.setdefault(source.row[0], []).append(source)
        else:
            report.warn(
                source.spot.at("live", "until"), rule_messages.live_over(str(source.action.live.last))
            )
    for of_table in rows.values():
        message = rule_messages.rows_over(len(of_table), str(of_table[0].action.live.last))
        if of_table[0].row:
            report.warn_line(*of_table[0].row, 1, message)
