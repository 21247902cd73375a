"""What conditions may read: attributes, lists, and the locations with theirs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from maitred.core.conditions.computed import Computed
from maitred.core.rules.ruleset import Location
from maitred.core.values.facts import normal_text, reader_of
from maitred.core.values.kinds import type_of
from maitred.core.values.texts import has_blank_ends
from maitred.core.values.types import (
    CHANNEL,
    CUSTOMER_ID,
    LIST,
    LOCATION,
    LOCATION_ID,
    SITUATION,
    Attribute,
    AttributeType,
    Invalid,
    Kind,
    Scalar,
    Value,
)
from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import field_types, models
from maitred.rulefiles.kinds.field_types import zones
from maitred.rulefiles.kinds.privacy import NO_PURPOSE
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.reading.csv_tables import Row, Table, cell_column, cell_reader, read_lines, read_table
from maitred.rulefiles.reading.documents import TABLE_ENDINGS, Documents, Sourced
from maitred.rulefiles.report import Report, SourcePath

GIVEN = (
    Attribute("now", AttributeType(Kind.TIMESTAMP), description="the instant of the decision"),
    Attribute(CHANNEL, AttributeType(Kind.STRING), description="the channel of the request"),
    Attribute(CUSTOMER_ID, AttributeType(Kind.STRING), description="the customer of the request"),
    Attribute(LOCATION_ID, AttributeType(Kind.STRING), description="the location of the request"),
    Attribute("location.timezone", AttributeType(Kind.STRING), description="the time zone of the location"),
)
"""What comes with every request, declared or not."""

RESERVED_ROOTS = frozenset(
    ("location", "row", "list", "situation", "hold", "consent", "event", "events", "outcomes", "math")
)

_ID, _ZONE = "id", "timezone"
_ITEM = "item"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``lists`` by qualified name. ``tables`` are the files that documents name.

    ``normal_lists`` are those whose values are compared without regard to letter case or blanks.
    ``sensitive_lists`` are those that tell of a sensitive category, for which rules need what they
    need for an attribute.
    """

    attributes: Mapping[str, Attribute]
    lists: Mapping[str, tuple[str, ...]]
    normal_lists: Mapping[str, Attribute]
    sensitive_lists: Mapping[str, Attribute]
    locations: Mapping[str, Location] | None
    tables: frozenset[str]
    computed: tuple[Computed, ...] = ()


def vocabulary_of(report: Report, documents: Documents, zone: str) -> Vocabulary:
    """Everything the documents declare. Faulty declarations are told and left out."""
    attributes = {attribute.name: attribute for attribute in GIVEN}
    attributes[CHANNEL] = replace(attributes[CHANNEL], allowed=_channels(documents))
    _declare_context(report, documents, attributes)
    situations = (f"{SITUATION}{sourced.model.name}" for sourced in documents.of(models.Situation))
    attributes.update({name: Attribute(name, AttributeType(Kind.BOOL)) for name in situations})
    lists = {f"{LIST}{sourced.model.name}": _values(report, sourced) for sourced in documents.of(models.List)}
    normal_lists = {
        list_attribute.name: list_attribute
        for list_attribute in map(_list_attribute, documents.of(models.List))
        if is_normal(list_attribute)
    }
    locations = _locations(report, documents, attributes, zone)
    sensitive_lists = {sensitive_list.name: sensitive_list for sensitive_list in _sensitive_lists(documents)}
    return Vocabulary(
        attributes, lists, normal_lists, sensitive_lists, locations, frozenset(_tables(documents))
    )


def _channels(documents: Documents) -> tuple[str, ...]:
    """Returns the channels there are, where the ``Ruleset`` says so: a condition on another is never true."""
    return tuple(channel for sourced in documents.of(models.Ruleset) for channel in sourced.model.channels)


