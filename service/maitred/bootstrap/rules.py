"""From a directory of rule files to a compiled policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from maitred import cel, compiled, rulefiles, situations
from maitred.core.deciding.policy import Policy, compile_policy
from maitred.core.rules.faults import Fault, RulesetInvalid
from maitred.core.rules.ruleset import Ruleset
from maitred.core.values.pauses import Pause, no_pause
from maitred.locales import CldrFormats
from maitred.rulefiles.reading.collector import collector_paused
from maitred.sources.provenance import commit_of


@dataclass(frozen=True, slots=True)
class RulesCheck:
    """What a look at a rules directory gives. ``faults`` include warnings."""

    policy: Policy | None
    faults: tuple[Fault, ...]

    @property
    def ruleset(self) -> Ruleset | None:
        """The ruleset, where it loads."""
        return self.policy.ruleset if self.policy else None


@cache
def self_test() -> None:
    """Tries out, once a process, what reading rules relies on. Raises ``Unfit``."""
    for room in compiled, rulefiles, cel, situations:
        room.self_test()


def check_rules(directory: Path, now: datetime | None = None) -> RulesCheck:
    """Loads and compiles the rules of a directory; faults are values here.

    What is over by ``now``, where it is given, is a warning. Raises ``Unfit``.
    """
    self_test()
    with collector_paused():
        try:
            sources = rulefiles.read_sources(directory)
            loaded = rulefiles.load(sources, cel.compiler, situations.deriver, commit_of(directory), now)
        except RulesetInvalid as invalid:
            return RulesCheck(None, invalid.faults)
        policy = compile_policy(loaded.ruleset, situations.deriver, CldrFormats())
    return RulesCheck(policy, loaded.warnings)


def valid_ruleset(directory: Path) -> Ruleset:
    """Loads the rules of a directory. Raises ``RulesetInvalid`` and ``Unfit``."""
    checked = check_rules(directory)
    if checked.ruleset is None:
        raise RulesetInvalid(checked.faults)
    return checked.ruleset


def load_policy(sources: Mapping[str, bytes], commit: str, pause: Pause = no_pause) -> Policy:
    """Returns an ``engine.deciding.rulesets.Load``, and calls ``pause`` between steps.

    Raises ``RulesetInvalid``.
    """
    loaded = rulefiles.load(sources, cel.compiler, situations.deriver, commit, pause=pause)
    return compile_policy(loaded.ruleset, situations.deriver, CldrFormats(), pause)
