"""Pydantic's errors in the words of rule authors, at the places they speak of."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from maitred.rulefiles.messages import file_messages
from maitred.rulefiles.reading import bounds
from maitred.rulefiles.report import Report, Spot

Say = Callable[[ErrorDetails], str]

_YAML_WORDS = {"True": "true", "False": "false"}


def tell(report: Report, spot: Spot, model: type[BaseModel], error: ValidationError) -> None:
    """Every error of one document."""
    for detail in error.errors(include_url=False)[: bounds.FAULTS_KEPT]:
        path = tuple(step for step in detail["loc"] if step != "[key]")
        on_key = detail["type"] == "extra_forbidden" or "[key]" in detail["loc"]
        report.error(spot.at(*path, key=on_key), _message(model, detail))


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return _unknown_field(model, detail["loc"])
    say = _SAY.get(detail["type"])
    return say(detail) if say else detail["msg"][:1].lower() + detail["msg"][1:]


def _unknown_field(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    name = str(loc[-1])
    holder = _model_at(model, loc[:-1])
    fields = holder.model_fields.items() if holder else ()
    return file_messages.unknown_field(name, [field.alias or key for key, field in fields])


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model of a mapping inside a document, by the types of the fields on the way."""
    found: type[BaseModel] | None = model
    for step in loc:
        fields = {field.alias or key: field for key, field in found.model_fields.items()} if found else {}
        if step in fields:
            found = _model_in(fields[str(step)].annotation)
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _wants(what: str) -> Say:
    return lambda detail: file_messages.wants(what, detail["input"])


def _literal(detail: ErrorDetails) -> str:
    # Pydantic gives the values as one text: 'offer', 'service' or 'gesture'.
    expected = str(detail["ctx"]["expected"]).replace(" or ", ", ")
    words = [word.strip("'") for word in expected.split(", ")]
    known = [_YAML_WORDS.get(word, word) for word in words]
    if detail["input"] is None:
        return file_messages.no_value(known)
    return file_messages.not_one_of(detail["input"], known)


def _too_long(detail: ErrorDetails) -> str:
    return file_messages.too_long(detail["ctx"]["max_length"])


_SAY: Mapping[str, Say] = MappingProxyType(
    {
        "missing": lambda detail: file_messages.missing(str(detail["loc"][-1])),
        "string_type": _wants("text"),
        "dict_type": _wants("a mapping"),
        "model_type": _wants("a mapping"),
        "model_attributes_type": _wants("a mapping"),
        "list_type": _wants("a list"),
        "literal_error": _literal,
        "string_too_long": _too_long,
        "string_too_short": lambda _: file_messages.empty(),
        "too_short": lambda _: file_messages.empty(),
    }
)
