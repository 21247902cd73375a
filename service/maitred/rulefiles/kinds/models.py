"""The kinds of documents in a rule file, as pydantic models: their form, nothing across documents."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    model_validator,
)

from maitred.core.rules.ruleset import REPORTED_WITHIN_MIN
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import experiment_messages, file_messages

from . import field_types
from .field_types import (
    ColumnName,
    Expression,
    FieldTypeName,
    FileName,
    Identifier,
    Name,
    NonEmpty,
    Strict,
    Text,
    TypeName,
)
from .windows import Duration, Window

API_VERSION = "maitred/v1"


class Document(Strict):
    """What every document begins with."""

    api_version: Literal["maitred/v1"] = Field(alias="apiVersion")
    """The version of the form of rule files: always `maitred/v1`."""
    description: Text = ""
    """For the readers of the file; has no effect."""


class Defaults(Strict):
    """Defaults of documents, and what rules may cost."""

    claim_within: Duration | None = None
    """How long after a decision what it proposed can be claimed. Without it, `1d`."""
    language: field_types.Language = "en"
    """Language of texts and formats where the customer's is not known: `en`, `de-CH`."""
    currency: field_types.Currency | None = None
    """The currency of amounts shown as `money`: an ISO 4217 code, `EUR`. Without it, they have no sign."""
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
    """The version, for people. Text; a number with a decimal point needs quotes."""
    timezone: NonEmpty = "UTC"
    """IANA time zone of `live` windows that name none, and of locations that are not in a table."""
    channels: field_types.SomeNames = []
    """All channels. If given, an action on any other channel is a fault."""
    text_lengths: dict[Name, TextLengths] = {}
    """By channel: how long texts can be. A longer one is a fault, or left out where values make it so."""
    defaults: Defaults = Defaults()
    """What holds where a document sets nothing else, and what rules may cost."""


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
    """Of `list<object>`: the name of one element in conditions, `line`."""
    fields: dict[ColumnName, FieldOfObject] = {}
    """Of `list<object>`: the type of each field that conditions read, `{sku: string, price: decimal(2)}`."""
    purpose: Name | None = None
    """What it is processed for: a purpose of `Privacy`, or `none` where it is no personal data."""
    sensitive: Name | None = None
    """The sensitive category of data it belongs to, one of those in `Privacy`: `health`."""
    description: Text = ""
    """For the readers of the file; has no effect."""


Spec = Annotated[AttributeSpec, BeforeValidator(_spec, json_schema_input_type=TypeName | AttributeSpec)]


class ComputedSpec(Strict):
    """An attribute that is computed once for each request: exactly one of `count` to `any` says how."""

    over: NonEmpty
    """What it is computed from: a `list<object>`, or `events.NAME` or `outcomes.NAME` of the customer."""
    window: Window | None = None
    """Of events and outcomes: how far back they count. Without it, as far as they are kept."""
    where: Expression | None = None
    """A condition on `item` that chooses the items that count. Without it, all of them."""
    count: Literal[True] | None = None
    """The number of items."""
    sum: Expression | None = None
    """The sum of this over the items: `line.quantity * line.price`. 0 over no items."""
    min: Expression | None = None
    """The least of these. Absent if there are no items."""
    max: Expression | None = None
    """The greatest of these. Absent if there are no items."""
    distinct: Expression | None = None
    """How many different values this has."""
    first: Expression | None = None
    """The value of the first item that counts. Absent if there is none."""
    last: Expression | None = None
    """The value of the last item that counts. Absent if there is none."""
    any: Literal[True] | None = None
    """Whether there is an item that counts."""
    purpose: Name | None = None
    """What it is processed for. Without it and the purposes of all it reads, it is absent."""
    sensitive: Name | None = None
    """The sensitive category that it reveals. Without it, that of what it reads."""
    description: Text = ""
    """For the readers of the file; has no effect."""


class Context(Document):
    """The attributes of a request that conditions may read."""

    kind: Literal["Context"]
    name: Name
    """The name of the document."""
    attributes: dict[str, Spec] = {}
    """By qualified name, such as `customer.age`: a type, or a mapping with `type` and other fields."""
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
    """Path from the ruleset's directory. Columns: `id`, optionally `timezone` (IANA), and those below."""
    columns: dict[field_types.ColumnName, Spec] = {}
    """The columns that conditions read as `location.NAME`. An empty cell is an absent attribute."""


class Locations(Document):
    """Stores and sites. At most one per ruleset; with it, a request from any other location is refused."""

    kind: Literal["Locations"]
    name: Name
    """The name of the document."""
    table: LocationTable
    """The table."""


class List(Document, TextSpec):
    """A named list of texts, read in conditions as `list.NAME`."""

    kind: Literal["List"]
    name: Identifier
    """The name in conditions: `list.NAME`."""
    values: list[NonEmpty] | None = None
    """The values, here. Either this or `file`."""
    file: FileName | None = None
    """A file with one value per line, by its path from the directory of the ruleset."""
    sensitive: Name | None = None
    """The sensitive category that membership reveals, one of those in `Privacy`."""


class LiveSpec(Strict):
    """When an action is live. A part that is left out sets no restriction."""

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
    """The name of the condition in refusals. Without it, the name of the document."""
    say: field_types.Spoken = ""
    """How staff explain the refusal to the customer."""


class ClaimedTreatment(Strict):
    """What to say, show and do after a claim; `${hold.expires}` is when the claim expires."""

    say: field_types.SpokenLines = []
    """What the associate says: one text or a list, or these by language."""
    show: field_types.Spoken = ""
    """What the screen or receipt shows."""
    do: field_types.SpokenLines = []
    """What the associate does, apart from what they say: one text or a list, or these by language."""


