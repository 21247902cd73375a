"""What a shell asks of the engine."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from maitred.core.deciding.decisions import Explain
from maitred.engine.deciding.tickets import Steps
from maitred.engine.operating.results import Results, ResultsCall

from .calls import (
    Answer,
    ClaimAnswer,
    ClaimCall,
    ClaimsCall,
    ClaimsPage,
    ConsentView,
    CustomerView,
    DecideCall,
    Erased,
    EventAnswer,
    EventsCall,
    LimitsCall,
    LimitView,
    OutcomeAnswer,
    OutcomesCall,
    RecordConsentCall,
    RecordView,
    SessionView,
    StepCall,
)


class Decider(Protocol):
    """Answers calls. Thread-safe.

    A call that the committer takes part in comes in two forms: as a method that blocks, and in steps
    (``tickets.Steps``), which raise the same.
    """

    def decide(self, call: DecideCall) -> Answer:
        """Blocks until the decision is durable.

        Raises:
            CallError: it cannot be answered.
        """
        ...

    def deciding(self, call: DecideCall) -> Steps[Answer]:
        """Returns ``decide`` in steps."""
        ...

    def get_decision(self, decision_id: str, explain: Explain) -> RecordView:
        """Returns the record of a decision; beyond ``EXPLAIN_NONE`` its refusals are worked out again.

        Raises:
            CallError: with ``Code.NOT_FOUND`` where there is none of that id.
        """
        ...

    def ready(self) -> bool:
        """Returns whether a valid ruleset is in force. Never blocks."""
        ...


class Claimer(Protocol):
    """Moves proposals on. Thread-safe; every call is durable first. The forms are as in ``Decider``.

    Every method raises ``CallError``: ``NOT_FOUND`` for an unknown decision, claim or action that
    was not proposed, ``OTHER_CONTENT`` for an id that was used for something else, ``TOO_LATE``
    where what stands cannot become what is asked, and those of ``Decider.decide``.
    """

    def claim(self, call: ClaimCall) -> ClaimAnswer:
        """Takes a unit, or denies it; either answer stays under its id."""
        ...

    def redeem(self, call: StepCall) -> None:
        """Spends what a claim holds; after its expiry only where there is a unit left."""
        ...

    def release(self, call: StepCall) -> None:
        """Gives back what a claim holds or has spent."""
        ...

    def record_outcomes(self, call: OutcomesCall) -> Sequence[OutcomeAnswer]:
        """Takes up outcomes; one answer each, in their order.

        Nothing is taken up where a decision or an action is unknown. Of an id that was used for
        something else the others are taken up all the same; repeating them is harmless.
        """
        ...

    def list_claims(self, call: ClaimsCall) -> ClaimsPage:
        """Claims of a customer, a session or a location, open and ended ones. Not of the committer.

        Nobody knows an unknown customer's: there are none.
        """
        ...

    def claiming(self, call: ClaimCall) -> Steps[ClaimAnswer]:
        """Returns ``claim`` in steps."""
        ...

    def redeeming(self, call: StepCall) -> Steps[None]:
        """Returns ``redeem`` in steps."""
        ...

    def releasing(self, call: StepCall) -> Steps[None]:
        """Returns ``release`` in steps."""
        ...

    def recording(self, call: OutcomesCall) -> Steps[Sequence[OutcomeAnswer]]:
        """Returns ``record_outcomes`` in steps."""
        ...


class Recorder(Protocol):
    """Takes up what customers did. Raises ``CallError`` as ``Decider`` does."""

    def recording_events(self, call: EventsCall) -> Steps[Sequence[EventAnswer]]:
        """Records events; one answer each, in their order. A faulty one never keeps another from it."""
        ...


class Desk(Protocol):
    """Shows whoever serves a customer where they are. Raises ``CallError`` as ``Decider`` does."""

    def session(self, session_id: str, at: datetime | None) -> SessionView:
        """Where a session is at that instant, ``None`` for now; empty for an unknown one."""
        ...

    def customer(self, customer_id: str, at: datetime | None) -> CustomerView:
        """Where a customer is, as far as the purposes they agreed to allow; empty for an unknown one."""
        ...


class Operator(Protocol):
    """What operators see and stop. Raises ``CallError`` as ``Decider`` does."""

    def pause(self, action: str, by: str, cause: str) -> datetime:
        """Stops an action everywhere, within a second; since when it is stopped."""
        ...

    def resume(self, action: str) -> bool:
        """Lets an action go on; whether it was paused."""
        ...

    def limits(self, call: LimitsCall) -> Sequence[LimitView]:
        """Limits as they stand, in order of name, the fullest subject of each first."""
        ...


class Analyst(Protocol):
    """Says what experiments have shown."""

    def results(self, call: ResultsCall) -> Results:
        """Reads the decision log, which may take minutes.

        Raises:
            CallError: with ``NOT_FOUND`` where nobody was exposed, or no arm is called so; ``NOT_INSTALLED``,
                ``OVERLOADED`` while another call is being answered, ``EXPIRED``, ``STORE_DOWN``.
        """
        ...


class PrivacyCalls(Protocol):
    """Customers' consent and rights. Raises ``CallError`` as ``Decider`` does."""

    def recording_consent(self, call: RecordConsentCall) -> Steps[None]:
        """Keeps statements; decisions that begin afterwards know them."""
        ...

    def consent(self, customer_id: str) -> ConsentView:
        """Returns what is known of a customer's consent; empty for an unknown one."""
        ...

    def export(self, customer_id: str) -> bytes:
        """Everything held about a customer, as JSON (UTF-8), decisions in plain words."""
        ...

    def erase(self, customer_id: str) -> Erased:
        """Deletes a customer's key and rows. Repeating it erases nothing more."""
        ...
