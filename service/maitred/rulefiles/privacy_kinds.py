"""The kind of document that says what may be done with what is known of customers: ``Privacy``."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from . import fields, privacy_fields
from .fields import Name, Text
from .kinds import Document, Strict
from .privacy_fields import AttributeName, BasisName, PurposeName


class TcfSpec(Strict):
    """What a TCF string (Europe, Canada) must agree to: all of it."""

    purposes: privacy_fields.TcfPurposes = Field(default=[])
    """IAB's purposes, by word or number: `store_on_device` is 1."""
    special_features: privacy_fields.TcfFeatures = Field(default=[])
    """IAB's special features, by word or number: `precise_location` is 1."""
    legitimate_interest: privacy_fields.TcfPurposes = Field(default=[])
    """Those of `purposes` for which a legitimate interest is enough that nobody objected to."""
    vendor: privacy_fields.Vendor | None = None
    """The number of the business on IAB's list of vendors. Where given, it must be agreed to as well."""


class GppSpec(Strict):
    """What the sections of a GPP string say of it."""

    sections: privacy_fields.Sections
    """The sections that are read, by IAB's names: `usnat`, `usca`, `tcfcav1`."""
    opt_outs: privacy_fields.OptOuts = Field(default=[])
    """None of these may have been opted out of."""
    sensitive: privacy_fields.SensitiveWords = Field(default=[])
    """Each of these needs consent."""
    children: Literal["deny", "ignore"] = "deny"
    """Where consent is missing for somebody known to be a child: `deny`, or `ignore` that."""


class IabSpec(Strict):
    """How IAB's consent strings speak of a purpose."""

    tcf: TcfSpec | None = None
    """TCF strings, on their own or in a GPP string."""
    gpp: GppSpec | None = None
    """US and Canadian sections of GPP strings."""


class PurposeSpec(Strict):
    """What data is processed for."""

    description: Text = ""
    """What it is, in words that a customer could be told."""
    iab: IabSpec | None = None
    """How IAB's consent strings speak of it. Without it, they say nothing of it."""


def _purpose(value: Any) -> Any:
    return {"description": value} if isinstance(value, str) else value


Purpose = Annotated[PurposeSpec, BeforeValidator(_purpose, json_schema_input_type=Text | PurposeSpec)]


class MinorsSpec(Strict):
    """What is not allowed with children's data."""

    below: privacy_fields.AgeYears
    """Who is younger than so many years is a minor."""
    barred: fields.SomeNames
    """The purposes that are not allowed for minors, whoever agrees."""
    unknown_age: Literal["minor", "adult"] = "minor"
    """What somebody of unknown age is taken for."""


class JurisdictionSpec(Strict):
    """What the law of one place allows."""

    bases: dict[Name, BasisName]
    """The legal basis of each purpose. A purpose that is not named here is forbidden."""
    minors: MinorsSpec | None = None
    """Rules on children. Without them, there are none."""


class SensitiveSpec(Strict):
    """What it takes to read a sensitive category."""

    consent: Name
    """The purpose that the customer must have agreed to explicitly."""


class Privacy(Document):
    """What may be done with what is known of customers. At most one per ruleset."""

    kind: Literal["Privacy"]
    name: Name
    """The name of the document."""
    purposes: Annotated[dict[PurposeName, Purpose], Field(min_length=1)]
    """Every purpose that data is processed for: its description, or that with what else is known."""
    jurisdictions: Annotated[dict[fields.Word, JurisdictionSpec], Field(min_length=1)]
    """By name, as the attribute `jurisdiction` has it."""
    default: fields.Word
    """The jurisdiction that counts where none is named, or one that is not known. Best the strictest."""
    jurisdiction: AttributeName | None = None
    """The string attribute that names the jurisdiction. Without it, `default` counts everywhere."""
    age: AttributeName | None = None
    """The int or double attribute that holds the customer's age in years."""
    sensitive: dict[Name, SensitiveSpec] = Field(default={})
    """Every sensitive category, and what it takes to read it."""
    require_purposes: bool = False
    """Every attribute of a `Context` must have a `purpose`, or `purpose: none`."""