class TreatmentSpec(Strict):
    """The texts of an action on one channel. `${attribute}` is its value; `$${` is a literal `${`."""

    title: field_types.Spoken | None = None
    """Instead of the title of the action."""
    say: field_types.SpokenLines = []
    """What the associate says: one text or a list, or these by language."""
    show: field_types.Spoken = ""
    """What the screen or receipt shows."""
    do: field_types.SpokenLines = []
    """What the associate does, apart from what they say: one text or a list, or these by language."""
    avoid: field_types.SpokenLines = []
    """What the associate must not say or do: one text or a list, or these by language."""
    terms: field_types.Spoken = ""
    """The terms and conditions, for the customer."""
    claimed: ClaimedTreatment | None = None
    """What is said, shown and done after a claim, instead of the same fields here."""


class RolloutStepSpec(Strict):
    """A date, and the percentage from then on."""

    from_: NonEmpty = Field(alias="from")
    """The first civil date of the percentage: `2026-12-08`, in the time zone of `live`."""
    percent: field_types.Percent
    """The percentage of customers; not lower than the one before."""


def _long_enough(duration: timedelta) -> timedelta:
    if duration < REPORTED_WITHIN_MIN:
        raise field_types.refuse(experiment_messages.reported_too_soon(REPORTED_WITHIN_MIN))
    return duration


class GuardSpec(Strict):
    """Ends the experiment by itself, as soon as the evidence shows harm."""

    outcome: Literal["presented", "accepted", "rejected", "claimed", "redeemed"]
    """The outcome that is counted, by person."""
    direction: Literal["above", "below"]
    """Whether more (`above`) or fewer (`below`) than the threshold is harm."""
    threshold: Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)]
    """A percentage of persons."""
    horizon: Duration
    """How long it watches, from the first exposure: `28d`."""
    within: Duration = timedelta(days=1)
    """How long after a person's first exposure the outcome counts. Without it, `1d`."""
    reported_within: Annotated[Duration, AfterValidator(_long_enough)] = REPORTED_WITHIN_MIN
    """By when after that it is reported at the latest: `2d` for files of days before. Without it, `10m`."""


class RolloutGuard(GuardSpec):
    """Stops the rollout by itself, as soon as the evidence shows harm to those it is rolled out to."""

    then: Literal["roll_back", "hold"] = "roll_back"
    """`roll_back` pauses the action; `hold` keeps the percentage that the `steps` have reached."""


class RolloutSpec(Strict):
    """The part of the customers that the action is for: requests must meet every part that is given."""

    percent: field_types.Percent | None = None
    """The percentage of customers. If left out, 0 before the first of `steps`; without steps, 100."""
    salt: NonEmpty | None = None
    """Together with the customer it decides who is in. Without it, the name of the action."""
    steps: Annotated[list[RolloutStepSpec], Field(min_length=1)] = []
    """Dates from which the percentage is higher, earliest first."""
    groups: Annotated[list[Identifier], Field(min_length=1), AfterValidator(field_types.distinct)] = []
    """Names of `List` documents with customers' ids; the customer must be in at least one of them."""
    locations: Annotated[list[NonEmpty], Field(min_length=1), AfterValidator(field_types.distinct)] = []
    """Location ids; the request must come from one of them."""
    guard: RolloutGuard | None = None
    """Stops the rollout by itself, until an operator resumes it."""


class Offering(Strict):
    """What actions and the template of a table have in common."""

    title: field_types.SpokenTitle
    """The name that people read: one text, or a text by language."""
    type: field_types.ActionTypeName
    """The kind of action."""
    owner: Text = ""
    """Who is responsible for it."""
    labels: dict[field_types.Word, Text] = {}
    """Names and values by which `Eligibility` chooses actions."""
    channels: field_types.SomeNames = []
    """The channels on which it is proposed. Without it, every channel."""
    live: LiveSpec = LiveSpec()
    """When it is live. Without it, always."""
    eligibility: list[RequirementSpec] = []
    """All of these must be true."""
    consent: field_types.SomeNames = []
    """The purposes of `Privacy` that must be allowed. Without it, what is absent decides."""
    rollout: RolloutSpec | None = None
    """The part of the customers that it is for."""
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
    """Actions that take its place where there is no capacity for it: the first whose conditions hold."""


class Template(Offering):
    """An action for every row of a table: `${row.COLUMN}` in its texts, `row.COLUMN` in its conditions."""

    name: NonEmpty
    """Must contain `${row.COLUMN}`, so that every row has a name of its own."""
    alternatives: Annotated[list[NonEmpty], AfterValidator(field_types.distinct)] = []
    """Actions that take its place where there is no capacity for it: the first whose conditions hold."""


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
    """The columns of the template: a type, or a mapping with `type`. Lists are separated by blanks."""


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
    """The name in refusals where a condition gives no reason."""
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
    """Limits how many of its actions are in one answer: those with the highest scores."""

    kind: Literal["Group"]
    name: Name
    """The name in refusals."""
    applies_to: AppliesTo
    """The actions that belong to it."""
    at_most: Annotated[int, Field(ge=1, le=bounds.GROUP_ACTIONS)]
    """How many of them may be in one answer."""


class Situation(Document):
    """A fact derived from conditions and other situations, read in conditions as `situation.NAME`."""

    kind: Literal["Situation"]
    name: Identifier
    """The name in conditions: `situation.NAME`."""
    all: list[Expression] = []
    """All of these must hold. A bare name is a situation, everything else a condition in CEL."""
    any: list[Expression] = []
    """At least one of these must hold, if given."""
    none: list[Expression] = []
    """None of these may hold."""
    suppress: Suppress | None = None
    """The actions that are refused while it holds, or while it is unknown because of a wrong value."""
