import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.recording import spied

from maitred.core.deciding.decide import Preparing
from maitred.core.deciding.decisions import Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.deciding.snapshot import Snapshot
from maitred.core.rules.ruleset import Action, ActionType, Ruleset
from maitred.engine.calls import DecideCall
from maitred.engine.deciding.committer import MAX_CONFLICT_RETRIES, Committer
from maitred.engine.deciding.question import Requester
from maitred.engine.deciding.tickets import DecisionTicket, conclude_all, get_ready, prepare_all
from maitred.engine.errors import CallError, Code
from maitred.engine.ports.observer import BatchCommitted
from maitred.engine.ports.store import DecisionRecord, Rejection

NOW = datetime(2026, 12, 1, tzinfo=UTC)


POLICY = compile_policy(Ruleset("hash", "1", "UTC"), deriver=None)
QUESTION = Question("pos", {}, NOW, 1)
CALL = DecideCall("asked", "900", "pos", "", {}, b"asked".ljust(16))


class Prerecorded:
    """A ``RecordMaker`` that has its record."""

    def __init__(self, record):
        self._record = record

    def body(self, _ticket):
        return b""

    def packed(self, _ticket):
        return b""

    def record(self, _ticket):
        return self._record


def ticket(name, body=b"{}", deadline=None, prepare=lambda _: Preparing(POLICY, QUESTION), **more):
    key = name.encode().ljust(16)
    record = DecisionRecord(key, NOW, "hash", b"900", body, b"key")
    return DecisionTicket(
        decision_id=key,
        pseudonyms=(b"900",),
        prepare=prepare,
        requester=Requester.of(key, b"", "900", "", str),
        call=CALL,
        trace_id="",
        record_maker=Prerecorded(record),
        deadline=deadline,
        **more,
    )


@pytest.fixture
def committer(store, people, observer):
    made = Committer(store, people, observer, lambda: NOW)
    yield made
    made.stop()


class Caller(threading.Thread):
    """One call on its own thread, with what it raised."""

    def __init__(self, committer, ticket):
        super().__init__(daemon=True)
        self.committer, self.ticket, self.error = committer, ticket, None
        self.start()

    def run(self):
        try:
            self.committer.commit(self.ticket)
        except Exception as error:  # noqa: BLE001
            self.error = error

    def finished(self):
        self.join(5)
        assert not self.is_alive()
        return self


def taken(committer, ticket):
    """A caller whose ticket the decision thread has taken, to be held up in the store."""
    caller = Caller(committer, ticket)
    wait_for(lambda: committer._store.held)
    return caller


