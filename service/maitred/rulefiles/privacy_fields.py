"""Types of the fields of ``Privacy``: purposes, legal bases, and the words for IAB's numbers."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from maitred.core.consent_strings import OPT_OUTS, SECTIONS, SENSITIVE

from . import fields, limits, messages, privacy_messages

NO_PURPOSE = "none"
"""What an attribute that is no personal data has for a purpose."""

# https://iabeurope.eu/iab-europe-transparency-consent-framework-policies/, appendix A.
TCF_PURPOSES: Mapping[str, int] = {
    "store_on_device": 1,
    "basic_ads": 2,
    "ad_profile": 3,
    "personalised_ads": 4,
    "content_profile": 5,
    "personalised_content": 6,
    "measure_ads": 7,
    "measure_content": 8,
    "audience_research": 9,
    "improve_services": 10,
    "basic_content": 11,
}
TCF_SPECIAL_FEATURES: Mapping[str, int] = {"precise_location": 1, "scan_device": 2}
CONSENT_ONLY_TCF = frozenset({TCF_PURPOSES["store_on_device"]})
"""No legitimate interest covers it."""
_MOST_TCF_PURPOSE, _MOST_TCF_FEATURE = 24, 12
"""Bits that a TCF string has for them; those without a word are not given out yet."""
_MOST_VENDOR = 65_535
"""Vendors have 16 bits."""
_MOST_AGE_YEARS = 120
"""Nobody's minority lasts longer."""

BasisName = Literal["consent", "opt_out", "contract", "legitimate_interest", "never"]


def _number(words: Mapping[str, int], most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, str):
            if value not in words:
                raise fields.refuse(messages.not_one_of(value, words))
            return words[value]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise fields.refuse(privacy_messages.bad_iab_number(value, most))
        return value

    return read


def _whole(what: str, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise fields.refuse(privacy_messages.bad_number(what, value, most))
        return value

    return read


def _word(known: Collection[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in known:
            raise fields.refuse(messages.not_one_of(value, known))
        return value

    return read


def _distinct(numbers: list[int]) -> list[int]:
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    if twice:
        raise fields.refuse(messages.duplicate_value(str(min(twice))))
    return numbers


def _purpose(name: str) -> str:
    if name == NO_PURPOSE:
        raise fields.refuse(privacy_messages.purpose_none())
    return name


def _attribute(text: str) -> str:
    if text != "channel" and (not fields.ATTRIBUTE.fullmatch(text) or len(text) > limits.NAME_CHARACTERS):
        raise fields.refuse(privacy_messages.bad_attribute(text))
    return text


def _enum(known: Collection[str]) -> WithJsonSchema:
    return WithJsonSchema({"enum": sorted(known)})


def _range(most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": 1, "maximum": most})


def _numbered(words: Mapping[str, int], most: int) -> WithJsonSchema:
    number = {"type": "integer", "minimum": 1, "maximum": most}
    return WithJsonSchema({"anyOf": [{"enum": list(words)}, number]})


TcfPurpose = Annotated[
    int,
    PlainValidator(_number(TCF_PURPOSES, _MOST_TCF_PURPOSE)),
    _numbered(TCF_PURPOSES, _MOST_TCF_PURPOSE),
]
TcfFeature = Annotated[
    int,
    PlainValidator(_number(TCF_SPECIAL_FEATURES, _MOST_TCF_FEATURE)),
    _numbered(TCF_SPECIAL_FEATURES, _MOST_TCF_FEATURE),
]
TcfPurposes = Annotated[list[TcfPurpose], AfterValidator(_distinct), PlainSerializer(sorted)]
TcfFeatures = Annotated[list[TcfFeature], AfterValidator(_distinct), PlainSerializer(sorted)]
Vendor = Annotated[int, PlainValidator(_whole("a vendor", _MOST_VENDOR)), _range(_MOST_VENDOR)]
Section = Annotated[str, AfterValidator(_word(SECTIONS)), _enum(SECTIONS)]
OptOut = Annotated[str, AfterValidator(_word(OPT_OUTS)), _enum(OPT_OUTS)]
SensitiveWord = Annotated[str, AfterValidator(_word(SENSITIVE)), _enum(SENSITIVE)]
Sections = Annotated[
    list[Section], AfterValidator(fields.distinct), PlainSerializer(sorted), Field(min_length=1)
]
OptOuts = Annotated[list[OptOut], AfterValidator(fields.distinct), PlainSerializer(sorted)]
SensitiveWords = Annotated[list[SensitiveWord], AfterValidator(fields.distinct), PlainSerializer(sorted)]
PurposeName = Annotated[fields.Name, AfterValidator(_purpose)]
AttributeName = Annotated[str, AfterValidator(_attribute)]
AgeYears = Annotated[int, PlainValidator(_whole("an age in years", _MOST_AGE_YEARS)), _range(_MOST_AGE_YEARS)]
