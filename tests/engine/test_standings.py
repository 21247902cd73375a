"""Limits as operators see them: through the real service, on both databases."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from tests.recording import RecordingLog
from tests.rules import action, document, joined, ruleset

from maitred.bootstrap import serving
from maitred.bootstrap.clients import Client, ClientError
from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.settings import Settings

HEAD = joined(
    ruleset(timezone="UTC", channels="[pos]"),
    document(
        "Context",
        "known",
        """\
attributes:
  basket.slot: {type: string, values: [noon, evening]}
  session.id: string
""",
    ),
)
TABLE = document(
    "Locations", "stores", {"table": "{file: stores.csv, columns: {ovens: int, region: string}}"}
)
STORES = """\
id,timezone,ovens,region
Oslo-1,Europe/Oslo,4,Stra\u00dfe
bergen,Europe/Oslo,200,west
tromso,Europe/Oslo,0,west
"""


class Shop:
    """A running service whose rules can be written anew."""

    def __init__(self, folder, database_url):
        self._folder = folder / "rules"
        self._folder.mkdir()
        (self._folder / "stores.csv").write_text(STORES)
        self._settings = Settings(
            rules=self._folder,
            database=database_url,
            keys=folder / "test.keys",
            listen="127.0.0.1:0",
            watch_seconds=3600.0,
            drain_seconds=1.0,
            simulated_time=True,
        )
        self.running = self.client = None
        self._requests, self.without_table = 0, False

    def open(self, *limits, actions=("pizza",)):
        """Serves these limits: ``(name, more)``, or ``(name, more, applies_to)``."""
        documents = [HEAD] if self.without_table else [HEAD, TABLE]
        documents += [action(name, score=1, labels="{group: pizza}") for name in actions]
        for name, more, *applies_to in limits:
            kind = "FrequencyCap" if "customer" in more else "Capacity"
            to = applies_to[0] if applies_to else actions[0]
            documents.append(document(kind, name, f"applies_to: {{actions: [{to}]}}\n{more}\n"))
        (self._folder / "ruleset.yaml").write_text(joined(*documents))
        if self.running:
            self.running.reload()
        else:
            self.running = serving.start(self._settings, {}, RecordingLog())
            self.client = Client(self.running.address)
        assert self.running.policy

    def close(self):
        if self.client:
            self.client.close()
        if self.running:
            self.running.stop()

    def decide(self, customer="c", location="Oslo-1", at=None, **context):
        self._requests += 1
        answer = self.client.decide(
            request_id=f"d-{self._requests}",
            customer_id=customer,
            channel="pos",
            location_id=location,
            context=context,
            max_actions=9,
            at=at,
        )
        return answer.decision_id

    def claim(self, action="pizza", at=None, **asked):
        decision_id = self.decide(at=at, **asked)
        self._requests += 1
        answer = self.client.claim(
            request_id=f"c-{self._requests}", decision_id=decision_id, action=action, at=at
        )
        return answer.claim_id

    def redeem(self, claim_id, at=None):
        self.client.redeem(request_id=f"r-{claim_id}", claim_id=claim_id, at=at)

    def rows(self, *fields, **asked):
        """The rows as (subject, used, held, maximum), or of other fields."""
        fields = fields or ("subject", "used", "held", "maximum")
        return [tuple(getattr(view, field) for field in fields) for view in self.client.limits(**asked)]


@pytest.fixture
def shop(tmp_path, database_url):
    made = Shop(tmp_path, database_url)
    yield made
    made.close()


OVENS = ("ovens", "per: [location]\nlimit: location.ovens\nwindow: {calendar: day, timezone: location}")


def test_every_location_is_shown_the_fullest_first_though_nothing_was_taken_there(shop):
    shop.open(OVENS)
    shop.redeem(shop.claim(location="bergen"))
    shop.claim(location="Oslo-1")
    assert shop.rows() == [
        ("location Oslo-1", 0, 1, 4),
        ("location bergen", 1, 0, 200),
        ("location tromso", 0, 0, 0),
    ]
    assert shop.rows("subject", most_subjects=1) == [("location Oslo-1",)]
    resets = {view.resets_at for view in shop.client.limits()}
    assert len(resets) == 1
    assert None not in resets


def test_one_location_is_shown_however_full_others_are(shop):
    everybody = ("budget", "limit: 1000\nwindow: lifetime")
    shop.open(("ovens", "per: [location]\nlimit: 500\nwindow: lifetime"), everybody)
    for location, count in (("Oslo-1", 3), ("bergen", 2), ("tromso", 1)):
        for number in range(count):
            shop.claim(location=location, customer=f"c-{number}")
    assert shop.rows(location_id="tromso", most_subjects=1) == [
        ("", 0, 6, 1000),
        ("location tromso", 0, 1, 500),
    ]


def test_customers_are_pseudonyms_and_no_location_tells_of_theirs(shop):
    shop.open(("weekly", "per: [customer]\nlimit: 2\nwindow: {rolling: 7d}"))
    assert shop.rows() == [("any customer", 0, 0, 2)]
    shop.decide(customer="c-secret-1")
    shop.decide(customer="c-secret-2")
    rows = shop.rows()
    assert [row[1:] for row in rows] == [(0, 1, 2), (0, 1, 2)]
    assert len({row[0] for row in rows}) == 2
    assert all(row[0].startswith("customer ") and "secret" not in row[0] for row in rows)


def test_without_a_table_of_locations_they_are_pseudonyms_but_for_the_one_that_is_named(shop):
    shop.without_table = True
    shop.open(("ovens", "per: [location]\nlimit: 2\nwindow: lifetime"))
    assert shop.rows() == [("any location", 0, 0, 2)]
    assert shop.rows(location_id="s-1") == [("location s-1", 0, 0, 2)]
    for location in ("s-1", "s-1", "s-2"):
        shop.claim(location=location, customer=location)
    rows = shop.rows()
    assert [row[1:] for row in rows] == [(0, 2, 2), (0, 1, 2)]
    assert not any("s-1" in row[0] for row in rows)
    assert shop.rows(location_id="s-2") == [("location s-2", 0, 1, 2)]
    assert [tuple(fullness) for fullness in shop.running._engine.standings.fullness()] == [("ovens", 1.0, 1)]


def test_a_cap_for_each_action_is_told_by_action(shop):
    per = "per: [customer, action]\nlimit: 3\nwindow: lifetime"
    shop.open(("each", per, "pizza, bread"), actions=("pizza", "bread"))
    shop.decide(customer="c-1")
    rows = shop.rows()
    subjects = sorted(subject.rpartition(", ")[2] for subject, *_ in rows)
    assert subjects == ["action bread", "action pizza"]
    assert shop.rows("actions", action="bread") == [(("bread",),)]


def test_units_of_each_action_and_location(shop):
    per = "per: [location, action]\nlimit: location.ovens\nwindow: lifetime"
    shop.open(("each", per, "pizza, bread"), actions=("pizza", "bread"))
    shop.claim("bread", location="bergen")
    assert shop.rows(location_id="bergen") == [
        ("location bergen, action bread", 0, 1, 200),
        ("location bergen, action pizza", 0, 0, 200),
    ]


def test_letter_case_that_does_not_count_finds_its_location_all_the_same(shop):
    name, more = OVENS
    shop.open((name, f"{more}\nletter_case: ignore"))
    shop.claim(location="Oslo-1")
    assert ("location oslo-1", 0, 1, 4) in shop.rows()
    assert shop.rows("used", "held", location_id="Oslo-1") == [(0, 1)]


def test_a_hold_that_outlasts_the_pace_is_used_by_nobody_in_it(shop):
    now = datetime.now(UTC)
    pace = "per: [location]\nlimit: 50\nwindow: lifetime\nhold: 4h\npace: {limit: 9, window: {rolling: 1h}}"
    shop.open(("slow", pace))
    for number in range(3):
        shop.claim(at=now - timedelta(hours=2), customer=f"old-{number}")
    shop.redeem(shop.claim(at=now - timedelta(minutes=5), customer="new"), at=now - timedelta(minutes=4))
    asked = {"limit": "slow", "location_id": "Oslo-1"}
    assert shop.rows("name", "used", "held", **asked) == [("slow", 1, 3), ("slow/pace", 1, 0)]


def test_a_limit_that_was_for_somebody_else_before_is_told_as_it_is_now(shop):
    shop.open(("much", "per: [customer]\nlimit: 5\nwindow: lifetime"))
    shop.decide(customer="c-1")
    shop.open(("much", "per: [location, basket.slot]\nlimit: 5\nwindow: {calendar: day}"))
    shop.claim(basket={"slot": "noon"})
    assert [row for row in shop.rows() if row[0] != "any basket.slot and location"] == [
        ("basket.slot noon, location Oslo-1", 0, 1, 5)
    ]
    shop.open(("much", "per: [location, basket.slot]\nlimit: 5\nwindow: {calendar: week}"))
    assert [row[1:] for row in shop.rows()] == [(0, 0, 5)]


def test_an_attribute_of_locations_is_a_subject_of_its_own(shop):
    shop.open(("regional", "per: [location.region]\nlimit: 7\nwindow: lifetime\nletter_case: ignore"))
    shop.claim(location="Oslo-1")
    assert Counter(shop.rows()) == Counter(
        {("location.region strasse", 0, 1, 7): 1, ("location.region west", 0, 0, 7): 1}
    )


def test_sessions_are_counted_apart_and_told_apart(shop):
    shop.open(("once", "per: [customer]\nlimit: 1\nwindow: session"))
    for session in ("s-secret-1", "s-secret-2"):
        shop.decide(session={"id": session})
    rows = shop.rows()
    assert [row[1:] for row in rows] == [(0, 1, 1), (0, 1, 1)]
    assert len({row[0] for row in rows}) == 2
    assert not any("secret" in row[0] for row in rows)


def test_a_rush_is_forecast_and_a_steady_pace_below_the_limit_is_not(shop):
    now = datetime.now(UTC)
    shop.open(
        ("budget", "limit: 20\nwindow: lifetime"),
        ("hourly", "limit: 20\nwindow: {rolling: 5m}"),
    )
    for minute in range(10, 0, -1):
        shop.claim(at=now - timedelta(minutes=minute), customer=f"c-{minute}")
    budget, hourly = shop.client.limits()
    assert (budget.name, hourly.name) == ("budget", "hourly")
    assert timedelta(minutes=5) < budget.exhausted_at - now < timedelta(minutes=40)
    assert hourly.exhausted_at is None


def test_names_that_there_are_not_are_told_with_those_that_may_be_meant(shop):
    shop.open(OVENS)
    for asked, message in (
        ({"limit": "oven"}, "no such limit, did you mean `ovens`?"),
        ({"action": "piza"}, "no such action, did you mean `pizza`?"),
        ({"location_id": "bergn"}, "unknown location, did you mean `bergen`?"),
        ({"limit": "zzz"}, "no such limit"),
    ):
        with pytest.raises(ClientError) as raised:
            shop.client.limits(**asked)
        assert (raised.value.code, raised.value.message) == ("NOT_FOUND", message)
    for call in (lambda: shop.client.pause("piza", by="me"), lambda: shop.client.resume("piza")):
        with pytest.raises(ClientError, match="did you mean `pizza`"):
            call()


def test_a_pause_that_the_rules_have_outlived_can_be_ended(shop):
    shop.open(OVENS, actions=("pizza",))
    shop.client.pause("pizza", by="me")
    shop.open(("other", "limit: 1\nwindow: lifetime", "bread"), actions=("bread",))
    assert shop.client.resume("pizza") is True
    with pytest.raises(ClientError, match="no such action"):
        shop.client.resume("pizza")


def test_an_outcome_that_counts_is_shown(shop):
    shop.open(("refused", "per: [location]\nlimit: 9\nwindow: lifetime\ncounts: rejected"))
    outcome = Outcome("o-1", shop.decide(), "pizza", OutcomeKind.REJECTED)
    assert shop.client.record_outcomes([outcome])[0].recorded
    assert shop.rows(location_id="Oslo-1") == [("location Oslo-1", 1, 0, 9)]


def test_how_full_limits_are_is_told_without_those_of_persons(shop):
    shop.open(
        OVENS,
        ("budget", "limit: 10\nwindow: lifetime"),
        ("weekly", "per: [customer]\nlimit: 2\nwindow: {rolling: 7d}"),
    )
    shop.claim(location="Oslo-1")
    fullness = shop.running._engine.standings.fullness()
    assert [tuple(row) for row in fullness] == [("budget", 0.1, 0), ("ovens", 0.25, 0)]
    for number in range(3):
        shop.claim(location="Oslo-1", customer=f"c-{number}")
    assert tuple(shop.running._engine.standings.fullness()[1]) == ("ovens", 1.0, 1)
