"""How a habit is looked for: names, texts and values as patterns, and what is answered with their parts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from maitred.cel import messages
from maitred.cel.source import tokens_of
from maitred.core.values.types import Attribute, Kind

# Begin at word boundaries only: from every letter of a long word would be quadratic.
NAME = r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
TEXT = r"\"_*\"|'_*'"
NUMBER = r"(?<![\w.])\d+(?:\.\d+)?"
VALUE = rf"(?:{TEXT}|{NUMBER}|{NAME}(?:\([^()]*\))?)"
WORD = r"(?<![\w.])"
ANY_CASE = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What an expression may read: attributes, and names of lists besides."""

    attributes: Mapping[str, Attribute]
    names: tuple[str, ...]

    def kind(self, name: str) -> Kind | None:
        """Returns the kind of a scalar attribute."""
        attribute = self.attributes.get(name)
        return None if attribute is None or attribute.type.is_list else attribute.type.kind

    def is_list(self, name: str) -> bool:
        """Returns whether a name is that of a list: an attribute or a named one."""
        attribute = self.attributes.get(name)
        return attribute.type.is_list if attribute else name in self.names

    def fields(self, name: str) -> tuple[Attribute, ...]:
        """Returns the fields of a list of objects; none of another name."""
        attribute = self.attributes.get(name)
        return attribute.type.fields if attribute else ()

    def lists_of_objects(self) -> Iterator[Attribute]:
        """Returns all lists of objects."""
        return (attribute for attribute in self.attributes.values() if attribute.type.fields)

    def is_text(self, name: str) -> bool:
        """Returns whether a name is that of an attribute of one text."""
        return self.kind(name) is Kind.STRING


@dataclass(frozen=True, slots=True)
class Match:
    """A habit found; an item is the author's text of a group, quotes and all."""

    text: str
    match: re.Match[str]
    known: KnownNames

    def __getitem__(self, group: str) -> str:
        return self.text[self.match.start(group) : self.match.end(group)] if self.match[group] else ""


Answer = Callable[[Match], str | None]
"""The message, or ``None`` where it is none of this habit after all."""


def habit(pattern: str, answer: Answer, flags: re.RegexFlag = re.NOFLAG) -> tuple[re.Pattern[str], Answer]:
    """One row of a table of habits: what is looked for, and what is said of it."""
    return re.compile(pattern, flags), answer


def says(message: str) -> Answer:
    """The same message whatever was found."""
    return lambda _: message


def blanked(text: str) -> str:
    """Returns the text, equally long, with nothing between the quotes of its texts."""
    parts, end = [], 0
    for token in tokens_of(text):
        if token.kind == "text":
            inner = token.at + 1
            parts += [text[end:inner], "_" * (len(token.value) - 2)]
            end = token.at + len(token.value) - 1
    return "".join([*parts, text[end:]])


def write(wrong: str, right: str) -> str:
    """Returns what was written, and what to write instead."""
    return messages.write_instead(wrong, right)


def whole(template: str) -> Answer:
    """Returns what to write in place of the whole, from its parts."""
    return lambda hit: write(hit.text[slice(*hit.match.span())], _filled(template, hit))


def _filled(template: str, hit: Match) -> str:
    return re.sub(r"<(\w+)>", lambda part: hit[part[1]].strip(), template)
