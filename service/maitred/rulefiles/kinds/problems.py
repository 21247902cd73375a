"""Pydantic's errors in the words of rule authors, at the places they speak of."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from maitred.core.rules.treatments import TEXTS
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages, meant, rule_messages
from maitred.rulefiles.report import Report, SourcePath

from .experiments import ArmCap
from .limits import SHORT

Say = Callable[["_Detail"], str]


def tell(report: Report, spot: SourcePath, model: type[BaseModel], error: ValidationError) -> None:
    """Every error of one document."""
    details = error.errors(include_url=False)[: bounds.FAULTS_KEPT]
    # The value of `group:perks` is no fault beside its key.
    keys = {detail["loc"][:-1] for detail in details if detail["loc"][-1:] == ("[key]",)}
    for detail in details:
        if detail["loc"] in keys:
            continue
        path = tuple(step for step in detail["loc"] if step != "[key]")
        on_key = detail["type"] == "extra_forbidden" or "[key]" in detail["loc"]
        report.error(spot.at(*path, key=on_key), _message(model, detail))


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:
    name = str(detail["loc"][-2]) if detail["loc"][-1:] == ("[key]",) else ""
    if _is_glued(name):
        return file_messages.blank_after_colon(name.replace(":", ": ", 1))
    say = _SAY.get(detail["type"])
    if say is None:
        return file_messages.no_such_value()
    told = _Detail.of(model, detail)
    return file_messages.or_left_out(say(told)) if told.is_needless else say(told)


@dataclass(frozen=True, slots=True)
class _Detail:
    """An error of pydantic's: ``holder`` is the model whose field is at fault, ``at`` that of the value."""

    holder: type[BaseModel] | None
    at: type[BaseModel] | None
    field: str
    value: Any
    more: ErrorDetails

    @classmethod
    def of(cls, model: type[BaseModel], detail: ErrorDetails) -> "_Detail":
        loc = tuple(step for step in detail["loc"] if step != "[key]")
        names = [step for step in loc if isinstance(step, str)]
        field = names[-1] if names else ""
        return cls(_model_at(model, loc[:-1]), _model_at(model, loc), field, detail["input"], detail)

    @property
    def is_needless(self) -> bool:
        """Whether nothing stands behind a field that can be left out."""
        if self.value is not None or self.holder is None:
            return False
        fields = _fields_of(self.holder)
        return self.field in fields and not fields[self.field].is_required()

    @property
    def is_share(self) -> bool:
        """Whether the field is a share: a number from 0 to 1."""
        fields = _fields_of(self.holder) if self.holder else {}
        bounds_of = fields[self.field].metadata if self.field in fields else ()
        return any(getattr(bound, "le", None) == 1 for bound in bounds_of)

    def refused(self, value: object) -> str | None:
        """Returns what would be told of another value of the field; ``None`` where it would be taken."""
        assert self.holder
        try:
            self.holder.model_validate({self.field: value})
        except ValidationError as error:
            for more in error.errors(include_url=False):
                if more["loc"] == (self.field,):
                    return _SAY[more["type"]](_Detail(self.holder, self.at, self.field, value, more))
        return None


