"""What is left of a faulty document, so that the rest of it is checked in the same run."""

import copy
from typing import TypeVar

from pydantic import ValidationError

from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import limits, models
from maitred.rulefiles.tree import Plain

Model = TypeVar("Model", bound=models.Document)

# A field taken out can make its holder incomplete, whose removal is the next round.
_ROUNDS = 4

_STAND_INS: dict[str, Plain] = {
    "apiVersion": models.API_VERSION,
    "title": "missing",
    "type": "offer",
    "limit": 1,
    "per": ["customer"],
    "window": {"rolling": "1d"},
}
_SALVAGED = (
    models.Ruleset,
    models.Context,
    models.Action,
    models.ActionTable,
    models.Eligibility,
    models.Situation,
    limits.FrequencyCap,
    limits.Capacity,
)


def salvage(model: type[Model], root: Plain, error: ValidationError, name: str) -> Model | None:
    """Returns the document without its faulty fields; ``None`` where nothing sensible is left.

    ``name`` stands in for a faulty name. The ruleset is refused all the same.
    """
    if model not in _SALVAGED or error.error_count() > bounds.FAULTS:
        return None
    rest = copy.deepcopy(root)
    for _ in range(_ROUNDS):
        for detail in error.errors(include_url=False, include_context=False):
            loc = tuple(step for step in detail["loc"] if step != "[key]")
            _mend(rest, loc, name, is_missing=detail["type"] == "missing")
        try:
            return model.model_validate(rest)
        except ValidationError as again:
            error = again
    return None


def _mend(root: Plain, loc: tuple[int | str, ...], name: str, *, is_missing: bool) -> None:
    """Takes the field at ``loc`` out, or puts something in its place. Lists keep their length or go."""
    holders = _holders(root, loc)
    if not holders:
        return
    field = str(holders[-1][1])
    if loc == ("name",):
        holders[-1][0][field] = name
    elif field in _STAND_INS and (is_missing or len(loc) == 1):
        holders[-1][0][field] = _STAND_INS[field]
    elif not is_missing:
        holders[-1][0].pop(field, None)
    elif len(holders) > 1:
        holders[-2][0].pop(str(holders[-2][1]), None)


def _holders(root: Plain, loc: tuple[int | str, ...]) -> list[tuple[dict[str, Plain], str]]:
    """Returns the mappings on the way to ``loc``, each with the key that leads on."""
    holders: list[tuple[dict[str, Plain], str]] = []
    node = root
    for step in loc:
        if isinstance(node, dict) and isinstance(step, str):
            holders.append((node, step))
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
    return holders
