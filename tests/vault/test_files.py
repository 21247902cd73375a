"""The keyring's file: who may read it, what is refused, many at once, killed halfway."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vault.keyrings import names_in, rotate

from maitred.vault import (
    Keyring,
    KeyringUnusable,
    KeyVersion,
    change_keyring,
    check_values,
    files,
    make_keyring,
    open_vault,
    read_keyring,
)
from maitred.vault.files import from_text, to_text
from maitred.vault.vault import MAX_VERSIONS

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
KEYS = st.binary(min_size=32, max_size=32)


@st.composite
def keyrings(draw: st.DrawFn) -> Keyring:
    numbers = draw(st.lists(st.integers(1, 65_535), min_size=1, max_size=4, unique=True))
    versions = tuple(
        KeyVersion(number, draw(INSTANTS), draw(KEYS), draw(KEYS)) for number in sorted(numbers, reverse=True)
    )
    return Keyring(versions, draw(st.sampled_from(numbers)), draw(KEYS))


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.write_text(text)
    file.chmod(mode)


def refusal(file: Path) -> str:
    with pytest.raises(KeyringUnusable) as raised:
        open_vault(file, create=True)
    return str(raised.value)


# form


@given(keyrings())
def test_what_is_written_is_read(keyring: Keyring):
    assert from_text(to_text(keyring), "x") == keyring


@given(keyring=keyrings(), data=st.data())
def test_one_digit_of_a_key_altered_is_noticed(keyring: Keyring, data: st.DataObject):
    top = json.loads(to_text(keyring))
    where, field = data.draw(
        st.sampled_from(
            [(top, "subject"), (top["versions"][0], "master"), (top["versions"][-1], "pseudonym")]
        )
    )
    at = data.draw(st.integers(0, 63))
    other = data.draw(st.sampled_from("0123456789abcdef").filter(lambda digit: digit != where[field][at]))
    where[field] = where[field][:at] + other + where[field][at + 1 :]
    with pytest.raises(KeyringUnusable, match="not those it was written with"):
        from_text(json.dumps(top), "x")


@given(keyring=keyrings(), data=st.data())
def test_cut_short_it_is_refused(keyring: Keyring, data: st.DataObject):
    text = to_text(keyring).rstrip()
    with pytest.raises(KeyringUnusable, match="cut short or no JSON"):
        from_text(text[: data.draw(st.integers(0, len(text) - 1))], "x")


SPOILT = {
    "format": (lambda top: top.update(format="maitred-keys/2"), "`format` is not `maitred-keys/1`"),
    "no format": (lambda top: top.pop("format"), "`format` is not"),
    "unknown field": (lambda top: top.update(more=1), "the keyring has unknown fields `more`"),
    "missing field": (lambda top: top.pop("subject"), "the keyring lacks `subject`"),
    "unknown in version": (lambda top: top["versions"][0].update(x=1), "a version has unknown fields `x`"),
    "missing in version": (lambda top: top["versions"][0].pop("master"), "a version lacks `master`"),
    "version twice": (lambda top: top["versions"].append(top["versions"][0]), "have the same number"),
    "no version": (lambda top: top.update(versions=[]), "a list of 1 to 32 objects"),
    "versions no list": (lambda top: top.update(versions={"1": 2}), "a list of 1 to 32 objects"),
    "versions a string": (lambda top: top.update(versions="ab"), "a list of 1 to 32 objects"),
    "versions null": (lambda top: top.update(versions=None), "a list of 1 to 32 objects"),
    "version null": (lambda top: top.update(versions=[None]), "a list of 1 to 32 objects"),
    "too many": (lambda top: top.update(versions=top["versions"] * 33), "a list of 1 to 32 objects"),
    "number zero": (lambda top: top["versions"][0].update(version=0), "whole number from 1 to 65535"),
    "number too great": (lambda top: top["versions"][0].update(version=65_536), "whole number"),
    "number true": (lambda top: top["versions"][0].update(version=True), "whole number"),
    "number 1.0": (lambda top: top["versions"][0].update(version=1.0), "whole number"),
    "active unknown": (lambda top: top.update(active=9), "`active` must be the number of one"),
    "active a list": (lambda top: top.update(active=[1]), "`active` must be the number of one"),
    "active true": (lambda top: top.update(active=True), "`active` must be the number of one"),
    "short key": (lambda top: top.update(subject="00" * 31), "`subject` must have 64 hexadecimal digits"),
    "long key": (lambda top: top.update(subject="00" * 33), "`subject` must have 64 hexadecimal digits"),
    "key with spaces": (
        lambda top: top.update(subject="00 " * 21 + "0"),
        "`subject` must have 64 hexadecimal",
    ),
    "no hex": (lambda top: top.update(subject="x" * 64), "`subject` must have 64 hexadecimal digits"),
    "key no text": (lambda top: top.update(subject=[0] * 64), "`subject` must have 64 hexadecimal digits"),
    "local time": (lambda top: top["versions"][0].update(created="2026-12-01T11:30:00"), "with its offset"),
    "time no text": (lambda top: top["versions"][0].update(created=5), "with its offset"),
    "time out of range": (
        lambda top: top["versions"][0].update(created="0001-01-01T00:00:00+14:00"),
        "with its offset",
    ),
    "renumbered": (lambda top: (top["versions"][0].update(version=2), top.update(active=2)), "version 2"),
    "check no text": (lambda top: top["versions"][0].update(check=None), "not those it was written with"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_what_is_malformed_is_refused_and_says_what(keyrings, file: Path, case: str):
    spoil, reason = SPOILT[case]
    top = json.loads(to_text(keyrings[1]))
    spoil(top)
    write(file, json.dumps(top))
    message = refusal(file)
    assert reason in message
    assert str(file) in message
    assert "restore it" in message
    assert "01" * 32 not in message


@pytest.mark.parametrize(
    "text",
    ["", "{", "maitred", "\0" * 100, "\ufeff{}", "[" * 60_000, "9" * 5_000, "NaN", "[]", "null", '"x"', "é"],
    ids=lambda text: ascii(text[:8]),
)
def test_any_other_text_is_refused(file: Path, text: str):
    write(file, text)
    assert "restore it from your backup" in refusal(file)
    assert file.read_text() == text


def test_a_field_twice_is_refused(keyrings, file: Path):
    write(file, to_text(keyrings[1]).replace('"active": 1,', '"active": 1, "active": 1,'))
    assert "a field stands there twice" in refusal(file)


def test_versions_stand_in_any_order(keyrings, file: Path):
    top = json.loads(to_text(keyrings[3]))
    top["versions"].reverse()
    write(file, json.dumps(top))
    assert read_keyring(file) == keyrings[3]


def test_a_huge_file_is_not_read(file: Path):
    write(file, " " * 65_537)
    assert "longer than 65,536 bytes" in refusal(file)


def test_the_most_versions_fit_into_the_file(keyrings, file: Path):
    keyring = keyrings[1]
    while len(keyring.versions) < MAX_VERSIONS:
        keyring = rotate(keyring, datetime(2026, 1, 1, tzinfo=UTC), bytes(64))
    write(file, to_text(keyring))
    assert read_keyring(file) == keyring
    with pytest.raises(KeyringUnusable, match="drop old ones first"):
        change_keyring(file, rotate)


# the file


@pytest.mark.parametrize("mask", [0, 0o077, 0o777], ids=oct)
def test_only_its_owner_can_read_a_new_one(file: Path, mask: int):
    before = os.umask(mask)
    try:
        vault = open_vault(file, create=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names_in(file.parent) == [file.name]
    assert open_vault(file, create=True).check_values() == vault.check_values()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601, 0o644, 0o610], ids=oct)
def test_one_that_others_can_use_is_refused(keyrings, file: Path, mode: int):
    write(file, to_text(keyrings[1]), mode)
    assert f"mode {mode:04o}" in refusal(file)
    assert f"chmod 600 {file}" in refusal(file)
    with pytest.raises(KeyringUnusable, match="used by others"):
        change_keyring(file, rotate)
    assert file.read_text() == to_text(keyrings[1])


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700], ids=oct)
def test_one_that_only_its_owner_can_use_is_taken(keyrings, file: Path, mode: int):
    write(file, to_text(keyrings[1]), mode)
    assert open_vault(file, create=False).check_values() == check_values(keyrings[1])


def test_without_create_a_missing_one_is_not_made(file: Path):
    with pytest.raises(KeyringUnusable, match=f"make one with `maitred keys new {file}`"):
        open_vault(file, create=False)
    assert not file.exists()


def test_none_is_made_over_another(file: Path):
    made = make_keyring(file)
    with pytest.raises(KeyringUnusable, match="is there already"):
        make_keyring(file)
    assert read_keyring(file) == made


def test_other_things_in_its_place_are_refused(file: Path):
    file.mkdir(0o700)
    assert "not a regular file" in refusal(file)
    file.rmdir()
    os.mkfifo(file, 0o600)
    assert "not a regular file" in refusal(file)
    file.unlink()
    file.symlink_to(file)
    assert "cannot be read" in refusal(file)
    file.unlink()
    file.symlink_to(file.parent / "nowhere")
    assert "does not exist" in refusal(file)


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path):
    assert "cannot be written" in refusal(tmp_path / "no folder" / "keys")
    (tmp_path / "file").write_text("")
    assert "cannot be read" in refusal(tmp_path / "file" / "keys")


def test_a_link_as_secret_managers_mount_it_is_followed(keyrings, file: Path):
    target = file.parent / "data" / "keys"
    target.parent.mkdir()
    write(target, to_text(keyrings[1]))
    file.symlink_to(target)
    changed = change_keyring(file, rotate)
    assert file.is_symlink()
    assert read_keyring(target) == read_keyring(file) == changed


def test_a_change_that_fails_leaves_the_old_one(file: Path, monkeypatch):
    made = make_keyring(file)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyringUnusable, match="No space left on device"):
        change_keyring(file, rotate)
    monkeypatch.undo()
    assert read_keyring(file) == made
    assert names_in(file.parent) == [file.name]


def test_a_file_system_without_links_is_named(file: Path, monkeypatch):
    def refuse(_source: object, _target: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert "cannot be written (Operation not permitted)" in refusal(file)
    assert names_in(file.parent) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_change_by_root_leaves_the_file_its_owner(file: Path):
    make_keyring(file)
    os.chown(file, 12_345, 23_456)
    change_keyring(file, rotate)
    assert (file.stat().st_uid, file.stat().st_gid) == (12_345, 23_456)


def test_times_are_whole_seconds_in_utc(file: Path):
    created_at = make_keyring(file).versions[0].created_at
    assert (created_at.tzinfo, created_at.microsecond) == (UTC, 0)
    assert files._now() >= created_at


# changes


def test_only_what_is_older_than_the_active_version_can_be_dropped(keyrings):
    assert [version.number for version in keyrings[3].without(1).versions] == [3, 2]
    for number in (2, 3):
        with pytest.raises(KeyringUnusable, match="not older than the active one"):
            keyrings[3].with_active(2).without(number)
    with pytest.raises(KeyringUnusable, match="no version 4, only 3, 2, 1"):
        keyrings[3].without(4)
    with pytest.raises(KeyringUnusable, match="no version 0"):
        keyrings[3].with_active(0)


@given(st.lists(st.sampled_from(["rotate", "stand by", "activate", "drop"]), max_size=20), st.data())
def test_a_number_is_never_given_twice(steps: list[str], data: st.DataObject):
    keyring = Keyring((KeyVersion(1, datetime(2026, 1, 1, tzinfo=UTC), bytes(32), bytes(32)),), 1, bytes(32))
    versions = {1: keyring.versions[0]}
    for at, step in enumerate(steps):
        known = data.draw(st.sampled_from([version.number for version in keyring.versions]))
        try:
            match step:
                case "activate":
                    keyring = keyring.with_active(known)
                case "drop":
                    keyring = keyring.without(known)
                case _:
                    activate = step == "rotate"
                    fresh = (at + 1).to_bytes(64)
                    keyring = keyring.with_version(datetime(2026, 1, 1, tzinfo=UTC), fresh, activate=activate)
        except KeyringUnusable:
            assert step == "drop"
        for version in keyring.versions:
            assert versions.setdefault(version.number, version) == version
        assert keyring.in_order[0].number == keyring.active
