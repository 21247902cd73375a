"""The same actions in other engines. Each gives the names that fit, for comparison."""

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import zen
from cel_expr_python import cel
from durable import engine as durable

from .workload import ATTRIBUTES, Spec

Match = Callable[[dict[str, Any]], set[str]]

_CEL_TYPES = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "bool": cel.Type.BOOL,
    "list<string>": cel.Type.List(cel.Type.STRING),
}


def flat(context: dict[str, Any]) -> dict[str, Any]:
    """By qualified name."""
    return {f"{root}.{key}": value for root, fields in context.items() for key, value in fields.items()}


def cel_loop(specs: Sequence[Spec]) -> Match:
    """Google's CEL, every action's expression in turn, over one prepared activation."""
    env = cel.NewEnv(variables={name: _CEL_TYPES[kind] for name, kind in ATTRIBUTES.items()})
    compiled = [(spec.name, env.compile(spec.cel())) for spec in specs]

    def match(context: dict[str, Any]) -> set[str]:
        activation = env.Activation(flat(context))
        return {name for name, expression in compiled if expression.eval(activation).value() is True}

    return match


_ZEN_COLUMNS = {
    "region": "customer.region",
    "age": "customer.age",
    "tier": "customer.tier",
    "segment": "customer.segments",
    "value": "basket.value",
    "products": "basket.products",
    "visits": "customer.visits",
    "device": "session.device",
}


def zen_table(specs: Sequence[Spec]) -> Match:
    """zen-engine's decision table that collects every row that fits."""
    inputs = [
        {"id": key, "name": key, "type": "expression", "field": field} for key, field in _ZEN_COLUMNS.items()
    ]
    table = {
        "hitPolicy": "collect",
        "inputs": inputs,
        "outputs": [{"id": "action", "name": "action", "type": "expression", "field": "action"}],
        "rules": [_zen_row(spec) for spec in specs],
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {"id": "table", "type": "decisionTableNode", "name": "table", "position": place, "content": table},
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
        {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def match(context: dict[str, Any]) -> set[str]:
        return {row["action"] for row in decision.evaluate(context)["result"]}

    return match


def _zen_row(spec: Spec) -> dict[str, str]:
    low, high = spec.ages
    return {
        "_id": spec.name,
        "region": f'"{spec.region}"',
        "age": f"[{low}..{high}]",
        "tier": ", ".join(f'"{tier}"' for tier in spec.tiers or ()),
        "segment": f'contains($, "{spec.segment}")' if spec.segment else "",
        "value": f">= {spec.least_value}" if spec.least_value is not None else "",
        "products": f"some($, # in {json.dumps(spec.products)})" if spec.products else "",
        "visits": f"> {spec.least_visits}" if spec.least_visits is not None else "",
        "device": f'"{spec.device}"' if spec.device else "",
        "action": f'"{spec.name}"',
    }


class _Host(durable.Host):  # type: ignore[misc]
    """Without the timer threads."""

    def _run(self) -> None:
        pass


def durable_rules(specs: Sequence[Spec]) -> Match:
    """durable-rules, one rule for each action, over an event that carries every attribute.

    Lists become one property for each element, as its matching knows no membership in a list
    of the message; its own limits are the caller's to meet.
    """
    matches: set[str] = set()
    rules = {
        spec.name: {"all": [{"m": _durable_test(spec)}], "run": _collect(matches, spec.name)}
        for spec in specs
    }
    host = _Host()
    host.register_rulesets({"bench": rules})
    states = count()

    def match(context: dict[str, Any]) -> set[str]:
        matches.clear()
        state = str(next(states))
        try:
            host.assert_fact("bench", {"sid": state, **_durable_event(context)})
        except durable.MessageNotHandledException:
            return set()
        # A state that no rule has touched does not exist, and deleting it ends the process.
        host.delete_state("bench", state)
        return set(matches)

    return match


def _collect(matches: set[str], name: str) -> Callable[[Any], None]:
    def run(_context: Any) -> None:
        matches.add(name)

    return run


def _durable_test(spec: Spec) -> dict[str, Any]:
    low, high = spec.ages
    tests: list[dict[str, Any]] = [{"region": spec.region}, {"$gte": {"age": low}}, {"$lte": {"age": high}}]
    if spec.tiers:
        tests.append({"$or": [{"tier": tier} for tier in spec.tiers]})
    if spec.segment:
        tests.append({spec.segment: 1})
    if spec.least_value is not None:
        tests.append({"$gte": {"value": spec.least_value}})
    if spec.products:
        tests.append({"$or": [{product: 1} for product in spec.products]})
    if spec.least_visits is not None:
        tests.append({"$gt": {"visits": spec.least_visits}})
    if spec.device:
        tests.append({"device": spec.device})
    return {"$and": tests}


def _durable_event(context: dict[str, Any]) -> dict[str, Any]:
    customer, basket = context["customer"], context["basket"]
    return {
        "region": customer["region"],
        "age": customer["age"],
        "tier": customer["tier"],
        "value": basket["value"],
        "visits": customer["visits"],
        "device": context["session"]["device"],
        **dict.fromkeys(customer["segments"], 1),
        **dict.fromkeys(basket["products"], 1),
    }
