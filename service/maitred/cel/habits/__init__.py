"""What people write who know SQL, spreadsheets, other languages or a word processor.

An expression that does not compile is looked through for signs and words that are never CEL, and
answered with what to write instead, in the author's own names and values. The leftmost one is told:
what follows it is often its consequence. Texts are blanked before, so that nothing is found in them.
"""

from maitred.cel import messages
from maitred.cel.source import PAIRS, Token, tokens_of

from .matching import KnownNames, Match, blanked
from .phrases import SPOKEN
from .signs import SIGNS
from .typed_values import KINDS

__all__ = ["KnownNames", "bracket_fault", "habit_of"]

_LOOKED_AT_CHARACTERS = 1_000
"""Nobody's habit is in a longer expression, which is made by a program."""


def habit_of(text: str, known: KnownNames) -> tuple[int, str] | None:
    """Returns the offset of the leftmost habit, and what is said of it; ``None`` where there is none."""
    if len(text) > _LOOKED_AT_CHARACTERS:
        return None
    blank = blanked(text)
    first: tuple[int, str] | None = None
    for pattern, answer in (*KINDS, *SPOKEN, *SIGNS):
        for match in pattern.finditer(blank):
            at = match.start("at" if "at" in pattern.groupindex else 0)
            if first is not None and at >= first[0]:
                continue
            message = answer(Match(text, match, known))
            if message is not None:
                first = (at, message)
                break
    return first


def bracket_fault(text: str) -> tuple[int, str] | None:
    """Returns the first bracket that is not closed, or that closes nothing."""
    opened: list[Token] = []
    for token in tokens_of(text):
        if token.value in PAIRS.values():
            opened.append(token)
        elif token.value in PAIRS:
            if not opened or opened[-1].value != PAIRS[token.value]:
                return token.at, messages.closes_nothing(token.value)
            opened.pop()
    closing = {opening: closing for closing, opening in PAIRS.items()}
    return (
        (opened[-1].at, messages.never_closed(opened[-1].value, closing[opened[-1].value]))
        if opened
        else None
    )
