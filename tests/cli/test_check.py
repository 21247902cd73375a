"""``maitred check``: what it prints and how it ends."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from maitred.cli.shown.faults import as_github, as_json, as_text, excerpt, summary
from maitred.core.rules.faults import Fault, Severity

DIRECTORY = Path("rules")
FAULTS = (
    Fault("a.yaml", 12, 5, "`x` is not declared", "    x == 1"),
    Fault("a.yaml", 13, 1, "odd", "\ty", Severity.WARNING),
    Fault("b,c.yaml", 0, 0, "100% wrong:\nno"),
)


def test_a_sound_ruleset_ends_with_0(maitred, rules):
    done = maitred("check", rules)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: 3 actions, 2 situations, ruleset 1.4 (")


def test_faults_are_shown_where_they_stand_and_end_with_1(maitred, rules, broken_actions):
    (rules / "actions.yaml").write_text(broken_actions + "unknown: field\n")
    done = maitred("check", rules)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == "2 errors in 1 file"
    place = lines.index(next(line for line in lines if line.startswith(f"{rules}/actions.yaml:8:")))
    assert "`customer.teir`" in lines[place]
    assert lines[place + 1] == "8 |   - require: customer.teir == 1"
    assert lines[place + 2].rindex("^") >= lines[place + 1].index("customer")


def test_json_for_programs(run, rules, broken_actions):
    sound = json.loads(run("check", rules, "--format", "json").stdout)
    assert (sound["ok"], sound["errors"], sound["faults"]) == (True, 0, [])
    assert sound["ruleset"]["actions"] == 3
    (rules / "actions.yaml").write_text(broken_actions)
    done = run("check", rules, "--format", "json")
    assert done.returncode == 1
    broken = json.loads(done.stdout)
    assert (broken["ok"], broken["errors"], broken["ruleset"]) == (False, 1, None)
    assert broken["faults"][0]["file"] == "actions.yaml"
    assert broken["faults"][0]["line"] == 8


def test_annotations_for_a_pull_request(run, rules, broken_actions, monkeypatch):
    (rules / "actions.yaml").write_text(broken_actions)
    monkeypatch.chdir(rules.parent)
    done = run("check", "rules", "--format", "github")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=rules/actions.yaml,line=8,col=")


@pytest.mark.parametrize("name", ["nowhere", "ruleset.yaml"])
def test_what_is_no_directory_cannot_be_checked(run, rules, name):
    done = run("check", rules / name)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == f"error: `{rules / name}` is not a directory: name the one that holds the rule files\n"
    )


def test_an_empty_directory_is_a_finding(run, tmp_path):
    done = run("check", tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 error"


def test_the_directory_may_be_a_variable(run, rules, monkeypatch):
    monkeypatch.setenv("MAITRED_RULES", str(rules))
    assert run("check").returncode == 0


def rendered(view) -> list[str]:
    console = Console(file=(file := io.StringIO()), width=200)
    console.print(view)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_text_has_place_source_and_caret():
    assert rendered(as_text(FAULTS, None, DIRECTORY)) == [
        "rules/a.yaml:12:5: error: `x` is not declared",
        "12 |     x == 1",
        "   |     ^",
        "rules/a.yaml:13:1: warning: odd",
        "13 |     y",
        "   | ^",
        "rules/b,c.yaml: error: 100% wrong:\\nno",
        "2 errors, 1 warning in 2 files",
    ]


def test_workflow_commands_are_escaped():
    assert (
        rendered(as_github(FAULTS, None, DIRECTORY))[2] == "::error file=rules/b%2Cc.yaml::100%25 wrong:%0Ano"
    )


def test_json_counts_by_severity():
    content = json.loads(as_json(FAULTS, None))
    assert (content["errors"], content["warnings"], len(content["faults"])) == (2, 1, 3)


def test_the_summary_counts_in_words():
    assert summary(FAULTS[:1], None) == "1 error in 1 file"


@given(st.text(max_size=400), st.integers(1, 420))
def test_the_caret_stands_below_its_character(text, column):
    shown, lead = excerpt(text, column)
    assert shown.isprintable()
    assert len(shown) <= 1200
    assert lead >= 0


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_long_line_is_cut_around_the_caret(before, after):
    shown, lead = excerpt("a" * before + "X" + "b" * after, before + 1)
    assert shown[lead] == "X"
