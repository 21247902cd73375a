"""The kinds of documents in a rule file, as pydantic models: their form, nothing across documents."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    model_validator,
)

from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages

from . import field_types
from .field_types import (
    STRICT,
    ColumnName,
    Expression,
    FieldTypeName,
    FileName,
    Identifier,
    Name,
    NonEmpty,
    Text,
    TypeName,
)
from .windows import Duration, Window

API_VERSION = "maitred/v1"


class Strict(BaseModel):
    """No unknown field, no conversion between types."""

    model_config = STRICT

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: it is frozen. pydantic copies the default of a field for every document."""
        return self


class Document(Strict):
    """What every document begins with."""

    api_version: Literal["maitred/v1"] = Field(alias="apiVersion")
    """The version of the form of rule files: always `maitred/v1`."""
    description: Text = ""
    """For the readers of the file; has no effect."""


class Defaults(Strict):
    """What counts where a document does not say otherwise, and what rules may cost."""

    claim_within: Duration | None = None
    """How long after a decision what it proposed can be claimed. Without it, `1d`."""
    language: field_types.Language = "en"
    """Language of texts and formats where the customer's is not known: `en`, `de-CH`."""
    currency: field_types.Currency | None = None
    """Of amounts that are shown as `money`: an ISO 4217 code, `EUR`. Without it, without a sign."""
    max_length: Annotated[int, Field(ge=1, le=bounds.MAX_LENGTH)] = bounds.DEFAULT_LENGTH
    """The most characters of a text attribute; a longer one is a wrong value in every rule that reads it."""
    max_items: Annotated[int, Field(ge=1, le=bounds.MAX_ITEMS)] = bounds.DEFAULT_ITEMS
    """The most items of a list attribute; a longer one is a wrong value in every rule that reads it."""
    rule_cost_us: Annotated[int, Field(ge=1, le=bounds.MAX_COST_US)] = bounds.RULE_COST_US
    """The most microseconds that the conditions and the score of one document may take at worst."""
    decision_cost_us: Annotated[int, Field(ge=1, le=bounds.MAX_COST_US)] = bounds.DECISION_COST_US
    """The most microseconds that all conditions and scores may take for one decision at worst."""


_MostCharacters = Annotated[int, Field(ge=1, le=bounds.TEXT_CHARACTERS)] | None


class TextLengths(Strict):
    """The most characters that fit on a channel, by field of a treatment: those of a line for lists."""

    title: _MostCharacters = None
    """Of `title`, or of the action's where a treatment has none."""
    say: _MostCharacters = None
    """Of a line of `say`."""
    show: _MostCharacters = None
    """Of `show`: what a screen or a receipt has room for."""
    do: _MostCharacters = None
    """Of a line of `do`."""
    avoid: _MostCharacters = None
    """Of a line of `avoid`."""
    terms: _MostCharacters = None
    """Of `terms`."""


class Ruleset(Document):
    """The ruleset as a whole. One per ruleset."""

    kind: Literal["Ruleset"]
    name: Name
    """The name of the ruleset."""
    version: field_types.Version
    """The version as people say it. Text; put it in quotes where it looks like a number with a point."""
    timezone: NonEmpty = "UTC"
    """IANA time zone of `live` windows that name none, and of locations that are not in a table."""
    channels: field_types.SomeNames = []
    """Every channel there is. Where given, an action on any other channel is a fault."""
    text_lengths: dict[Name, TextLengths] = {}
    """By channel: how long texts can be. A longer one is a fault; one that values make longer is left out."""
    defaults: Defaults = Defaults()
    """What counts where a document does not say otherwise."""


class TextSpec(Strict):
    """How texts are compared. They are read so, once, and what rules write beside them as well."""

    letter_case: field_types.LetterCase = "exact"
    """`ignore`: texts that differ in letter case only are the same."""
    trim: bool = False
    """Whether blanks at either end are left out."""


class FieldSpec(TextSpec):
    """One field of the objects in a list."""

    type: FieldTypeName
    """The type of its values; an object with a value of another type makes the whole list an error."""
    values: list[str | int | float | bool] = []
    """The values it can have. Empty: any value of the type."""
    description: Text = ""
    """For the readers of the file; has no effect."""


