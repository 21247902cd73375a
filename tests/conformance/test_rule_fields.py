"""Every field of every kind of rule file has an effect: what is accepted and published is not thrown away.

The fields are read from the published schemas. For each there is an example here: two values with which
the rules come out differently. A field without an example fails, and so does one whose two values come to
the same.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.conformance.rule_values import plain, published

from maitred import cel, rulefiles, situations
from maitred.core.rules.faults import RulesetInvalid
from maitred.core.rules.treatments import TEXTS

HEAD = {"apiVersion": "maitred/v1"}
LIVE = {"from": "2026-01-01", "until": "2026-12-31", "days": ["mon"], "hours": "10:00-12:00"}
ACTION: dict[str, Any] = {"title": "Pizza", "type": "offer", "channels": ["pos"], "labels": {"group": "food"}}
MINORS = {"below": 16, "barred": ["ads"]}
TCF = {"purposes": ["ad_profile", "personalised_ads"]}
GPP = {"sections": ["usnat"], "opt_outs": ["sale"]}

DOCUMENTS: dict[str, dict[str, Any]] = {
    "Ruleset": {"name": "shop", "version": "1", "timezone": "Europe/Rome", "channels": ["pos", "mobile"]},
    "Context": {
        "name": "shop",
        "attributes": {
            "basket.skus": {"type": "list<string>", "purpose": "none"},
            "basket.hour": {"type": "int", "purpose": "none"},
            "booking.starts": {"type": "timestamp", "purpose": "none"},
            "customer.age": {"type": "int", "purpose": "service"},
            "customer.country": {"type": "string", "purpose": "none"},
            "customer.seats": {"type": "int", "purpose": "none"},
            "session.id": {"type": "string", "purpose": "none"},
            "session.untold": {"type": "string"},
        },
    },
    "Locations": {
        "name": "stores",
        "table": {"file": "stores.csv", "columns": {"city": "string", "slots": "int"}},
    },
    "List": {"name": "fruit", "values": ["apple", "pear"]},
    "Action": {
        "name": "pizza",
        **ACTION,
        "eligibility": [{"require": "basket.skus.exists(sku, sku in list.fruit)", "reason": "fruit"}],
    },
    "ActionTable": {
        "name": "coupons",
        "table": {"file": "coupons.csv", "columns": {"code": "string", "worth": "double", "shelf": "string"}},
        "action": {
            "name": "coupon-${row.code}",
            **ACTION,
            "eligibility": [{"require": "row.shelf in basket.skus"}],
            "score": "row.worth",
        },
    },
    "Eligibility": {
        "name": "adults",
        "applies_to": {"actions": ["pizza"]},
        "eligibility": [{"require": "customer.age >= 18", "reason": "adult", "say": "Not yet."}],
    },
    "Group": {"name": "one", "applies_to": {"actions": ["pizza"]}, "at_most": 1},
    "Situation": {"name": "late", "all": ["basket.hour > 20"]},
    "Promise": {"name": "first", "action": "pizza", "before": "other"},
    "Holdout": {"name": "control", "applies_to": {"actions": ["pizza"]}, "percent": 5},
    "Experiment": {
        "name": "words",
        "applies_to": {"actions": ["pizza"]},
        "purpose": "service",
        "arms": {"control": {"weight": 1}, "loud": {"weight": 1, "score": 2}},
    },
    "Learner": {"name": "uptake", "purpose": "service"},
    "Event": {
        "name": "visit",
        "purpose": "service",
        "fields": {"page": {"type": "string"}, "seats": {"type": "int"}},
        "retention": "30d",
    },
    "FrequencyCap": {
        "name": "weekly",
        "applies_to": {"actions": ["pizza"]},
        "per": ["customer"],
        "limit": 1,
        "window": {"rolling": "7d"},
    },
    "Capacity": {
        "name": "ovens",
        "applies_to": {"actions": ["pizza"]},
        "per": ["location"],
        "limit": 300,
        "window": {"calendar": "day"},
    },
    "Privacy": {
        "name": "law",
        "purposes": {"service": "Serving.", "ads": {"description": "Showing."}, "health": "Minding."},
        "default": "eu",
        "age": "customer.age",
        "jurisdiction": "customer.country",
        "jurisdictions": {
            "eu": {"bases": {"service": "contract", "ads": "consent", "health": "consent"}, "minors": MINORS},
            "us": {"bases": {"service": "contract", "ads": "opt_out", "health": "consent"}},
        },
        "sensitive": {"health": {"consent": "health"}},
    },
}
FILES = {
    "stores.csv": "id,timezone,city,slots\nroma-1,Europe/Rome,Rome,24\n",
    "others.csv": "id,timezone,city,slots\nporto-1,Europe/Lisbon,Porto,16\n",
    "coupons.csv": 'code,worth,shelf\nc1,0.5," Top"\n',
    "deals.csv": "code,worth,shelf\nd1,1.5,Low\n",
    "fruit.txt": "apple\n",
    "nuts.txt": "hazelnut\n",
}

LEFT_OUT = object()
"""Instead of a value: the field is not there."""

CASED = {"name": "fruit", "values": [" Apple"]}

Example = tuple[str, Any, Any]
"""Where two values are put in the document of its kind, and the two."""


def at(path: str, first: Any, second: Any) -> Example:
    return path, first, second


LIMITS: dict[str, Example] = {
    "name": at("name", "weekly", "monthly"),
    "limit": at("limit", 1, 2),
    "limit.attribute": at(
        "limit", {"attribute": "customer.seats", "default": 3}, {"attribute": "customer.age", "default": 3}
    ),
    "limit.default": at(
        "limit", {"attribute": "customer.seats"}, {"attribute": "customer.seats", "default": 3}
    ),
    "window": at("window", "lifetime", "session"),
    "window.rolling": at("window", {"rolling": "7d"}, {"rolling": "8d"}),
    "window.calendar": at("window", {"calendar": "day"}, {"calendar": "week"}),
    "window.of": at("window", {"calendar": "day"}, {"calendar": "day", "of": "booking.starts"}),
    "window.lifetime": at("window", {"lifetime": True}, {"rolling": "7d"}),
    "window.session": at("window", {"session": True}, {"rolling": "7d"}),
    "window.timezone": at("window", {"calendar": "day"}, {"calendar": "day", "timezone": "Asia/Tokyo"}),
    "window.week_starts": at("window", {"calendar": "week"}, {"calendar": "week", "week_starts": "sun"}),
    "hold": at("hold", "20m", "30m"),
    "on_failure": at("on_failure", "closed", "open"),
    "letter_case": at("letter_case", "exact", "ignore"),
    "anonymous": at("anonymous", "refuse", "allow"),
    "per": at("per", ["customer"], ["session"]),
    "counts": at("counts", "claimed", "redeemed"),
}
PACE = ({"limit": 4, "window": {"rolling": "15m"}}, {"limit": 5, "window": {"rolling": "15m"}})


def pace(first: Any, second: Any) -> Example:
    return "pace", {"limit": 4, "window": first}, {"limit": 4, "window": second}


APPLIES_TO: dict[str, Example] = {
    "applies_to": at("applies_to", {"actions": ["pizza"]}, {"actions": ["coupon-c1"]}),
    "applies_to.all": at("applies_to", {"all": True}, {"actions": ["pizza"]}),
    "applies_to.actions": at("applies_to", {"actions": ["pizza"]}, {"actions": ["pizza", "coupon-c1"]}),
    "applies_to.labels": at("applies_to", {"labels": {"group": "food"}}, {"actions": ["pizza"]}),
    "applies_to.types": at("applies_to", {"types": ["offer"]}, {"actions": ["pizza"]}),
    "applies_to.channels": at("applies_to", {"channels": ["pos"]}, {"actions": ["pizza"]}),
}
REQUIREMENTS: dict[str, Example] = {
    "eligibility": at("eligibility", [{"require": "customer.age > 1"}], [{"require": "customer.age > 2"}]),
    "eligibility.require": at("eligibility.0.require", "customer.age > 1", "customer.age > 2"),
    "eligibility.reason": at("eligibility.0.reason", "one", "two"),
    "eligibility.say": at("eligibility.0.say", "Sorry.", "So sorry."),
}


TEXT = {"type": "string"}
LINES = {"type": "list<object>", "item": "line", "fields": {"sku": "string"}}


def attribute(prefix: str, place: str, *, objects: bool = False) -> dict[str, Example]:
    """Examples for what is said of one attribute. Lists of ``objects`` are a fault but in a request."""
    return {
        prefix.rpartition(".")[0]: at(place, TEXT, {"type": "int"}),
        f"{prefix}.type": at(place, TEXT, {"type": "int"}),
        f"{prefix}.values": at(place, TEXT, {**TEXT, "values": ["a", "b"]}),
        f"{prefix}.letter_case": at(place, TEXT, {**TEXT, "letter_case": "ignore"}),
        f"{prefix}.max_length": at(place, TEXT, {**TEXT, "max_length": 9}),
        f"{prefix}.max_items": at(place, {"type": "list<string>"}, {"type": "list<string>", "max_items": 9}),
        f"{prefix}.trim": at(place, TEXT, {**TEXT, "trim": True}),
        f"{prefix}.purpose": at(place, TEXT, {**TEXT, "purpose": "service"}),
        f"{prefix}.sensitive": at(
            place, {**TEXT, "purpose": "health"}, {**TEXT, "purpose": "health", "sensitive": "health"}
        ),
        f"{prefix}.item": at(place, LINES if objects else TEXT, {**LINES, "item": "row"}),
        f"{prefix}.fields": at(place, LINES if objects else TEXT, {**LINES, "fields": {"price": "int"}}),
        **{
            f"{prefix}.fields.*.{name}": at(
                place,
                {**LINES, "fields": {"sku": TEXT}} if objects else TEXT,
                {**LINES, "fields": {"sku": {**TEXT, name: value}}},
            )
            for name, value in (("type", "int"), ("values", ["a"]), ("letter_case", "ignore"), ("trim", True))
        },
    }


COUNT, DAY, WEEK, SEVEN_DAYS = {"count": True}, {"calendar": "day"}, {"calendar": "week"}, {"rolling": "7d"}
HEALTH = {"count": True, "purpose": "health"}


WINDOWS: dict[str, tuple[Any, Any]] = {
    "window.rolling": (SEVEN_DAYS, {"rolling": "8d"}),
    "window.calendar": (DAY, WEEK),
    "window.of": (DAY, {**DAY, "of": "booking.starts"}),
    "window.lifetime": (SEVEN_DAYS, {"lifetime": True}),
    "window.session": (SEVEN_DAYS, {"session": True}),
    "window.timezone": (DAY, {**DAY, "timezone": "Asia/Tokyo"}),
    "window.week_starts": (WEEK, {**WEEK, "week_starts": "sun"}),
}


def computed(fields: Mapping[str, Any]) -> Any:
    return {"over": "events.visit", "purpose": "service", **fields}


def worked_out(first: Mapping[str, Any], second: Mapping[str, Any]) -> Example:
    return at("computed.customer.worked", computed(first), computed(second))


def window(first: Mapping[str, Any], second: Mapping[str, Any]) -> Example:
    return worked_out({**COUNT, "window": first}, {**COUNT, "window": second})


COMPUTED: dict[str, Example] = {
    "computed": at("computed.customer.worked", LEFT_OUT, computed(COUNT)),
    "computed.*.over": worked_out(COUNT, {**COUNT, "over": "outcomes.redeemed"}),
    "computed.*.purpose": worked_out(COUNT, {**COUNT, "purpose": "ads"}),
    "computed.*.sensitive": worked_out(HEALTH, {**HEALTH, "sensitive": "health"}),
    "computed.*.where": worked_out(COUNT, {**COUNT, "where": "event.page == 'menu'"}),
    "computed.*.count": worked_out(COUNT, {"any": True}),
    "computed.*.any": worked_out({"any": True}, COUNT),
    **{
        f"computed.*.{name}": worked_out({name: "event.seats"}, {name: "event.seats + 1"})
        for name in ("sum", "min", "max", "distinct", "first", "last")
    },
    "computed.*.window": worked_out(COUNT, {**COUNT, "window": SEVEN_DAYS}),
    **{f"computed.*.{path}": window(*values) for path, values in WINDOWS.items()},
}


GUARD = {"outcome": "rejected", "direction": "above", "threshold": 20, "horizon": "28d"}
OTHERS = {
    "outcome": "accepted",
    "direction": "below",
    "threshold": 21,
    "horizon": "27d",
    "within": "2d",
    "reported_within": "1d",
}
STEPS = [{"from": "2026-12-08", "percent": 20}]
GUARDS = {key: {**GUARD, key: value} for key, value in OTHERS.items()}


def treatments(place: str, path: str = "treatments") -> dict[str, Example]:
    """Examples for treatments that stand at a place."""
    treatment = {"say": "one"}
    return {
        path: at(place, {"pos": {"say": "Hello"}}, LEFT_OUT),
        f"{path}.*.claimed": at(f"{place}.pos", treatment, {**treatment, "claimed": treatment}),
        **{f"{path}.*.{name}": at(f"{place}.pos", {name: "one"}, {name: "two"}) for name in TEXTS},
        **{
            f"{path}.*.claimed.{name}": at(f"{place}.pos.claimed", {name: "one"}, {name: "two"})
            for name in ("say", "show", "do")
        },
    }


TEMPLATE: dict[str, Example] = {
    "title": at("title", "Pizza", "Focaccia"),
    "type": at("type", "offer", "service"),
    "owner": at("owner", LEFT_OUT, "perks"),
    "labels": at("labels", {"group": "food"}, {"group": "drink"}),
    "channels": at("channels", ["pos"], ["mobile"]),
    "live": at("live", LIVE, LEFT_OUT),
    "live.from": at("live.from", "2026-01-01", "2026-02-01"),
    "live.until": at("live.until", "2026-01-01", "2026-02-01"),
    "live.days": at("live.days", ["mon"], ["tue"]),
    "live.hours": at("live.hours", "10:00-12:00", "10:00-13:00"),
    "live.timezone": at("live", LIVE, {**LIVE, "timezone": "location"}),
    **REQUIREMENTS,
    "consent": at("consent", ["ads"], ["health"]),
    "rollout": at("rollout", {"percent": 10}, LEFT_OUT),
    "rollout.percent": at("rollout.percent", 10, 20),
    "rollout.salt": at("rollout", {"percent": 10}, {"percent": 10, "salt": "autumn"}),
    "rollout.steps": at(
        "rollout", {"percent": 10}, {"percent": 10, "steps": [{"from": "2026-12-08", "percent": 20}]}
    ),
    "rollout.steps.from": at("rollout", {"steps": STEPS}, {"steps": [{**STEPS[0], "from": "2026-12-09"}]}),
    "rollout.steps.percent": at("rollout", {"steps": STEPS}, {"steps": [{**STEPS[0], "percent": 30}]}),
    "rollout.groups": at("rollout", {"percent": 10}, {"percent": 10, "groups": ["fruit"]}),
    "rollout.guard": at("rollout", {"percent": 10}, {"percent": 10, "guard": GUARD}),
    **{
        f"rollout.guard.{key}": at("rollout", *({"steps": STEPS, "guard": guard} for guard in (GUARD, other)))
        for key, other in {**GUARDS, "then": {**GUARD, "then": "hold"}}.items()
    },
    "rollout.locations": at("rollout", {"percent": 10}, {"percent": 10, "locations": ["roma-1"]}),
    "claim_within": at("claim_within", "1d", "2d"),
    "redeem_at": at("redeem_at", "any", "claimed"),
    "stand_in_only": at("stand_in_only", False, True),
    "score": at("score", 1.0, 2.0),
    **treatments("treatments"),
    "alternatives": at("alternatives", [], ["other"]),
}


def cap_of_arm(name: str, limit: int) -> Any:
    return {"name": name, "limit": limit}


LOUD: dict[str, Example] = {
    "arms": at("arms.third", LEFT_OUT, {"weight": 1}),
    "arms.*.weight": at("arms.loud.weight", 1, 2),
    "arms.*.score": at("arms.loud.score", 2, 3),
    **{
        f"arms.*.frequency_cap{path}": at("arms.loud.frequency_cap", *caps)
        for path, *caps in (
            ("", LEFT_OUT, cap_of_arm("weekly", 2)),
            (".name", cap_of_arm("weekly", 2), cap_of_arm("monthly", 2)),
            (".limit", cap_of_arm("weekly", 2), cap_of_arm("weekly", 3)),
        )
    },
    **treatments("arms.loud.treatments", "arms.*.treatments"),
}
EXAMPLES: dict[str, dict[str, Example]] = {
    "Ruleset": {
        "version": at("version", "1", "2"),
        "timezone": at("timezone", "Europe/Rome", "Asia/Tokyo"),
        "channels": at("channels", ["pos", "mobile"], ["pos", "mobile", "web"]),
        "text_lengths": at("text_lengths", LEFT_OUT, {"pos": {"show": 40}}),
        **{
            f"text_lengths.*.{name}": at("text_lengths", {"pos": {name: 40}}, {"pos": {name: 50}})
            for name in TEXTS
        },
        "defaults": at("defaults", LEFT_OUT, {"claim_within": "2d"}),
        "defaults.claim_within": at("defaults", {"claim_within": "2d"}, {"claim_within": "3d"}),
        "defaults.max_items": at("defaults", LEFT_OUT, {"max_items": 9}),
        "defaults.max_length": at("defaults", LEFT_OUT, {"max_length": 9}),
        "defaults.currency": at("defaults", {"currency": "EUR"}, {"currency": "USD"}),
        "defaults.language": at("defaults", {"language": "en"}, {"language": "de"}),
    },
    "Context": {
        **attribute("attributes.*", "attributes.customer.extra", objects=True),
        **COMPUTED,
    },
    "Locations": {
        "table": at("table.file", "stores.csv", "others.csv"),
        "table.file": at("table.file", "stores.csv", "others.csv"),
        **attribute("table.columns.*", "table.columns.city"),
    },
    "List": {
        "name": at("name", "fruit", "fruits"),
        "values": at("values", ["apple"], ["pear"]),
        "file": at("", {"name": "fruit", "file": "fruit.txt"}, {"name": "fruit", "file": "nuts.txt"}),
        "sensitive": at("sensitive", LEFT_OUT, "health"),
        "letter_case": at("", {**CASED, "letter_case": "exact"}, {**CASED, "letter_case": "ignore"}),
        "trim": at("", {**CASED, "trim": False}, {**CASED, "trim": True}),
    },
    "Action": {"name": at("name", "pizza", "pizzas"), **TEMPLATE},
    "ActionTable": {
        "table": at("table.file", "coupons.csv", "deals.csv"),
        "table.file": at("table.file", "coupons.csv", "deals.csv"),
        "table.columns": at("table.columns.worth", "double", "int"),
        "table.columns.*.type": at("table.columns.worth", {"type": "double"}, {"type": "int"}),
        "table.columns.*.letter_case": at("table.columns.shelf", TEXT, {**TEXT, "letter_case": "ignore"}),
        "table.columns.*.trim": at("table.columns.shelf", TEXT, {**TEXT, "trim": True}),
        "action": at("action.title", "One", "Two"),
        "action.name": at("action.name", "coupon-${row.code}", "deal-${row.code}"),
        **{f"action.{path}": (f"action.{place}", *values) for path, (place, *values) in TEMPLATE.items()},
    },
    "Eligibility": {
        **APPLIES_TO,
        **REQUIREMENTS,
        "name": at(
            "",
            *(
                {"name": name, "applies_to": {"all": True}, "eligibility": [{"require": "customer.age > 1"}]}
                for name in ("one", "two")
            ),
        ),
    },
    "Group": {"name": at("name", "one", "two"), **APPLIES_TO, "at_most": at("at_most", 1, 2)},
    "Situation": {
        "name": at("name", "late", "later"),
        "all": at("all", ["basket.hour > 20"], ["basket.hour > 21"]),
        "any": at("any", LEFT_OUT, ["basket.hour > 21"]),
        "none": at("none", LEFT_OUT, ["basket.hour > 21"]),
        "suppress": at("suppress", LEFT_OUT, {"types": ["offer"]}),
        "suppress.types": at("suppress", {"types": ["offer"]}, {"types": ["service"]}),
        "suppress.labels": at("suppress", {"labels": {"group": "food"}}, {"labels": {"group": "drink"}}),
    },
    "Event": {
        "name": at("name", "visit", "call"),
        "purpose": at("purpose", "service", "ads"),
        "retention": at("retention", "30d", "40d"),
        **attribute("fields.*", "fields.extra"),
    },
    "Promise": {
        "name": at("name", "first", "second"),
        "action": at("action", "pizza", "coupon-c1"),
        "every": at("", *({"name": "first", "action": "pizza", "every": span} for span in ("15m", "16m"))),
        "before": at("before", "other", "coupon-c1"),
        "times": at("times", 1, 2),
        "situation": at("situation", LEFT_OUT, "late"),
        "window": at("window", LEFT_OUT, SEVEN_DAYS),
        **{path: at("window", *values) for path, values in WINDOWS.items()},
    },
    "FrequencyCap": {**LIMITS, **APPLIES_TO, "also": at("also", LEFT_OUT, ["events.visit"])},
    "Capacity": {
        **LIMITS,
        **APPLIES_TO,
        "pace": at("pace", LEFT_OUT, PACE[0]),
        "pace.limit": at("pace", *PACE),
        "pace.limit.attribute": at("pace", PACE[0], {**PACE[0], "limit": {"attribute": "customer.seats"}}),
        "pace.limit.default": at(
            "pace", PACE[0], {**PACE[0], "limit": {"attribute": "customer.seats", "default": 3}}
        ),
        "pace.window": pace({"rolling": "15m"}, {"rolling": "16m"}),
        "pace.window.rolling": pace({"rolling": "15m"}, {"rolling": "16m"}),
        "pace.window.calendar": pace({"rolling": "15m"}, {"calendar": "day"}),
        "pace.window.of": pace({"rolling": "15m"}, {"calendar": "day", "of": "booking.starts"}),
        "pace.window.lifetime": pace({"rolling": "15m"}, {"lifetime": True}),
        "pace.window.session": pace({"rolling": "15m"}, {"session": True}),
        "pace.window.timezone": pace({"rolling": "15m"}, {"calendar": "day", "timezone": "Asia/Tokyo"}),
        "pace.window.week_starts": pace({"rolling": "15m"}, {"calendar": "week", "week_starts": "sun"}),
        "overbook": at("overbook", LEFT_OUT, {"percent": 10}),
        "overbook.percent": at("overbook.percent", 10, 20),
    },
    "Holdout": {
        **APPLIES_TO,
        "name": at("name", "control", "others"),
        "percent": at("percent", 5, 6),
        "salt": at("salt", LEFT_OUT, "autumn"),
    },
    "Experiment": {
        **APPLIES_TO,
        **LOUD,
        "name": at("name", "words", "letters"),
        "salt": at("salt", LEFT_OUT, "autumn"),
        "purpose": at("purpose", "service", "ads"),
        "guard": at("guard", LEFT_OUT, GUARD),
        **{f"guard.{key}": at("guard", GUARD, other) for key, other in GUARDS.items()},
        "from": at("from", LEFT_OUT, "2026-12-01"),
        "until": at("until", LEFT_OUT, "2026-12-24"),
    },
    "Learner": {
        "name": at("name", "uptake", "takes"),
        "outcome": at("outcome", "accepted", "redeemed"),
        "over": at("over", "presented", "claimed"),
        "within": at("within", "1d", "2d"),
        "prior": at("prior", LEFT_OUT, {"failures": 9}),
        **{f"prior.{name}": at("prior", {name: 1}, {name: 9}) for name in ("successes", "failures")},
        **{name: at(name, LEFT_OUT, 0.5) for name in ("floor", "ceiling", "exploration")},
        "purpose": at("purpose", "service", "ads"),
        "enabled": at("enabled", False, True),
    },
    "Privacy": {
        "purposes": at("purposes.extra", LEFT_OUT, "More."),
        "purposes.*.description": at(
            "purposes.ads", {"description": "Showing."}, {"description": "Selling."}
        ),
        "purposes.*.iab": at("purposes.ads.iab", LEFT_OUT, {"tcf": TCF}),
        "purposes.*.iab.tcf": at("purposes.ads.iab", {"gpp": GPP}, {"gpp": GPP, "tcf": TCF}),
        "purposes.*.iab.tcf.purposes": at("purposes.ads.iab.tcf", TCF, {"purposes": ["ad_profile"]}),
        "purposes.*.iab.tcf.special_features": at(
            "purposes.ads.iab.tcf", TCF, {**TCF, "special_features": ["precise_location"]}
        ),
        "purposes.*.iab.tcf.legitimate_interest": at(
            "purposes.ads.iab.tcf",
            {"purposes": ["basic_ads"]},
            {"purposes": ["basic_ads"], "legitimate_interest": ["basic_ads"]},
        ),
        "purposes.*.iab.tcf.vendor": at("purposes.ads.iab.tcf", TCF, {**TCF, "vendor": 7}),
        "purposes.*.iab.gpp": at("purposes.ads.iab", {"tcf": TCF}, {"gpp": GPP, "tcf": TCF}),
        "purposes.*.iab.gpp.sections": at("purposes.ads.iab.gpp", GPP, {**GPP, "sections": ["usca"]}),
        "purposes.*.iab.gpp.opt_outs": at("purposes.ads.iab.gpp", GPP, {**GPP, "opt_outs": ["sharing"]}),
        "purposes.*.iab.gpp.sensitive": at("purposes.ads.iab.gpp", GPP, {**GPP, "sensitive": ["biometric"]}),
        "purposes.*.iab.gpp.children": at("purposes.ads.iab.gpp", GPP, {**GPP, "children": "ignore"}),
        "jurisdictions": at("jurisdictions.fr", LEFT_OUT, {"bases": {"service": "contract"}}),
        "jurisdictions.*.bases": at("jurisdictions.us.bases.ads", "opt_out", "consent"),
        "jurisdictions.*.minors": at("jurisdictions.us.minors", LEFT_OUT, MINORS),
        "jurisdictions.*.minors.below": at("jurisdictions.eu.minors.below", 16, 18),
        "jurisdictions.*.minors.barred": at("jurisdictions.eu.minors.barred", ["ads"], ["health"]),
        "jurisdictions.*.minors.unknown_age": at("jurisdictions.eu.minors.unknown_age", "minor", "adult"),
        "default": at("default", "eu", "us"),
        "jurisdiction": at("jurisdiction", "customer.country", LEFT_OUT),
        "age": at("age", "customer.age", "customer.seats"),
        "sensitive": at("sensitive.biometric", LEFT_OUT, {"consent": "health"}),
        "sensitive.*.consent": at("sensitive.health.consent", "health", "ads"),
        "require_purposes": at("require_purposes", False, True),
    },
}
FOR_READERS = {
    "defaults.decision_cost_us",  # heeded where costs are told, not in a ruleset
    "defaults.rule_cost_us",
    "apiVersion",
    "kind",
    "description",
    "attributes.*.description",
    "fields.*.description",
    "table.columns.*.description",
    "computed.*.description",
    "attributes.*.fields.*.description",
    "fields.*.fields.*.description",
    "table.columns.*.fields.*.description",
}
"""Have no effect, or one value only."""
NAMES_FOR_READERS = {"Ruleset", "Context", "Locations", "ActionTable", "Privacy"}
"""Kinds whose name appears in no decision."""


FIELDS = {(kind, path) for kind, schema in rulefiles.schemas().items() for path in published(schema)}
GIVEN = {(kind, path) for kind, examples in EXAMPLES.items() for path in examples}


def silent(kind: str, path: str) -> bool:
    return path in FOR_READERS or (path == "name" and kind in NAMES_FOR_READERS)


def test_every_published_field_has_an_example():
    assert sorted((kind, path) for kind, path in FIELDS - GIVEN if not silent(kind, path)) == []
    assert sorted(GIVEN - FIELDS) == []


def put(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The document with a value at a place; what leads there is made where it is missing."""
    if not place:
        return dict(value)
    made = copy.deepcopy(document)
    target: Any = made
    *steps, last = (int(step) if step.isdigit() else step for step in steps_of(place))
    for step in steps:
        target = target[step] if isinstance(step, int) else target.setdefault(step, default_for(step))
    if value is LEFT_OUT:
        target.pop(last, None)
    else:
        target[last] = value
    return made


