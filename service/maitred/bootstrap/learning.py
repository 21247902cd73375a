"""Learning from the decision log of a database that a service may be running on."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from maitred import store
from maitred.core.learning.learners import Learner, Parameters
from maitred.engine.operating.parameters import BadParameters, decode_parameters, encode_parameters
from maitred.engine.operating.teaching import LearnedFromLog, teach

from .rules import valid_ruleset

__all__ = ["BadParameters", "Lesson", "keep", "learn", "read_parameters", "write_parameters"]


class Lesson(NamedTuple):
    """What the log taught, by which learners, and whether a service draws by the same already."""

    learners: tuple[Learner, ...]
    taught: LearnedFromLog
    is_known: bool


def learn(directory: Path, database: str, now: datetime, progress: Callable[[int], None]) -> Lesson:
    """Goes through the log once, and writes nothing; ``progress`` is told the decisions so far.

    Raises ``RulesetInvalid`` and ``StoreDown``.
    """
    ruleset = valid_ruleset(directory)
    with closing(store.open_read_only(database)) as opened:
        taught = teach(opened, ruleset, now, progress)
        last = opened.learned_after(0)
    is_known = last is not None and last.content == encode_parameters(taught.parameters)
    return Lesson(ruleset.learners, taught, is_known)


def keep(database: str, parameters: Parameters) -> bool:
    """Keeps parameters for the services on the database, which take them up within a second.

    False where they are left for the service that has a SQLite file. Raises ``StoreDown``.
    """
    return store.keep_learned(database, encode_parameters(parameters))


def write_parameters(file: Path, parameters: Parameters) -> None:
    """Writes them for replays, rule tests and services with simulated time. Raises ``OSError``."""
    file.write_bytes(encode_parameters(parameters))


def read_parameters(file: Path) -> Parameters:
    """Returns what ``write_parameters`` wrote. Raises ``OSError`` and ``BadParameters``."""
    return decode_parameters(file.read_bytes())
