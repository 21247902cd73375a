"""A compiler for tests: names, comparisons by text, and nothing of CEL's grammar."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests import rules
from tests.rules import action, document, joined

from maitred.core.conditions.model import Condition, Expression, Residual, Unknown
from maitred.core.rules.expressions import ExpressionError, Row, Score
from maitred.core.rules.faults import Fault, RulesetInvalid
from maitred.core.rules.ruleset import Situation
from maitred.core.rules.situations import Derivation
from maitred.core.values.types import Attribute
from maitred.rulefiles import Loaded, load

NAME = re.compile(r"\b(?:customer|basket|session|location|situation|row|list)\.\w+|\bnow\b|\bchannel\b")
STRING = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True)
class FakeTemplate:
    """Binds to an expression whose text has the row's constants in it, to be looked at in tests."""

    text: str
    names: frozenset[str]
    bound: list[Row]

    def _expression(self, row: Row) -> Expression:
        self.bound.append(row)
        for name in self.names:
            if name.startswith("row.") and row[name] == "unusable":
                raise ExpressionError(f"`{name}` is unusable here")
        reads = frozenset(name for name in self.names if not name.startswith(("row.", "list.")))
        shown = sorted((name, row[name]) for name in self.names if name in row)
        return Expression(f"{self.text} {shown}" if shown else self.text, reads, lambda _: Unknown())

    def bind(self, row: Row) -> Condition:
        return Residual(self._expression(row))


@dataclass(frozen=True)
class FakeScore(FakeTemplate):
    def bind(self, row: Row) -> Any:
        return Score(expression=self._expression(row))


@dataclass
class FakeCompiler:
    """Knows the names it was made with; everything else is fine, but for the word `syntax`."""

    attributes: Mapping[str, Attribute]
    constants: Row
    compiled: list[str] = field(default_factory=list)
    bound: list[Row] = field(default_factory=list)

    def _names(self, text: str) -> frozenset[str]:
        self.compiled.append(text)
        blanked = STRING.sub(lambda match: " " * len(match[0]), text)
        if "syntax" in blanked:
            self._fail("this does not parse", text, blanked.index("syntax"))
        for match in NAME.finditer(blanked):
            if match[0] not in self.attributes and match[0] not in self.constants:
                self._fail(f"undeclared reference `{match[0]}`", text, match.start())
        return frozenset(NAME.findall(blanked))

    def _fail(self, message: str, text: str, index: int) -> None:
        line = text.count("\n", 0, index) + 1
        raise ExpressionError(message, line, index - text.rfind("\n", 0, index))

    def condition(self, text: str) -> FakeTemplate:
        return FakeTemplate(text, self._names(text), self.bound)

    def score(self, text: str) -> FakeScore:
        return FakeScore(text, self._names(text), self.bound)

    def term(self, text: str) -> Any:
        raise AssertionError(f"no rules of these tests compute an attribute: {text}")


class NoDeriver:
    def derive(self, true: int, unknown: int) -> Derivation:  # noqa: ARG002 - the port's names
        raise AssertionError


@dataclass
class Bench:
    """Loads with the compiler above and keeps what it was asked."""

    compilers: list[FakeCompiler] = field(default_factory=list)
    situations: Sequence[Situation] = ()

    def compiler(self, attributes: Mapping[str, Attribute], constants: Row) -> FakeCompiler:
        self.compilers.append(FakeCompiler(attributes, constants))
        return self.compilers[-1]

    def check(self, situations: Sequence[Situation]) -> NoDeriver:
        self.situations = situations
        return NoDeriver()

    def load(self, sources: Mapping[str, str | bytes], commit: str = "") -> Loaded:
        files = {name: text.encode() if isinstance(text, str) else text for name, text in sources.items()}
        return load(files, self.compiler, self.check, commit)

    def faults(self, sources: Mapping[str, str | bytes]) -> tuple[Fault, ...]:
        with pytest.raises(RulesetInvalid) as caught:
            self.load(sources)
        return caught.value.faults


def lines_of(faults: Iterable[Fault]) -> list[str]:
    return [f"{fault.file}:{fault.line}:{fault.column} {fault.message}" for fault in faults]


@pytest.fixture
def bench() -> Bench:
    return Bench()


