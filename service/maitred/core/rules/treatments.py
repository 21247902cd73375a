"""The texts of a treatment: which there are, and how they are gone through.

``Treatment`` is the only list of them. Rules hold templates in it, answers hold what the templates
came to, tables hold what becomes a template with each row. Everything that copies, renders,
encodes or prints a treatment goes through ``read``, ``mapped``, ``walk`` and ``filled``, so that
a field that is added here passes everywhere.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar

from maitred.core.values.types import Facts, Invalid

from .formats import Form

T = TypeVar("T")
U = TypeVar("U")

Path = tuple[str | int, ...]
"""Where a text stands: ``("title",)``, ``("say", 0)``, ``("claimed", "show")``."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``${attribute | form ?? "default"}`` in a treatment.

    ``default`` stands where the attribute has no value; ``None`` leaves the line out.
    """

    attribute: str
    form: Form | None = None
    default: str | None = None


Template = tuple[str | Placeholder, ...]


@dataclass(frozen=True, slots=True)
class Treatment(Generic[T]):
    """How an action is put on one channel, in the order in which it is read.

    Names are those of ``maitred.v1.Treatment`` and of rule files. A tuple holds any number of
    lines; ``None`` stands for no text. ``claimed`` are the texts for who holds a claim.
    ``translations`` are the same in other languages, whole, by BCP 47 tag in lower case.
    """

    title: T | None = None
    say: tuple[T, ...] = ()
    show: T | None = None
    do: tuple[T, ...] = ()
    avoid: tuple[T, ...] = ()
    terms: T | None = None
    claimed: "Treatment[T] | None" = None
    translations: "Mapping[str, Treatment[T]]" = field(default_factory=dict, hash=False)

    @classmethod
    def read(cls, text_of: Callable[[str], Any]) -> "Treatment[T]":
        """Returns the texts that ``text_of`` gives by name of their field; what is empty is no text."""
        return cls(
            text_of("title") or None,
            tuple(text_of("say") or ()),
            text_of("show") or None,
            tuple(text_of("do") or ()),
            tuple(text_of("avoid") or ()),
            text_of("terms") or None,
        )

    def filled(self) -> dict[str, Any]:
        """Returns the fields that have a text, by name; ``claimed`` is not among them."""
        return {name: text for name in TEXTS if (text := getattr(self, name))}

    def spoken_in(self, language: str) -> "Treatment[T]":
        """Returns the texts in a language: its own, those of the language alone, or else these."""
        if not self.translations:
            return self
        return in_language(self.translations, language) or replace(self, translations={})

    def before_claim(self) -> "Treatment[T]":
        """Returns the texts of a proposal."""
        if not self.claimed:
            return self
        translations = {name: treatment.before_claim() for name, treatment in self.translations.items()}
        return replace(self, claimed=None, translations=translations)

    def after_claim(self) -> "Treatment[T]":
        """Returns the texts for who holds a claim; those of a proposal where there are none.

        What is said before a claim is not said after it: title, terms and what to avoid stay.
        """
        claimed = self.claimed
        if claimed is None:
            return self
        return replace(
            self,
            say=claimed.say,
            show=claimed.show,
            do=claimed.do,
            claimed=None,
            translations={name: treatment.after_claim() for name, treatment in self.translations.items()},
        )

    def walk(self) -> Iterator[tuple[Path, T]]:
        """Yields every text with its place."""
        for name, text in self.filled().items():
            if name in LINES:
                yield from (((name, index), line) for index, line in enumerate(text))
            else:
                yield (name,), text
        if self.claimed:
            yield from ((("claimed", *path), text) for path, text in self.claimed.walk())
        for language, translation in self.translations.items():
            yield from (((*path, language), text) for path, text in translation.walk())

    def mapped(self, change: Callable[[Path, T], U | None]) -> "Treatment[U]":
        """Returns every text replaced by what ``change`` makes of it and its place; nothing leaves it out."""
        changed: dict[str, Any] = {}
        for name, text in self.filled().items():
            if name in LINES:
                lines = [change((name, index), line) for index, line in enumerate(text)]
                changed[name] = tuple([line for line in lines if line])
            else:
                changed[name] = change((name,), text) or None
        if self.claimed:
            changed["claimed"] = self.claimed.mapped(lambda path, text: change(("claimed", *path), text))
        if self.translations:
            changed["translations"] = {
                language: translation.mapped(_in(language, change))
                for language, translation in self.translations.items()
            }
        return Treatment(**changed)


def _in(language: str, change: Callable[[Path, T], U | None]) -> Callable[[Path, T], U | None]:
    """Returns a change of the texts of a translation, whose places end with its language."""
    return lambda path, text: change((*path, language), text)


TEXTS = tuple(one.name for one in fields(Treatment) if one.name not in {"claimed", "translations"})
"""Names of the fields that hold texts."""
LINES = frozenset(one.name for one in fields(Treatment) if one.default == ())
"""Those of them that hold any number."""


def in_language(texts: Mapping[str, U], language: str) -> U | None:
    """Returns the text of a language, or of the language without its region (``de`` for ``de-CH``)."""
    tag = language.replace("_", "-").casefold()
    while tag:
        if tag in texts:
            return texts[tag]
        tag = tag.rpartition("-")[0]
    return None


def depends_on_language(treatment: Treatment[Template]) -> bool:
    """Returns whether it is put otherwise in another language."""
    return bool(treatment.translations) or any(
        isinstance(part, Placeholder) and part.form is not None
        for _, template in treatment.walk()
        for part in template
    )


def gap_in(template: Template, facts: Facts) -> str:
    """Returns the first attribute without which the text is left out; empty where there is none."""
    for part in template:
        if isinstance(part, Placeholder) and part.default is None:
            value = facts.get(part.attribute)
            if value is None or isinstance(value, Invalid):
                return part.attribute
    return ""


def least_length(template: Template) -> int:
    """Returns the characters of what is written, and of what stands for want of values."""
    return sum(len(part) if isinstance(part, str) else len(part.default or "") for part in template)


def placeholders(treatment: Treatment[Template]) -> Iterator[str]:
    """Names of the attributes that a treatment shows."""
    for _, template in treatment.walk():
        yield from (part.attribute for part in template if isinstance(part, Placeholder))
