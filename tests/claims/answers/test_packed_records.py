"""Decisions are recorded by a dictionary of their ruleset, and read by the one that they name."""

import pytest
from tests.claims.harness import OF_PIZZA, PIZZA, EngineHarness
from tests.rules import action

from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import bytes_of
from maitred.engine.deciding.codec import MAX_DICTIONARY_BYTES, dictionary_named_by, dictionary_of
from maitred.engine.errors import CallError, Cause

GOLD = {"customer": {"tier": "gold"}}
FOR_GOLD = action(
    "pizza", eligibility="[{require: customer.tier == 'gold'}]", treatments="{pos: {show: Pizza!}}"
)


def named(harness, decision_id):
    """The dictionary that a record names."""
    record = harness.store.decision(bytes_of(decision_id))
    return dictionary_named_by(harness.engine.records._people.opened(record))


def shown(harness, decision_id):
    view = harness.engine.decider.get_decision(decision_id, Explain.EXPLAIN_NONE)
    return view.facts_json, [proposal.treatment.show for proposal in view.answer.proposals]


def test_a_record_is_read_by_the_dictionary_that_it_names(harness, keys):
    harness.rules(FOR_GOLD)
    first = harness.decide(context=GOLD).decision_id
    harness.rules(FOR_GOLD, action("tea", score=-1))
    second = harness.decide(context=GOLD).decision_id
    assert None is not named(harness, first) != named(harness, second)
    later = EngineHarness(harness.store, keys)
    for reader in (harness, later):
        assert shown(reader, first) == shown(reader, second) == (b'{"customer.tier":"gold"}', ["Pizza!"])


def test_of_rules_that_were_not_in_force_here_records_are_plain(harness, keys):
    before = harness.rules(FOR_GOLD).ruleset.hash
    later = EngineHarness(harness.store, keys)
    later.rules(PIZZA)
    decided = later.decide(context=GOLD, ruleset=before, request="pinned").decision_id
    assert named(later, decided) is None
    assert shown(later, decided)[1] == ["Pizza!"]


def test_without_its_dictionary_a_record_cannot_be_read_and_says_so(harness, keys, monkeypatch):
    harness.rules(FOR_GOLD)
    decided = harness.decide(context=GOLD).decision_id
    monkeypatch.setattr(harness.store, "dictionary", lambda _: None)
    with pytest.raises(CallError, match=named(harness, decided).hex()) as error:
        shown(EngineHarness(harness.store, keys), decided)
    assert error.value.cause is Cause.UNKNOWN_FORMAT


def test_a_dictionary_says_what_rules_say(sqlite_harness):
    policy = sqlite_harness.rules(FOR_GOLD, OF_PIZZA, *(action(f"offer-{number}") for number in range(200)))
    dictionary = dictionary_of(policy)
    assert len(dictionary) == MAX_DICTIONARY_BYTES
    for words in (b"customer.tier", b"offer-1", b'"ovens":'):
        assert words in dictionary