def _spec(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


FieldOfObject = Annotated[FieldSpec, BeforeValidator(_spec, json_schema_input_type=FieldTypeName | FieldSpec)]


class AttributeSpec(TextSpec):
    """One attribute that conditions may read."""

    type: TypeName
    """The type of its values; a value of another type counts as an error in every rule that reads it."""
    values: list[str | int | float | bool] = []
    """The values it can have. Empty: any value of the type."""
    max_length: Annotated[int, Field(ge=1, le=bounds.MAX_LENGTH)] | None = None
    """The most characters of a text, also in a list. Without it, `max_length` of the ruleset's `defaults`."""
    max_items: Annotated[int, Field(ge=1, le=bounds.MAX_ITEMS)] | None = None
    """The most items of a list. Without it, `max_items` of the ruleset's `defaults`."""
    item: Identifier = "item"
    """Of `list<object>`: what conditions call one of them, `line`."""
    fields: dict[ColumnName, FieldOfObject] = {}
    """Of `list<object>`: the type of each field that conditions read, `{sku: string, price: decimal(2)}`."""
    purpose: Name | None = None
    """What it is processed for: a purpose of `Privacy`, or `none` where it is no personal data."""
    sensitive: Name | None = None
    """The sensitive category it belongs to, one of those in `Privacy`: `health`."""
    description: Text = ""
    """For the readers of the file; has no effect."""


Spec = Annotated[AttributeSpec, BeforeValidator(_spec, json_schema_input_type=TypeName | AttributeSpec)]


class ComputedSpec(Strict):
    """An attribute that is worked out once for each request: exactly one of `count` to `any` says how."""

    over: NonEmpty
    """What it is worked out from: a `list<object>`, or `events.NAME` or `outcomes.NAME` of the customer."""
    window: Window | None = None
    """Of events and outcomes: how far back they count. Without it, as far as they are kept."""
    where: Expression | None = None
    """Which items count, a condition on `item`. Without it, all of them."""
    count: Literal[True] | None = None
    """How many they are."""
    sum: Expression | None = None
    """What this comes to, added up: `line.quantity * line.price`. 0 of none."""
    min: Expression | None = None
    """The least of these. Absent of none."""
    max: Expression | None = None
    """The greatest of these. Absent of none."""
    distinct: Expression | None = None
    """How many different values this has."""
    first: Expression | None = None
    """The value of the first that counts. Absent of none."""
    last: Expression | None = None
    """The value of the last that counts. Absent of none."""
    any: Literal[True] | None = None
    """Whether there is one."""
    purpose: Name | None = None
    """What it is processed for. Without it and the purposes of all it reads, it is absent."""
    sensitive: Name | None = None
    """The sensitive category it tells of. Without it, that of what it reads."""
    description: Text = ""
    """For the readers of the file; has no effect."""


class Context(Document):
    """What conditions may read of a request."""

    kind: Literal["Context"]
    name: Name
    """The name of the document."""
    attributes: dict[str, Spec] = {}
    """By qualified name, such as `customer.age`: the type alone, or the type with what else is known."""
    computed: dict[str, ComputedSpec] = {}
    """Attributes that are worked out from lists, by qualified name; they are not sent."""

    @model_validator(mode="after")
    def _declares(self) -> "Context":
        if not (self.attributes or self.computed):
            raise field_types.refuse(file_messages.missing("attributes"))
        return self


class LocationTable(Strict):
    """A CSV table of locations, with a header line."""

    file: FileName
    """Path from the directory of the ruleset. Columns: `id`, perhaps `timezone` (IANA), and those below."""
    columns: dict[field_types.ColumnName, Spec] = {}
    """The columns that conditions read as `location.NAME`. An empty cell is an absent attribute."""


class Locations(Document):
    """Stores and sites. At most one per ruleset; with it, a request from any other location is refused."""

    kind: Literal["Locations"]
    name: Name
    """The name of the document."""
    table: LocationTable
    """Where they stand."""


class List(Document, TextSpec):
    """A named list of texts, read in conditions as `list.NAME`."""

    kind: Literal["List"]
    name: Identifier
    """What conditions call it: `list.NAME`."""
    values: list[NonEmpty] | None = None
    """The values, here. Either this or `file`."""
    file: FileName | None = None
    """A file with one value per line, by its path from the directory of the ruleset."""
    sensitive: Name | None = None
    """The sensitive category that being in it tells of, one of those in `Privacy`."""


class LiveSpec(Strict):
    """When an action is live. What is left out does not restrict."""

    from_: NonEmpty | None = Field(default=None, alias="from")
    """First civil date, included: `2026-12-01`."""
    until: NonEmpty | None = None
    """Last civil date, included: `2026-12-29`."""
    days: field_types.SomeDays = []
    """Days of the week."""
    hours: field_types.SomeTexts = []
    """Hours of the day, `11:00-22:00`: one or a list. Past midnight they belong to the day they start on."""
    timezone: NonEmpty | None = None
    """IANA time zone, or `location` for the location's own. Without it, that of the `Ruleset`."""


class RequirementSpec(Strict):
    """One condition that must be true."""

    require: Expression
    """The condition, in CEL. Absent attributes and errors count as not true."""
    reason: field_types.Word | None = None
    """What refusals call it. Without it, the name of the document."""
    say: field_types.Spoken = ""
    """How to put the refusal to the customer."""


class ClaimedTreatment(Strict):
    """What is put to who holds a claim; `${hold.expires}` is when it expires."""

    say: field_types.SpokenLines = []
    """What the associate says: one text or a list, or these by language."""
    show: field_types.Spoken = ""
    """What the screen or receipt shows."""
    do: field_types.SpokenLines = []
    """What the associate does, apart from what they say: one text or a list, or these by language."""


class TreatmentSpec(Strict):
    """How an action is put on one channel. `${attribute}` is replaced by its value; `$${` is a plain `${`."""

    title: field_types.Spoken | None = None
    """Instead of the title of the action."""
    say: field_types.SpokenLines = []
    """What the associate says: one text or a list, or these by language."""
    show: field_types.Spoken = ""
    """What the screen or receipt shows."""
    do: field_types.SpokenLines = []
    """What the associate does, apart from what they say: one text or a list, or these by language."""
    avoid: field_types.SpokenLines = []
    """What the associate keeps from saying or doing: one text or a list, or these by language."""
    terms: field_types.Spoken = ""
    """Conditions for the customer."""
    claimed: ClaimedTreatment | None = None
    """What is said, shown and done after a claim, instead of the same fields here."""


class RolloutStepSpec(Strict):
    """From when on, for how many."""

    from_: NonEmpty = Field(alias="from")
    """The first civil date it holds on: `2026-12-08`, in the time zone of `live`."""
    percent: field_types.Percent
    """How many percent of customers; no fewer than before."""


class GuardSpec(Strict):
    """What ends it by itself, as soon as it is beyond doubt: harm to those it is for."""

    outcome: Literal["presented", "accepted", "rejected", "claimed", "redeemed"]
    """What persons do, or fail to do."""
    direction: Literal["above", "below"]
    """Which side of the threshold is harm."""
    threshold: Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)]
    """So many percent of persons."""
    horizon: Duration
    """How long it watches, from the first person on: `28d`."""
    within: Duration = timedelta(days=1)
    """How long after a person's first exposure the outcome counts. Without it, `1d`."""


