"""Files of a directory, and everything a directory can be that is not a ruleset."""

import os

import pytest

from maitred.core.rules.faults import RulesetInvalid
from maitred.rulefiles import bounds, read_sources


def refused(directory):
    with pytest.raises(RulesetInvalid) as caught:
        read_sources(directory)
    return {fault.file: fault.message for fault in caught.value.faults}


def test_rule_files_tables_and_lists_by_relative_path(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in ("a.yaml", "b/x.yml", "b/c/t.csv", "l.txt"):
        (tmp_path / name).write_bytes(name.encode())
    for name in ("README.md", "b/run.py", ".hidden.yaml", "x.yaml~"):
        (tmp_path / name).write_text("not a rule file")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("no")
    expected = {name: name.encode() for name in ("a.yaml", "b/c/t.csv", "b/x.yml", "l.txt")}
    assert read_sources(tmp_path) == expected
    assert list(read_sources(tmp_path)) == sorted(expected)


def test_an_empty_directory_has_no_sources(tmp_path):
    assert read_sources(tmp_path) == {}


def test_no_directory(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("missing", "file", "loop", "file/below"):
        assert "is not a directory" in refused(tmp_path / name)[""]


def test_the_directory_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert read_sources(tmp_path / "link") == {"a.yaml": b"x"}


def test_links_out_of_the_ruleset_are_refused(tmp_path):
    (tmp_path / "secret.yaml").write_text("s")
    root = tmp_path / "rules"
    root.mkdir()
    (root / "up.yaml").symlink_to("../secret.yaml")
    (root / "abs.csv").symlink_to("/etc/hostname")
    (root / "sibling.yaml").symlink_to(tmp_path / "rules-other" / "x.yaml")
    (tmp_path / "rules-other").mkdir()
    (tmp_path / "rules-other" / "x.yaml").write_text("s")
    faults = refused(root)
    assert set(faults) == {"up.yaml", "abs.csv", "sibling.yaml"}
    assert all("link out of the ruleset" in message for message in faults.values())


def test_links_within_the_ruleset_are_followed_as_mounted_configuration_has_them(tmp_path):
    (tmp_path / "..2026_01").mkdir()
    (tmp_path / "..2026_01" / "a.yaml").write_text("x")
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert read_sources(tmp_path) == {"a.yaml": b"x"}


def test_loops_and_broken_links_end(tmp_path):
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "c.csv").symlink_to("nowhere.csv")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "up").symlink_to("..")
    faults = refused(tmp_path)
    assert set(faults) == {"a.yaml", "b.yaml", "c.csv", "d/up"}
    assert "leads nowhere" in faults["a.yaml"]
    assert "link to a directory" in faults["d/up"]


def test_a_pipe_called_like_a_rule_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    assert "not a regular file" in refused(tmp_path)["a.yaml"]


def test_a_directory_called_like_a_rule_file(tmp_path):
    (tmp_path / "a.yaml").mkdir()
    (tmp_path / "a.yaml" / "b.yaml").write_text("x")
    assert read_sources(tmp_path) == {"a.yaml/b.yaml": b"x"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable_files_and_directories_are_told_as_root_never_sees(tmp_path):
    (tmp_path / "a.yaml").write_text("x")
    (tmp_path / "a.yaml").chmod(0)
    (tmp_path / "d").mkdir(mode=0)
    faults = refused(tmp_path)
    assert faults == {"a.yaml": "cannot be read: permission denied", "d": "cannot be read: permission denied"}


def test_an_unreadable_file_is_told(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text("x")
    (tmp_path / "b.yaml").write_text("x")
    real = os.open

    def no_permission(path, flags):
        if str(path).endswith("a.yaml"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr(os, "open", no_permission)
    assert refused(tmp_path) == {"a.yaml": "cannot be read: permission denied"}


def test_files_over_their_limit(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b" " * bounds.YAML_FILE_BYTES)
    (tmp_path / "b.yaml").write_bytes(b" " * (bounds.YAML_FILE_BYTES + 1))
    with (tmp_path / "c.csv").open("wb") as file:
        file.truncate(bounds.TABLE_FILE_BYTES + 1)
    faults = refused(tmp_path)
    assert faults == {
        "b.yaml": "the file is over 1 MiB: split it",
        "c.csv": "the file is over 64 MiB: split it",
    }


def test_all_files_together_over_their_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "RULESET_BYTES", 10)
    (tmp_path / "a.yaml").write_text("12345678")
    (tmp_path / "b.yaml").write_text("12345678")
    assert "together" in refused(tmp_path)["b.yaml"]


@pytest.mark.parametrize(("limit", "words"), [("RULESET_FILES", "files"), ("DIRECTORY_ENTRIES", "entries")])
def test_too_many_files_or_entries(tmp_path, monkeypatch, limit, words):
    monkeypatch.setattr(bounds, limit, 2)
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (tmp_path / name).write_text("x")
    assert f"more than 2 {words}" in refused(tmp_path)[""]


def test_names_that_do_not_print_are_refused(tmp_path):
    (tmp_path / "a\n.yaml").write_text("x")
    (tmp_path / "a\u202e.yaml").write_text("x")
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text("x")
    faults = refused(tmp_path)
    assert len(faults) == 3
    assert all("printable" in message for message in faults.values())
    "".join(faults).encode()
