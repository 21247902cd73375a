"""A decision: what was asked, what is proposed, what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, unique
from typing import NamedTuple

from maitred.core.learning.draws import NOTHING_DRAWN, Learned
from maitred.core.rules.experiments import NO_EXPOSURES, Exposures
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import Treatment
from maitred.core.values.reasons import Reason
from maitred.core.values.types import Facts


@unique
class Explain(IntEnum):
    """How much to explain. Names and numbers are those of ``maitred.v1.Explain``."""

    EXPLAIN_NONE = 0
    EXPLAIN_REASONS = 1
    EXPLAIN_FULL = 2


class Proposal(NamedTuple):
    """An action put forward; ``rank`` counts from 1. Its treatment always has a title.

    ``substitute_for`` names the action without capacity whose place this one takes.
    ``hold_expires_at`` is how long what it needs is held for it, and ``lot`` the lot that holds it.
    ``claim_id`` is the claim that the checkout named, and that serves it.
    """

    action: str
    rank: int
    score: float
    type: ActionType
    treatment: Treatment[str]
    substitute_for: str = ""
    hold_expires_at: datetime | None = None
    lot: bytes = b""
    claim_id: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An action not put forward; ``detail`` says in plain words what was needed and what was there."""

    action: str
    reason: Reason
    rule: str
    detail: str


class Question(NamedTuple):
    """What a decision is a pure function of, beside the ruleset.

    ``facts`` hold everything conditions may read, situations included. ``zone`` is the IANA
    name of the location's clock. ``seed`` is what learned scores are drawn by: the decision's id.
    """

    channel: str
    facts: Facts
    now: datetime
    max_actions: int
    zone: str = "UTC"
    seed: bytes = b""


class Decision(NamedTuple):
    """The answer to one question. ``candidates`` counts the actions that the index left possible.

    ``exposures`` are the experiments and holdouts that make a difference to it, each with the person's arm.
    ``learned`` is what each learner came to that an action was ranked by.
    """

    proposals: tuple[Proposal, ...]
    candidates: int
    exposures: Exposures = NO_EXPOSURES
    learned: Mapping[str, Learned] = NOTHING_DRAWN
