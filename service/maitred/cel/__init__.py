"""CEL text -> typed tree -> core conditions. The only place that knows cel-expr-python."""

from .compiler import compiler

__all__ = ["compiler"]
