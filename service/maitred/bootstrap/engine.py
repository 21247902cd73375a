"""The engine, plugged together around a store and an observer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maitred import iab
from maitred.core.learning.learners import Parameters
from maitred.core.privacy.signals import Gpp, Malformed, Tcf
from maitred.engine.behaviour.desk import DeskView
from maitred.engine.behaviour.recording import Recording
from maitred.engine.claiming.claims import ClaimEvents, Claims
from maitred.engine.claiming.listing import Listing
from maitred.engine.claiming.outcomes import Outcomes
from maitred.engine.claiming.proposals import Proposals
from maitred.engine.customers.people import REF_BYTES, People, refs_by_time
from maitred.engine.deciding.committer import Clock, Committer
from maitred.engine.deciding.records import Records
from maitred.engine.deciding.rulesets import Load, Rulesets
from maitred.engine.deciding.service import SPAN_ID_BYTES, TRACE_ID_BYTES, DecisionService
from maitred.engine.deciding.tickets import MoveTicket
from maitred.engine.operating.guards import Guards
from maitred.engine.operating.limits import LimitReport
from maitred.engine.operating.parameters import LearnedParameters
from maitred.engine.operating.pauses import Operators, Pauses
from maitred.engine.ports.observer import LimitsSeen, Observer
from maitred.engine.ports.store import Store
from maitred.engine.ports.vault import Vault
from maitred.engine.rights import CustomerRights
from maitred.upkeep.chores import LOOK_SECONDS, Chore
from maitred.upkeep.retention import Retention
from maitred.vault import RandomPool

SWEEP_SECONDS = 1.0
"""How late what has expired is given back where nothing else happens."""
GUARD_SECONDS = 60.0
"""How late harm is seen at least; each look goes through the decisions of guarded rollouts."""
FORGET_SECONDS = 600.0
"""How long what is over of events may stay in memory; as often as the database is looked through."""
SIGHT_SECONDS = 10.0
"""How old a gauge is at most; each look reads the counters of every limit that is not per person."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that answers calls."""

    rulesets: Rulesets
    records: Records
    committer: Committer
    decider: DecisionService
    claimer: Claims
    operator: Operators
    privacy: CustomerRights
    recorder: Recording
    desk: DeskView
    pauses: Pauses
    learned: LearnedParameters
    standings: LimitReport
    guards: Guards
    clock: Clock


def make_engine(
    store: Store,
    keys: Vault,
    observer: Observer,
    load: Load,
    now: Callable[[], datetime],
    *,
    given: Parameters | None = None,
    keep_events: timedelta | None = None,
) -> Engine:
    """Makes the engine of a store; ``given`` replaces its parameters, ``keep_events`` bounds all events."""
    rulesets, people = Rulesets(store, observer, load, now), _people(keys, now)
    ids = {size: RandomPool(size) for size in (SPAN_ID_BYTES, TRACE_ID_BYTES)}
    records = Records(store, people, rulesets)
    clock = Clock(now)
    committer = Committer(store, people, observer, clock.now, keep_events=keep_events)
    pauses = Pauses(store, rulesets, clock.current)
    learned = LearnedParameters(store, given)
    proposals = Proposals(records, rulesets, people.subject_pseudonym)
    outcomes = Outcomes(store, proposals, clock, pauses.names)
    standings = LimitReport(store, rulesets, clock.now, people.subject_pseudonym)
    listing = Listing(store, people, proposals, rulesets, clock)
    operators = Operators(pauses, standings, committer, clock, observer)
    guards = Guards(store, rulesets, pauses, operators, clock.current)
    decider = DecisionService(
        rulesets,
        records,
        people,
        committer,
        observer,
        clock=clock,
        new_id=lambda size: ids[size].take().hex(),
        paused=pauses.since,
        learned=learned.current,
        read_signals=read_signals,
        guard_at=guards.check_at,
    )
    teller, paused = ClaimEvents(observer), pauses.names
    claimer = Claims(
        store, proposals, committer, outcomes, listing, clock=clock, paused=paused, teller=teller
    )
    rights = CustomerRights(
        store, records, people, rulesets=rulesets, standings=standings, forget=committer.forget, now=now
    )
    return Engine(
        rulesets,
        records,
        committer,
        decider,
        claimer,
        operators,
        rights,
        Recording(rulesets, people, committer, clock, keep_events),
        DeskView(store, records, people, rulesets=rulesets, listing=listing, clock=clock),
        pauses,
        learned,
        standings,
        guards,
        clock,
    )


def _people(keys: Vault, now: Callable[[], datetime]) -> People:
    return People(keys, refs_by_time(now, RandomPool(REF_BYTES).take))


def read_signals(tcf: str, gpp: str) -> tuple[Tcf | Malformed | None, Gpp | Malformed | None]:
    """Returns an ``engine.calls.ReadSignals``."""
    return iab.tcf_signal(tcf), iab.gpp_signal(gpp)


def sights_of(engine: Engine, observer: Observer) -> list[Chore]:
    """Returns what is looked at for observers alone; on a thread of its own, for it may take a while."""

    def look() -> None:
        limits, paused = engine.standings.fullness(), engine.pauses.names()
        observer.observe(LimitsSeen(tuple(limits), len(paused)))

    return [Chore(SIGHT_SECONDS, look)] if observer.tracing else []


def chores_of(engine: Engine, retention: Retention, *, simulated_time: bool = False) -> Sequence[list[Chore]]:
    """What is to be done beside answering, for each thread: what must not wait, and what takes its time.

    Under simulated time nothing expires or is forgotten by this process's clock, which the callers' need
    not agree with: what is due at their instants goes back with the next of them.
    """

    def sweep() -> None:
        policy = engine.rulesets.active
        if policy is not None and policy.limits:
            engine.committer.commit(MoveTicket(plan=lambda: ()))

    def forget() -> None:
        engine.committer.forget_over(engine.clock.now())

    looks = [Chore(LOOK_SECONDS, engine.pauses.refresh), Chore(LOOK_SECONDS, engine.learned.refresh)]
    if simulated_time:
        return (looks,)
    guard = Chore(GUARD_SECONDS, engine.guards.check)
    keeping = [Chore(LOOK_SECONDS, retention.step), Chore(FORGET_SECONDS, forget)]
    return [*looks, Chore(SWEEP_SECONDS, sweep)], [*keeping, guard]
