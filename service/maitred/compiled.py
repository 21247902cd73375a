"""Whether the core runs compiled.

`make wheel` builds a wheel whose core is compiled to C. It decides as the same modules do in plain Python.
Python prefers a compiled module to the source beside it, so that one built from another version of the source
would run unnoticed: the wheel lists what it was built from, and that is compared at the start.
"""

import json
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

from maitred.selftest import Unfit

ROOT = Path(__file__).parent
_BUILT_FROM = "compiled.json"
"""By file below the parent of the root the SHA-256 of the source that was compiled."""
_EVERY_DECISION = "maitred.core.deciding.choose"


def is_compiled() -> bool:
    """Tells whether decisions run through compiled modules."""
    spec = find_spec(_EVERY_DECISION)
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))


def core_words() -> str:
    """Says what the core is, for people: ``compiled`` or ``pure Python``."""
    return "compiled" if is_compiled() else "pure Python"


def self_test() -> None:
    """Raises ``Unfit`` where compiled modules are not those of the sources beside them."""
    if not is_compiled():
        return
    list_of_sources = ROOT / _BUILT_FROM
    digests = json.loads(list_of_sources.read_bytes()) if list_of_sources.is_file() else {}
    changed = [name for name, built_from in digests.items() if digest(ROOT.parent / name) != built_from]
    if changed or not digests:
        named = f" (`{changed[0]}` differs)" if changed else ""
        raise Unfit(
            f"the compiled core was not built from the sources beside it{named}, install the wheel anew, "
            "or delete its `.so` files to run pure Python"
        )


def digest(file: Path) -> str:
    """Gives the SHA-256 of a file, empty where there is none."""
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
