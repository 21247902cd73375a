"""CEL text -> typed tree -> core conditions. The only place that knows cel-expr-python."""

from .compiler import compiler
from .environment import self_test

__all__ = ["compiler", "self_test"]
