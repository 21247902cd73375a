"""The kind of document that says what may be done with what is known of customers: ``Privacy``."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from maitred.core.privacy.strings import OPT_OUTS, SECTIONS, SENSITIVE
from maitred.core.values.types import CHANNEL
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages, privacy_messages

from . import field_types
from .field_types import Name, Strict, Text
from .models import Document

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
_MAX_TCF_PURPOSE, _MAX_TCF_FEATURE = 24, 12
"""Bits that a TCF string has for them; those without a word are not given out yet."""
_MAX_VENDOR = 65_535
"""Vendors have 16 bits."""
_MAX_AGE_YEARS = 120
"""Nobody's minority lasts longer."""

BasisName = Literal["consent", "opt_out", "contract", "legitimate_interest", "never"]


def _number(words: Mapping[str, int], greatest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, str):
            if value not in words:
                raise field_types.refuse(file_messages.not_one_of(value, words))
            return words[value]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= greatest:
            raise field_types.refuse(privacy_messages.bad_iab_number(value, greatest))
        return value

    return read


def _whole(what: str, greatest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= greatest:
            raise field_types.refuse(privacy_messages.bad_number(what, value, greatest))
        return value

    return read


def _word(known: Collection[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in known:
            raise field_types.refuse(file_messages.not_one_of(value, known))
        return value

    return read


def _distinct(numbers: list[int]) -> list[int]:
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    if twice:
        raise field_types.refuse(file_messages.duplicate_value(str(min(twice))))
    return numbers


def _purpose(name: str) -> str:
    if name == NO_PURPOSE:
        raise field_types.refuse(privacy_messages.purpose_none())
    return name


def _attribute(text: str) -> str:
    if text != CHANNEL and (not field_types.ATTRIBUTE.fullmatch(text) or len(text) > bounds.NAME_CHARACTERS):
        raise field_types.refuse(privacy_messages.bad_attribute(text))
    return text


def _enum(known: Collection[str]) -> WithJsonSchema:
    return WithJsonSchema({"enum": sorted(known)})


def _range(greatest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": 1, "maximum": greatest})


def _numbered(words: Mapping[str, int], greatest: int) -> WithJsonSchema:
    number = {"type": "integer", "minimum": 1, "maximum": greatest}
    return WithJsonSchema({"anyOf": [{"enum": list(words)}, number]})


TcfPurpose = Annotated[
    int,
    PlainValidator(_number(TCF_PURPOSES, _MAX_TCF_PURPOSE)),
    _numbered(TCF_PURPOSES, _MAX_TCF_PURPOSE),
]
TcfFeature = Annotated[
    int,
    PlainValidator(_number(TCF_SPECIAL_FEATURES, _MAX_TCF_FEATURE)),
    _numbered(TCF_SPECIAL_FEATURES, _MAX_TCF_FEATURE),
]
TcfPurposes = Annotated[list[TcfPurpose], AfterValidator(_distinct), PlainSerializer(sorted)]
TcfFeatures = Annotated[list[TcfFeature], AfterValidator(_distinct), PlainSerializer(sorted)]
Vendor = Annotated[int, PlainValidator(_whole("a vendor", _MAX_VENDOR)), _range(_MAX_VENDOR)]
Section = Annotated[str, AfterValidator(_word(SECTIONS)), _enum(SECTIONS)]
OptOut = Annotated[str, AfterValidator(_word(OPT_OUTS)), _enum(OPT_OUTS)]
SensitiveWord = Annotated[str, AfterValidator(_word(SENSITIVE)), _enum(SENSITIVE)]
Sections = Annotated[
    list[Section], AfterValidator(field_types.distinct), PlainSerializer(sorted), Field(min_length=1)
]
OptOuts = Annotated[list[OptOut], AfterValidator(field_types.distinct), PlainSerializer(sorted)]
SensitiveWords = Annotated[list[SensitiveWord], AfterValidator(field_types.distinct), PlainSerializer(sorted)]
PurposeName = Annotated[field_types.Name, AfterValidator(_purpose)]
AttributeName = Annotated[str, AfterValidator(_attribute)]
AgeYears = Annotated[int, PlainValidator(_whole("an age in years", _MAX_AGE_YEARS)), _range(_MAX_AGE_YEARS)]


class TcfSpec(Strict):
    """What a TCF string (Europe, Canada) must agree to: all of it."""

    purposes: TcfPurposes = Field(default=[])
    """IAB's purposes, by word or number: `store_on_device` is 1."""
    special_features: TcfFeatures = Field(default=[])
    """IAB's special features, by word or number: `precise_location` is 1."""
    legitimate_interest: TcfPurposes = Field(default=[])
    """Those of `purposes` for which a legitimate interest is enough that nobody objected to."""
    vendor: Vendor | None = None
    """The number of the business on IAB's list of vendors. Where given, it must be agreed to as well."""


class GppSpec(Strict):
    """How the sections of a GPP string decide on the purpose."""

    sections: Sections
    """The sections that are read, by IAB's names: `usnat`, `usca`, `tcfcav1`."""
    opt_outs: OptOuts = Field(default=[])
    """None of these may have been opted out of."""
    sensitive: SensitiveWords = Field(default=[])
    """Each of these needs consent."""
    children: Literal["deny", "ignore"] = "deny"
    """Where consent is missing for somebody known to be a child: `deny`, or `ignore` that."""


class IabSpec(Strict):
    """How IAB's consent strings decide on a purpose."""

    tcf: TcfSpec | None = None
    """TCF strings, on their own or in a GPP string."""
    gpp: GppSpec | None = None
    """US and Canadian sections of GPP strings."""


class PurposeSpec(Strict):
    """What data is processed for."""

    description: Text = ""
    """What it is, in words that a customer could be told."""
    iab: IabSpec | None = None
    """How IAB's consent strings decide on it. Without it, they do not."""


def _privacy_kinds_purpose(value: Any) -> Any:
    return {"description": value} if isinstance(value, str) else value


Purpose = Annotated[
    PurposeSpec, BeforeValidator(_privacy_kinds_purpose, json_schema_input_type=Text | PurposeSpec)
]


class MinorsSpec(Strict):
    """What is not allowed with children's data."""

    below: AgeYears
    """The age in years below which somebody is a minor."""
    barred: field_types.SomeNames
    """The purposes that are not allowed for minors, whoever agrees."""
    unknown_age: Literal["minor", "adult"] = "minor"
    """How somebody of unknown age is treated."""


class JurisdictionSpec(Strict):
    """What the law of one place allows."""

    bases: dict[Name, BasisName]
    """The legal basis of each purpose. A purpose that is not named here is forbidden."""
    minors: MinorsSpec | None = None
    """Rules on children. Without them, there are none."""


class SensitiveSpec(Strict):
    """The consent that reading a sensitive category needs."""

    consent: Name
    """The purpose that needs the customer's explicit consent."""


class Privacy(Document):
    """Purposes for which customers' data may be processed, by jurisdiction. At most one per ruleset."""

    kind: Literal["Privacy"]
    name: Name
    """The name of the document."""
    purposes: Annotated[dict[PurposeName, Purpose], Field(min_length=1)]
    """Every purpose of processing: its description, or a mapping with `description` and `iab`."""
    jurisdictions: Annotated[dict[field_types.Word, JurisdictionSpec], Field(min_length=1)]
    """By name, as the attribute `jurisdiction` has it."""
    default: field_types.Word
    """The jurisdiction that is used where none, or an unknown one, is named. Best the strictest."""
    jurisdiction: AttributeName | None = None
    """The string attribute that names the jurisdiction. Without it, `default` counts everywhere."""
    age: AttributeName | None = None
    """The int or double attribute that holds the customer's age in years."""
    sensitive: dict[Name, SensitiveSpec] = Field(default={})
    """Every sensitive category, and the consent that reading it needs."""
    require_purposes: bool = False
    """Every attribute of a `Context` must have a `purpose`, or `purpose: none`."""
