"""The proof that no action reads a sensitive category without the consent it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from maitred.core.privacy.purposes import PrivacyRules
from maitred.core.privacy.reads import SituationReads, attributes_read, way_to
from maitred.core.rules.ruleset import Action, Situation
from maitred.core.values.types import Attribute
from maitred.rulefiles.actions.actions import Placed
from maitred.rulefiles.messages import privacy_messages
from maitred.rulefiles.report import Report, Spot

NO_SITUATIONS = SituationReads.of(())


@dataclass(frozen=True, slots=True)
class Prover:
    """Looks at one action after the other. ``sensitive`` gives the category of each name that has one."""

    report: Report
    sensitive: Mapping[str, str]
    purposes: Mapping[str, str]
    situations: SituationReads
    _told: set[tuple[Spot, str]] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        report: Report,
        rules: PrivacyRules | None,
        attributes: Mapping[str, Attribute],
        situations: Sequence[Situation],
    ) -> "Prover":
        """``attributes`` are all that rules may read, lists that are sensitive among them."""
        sensitive = {name: each.sensitive for name, each in attributes.items() if each.sensitive}
        if rules is None or not sensitive:
            return cls(report, {}, {}, NO_SITUATIONS)
        return cls(report, sensitive, rules.sensitive, SituationReads.of(situations))

    def proved(self, placed: Sequence[Placed], actions: Sequence[Action]) -> list[Action]:
        """The actions with the sensitive categories they read. ``actions`` stand as in ``placed``."""
        if not self.sensitive:
            return list(actions)
        return [self._proved(each, action) for each, action in zip(placed, actions, strict=True)]

    def _proved(self, placed: Placed, action: Action) -> Action:
        read = self.sensitive.keys() & attributes_read(action, self.situations)
        for name in sorted(read):
            purpose = self.purposes.get(self.sensitive[name])
            if purpose is not None and purpose not in action.consent:
                self._tell(placed, action, name, purpose)
        if not read:
            return action
        categories = frozenset(map(self.sensitive.__getitem__, read))
        explicit = frozenset(self.purposes[category] for category in categories if category in self.purposes)
        return replace(action, sensitive=categories, explicit=explicit)

    def _tell(self, placed: Placed, action: Action, name: str, purpose: str) -> None:
        # Rows of one table have one template.
        if (placed.spot, name) in self._told:
            return
        self._told.add((placed.spot, name))
        at = placed.spot.at("action") if placed.row else placed.spot
        way = way_to(action, self.situations, name)
        message = privacy_messages.reads_sensitive(action.name, way, name, self.sensitive[name], purpose)
        self.report.error(at.at("consent" if action.consent else "name"), message)