def _fields_of(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Returns the fields of a model as they are written."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Returns the model of a mapping inside a document, by the types of the fields on the way."""
    current: type[BaseModel] | None = model
    for step in loc:
        fields = _fields_of(current) if current else {}
        if step in fields:
            current = _model_in(fields[str(step)].annotation)
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


# Fields that stand elsewhere

_TEXTS = [name for name in TEXTS if name != "title"]
_IN_TREATMENTS = "treatments: {CHANNEL: {say: ...}}"
_OF_TREATMENTS = dict.fromkeys((*_TEXTS, "text", "message"), _IN_TREATMENTS)
_OF_LIVE = dict.fromkeys(
    (
        *("from", "until", "to", "start", "end", "days", "hours", "schedule", "dates", "period"),
        *("valid_from", "valid_until", "valid", "start_date", "end_date", "expires", "expiry", "timezone"),
    ),
    "live: {from: ..., until: ...}",
)
_OF_OTHERS = {
    **dict.fromkeys(("group", "groups", "tag", "tags", "category", "campaign"), "labels: {group: ...}"),
    **dict.fromkeys(
        ("audience", "audiences", "segment", "segments", "customers"), "rollout: {groups: [LIST]}"
    ),
    **dict.fromkeys(("location", "locations", "store", "stores"), "rollout: {locations: [...]}"),
    **dict.fromkeys(("purpose", "purposes"), "consent"),
}
_OF_CONDITIONS = dict.fromkeys(
    ("require", "requires", "condition", "conditions", "if", "when", "rule", "rules"),
    "eligibility: [{require: ...}]",
)
_OF_LIMITS = dict.fromkeys(
    ("limit", "limits", "cap", "max", "per", "window", "capacity"),
    "a document of kind `FrequencyCap` or `Capacity`",
)
_OF_SCORE = {
    **dict.fromkeys(("priority", "rank", "weight"), "score: ..."),
    **dict.fromkeys(("learned", "learner", "learning", "learn"), 'score: learned("NAME") * 10'),
}
_OF_COMPARED = {
    **dict.fromkeys(("experiment", "experiments", "arms", "variants"), "a document of kind `Experiment`"),
    **dict.fromkeys(("holdout", "control", "control_group"), "a document of kind `Holdout`"),
    **dict.fromkeys(("guard", "guards", "guardrail"), "rollout: {guard: {...}}"),
}
_OF_CHOICE = dict.fromkeys(("actions", "labels", "types", "channels"), "applies_to: {...}")
_TEXTS_MEANT = {
    **dict.fromkeys(("text", "message", "tell"), "say"),
    **dict.fromkeys(("print", "screen", "receipt", "display"), "show"),
    **dict.fromkeys(("todo", "task", "tasks", "steps"), "do"),
    **dict.fromkeys(("legal", "conditions", "small_print", "smallprint", "rules"), "terms"),
    **dict.fromkeys(("after_claim", "granted", "after"), "claimed"),
    **dict.fromkeys(("never", "dont", "forbidden"), "avoid"),
}
_ELSEWHERE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Offering": {
            **_OF_TREATMENTS,
            **_OF_LIVE,
            **_OF_CONDITIONS,
            **_OF_LIMITS,
            **_OF_SCORE,
            **_OF_COMPARED,
            **_OF_OTHERS,
        },
        "LiveSpec": {
            **dict.fromkeys(("start", "begin", "begins", "since"), "from"),
            **dict.fromkeys(("end", "ends", "to", "till", "through"), "until"),
            **dict.fromkeys(("time", "times"), "hours"),
            **dict.fromkeys(("zone", "tz"), "timezone"),
        },
        "Holdout": {
            **dict.fromkeys(("share", "size", "fraction", "rollout", "weight", "holdout"), "percent"),
            **_OF_CHOICE,
        },
        "Experiment": {
            **dict.fromkeys(("variants", "groups", "variations", "cells"), "arms"),
            **dict.fromkeys(("start", "begin", "begins", "since", "live", "dates", "schedule"), "from"),
            **dict.fromkeys(("end", "ends", "to", "till", "through", "duration", "days", "weeks"), "until"),
            **dict.fromkeys(("control", "baseline"), "arms: {control: {weight: ...}}"),
            **_OF_CHOICE,
            **dict.fromkeys(("percent", "weights", "split", "traffic"), "arms: {NAME: {weight: ...}}"),
        },
        "ArmSpec": {
            **dict.fromkeys(("percent", "share", "size", "traffic", "fraction"), "weight"),
            **dict.fromkeys(_TEXTS, _IN_TREATMENTS),
            "title": "treatments: {CHANNEL: {title: ...}}",
            **dict.fromkeys(("cap", "limit"), "frequency_cap: {name: ..., limit: ...}"),
        },
        "GuardSpec": {
            **dict.fromkeys(("metric", "event", "goal", "kpi", "kind", "measure"), "outcome"),
            **dict.fromkeys(("limit", "rate", "percent", "value", "max", "min", "share"), "threshold"),
            **dict.fromkeys(("window", "period", "duration", "for", "until", "days"), "horizon"),
            **dict.fromkeys(("above", "more", "over", "exceeds"), "direction: above, threshold: ..."),
            **dict.fromkeys(("below", "less", "under", "fewer"), "direction: below, threshold: ..."),
        },
        "RolloutGuard": dict.fromkeys(("action", "do", "on_harm"), "then: roll_back"),
        "RolloutStepSpec": {
            **dict.fromkeys(("date", "day", "at", "on", "start", "since"), "from"),
            **dict.fromkeys(("share", "to", "size", "weight"), "percent"),
        },
        "RolloutSpec": {
            **dict.fromkeys(("share", "size", "fraction", "weight"), "percent"),
            **dict.fromkeys(("ramp", "stages", "schedule", "phases"), "steps: [{from: ..., percent: ...}]"),
            **dict.fromkeys(("stores", "sites", "location", "store"), "locations: [...]"),
            **dict.fromkeys(("audience", "audiences", "group", "segments"), "groups: [LIST]"),
        },
        "Learner": {
            **dict.fromkeys(("explore", "epsilon", "random"), "exploration"),
            **dict.fromkeys(("min", "minimum", "lowest"), "floor"),
            **dict.fromkeys(("max", "maximum", "highest", "cap"), "ceiling"),
            **dict.fromkeys(("window", "horizon", "period"), "within"),
            **dict.fromkeys(("event", "goal", "metric", "reward", "success"), "outcome"),
            **dict.fromkeys(("of", "per", "after", "shown"), "over"),
            **dict.fromkeys(("enable", "active", "on", "learning"), "enabled"),
            **dict.fromkeys(
                ("applies_to", "actions", "labels", "types", "channels", "score"),
                '`score: learned("NAME") * 10` into the actions',
            ),
        },
        "Prior": {
            **dict.fromkeys(("a", "alpha", "wins", "accepted"), "successes"),
            **dict.fromkeys(("b", "beta", "losses", "rejected"), "failures"),
        },
        "RequirementSpec": {
            **dict.fromkeys(("condition", "if", "when", "rule", "check"), "require"),
            **dict.fromkeys(("message", "text"), "say"),
        },
        "TreatmentSpec": _TEXTS_MEANT,
        "ClaimedTreatment": _TEXTS_MEANT,
        "ComputedSpec": {
            **dict.fromkeys(("from", "of", "list", "in"), "over"),
            **dict.fromkeys(("total", "add", "amount"), "sum"),
            **dict.fromkeys(("average", "avg", "mean"), "sum: ... and count: true, as two attributes"),
            **dict.fromkeys(("if", "when", "filter", "condition", "only"), "where"),
            **dict.fromkeys(("number", "size"), "count"),
            **dict.fromkeys(("exists", "some"), "any"),
        },
        "Group": {
            **dict.fromkeys(("max", "maximum", "limit", "most"), "at_most"),
            **dict.fromkeys(("actions", "labels", "types", "channels"), "applies_to: {...}"),
        },
        "TextSpec": {
            **dict.fromkeys(("case", "case_sensitive", "ignore_case", "lettercase"), "letter_case"),
            **dict.fromkeys(("strip", "blanks"), "trim"),
        },
        "Situation": {
            **dict.fromkeys(("blocks", "stops", "holds_back", "hides", "block"), "suppress"),
            **dict.fromkeys(("when", "if", "condition", "conditions", "require", "and"), "all"),
            **dict.fromkeys(("or", "one_of"), "any"),
            **dict.fromkeys(("not", "unless", "except"), "none"),
        },
        "Promise": {
            **dict.fromkeys(("when", "if", "while"), "situation"),
            **dict.fromkeys(("interval", "period"), "every"),
            **dict.fromkeys(("count", "number"), "times"),
        },
        "Event": dict.fromkeys(("keep", "keep_for", "days", "expires", "ttl"), "retention"),
        "LimitDocument": {
            **dict.fromkeys(("max", "maximum", "amount", "count", "units"), "limit"),
            **dict.fromkeys(("period", "interval"), "window"),
            **dict.fromkeys(("actions", "labels", "types"), "applies_to: {...}"),
        },
    }
)
"""By a class of the form and a name people give: what to write instead."""


