"""A call that goes on: who is there, what is known, and what a server says to each step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from maitred.core.behaviour.outcomes import Outcome, OutcomeKind
from maitred.core.deciding.decisions import Explain
from maitred.engine.calls import Answer, ClaimAnswer, EventCall, SessionView
from maitred.rpc.client import Client, ClientError

from . import messages
from .lines import Happening, Told, nested, read_line

MAX_ACTIONS = 9
SESSION_DIGITS = 12
"""Of a random id: short enough to be read out, long enough to be one's own."""
UNREACHED = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED"})


class CallPlace(NamedTuple):
    """Where the call is taken."""

    channel: str
    location_id: str = ""


class StepFailed(Exception):
    """A step that came to nothing; the text says why, in plain words."""


@dataclass(slots=True)
class DeskCall:
    """One customer on the line. Its methods block until the server has answered, or raise ``StepFailed``.

    ``new_id`` makes the ids of requests.
    """

    client: Client
    target: str
    place: CallPlace
    new_id: Callable[[], str]
    customer_id: str = ""
    session_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    answer: Answer | None = None
    session: SessionView | None = None

    def __post_init__(self) -> None:
        self.session_id = self.session_id or self._new_session()

    def greet(self, customer_id: str, session_id: str) -> None:
        """Begins anew with somebody: what was known of the one before is not theirs, nor is the session."""
        if customer_id != self.customer_id:
            self.attributes = {}
            session_id = session_id if session_id != self.session_id else ""
        self.customer_id, self.session_id = customer_id, session_id or self._new_session()
        self.answer = self.session = None

    def ask(self) -> None:
        """Asks what is right now, and where the session is."""
        self.answer = self._asked(self._decide)
        self.session = self._asked(lambda: self.client.session(self.session_id))

    def take_line(self, line: str) -> str:
        """Takes what was typed at the prompt and asks again; what came of it."""
        typed = read_line(line)
        said = ""
        match typed:
            case Told(attributes):
                self._tell(attributes)
            case Happening():
                said = self._happen(typed)
        self.ask()
        return said

    def report(self, action: str, kind: OutcomeKind) -> str:
        """Says what became of a proposal, and asks again; what came of it."""
        decision_id = self._decision_id()
        outcome = Outcome(self.new_id(), decision_id, action, kind, None)
        (result,) = self._asked(lambda: self.client.record_outcomes([outcome]))
        self.ask()
        return f"{action} {kind.name.lower()}" if result.recorded else messages.not_recorded(result.detail)

    def claim(self, action: str) -> str:
        """Takes a unit of a proposal, and asks again; what came of it."""
        decision_id = self._decision_id()
        answer = self._asked(
            lambda: self.client.claim(request_id=self.new_id(), decision_id=decision_id, action=action)
        )
        self.ask()
        return _claim_words(action, answer)

    def _decide(self) -> Answer:
        context = {**self.attributes, "session.id": self.session_id}
        return self.client.decide(
            request_id=self.new_id(),
            customer_id=self.customer_id,
            channel=self.place.channel,
            location_id=self.place.location_id,
            context=nested(context),
            max_actions=MAX_ACTIONS,
            explain=Explain.EXPLAIN_FULL,
        )

    def _tell(self, attributes: Mapping[str, Any]) -> None:
        known = {**self.attributes, **attributes}
        self.attributes = {name: value for name, value in known.items() if value is not None}

    def _happen(self, happening: Happening) -> str:
        if not self.customer_id:
            raise StepFailed(messages.NOBODY)
        event = EventCall(
            self.new_id(),
            self.customer_id,
            happening.kind,
            None,
            orjson.dumps(happening.fields),
            self.session_id,
        )
        (result,) = self._asked(lambda: self.client.record_events([event]))
        return messages.RECORDED if result.recorded else messages.not_recorded(result.detail)

    def _new_session(self) -> str:
        return f"call-{self.new_id()[:SESSION_DIGITS]}"

    def _decision_id(self) -> str:
        if not self.answer or not self.answer.decision_id:
            raise StepFailed(messages.NO_PROPOSAL)
        return self.answer.decision_id

    def _asked(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ClientError as error:
            if error.code in UNREACHED:
                raise StepFailed(messages.not_reached(self.target)) from None
            raise StepFailed(messages.refused(error.code, error.message)) from None


def _claim_words(action: str, answer: ClaimAnswer) -> str:
    if answer.granted:
        return messages.claimed(action, answer.claim_id)
    alternatives = ", ".join(proposal.action for proposal in answer.alternatives)
    return messages.denied(answer.reason.name if answer.reason else "", answer.detail, alternatives)
