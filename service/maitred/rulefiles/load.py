"""Rule files to a ruleset, or to everything that is wrong with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain, islice

from maitred.core.behaviour.history import EVENTS
from maitred.core.deciding.policy import LANGUAGE, follows_language
from maitred.core.learning.learners import Learner, attribute_of
from maitred.core.privacy.purposes import PrivacyRules, asks_of
from maitred.core.rules.expressions import CompilerFactory
from maitred.core.rules.faults import Fault, RulesetInvalid
from maitred.core.rules.ruleset import DEFAULT_CLAIM_WITHIN, Action, Promise, Ruleset, Situation
from maitred.core.rules.situations import DeriverFactory
from maitred.core.values.pauses import Pause, no_pause
from maitred.core.values.types import LIST, SITUATION, Attribute, AttributeType, Kind
from maitred.rulefiles.actions import situations as run
from maitred.rulefiles.actions.actions import LoadContext, SourcedAction, actions_of, warn_over
from maitred.rulefiles.actions.computed import Behaviour, with_computed
from maitred.rulefiles.actions.costs import check_costs, with_bounds, with_max_items
from maitred.rulefiles.actions.eligibility import warn_contradictions, with_eligibility, with_groups
from maitred.rulefiles.actions.events import also_attributes, behaviour_sources, event_attributes, events_of
from maitred.rulefiles.actions.experiments import Compared, with_experiments
from maitred.rulefiles.actions.expressions import Conditions, Mentions
from maitred.rulefiles.actions.learners import learners_of, warn_learners
from maitred.rulefiles.actions.lengths import Lengths, check_arm_lengths, check_lengths, text_lengths_of
from maitred.rulefiles.actions.promises import promises_of
from maitred.rulefiles.actions.rollouts import with_rollouts
from maitred.rulefiles.actions.table_rows import table_actions_of
from maitred.rulefiles.actions.vocabulary import Vocabulary, vocabulary_of
from maitred.rulefiles.kinds import models
from maitred.rulefiles.kinds.events import Event
from maitred.rulefiles.limiting.alternatives import check_alternatives, check_holds, warn_alternatives
from maitred.rulefiles.limiting.checks import warn_limits, warn_pairs
from maitred.rulefiles.limiting.limits import applied_limits, limit_expressions, with_limits
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.purposes.document import privacy_rules, privacy_source
from maitred.rulefiles.purposes.sensitive import Prover
from maitred.rulefiles.purposes.uses import check_uses
from maitred.rulefiles.purposes.warnings import warn_privacy
from maitred.rulefiles.reading.collector import collector_paused
from maitred.rulefiles.reading.documents import (
    RULE_FILE_ENDINGS,
    TABLE_ENDINGS,
    Documents,
    check_size,
    hash_of,
    read_documents,
    the_ruleset,
)

from . import bounds
from .report import RULESET, Report


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ruleset without errors, and what looks wrong in it all the same."""

    ruleset: Ruleset
    warnings: tuple[Fault, ...]


def load(
    sources: Mapping[str, bytes],
    compiler_factory: CompilerFactory,
    check_situations: DeriverFactory,
    commit: str = "",
    now: datetime | None = None,
    *,
    pause: Pause = no_pause,
) -> Loaded:
    """Files by path from the directory of the ruleset, to a ruleset.

    Warns of what is over by ``now``, where it is given. ``pause`` is called between steps.
    Raises ``RulesetInvalid`` with every fault, warnings included.
    """
    with collector_paused():
        return _load(sources, compiler_factory, check_situations, commit, now, pause=pause)