def _tables(documents: Documents) -> Iterator[str]:
    yield from (sourced.model.table.file for sourced in documents.of(models.Locations))
    yield from (sourced.model.table.file for sourced in documents.of(models.ActionTable))
    yield from (sourced.model.file for sourced in documents.of(models.List) if sourced.model.file)


def content(report: Report, spot: SourcePath, file: str) -> bytes | None:
    """Returns a table or list that a document names at ``spot``."""
    if file.endswith(TABLE_ENDINGS) and file in report.sources:
        return report.sources[file]
    known = [name for name in report.sources if name.endswith(TABLE_ENDINGS)]
    report.error(spot, rule_messages.no_such_file(file, known))
    return None


# Attributes


def _declare_context(report: Report, documents: Documents, attributes: dict[str, Attribute]) -> None:
    _declare_attributes(report, documents, attributes)
    for sourced in documents.of(models.Context):
        for name in sourced.model.attributes:
            if outer := outer_attribute(name, attributes):
                spot = sourced.spot.at("attributes", name, key=True)
                report.error(spot, rule_messages.attribute_inside(name, outer))


def _declare_attributes(report: Report, documents: Documents, attributes: dict[str, Attribute]) -> None:
    declared: dict[str, str] = {}
    for sourced in documents.of(models.Context):
        for name, spec in sourced.model.attributes.items():
            spot = sourced.spot.at("attributes", name)
            message = _bad_attribute(name, spec)
            if name in declared:
                message = file_messages.duplicate_attribute(name, declared[name])
            if message:
                documents.doubt(sourced.spot.file, report.sources[sourced.spot.file])
                report.error(spot.at(key=True), message)
            else:
                declared[name] = sourced.spot.file
                attributes[name] = attribute_of(report, spot, name, spec)


def _bad_attribute(name: str, spec: models.AttributeSpec) -> str | None:
    given = next((attribute for attribute in GIVEN if attribute.name == name), None)
    if given:
        same = str(given.type) == spec.type
        return None if same else rule_messages.given_attribute(name, str(given.type))
    return bad_attribute_name(name)


def bad_attribute_name(name: str) -> str | None:
    """Returns why no attribute can be called so; ``None`` where it can."""
    if not field_types.ATTRIBUTE.fullmatch(name) or len(name) > bounds.NAME_CHARACTERS:
        return rule_messages.bad_attribute(name)
    root, *rest = name.split(".")
    word = next((word for word in rest if word in field_types.KEYWORDS), None)
    if root in field_types.RESERVED or word:
        return rule_messages.attribute_word(name, word or root)
    if root in RESERVED_ROOTS:
        return rule_messages.reserved_root(name)
    return None


def outer_attribute(name: str, declared: Mapping[str, Attribute]) -> str | None:
    """Returns the attribute that this one would lie inside."""
    words = name.split(".")
    heads = (".".join(words[:count]) for count in range(1, len(words)))
    return next((head for head in heads if head in declared), None)


def attribute_of(report: Report, spot: SourcePath, name: str, spec: models.AttributeSpec) -> Attribute:
    """Returns an attribute as declared at ``spot``; values that are not of its type are told."""
    type_ = type_of(spec.type)
    if type_.kind is Kind.OBJECT:
        type_ = _object_type(report, spot, type_, spec)
    elif spec.fields or spec.item != _ITEM:
        report.error(
            spot.at("fields" if spec.fields else "item"), rule_messages.fields_of_no_object(spec.type)
        )
    purpose = None if spec.purpose == NO_PURPOSE else spec.purpose
    plain = Attribute(
        name,
        type_,
        (),
        purpose,
        spec.sensitive,
        spec.description,
        max_length=spec.max_length or 0,
        max_items=spec.max_items or 0,
    )
    return _with_values(report, spot, plain, spec)


