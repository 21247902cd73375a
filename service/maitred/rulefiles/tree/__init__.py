"""YAML text to a tree that knows where everything stands, comments included."""

from .comments import Comments, comments_of
from .nodes import Mapping, Node, Path, Plain, Scalar, Sequence, Tree, inside
from .parser import Tell, read, self_test

__all__ = [
    "Comments",
    "Mapping",
    "Node",
    "Path",
    "Plain",
    "Scalar",
    "Sequence",
    "Tell",
    "Tree",
    "comments_of",
    "inside",
    "read",
    "self_test",
]
