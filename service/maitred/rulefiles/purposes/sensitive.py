"""The proof that no action reads a sensitive category without the consent it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from maitred.core.privacy.purposes import PrivacyRules
from maitred.core.rules.reads import SituationReads, attributes_read, way_to
from maitred.core.rules.ruleset import Action, Situation
from maitred.core.values.types import Attribute
from maitred.rulefiles.actions.actions import SourcedAction
from maitred.rulefiles.messages import privacy_messages
from maitred.rulefiles.report import Report, SourcePath

NO_SITUATIONS = SituationReads.of(())


@dataclass(frozen=True, slots=True)
class Prover:
    """Looks at one action after the other. ``sensitive`` gives the category of each name that has one."""

    report: Report
    sensitive: Mapping[str, str]
    purposes: Mapping[str, str]
    situations: SituationReads
    _reported: set[tuple[SourcePath, str]] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        report: Report,
        rules: PrivacyRules | None,
        attributes: Mapping[str, Attribute],
        situations: Sequence[Situation],
    ) -> "Prover":
        """``attributes`` are all that rules may read, lists that are sensitive among them."""
        sensitive = {
            name: attribute.sensitive for name, attribute in attributes.items() if attribute.sensitive
        }
        if rules is None or not sensitive:
            return cls(report, {}, {}, NO_SITUATIONS)
        return cls(report, sensitive, rules.sensitive, SituationReads.of(situations))

    def proved(self, sourced_actions: Sequence[SourcedAction], actions: Sequence[Action]) -> list[Action]:
        """The actions, in the order of ``sourced_actions``, with the sensitive categories they read."""
        if not self.sensitive:
            return list(actions)
        return [self._proved(source, action) for source, action in zip(sourced_actions, actions, strict=True)]

    def _proved(self, sourced_actions: SourcedAction, action: Action) -> Action:
        read = self.sensitive.keys() & attributes_read(action, self.situations)
        for name in sorted(read):
            purpose = self.purposes.get(self.sensitive[name])
            if purpose is not None and purpose not in action.consent:
                self._tell(sourced_actions, action, name, purpose)
        if not read:
            return action
        categories = frozenset(map(self.sensitive.__getitem__, read))
        explicit = frozenset(self.purposes[category] for category in categories if category in self.purposes)
        return replace(action, sensitive=categories, explicit=explicit)

    def _tell(self, sourced_actions: SourcedAction, action: Action, name: str, purpose: str) -> None:
        # Rows of one table have one template.
        if (sourced_actions.spot, name) in self._reported:
            return
        self._reported.add((sourced_actions.spot, name))
        at = sourced_actions.spot.at("action") if sourced_actions.row else sourced_actions.spot
        way = way_to(action, self.situations, name)
        message = privacy_messages.reads_sensitive(action.name, way, name, self.sensitive[name], purpose)
        self.report.error(at.at("consent" if action.consent else "name"), message)
