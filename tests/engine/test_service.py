import threading
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from maitred.bootstrap.engine import read_signals
from maitred.core.conditions.model import Literal, OneOf, Within
from maitred.core.deciding.decisions import Explain
from maitred.core.deciding.policy import compile_policy
from maitred.core.learning.learners import NOTHING_LEARNED
from maitred.core.rules.expressions import Score
from maitred.core.rules.faults import Fault, RulesetInvalid
from maitred.core.rules.ruleset import Action, ActionType, Requirement, Ruleset
from maitred.core.rules.treatments import Treatment
from maitred.core.values.reasons import Reason
from maitred.core.values.types import Attribute, AttributeType, Kind
from maitred.engine.calls import DecideCall
from maitred.engine.deciding.committer import Clock, Committer
from maitred.engine.deciding.records import Records
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.deciding.service import DecisionService
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import DecisionMade, RulesetLoaded, RulesetRefused

NOW = datetime(2026, 12, 1, 17, 30, 0, 123456, tzinfo=UTC)
ATTRIBUTES = {
    "customer.age": Attribute("customer.age", AttributeType(Kind.INT)),
    "customer.since": Attribute("customer.since", AttributeType(Kind.TIMESTAMP)),
    "customer.wait": Attribute("customer.wait", AttributeType(Kind.DURATION)),
    "basket.value": Attribute("basket.value", AttributeType(Kind.DOUBLE)),
    "basket.products": Attribute("basket.products", AttributeType(Kind.STRING, is_list=True)),
}
SOURCES = {"version": b"1"}


def load(sources, commit):
    """A ruleset whose version and channels are its only sources; version ``bad`` has a fault."""
    version = sources["version"].decode()
    if version == "bad":
        raise RulesetInvalid((Fault("version", 1, 1, "is bad"),))
    channels = frozenset(sources.get("channels", b"pos").decode().split())
    needs = [
        Requirement("adults", "customer.age >= 18", Literal("customer.age", Within(low=18))),
        Requirement("at-pos", 'channel == "pos"', Literal("channel", OneOf(frozenset({"pos"})))),
    ]
    reads = [
        Requirement(name, name, Literal(name, OneOf(frozenset()), wanted=False))
        for name in ("customer.since", "customer.wait", "basket.value")
    ]
    actions = (
        Action("beer", "Beer", ActionType.OFFER, requirements=tuple(needs), score=Score(constant=2.0)),
        Action(
            "all",
            "All",
            ActionType.OFFER,
            requirements=tuple(reads),
            treatments={"pos": Treatment(show=("ALL",))},
        ),
    )
    ruleset = Ruleset(
        f"hash-{version}",
        version,
        "UTC",
        commit=commit,
        attributes=ATTRIBUTES,
        channels=channels,
        actions=actions,
        sources=sources,
    )
    return compile_policy(ruleset, lambda _: None)


@pytest.fixture
def rulesets(store, observer):
    made = Rulesets(store, observer, load, lambda: NOW)
    made.activate(SOURCES, "a folder", "c0ffee")
    return made


@pytest.fixture
def service(rulesets, store, people, observer):
    committer = Committer(store, people, observer, lambda: NOW)
    records = Records(store, people, rulesets)
    yield decider(rulesets, records, people, committer, observer)
    committer.stop()


def decider(rulesets, records, people, committer, observer):
    return DecisionService(
        rulesets,
        records,
        people,
        committer,
        observer,
        clock=Clock(lambda: NOW),
        new_id=lambda size: "a" * 2 * size,
        paused=dict,
        learned=lambda: NOTHING_LEARNED,
        read_signals=read_signals,
    )


def call(request_id="r1", age=31, fingerprint=b"f" * 16, **fields):
    context = {"customer": {"age": age}}
    return DecideCall(request_id, "900", fields.pop("channel", "pos"), "", context, fingerprint, **fields)


def refused(service, request):
    with pytest.raises(CallError) as error:
        service.decide(request)
    return error.value.code


def test_a_retry_gets_the_stored_answer(service, store):
    first = service.decide(call())
    assert [proposal.action for proposal in first.proposals] == ["beer"]
    assert service.decide(call(age=5)) == first
    assert len(store.records) == 1


def test_the_same_id_with_other_content_is_refused(service):
    service.decide(call())
    assert refused(service, call(fingerprint=b"g" * 16)) is Code.OTHER_CONTENT


def test_a_retry_is_answered_even_where_it_could_not_be_asked_today(service, rulesets):
    rulesets.activate({"version": b"2", "channels": b"pos web"}, "a folder")
    first = service.decide(call(channel="web"))
    rulesets.activate({"version": b"3"}, "a folder")
    assert service.decide(call(channel="web")) == first
    assert refused(service, call("r2", channel="web")) is Code.MALFORMED


def test_a_retry_may_ask_for_the_explanation(service):
    service.decide(call(age=17))
    again = service.decide(call(age=17, explain=Explain.EXPLAIN_REASONS))
    assert {refusal.action: refusal.reason for refusal in again.refusals} == {
        "beer": Reason.NOT_ELIGIBLE,
        "all": Reason.MISSING_ATTRIBUTE,
    }


