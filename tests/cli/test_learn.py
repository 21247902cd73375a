"""``maitred learn`` beside a database that an engine has written."""

import json

import pytest
from tests.claims.harness import DAY, HOUR, EngineHarness, rules_text
from tests.rules import action, document

from maitred.bootstrap.learning import read_parameters
from maitred.cli.main import run
from maitred.core.learning.learners import Beta
from maitred.store import open_store

LEARNER = document("Learner", "uptake", {"enabled": "true", "exploration": 50})
DOCUMENTS = [
    LEARNER,
    document("Learner", "later", {}),
    action("pizza", score='learned("uptake") * 10'),
    action("bread", score='learned("uptake") * 10 + learned("later") * 0'),
]
AT = "2026-12-20T00:00:00Z"


@pytest.fixture
def harness(sqlite_url, keys, tmp_path):
    """An engine with learned scores, its rules in a directory."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/rules.yaml").write_text(rules_text(*DOCUMENTS))
    harness = EngineHarness(open_store(sqlite_url), keys)
    harness.rules(*DOCUMENTS)
    for number in range(30):
        decided = harness.after(HOUR / 60).decide(f"c-{number}")
        name = decided.proposals[0].action
        harness.report(decided, "PRESENTED", *(["ACCEPTED"] if name == "pizza" else []), action=name)
    harness.after(2 * DAY)
    yield harness
    harness.close()


@pytest.fixture
def learn(capsys, sqlite_url, tmp_path):
    def learning(*words):
        code = run(["learn", str(tmp_path / "rules"), "--database", sqlite_url, "--at", AT, *words])
        return code, capsys.readouterr()

    return learning


def counts_in(output):
    return {
        name: (row["presented"], row["accepted"])
        for name, row in json.loads(output.out)["learners"]["uptake"]["actions"].items()
    }


def test_what_was_learned_is_shown_and_taken_up_by_the_service_that_has_the_file(harness, learn):
    code, output = learn("--json")
    assert code == 0
    assert "left beside the database, the service that has it draws by it within a second" in output.err
    counts = counts_in(output)
    assert sum(trials for trials, _ in counts.values()) == 30
    assert counts["bread"][1] == 0
    assert counts["pizza"][0] == counts["pizza"][1] > 0
    harness.engine.learned.refresh()
    current = harness.engine.learned.current()
    assert current.version == json.loads(output.out)["version"]
    assert current.by_learner["uptake"]["pizza"] == Beta(1.0 + counts["pizza"][0], 1.0)
    _, again = learn()
    assert "nothing new, services draw by it already" in again.err


def test_people_get_a_table_best_first(harness, learn):
    del harness
    code, output = learn()
    assert code == 0
    head, _, first, second, *_, off, total = output.out.splitlines()
    assert head == "uptake: accepted of what was presented"
    assert first.split()[0] == "pizza"
    assert second.split()[0] == "bread"
    assert off == "later is not enabled: set `enabled: true` in its document"
    assert total == "learned from 30 decisions"


def test_decisions_by_a_learner_that_the_rules_do_not_have_are_told(harness, learn, tmp_path):
    del harness
    rules = tmp_path / "rules/rules.yaml"
    rules.write_text(rules.read_text().replace("uptake", "uptakes"))
    code, output = learn()
    assert code == 0
    said = "these rules have no learner uptake, by which decisions were scored, did you mean `uptakes`?"
    assert said in " ".join(output.out.split())
    assert json.loads(learn("--json")[1].out)["unknown"] == ["uptake"]
    rules.write_text(rules.read_text().replace("uptakes", "uptake"))
    assert "by which decisions were scored" not in learn()[1].out


def test_without_a_service_it_is_kept_in_the_database(harness, learn, sqlite_url, closed_after):
    harness.close()
    code, output = learn()
    assert code == 0
    assert "kept in the database" in output.err
    store = closed_after(open_store(sqlite_url))
    assert store.learned_after(0).number == 1


def test_a_file_is_written_and_nothing_kept(harness, learn, tmp_path):
    code, output = learn("--out", str(tmp_path / "parameters.json"), "--json")
    assert code == 0
    parameters = read_parameters(tmp_path / "parameters.json")
    assert parameters.version == json.loads(output.out)["version"]
    harness.engine.learned.refresh()
    assert harness.engine.learned.current().version == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--watch", "soon"], "`soon` is no span"),
        (["--out", "/nowhere/parameters.json"], "cannot write `/nowhere/parameters.json`"),
        (["--database", "sqlite:////nowhere/there.db"], "nowhere/there.db"),
    ],
)
def test_what_cannot_be_done_is_said(harness, learn, words, message):
    del harness
    code, output = learn(*words)
    assert code == 2
    assert message in output.err


def test_rules_with_faults_teach_nothing(harness, learn, tmp_path):
    del harness
    (tmp_path / "rules/more.yaml").write_text("nothing: here\n")
    code, output = learn()
    assert code == 2
    assert "have faults: see `maitred check" in output.err


def test_a_file_that_holds_no_parameters_is_refused_before_serving(capsys, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "bad.json").write_text(
        '{"format": 1, "version": "a", "learners": {"uptake": {"pizza": [1, 0]}}}'
    )
    code = run(["serve", "--rules", str(tmp_path / "rules"), "--learned", str(tmp_path / "bad.json")])
    assert code == 2
    assert "`learners.uptake.pizza` is not two numbers of at least 1" in capsys.readouterr().err
