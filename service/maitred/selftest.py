"""Whether third parties do what maitred uses of them beyond what they promise.

An internal of a package may change with any version. Each room tries out at the start what it leans on, so
that a version that does something else is named before the first call and not found out by customers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

PROJECT = "maitred"


class Unfit(Exception):
    """A package does not do what is used of it. The text names it, its version, those tested, the remedy."""


@contextmanager
def relying_on(package: str, use: str) -> Iterator[None]:
    """Raises ``Unfit`` where the body fails in any way.

    ``package`` is named as in the dependencies of maitred; ``use`` says in a few words what it must do.
    """
    try:
        yield
    except Exception as error:
        cause = f"{type(error).__name__}: {error}".rstrip(": ")
        raise Unfit(_unfit(package, use, cause)) from error


def _unfit(package: str, use: str, cause: str) -> str:
    tested = _tested(package)
    return (
        f"`{package}` {_version(package)} does not do what maitred uses of it, {use} ({cause}): "
        f"tested with {tested or 'what locks/ names'}, install that: pip install '{package}{tested}'"
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _tested(package: str) -> str:
    """Returns the versions that maitred's own metadata allow.

    Empty where it is not installed as a package.
    """
    try:
        needed = metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:
        return ""
    for requirement in needed:
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?\s*([^;]*)", requirement)
        if match and match[1].lower() == package.lower():
            return match[2].strip()
    return ""