HEAD = joined(
    rules.ruleset("test", timezone="Europe/Berlin"),
    document(
        "Context",
        "context",
        """\
attributes:
  customer.age: int
  customer.tier: {type: string, values: [basic, gold]}
  customer.campaigns: list<string>
  basket.value: double
  basket.products: list<string>
""",
    ),
)

ACTION = action("pizza", title="Pizza", channels="[pos]")


@pytest.fixture
def ruleset() -> Callable[..., dict[str, str]]:
    """A sound ruleset of a head and an action, with more or other files."""

    def make(action_more: str = "", **files: str) -> dict[str, str]:
        named = {name.replace("__", "."): text for name, text in files.items()}
        return {"ruleset.yaml": HEAD, "pizza.yaml": ACTION + action_more, **named}

    return make


LOCATIONS = document(
    "Locations",
    "stores",
    {"table": "{file: stores.csv, columns: {oven_slots: int, city: string, size: double}}"},
)
STORES = "id,timezone,oven_slots,city,size\n1,Asia/Tokyo,3,Tokyo,1.5\n2,Europe/Rome,4,Rome,2\n"

MORE_CONTEXT = document(
    "Context",
    "more",
    """\
attributes:
  session.id: string
  household.id: string
  device.id: string
  basket.slot: string
  customer.quota: int
  customer.at: timestamp
""",
)


def perk(name: str, type_: str = "offer") -> str:
    return action(name, title="T", type=type_, labels="{group: perks}")


@pytest.fixture
def cap() -> Callable[..., str]:
    """Writes a `FrequencyCap` for all actions; ``None`` leaves a field out."""
    return lambda **fields: rules.cap(**{"name": "frequencycap", "limit": 5, **fields})


@pytest.fixture
def capacity() -> Callable[..., str]:
    """Writes a `Capacity` for all actions; ``None`` leaves a field out."""
    return lambda **fields: rules.capacity(**{"name": "capacity", "limit": 5, **fields})


@pytest.fixture
def sources(ruleset: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """The sound ruleset with locations, another action `free-pizza`, and limits."""

    def make(*documents: str, **more: str) -> dict[str, str]:
        files = {
            "context__yaml": MORE_CONTEXT,
            "locations__yaml": LOCATIONS,
            "stores__csv": STORES,
            "free__yaml": perk("free-pizza"),
            "limits__yaml": joined(*documents),
        }
        return ruleset(**files | more)

    return make


PRIVATE_CONTEXT = document(
    "Context",
    "known",
    """\
attributes:
  customer.country: {type: string, purpose: service}
  customer.years: {type: double, purpose: service}
  customer.affinity: {type: double, purpose: ads}
  customer.allergies: {type: list<string>, purpose: health-offers, sensitive: health}
""",
)
PRIVACY = document(
    "Privacy",
    "data-protection",
    """\
purposes:
  service: Doing what the contract promises.
  ads:
    description: Showing what fits.
    iab:
      tcf: {purposes: [store_on_device, ad_profile, 4], special_features: [precise_location], vendor: 755}
      gpp: {sections: [usca, usnat], opt_outs: [sale], sensitive: [health], children: ignore}
  health-offers: Offers that fit an allergy.
jurisdiction: customer.country
default: DE
age: customer.years
jurisdictions:
  DE:
    bases: {service: contract, ads: consent, health-offers: consent}
    minors: {below: 16, barred: [ads]}
  no:
    bases: {service: contract, ads: opt_out, health-offers: never}
    minors: {below: 13, barred: [ads, health-offers], unknown_age: adult}
sensitive:
  health: {consent: health-offers}
""",
)


@pytest.fixture
def privacy_text() -> str:
    """A sound document of kind `Privacy`."""
    return PRIVACY


@pytest.fixture
def private_context() -> str:
    """The attributes that the document above speaks of."""
    return PRIVATE_CONTEXT


@pytest.fixture
def private(ruleset: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """The sound ruleset with the documents above; a pair of texts replaces a part of them."""

    def make(old: str = "", new: str = "", action: str = "", **more: str) -> dict[str, str]:
        assert old in PRIVACY + PRIVATE_CONTEXT
        files = {"privacy__yaml": PRIVACY, "known__yaml": PRIVATE_CONTEXT}
        files = {name: text.replace(old, new) if old else text for name, text in files.items()}
        return ruleset(action, **files | more)

    return make
