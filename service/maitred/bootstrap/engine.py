"""The engine, plugged together around a store and an observer."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from maitred.core.limits import plain
from maitred.engine.claims import Claims
from maitred.engine.committer import Committer
from maitred.engine.observer import LimitsSeen, Observer
from maitred.engine.operators import Operators
from maitred.engine.outcomes import Outcomes
from maitred.engine.pauses import Pauses
from maitred.engine.ports import Store
from maitred.engine.proposals import Proposals
from maitred.engine.records import Records
from maitred.engine.rulesets import Load, Rulesets
from maitred.engine.service import DecisionService
from maitred.engine.standings import Standings
from maitred.engine.telling import Teller
from maitred.engine.tickets import MoveTicket
from maitred.engine.upkeep import LOOK_SECONDS, Chore

SWEEP_SECONDS = 1.0
"""How late what has expired is given back where nothing else happens."""
SIGHT_SECONDS = 10.0
"""How old a gauge is at most; each look reads the counters of every limit that is not per person."""
PURGE_SECONDS = 600.0
PURGE_ROWS = 1_000
"""At once: some milliseconds, that decisions wait."""
LEDGER_KEPT = timedelta(days=30)
"""What is over stays so long, for retries and for questions."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that answers calls."""

    rulesets: Rulesets
    committer: Committer
    decider: DecisionService
    claimer: Claims
    operator: Operators
    pauses: Pauses
    standings: Standings


def make_engine(store: Store, observer: Observer, load: Load, now: Callable[[], datetime]) -> Engine:
    """An engine whose decision thread has not been started yet."""
    rulesets = Rulesets(store, observer, load, now)
    records = Records(store, rulesets)
    committer = Committer(store, observer, now)
    pauses = Pauses(store, rulesets, now)
    proposals = Proposals(records, rulesets, plain)
    outcomes = Outcomes(store, proposals, committer, now)
    standings = Standings(store, rulesets, now)
    return Engine(
        rulesets,
        committer,
        DecisionService(
            rulesets,
            records,
            committer,
            observer,
            now=now,
            new_id=secrets.token_hex,
            paused=pauses.names,
        ),
        Claims(
            store,
            proposals,
            committer,
            outcomes,
            now=now,
            paused=pauses.names,
            teller=Teller(observer),
        ),
        Operators(pauses, standings, observer),
        pauses,
        standings,
    )


def sights_of(engine: Engine, observer: Observer) -> list[Chore]:
    """What is looked at for observers alone; on a thread of its own, for it may take a while."""

    def look() -> None:
        limits, paused = engine.standings.fullness(), engine.pauses.names()
        observer.observe(LimitsSeen(tuple(limits), len(paused)))

    return [Chore(SIGHT_SECONDS, look)] if observer.tracing else []


def chores_of(
    engine: Engine, store: Store, now: Callable[[], datetime], *, simulated_time: bool = False
) -> list[Chore]:
    """What is to be done beside answering.

    Under simulated time nothing expires or is forgotten by this process's clock, which the callers' need
    not agree with: what is due at their instants goes back with the next of them.
    """

    def sweep() -> None:
        policy = engine.rulesets.active
        if policy is not None and policy.limits:
            engine.committer.commit(MoveTicket(plan=lambda _: ()))

    def purge() -> None:
        while store.purge_ledger(now() - LEDGER_KEPT, PURGE_ROWS):
            pass

    look = Chore(LOOK_SECONDS, engine.pauses.refresh)
    return [look] if simulated_time else [look, Chore(SWEEP_SECONDS, sweep), Chore(PURGE_SECONDS, purge)]