def steps_of(place: str) -> list[str]:
    """Keys on the way; that of an attribute has a point in it."""
    first, _, name = place.partition(".")
    return [first, name] if first in {"attributes", "computed"} else place.split(".")


def default_for(step: str) -> Any:
    return [{"require": "customer.age > 0"}] if step == "eligibility" else {}


def outcome(kind: str, document: Mapping[str, Any]) -> Any:
    """What rules come to: their values, or the faults they have."""
    documents = {name: fields for name, fields in DOCUMENTS.items() if name != kind} | {kind: document}
    sources = {name: text.encode() for name, text in FILES.items()}
    for name, content in documents.items():
        sources[f"{name.lower()}.yaml"] = json.dumps({**HEAD, "kind": name, **content}).encode()
    other = {**HEAD, "kind": "Action", "name": "other", **ACTION}
    sources["other.yaml"] = json.dumps(other).encode()
    try:
        loaded = rulefiles.load(sources, cel.compiler, situations.deriver, "")
    except RulesetInvalid as invalid:
        return sorted(fault.message for fault in invalid.faults)
    return plain(loaded.ruleset), sorted(warning.message for warning in loaded.warnings)


def test_the_same_rules_come_out_the_same():
    first, second = (outcome("Ruleset", DOCUMENTS["Ruleset"]) for _ in range(2))
    assert isinstance(first, tuple), first
    assert first == second


@pytest.mark.parametrize(("kind", "path"), sorted(GIVEN & FIELDS))
def test_every_field_has_an_effect(kind, path):
    place, first, second = EXAMPLES[kind][path]
    one, two = (outcome(kind, put(DOCUMENTS[kind], place, value)) for value in (first, second))
    assert isinstance(one, tuple) or isinstance(two, tuple), (one, two)
    assert one != two


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_what_is_for_readers_has_no_effect(kind):
    """And says so where editors show it."""
    document = put(DOCUMENTS[kind], "description", "For readers.")
    assert outcome(kind, document) == outcome(kind, DOCUMENTS[kind])
    assert "has no effect" in rulefiles.schemas()[kind]["properties"]["description"]["description"]
