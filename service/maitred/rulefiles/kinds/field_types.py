"""Types of the fields of rule files: what is checked here needs no other document."""

import math
import re
from collections import Counter
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError

from maitred.core.values.kinds import TYPE_NAMES, type_of
from maitred.core.values.types import Kind
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages

ActionTypeName = Literal["offer", "service", "gesture", "message"]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
LABEL_VALUE = re.compile(r"[!-~]+(?: [!-~]+)*")
ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
CURRENCY = re.compile(r"[A-Z]{3}")
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Parts of a path are plain names: no `..`, no leading `/`, no `\`, nothing hidden.
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

# https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax: words no variable can be.
KEYWORDS = frozenset(("true", "false", "null", "in"))
_RESERVED_WORDS = (
    "as break const continue else for function if import let loop package namespace return var void while"
)
RESERVED = KEYWORDS.union(_RESERVED_WORDS.split(" "))


def refuse(message: str) -> PydanticCustomError:
    """Returns an error whose text is ``message``; pydantic takes braces in templates for fields."""
    return PydanticCustomError("rule", "{message}", {"message": message})


def is_name(text: str) -> bool:
    """Returns whether a document, a channel or a purpose can be called so."""
    return bool(NAME.fullmatch(text)) and len(text) <= bounds.NAME_CHARACTERS


def is_label_value(text: str) -> bool:
    """Printable ASCII, so that two labels that look alike are alike."""
    return bool(LABEL_VALUE.fullmatch(text)) and len(text) <= bounds.NAME_CHARACTERS


def is_action_name(text: str) -> bool:
    """Returns whether an action can be called so: as codes and flight numbers are written."""
    return bool(WORD.fullmatch(text)) and len(text) <= bounds.NAME_CHARACTERS


def _action_name(text: str) -> str:
    if not is_action_name(text):
        raise refuse(file_messages.bad_action_name(text))
    return text


def _language(text: str) -> str:
    if not LANGUAGE.fullmatch(text):
        raise refuse(file_messages.bad_language(text))
    return text


def _currency(text: str) -> str:
    if not CURRENCY.fullmatch(text):
        raise refuse(file_messages.bad_currency(text))
    return text


def _name(text: str) -> str:
    if not is_name(text):
        raise refuse(file_messages.bad_name(text))
    return text


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text) or text in RESERVED or len(text) > bounds.NAME_CHARACTERS:
        raise refuse(file_messages.bad_identifier(text))
    return text


def _word(text: str) -> str:
    if not WORD.fullmatch(text) or len(text) > bounds.NAME_CHARACTERS:
        raise refuse(file_messages.bad_word(text))
    return text


def _label_value(text: str) -> str:
    if not is_label_value(text):
        raise refuse(file_messages.bad_label_value(text))
    return text


def _column(text: str) -> str:
    if not COLUMN.fullmatch(text) or text in KEYWORDS or len(text) > bounds.NAME_CHARACTERS:
        raise refuse(file_messages.bad_column(text))
    return text


def _file(text: str) -> str:
    if not FILE.fullmatch(text) or len(text) > bounds.PATH_CHARACTERS:
        raise refuse(file_messages.bad_file(text))
    return text


def _expression(value: Any) -> Any:
    # `true` alone is a boolean in YAML and an expression in CEL.
    if isinstance(value, bool):
        return str(value).lower()
    return value.rstrip() if isinstance(value, str) else value


def _version(value: Any) -> Any:
    # A float would make 1.1 of 1.10; an integer loses nothing.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _score(value: Any) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise refuse(file_messages.bad_score())
    if isinstance(value, str):
        if not value.strip() or len(value) > bounds.EXPRESSION_CHARACTERS:
            raise refuse(file_messages.bad_score())
        return value.rstrip()
    if not math.isfinite(value):
        raise refuse(file_messages.bad_score())
    return float(value)


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def distinct(values: list[str]) -> list[str]:
    """Returns the values, none of which may stand there twice."""
    twice = sorted(value for value, count in Counter(values).items() if count > 1)
    if twice:
        raise refuse(file_messages.duplicate_value(twice[0]))
    return values


_DECIMAL = "decimal(2)"
_SIMPLE_TYPES = tuple(_DECIMAL if name == "decimal(N)" else name for name in TYPE_NAMES)
_TYPES = (*_SIMPLE_TYPES, *(f"list<{name}>" for name in _SIMPLE_TYPES))
OBJECTS = "list<object>"


def _unknown_type(known: tuple[str, ...]) -> PydanticKnownError:
    """As pydantic tells of a value that is none of those there are."""
    return PydanticKnownError("literal_error", {"expected": ", ".join(f"'{name}'" for name in known)})


def _type_name(text: str) -> str:
    if text == OBJECTS:
        return text
    return _field_type_name(text, (*_TYPES, OBJECTS))


def _field_type_name(text: str, known: tuple[str, ...] = _TYPES) -> str:
    try:
        is_object = type_of(text).kind is Kind.OBJECT
    except ValueError:
        raise _unknown_type(known) from None
    if is_object:
        raise _unknown_type(known)
    return text


def _type_schema(names: tuple[str, ...]) -> dict[str, Any]:
    others = [name for name in names if _DECIMAL not in name]
    decimal = r"^(list<decimal\([0-9]\)>|decimal\([0-9]\))$"
    return {"anyOf": [{"enum": others}, {"type": "string", "pattern": decimal}]}


TypeName = Annotated[str, AfterValidator(_type_name), WithJsonSchema(_type_schema((*_TYPES, OBJECTS)))]
"""The type of an attribute."""
FieldTypeName = Annotated[str, AfterValidator(_field_type_name), WithJsonSchema(_type_schema(_TYPES))]
"""The type of a field of an object, or of a column."""
LetterCase = Literal["exact", "ignore"]
Name = Annotated[
    str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{NAME.pattern}$", "maxLength": 128})
]
ActionName = Annotated[
    str,
    AfterValidator(_action_name),
    Field(json_schema_extra={"pattern": f"^{WORD.pattern}$", "maxLength": bounds.NAME_CHARACTERS}),
]
Language = Annotated[
    str, AfterValidator(_language), Field(json_schema_extra={"pattern": f"^{LANGUAGE.pattern}$"})
]
Currency = Annotated[
    str, AfterValidator(_currency), Field(json_schema_extra={"pattern": f"^{CURRENCY.pattern}$"})
]
Identifier = Annotated[
    str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": f"^{IDENTIFIER.pattern}$"})
]
Word = Annotated[str, AfterValidator(_word), Field(json_schema_extra={"pattern": f"^{WORD.pattern}$"})]
LabelValue = Annotated[str, AfterValidator(_label_value)]
ColumnName = Annotated[str, AfterValidator(_column)]
FileName = Annotated[str, AfterValidator(_file), Field(json_schema_extra={"pattern": f"^{FILE.pattern}$"})]
Text = Annotated[str, Field(max_length=bounds.TEXT_CHARACTERS)]
NonEmpty = Annotated[str, Field(min_length=1, max_length=bounds.TEXT_CHARACTERS)]
Expression = Annotated[
    str,
    BeforeValidator(_expression, json_schema_input_type=str | bool),
    Field(min_length=1, max_length=bounds.EXPRESSION_CHARACTERS),
]
Version = Annotated[
    str,
    BeforeValidator(_version, json_schema_input_type=str | int),
    Field(min_length=1, max_length=bounds.NAME_CHARACTERS),
]
ScoreField = Annotated[
    float | str, PlainValidator(_score), WithJsonSchema({"type": ["number", "string"], "default": 0})
]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Names = Annotated[list[Name], AfterValidator(distinct), PlainSerializer(sorted)]
ActionNames = Annotated[list[ActionName], AfterValidator(distinct), PlainSerializer(sorted)]
OrderedActionNames = Annotated[list[ActionName], AfterValidator(distinct)]
Days = Annotated[
    list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]],
    AfterValidator(distinct),
    PlainSerializer(sorted),
]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(file_messages.wants("text", value))
    if len(value) > bounds.TEXT_CHARACTERS:
        raise refuse(file_messages.too_long(bounds.TEXT_CHARACTERS))
    return value


def _line(value: Any) -> str | dict[str, str]:
    """One text, or a text by language."""
    if not isinstance(value, dict):
        return _text(value)
    return {_tag(tag): _text(text) for tag, text in _some(value).items()}


def _title(value: Any) -> str | dict[str, str]:
    title = _line(value)
    if not all(title.values() if isinstance(title, dict) else [title]):
        raise refuse(file_messages.empty())
    return title


def _lines(value: Any) -> list[str | dict[str, str]] | dict[str, list[str]]:
    """Lines, each one text or a text by language; or lines by language."""
    if isinstance(value, dict):
        return {_tag(tag): list(map(_text, _some_lines(lines))) for tag, lines in _some(value).items()}
    return list(map(_line, _some_lines(value)))


def _some_lines(value: Any) -> list[Any]:
    lines = _one_or_more(value)
    if not isinstance(lines, list):
        raise refuse(file_messages.wants("text or a list", lines))
    return lines


def _some(texts: dict[Any, Any]) -> dict[Any, Any]:
    if not texts:
        raise refuse(file_messages.bad_languages(()))
    return texts


def _tag(tag: Any) -> str:
    if not isinstance(tag, str) or not LANGUAGE.fullmatch(tag):
        raise refuse(file_messages.bad_languages((tag,)))
    return tag


_BY_LANGUAGE = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": f"^{LANGUAGE.pattern}$"}}
_TEXT_SCHEMA = {"type": "string", "maxLength": bounds.TEXT_CHARACTERS}
_SPOKEN_SCHEMA = {"anyOf": [_TEXT_SCHEMA, {**_BY_LANGUAGE, "additionalProperties": _TEXT_SCHEMA}]}
_LINES_SCHEMA = {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _SPOKEN_SCHEMA}]}
_SPOKEN_LINES_SCHEMA = {
    "anyOf": [*_LINES_SCHEMA["anyOf"], {**_BY_LANGUAGE, "additionalProperties": _LINES_SCHEMA}]
}
Spoken = Annotated[str | dict[str, str], PlainValidator(_line), WithJsonSchema(_SPOKEN_SCHEMA)]
"""A text, or one for each language: `{en: ..., it: ...}`."""
SpokenTitle = Annotated[str | dict[str, str], PlainValidator(_title), WithJsonSchema(_SPOKEN_SCHEMA)]
SpokenLines = Annotated[
    list[str | dict[str, str]] | dict[str, list[str]],
    PlainValidator(_lines),
    WithJsonSchema(_SPOKEN_LINES_SCHEMA),
]
Texts = Annotated[list[Text], BeforeValidator(_one_or_more, json_schema_input_type=Text | list[Text])]

# Who empties a list that restricts something does not mean to lift the restriction.
SomeNames = Annotated[Names, Field(min_length=1)]
SomeDays = Annotated[Days, Field(min_length=1)]
SomeTexts = Annotated[Texts, Field(min_length=1)]


class Strict(BaseModel):
    """No unknown field, no conversion between types, and no field without a value.

    A field that is ``None`` by default can be left out: where it is written and nothing stands behind it, its
    value was forgotten.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        model_title_generator=lambda model: model.__name__.removesuffix("Spec"),
    )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        fields: Any = schema
        while fields["type"] != "model-fields":
            fields = fields["schema"]
        for field in fields["fields"].values():
            given = field["schema"]
            if given["type"] == "default" and given["schema"]["type"] == "nullable":
                given["schema"] = given["schema"]["schema"]
        return schema

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: it is frozen. pydantic copies the default of a field for every document."""
        return self


LOCATION_ZONE = "location"
"""What stands for the zone of the location, where a zone is named."""
# The machine's own zone and a placeholder: both mean something else on the next machine.
_NO_PLACES = frozenset(("localtime", "Factory"))


@cache
def zones() -> frozenset[str]:
    """Names of all time zones known here."""
    return frozenset(available_timezones()) - _NO_PLACES
