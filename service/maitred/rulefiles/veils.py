"""Whether the subjects of a limit must be veiled where they are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from maitred.core.rules import Location
from maitred.core.values import Attribute, Kind

from .actions import Around, Placed

_LOCATION = "location."


@dataclass(frozen=True, slots=True)
class Veils:
    """What is known in advance of the values that subjects are made of."""

    attributes: Mapping[str, Attribute]
    locations_known: bool
    channels_known: bool

    @classmethod
    def of(
        cls, around: Around, placed: Sequence[Placed], locations: Mapping[str, Location] | None
    ) -> "Veils":
        """A ruleset without a table of locations, or that names no channel, accepts any."""
        named = any(each.action.channels or each.action.treatments for each in placed)
        return cls(around.attributes, locations is not None, bool(around.channels) or named)

    def veiled(self, per: Iterable[str]) -> bool:
        """Whether some attribute can have values that nobody has looked at: they may be personal."""
        return not all(map(self._is_harmless, per))

    def _is_harmless(self, name: str) -> bool:
        found = self.attributes.get(name)
        if found is None or found.sensitive:
            return False
        if name.startswith(_LOCATION):
            return self.locations_known
        if name == "channel":
            return self.channels_known
        return bool(found.allowed) or found.type.kind is Kind.BOOL
