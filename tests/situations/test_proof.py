import json
import sys
from dataclasses import replace

import pytest
from tests.recording import spied

from maitred.core.rules.situations import SituationError
from maitred.situations import chaining, deriver, probe, proof
from maitred.situations.graph import build, split
from maitred.situations.plan import plan


@pytest.fixture(autouse=True)
def _nothing_proven(monkeypatch):
    monkeypatch.setattr(proof, "_proven", set())


@pytest.fixture
def plans(situation):
    graph = build([situation("a", "?x"), situation("b", "?y", none="?z")])
    return [plan(graph, part) for part in split(graph)]


def hanging(sound):
    """The engine's table of 512 tests, full: registration looks for a free place forever."""
    rules = {str(i): {"all": [{"m0": {f"property{i}": 1}}]} for i in range(520)}
    return replace(sound, definition=json.dumps(rules))


def test_sound_plans_are_proven_once(plans, monkeypatch):
    proof.prove(plans)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    proof.prove(plans)
    with pytest.raises(proof.ProofFailed):
        proof.prove([replace(plans[0], definition="{}")])


def test_a_registration_that_hangs_is_stopped_and_named(plans):
    with pytest.raises(proof.ProofFailed, match=r"did not end within 2 s") as caught:
        proof.prove([plans[0], hanging(plans[1])], deadline_seconds=2)
    assert caught.value.number == 1


def test_a_ruleset_the_engine_refuses_is_named(plans):
    with pytest.raises(proof.ProofFailed, match=r"a trial run failed: .*error code") as caught:
        proof.prove([*plans, replace(plans[0], definition='{"0": {"all": 7}}')])
    assert caught.value.number == 2


def test_a_rule_that_never_fires_is_a_failure(plans):
    silent = replace(plans[0], definition='{"0": {"all": [{"m0": {"$and": [{"g0": 1}, {"f0": 1}]}}]}}')
    with pytest.raises(proof.ProofFailed, match="EngineFailure: a fact was not accepted"):
        proof.prove([silent])


def test_an_engine_that_crashes_takes_only_the_child_with_it(plans, monkeypatch):
    monkeypatch.setattr(proof, "_PROBE", ("-c", "import os; print(1, flush=True); os.abort()"))
    with pytest.raises(proof.ProofFailed, match="the engine crashed, signal 6") as caught:
        proof.prove(plans)
    assert caught.value.number == 1


def test_a_child_that_cannot_start_is_a_failure(plans, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(proof.ProofFailed, match="a trial run failed: "):
        proof.prove(plans)


def test_what_is_proven_is_not_tried_again(plans, monkeypatch):
    proof.prove(plans)
    monkeypatch.setattr(proof, "_try_out", lambda *_: pytest.fail("tried again"))
    proof.prove([plans[1], plans[0]])
    with pytest.raises(pytest.fail.Exception):
        proof.prove([plans[0], hanging(plans[1])])


def test_what_failed_is_not_remembered_as_proven(plans):
    for _ in range(2):
        with pytest.raises(proof.ProofFailed):
            proof.prove([replace(plans[0], definition="[]")])


def test_a_failed_proof_is_told_of_the_first_situation_of_its_part(situation, monkeypatch):
    monkeypatch.setattr(proof, "_PROBE", ("-c", "import time; print(1, flush=True); time.sleep(60)"))
    monkeypatch.setattr("maitred.situations.derive.PROOF_DEADLINE_SECONDS", 1.0)
    with pytest.raises(SituationError) as caught:
        deriver([situation("fine", "?x"), situation("second", "?y ?z")])
    ((name, message),) = caught.value.faults
    assert name == "second"
    assert message.startswith("a trial run did not end within 1 s")


def test_the_probe_fires_every_rule(situation, monkeypatch):
    graph = build([situation("a", "?x", "?u ?v", "?y"), situation("b", none="a"), situation("c", "b")])
    (part,) = split(graph)
    made = plan(graph, part)
    fired: list[str] = []
    monkeypatch.setattr(chaining._State, "_fire", spied(fired, chaining._State._fire))
    probe.try_out(made)
    assert set(fired) == {"start", *map(str, range(len(made.heads)))}