class RolloutGuard(GuardSpec):
    """What stops the rollout by itself, as soon as it is beyond doubt: harm to those it is rolled out to."""

    then: Literal["roll_back", "hold"] = "roll_back"
    """`roll_back` pauses the action; `hold` keeps the percentage that the `steps` have come to."""


class RolloutSpec(Strict):
    """Whom the action is for, as long as it is not for everybody: those who meet all that is given."""

    percent: field_types.Percent | None = None
    """How many percent of customers. Left out: 0 before the first of `steps`; without steps, 100."""
    salt: NonEmpty | None = None
    """Who is in depends on it and on the customer alone. Without it, the name of the action."""
    steps: Annotated[list[RolloutStepSpec], Field(min_length=1)] = []
    """Raise the percentage, earliest first."""
    groups: Annotated[list[Identifier], Field(min_length=1), AfterValidator(field_types.distinct)] = []
    """Names of `List` documents of customers' ids: those in one of them."""
    locations: Annotated[list[NonEmpty], Field(min_length=1), AfterValidator(field_types.distinct)] = []
    """Location ids: requests from one of them."""
    guard: RolloutGuard | None = None
    """What stops it by itself, until an operator resumes it."""


class Offering(Strict):
    """What actions and the template of a table have in common."""

    title: field_types.SpokenTitle
    """What people call it: one text, or a text by language."""
    type: field_types.ActionTypeName
    """What sort of thing is done for the customer."""
    owner: Text = ""
    """Who answers for it."""
    labels: dict[field_types.Word, Text] = {}
    """Names and values by which `Eligibility` chooses actions."""
    channels: field_types.SomeNames = []
    """Where it can be put. Without it, on every channel."""
    live: LiveSpec = LiveSpec()
    """When it is live. Without it, always."""
    eligibility: list[RequirementSpec] = []
    """All of these must be true."""
    consent: field_types.SomeNames = []
    """The purposes of `Privacy` that must be allowed. Without it, what is absent decides."""
    rollout: RolloutSpec | None = None
    """Whom it is for, where it is not for everybody yet."""
    redeem_at: Literal["any", "claimed"] = "any"
    """Where claims are redeemed: anywhere, or at the location of their decision only."""
    stand_in_only: bool = False
    """Proposed only in the place of an action that names it in `alternatives`."""
    claim_within: Duration | None = None
    """How long after a decision it can be claimed, its end excluded. Without it, as the `Ruleset` says."""
    score: field_types.ScoreField = 0.0
    """A number or a CEL expression of type double or int. The highest score is proposed first."""
    treatments: dict[Name, TreatmentSpec] = {}
    """By channel."""


