"""How many lives a simulation plays."""

import os


def seeds(variable: str, plain: int) -> range:
    """So many seeds as the variable of the environment asks for, or the plain number."""
    return range(int(os.environ.get(variable, plain)))
