"""``computed`` of ``Context``: attributes that are worked out from lists of objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from maitred.core.conditions.computed import Aggregate, Computed, Term
from maitred.core.conditions.model import TRUE
from maitred.core.rules.expressions import CompilerFactory, ExpressionError
from maitred.core.values.kinds import KINDS
from maitred.core.values.types import SITUATION, Attribute, AttributeType, Kind
from maitred.core.values.windows import Calendar, Lifetime, Period, Rolling, Session, Window
from maitred.rulefiles.kinds import models
from maitred.rulefiles.kinds.field_types import DAYS, LOCATION_ZONE, zones
from maitred.rulefiles.kinds.privacy import NO_PURPOSE
from maitred.rulefiles.kinds.windows import WindowSpec
from maitred.rulefiles.messages import limit_messages, rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report, SourcePath

from .expressions import Conditions, Mentions
from .vocabulary import Vocabulary, bad_attribute_name, outer_attribute

_INT, _BOOL = AttributeType(Kind.INT), AttributeType(Kind.BOOL)
_FIXED: Mapping[Aggregate, AttributeType] = {
    Aggregate.COUNT: _INT,
    Aggregate.DISTINCT: _INT,
    Aggregate.ANY: _BOOL,
}
_SUMMED = frozenset((Kind.INT, Kind.DOUBLE, Kind.DECIMAL, Kind.DURATION))
_NO_TERM = frozenset((Aggregate.COUNT, Aggregate.ANY))
_FORMS = ("rolling", "calendar", "lifetime", "session")


@dataclass(frozen=True, slots=True)
class Source:
    """A list of objects that attributes may be computed over, and what conditions call one of them."""

    name: str
    item: str
    fields: tuple[Attribute, ...]

    @property
    def variables(self) -> Mapping[str, Attribute]:
        """The fields as conditions call them: ``line.price``."""
        named = (replace(field, name=f"{self.item}.{field.name}") for field in self.fields)
        return {field.name: field for field in named}


class Behaviour(NamedTuple):
    """What there is of the customer, in windows; calendars without a time zone are in ``zone``."""

    sources: Mapping[str, Source]
    zone: str


def request_sources(attributes: Mapping[str, Attribute]) -> Mapping[str, Source]:
    """Returns the lists of objects of a request."""
    return {
        name: Source(name, attribute.type.item, attribute.type.fields)
        for name, attribute in attributes.items()
        if attribute.type.kind is Kind.OBJECT
    }


def with_computed(
    report: Report,
    documents: Documents,
    vocabulary: Vocabulary,
    factory: CompilerFactory,
    mentions: Mentions,
    *,
    behaviour: Behaviour,
) -> Vocabulary:
    """Returns the vocabulary with all computed attributes.

    What is faulty in one is told, and it is left out.
    """
    if not any(sourced.model.computed for sourced in documents.of(models.Context)):
        return vocabulary
    sources = {**request_sources(vocabulary.attributes), **behaviour.sources}
    reader = _ComputedReader(report, documents, vocabulary, factory, mentions, sources, behaviour)
    computed: dict[str, Computed] = {}
    attributes = dict(vocabulary.attributes)
    for sourced in documents.of(models.Context):
        for name, spec in sourced.model.computed.items():
            spot = sourced.spot.at("computed", name)
            attribute = reader.read(spot, name, spec, attributes)
            if attribute is None:
                documents.doubtful.add(name)
            else:
                computed[name], attributes[name] = attribute
    return replace(vocabulary, attributes=attributes, computed=tuple(computed.values()))


@dataclass(slots=True)
class _ComputedReader:
    report: Report
    documents: Documents
    vocabulary: Vocabulary
    factory: CompilerFactory
    mentions: Mentions
    sources: Mapping[str, Source]
    behaviour: Behaviour

    def read(
        self, spot: SourcePath, name: str, spec: models.ComputedSpec, known: Mapping[str, Attribute]
    ) -> tuple[Computed, Attribute] | None:
        """Returns what is worked out and the attribute it becomes.

        ``None`` where it is faulty, which is told.
        """
        if message := self._bad_name(name, known):
            self.report.error(spot.at(key=True), message)
            return None
        source, aggregate = self._source(spot, spec), self._aggregate(spot, spec)
        if source is None or aggregate is None:
            return None
        errors = self.report.errors
        computed = self._computed(spot, name, spec, source, aggregate)
        attribute = self._attribute(spot, spec, computed)
        return (computed, attribute) if self.report.errors == errors else None

    def _bad_name(self, name: str, known: Mapping[str, Attribute]) -> str | None:
        if name in known:
            return rule_messages.computed_and_declared(name)
        if message := bad_attribute_name(name):
            return message
        outer = outer_attribute(name, known)
        return rule_messages.attribute_inside(name, outer) if outer else None

    def _source(self, spot: SourcePath, spec: models.ComputedSpec) -> Source | None:
        source = self.sources.get(spec.over)
        if source is None:
            attribute = self.vocabulary.attributes.get(spec.over)
            type_ = str(attribute.type) if attribute else ""
            message = rule_messages.no_such_source(spec.over, type_, list(self.sources))
            self.report.error(spot.at("over"), message)
            return None
        roots = {name.partition(".")[0] for name in (*self.vocabulary.attributes, *self.vocabulary.lists)}
        if source.item in roots:
            self.report.error(spot.at("over"), rule_messages.item_is_a_root(source.item, source.name))
            return None
        return source

    def _aggregate(self, spot: SourcePath, spec: models.ComputedSpec) -> Aggregate | None:
        given = [aggregate for aggregate in Aggregate if getattr(spec, aggregate.value) is not None]
        if len(given) == 1:
            return given[0]
        names = [aggregate.value for aggregate in given]
        self.report.error(spot, rule_messages.one_aggregate(names, [known.value for known in Aggregate]))
        return None

    def _computed(
        self, spot: SourcePath, name: str, spec: models.ComputedSpec, source: Source, aggregate: Aggregate
    ) -> Computed:
        conditions = self._conditions(source)
        where = conditions.condition(spot.at("where"), spec.where) if spec.where is not None else TRUE
        type_, take = _FIXED.get(aggregate, _INT), None
        if aggregate not in _NO_TERM:
            at, text = spot.at(aggregate.value), str(getattr(spec, aggregate.value))
            taken = self._term(conditions, at, text)
            if taken:
                type_of_value, take = taken
                type_ = _FIXED.get(aggregate, type_of_value)
                self._check_type(at, aggregate, type_of_value)
        window = self._window(spot.at("window"), spec.window, source) if spec.window else None
        return Computed(name, source.name, source.item, where, aggregate, type_, take, window)

    def _window(self, spot: SourcePath, model: WindowSpec, source: Source) -> Window:
        if source.name not in self.behaviour.sources:
            self.report.error(spot.at(key=True), rule_messages.window_of_request(source.name))
        return window_in(self.report, spot, model, self.behaviour.zone)

    def _conditions(self, source: Source) -> Conditions:
        readable = {
            name: attribute
            for name, attribute in self.vocabulary.attributes.items()
            if not name.startswith(SITUATION)
        }
        attributes = {**readable, **self.vocabulary.normal_lists, **source.variables}
        compiler = self.factory(attributes, self.vocabulary.lists)
        known = frozenset((*attributes, *self.vocabulary.lists))
        return Conditions(self.report, compiler, known, self.documents.doubtful, self.mentions)

    def _term(self, conditions: Conditions, at: SourcePath, text: str) -> tuple[AttributeType, Term] | None:
        self.mentions.read(text)
        try:
            return conditions.compiler.term(text)
        except ExpressionError as error:
            conditions.tell(at, text, error)
            return None

    def _check_type(self, at: SourcePath, aggregate: Aggregate, type_: AttributeType) -> None:
        if aggregate is Aggregate.SUM and type_.kind not in _SUMMED:
            self.report.error(at, rule_messages.not_summed(str(type_)))
        if aggregate in (Aggregate.MIN, Aggregate.MAX) and not KINDS[type_.kind].is_ordered:
            self.report.error(at, rule_messages.not_ordered(str(type_)))

    def _attribute(self, spot: SourcePath, spec: models.ComputedSpec, computed: Computed) -> Attribute:
        reads = computed.reads
        read = (self.vocabulary.attributes[name] for name in reads if name in self.vocabulary.attributes)
        categories = sorted({category for category in (spec.sensitive, *_sensitive(read)) if category})
        if len(categories) > 1:
            self.report.error(spot, rule_messages.several_categories(categories))
        return Attribute(
            computed.name,
            computed.type,
            purpose=None if spec.purpose == NO_PURPOSE else spec.purpose,
            sensitive=categories[0] if categories else None,
            description=spec.description,
            sources=reads,
        )


def _sensitive(attributes: Iterable[Attribute]) -> list[str | None]:
    return [attribute.sensitive for attribute in attributes]


def window_in(report: Report, spot: SourcePath, model: WindowSpec, zone: str) -> Window:
    """Returns how far back things count; what is faulty is told, and does not restrict.

    ``zone`` is the usual one.
    """
    given = [form for form in _FORMS if getattr(model, form) is not None]
    if model.of is not None:
        report.error(spot.at("of", key=True), rule_messages.window_of_now())
    elif len(given) != 1:
        report.error(spot, limit_messages.one_window() if given else limit_messages.no_window())
    elif model.timezone not in (None, LOCATION_ZONE) and model.timezone not in zones():
        report.error(spot.at("timezone"), rule_messages.unknown_zone(str(model.timezone), zones()))
    if model.rolling is not None:
        return Rolling(model.rolling)
    if model.calendar is not None:
        place = None if model.timezone == LOCATION_ZONE else model.timezone or zone
        return Calendar(Period(model.calendar), place, DAYS.index(model.week_starts))
    return Session() if model.session else Lifetime()
