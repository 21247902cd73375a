"""The proof that no action reads a sensitive category without the consent it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from maitred.core.privacy import PrivacyRules
from maitred.core.reads import SituationReads, attributes_read, way_to
from maitred.core.rules import Action, Situation

from . import privacy_messages
from .actions import Around, Placed
from .report import Spot


def with_sensitive(
    around: Around,
    rules: PrivacyRules | None,
    placed: Sequence[Placed],
    actions: Sequence[Action],
    situations: Sequence[Situation],
) -> list[Action]:
    """The actions with the sensitive categories they read. ``actions`` stand as in ``placed``."""
    sensitive = {name: each.sensitive for name, each in around.attributes.items() if each.sensitive}
    if rules is None or not sensitive:
        return list(actions)
    prover = _Prover(around, rules, sensitive, SituationReads.of(situations))
    return [prover.proved(each, action) for each, action in zip(placed, actions, strict=True)]


class _Prover:
    """One action at a time."""

    def __init__(
        self,
        around: Around,
        rules: PrivacyRules,
        sensitive: Mapping[str, str],
        situations: SituationReads,
    ) -> None:
        self._around, self._rules = around, rules
        self._sensitive, self._situations = sensitive, situations
        self._told: set[tuple[Spot, str]] = set()

    def proved(self, placed: Placed, action: Action) -> Action:
        """The action with its categories; what it lacks consent for is told."""
        read = self._sensitive.keys() & attributes_read(action, self._situations)
        if not read:
            return action
        for attribute in sorted(read):
            purpose = self._rules.sensitive.get(self._sensitive[attribute])
            if purpose is not None and purpose not in action.consent:
                self._tell(placed, action, attribute, purpose)
        return replace(action, sensitive=frozenset(self._sensitive[attribute] for attribute in read))

    def _tell(self, placed: Placed, action: Action, attribute: str, purpose: str) -> None:
        # Rows of one table have one template.
        if (placed.spot, attribute) in self._told:
            return
        self._told.add((placed.spot, attribute))
        at = placed.spot.at("action") if placed.row else placed.spot
        message = privacy_messages.reads_sensitive(
            action.name,
            way_to(action, self._situations, attribute),
            attribute,
            self._sensitive[attribute],
            purpose,
        )
        self._around.report.error(at.at("consent" if action.consent else "name"), message)
