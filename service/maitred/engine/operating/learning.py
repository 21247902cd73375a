"""What has been learned: the parameters that decisions draw by."""

from maitred.core.learning.learners import NOTHING_LEARNED, Parameters
from maitred.engine.ports.evidence import LearningStore

from .parameters import decode_parameters


class LearnedParameters:
    """The parameters as last looked at. ``current`` is read by every decision and never blocks.

    A decision takes them when it begins, so that it sees one snapshot however long it waits. ``given``
    ones are used in place of the store's, and stay.
    """

    def __init__(self, store: LearningStore, given: Parameters | None = None) -> None:
        self._store, self._is_given, self._number = store, given is not None, 0
        self._current = given or NOTHING_LEARNED

    def current(self) -> Parameters:
        """The parameters that decisions draw by now."""
        return self._current

    def refresh(self) -> None:
        """Looks again. Raises ``StoreDown`` and, once, ``BadParameters``; what was known before stays."""
        if self._is_given:
            return
        stored = self._store.learned_after(self._number)
        if stored is not None:
            self._number = stored.number
            self._current = decode_parameters(stored.content)
