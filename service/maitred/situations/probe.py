"""A trial run in a process of its own: registers each plan and derives with it.

Reads plans as JSON on standard input and prints the number of each before its turn, so
that whoever stops the process knows where it stood.
"""

import json
import sys
from typing import Any

from .chaining import ChainingEngine
from .plan import Plan


def main() -> None:
    """Ends by itself, with exit code 0, where the engine can be trusted with every plan."""
    for number, fields in enumerate(json.load(sys.stdin)):
        print(number, flush=True)  # noqa: T201 - the protocol of this process
        try_out(_plan(fields))


def try_out(plan: Plan) -> None:
    """The three runs that between them fire every rule that can fire, in both states."""
    atoms = range(plan.atom_count)
    engine = ChainingEngine(plan)
    for true, possible in (((), atoms), (atoms, atoms), ((), ())):
        engine.run(true, possible)


def _plan(fields: dict[str, Any]) -> Plan:
    """JSON knows no tuples."""
    settled = tuple(map(tuple, fields.pop("settled")))
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Plan(**fields | lists, settled=settled)


if __name__ == "__main__":
    main()
