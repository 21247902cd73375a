import time

import pytest

from maitred.core.rules.situations import SituationError
from maitred.situations.graph import MAX_CYCLES_TOLD, MAX_HINTS, MAX_PARTS, build, split

OWN_ABSENCE = "; a situation cannot depend on its own absence, take one of them out of the cycle"


def faults(situations):
    with pytest.raises(SituationError) as caught:
        build(situations)
    return caught.value.faults


def test_every_fault_is_told_at_once(situation):
    messages = faults(
        [
            situation("empty"),
            situation("lost", "service_falure"),
            situation("service_failure", "?calls"),
            situation("service_failure", "?calls"),
            situation("a", none="b"),
            situation("b", "a"),
        ]
    )
    assert messages == (
        ("service_failure", "`service_failure` is defined more than once; rename one of them"),
        ("empty", "has no members; give it at least one under `all`, `any` or `none`"),
        ("lost", "needs `service_falure`, which is no situation; did you mean `service_failure`?"),
        ("a", f"`a` needs none of `b`, which needs `a`{OWN_ABSENCE}"),
    )


def test_a_stranger_without_a_likeness_is_told_plainly(situation):
    assert faults([situation("a", "?x zebra")]) == (
        ("a", "needs `zebra`, which is no situation; define it or remove it"),
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"a": ("", "", "a")}, ["`a` needs none of `a`"]),
        ({"a": ("", "", "b"), "b": ("", "", "a")}, ["`a` needs none of `b`, which needs none of `a`"]),
        ({"a": ("?x", "", "b"), "b": ("", "c ?y", ""), "c": ("a", "", "")},
         ["`a` needs none of `b`, which needs `c`, which needs `a`"]),
        ({"a": ("b", "", "b"), "b": ("a", "", "")}, ["`a` needs none of `b`, which needs `a`"]),
        ({"a": ("", "", "b c"), "b": ("a", "", ""), "c": ("a", "", "")},
         ["`a` needs none of `b`, which needs `a`", "`a` needs none of `c`, which needs `a`"]),
    ],
)  # fmt: skip
def test_cycles_through_none_are_told_in_the_authors_terms(situation, members, expected):
    messages = faults([situation(name, *lists) for name, lists in members.items()])
    assert [message.split(";")[0] for _, message in messages] == expected


def test_a_long_cycle_is_told_in_short(situation):
    chain = [situation(f"s{i}", f"s{i + 1}") for i in range(1, 500)]
    ((name, message),) = faults([situation("s0", none="s1"), *chain, situation("s500", "s0")])
    assert name == "s0"
    assert message.startswith("`s0` needs none of `s1`, which needs `s2`")
    assert "which needs …, which needs `s0`;" in message
    assert len(message) < 400


def test_positive_cycles_are_no_fault(situation):
    graph = build([situation("a", any_="b ?x"), situation("b", "a"), situation("c", "c")])
    assert [part.strata for part in split(graph)] == [((1, 2),), ((3,),)]


def test_parts_share_atoms_at_most(situation):
    situations = [
        situation("a", "?x ?z"),
        situation("b", "?z"),
        situation("c", none="a"),
        situation("d", "?z", none="b"),
    ]
    first, second = split(build(situations))
    assert (first.atoms, first.situations, first.strata) == ((0, 1), (2, 4), ((2,), (4,)))
    assert (second.atoms, second.situations, second.strata) == ((1,), (3, 5), ((3,), (5,)))


def test_a_deep_chain_needs_no_deep_stack(situation):
    chain = [situation(f"s{i}", none=f"s{i + 1}") for i in range(3000)]
    (part,) = split(build([*chain, situation("s3000", "?x")]))
    assert len(part.strata) == 3001


def test_a_long_name_is_shown_in_short(situation):
    ((_, message),) = faults([situation("a", "x" * 10_000)])
    assert len(message) < 200


def test_more_parts_than_there_is_room_for_are_refused(situation):
    with pytest.raises(SituationError) as caught:
        split(build([situation(f"s{i}", "?x") for i in range(MAX_PARTS + 1)]))
    assert caught.value.faults == (
        ("s1000", "is one too many: at most 1,000 situations may have nothing to do with each other"),
    )


def test_a_file_full_of_faults_is_refused_in_good_time(situation):
    names = [f"situation-{i:05}" for i in range(3_000)]
    all_names = " ".join(names[:20])
    started = time.monotonic()
    messages = faults([situation(name, f"{name}x", none=all_names) for name in names])
    assert time.monotonic() - started < 60  # minutes, were every name compared with every other
    assert sum("did you mean" in message for _, message in messages) == MAX_HINTS
    assert sum("needs none of" in message for _, message in messages) == MAX_CYCLES_TOLD
    assert len(messages) == 3_000 + MAX_CYCLES_TOLD