def _object_type(
    report: Report, spot: SourcePath, type_: AttributeType, spec: models.AttributeSpec
) -> AttributeType:
    if not spec.fields:
        report.error(spot, rule_messages.object_without_fields())
    if spec.values:
        report.error(spot.at("values"), rule_messages.values_of_objects())
    fields_ = (
        _with_values(report, spot.at("fields", name), Attribute(name, type_of(field.type)), field)
        for name, field in spec.fields.items()
    )
    return replace(type_, fields=tuple(fields_), item=spec.item)


def _with_values(
    report: Report, spot: SourcePath, attribute: Attribute, spec: models.AttributeSpec | models.FieldSpec
) -> Attribute:
    attribute = _with_text(report, spot, attribute, spec)
    if attribute.type.kind is Kind.OBJECT:
        return attribute
    read = reader_of(replace(attribute, type=replace(attribute.type, is_list=False)))
    allowed: list[Scalar] = []
    for index, value in enumerate(spec.values):
        fact = read(value)
        if isinstance(fact, Invalid | tuple):
            report.error(
                spot.at("values", index), rule_messages.bad_allowed(value, attribute.type.kind.value)
            )
        else:
            allowed.append(fact)
    return replace(attribute, allowed=tuple(allowed))


def _with_text(report: Report, spot: SourcePath, attribute: Attribute, spec: models.TextSpec) -> Attribute:
    named = [
        name for name, given in (("letter_case", spec.letter_case != "exact"), ("trim", spec.trim)) if given
    ]
    if named and attribute.type.kind is not Kind.STRING:
        report.error(spot.at(named[0]), rule_messages.text_only(named[0], str(attribute.type)))
        return attribute
    return replace(attribute, ignores_case=spec.letter_case == "ignore", is_trimmed=spec.trim)


def is_normal(attribute: Attribute) -> bool:
    """Returns whether its texts are compared without regard to letter case or blanks."""
    return attribute.ignores_case or attribute.is_trimmed


def column_of(report: Report, spot: SourcePath, name: str, spec: models.ColumnSpec) -> Attribute:
    """Returns a column as declared at ``spot``."""
    return _with_text(report, spot, Attribute(name, type_of(spec.type)), spec)


# Lists


def _values(report: Report, sourced: Sourced[models.List]) -> tuple[str, ...]:
    model = sourced.model
    if (model.values is None) == (model.file is None):
        report.error(sourced.spot, rule_messages.one_of_file_and_values())
    if model.file is None:
        return _normal_values(sourced, model.values or ())
    file = model.file
    data = content(report, sourced.spot.at("file"), file)
    if data is None:
        return ()
    return _normal_values(sourced, read_lines(data, lambda *place: report.at_line(file, *place)))


def _normal_values(sourced: Sourced[models.List], values: Iterable[str]) -> tuple[str, ...]:
    attribute = _list_attribute(sourced)
    return tuple(normal_text(attribute, value) for value in values) if is_normal(attribute) else tuple(values)


def _list_attribute(sourced: Sourced[models.List]) -> Attribute:
    model = sourced.model
    return Attribute(
        f"{LIST}{model.name}",
        AttributeType(Kind.STRING, is_list=True),
        sensitive=model.sensitive,
        ignores_case=model.letter_case == "ignore",
        is_trimmed=model.trim,
    )


def _sensitive_lists(documents: Documents) -> Iterator[Attribute]:
    for sourced in documents.of(models.List):
        if sourced.model.sensitive:
            yield _list_attribute(sourced)


# Locations


def _locations(
    report: Report, documents: Documents, attributes: dict[str, Attribute], zone: str
) -> dict[str, Location] | None:
    sources = documents.of(models.Locations)
    for extra in sources[1:]:
        report.error(extra.spot.at("kind"), file_messages.only_one("`Locations`", sources[0].spot.file))
    if not sources:
        return None
    columns = _location_columns(report, sources[0])
    attributes.update({attribute.name: attribute for attribute in columns.values()})
    table = _location_table(report, sources[0], columns)
    return _read_locations(report, table, columns, zone) if table else {}