def test_a_dry_run_leaves_nothing(service, store):
    answer = service.decide(call(dry_run=True))
    assert answer.proposals
    assert not answer.decision_id
    assert not store.records


def test_a_record_decides_again_to_the_same(service):
    context = {
        "customer": {"age": 31, "since": "2020-02-29T23:59:59.999999+05:45", "wait": "1h0.000001s"},
        "basket": {"value": 17, "products": ["ü", ""]},
    }
    asked = call(max_actions=5)._replace(context=context)
    first = service.decide(asked._replace(explain=Explain.EXPLAIN_FULL))
    view = service.get_decision(first.decision_id, Explain.EXPLAIN_FULL)
    # The context as sent is not kept, so what of it was not used cannot be told again.
    assert view.answer == first._replace(unused=())
    assert [proposal.action for proposal in first.proposals] == ["beer", "all"]
    assert (view.customer_id, view.channel, view.ruleset_version, view.ruleset_commit) == (
        "900",
        "pos",
        "1",
        "c0ffee",
    )


def test_a_record_names_the_commit_it_was_decided_at(service, rulesets):
    first = service.decide(call())
    rulesets.activate(SOURCES, "a folder", "decade")
    assert service.get_decision(first.decision_id, Explain.EXPLAIN_NONE).ruleset_commit == "c0ffee"


def test_a_pinned_ruleset_decides_though_another_is_in_force(service, rulesets):
    rulesets.activate({"version": b"2"}, "a folder")
    assert service.decide(call(ruleset="hash-1")).ruleset == "hash-1"
    assert refused(service, call("r2", ruleset="hash-9")) is Code.NOT_FOUND


def test_a_faulty_ruleset_leaves_the_one_in_force(service, rulesets, observer):
    with pytest.raises(RulesetInvalid):
        rulesets.activate({"version": b"bad"}, "a folder")
    assert service.decide(call()).ruleset == "hash-1"
    assert [event.in_force for event in observer.of(RulesetRefused)] == ["hash-1"]
    assert [event.hash for event in observer.of(RulesetLoaded)] == ["hash-1"]


def test_no_ruleset_is_an_error_and_not_ready(store, people, observer):
    rulesets = Rulesets(store, observer, load, lambda: NOW)
    records = Records(store, people, rulesets)
    committer = Committer(store, people, observer, lambda: NOW)
    service = decider(rulesets, records, people, committer, observer)
    assert not service.ready()
    assert refused(service, call()) is Code.NO_RULESET


def test_a_record_is_shown_though_its_ruleset_does_not_load_any_more(service, rulesets, store):
    first = service.decide(call())
    stored = store.rulesets["hash-1"]
    rulesets.activate({"version": b"2"}, "a folder")
    rulesets._kept = {}
    object.__setattr__(stored, "sources", {"version": b"bad"})
    view = service.get_decision(first.decision_id, Explain.EXPLAIN_NONE)
    assert view.answer == first
    with pytest.raises(CallError) as error:
        service.get_decision(first.decision_id, Explain.EXPLAIN_FULL)
    assert error.value.code is Code.NO_RULESET


def test_a_known_ruleset_does_not_wait_for_one_that_loads(store, observer):
    gate, loading = threading.Event(), threading.Event()

    def slow(sources, commit):
        if sources["version"] == b"slow":
            loading.set()
            gate.wait(10)
        return load(sources, commit)

    rulesets = Rulesets(store, observer, slow, lambda: NOW)
    for version in (b"1", b"2"):
        rulesets.activate({"version": version}, "a folder")
    thread = threading.Thread(target=rulesets.activate, args=({"version": b"slow"}, "a folder"))
    thread.start()
    assert loading.wait(5)
    assert rulesets.named("hash-1").ruleset.version == "1"
    assert rulesets.named("hash-2").ruleset.version == "2"
    assert thread.is_alive()
    gate.set()
    thread.join(5)


def test_what_is_told_of_a_decision_has_no_customer_in_it(service, observer):
    service.decide(call())
    service.decide(call())
    first, again = observer.of(DecisionMade)
    assert (first.proposals, first.replayed, again.replayed) == (("beer",), False, True)
    assert "900" not in map(str, (getattr(first, field.name) for field in fields(first)))
    assert set(first.step_seconds) == {"match", "wait", "commit", "explain"}


@pytest.mark.parametrize("decision_id", ["", "zz", "00" * 16, "é"])
def test_an_unknown_decision_is_not_found(service, decision_id):
    with pytest.raises(CallError) as error:
        service.get_decision(decision_id, Explain.EXPLAIN_NONE)
    assert error.value.code is Code.NOT_FOUND


def test_a_log_that_cannot_be_read_is_told_as_such(service, store, down, monkeypatch):
    def lost(_decision_id):
        raise down

    monkeypatch.setattr(store, "decision", lost)
    with pytest.raises(CallError) as error:
        service.get_decision("00" * 16, Explain.EXPLAIN_NONE)
    assert error.value.code is Code.STORE_DOWN