def wait_for(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_record_is_written_before_the_call_returns(committer, store):
    committer.commit(ticket("a"))
    assert b"a".ljust(16) in store.records


def test_what_queues_up_while_a_batch_commits_is_one_batch(committer, store, observer):
    store.gate.clear()
    first = taken(committer, ticket("first"))
    rest = [Caller(committer, ticket(str(number))) for number in range(20)]
    wait_for(lambda: len(committer._waiting) == 20)
    store.gate.set()
    for caller in [first, *rest]:
        assert caller.finished().error is None
    assert [len(batch) for batch in store.batches] == [1, 20]
    assert [event.size for event in observer.of(BatchCommitted)] == [1, 20]


def test_a_lone_ticket_is_committed_on_its_callers_thread(committer, store):
    threads: list[threading.Thread] = []
    store.append = spied(threads, store.append, lambda _: threading.current_thread())
    committer.commit(ticket("lone"))
    assert threads == [threading.current_thread()]


def test_what_comes_while_one_commits_is_committed_by_one_of_those_who_wait(committer, store):
    threads: list[threading.Thread] = []
    store.append = spied(threads, store.append, lambda _: threading.current_thread())
    store.gate.clear()
    first = taken(committer, ticket("first"))
    others = [Caller(committer, ticket(str(number))) for number in range(3)]
    wait_for(lambda: len(committer._waiting) == 3)
    store.gate.set()
    for caller in [first, *others]:
        assert caller.finished().error is None
    assert len(threads) == 2
    assert threads[1] in others


def test_an_earlier_record_is_given_back(committer):
    committer.commit(ticket("a", b"first"))
    again = ticket("a", b"second")
    committer.commit(again)
    assert again.earlier.body == b"first"


def test_of_concurrent_duplicates_one_is_written(committer, store):
    store.gate.clear()
    blocker = taken(committer, ticket("blocker"))
    twins = [Caller(committer, ticket("twin", body)) for body in (b"1", b"2", b"3")]
    wait_for(lambda: len(committer._waiting) == 3)
    store.gate.set()
    for caller in [blocker, *twins]:
        caller.finished()
    written = store.records[b"twin".ljust(16)]
    assert sum(caller.ticket.earlier is None for caller in twins) == 1
    assert {caller.ticket.earlier.body for caller in twins if caller.ticket.earlier} == {written.body}


def test_an_expired_ticket_never_reaches_the_store(committer, store):
    with pytest.raises(CallError) as error:
        committer.commit(ticket("late", deadline=time.monotonic() - 1))
    assert error.value.code is Code.EXPIRED
    assert not store.batches


def test_a_store_that_is_down_fails_the_batch_and_not_the_thread(committer, store, down):
    store.failures = [down]
    with pytest.raises(CallError) as error:
        committer.commit(ticket("a"))
    assert error.value.code is Code.STORE_DOWN
    assert error.value.__cause__ is down
    committer.commit(ticket("b"))
    assert list(store.records) == [b"b".ljust(16)]


def test_a_conflict_is_run_again(committer, store, conflict):
    store.failures = [conflict] * MAX_CONFLICT_RETRIES
    committer.commit(ticket("a"))
    store.failures = [conflict] * (MAX_CONFLICT_RETRIES + 1)
    with pytest.raises(CallError) as error:
        committer.commit(ticket("b"))
    assert error.value.code is Code.RETRY


def test_a_fault_of_ours_reaches_the_caller_and_not_the_thread(committer, store):
    store.failures = [RuntimeError("broken")]
    with pytest.raises(RuntimeError):
        committer.commit(ticket("a"))
    committer.commit(ticket("b"))


def broken(_background):
    raise ZeroDivisionError


@pytest.mark.parametrize("depends_on_person", [False, True])
@pytest.mark.parametrize("early", [False, True])
def test_a_decision_that_cannot_be_prepared_fails_alone(committer, store, early, depends_on_person):
    failing = ticket("failing", prepare=broken, depends_on_person=depends_on_person)
    batch = [ticket("before"), failing, ticket("behind", depends_on_person=depends_on_person)]
    if early:
        get_ready(batch)
    committer.settle(batch)
    assert [type(one.error) for one in batch] == [type(None), ZeroDivisionError, type(None)]
    assert list(store.records) == [b"before".ljust(16), b"behind".ljust(16)]


def test_what_depends_on_the_customer_is_prepared_once_they_are_known():
    own, customers = ticket("own"), ticket("customer's", depends_on_person=True)
    get_ready([own, customers])
    assert own.prepared
    assert not customers.prepared


def test_what_was_chosen_before_a_rejection_became_known_is_chosen_anew(people):
    policy = compile_policy(
        Ruleset("hash", "1", "UTC", actions=(Action("pizza", "Pizza", ActionType.OFFER),)), deriver=None
    )
    one = ticket("one", prepare=lambda known: Preparing(policy, QUESTION, Snapshot(rejected=known.rejected)))
    person = people.stranger((b"900",))
    proposed = []
    for rejections in ((), (Rejection("pizza", person.ref, NOW),)):
        one.meet(person, rejections)
        prepare_all([one])
        conclude_all([one])
        proposed.append([proposal.action for proposal in one.decision.proposals])
    assert proposed == [["pizza"], []]


def test_stopping_commits_what_waits_and_refuses_what_comes(store, people, observer):
    committer = Committer(store, people, observer, lambda: NOW)
    store.gate.clear()
    waiting = [taken(committer, ticket("first"))]
    waiting += [Caller(committer, ticket(str(number))) for number in range(4)]
    wait_for(lambda: len(committer._waiting) == 4)
    stopper = threading.Thread(target=committer.stop)
    stopper.start()
    store.gate.set()
    stopper.join(5)
    assert all(caller.finished().error is None for caller in waiting)
    with pytest.raises(CallError) as error:
        committer.commit(ticket("late"))
    assert error.value.code is Code.STOPPING


def test_what_is_settled_together_is_one_batch_with_what_waits(committer, store):
    store.gate.clear()
    first = taken(committer, ticket("first"))
    waiting = Caller(committer, ticket("waiting"))
    wait_for(lambda: len(committer._waiting) == 1)
    together = [ticket("a"), ticket("b", deadline=time.monotonic() - 1)]
    loop = threading.Thread(target=committer.settle, args=(together,))
    loop.start()
    store.gate.set()
    loop.join(5)
    assert waiting.finished().error is None
    assert first.finished().error is None
    assert [one.done for one in together] == [True, True]
    assert together[0].error is None
    assert together[1].error.code is Code.EXPIRED
    assert sorted(map(len, store.batches)) in ([1, 2], [1, 1, 1])


def test_steps_are_committed_one_after_the_other_and_get_their_errors(committer, store, down):
    observed: list[Any] = []

    def steps():
        yield ticket("one")
        observed.append(list(store.records))
        store.failures = [down]
        try:
            yield ticket("two")
        except CallError as error:
            observed.append(error.code)
        yield ticket("three")
        return "answer"

    assert committer.complete(steps()) == "answer"
    assert observed == [[b"one".ljust(16)], Code.STORE_DOWN]
    assert list(store.records) == [b"one".ljust(16), b"three".ljust(16)]
