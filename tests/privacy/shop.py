"""A shop with purposes on every legal basis, minors, a sensitive category, caps and shared capacity."""

from datetime import UTC, datetime, timedelta

import orjson
from tests.rules import action, cap, capacity, document, joined, ruleset

from maitred.bootstrap.clients import Client
from maitred.core.deciding.decisions import Explain
from maitred.core.privacy.purposes import Consent, ConsentState

RULES = joined(
    ruleset(channels="[pos]"),
    document(
        "Context",
        "shop",
        """\
attributes:
  customer.country: {type: string, purpose: none}
  customer.age: {type: int, purpose: service}
  customer.tier: {type: string, purpose: service}
  customer.clicks: {type: int, purpose: ads}
  customer.allergies: {type: list<string>, purpose: health, sensitive: health}
  session.id: {type: string, purpose: none}
""",
    ),
    document(
        "Privacy",
        "law",
        """\
purposes:
  service: Doing what was promised.
  ads:
    description: Showing what fits.
    iab:
      tcf: {purposes: [ad_profile, personalised_ads]}
      gpp: {sections: [usnat], opt_outs: [sale]}
  news: Telling what is new.
  health: Minding allergies.
jurisdiction: customer.country
default: eu
age: customer.age
jurisdictions:
  eu:
    bases: {service: contract, ads: consent, news: legitimate_interest, health: consent}
    minors: {below: 16, barred: [ads]}
  us:
    bases: {service: contract, ads: opt_out, news: legitimate_interest, health: never}
    minors: {below: 13, barred: [ads], unknown_age: adult}
sensitive:
  health: {consent: health}
""",
    ),
    document(
        "Situation",
        "no_gluten",
        """\
all:
  - customer.allergies.exists(each, each == "gluten")
""",
    ),
    action("ad", title="An ad", consent="[ads]", score="5.0"),
    action(
        "again",
        title="What was clicked at",
        eligibility="[{require: customer.clicks > 3, reason: clicked}]",
        score="4.0",
    ),
    action(
        "dessert",
        title="A dessert without gluten",
        consent="[health]",
        eligibility="[{require: situation.no_gluten, reason: no-gluten}]",
        score="3.0",
    ),
    action("newsletter", title="The newsletter", type="message", consent="[news]", score="2.0"),
    action("coffee", title="A coffee", score="1.0"),
    cap("coffees", applies_to="{actions: [coffee]}", limit=3, counts="decided"),
    capacity("beans", applies_to="{actions: [coffee, ad]}", limit=100000, counts="claimed"),
)

CONTEXT = {"customer": {"age": 30, "clicks": 9, "allergies": ["gluten"], "tier": "gold", "country": "eu"}}
NOW = datetime.now(UTC)


class Shop(Client):
    """A client that fills in what a test does not care about."""

    numbers = 0

    @classmethod
    def new_id(cls):
        Shop.numbers += 1
        return f"request-{Shop.numbers}"

    def ask(self, customer, *, request="", **fields):
        usual = {
            "context": CONTEXT,
            "channel": "pos",
            "max_actions": 9,
            "explain": Explain.EXPLAIN_FULL,
            "request_id": request or self.new_id(),
        }
        return self.decide(customer_id=customer, **(usual | fields))

    def state(self, customer, purpose, state, *, request="", at=None):
        consent = Consent(purpose, ConsentState[state], "app", at or datetime.now(UTC) - timedelta(seconds=1))
        self.record_consent(request_id=request or self.new_id(), customer_id=customer, consents=[consent])

    def exported(self, customer):
        return orjson.loads(self.export(customer))


def names(answer):
    return [proposal.action for proposal in answer.proposals]


def reasons(answer):
    return {refusal.action: refusal.reason.name for refusal in answer.refusals}
