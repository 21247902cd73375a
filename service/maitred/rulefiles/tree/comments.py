"""The comments of a document, each with the node it speaks of.

libyaml drops comments. What lies between scalars is indicators, blanks and comments only, so
they are looked for there, and only by what writes files.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from .nodes import Path, Scalar, Tree

_COMMENT = re.compile(r"(?<![^\s])#[^\r\n]*")


@dataclass(slots=True)
class Comments:
    """Texts with their ``#``: above a node (``before``), in its line (``beside``), below all (``after``)."""

    before: dict[Path, list[str]] = field(default_factory=dict)
    beside: dict[Path, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)


def comments_of(tree: Tree) -> Comments:
    """Returns the comments by the path of their node: of an entry, an item or the document itself."""
    comments = Comments()
    nodes = [(path, (key or node).start.index) for path, key, node in tree.walk()]
    starts = [start for _, start in nodes]
    for at, text in _texts(tree):
        index = bisect_left(starts, at)
        line = tree.text[tree.text.rfind("\n", 0, at) + 1 : at]
        if line.strip() and index:
            comments.beside[nodes[index - 1][0]] = text
        elif index < len(nodes):
            comments.before.setdefault(nodes[index][0], []).append(text)
        else:
            comments.after.append(text)
    return comments


def _texts(tree: Tree) -> Iterator[tuple[int, str]]:
    """Offset and text of every comment."""
    spans = sorted(span for _, key, node in tree.walk() for span in _scalars(key, node))
    at = tree.start
    for start, end in [*spans, (tree.end, tree.end)]:
        for match in _COMMENT.finditer(tree.text, at, start):
            yield match.start(), match[0].rstrip()
        at = max(at, end)


def _scalars(*nodes: object) -> list[tuple[int, int]]:
    return [(node.start.index, node.end.index) for node in nodes if isinstance(node, Scalar)]
