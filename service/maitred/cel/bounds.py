"""Bounds on what an author may write, each with its reason.

Nesting is bounded by cel-cpp itself (32 levels), and an evaluation by its budget of 10,000
comprehension steps.
"""

MAX_EXPRESSION_CHARACTERS = 20_000
"""cel-cpp takes up to 100,000. The densest text of this length, two thousand ``||``, compiles
and lowers in well under a second."""

MAX_COMPREHENSION_DEPTH = 3
"""A macro inside a macro multiplies the steps: more than three levels over lists of a
dozen values would only ever meet cel-cpp's budget."""

MAX_TERNARY_CONDITION_LEAVES = 8
"""The condition of ``? :`` is repeated four times when it is lowered; nested ternaries would
grow exponentially."""

MAX_UNROLLED_VALUES = 32
"""``[...].all(x, x in attribute)`` becomes one literal per value; longer lists are evaluated."""
