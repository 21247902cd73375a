"""Documents of kind ``ActionTable``: one action for every row of a table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from maitred.core.expressions import ExpressionError, Score
from maitred.core.rules import Action, ActionType, Live, Requirement, Treatment
from maitred.core.values import Attribute, Value

from . import fields, kinds, limits, messages, tables
from .actions import Around, Placed
from .conditions import NAME, Conditions
from .documents import Documents, Sourced
from .placeholders import fill, literal
from .tables import Row, Table
from .template import Columns, RowNeed, Shape, shape_of
from .vocabulary import content, has_columns, tell_cell
from .windows import LiveError, Written, date_of, live_of

MakeConditions = Callable[[Mapping[str, Attribute]], Conditions]
"""A compiler that knows these attributes besides those of the ruleset."""

_PREFIX = "row."


def table_actions_of(around: Around, documents: Documents, make: MakeConditions) -> Iterator[Placed]:
    """The actions of all tables."""
    for sourced in documents.of(kinds.ActionTable):
        columns = _columns(sourced.model.table.columns)
        conditions = make({name: column for name, column in columns.items() if column})
        shape = shape_of(around, conditions, sourced.spot.at("action"), sourced.model.action, columns)
        table = _table(around, sourced, columns)
        if table:
            reader = _RowReader(around, sourced, columns, shape, table, {})
            yield from filter(None, map(reader.read, table.rows))


def _columns(declared: Mapping[str, str]) -> Columns:
    return {
        _PREFIX + name: None
        if type_name == tables.DATE
        else Attribute(_PREFIX + name, tables.type_of(type_name))
        for name, type_name in declared.items()
    }


def _table(around: Around, sourced: Sourced[kinds.ActionTable], columns: Columns) -> Table | None:
    file, spot, report = sourced.model.table.file, sourced.spot.at("table"), around.report
    data = content(report, spot.at("file"), file)
    if data is None:
        return None
    table = tables.read_table(file, data, lambda *told: report.at_line(file, *told))
    names = tuple(name.removeprefix(_PREFIX) for name in columns)
    if table is None or not has_columns(report, spot.at("columns"), table, names):
        return None
    return table


class _RowError(Exception):
    """A row that gives no action. ``columns`` are those it is about."""

    def __init__(self, message: str, columns: list[str]) -> None:
        super().__init__(message)
        self.message, self.columns = message, columns


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Rows of one table to actions; faults are told where the row stands."""

    around: Around
    sourced: Sourced[kinds.ActionTable]
    columns: Columns
    shape: Shape
    table: Table
    windows: dict[Written, tuple[Live, list[LiveError]]]

    def read(self, row: Row) -> Placed | None:
        """The action of a row; ``None`` where it is faulty."""
        try:
            cells, values = self._cells(row)
            return Placed(self._action(cells, values), self.sourced.spot, (self._file, row.line))
        except _RowError as error:
            self._tell(row, error)
            return None

    @property
    def _file(self) -> str:
        return self.sourced.model.table.file

    def _tell(self, row: Row, error: _RowError) -> None:
        names = [name.removeprefix(_PREFIX) for name in error.columns if name in self.columns]
        column = names[0] if names else self.table.header[0]
        tell_cell(self.around.report, self.table, row, column, error.message)

    def _cells(self, row: Row) -> tuple[dict[str, str], dict[str, Value]]:
        cells = dict(zip(map(_PREFIX.__add__, self.table.header), row.cells, strict=True))
        values: dict[str, Value] = {}
        for name, column in self.columns.items():
            if column is None:
                _check_date(name, cells[name])
            else:
                values[name] = _value(column, cells[name])
        return cells, values

    def _action(self, cells: Mapping[str, str], values: Mapping[str, Value]) -> Action:
        shape, model = self.shape, self.sourced.model.action
        return Action(
            name=self._name(cells),
            title=self._title(cells),
            type=ActionType[model.type.upper()],
            owner=model.owner,
            labels=self._labels(cells),
            channels=frozenset(model.channels),
            live=self._live(cells),
            requirements=tuple(self._requirement(need, values) for need in shape.needs),
            score=self._score(values),
            treatments=self._treatments(cells),
        )

    def _name(self, cells: Mapping[str, str]) -> str:
        name = literal(fill(self.shape.name, cells))
        if not fields.is_name(name):
            raise _RowError(messages.bad_name(name), _names(self.sourced.model.action.name))
        return name

    def _title(self, cells: Mapping[str, str]) -> str:
        title = literal(fill(self.shape.title, cells))
        if len(title) > limits.TEXT_CHARACTERS:
            raise _RowError(messages.row_text_too_long(title), _names(self.sourced.model.action.title))
        return title

    def _labels(self, cells: Mapping[str, str]) -> dict[str, str]:
        labels = {name: literal(fill(template, cells)) for name, template in self.shape.labels.items()}
        for name, value in labels.items():
            if not fields.is_label_value(value):
                columns = _names(self.sourced.model.action.labels[name])
                raise _RowError(messages.bad_label_value(value), columns)
        return labels

    def _live(self, cells: Mapping[str, str]) -> Live:
        shape = self.shape.live
        if isinstance(shape, Live):
            return shape
        written = shape.written(cells)
        if written not in self.windows:
            self.windows[written] = live_of(written, self.around.zone)
        live, errors = self.windows[written]
        for error in errors:
            raise _RowError(error.message, shape.columns(error.field))
        return live

    def _requirement(self, need: Requirement | RowNeed, values: Mapping[str, Value]) -> Requirement:
        if isinstance(need, Requirement):
            return need
        try:
            return Requirement(need.rule, need.text, need.template.bind(values), need.say)
        except ExpressionError as error:
            raise _RowError(error.message, _names(need.text)) from None

    def _score(self, values: Mapping[str, Value]) -> Score:
        score = self.shape.score
        if isinstance(score, Score):
            return score
        try:
            return score.bind(values)
        except ExpressionError as error:
            raise _RowError(error.message, _names(self.shape.score_text)) from None

    def _treatments(self, cells: Mapping[str, str]) -> Mapping[str, Treatment]:
        if not self.shape.treatments_read_row:
            return self.shape.treatments
        return {channel: _filled(each, cells) for channel, each in self.shape.treatments.items()}


def _filled(treatment: Treatment, cells: Mapping[str, str]) -> Treatment:
    return replace(
        treatment,
        title=None if treatment.title is None else fill(treatment.title, cells),
        say=tuple(fill(template, cells) for template in treatment.say),
        show=fill(treatment.show, cells),
    )


def _names(text: str) -> list[str]:
    """The columns that a text speaks of."""
    return [name for name in NAME.findall(text) if name.startswith(_PREFIX)]


def _value(column: Attribute, cell: str) -> Value:
    value = tables.value_of(column, cell)
    if value is None:
        name = column.name.removeprefix(_PREFIX)
        raise _RowError(messages.bad_cell(name, cell, str(column.type)), [column.name])
    return value


def _check_date(name: str, cell: str) -> None:
    if cell:
        try:
            date_of(cell)
        except ValueError:
            raise _RowError(messages.bad_date(cell), [name]) from None
