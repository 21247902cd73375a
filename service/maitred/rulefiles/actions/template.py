"""The template of an ``ActionTable``, read and compiled once for all rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from maitred.core.conditions.model import FALSE
from maitred.core.rules.expressions import ConditionTemplate, Score, ScoreTemplate
from maitred.core.rules.ruleset import Live, Requirement
from maitred.core.rules.treatments import Template, Treatment, placeholders
from maitred.core.values.types import ROW, Attribute
from maitred.rulefiles.kinds import field_types, models
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.reading.documents import Sourced
from maitred.rulefiles.report import SourcePath

from .actions import LoadContext, check_channels, parsed, place_in, treatments_of
from .expressions import Conditions
from .languages import other_texts, text_in, titles_of
from .live import Written, live_of
from .placeholders import fill, literal, names

Columns = Mapping[str, Attribute]
"""Declared columns by qualified name (``row.start``)."""


@dataclass(frozen=True, slots=True)
class RowNeed:
    """A requirement that reads the row."""

    rule: str
    text: str
    template: ConditionTemplate
    say: str
    says: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LiveShape:
    """``live`` with placeholders; ``days`` cannot have any."""

    first: Template | None
    last: Template | None
    days: tuple[str, ...]
    hours: tuple[Template, ...]
    zone: Template | None

    def written(self, cells: Mapping[str, str]) -> Written:
        """Returns the fields for one row; an empty cell is a field left out."""

        def filled(template: Template | None) -> str | None:
            return literal(fill(template, cells)) or None if template else None

        hours = tuple(text for template in self.hours if (text := filled(template)))
        return Written(filled(self.first), filled(self.last), self.days, hours, filled(self.zone))

    def reads(self) -> list[str]:
        """Returns every column, each once."""
        templates = (self.first, self.last, *self.hours, self.zone)
        return list(dict.fromkeys(name for template in templates if template for name in names(template)))

    def constant(self) -> Written:
        """Returns what reads no column."""

        def text(template: Template | None) -> str | None:
            return literal(template) if template and not names(template) else None

        # A wrong span is told by its number, so none may be left out.
        hours = tuple(text(template) or "00:00-24:00" for template in self.hours)
        return Written(text(self.first), text(self.last), self.days, hours, text(self.zone))

    def columns(self, field: str) -> list[str]:
        """Returns the columns that a field of ``live`` is made of."""
        templates = {
            "from": (self.first,),
            "until": (self.last,),
            "hours": self.hours,
            "timezone": (self.zone,),
        }
        return [name for template in templates[field] if template for name in names(template)]


@dataclass(frozen=True, slots=True)
class Shape:
    """What rows share. What reads no row is final; the rest is filled in or bound row by row."""

    name: Template
    titles: Mapping[str, Template]
    labels: Mapping[str, Template]
    live: Live | LiveShape
    needs: tuple[Requirement | RowNeed, ...]
    score: Score | ScoreTemplate
    score_text: str
    treatments: Mapping[str, Treatment[Template]]
    treatments_read_row: bool
    alternatives: tuple[Template, ...]
    is_sound: bool


def shape_of(
    around: LoadContext, conditions: Conditions, sourced: Sourced[models.ActionTable], columns: Columns
) -> Shape:
    """Returns the template of a document. What is faulty in it is told."""
    errors_before = around.report.errors
    spot, model = sourced.spot.at("action"), sourced.model.action
    check_channels(around, spot, model)
    reader = _TemplateReader(around, conditions, columns, sourced.model.name)
    name = reader.text(spot.at("name"), model.name)
    if not names(name):
        around.report.error(spot.at("name"), rule_messages.template_name_constant())
    treatments = treatments_of(around, spot.at("treatments"), model.treatments, columns)
    shape = Shape(
        name=name,
        titles=titles_of(model.title, spot.at("title"), around.language, reader.text),
        labels={key: reader.label(spot.at("labels", key), text) for key, text in model.labels.items()},
        live=reader.live(spot.at("live"), model.live),
        needs=tuple(
            reader.need(spot.at("eligibility", index), need) for index, need in enumerate(model.eligibility)
        ),
        score=reader.score(spot.at("score"), model.score),
        score_text=str(model.score),
        treatments=treatments,
        treatments_read_row=any(
            name in columns for treatment in treatments.values() for name in placeholders(treatment)
        ),
        alternatives=tuple(
            reader.text(spot.at("alternatives", index), text) for index, text in enumerate(model.alternatives)
        ),
        is_sound=True,
    )
    return replace(shape, is_sound=around.report.errors == errors_before)


def _says(around: LoadContext, model: models.RequirementSpec) -> tuple[str, dict[str, str]]:
    """Returns the wording of a refusal in the ruleset's language, and in others."""
    return text_in(model.say, around.language, around.language), other_texts(model.say, around.language)


@dataclass(frozen=True, slots=True)
class _TemplateReader:
    around: LoadContext
    conditions: Conditions
    columns: Columns
    document: str

    def text(self, spot: SourcePath, text: str) -> Template:
        """Returns a text that may speak of the row and nothing else."""
        template = parsed(self.around.report, spot, text)
        for name in names(template):
            if name not in self.columns:
                at = spot.within(*place_in(text, name))
                self.around.report.error(at, self._stranger(name))
            self.conditions.mentions.names.add(name)
        return template

    def _stranger(self, name: str) -> str:
        if name.startswith(ROW):
            columns = [column.removeprefix(ROW) for column in self.columns]
            return rule_messages.placeholder_column(name.removeprefix(ROW), columns)
        return rule_messages.placeholder_here(name)

    def label(self, spot: SourcePath, text: str) -> Template:
        template = self.text(spot, text)
        if not names(template) and not field_types.is_label_value(text):
            self.around.report.error(spot, file_messages.bad_label_value(text))
        return template

    def live(self, spot: SourcePath, model: models.LiveSpec) -> Live | LiveShape:
        """What reads no row is checked here."""
        shape = LiveShape(
            first=self._optional(spot.at("from"), model.from_),
            last=self._optional(spot.at("until"), model.until),
            days=tuple(model.days),
            hours=tuple(self.text(spot.at("hours", index), text) for index, text in enumerate(model.hours)),
            zone=self._optional(spot.at("timezone"), model.timezone),
        )
        live, errors = live_of(shape.constant(), self.around.zone)
        for error in errors:
            self.around.report.error(spot.at(*error.path), error.message)
        return shape if shape.reads() else live

    def _optional(self, spot: SourcePath, text: str | None) -> Template | None:
        return None if text is None else self.text(spot, text)

    def need(self, spot: SourcePath, model: models.RequirementSpec) -> Requirement | RowNeed:
        at, text, rule = spot.at("require"), model.require, model.reason or self.document
        says = _says(self.around, model)
        if not self.reads_row(text):
            return Requirement(rule, text, self.conditions.condition(at, text), *says)
        template = self.conditions.template(at, text)
        return RowNeed(rule, text, template, *says) if template else Requirement(rule, text, FALSE)

    def score(self, spot: SourcePath, value: float | str) -> Score | ScoreTemplate:
        if isinstance(value, float) or not self.reads_row(value):
            return self.conditions.score(spot, value)
        return self.conditions.score_template(spot, value) or Score(constant=0.0)

    def reads_row(self, text: str) -> bool:
        """Returns whether the expression may read a column."""
        return any(name.startswith(ROW) for name in self.conditions.mentions.read(text))