def _unknown_field(detail: _Detail) -> str:
    name = str(detail.more["loc"][-1])
    if detail.value is None and _is_glued(name):
        return file_messages.blank_after_colon(name.replace(":", ": ", 1))
    classes = detail.holder.__mro__ if detail.holder else ()
    elsewhere = next(
        (where for cls in classes if (where := _ELSEWHERE.get(cls.__name__, {}).get(name.lower()))), None
    )
    fields = detail.holder.model_fields.items() if detail.holder else ()
    known = [field.alias or key for key, field in fields]
    if elsewhere:
        return file_messages.field_elsewhere(name, elsewhere)
    if ArmCap in classes and isinstance(detail.value, int):
        return file_messages.field_elsewhere(name, f"name: {name}, limit: {detail.value}")
    if detail.value is None and name.isdecimal():
        return file_messages.decimal_comma(name)
    if detail.value is None and re.search(r"[ .()]", name):
        return file_messages.comma_in_text(name)
    return file_messages.unknown_field(name, known)


def _is_glued(name: str) -> bool:
    """Returns `group:perks`, a name and a value without the blank between."""
    return bool(re.fullmatch(r"[A-Za-z_][\w-]*:\S.*", name))


# Values of another form

_AS_MAPPING: Mapping[str, str] = MappingProxyType(
    {
        "RequirementSpec": "require: {}",
        "TreatmentSpec": "{{say: {}}}",
        "LiveSpec": "{{from: {}}}",
        "RolloutSpec": "{{percent: {}}}",
        "AppliesTo": "{{actions: [{}]}}",
        "ArmSpec": "{{weight: {}}}",
        "ArmCap": "{{name: ..., limit: {}}}",
        "labels": "{{group: {}}}",
        "treatments": "{{CHANNEL: {{say: {}}}}}",
    }
)
"""By model or field: how a text that stands alone was meant."""