class Action(Document, Offering):
    """Something the business can do for a customer now."""

    kind: Literal["Action"]
    name: field_types.ActionName
    """Unique among all actions, those of tables included, whatever the letter case."""
    alternatives: field_types.OrderedActionNames = []
    """Actions that take its place where there is no capacity for it: the first of them that holds."""


class Template(Offering):
    """An action for every row of a table: `${row.COLUMN}` in its texts, `row.COLUMN` in its conditions."""

    name: NonEmpty
    """Must contain `${row.COLUMN}`, so that every row gives another name."""
    alternatives: Annotated[list[NonEmpty], AfterValidator(field_types.distinct)] = []
    """Actions that take its place where there is no capacity for it: the first of them that holds."""


class ColumnSpec(TextSpec):
    """One column of a table."""

    type: FieldTypeName
    """The type of its cells."""


def _column_as_written(spec: ColumnSpec) -> Any:
    return spec.type if spec == ColumnSpec(type=spec.type) else spec.model_dump(exclude_defaults=True)


Column = Annotated[
    ColumnSpec,
    BeforeValidator(_spec, json_schema_input_type=FieldTypeName | ColumnSpec),
    PlainSerializer(_column_as_written),
]


class RowTable(Strict):
    """A CSV table with a header line."""

    file: FileName
    """Path from the directory of the ruleset."""
    columns: Annotated[dict[field_types.ColumnName, Column], Field(min_length=1)]
    """The columns that the template uses: the type alone, or with more. Lists are separated by blanks."""


class ActionTable(Document):
    """One action for every row of a table."""

    kind: Literal["ActionTable"]
    name: Name
    """The name of the document."""
    table: RowTable
    """The rows."""
    action: Template
    """What each row becomes."""


class AppliesTo(Strict):
    """Chooses actions: they must meet everything that is given here."""

    all: Literal[True] | None = None
    """Every action. Stands alone."""
    actions: field_types.ActionNames = []
    """By name: one of these."""
    labels: dict[field_types.Word, field_types.LabelValue] = {}
    """By label: all of these."""
    types: list[field_types.ActionTypeName] = []
    """By type: one of these."""
    channels: field_types.Names = []
    """By channel: those that can be put on one of these."""


class Eligibility(Document):
    """Conditions for many actions at once."""

    kind: Literal["Eligibility"]
    name: Name
    """What refusals name where a condition gives no reason."""
    applies_to: AppliesTo
    """The actions that must meet the conditions."""
    eligibility: Annotated[list[RequirementSpec], Field(min_length=1)]
    """All of these must be true, besides the action's own."""


class Suppress(Strict):
    """Chooses actions: they must meet everything that is given here."""

    types: Annotated[
        list[field_types.ActionTypeName], Field(min_length=1), AfterValidator(field_types.distinct)
    ] = []
    """By type: one of these."""
    labels: Annotated[dict[field_types.Word, field_types.LabelValue], Field(min_length=1)] = {}
    """By label: all of these."""


class Group(Document):
    """Actions of which only so many stand in one answer: the best of them."""

    kind: Literal["Group"]
    name: Name
    """What refusals name."""
    applies_to: AppliesTo
    """The actions that belong to it."""
    at_most: Annotated[int, Field(ge=1, le=bounds.GROUP_ACTIONS)]
    """How many of them may stand in one answer."""


class Situation(Document):
    """A fact derived from conditions and other situations, read in conditions as `situation.NAME`."""

    kind: Literal["Situation"]
    name: Identifier
    """What conditions call it: `situation.NAME`."""
    all: list[Expression] = []
    """Every one of these holds. A bare name is a situation, everything else a condition in CEL."""
    any: list[Expression] = []
    """At least one of these holds, where there are any."""
    none: list[Expression] = []
    """None of these holds."""
    suppress: Suppress | None = None
    """The actions that are held back while it holds, or while a wrong value hides whether it does."""