def _load(
    sources: Mapping[str, bytes],
    compiler_factory: CompilerFactory,
    check_situations: DeriverFactory,
    commit: str,
    now: datetime | None,
    *,
    pause: Pause,
) -> Loaded:
    report = Report(sources, pause)
    check_size(sources, report)
    documents = read_documents(report)
    head = the_ruleset(report, documents)
    mentions = Mentions()
    declared = vocabulary_of(report, documents, head.timezone)
    declared = replace(declared, attributes=with_bounds(declared.attributes, head.defaults))
    events = events_of(report, documents)
    behaviour = Behaviour(behaviour_sources(events), head.timezone)
    vocabulary = with_computed(report, documents, declared, compiler_factory, mentions, behaviour=behaviour)
    vocabulary = replace(vocabulary, computed=with_max_items(vocabulary.computed, head.defaults))
    privacy = _privacy(report, documents, vocabulary)
    rules = _rules(
        _Reading(report, documents, head, vocabulary, privacy, compiler_factory, mentions, now, behaviour)
    )
    run.check_situations(report, documents, check_situations, rules.situations)
    warnings = _warnings(report, documents, rules)
    ruleset = Ruleset(
        hash=hash_of(sources, documents, pause),
        version=head.version,
        zone=head.timezone,
        commit=commit,
        language=head.defaults.language,
        currency=head.defaults.currency or "",
        attributes={
            **_language(rules.actions),
            **vocabulary.attributes,
            **vocabulary.sensitive_lists,
            **event_attributes(events),
            **also_attributes(rules.actions),
        },
        computed=vocabulary.computed,
        channels=rules.channels,
        text_lengths=rules.text_lengths,
        locations=vocabulary.locations,
        situations=rules.situations,
        actions=tuple(sorted(rules.actions, key=lambda action: action.name)),
        privacy=privacy,
        events=events,
        promises=rules.promises,
        holdouts=rules.compared.holdouts,
        experiments=rules.compared.experiments,
        learners=rules.learners,
        sources=_used(sources, vocabulary),
        claim_within=head.defaults.claim_within or DEFAULT_CLAIM_WITHIN,
        cost_ns=rules.cost_ns,
    )
    documents.let_go()
    return Loaded(ruleset, warnings)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the rules are read with."""

    report: Report
    documents: Documents
    head: models.Ruleset
    vocabulary: Vocabulary
    privacy: PrivacyRules | None
    factory: CompilerFactory
    mentions: Mentions
    now: datetime | None
    behaviour: Behaviour


@dataclass(frozen=True, slots=True)
class _Rules:
    situations: tuple[Situation, ...]
    actions: list[Action]
    promises: tuple[Promise, ...]
    channels: frozenset[str]
    text_lengths: Lengths
    cost_ns: int
    compared: Compared
    learners: tuple[Learner, ...]

    def let_go(self) -> None:
        """Frees the actions one by one, as the documents are."""
        while self.actions:
            self.actions.pop()


def _warnings(report: Report, documents: Documents, rules: _Rules) -> tuple[Fault, ...]:
    """Returns what looks wrong. Raises ``RulesetInvalid``, and frees piece by piece what is refused."""
    try:
        return report.warnings()
    except RulesetInvalid:
        documents.let_go()
        rules.let_go()
        raise


def _rules(reading: _Reading) -> _Rules:
    report, documents, vocabulary = reading.report, reading.documents, reading.vocabulary

    learners = learners_of(report, documents)
    make = partial(_conditions, reading, learners)
    around = LoadContext(
        report=report,
        conditions=make({}),
        attributes=vocabulary.attributes,
        channels=frozenset(reading.head.channels),
        zone=reading.head.timezone,
        language=reading.head.defaults.language,
        doubtful=documents.doubtful,
        events=frozenset(f"{EVENTS}{sourced.model.name}" for sourced in documents.of(Event)),
        tables=frozenset(sourced.model.name for sourced in documents.of(models.ActionTable)),
    )
    situations = run.situations_of(around, documents)
    made = chain(actions_of(around, documents), table_actions_of(around, documents, make))
    sourced_actions = _checked(report, documents, islice(made, bounds.ACTIONS + 1))
    actions = with_eligibility(around, documents, sourced_actions)
    actions = run.with_suppression(around, documents, situations, actions)
    actions = with_groups(around, documents, sourced_actions, actions)
    actions = with_rollouts(around, documents, sourced_actions, actions, vocabulary)
    applied = applied_limits(around, documents, sourced_actions, vocabulary.locations)
    actions = with_limits(around, applied, sourced_actions, actions)
    compared = with_experiments(around, documents, sourced_actions, actions, reading.now)
    named = {**vocabulary.attributes, **vocabulary.sensitive_lists}
    actions = Prover.of(report, reading.privacy, named, situations).proved(sourced_actions, compared.actions)
    check_alternatives(around, documents, sourced_actions)
    channels = _channels(reading.head, actions)
    lengths = text_lengths_of(report, documents, channels)
    check_lengths(report, sourced_actions, lengths)
    check_arm_lengths(report, documents, actions, lengths)
    promises = promises_of(around, documents, actions, reading.behaviour)
    cost_ns = check_costs(
        around,
        documents,
        sourced_actions=sourced_actions,
        actions=actions,
        situations=situations,
        computed=vocabulary.computed,
        limits=list(limit_expressions(applied)),
        defaults=reading.head.defaults,
    )
    # What a faulty rule would have used is not known.
    if report.sound:
        check_holds(around, sourced_actions, actions)
        _warn_unused(report, documents, reading.mentions, vocabulary)
        warn_learners(report, documents, actions)
        warn_contradictions(around, documents, sourced_actions, actions)
        warn_limits(around, applied, sourced_actions, vocabulary.locations)
        warn_pairs(around, applied)
        warn_alternatives(around, sourced_actions, actions)
        if reading.now:
            warn_over(report, sourced_actions, reading.now)
        warn_privacy(report, documents, reading.privacy, vocabulary.attributes, vocabulary.locations)
    return _Rules(situations, actions, promises, channels, lengths, cost_ns, compared, learners)


def _conditions(reading: _Reading, learners: Sequence[Learner], rows: Mapping[str, Attribute]) -> Conditions:
    """Returns what compiles expressions over the attributes, and those of ``rows`` besides."""
    vocabulary, documents = reading.vocabulary, reading.documents
    attributes = {**vocabulary.attributes, **vocabulary.normal_lists, **rows}
    asks = {ask.name: ask for ask in asks_of(reading.privacy.purposes if reading.privacy else ())}
    shares = {share.name: share for share in map(attribute_of, [learner.name for learner in learners])}
    compiler = reading.factory({**attributes, **asks, **shares}, vocabulary.lists)
    known = frozenset((*attributes, *vocabulary.lists))
    return Conditions(reading.report, compiler, known, documents.doubtful, reading.mentions)


def _privacy(report: Report, documents: Documents, vocabulary: Vocabulary) -> PrivacyRules | None:
    sourced = privacy_source(report, documents)
    rules = privacy_rules(report, documents, sourced, vocabulary.attributes) if sourced else None
    check_uses(report, documents, rules)
    return rules


def _checked(report: Report, documents: Documents, made: Iterable[SourcedAction]) -> list[SourcedAction]:
    sourced_actions = list(made)
    if not sourced_actions and not documents.doubtful:
        report.warn_file(RULESET, file_messages.no_actions())
    if len(sourced_actions) > bounds.ACTIONS:
        report.at_line(RULESET, 0, 0, file_messages.too_many_actions())
        report.warnings()  # raises: what else is wrong with them is out of the question
    seen: dict[str, SourcedAction] = {}
    for source in sourced_actions:
        first = seen.setdefault(source.action.name.casefold(), source)
        # Two documents of one name have been told as such already.
        if first is not source and source.row:
            name, other = source.action.name, first.action.name
            message = rule_messages.duplicate_action_of_row(name, other, first.place)
            report.at_line(*source.row, 1, message)
    return sourced_actions


def _warn_unused(report: Report, documents: Documents, mentions: Mentions, vocabulary: Vocabulary) -> None:
    used = mentions.heads()
    for situation in documents.of(models.Situation):
        if f"{SITUATION}{situation.model.name}" not in used and not situation.model.suppress:
            report.warn(situation.spot.at("name"), rule_messages.unused("situation", situation.model.name))
    for sourced in documents.of(models.List):
        if f"{LIST}{sourced.model.name}" not in used:
            report.warn(sourced.spot.at("name"), rule_messages.unused("list", sourced.model.name))
    for file in report.sources:
        if file.endswith(TABLE_ENDINGS) and file not in vocabulary.tables:
            report.warn_file(file, rule_messages.unused_file())


def _language(actions: Sequence[Action]) -> dict[str, Attribute]:
    """Returns the customer's language, where texts follow it, also where no `Context` declares it."""
    if not any(map(follows_language, actions)):
        return {}
    return {LANGUAGE: Attribute(LANGUAGE, AttributeType(Kind.STRING))}


def _channels(head: models.Ruleset, actions: list[Action]) -> frozenset[str]:
    arms = (other for action in actions for trial in action.trials for other in trial.actions.values())
    named = (frozenset(action.channels) | frozenset(action.treatments) for action in chain(actions, arms))
    return frozenset(head.channels).union(*named)


def _used(sources: Mapping[str, bytes], vocabulary: Vocabulary) -> dict[str, bytes]:
    """Returns the files that the ruleset is made of; others may lie beside them."""
    return {
        file: data
        for file, data in sorted(sources.items())
        if file.endswith(RULE_FILE_ENDINGS) or file in vocabulary.tables
    }
