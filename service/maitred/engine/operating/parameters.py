"""Parameters as JSON: a row of the store, or the file that ``maitred learn --out`` writes."""

import math
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import orjson

from maitred.core.learning.learners import NOTHING_LEARNED, Beta, Parameters
from maitred.engine.ports.evidence import LearningStore

FORMAT = 1
"""Raised when an older reader would misread it."""
_VERSION_CHARACTERS = 16
_PAIR = 2


class BadParameters(ValueError):
    """The content is not what ``encode_parameters`` makes; the message says what is wrong with it."""


def parameters_of(by_learner: Mapping[str, Mapping[str, Beta]]) -> Parameters:
    """Returns the parameters under the version that is a function of them: equal ones have the same."""
    content = orjson.dumps(_plain(by_learner), option=orjson.OPT_SORT_KEYS)
    return Parameters(sha256(content).hexdigest()[:_VERSION_CHARACTERS], by_learner)


def encode_parameters(parameters: Parameters) -> bytes:
    """JSON that people can read and compare."""
    content = {
        "format": FORMAT,
        "version": parameters.version,
        "learners": _plain(parameters.by_learner),
    }
    return orjson.dumps(
        content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


def decode_parameters(content: bytes) -> Parameters:
    """Reads ``encode_parameters`` back. Raises ``BadParameters``."""
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadParameters("it is not JSON") from None
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise BadParameters(
            f"it has not the field `format` with {FORMAT}: `maitred learn --out` writes such files"
        )
    version, learners = fields.get("version"), fields.get("learners")
    if not isinstance(version, str) or not version:
        raise BadParameters("`version` is missing")
    if not isinstance(learners, dict):
        raise BadParameters("`learners` is missing")
    return Parameters(version, {name: dict(_beliefs(name, actions)) for name, actions in learners.items()})


def _plain(by_learner: Mapping[str, Mapping[str, Beta]]) -> Mapping[str, Any]:
    return {
        name: {action: list(belief) for action, belief in beliefs.items()}
        for name, beliefs in by_learner.items()
    }


def _beliefs(learner: str, actions: Any) -> Iterator[tuple[str, Beta]]:
    if not isinstance(actions, dict):
        raise BadParameters(f"`learners.{learner}` is not an object")
    for action, pair in actions.items():
        is_pair = isinstance(pair, list) and len(pair) == _PAIR
        if not is_pair or not all(_is_weight(number) for number in pair):
            where = f"`learners.{learner}.{action}`"
            raise BadParameters(f"{where} is not two numbers of at least 1, successes and failures")
        yield action, Beta(float(pair[0]), float(pair[1]))


def _is_weight(number: Any) -> bool:
    return type(number) in (int, float) and math.isfinite(number) and number >= 1


class LearnedParameters:
    """The parameters as last looked at. ``current`` is read by every decision and never blocks.

    A decision takes them when it begins, so that it sees one snapshot however long it waits. ``given``
    ones are used in place of the store's, and stay.
    """

    def __init__(self, store: LearningStore, given: Parameters | None = None) -> None:
        self._store, self._is_given, self._number = store, given is not None, 0
        self._current = given or NOTHING_LEARNED

    def current(self) -> Parameters:
        """Returns the parameters that decisions draw by now."""
        return self._current

    def refresh(self) -> None:
        """Looks again. Raises ``StoreDown`` and, once, ``BadParameters``, where the newest cannot be read.

        In force is then the one before it that can, or what was known before.
        """
        if self._is_given:
            return
        known, stored, newest = self._number, self._store.learned_after(self._number), ""
        while stored is not None:
            self._number = max(self._number, stored.number)
            try:
                self._current = decode_parameters(stored.content)
                break
            except BadParameters as bad:
                newest = newest or f"snapshot {stored.number} cannot be read: {bad}"
            stored = self._store.learned_after(known, stored.number)
        if newest:
            raise BadParameters(newest)
