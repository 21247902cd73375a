"""Which ruleset is in force, and the earlier ones that records still name."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from maitred.core.deciding.policy import Policy
from maitred.core.rules.faults import RulesetInvalid
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.ports.observer import Observer, RulesetLoaded, RulesetRefused
from maitred.engine.ports.store import RulesetStore, StoredRuleset

from .codec import Packing, dictionary_of

MAX_KEPT_POLICIES = 4
"""Earlier rulesets kept compiled; one of 10,000 actions takes some 100 MB."""

Load = Callable[[Mapping[str, bytes], str], Policy]
"""Sources and git commit to a policy. Raises ``RulesetInvalid``."""


class Rulesets:
    """Swaps rulesets whole: a decision sees one from beginning to end."""

    def __init__(
        self, store: RulesetStore, observer: Observer, load: Load, now: Callable[[], datetime]
    ) -> None:
        self._store, self._observer, self._load, self._now = store, observer, load, now
        self._kept: dict[str, Policy] = {}
        self._packings: dict[str, Packing] = {}
        self._loading, self._reloading = threading.Lock(), threading.Lock()
        self.active: Policy | None = None

    def activate(self, sources: Mapping[str, bytes], source: str, commit: str = "") -> Policy:
        """Puts a ruleset in force; where it has faults, the one in force stays.

        ``source`` says where it came from. Raises ``RulesetInvalid`` and ``StoreDown``.
        """
        started = time.perf_counter()
        with self._loading:
            policy = self._checked(sources, source, commit)
            ruleset, at = policy.ruleset, self._now()
            self._store.save_ruleset(
                StoredRuleset(ruleset.hash, ruleset.version, commit, at, ruleset.sources)
            )
            packing = Packing(dictionary_of(policy))
            self._store.save_dictionary(packing.id, packing.dictionary)
            self._packings = {**self._packings, ruleset.hash: packing}
            if self.active:
                self._keep(self.active)
            self.active = policy
        seconds = time.perf_counter() - started
        loaded = RulesetLoaded(ruleset.hash, ruleset.version, commit, len(policy.actions), seconds, at)
        self._observer.observe(loaded)
        return policy

    def in_force(self) -> Policy:
        """The one that decides now. Raises ``CallError``: there is none."""
        active = self.active
        if active is None:
            raise CallError(Code.NO_RULESET, "no valid ruleset is in force")
        return active

    def named(self, digest: str) -> Policy:
        """The ruleset of a hash: in force, kept, or loaded again from the store.

        Raises ``CallError`` where none is known or it does not load any more, and ``StoreDown``.
        """
        # Not under the lock of loading: what is compiled need not wait for what is being compiled.
        ruleset = self._known(digest)
        if ruleset:
            return ruleset
        with self._reloading:
            ruleset = self._known(digest) or self._reloaded(digest)
            self._keep(ruleset)
            return ruleset

    def packing(self, digest: str) -> Packing | None:
        """How records of a ruleset are packed; those of one that was not in force here are plain."""
        return self._packings.get(digest)

    def _known(self, digest: str) -> Policy | None:
        active = self.active
        return active if active and active.ruleset.hash == digest else self._kept.get(digest)

    def _checked(self, sources: Mapping[str, bytes], source: str, commit: str) -> Policy:
        try:
            return self._load(sources, commit)
        except RulesetInvalid as invalid:
            in_force = self.active.ruleset.hash if self.active else ""
            self._observer.observe(RulesetRefused(source, tuple(map(str, invalid.faults)), in_force))
            raise

    def _reloaded(self, digest: str) -> Policy:
        stored = self._store.ruleset(digest)
        if not stored:
            raise CallError(Code.NOT_FOUND, "no such ruleset", Cause.UNKNOWN_RULESET)
        try:
            return self._load(stored.sources, stored.commit)
        except RulesetInvalid as invalid:
            message = f"ruleset `{digest}` does not load any more: {invalid.faults[0].message}"
            raise CallError(Code.NO_RULESET, message) from None

    def _keep(self, policy: Policy) -> None:
        """The ones kept last; readers see the old table or the new one."""
        others = [kept for digest, kept in self._kept.items() if digest != policy.ruleset.hash]
        kept = [*others, policy]
        gone, kept = kept[:-MAX_KEPT_POLICIES], kept[-MAX_KEPT_POLICIES:]
        self._kept = {policy.ruleset.hash: policy for policy in kept}
        self._packings = {
            digest: packing for digest, packing in self._packings.items() if self._known(digest)
        }
        others.clear()
        while gone:
            _let_go(gone)


def _let_go(policies: list[Policy]) -> None:
    """Frees the last of the policies action by action: at once it would hold the interpreter for 50 ms."""
    policy = policies.pop()
    parts: list[Any] = [*policy.actions, *policy.ruleset.actions, *policy.gates.values()]
    del policy
    while parts:
        parts.pop()