def _mapping(detail: _Detail) -> str:
    model = detail.at.__name__ if detail.at else ""
    form = _AS_MAPPING.get(detail.field) or _AS_MAPPING.get(model)
    value = detail.value
    if model == "Prior" and (prior := meant.prior_of(value)):
        return file_messages.write_form("a mapping", str(value), prior)
    if isinstance(value, list):
        return _list_for_mapping(detail, model)
    if model in {"GuardSpec", "RolloutGuard"} and value is not None:
        return file_messages.guard_fields(value)
    if detail.more["loc"][-2:-1] == ("treatments",) and detail.field in TEXTS:
        # A text beside the channels, which one was forgotten.
        form = f"{{{{CHANNEL: {{{{{detail.field}: {{}}}}}}}}}}"
    if detail.field == "labels" and (pair := re.fullmatch(r"([\w.-]+)(?: *= *| +)([\w.-]+)", str(value))):
        return file_messages.write_form("a mapping", str(value), f"{{{pair[1]}: {pair[2]}}}")
    if model == "LiveSpec" and isinstance(value, str) and not meant.date_of(value):
        return file_messages.not_live(value)
    sent = str(value)
    if model in {"RolloutSpec", "ArmSpec"}:
        value = meant.decimal_of(sent) or value
    if isinstance(value, str | int | float) and not isinstance(value, bool) and form:
        if model == "ArmCap" and isinstance(value, str) and not meant.number_of(sent):
            form = "{{name: {}, limit: ...}}"
        written = "{all: true}" if model == "AppliesTo" and value in _EVERY else form.format(value)
        return file_messages.write_form("a mapping", sent, written)
    return file_messages.wants("a mapping", value)


def _list_for_mapping(detail: _Detail, model: str) -> str:
    items = detail.value
    if detail.field == "arms":
        return file_messages.arms_by_name()
    if model == "AppliesTo" and items and all(isinstance(item, str) for item in items):
        names = f"[{', '.join(items)}]"
        return file_messages.write_form("a mapping", names, f"{{actions: {names}}}")
    if len(items) == 1 and isinstance(items[0], dict):
        return file_messages.one_mapping()
    return file_messages.wants("a mapping", items)


_EVERY = frozenset(("all", "any", "every", "everyone", "everything", "*"))


def _list(detail: _Detail) -> str:
    value, field = detail.value, detail.field
    if isinstance(value, dict):
        return _mapping_for_list(value)
    if not isinstance(value, str):
        return file_messages.wants("a list", value)
    if field == "days" and (days := meant.days_of(value)):
        return file_messages.write_form("a list", value, f"[{', '.join(days)}]")
    if field == "eligibility":
        return file_messages.write_form("a list", value, f"- require: {value}")
    if value in _EVERY and field in {"channels", "days"}:
        return file_messages.leave_out(field, value)
    written = meant.list_of(value, SHORT if field == "per" else ())
    return (
        file_messages.write_form("a list", value, written)
        if written
        else file_messages.wants("a list", value)
    )


