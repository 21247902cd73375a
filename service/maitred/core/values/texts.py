"""Texts in one spelling, to be compared, and in digests, to be ids.

An accent can be written as one code point or as two, and keyboards differ. Ids, attributes and rule files
are read in Unicode's composed form (NFC), so that what looks the same is the same; where letter case is
ignored, `folded` is what is compared. What is shown keeps the letter case it was sent with.
"""

import re
from functools import cache
from hashlib import blake2b
from unicodedata import category, normalize

RUN_CHARACTERS = 128
"""Normalizing takes time in the square of a run of combining marks: a longer run beyond ASCII stays as it is.

No id of a call is longer.
"""

DIGEST_BYTES = 16
"""Enough that no two share one, by chance or on purpose."""

# What is composed never spans an ASCII character, but for the first.
_RUN = re.compile("[\x00-\x7f]?[^\x00-\x7f]+")


def composed(text: str) -> str:
    """Returns the text in NFC, run by run of what is beyond ASCII; time is linear in its length."""
    if text.isascii():
        return text
    if len(text) <= RUN_CHARACTERS:
        return normalize("NFC", text)
    return _RUN.sub(_composed_run, text)


def folded(text: str) -> str:
    """Returns what is compared where letter case is ignored."""
    return composed(composed(text).casefold())


def has_blank_ends(text: str) -> bool:
    """Whether white space stands at either end, or what nobody sees either, such as a byte order mark."""
    if text.isascii():
        return text != text.strip()
    return text != text.strip() or "Cf" in (category(text[0]), category(text[-1]))


def _composed_run(run: re.Match[str]) -> str:
    return normalize("NFC", run[0]) if len(run[0]) <= RUN_CHARACTERS + 1 else run[0]


def digest(use: bytes, *parts: str) -> bytes:
    """16 bytes for the parts, told apart by their lengths; ``use`` (16 bytes at most) keeps kinds apart."""
    # ``lengthened``, without the call.
    return digest_of(use, "".join([f"{len(part)}:{part}" for part in parts]))


def digest_of(use: bytes, text: str) -> bytes:
    """Returns the same for parts that ``lengthened`` has put together."""
    # Copying the state after the parameters takes half the time of reading them anew.
    state = _begun(use).copy()
    state.update(text.encode("utf-8", "surrogatepass"))
    return state.digest()


@cache
def _begun(use: bytes) -> blake2b:
    return blake2b(digest_size=DIGEST_BYTES, person=use)


def lengthened(*parts: str) -> str:
    """Parts with their lengths before them: two lists of parts never give one text."""
    return "".join([f"{len(part)}:{part}" for part in parts])
