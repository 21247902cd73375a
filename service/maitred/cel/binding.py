"""cel-expr-python and those of its extensions that conditions may use: the one place that imports it."""

from maitred.selftest import relying_on

USE = "the serialized tree of a checked expression, parts of which are evaluated"

with relying_on("cel-expr-python", USE):
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

    EXTENSIONS = (
        ext_strings.ExtStrings(),
        ext_math.ExtMath(),
        ext_bindings.ExtBindings(),
        ext_optional.ExtOptional(),
    )

__all__ = ["EXTENSIONS", "USE", "cel"]
