"""Treatments as they are said and shown: placeholders filled in, for one customer at one place."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maitred.core.rules.formats import Form, Formats
from maitred.core.rules.ruleset import Action
from maitred.core.rules.treatments import Placeholder, Template, Treatment, gap_in, in_language, placeholders
from maitred.core.values.types import HOLD_EXPIRES, Fact, Facts, Invalid
from maitred.core.values.wording import shown_words

from .decisions import Question
from .policy import LANGUAGE, Policy

NO_TREATMENT: Treatment[Template] = Treatment()


class Voice(NamedTuple):
    """In which language, by which clock and in which currency something is put."""

    formats: Formats
    language: str
    zone: str
    currency: str
    now: datetime

    @classmethod
    def of(cls, policy: Policy, question: Question) -> "Voice":
        """The customer's language where it is known, else the ruleset's; the clock of the place."""
        spoken = question.facts.get(LANGUAGE)
        language = spoken if isinstance(spoken, str) and spoken else policy.ruleset.language
        return cls(policy.formats, language, question.zone, policy.ruleset.currency, question.now)


def render(
    policy: Policy,
    action: Action,
    treatment: Treatment[Template],
    question: Question,
    expires_at: datetime | None = None,
) -> Treatment[str]:
    """A treatment's texts; a line that needs an absent attribute is left out, a title falls back.

    So does a line that is longer than the channel has room for. ``expires_at`` is when the hold expires
    that the texts may speak of.
    """
    facts, voice = question.facts, Voice.of(policy, question)
    if expires_at:
        facts = {**facts, HOLD_EXPIRES: expires_at}
    lengths = policy.ruleset.text_lengths.get(question.channel, {})
    spoken = treatment.spoken_in(voice.language)
    texts = spoken.mapped(lambda path, text: fit(text, facts, voice, lengths.get(str(path[0]), 0)))
    return (
        texts
        if texts.title
        else replace(texts, title=in_language(action.titles, voice.language) or action.title)
    )


def is_the_same_for_all(action: Action, treatment: Treatment[Template]) -> bool:
    """Whether a treatment is rendered alike for every question."""
    return not (action.titles or treatment.translations or any(placeholders(treatment)))


def fit(template: Template, facts: Facts, voice: Voice, max_length: int) -> str | None:
    """The template's text of at most ``max_length`` characters, of any number for 0.

    What values make too long is put with what stands for want of them, and left out where that is nothing:
    a text that is cut may say something else.
    """
    text = fill(template, facts, voice)
    return fill(template, {}, voice) if max_length and text and len(text) > max_length else text


def fill(template: Template, facts: Facts, voice: Voice) -> str | None:
    """The template's text; ``None`` where a placeholder has neither a value nor a default."""
    if gap_in(template, facts):
        return None
    return "".join(
        part if isinstance(part, str) else _shown(part, facts.get(part.attribute), voice) for part in template
    )


def _shown(placeholder: Placeholder, value: Fact | None, voice: Voice) -> str:
    formats, language = voice.formats, voice.language
    match placeholder.form, value:
        case Form.TIME, datetime():
            return formats.time(value, voice.zone, language)
        case Form.DATE, datetime():
            return formats.date(value.astimezone(ZoneInfo(voice.zone)).date(), language)
        case Form.DATE, date():
            return formats.date(value, language)
        case Form.MONEY, int() | float() | Decimal():
            return formats.money(value, voice.currency, language)
        case Form.NUMBER, int() | float() | Decimal():
            return formats.number(value, language)
        case None, datetime() if placeholder.attribute == HOLD_EXPIRES:
            return hold_words(value, voice)
        case None, _ if value is not None and not isinstance(value, Invalid):
            return shown_words(value)
    return placeholder.default or ""


def hold_words(expires_at: datetime, voice: Voice) -> str:
    """When a hold expires, by the clock of the place; with the date where that is another day."""
    zone = ZoneInfo(voice.zone)
    here, now = expires_at.astimezone(zone), voice.now.astimezone(zone)
    return f"{here:%H:%M}" if here.date() == now.date() else f"{here:%Y-%m-%d %H:%M}"
