"""The flags that ``claim``, ``redeem``, ``release`` and ``outcome`` share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from maitred.cli.shown.answers import FAINT, GOOD
from maitred.cli.shown.console import plain, show

from . import messages
from .calling import print_json
from .exits import FINE
from .flags import DEFAULT_TARGET, At, Json, RequestId, Target, TlsCa, instant, new_id


@dataclass(frozen=True, slots=True)
class CallOptions:
    """Under which id something is asked of the server ``target``, and as of when (``None`` is now)."""

    request_id: str
    at: datetime | None
    target: str
    tls_ca: Path | None
    as_json: bool


def _step(
    *,
    request_id: RequestId = None,
    at: At = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> CallOptions:
    return CallOptions(new_id(request_id), instant(at) if at else None, target, tls_ca, as_json)


_SHARED: Mapping[str, Parameter] = signature(_step).parameters


def takes_step(run: Callable[..., int]) -> Callable[..., int]:
    """Returns a command with the flags of a step behind its own; ``run`` gets the step before them.

    Raises ``Stop`` where a flag cannot be read.
    """

    @wraps(run)
    def command(**flags: Any) -> int:
        step = _step(**{name: flags.pop(name) for name in _SHARED})
        return run(step, **flags)

    _, *own = signature(run).parameters.values()
    parameters = [*own, *_SHARED.values()]
    # What typer reads a command's flags from.
    command.__signature__ = signature(run).replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def step_done(message: str, status: str, step: CallOptions) -> int:
    """Prints that a step was taken; gives the exit code."""
    if step.as_json:
        print_json({"request_id": step.request_id, "status": status})
    else:
        show(step_words(message, step))
    return FINE


def step_words(message: str, step: CallOptions) -> RenderableType:
    """Returns a message with the id that a retry of the step repeats."""
    return Group(Text(message, GOOD), Text(messages.as_request(plain(step.request_id)), FAINT))
