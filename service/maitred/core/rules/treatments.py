"""The texts of a treatment: which there are, and how they are gone through.

``Treatment`` is the only list of them. Rules hold templates in it, answers hold what the templates
came to, tables hold what becomes a template with each row. Everything that copies, renders,
encodes or prints a treatment goes through ``read``, ``mapped``, ``walk`` and ``filled``, so that
a field that is added here passes everywhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")

Path = tuple[str | int, ...]
"""Where a text stands: ``("title",)``, ``("say", 0)``, ``("claimed", "show")``."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``${attribute}`` in a treatment."""

    attribute: str


Template = tuple[str | Placeholder, ...]


@dataclass(frozen=True, slots=True)
class Treatment(Generic[T]):
    """How an action is put on one channel, in the order in which it is read.

    Names are those of ``maitred.v1.Treatment`` and of rule files. A tuple holds any number of
    lines; ``None`` stands for no text. ``claimed`` are the texts for who holds a claim.
    """

    title: T | None = None
    say: tuple[T, ...] = ()
    show: T | None = None
    do: tuple[T, ...] = ()
    avoid: tuple[T, ...] = ()
    terms: T | None = None
    claimed: "Treatment[T] | None" = None

    @classmethod
    def read(cls, text_of: Callable[[str], Any]) -> "Treatment[T]":
        """The texts that ``text_of`` gives by name of their field; what is empty is no text."""
        texts: dict[str, Any] = {name: text for name in TEXTS if (text := text_of(name))}
        texts.update((name, tuple(texts[name])) for name in LINES & texts.keys())
        return cls(**texts)

    def filled(self) -> dict[str, Any]:
        """The fields that have a text, by name; ``claimed`` is not among them."""
        return {name: text for name in TEXTS if (text := getattr(self, name))}

    def before_claim(self) -> "Treatment[T]":
        """The texts of a proposal."""
        return replace(self, claimed=None) if self.claimed else self

    def after_claim(self) -> "Treatment[T]":
        """The texts for who holds a claim; those of a proposal where there are none.

        What is said before a claim is not said after it: title, terms and what to avoid stay.
        """
        claimed = self.claimed
        if claimed is None:
            return self
        return replace(self, say=claimed.say, show=claimed.show, do=claimed.do, claimed=None)

    def walk(self) -> Iterator[tuple[Path, T]]:
        """Every text with its place."""
        for name, text in self.filled().items():
            if name in LINES:
                yield from (((name, index), line) for index, line in enumerate(text))
            else:
                yield (name,), text
        if self.claimed:
            yield from ((("claimed", *path), text) for path, text in self.claimed.walk())

    def mapped(self, change: Callable[[Path, T], U | None]) -> "Treatment[U]":
        """Every text replaced by what ``change`` makes of it and its place; nothing leaves it out."""
        changed: dict[str, Any] = {}
        for name, text in self.filled().items():
            if name in LINES:
                lines = [change((name, index), line) for index, line in enumerate(text)]
                changed[name] = tuple([line for line in lines if line])
            else:
                changed[name] = change((name,), text) or None
        if self.claimed:
            changed["claimed"] = self.claimed.mapped(lambda path, text: change(("claimed", *path), text))
        return Treatment(**changed)


TEXTS = tuple(field.name for field in fields(Treatment) if field.name != "claimed")
"""Names of the fields that hold texts."""
LINES = frozenset(field.name for field in fields(Treatment) if field.default == ())
"""Those of them that hold any number."""


def placeholders(treatment: Treatment[Template]) -> Iterator[str]:
    """Names of the attributes that a treatment shows."""
    for _, template in treatment.walk():
        yield from (part.attribute for part in template if isinstance(part, Placeholder))
