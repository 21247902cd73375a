"""The files of a ruleset from a directory, with every bound checked before a byte is read."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from maitred.core.rules.faults import Fault, RulesetInvalid
from maitred.rulefiles import bounds
from maitred.rulefiles.messages import file_messages
from maitred.rulefiles.report import RULESET, bounded

from .documents import RULE_FILE_ENDINGS, TABLE_ENDINGS

_ENDINGS = (*RULE_FILE_ENDINGS, *TABLE_ENDINGS)


class _Refused(Exception):
    """A file that is not read; the text is the message."""


def read_sources(directory: Path) -> Mapping[str, bytes]:
    """Rule files, tables and lists by their path from ``directory``, with ``/``.

    Directories and files whose names begin with a point are passed over, and so is what has
    another ending. Raises ``RulesetInvalid``.
    """
    faults: list[Fault] = []
    try:
        root = directory.resolve(strict=True)
        if not root.is_dir():
            raise NotADirectoryError
    except (OSError, RuntimeError):
        raise RulesetInvalid((Fault(RULESET, 0, 0, file_messages.no_directory(str(directory))),)) from None
    sources: dict[str, bytes] = {}
    total = 0
    for name in _names(root, faults):
        try:
            sources[name] = _read(root, name, bounds.RULESET_BYTES - total)
            total += len(sources[name])
        except _Refused as refused:
            faults.append(Fault(_shown(name), 0, 0, str(refused)))
    if faults:
        raise RulesetInvalid(bounded(faults))
    return sources


def _names(root: Path, faults: list[Fault]) -> list[str]:
    paths: list[str] = []
    for entries, path in enumerate(_walk(root, faults)):
        if entries >= bounds.DIRECTORY_ENTRIES:
            faults.append(Fault(RULESET, 0, 0, file_messages.too_many_entries()))
            break
        if path.endswith(_ENDINGS):
            paths.append(path)
    if len(paths) > bounds.RULESET_FILES:
        faults.append(Fault(RULESET, 0, 0, file_messages.too_many_files()))
        return []
    return sorted(paths)


def _walk(root: Path, faults: list[Fault]) -> Iterator[str]:
    """Yields every entry below the root, directories with ``/``; a stack instead of recursion."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
        except OSError as error:
            faults.append(Fault(prefix.rstrip("/") or RULESET, 0, 0, file_messages.unreadable(_why(error))))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                path += "/"
                waiting.append(path)
            elif entry.is_symlink() and _leads_to_directory(root / path):
                faults.append(Fault(_shown(path), 0, 0, file_messages.linked_directory()))
                path += "/"
            yield path


def _leads_to_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, RuntimeError):
        return False


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode()


def _read(root: Path, name: str, room: int) -> bytes:
    if not name.isprintable() or len(name) > bounds.PATH_CHARACTERS:
        raise _Refused(file_messages.bad_file_name())
    path = _real(root, name)
    limit = bounds.YAML_FILE_BYTES if name.endswith(RULE_FILE_ENDINGS) else bounds.TABLE_FILE_BYTES
    try:
        # Not to wait for the other end of a pipe that is called like a rule file.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 - flags
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _Refused(file_messages.not_regular())
            data = file.read(limit + 1)
    except OSError as error:
        raise _Refused(file_messages.unreadable(_why(error))) from None
    if len(data) > limit:
        raise _Refused(file_messages.file_too_large(limit))
    if len(data) > room:
        raise _Refused(file_messages.ruleset_too_large())
    return data


def _real(root: Path, name: str) -> Path:
    """Where a file really is. A link is followed as long as it stays in the ruleset."""
    try:
        path = (root / name).resolve(strict=True)
    except (OSError, RuntimeError):
        raise _Refused(file_messages.link_broken()) from None
    if not path.is_relative_to(root):
        raise _Refused(file_messages.link_outside())
    return path


def _why(error: OSError) -> str:
    return (error.strerror or "the file system refuses").lower()
