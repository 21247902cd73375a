"""How long texts can be: what a receipt, a screen or a sentence has room for on each channel.

A text that is too long as it is written is a fault. What values make too long is known only when it is
filled in, see ``core.deciding.rendering.fit``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from maitred.core.rules.ruleset import Action
from maitred.core.rules.treatments import Path, Template, gap_in, least_length
from maitred.rulefiles.kinds import experiments, models
from maitred.rulefiles.messages import rule_messages
from maitred.rulefiles.reading.documents import Documents
from maitred.rulefiles.report import Report

from .actions import SourcedAction

Lengths = Mapping[str, Mapping[str, int]]
"""The most characters of texts, by channel and by field of a treatment."""
_TITLE = "title"


def text_lengths_of(report: Report, documents: Documents, channels: Collection[str]) -> Lengths:
    """Returns how long texts can be on each channel. A channel that there is not is told."""
    lengths: dict[str, dict[str, int]] = {}
    for sourced in documents.of(models.Ruleset):
        for channel, room in sourced.model.text_lengths.items():
            lengths[channel] = room.model_dump(exclude_none=True)
            if channel not in channels:
                at = sourced.spot.at("text_lengths", channel, key=True)
                report.error(at, rule_messages.unknown_channel(channel, channels))
    return lengths


def check_lengths(report: Report, sourced_actions: Iterable[SourcedAction], lengths: Lengths) -> None:
    """Tells texts that are too long whatever the values. Of a table, the first row speaks for all."""
    reported: set[tuple[str, str, Path]] = set()
    for source in sourced_actions if lengths else ():
        for channel, most_of in lengths.items():
            for name, path, template in _texts_on(source.action, channel):
                length, max_length = least_length(template), most_of.get(name)
                if max_length is None or length <= max_length:
                    continue
                message = rule_messages.text_too_long(_written(template), length, name, channel, max_length)
                if not source.row:
                    report.error(source.spot.at(*path), message)
                elif (key := (source.row[0], channel, path)) not in reported:
                    reported.add(key)
                    report.at_line(*source.row, 1, message)


def check_arm_lengths(
    report: Report, documents: Documents, actions: Iterable[Action], lengths: Lengths
) -> None:
    """The same of what arms of experiments say, each told once."""
    arms = {
        (sourced.model.name, name): (sourced.spot.at("arms", name), arm.treatments)
        for sourced in documents.of(experiments.Experiment)
        for name, arm in sourced.model.arms.items()
    }
    others = (
        (trial.experiment, other)
        for action in actions
        for trial in action.trials
        for other in trial.actions.values()
    )
    reported: set[tuple[str, str, Path]] = set()
    for experiment, other in others if lengths else ():
        spot, written = arms[experiment, other.arm]
        for channel in lengths.keys() & written.keys():
            for name, path, template in _texts_on(other, channel):
                length, max_length = least_length(template), lengths[channel].get(name)
                key = experiment, other.arm, path
                if max_length is None or length <= max_length or key in reported or path[0] == _TITLE:
                    continue
                reported.add(key)
                message = rule_messages.text_too_long(_written(template), length, name, channel, max_length)
                report.error(spot.at(*path), message)


def _texts_on(action: Action, channel: str) -> Iterator[tuple[str, Path, Template]]:
    """Field, place in the action, and text of all that an answer on the channel may hold."""
    treatment = action.treatments.get(channel)
    for path, template in treatment.walk() if treatment else ():
        name = path[1] if path[0] == "claimed" else path[0]
        yield str(name), ("treatments", channel, *path), template
    has_title = treatment and treatment.title and not gap_in(treatment.title, {})
    if not has_title and (not action.channels or channel in action.channels):
        yield _TITLE, (_TITLE,), (action.title,)
        for language, title in action.titles.items():
            yield _TITLE, (_TITLE, language), (title,)


def _written(template: Template) -> str:
    """Returns a text as its author knows it."""
    return "".join(part if isinstance(part, str) else f"${{{part.attribute}}}" for part in template)
