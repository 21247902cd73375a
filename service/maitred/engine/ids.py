"""Ids as callers write them."""


def octets_of(id_hex: str) -> bytes:
    """What an id stands for; empty where it is none of ours."""
    try:
        return bytes.fromhex(id_hex)
    except ValueError:
        return b""
