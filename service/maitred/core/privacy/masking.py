"""Masking what may not be read, fast: what it comes to is worked out once for each way it can be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from maitred.core.values.types import Attribute, Facts

from .purposes import Jurisdiction, Known, PrivacyRules, masked_by, minority, permissions_in

MAX_REMEMBERED = 4_096
"""Ways that customers have agreed and refused; a ruleset of ten purposes has some hundred in use."""


class Mask(NamedTuple):
    """Attributes that are absent, and the facts that tell what is allowed."""

    absent: frozenset[str]
    allowed_facts: Facts


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks of one ruleset. Those of requests with IAB strings, which age, are not remembered."""

    rules: PrivacyRules
    attributes: Mapping[str, Attribute]
    remembered: dict[object, Mask] = field(default_factory=dict, compare=False)

    def masked(self, facts: Facts, known: Known, now: datetime) -> Facts:
        """The facts without what may not be read, and with what is allowed as facts of their own."""
        jurisdiction = self.rules.jurisdiction(facts)
        minor = minority(jurisdiction.minors, facts.get(self.rules.age))
        mask = self._mask(jurisdiction, known, now, minor=minor)
        seen = {name: value for name, value in facts.items() if name not in mask.absent}
        seen.update(mask.allowed_facts)
        return seen

    def _mask(self, jurisdiction: Jurisdiction, known: Known, now: datetime, *, minor: str) -> Mask:
        if known.tcf is not None or known.gpp is not None:
            return self._made(jurisdiction, known, now, minor=minor)
        said = tuple(known.statements.items()), known.granted, known.denied, known.gpc
        key = jurisdiction.name, minor, said
        mask = self.remembered.get(key)
        if mask is None:
            mask = self._made(jurisdiction, known, now, minor=minor)
            if len(self.remembered) >= MAX_REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = mask
        return mask

    def _made(self, jurisdiction: Jurisdiction, known: Known, now: datetime, *, minor: str) -> Mask:
        allowed = permissions_in(self.rules, jurisdiction, known, now, minor=minor)
        absent, known_facts = masked_by(self.rules, jurisdiction, self.attributes, allowed)
        return Mask(absent, known_facts)
