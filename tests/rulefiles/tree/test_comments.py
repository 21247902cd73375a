"""Comments and the nodes they speak of."""

import re
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from maitred.rulefiles.tree import comments_of, read

TEXT = """\
# of the file
a: 1  # beside a
# before b
# twice
b:  # beside b
  # before the first
  - x # beside x
  - "no # comment"  # beside the text
  - {c: d#e, f: 'g # h'} # beside the mapping
t: |  # part of the header
  # no comment
u: >-
  text
# at the end
--- # of the second
# before e
e: plain # beside e
---
# of nothing
"""


def trees(text):
    return read(text.encode(), lambda *_: None)


def test_each_comment_belongs_to_a_node():
    first, second = map(comments_of, trees(TEXT))
    assert first.before == {
        (): ["# of the file"],
        ("b",): ["# before b", "# twice"],
        ("b", 0): ["# before the first"],
    }
    assert first.beside == {
        ("a",): "# beside a",
        ("b",): "# beside b",
        ("b", 0): "# beside x",
        ("b", 1): "# beside the text",
        ("b", 2, "f"): "# beside the mapping",
    }
    assert first.after == ["# at the end"]
    assert second.before == {(): ["# of the second", "# before e"]}
    assert second.beside == {("e",): "# beside e"}
    assert second.after == ["# of nothing"]


LINES = st.lists(
    st.sampled_from(
        ["a{}: 1", "a{}: 'x # y'", "a{}: [b, 'c#d']", 'a{}: "\\" # z"', "a{}: b#c", "a{}:\n- e\n- f"]
    ),
    min_size=1,
    max_size=8,
)


@given(LINES, st.data())
def test_no_comment_is_lost_or_made_up(lines, data):
    comments, text = 0, ""
    for number, line in enumerate(lines):
        above, beside = data.draw(st.booleans()), data.draw(st.booleans())
        text += f"# above {number}\n" * above + line.format(number) + f" # beside {number}" * beside + "\n"
        comments += above + beside
    (tree,) = trees(text)
    placed = comments_of(tree)
    every = [*chain.from_iterable(placed.before.values()), *placed.beside.values(), *placed.after]
    assert len(every) == comments
    assert all(re.fullmatch(r"# (above|beside) \d", comment) for comment in every)
