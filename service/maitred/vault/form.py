"""A keyring as text: JSON, to be kept in a file or pasted into a secret manager."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from . import messages
from .keyring import (
    GREATEST_VERSION,
    KEY_BYTES,
    MAX_VERSIONS,
    Keyring,
    KeyringUnusable,
    KeyVersion,
    check_value,
)

FORMAT = "maitred-keys/1"
_TOP = {"format", "active", "subject", "versions"}
_VERSION = {"version", "created", "pseudonym", "master", "check"}


def to_text(keyring: Keyring) -> str:
    """JSON that ends with a line break; keys are hexadecimal."""
    versions = [
        {
            "version": version.number,
            "created": version.created_at.isoformat(),
            "pseudonym": version.pseudonym.hex(),
            "master": version.master.hex(),
            "check": check_value(version, keyring.subject).hex(),
        }
        for version in keyring.versions
    ]
    top = {"format": FORMAT, "active": keyring.active, "subject": keyring.subject.hex(), "versions": versions}
    return json.dumps(top, indent=2) + "\n"


def from_text(text: str, name: str) -> Keyring:
    """Reads what ``to_text`` writes, and nothing else. Raises ``KeyringUnusable``, which tells ``name``."""
    try:
        return _keyring(json.loads(text, object_pairs_hook=_no_duplicates))
    except (ValueError, RecursionError):
        raise KeyringUnusable(messages.not_json(name)) from None
    except _Malformed as malformed:
        raise KeyringUnusable(messages.malformed(name, str(malformed))) from None


class _Malformed(Exception):
    """What is wrong, without the file's name."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Malformed(messages.FIELD_TWICE)
    return fields


def _keyring(top: Any) -> Keyring:
    if not isinstance(top, Mapping) or top.get("format") != FORMAT:
        raise _Malformed(messages.unknown_format(FORMAT))
    _check_fields(top, _TOP, messages.AT_TOP)
    subject = _key(top["subject"], "subject")
    versions = _versions(top["versions"], subject)
    active = top["active"]
    if type(active) is not int or active not in {version.number for version in versions}:
        raise _Malformed(messages.UNKNOWN_ACTIVE)
    return Keyring(versions, active, subject)


def _versions(entries: Any, subject: bytes) -> tuple[KeyVersion, ...]:
    if not isinstance(entries, Sequence) or not 1 <= len(entries) <= MAX_VERSIONS:
        raise _Malformed(messages.wrong_versions(MAX_VERSIONS))
    versions = sorted(
        (_version(entry, subject) for entry in entries),
        key=lambda entry_version: entry_version.number,
        reverse=True,
    )
    if len({version.number for version in versions}) != len(versions):
        raise _Malformed(messages.VERSION_TWICE)
    return tuple(versions)


def _version(entry: Any, subject: bytes) -> KeyVersion:
    if not isinstance(entry, Mapping):
        raise _Malformed(messages.wrong_versions(MAX_VERSIONS))
    _check_fields(entry, _VERSION, messages.IN_VERSION)
    number = entry["version"]
    if type(number) is not int or not 1 <= number <= GREATEST_VERSION:
        raise _Malformed(messages.wrong_number(GREATEST_VERSION))
    version = KeyVersion(
        number,
        _instant(entry["created"]),
        _key(entry["pseudonym"], "pseudonym"),
        _key(entry["master"], "master"),
    )
    if entry["check"] != check_value(version, subject).hex():
        raise _Malformed(messages.altered(number))
    return version


def _check_fields(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := entry.keys() - known:
        raise _Malformed(messages.unknown_fields(sorted(unknown), where))
    if missing := known - entry.keys():
        raise _Malformed(messages.missing_fields(sorted(missing), where))


def _key(value: Any, field: str) -> bytes:
    if isinstance(value, str) and len(value) == 2 * KEY_BYTES:
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
    raise _Malformed(messages.wrong_key(field, 2 * KEY_BYTES))


def _instant(value: Any) -> datetime:
    try:
        created_at = datetime.fromisoformat(value)
        if created_at.tzinfo is not None:
            return created_at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise _Malformed(messages.WRONG_INSTANT)
