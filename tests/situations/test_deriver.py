import json
import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maitred.core.conditions.model import TRUE
from maitred.core.rules.ruleset import Atom, Situation
from maitred.core.rules.situations import Derivation, SituationError, atoms_of
from maitred.situations import derive, deriver
from maitred.situations.chaining import ChainingEngine, EngineFailure
from maitred.situations.derive import Memo

D, P, F = (1, 0), (0, 1), (0, 0)


def at_risk(situation):
    return [
        situation("vip_at_risk", "service_failure ?tier=='platinum'"),
        situation("service_failure", any_="?calls>=3 ?outage"),
        situation("quiet", none="service_failure"),
    ]


def test_a_chain_is_derived_with_its_support(situation):
    outcome = deriver(at_risk(situation)).derive(0b011, 0)
    assert outcome == Derivation(
        holds=frozenset({"vip_at_risk", "service_failure"}),
        unknown=frozenset(),
        because=(
            ("vip_at_risk", ("service_failure", "tier=='platinum'")),
            ("service_failure", ("calls>=3",)),
        ),
    )


def test_what_rests_on_absence_alone_says_so(situation):
    outcome = deriver([situation("calm", none="?a loud"), situation("loud", "?b")]).derive(0, 0)
    assert outcome.because == (("calm", ("none of a", "none of loud")),)


@pytest.mark.parametrize(
    ("lists", "left", "right", "wanted"),
    [
        (("?x ?y", "", ""), D, D, "holds"),
        (("?x ?y", "", ""), D, P, "unknown"),
        (("?x ?y", "", ""), D, F, "false"),
        (("?x ?y", "", ""), P, F, "false"),
        (("", "?x ?y", ""), D, P, "holds"),
        (("", "?x ?y", ""), P, F, "unknown"),
        (("", "?x ?y", ""), F, F, "false"),
        (("?x", "", "?y"), D, F, "holds"),
        (("?x", "", "?y"), D, P, "unknown"),
        (("?x", "", "?y"), D, D, "false"),
        (("?x", "", "?y"), P, P, "unknown"),
        (("?x", "", "?y"), F, P, "false"),
        (("", "", "?x ?y"), F, F, "holds"),
        (("", "", "?x ?y"), P, F, "unknown"),
        (("?x ?y", "", "?x"), D, D, "false"),
        (("?x ?y", "", "?x"), P, D, "unknown"),
    ],
)
def test_three_values(situation, unproven, lists, left, right, wanted):
    outcome = unproven([situation("s", *lists)]).derive(left[0] | right[0] << 1, left[1] | right[1] << 1)
    state = "holds" if outcome.holds else "unknown" if outcome.unknown else "false"
    assert state == wanted


def test_an_atom_in_both_masks_is_unknown(situation, unproven):
    outcome = unproven([situation("s", "?x")]).derive(1, 1)
    assert (outcome.holds, outcome.unknown) == (frozenset(), {"s"})


def test_masks_wider_than_the_atoms_do_no_harm(situation, unproven):
    made = unproven([situation("s", "?x")])
    assert made.derive(-1, 0).holds == {"s"}
    assert made.derive(0, -1).unknown == {"s"}
    assert made.derive(1 << 5000, 1 << 5001).because == ()


def test_positive_cycles_need_a_reason_from_outside(situation, unproven):
    made = unproven([situation("a", any_="b ?x"), situation("b", "a"), situation("self", "self")])
    assert made.derive(0, 0).holds == frozenset()
    assert made.derive(0, 1).unknown == {"a", "b"}
    assert made.derive(1, 0).because == (("a", ("x",)), ("b", ("a",)))


def test_no_situations_is_no_work():
    assert deriver([]).derive(0, 0) == Derivation(frozenset(), frozenset(), ())


def test_every_fault_of_every_part_is_raised(situation):
    choices = " ".join(f"?x{i}" for i in range(5000))
    with pytest.raises(SituationError) as caught:
        deriver([situation("one", any_=choices), situation("fine", "?x0"), situation("two", any_=choices)])
    assert [name for name, _ in caught.value.faults] == ["one", "two"]


HOSTILE = (
    '"',
    "\\",
    "\x00",
    "\n",
    "😀" * 50,
    "ß'; --",
    "$m",
    "id",
    "sid",
    "}],[{",
    "?",
    "a" * 100_000,
    "\ud800",
)


def test_hostile_names_and_texts_never_reach_the_engine():
    situations = [Situation(f"{name}!", all=(Atom(name, TRUE),)) for name in HOSTILE]
    situations.append(Situation("last", all=tuple(s.name for s in situations)))
    made = deriver(situations)
    outcome = made.derive((1 << len(HOSTILE)) - 1, 0)
    assert outcome.holds == {s.name for s in situations}
    assert dict(outcome.because)["last"] == tuple(s.name for s in situations[:-1])


