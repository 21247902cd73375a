"""The `setup.py` of the compiled wheel: mypyc makes C of what calls pass. `pyproject.toml` says the rest.

`tools/wheel.sh` puts it beside a copy of the sources. The wheel holds every module as text too: some stay
pure, and tracebacks show lines of the others.
"""

import hashlib
import json
import os
from pathlib import Path

SOURCE = Path("service")
ROOMS = (
    "core",
    "engine/claiming",
    "engine/customers",
    "engine/deciding",
    "rpc/convert",
    "store/chain.py",
    "store/ledger",
)
"""What calls pass: calls between compiled modules are calls of C functions, so that they gain together."""
_ROWS = "SQLAlchemy types its rows as tuples, which they are not, and compiled code checks types"
PURE = {
    "maitred/core/rules/treatments.py": "mypyc makes no native class of a generic dataclass",
    "maitred/store/ledger/lot_histories.py": _ROWS,
    "maitred/store/ledger/tallies.py": _ROWS,
}
"""What is not compiled of these, and why. `__init__.py` hold no code."""
STAMP = Path("maitred", "compiled.json")
"""The SHA-256 of each source that was compiled, by file; `maitred.compiled` compares them at the start."""
EXACT = "-ffp-contract=off"
"""a * b + c is rounded twice on every processor, as in Python: a decision is the same wherever it is made."""


def compiled_files(source: Path) -> list[str]:
    """What is compiled, relative to the root of the sources."""
    rooms = (source / "maitred" / room for room in ROOMS)
    files = (file for room in rooms for file in (room.rglob("*.py") if room.is_dir() else (room,)))
    names = (file.relative_to(source).as_posix() for file in files if file.name != "__init__.py")
    return sorted(name for name in names if name not in PURE)


def stamp(source: Path) -> str:
    digests = {
        name: hashlib.sha256((source / name).read_bytes()).hexdigest() for name in compiled_files(source)
    }
    return json.dumps(digests, indent=1)


def main() -> None:
    from mypyc.build import mypycify  # noqa: PLC0415 -- the list above is read without it
    from setuptools import setup  # noqa: PLC0415

    (SOURCE / STAMP).write_text(stamp(SOURCE))
    extensions = mypycify(
        ["--config-file=pyproject.toml", *(str(SOURCE / name) for name in compiled_files(SOURCE))],
        opt_level=os.environ.get("MYPYC_OPT_LEVEL", "3"),
        debug_level="0",
        multi_file=True,
        group_name="maitred",
    )
    for extension in extensions:
        extension.extra_compile_args.append(EXACT)
    setup(ext_modules=extensions)


if __name__ == "__main__":
    main()
