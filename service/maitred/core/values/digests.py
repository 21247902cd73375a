"""Ids made of what they stand for: the same parts always give the same one."""

from hashlib import blake2b

DIGEST_BYTES = 16
"""Enough that no two share one, by chance or on purpose."""


def digest(use: bytes, *parts: str) -> bytes:
    """16 bytes for the parts, told apart by their lengths; ``use`` (16 bytes at most) keeps kinds apart."""
    data = "".join([f"{len(part)}:{part}" for part in parts])  # ``lengthened``, without the call
    return blake2b(data.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES, person=use).digest()


def lengthened(*parts: str) -> str:
    """Parts with their lengths before them: two lists of parts never give one text."""
    return "".join([f"{len(part)}:{part}" for part in parts])