@pytest.mark.parametrize("count", [50, 500])
def test_many_situations_that_all_build_on_each_other(situation, count):
    situations = [situation("s0", "?x0")]
    situations += [situation(f"s{i}", f"s{i - 1} ?x{i}", none=f"?y{i}") for i in range(1, count)]
    made = deriver(situations)
    texts = list(atoms_of(situations))
    all_x = sum(1 << i for i, text in enumerate(texts) if text.startswith("x"))
    assert len(made.derive(all_x, 0).holds) == count
    broken = all_x & ~(1 << texts.index(f"x{count // 2}"))
    assert made.derive(broken, 0).holds == {f"s{i}" for i in range(count // 2)}
    doubted = made.derive(all_x, 1 << texts.index("y10"))
    assert doubted.holds == {f"s{i}" for i in range(10)}
    assert doubted.unknown == {f"s{i}" for i in range(10, count)}


def test_one_fact_needed_by_hundreds_and_one_situation_needing_hundreds(situation):
    """Far over the engine's 64 tests, 255 joins and 16 facts."""
    fans = [situation(f"fan{i}", "hub ?shared", f"?x{i} ?x{i + 1}") for i in range(500)]
    star = situation(
        "star", " ".join(f"fan{i}" for i in range(300)), none=" ".join(f"?z{i}" for i in range(40))
    )
    situations = [situation("hub", "?h"), *fans, star]
    made = deriver(situations)
    texts = list(atoms_of(situations))
    true = sum(1 << i for i, text in enumerate(texts) if not text.startswith("z"))
    assert len(made.derive(true, 0).holds) == 502
    assert made.derive(true, 1 << texts.index("z7")).unknown == {"star"}
    assert "star" not in made.derive(true | 1 << texts.index("z7"), 0).holds


def test_a_hit_does_not_touch_the_engine(situation, unproven, monkeypatch):
    runs = counted(monkeypatch)
    made = unproven(at_risk(situation))
    first = made.derive(1, 0)
    assert made.derive(1, 0) is first
    assert made.derive(1, 0) is first
    assert len(runs) == 1


def test_a_part_is_run_once_however_the_others_change(situation, unproven, monkeypatch):
    runs = counted(monkeypatch)
    made = unproven([situation("a", "?x ?y"), situation("b", "?y ?z")])
    for true in range(8):
        made.derive(true, 0)
    assert len(runs) == 8  # four states of each part's two atoms, not eight of three


def counted(monkeypatch):
    runs = []
    run = ChainingEngine.run

    def counting(self, true, possible):
        runs.append(threading.get_ident())
        return run(self, true, possible)

    monkeypatch.setattr(ChainingEngine, "run", counting)
    return runs


def test_many_threads_get_the_same_answers_as_one(situation, unproven, monkeypatch):
    situations = [situation("s0", any_="?a0 ?b0")]
    situations += [situation(f"s{i}", f"?a{i}", f"s{i - 1} ?b{i}", f"?c{i}") for i in range(1, 6)]
    keys = [(n & ~(n >> 9), n >> 9) for n in random.Random(7).sample(range(1 << 17), 150)]
    alone = unproven(situations)
    wanted = {key: alone.derive(*key) for key in keys}
    runs = counted(monkeypatch)
    shared = unproven(situations)
    start = threading.Barrier(16)

    def work(seed):
        start.wait()
        mine = random.Random(seed).sample(keys, len(keys))
        return all(shared.derive(*key) == wanted[key] for key in mine)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(16)))
    assert len(runs) == len(set(keys))


def test_an_engine_that_fails_is_replaced(situation, unproven, monkeypatch):
    made = unproven([situation("a", "?x")])

    def failing(*_):
        raise EngineFailure("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr("maitred.situations.chaining._State.tell", failing)
        with pytest.raises(EngineFailure):
            made.derive(1, 0)
    assert made.derive(1, 0).holds == {"a"}


def test_memory_stays_flat_over_ten_thousand_derivations(situation, unproven, monkeypatch):
    monkeypatch.setattr(derive, "MEMO_ENTRIES", 64)
    monkeypatch.setattr(derive, "PARTS_MEMO_ENTRIES", 64)
    made = unproven(
        [situation("a", " ".join(f"?x{i}" for i in range(14))), situation("b", "a ?y", none="?z")]
    )
    keys = [(true, true << 1 & 0xFFFF if true & 7 == 0 else 0) for true in range(11_000)]
    for key in keys[:1_000]:
        made.derive(*key)
    before = resident_kb()
    for key in keys[1_000:]:
        made.derive(*key)
    # Each leaves at least 1 KB behind where nothing is forgotten, and 10 KB where a state is.
    assert resident_kb() - before < 4_000


def resident_kb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def test_derivers_free_what_they_hold(situation, unproven):
    situations = [situation(f"s{i}", f"?x{i} ?y", f"s{i - 1} ?z" if i else "") for i in range(20)]
    for _ in range(10):
        unproven(situations).derive(1, 0)
    before = resident_kb()
    for _ in range(80):
        unproven(situations).derive(1, 0)
    # A registration that stays takes over 80 KB.
    assert resident_kb() - before < 4_000


def test_a_memo_forgets_the_oldest_and_keeps_what_is_used():
    memo: Memo[int, str] = Memo(10)
    for number in range(1_000):
        assert memo.find(0) in (None, "kept")
        memo.keep(number, "kept")
        assert len(memo) <= 20
    assert memo.find(0) == "kept"
    assert memo.find(1) is None


def test_no_thread_is_left_running_and_nothing_of_the_service_is_loaded():
    code = """
import json, sys, threading
from maitred.core.conditions.model import TRUE
from maitred.core.rules.ruleset import Atom, Situation
from maitred.situations import deriver
made = deriver([Situation("a", all=(Atom("x", TRUE),))])
assert made.derive(1, 0).holds == {"a"}
print(json.dumps([threading.active_count(), sorted(sys.modules)]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    threads, modules = json.loads(done.stdout)
    assert threads == 1
    assert "durable_rules_engine" in modules
    strangers = ("maitred.cel", "maitred.rpc", "maitred.store", "maitred.engine", "grpc", "durable.")
    assert not [name for name in modules if name.startswith(strangers)]
