"""Documents of kind ``ActionTable``: one action for every row of a table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from maitred.core.rules.expressions import ExpressionError, Score
from maitred.core.rules.ruleset import Action, ActionType, Live, RedeemAt, Requirement
from maitred.core.rules.treatments import Placeholder, Template, Treatment
from maitred.core.values.types import ROW, Attribute, Kind, Value
from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import field_types, limits, models
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.reading import csv_tables
from maitred.rulefiles.reading.csv_tables import Row, Table
from maitred.rulefiles.reading.documents import ROWS_UNREAD, Documents, Sourced
from maitred.rulefiles.report import Report

from .actions import NO_NUMBERS, LoadContext, SourcedAction
from .expressions import NAME, Conditions
from .live import LiveError, live_of
from .placeholders import Filler, filler, fillers, literal
from .template import Columns, LiveShape, RowNeed, Shape, shape_of
from .vocabulary import column_of, content, has_columns, tell_cell

MakeConditions = Callable[[Mapping[str, Attribute]], Conditions]
"""A compiler that knows these attributes besides those of the ruleset."""


def table_actions_of(
    around: LoadContext, documents: Documents, make: MakeConditions
) -> Iterator[SourcedAction]:
    """Yields the actions of all tables."""
    limiting = frozenset(_limiting_columns(documents))
    for sourced in documents.of(models.ActionTable):
        columns = _columns(around.report, sourced)
        conditions = make(columns)
        shape = shape_of(around, conditions, sourced, columns)
        table = _table(around, sourced, columns)
        reader = (
            _RowReader(around, sourced, shape, table, columns=columns, limiting=limiting) if table else None
        )
        rows = reader.sourced_actions() if reader else ()
        if shape.is_sound:
            for row in rows:
                around.report.pause()
                yield row
        else:
            documents.doubtful.update(row.action.name for row in rows)
        if reader is None or reader.is_partial:
            documents.doubtful.add(ROWS_UNREAD)


def _columns(report: Report, sourced: Sourced[models.ActionTable]) -> Columns:
    spot = sourced.spot.at("table", "columns")
    return {
        ROW + name: column_of(report, spot.at(name), ROW + name, spec)
        for name, spec in sourced.model.table.columns.items()
    }


def _table(around: LoadContext, sourced: Sourced[models.ActionTable], columns: Columns) -> Table | None:
    file, spot, report = sourced.model.table.file, sourced.spot.at("table"), around.report
    data = content(report, spot.at("file"), file)
    if data is None:
        return None
    table = csv_tables.read_table(file, data, lambda *place: report.at_line(file, *place), report.pause)
    names = tuple(name.removeprefix(ROW) for name in columns)
    if table is None or not has_columns(report, spot.at("columns"), table, names):
        return None
    return table


class _RowError(Exception):
    """A row that gives no action. ``columns`` are those it is about."""

    def __init__(self, message: str, columns: list[str]) -> None:
        super().__init__(message)
        self.message, self.columns = message, columns


class _RowReader:
    """Rows of one table to actions; faults are told where the row stands."""

    def __init__(
        self,
        around: LoadContext,
        sourced: Sourced[models.ActionTable],
        shape: Shape,
        table: Table,
        *,
        columns: Columns,
        limiting: frozenset[str],
    ) -> None:
        self._around, self._model, self._shape, self._table = around, sourced.model.action, shape, table
        self._spot = sourced.spot
        self.is_partial = False
        """Whether a row that was read has given no action."""
        numbers = {ROW + name: number for number, name in enumerate(table.header)}
        self._columns = [
            (name, numbers[name], csv_tables.cell_reader(attribute), attribute)
            for name, attribute in columns.items()
        ]
        self._name = filler(shape.name, numbers)
        self._titles = {tag: filler(template, numbers) for tag, template in shape.titles.items()}
        self._labels = {name: filler(template, numbers) for name, template in shape.labels.items()}
        self._alternatives = _Alternatives.of(shape.alternatives, numbers)
        self._limiting = limiting
        self._consent = tuple(sorted(self._model.consent))
        self._live = _Windows(shape.live, numbers, around.zone)
        self._treatments = {
            channel: treatment.mapped(lambda _, template: fillers(template, numbers))
            for channel, treatment in shape.treatments.items()
        }

    def sourced_actions(self) -> Iterator[SourcedAction]:
        """Returns the actions of the rows that are not faulty."""
        return filter(None, map(self.read, self._table.rows))

    def read(self, row: Row) -> SourcedAction | None:
        """Returns the action of a row; ``None`` where it is faulty."""
        try:
            values = self._values(row.cells)
        except _RowError as error:
            self.is_partial = True
            self._tell(row, error)
            return None
        try:
            action = self._action(row.cells, values)
            return SourcedAction(action, self._spot, (self._table.file, row.line), self._numbers(values))
        except _RowError as error:
            self.is_partial = True
            # Of a faulty template, rows are told only what is wrong with their own cells.
            if self._shape.is_sound:
                self._tell(row, error)
            return None

    def _tell(self, row: Row, error: _RowError) -> None:
        names = (name.removeprefix(ROW) for name in error.columns)
        column = next((name for name in names if name in self._table.header), self._table.header[0])
        tell_cell(self._around.report, self._table, row, column, error.message)

    def _action(self, cells: list[str], values: Mapping[str, Value]) -> Action:
        name, titles = self._name_of(cells), self._titles_of(cells)
        return Action(
            name=name,
            title=titles.pop(""),
            titles=titles,
            type=ActionType[self._model.type.upper()],
            owner=self._model.owner,
            labels=self._labels_of(cells),
            channels=frozenset(self._model.channels),
            live=self._live.of(cells),
            requirements=tuple([_requirement(need, values) for need in self._shape.needs]),
            score=self._score(values),
            treatments=self._treatments_of(cells),
            alternatives=self._alternatives_of(cells),
            consent=self._consent,
            redeem_at=RedeemAt(self._model.redeem_at),
            stand_in_only=self._model.stand_in_only,
            claim_within=self._model.claim_within,
        )

    def _numbers(self, values: Mapping[str, Value]) -> Mapping[str, int]:
        """Returns what limits read of the row."""
        if not self._limiting:
            return NO_NUMBERS
        named = ((name, values.get(name)) for name in self._limiting)
        return {
            name: value for name, value in named if isinstance(value, int) and not isinstance(value, bool)
        }

    def _alternatives_of(self, cells: list[str]) -> tuple[str, ...]:
        names = self._alternatives.names(cells)
        for name in names:
            if not field_types.is_action_name(name):
                raise _RowError(file_messages.bad_action_name(name), self._alternatives_columns())
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise _RowError(file_messages.duplicate_value(twice), self._alternatives_columns())
        return names

    def _alternatives_columns(self) -> list[str]:
        return [name for text in self._model.alternatives for name in _names(text)]

    def _values(self, cells: list[str]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name, number, read, attribute in self._columns:
            value = read(cells[number])
            if value is not None:
                values[name] = value
            elif cells[number] or attribute.type.kind is not Kind.DATE:  # `live` may be open at either end
                raise _bad_cell(attribute, cells[number])
        return values

    def _name_of(self, cells: list[str]) -> str:
        name = self._name.text(cells)
        if not field_types.is_action_name(name):
            raise _RowError(file_messages.bad_action_name(name), _names(self._model.name))
        return name

    def _titles_of(self, cells: list[str]) -> dict[str, str]:
        """By language, under the empty tag that of the ruleset."""
        titles = {tag: title.text(cells) for tag, title in self._titles.items()}
        for title in titles.values():
            if not 0 < len(title) <= bounds.TEXT_CHARACTERS:
                too_long = file_messages.too_long(bounds.TEXT_CHARACTERS)
                message = too_long if title else rule_messages.empty_title()
                raise _RowError(message, _names(str(self._model.title)))
        return titles

    def _labels_of(self, cells: list[str]) -> dict[str, str]:
        labels = {name: label.text(cells) for name, label in self._labels.items()}
        for name, value in labels.items():
            if not field_types.is_label_value(value):
                raise _RowError(file_messages.bad_label_value(value), _names(self._model.labels[name]))
        return labels

    def _score(self, values: Mapping[str, Value]) -> Score:
        score = self._shape.score
        if isinstance(score, Score):
            return score
        try:
            return score.bind(values)
        except ExpressionError as error:
            raise _RowError(error.message, _names(self._shape.score_text)) from None

    def _treatments_of(self, cells: list[str]) -> Mapping[str, Treatment[Template]]:
        if not self._shape.treatments_read_row:
            return self._shape.treatments
        return {
            channel: treatment.mapped(lambda _, parts: _filled(parts, cells))
            for channel, treatment in self._treatments.items()
        }


class _Windows:
    """``live`` of each row; rows with the same cells share one."""

    def __init__(self, shape: Live | LiveShape, numbers: Mapping[str, int], zone: str) -> None:
        self._shape, self._numbers, self._zone = shape, numbers, zone
        self._used = (
            [] if isinstance(shape, Live) else [numbers[name] for name in shape.reads() if name in numbers]
        )
        self._known: dict[tuple[str, ...], tuple[Live, list[LiveError]]] = {}

    def of(self, cells: list[str]) -> Live:
        """Raises ``_RowError``."""
        shape = self._shape
        if isinstance(shape, Live):
            return shape
        key = tuple([cells[number] for number in self._used])
        if key not in self._known:
            named = {name: cells[number] for name, number in self._numbers.items()}
            self._known[key] = live_of(shape.written(named), self._zone)
        live, errors = self._known[key]
        for error in errors:
            raise _RowError(error.message, shape.columns(str(error.path[0])))
        return live


@dataclass(frozen=True, slots=True)
class _Alternatives:
    """The alternatives before their row is known; ``fixed`` where all rows have the same."""

    fillers: tuple[Filler, ...]
    fixed: tuple[str, ...] | None

    @classmethod
    def of(cls, templates: tuple[Template, ...], numbers: Mapping[str, int]) -> "_Alternatives":
        read_row = any(isinstance(part, Placeholder) for template in templates for part in template)
        fixed = None if read_row else tuple(literal(template) for template in templates)
        return cls(tuple(filler(template, numbers) for template in templates), fixed)

    def names(self, cells: list[str]) -> tuple[str, ...]:
        """Returns those of one row; an empty cell is none."""
        if self.fixed is not None:
            return self.fixed
        return tuple([name for part in self.fillers if (name := part.text(cells))])


_Parts = tuple[Filler | Placeholder, ...]


def _filled(parts: _Parts, cells: list[str]) -> Template:
    texts = [part.text(cells) if isinstance(part, Filler) else part for part in parts]
    return tuple([text for text in texts if text])


def _requirement(need: Requirement | RowNeed, values: Mapping[str, Value]) -> Requirement:
    if isinstance(need, Requirement):
        return need
    try:
        return Requirement(need.rule, need.text, need.template.bind(values), need.say, need.says)
    except ExpressionError as error:
        raise _RowError(error.message, _names(need.text)) from None


def _names(text: str) -> list[str]:
    """Returns the columns that a text speaks of."""
    return [name for name in NAME.findall(text) if name.startswith(ROW)]


def _bad_cell(column: Attribute, cell: str) -> _RowError:
    if column.type.kind is Kind.DATE:
        return _RowError(rule_messages.bad_date(cell), [column.name])
    name = column.name.removeprefix(ROW)
    return _RowError(rule_messages.bad_cell(name, cell, str(column.type)), [column.name])


def _limiting_columns(documents: Documents) -> Iterator[str]:
    """Returns the columns that limits take their numbers from, by qualified name."""
    capacities = [sourced.model for sourced in documents.of(limits.Capacity)]
    numbers = [
        *(sourced.model.limit for sourced in documents.of(limits.FrequencyCap)),
        *(capacity.limit for capacity in capacities),
        *(capacity.pace.limit for capacity in capacities if capacity.pace),
    ]
    return (number for number in numbers if isinstance(number, str) and number.startswith(ROW))
