"""``maitred schema``."""

import json


def test_one_schema_for_all_kinds_goes_to_stdout(run):
    done = run("schema")
    assert done.returncode == 0
    assert "Action" in json.loads(done.stdout)["properties"]["kind"]["enum"]


def test_a_file_for_each_kind(run, tmp_path):
    done = run("schema", "--out", tmp_path / "new" / "schema")
    assert done.returncode == 0
    files = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "new" / "schema").iterdir()}
    assert {"Action", "Ruleset", "Situation", "maitred"} <= set(files)
    assert done.stdout == f"wrote {len(files)} schemas to {tmp_path / 'new' / 'schema'}\n"


def test_where_nothing_can_be_written_it_cannot_run(run, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("schema", "--out", tmp_path / "file")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: cannot write `{tmp_path / 'file'}`: ")
