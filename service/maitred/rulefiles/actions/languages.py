"""Texts by language, as they stand in files, to texts in each language: what one lacks is taken from another.

``say: {en: ..., it: ...}`` has a text for each language. One that has none takes that of the language
without its region (``de`` for ``de-CH``), else that of the ruleset's language, else the first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from maitred.core.rules.treatments import LINES, TEXTS, Treatment, in_language
from maitred.rulefiles.kinds import models
from maitred.rulefiles.report import SourcePath

Leaf = tuple[SourcePath, str]
"""A text and where it stands."""
T = TypeVar("T")


def languages_of(value: Any) -> Iterator[str]:
    """Yields the tags of a text or lines that are by language, in lower case."""
    if isinstance(value, dict):
        yield from (tag.casefold() for tag in value)
    elif isinstance(value, list):
        for line in value:
            yield from languages_of(line)


def text_in(value: str | Mapping[str, str], language: str, default: str) -> str:
    """Returns a text in a language."""
    return value if isinstance(value, str) else value[_tag(value, language, default)]


def other_texts(value: str | Mapping[str, str], default: str) -> dict[str, str]:
    """Returns the same text in every language but the ruleset's that it is written in."""
    tags = (tag for tag in languages_of(value) if tag != default.casefold())
    return {tag: text_in(value, tag, default) for tag in tags}


def titles_of(
    value: str | Mapping[str, str], spot: SourcePath, default: str, change: Callable[[SourcePath, str], T]
) -> dict[str, T]:
    """Returns a title in each language; under the empty tag in the ruleset's."""
    if isinstance(value, str):
        return {"": change(spot, value)}
    tags = {tag: tag for tag in languages_of(value) if tag != default.casefold()}
    leaves = {tag: _leaf(value, spot, language, default) for tag, language in {"": default, **tags}.items()}
    made = once(change)
    return {tag: made(*leaf) for tag, leaf in leaves.items()}


def treatment_of(
    model: models.TreatmentSpec | models.ClaimedTreatment, spot: SourcePath, language: str
) -> Treatment[Leaf]:
    """Returns a treatment in the ruleset's language, with its translations."""
    treatment = _in_one(model, spot, language, language)
    tags = set(_tags(model)) - {language.casefold()}
    translations = {tag: _in_one(model, spot, tag, language) for tag in sorted(tags)}
    return replace(treatment, translations=translations) if translations else treatment


def _tags(model: models.TreatmentSpec | models.ClaimedTreatment) -> Iterator[str]:
    for name in TEXTS:
        value = getattr(model, name, None)
        if value and not isinstance(value, str):
            yield from languages_of(value)
    if isinstance(model, models.TreatmentSpec) and model.claimed:
        yield from _tags(model.claimed)


def _in_one(
    model: models.TreatmentSpec | models.ClaimedTreatment, spot: SourcePath, language: str, default: str
) -> Treatment[Leaf]:
    def read(name: str) -> Any:
        value = getattr(model, name, None)
        if not value:
            return None
        at = spot.at(name)
        return _lines(value, at, language, default) if name in LINES else _leaf(value, at, language, default)

    texts: Treatment[Leaf] = Treatment.read(read)
    if isinstance(model, models.TreatmentSpec) and model.claimed:
        return replace(texts, claimed=_in_one(model.claimed, spot.at("claimed"), language, default))
    return texts


def _lines(value: Any, spot: SourcePath, language: str, default: str) -> list[Leaf]:
    if isinstance(value, dict):
        tag = _tag(value, language, default)
        return [(spot.at(tag, index), line) for index, line in enumerate(value[tag])]
    return [_leaf(line, spot.at(index), language, default) for index, line in enumerate(value)]


def _leaf(value: Any, spot: SourcePath, language: str, default: str) -> Leaf:
    if isinstance(value, str):
        return spot, value
    tag = _tag(value, language, default)
    return spot.at(tag), value[tag]


def _tag(texts: Mapping[str, Any], language: str, default: str) -> str:
    """Returns the tag, as it is written, of the text that stands for a language."""
    written = {tag.casefold(): tag for tag in texts}
    return in_language(written, language) or in_language(written, default) or next(iter(texts))


def once(change: Callable[[SourcePath, str], T]) -> Callable[[SourcePath, str], T]:
    """Returns the same change, made once for each place: translations share what they lack."""
    made: dict[SourcePath, T] = {}

    def changed(spot: SourcePath, text: str) -> T:
        if spot not in made:
            made[spot] = change(spot, text)
        return made[spot]

    return changed