def _mapping_for_list(value: dict[str, Any]) -> str:
    if any(key.startswith("-") for key in value):
        return file_messages.blank_after_dash()
    if value and all(item is None for item in value.values()):
        return file_messages.write_form("a list", "{" + ", ".join(value) + "}", f"[{', '.join(value)}]")
    return file_messages.dash_missing()


def _literal(detail: _Detail) -> str:
    # Pydantic gives the values as one text: 'offer', 'service' or 'gesture'.
    expected = str(detail.more["ctx"]["expected"]).replace(" or ", ", ")
    words = [word.strip("'") for word in expected.split(", ")]
    known = [_YAML_WORDS.get(word, word) for word in words]
    value = detail.value
    if value is None:
        return file_messages.no_value(known)
    if isinstance(value, str) and (other := _words(value, frozenset(known), detail.field)):
        return file_messages.known_as(value, other)
    return file_messages.not_one_of(value, known)


def _words(value: str, known: frozenset[str], field: str) -> tuple[str, ...]:
    if known >= set(meant.DAYS) and (days := meant.days_of(value)):
        return (", ".join(days),)
    if field == "calendar" and (duration := meant.duration_of(value)) and value[:1].isdigit():
        return (f"rolling: {duration}",)
    return meant.words_of(value, known)


def _wants(what: str) -> Say:
    return lambda detail: file_messages.wants(what, detail.value)


def _number(detail: _Detail) -> str:
    value = detail.value
    number = meant.decimal_of(value) if isinstance(value, str) else None
    if number and detail.is_share and "%" in value:
        return _percentage(value, number) or file_messages.too_large(1)
    # What would be refused as well is no remedy.
    refused = detail.refused(float(number)) if number else None
    return refused or file_messages.wants("a number", value)


def _whole_number(detail: _Detail) -> str:
    value = detail.value
    number = meant.number_of(value) if isinstance(value, str) else None
    refused = detail.refused(int(number)) if number else None
    return refused or file_messages.wants("a whole number", value)


def _too_large(detail: _Detail) -> str:
    number = f"{detail.value:.10g}"
    told = _percentage(number, number) if detail.is_share else None
    return told or file_messages.too_large(detail.more["ctx"]["le"])


def _percentage(value: str, number: str) -> str | None:
    share = meant.hundredth_of(number)
    return file_messages.share_for_percent(value, share) if share else None


def _text(detail: _Detail) -> str:
    written = meant.date_of(str(detail.value)) if detail.field in _DATES else None
    return rule_messages.bad_date(str(detail.value)) if written else file_messages.wants("text", detail.value)


_DATES = frozenset(("from", "until"))
_YAML_WORDS = {"True": "true", "False": "false"}

_SAY: Mapping[str, Say] = MappingProxyType(
    {
        "extra_forbidden": _unknown_field,
        "missing": lambda detail: file_messages.missing(str(detail.more["loc"][-1])),
        "string_type": _text,
        "bool_type": _wants("`true` or `false`"),
        "int_type": _whole_number,
        "int_from_float": _wants("a whole number"),
        "float_type": _number,
        "dict_type": _mapping,
        "model_type": _mapping,
        "model_attributes_type": _mapping,
        "list_type": _list,
        "literal_error": _literal,
        "less_than": lambda detail: file_messages.not_below(detail.more["ctx"]["lt"]),
        "greater_than": lambda detail: file_messages.not_above(detail.more["ctx"]["gt"]),
        "greater_than_equal": lambda detail: file_messages.too_small(detail.more["ctx"]["ge"]),
        "less_than_equal": _too_large,
        "string_too_long": lambda detail: file_messages.too_long(detail.more["ctx"]["max_length"]),
        "string_too_short": lambda _: file_messages.empty(),
        "too_short": lambda _: file_messages.empty(),
        "rule": lambda detail: detail.more["msg"],
    }
)
"""By pydantic's type of an error; what its own words say is never shown."""
