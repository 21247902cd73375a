"""The files of a ruleset as one compressed value.

A line of JSON with paths and sizes, then the files one after another; all of it in zlib.
"""

import json
import zlib
from collections.abc import Mapping


def pack(sources: Mapping[str, bytes]) -> bytes:
    """The files as one value. Equal files give equal values, whatever their order."""
    paths = sorted(sources)
    sizes = json.dumps({path: len(sources[path]) for path in paths})
    return zlib.compress(b"".join([sizes.encode("ascii"), b"\n", *(sources[path] for path in paths)]))


def unpack(packed: bytes) -> dict[str, bytes]:
    """The files of a value that ``pack`` made."""
    sizes, _, content = zlib.decompress(packed).partition(b"\n")
    sources, start = {}, 0
    for path, size in json.loads(sizes).items():
        sources[path] = content[start : start + size]
        start += size
    return sources