def _location_columns(report: Report, sourced: Sourced[models.Locations]) -> dict[str, Attribute]:
    spot = sourced.spot.at("table", "columns")
    columns = {}
    for name, spec in sourced.model.table.columns.items():
        if name in (_ID, _ZONE):
            report.error(spot.at(name, key=True), rule_messages.location_column(name))
        else:
            columns[name] = attribute_of(report, spot.at(name), f"{LOCATION}{name}", spec)
    return columns


def _location_table(
    report: Report, sourced: Sourced[models.Locations], columns: Mapping[str, Attribute]
) -> Table | None:
    file = sourced.model.table.file
    data = content(report, sourced.spot.at("table", "file"), file)
    if data is None:
        return None
    table = read_table(file, data, lambda *place: report.at_line(file, *place), report.pause)
    if table is None:
        return None
    spot = sourced.spot.at("table", "columns")
    return table if has_columns(report, spot, table, (_ID, *columns), extra=(_ZONE,)) else None


def has_columns(
    report: Report, spot: SourcePath, table: Table, names: tuple[str, ...], extra: tuple[str, ...] = ()
) -> bool:
    """Returns whether a table has all columns that are declared at ``spot``.

    Tells of those it has besides.
    """
    missing = [name for name in names if name not in table.header]
    for name in missing:
        report.error(spot.at(name, key=True), rule_messages.table_no_column(name, table.header))
    for name in table.header:
        if name not in (*names, *extra):
            report.warn_file(table.file, rule_messages.table_column_unused(name))
    return not missing


def _read_locations(
    report: Report, table: Table, columns: Mapping[str, Attribute], zone: str
) -> dict[str, Location]:
    reader = _LocationReader(report, table, columns, zone)
    seen: dict[str, int] = {}
    locations = {}
    for row in table.rows:
        location = reader.read(row)
        if location.id in seen:
            reader.tell(row, _ID, rule_messages.duplicate_location(location.id, seen[location.id]))
        seen.setdefault(location.id, row.line)
        locations[location.id] = location
    return locations


class _LocationReader:
    """One row at a time."""

    def __init__(self, report: Report, table: Table, columns: Mapping[str, Attribute], zone: str) -> None:
        self._report, self._table = report, table
        self._columns, self._zone = columns, zone

    def read(self, row: Row) -> Location:
        """Returns the location; what is wrong is told and left out."""
        id_ = row.cells[self._table.column(_ID)]
        if not id_.strip() or not id_.isprintable() or len(id_) > bounds.LOCATION_ID_CHARACTERS:
            self.tell(row, _ID, rule_messages.bad_location_id(id_))
        elif has_blank_ends(id_):
            self.tell(row, _ID, rule_messages.blank_location_id(id_))
        return Location(id_, self._zone_of(row), dict(self._attributes(row)))

    def _zone_of(self, row: Row) -> str:
        if _ZONE not in self._table.header:
            return self._zone
        zone = row.cells[self._table.column(_ZONE)]
        if zone not in zones():
            self.tell(row, _ZONE, rule_messages.unknown_zone(zone, zones()))
            return self._zone
        return zone

    def _attributes(self, row: Row) -> Iterator[tuple[str, Value]]:
        for name, attribute in self._columns.items():
            cell = row.cells[self._table.column(name)]
            if not cell:
                continue
            value = cell_reader(attribute)(cell)
            if value is None:
                self.tell(row, name, rule_messages.bad_cell(name, cell, str(attribute.type)))
            else:
                yield attribute.name, value

    def tell(self, row: Row, column: str, message: str) -> None:
        """A fault in one of the row's cells."""
        tell_cell(self._report, self._table, row, column, message)


def tell_cell(report: Report, table: Table, row: Row, column: str, message: str) -> None:
    """A fault in one cell of a table."""
    report.at_line(table.file, row.line, cell_column(row, table.column(column)), message)
