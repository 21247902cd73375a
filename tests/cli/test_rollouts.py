"""``maitred rollouts`` beside a database that an engine has written."""

import json
import re

import pytest
from tests.claims.harness import DAY, HOUR, EngineHarness, rules_text
from tests.rules import action, document

from maitred.cli.main import run
from maitred.store import open_store

GUARD = "{outcome: rejected, direction: above, threshold: 20, horizon: 28d}"
PIZZA = action(
    "pizza", rollout="{percent: 100, steps: [{from: 2027-01-01, percent: 100}], guard: " + GUARD + "}"
)
WORDS = document(
    "Experiment",
    "words",
    {
        "applies_to": "{actions: [plain]}",
        "arms": "{control: {weight: 1}, loud: {weight: 1, treatments: {pos: {say: HELLO}}}}",
        "guard": "{outcome: accepted, direction: below, threshold: 5, horizon: 28d}",
    },
)
AT = "2026-12-20T00:00:00Z"


@pytest.fixture
def rolled_out(sqlite_url, keys, tmp_path):
    """A rollout that most have rejected, and its rules in a directory."""
    documents = [PIZZA, action("bread", rollout="{percent: 12.5}"), action("plain"), WORDS]
    (tmp_path / "rules").mkdir()
    text = rules_text(*documents)
    (tmp_path / "rules/rules.yaml").write_text(text)
    harness = EngineHarness(open_store(sqlite_url), keys)
    harness.rules(*documents)
    for number in range(60):
        decided = harness.after(HOUR / 60).decide(f"c-{number}", max_actions=3)
        if number < 40:
            harness.report(decided, "REJECTED")
        harness.report(decided, "ACCEPTED", action="plain")
    harness.after(2 * DAY).engine.guards.check()
    harness.close()
    return sqlite_url, tmp_path / "rules"


def shown(capsys, rolled_out, *words):
    code = run(["rollouts", str(rolled_out[1]), "--database", rolled_out[0], "--at", AT, *words])
    return code, capsys.readouterr()


def test_each_rollout_stands_with_its_guard(capsys, rolled_out):
    code, output = shown(capsys, rolled_out)
    assert code == 0
    bread, pizza, words = output.out.splitlines()[1:]
    assert bread.split() == ["bread", "12.5", "%", "goes", "on"]
    assert "rejected above 20 %" in pizza
    assert "40 of 60 persons" in pizza
    assert "paused by guard: rejected by 3 of 3 persons (100.0 %), more than 20 %" in pizza
    assert words.startswith("experiment/words")
    assert "accepted below 5 %" in words
    assert words.endswith("persons  goes on")
    assert re.search(r"control (\d+) of \1, loud (\d+) of \2 persons", words)


def test_a_guard_that_hears_of_nothing_asks_whether_it_is_reported(capsys, rolled_out):
    file = rolled_out[1] / "rules.yaml"
    file.write_text(file.read_text().replace("outcome: rejected", "outcome: redeemed"))
    *_, line = shown(capsys, rolled_out)[1].out.splitlines()
    assert line == "pizza: none of 60 persons is known as `redeemed`; make sure that it is reported"


def test_programs_get_json(capsys, rolled_out):
    _, output = shown(capsys, rolled_out, "--json")
    bread, pizza, words = json.loads(output.out)["rollouts"]
    assert set(words["guard"]["arms"]) == {"control", "loud"}
    assert words["percent"] is None
    assert (bread["guard"], bread["paused"]) == (None, None)
    assert (pizza["guard"]["reached"], pizza["guard"]["persons"]) == (40, 60)
    assert pizza["paused"]["by"] == "guard"


def test_rules_with_faults_are_not_shown(capsys, rolled_out):
    (rolled_out[1] / "more.yaml").write_text("nothing: here\n")
    code, output = shown(capsys, rolled_out)
    assert code == 2
    assert "have faults: see `maitred check" in output.err


def test_steps_that_are_held_stand_where_they_were_held(capsys, sqlite_url, keys, tmp_path):
    steps = "[{from: 2026-12-10, percent: 50}]"
    rollout = "{percent: 30, steps: " + steps + ", guard: " + GUARD[:-1] + ", then: hold}}"
    pizza = action("pizza", rollout=rollout)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/rules.yaml").write_text(rules_text(pizza))
    harness = EngineHarness(open_store(sqlite_url), keys)
    harness.rules(pizza)
    harness.engine.operator.pause("rollout/pizza", "ann", "too many calls")
    harness.close()
    _, output = shown(capsys, (sqlite_url, tmp_path / "rules"))
    assert "30 %" in output.out
    assert output.out.rstrip().endswith("held by ann: too many calls")
