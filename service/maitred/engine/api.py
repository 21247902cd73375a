"""What a shell asks of the engine."""

from typing import Protocol

from maitred.core.decisions import Explain

from .calls import Answer, DecideCall, RecordView


class Decider(Protocol):
    """Answers calls. Safe to call from many threads at once."""

    def decide(self, call: DecideCall) -> Answer:
        """Blocks until the decision is durable.

        Raises:
            CallError: it cannot be answered.
        """
        ...

    def get_decision(self, decision_id: str, explain: Explain) -> RecordView:
        """The record of a decision; beyond ``EXPLAIN_NONE`` its refusals are worked out again.

        Raises:
            CallError: with ``Code.NOT_FOUND`` where there is none of that id.
        """
        ...

    def ready(self) -> bool:
        """Whether a valid ruleset is in force. Never blocks."""
        ...
