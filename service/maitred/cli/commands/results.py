"""``maitred results``: what an experiment or a control group has shown."""

from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated, Any

import typer

from maitred.bootstrap.results import NoResults, draw, experiments, policy_in, results
from maitred.cli import messages
from maitred.cli.calling import PATIENCE_SECONDS, called, print_json
from maitred.cli.exits import FINDINGS, FINE, Stop
from maitred.cli.flags import At, Json, TheDatabase, TlsCa, instant
from maitred.cli.shown.console import answers, show, shown, waiting
from maitred.cli.shown.results import results_view
from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.engine.operating.results import PolicyLine, Results, ResultsCall, names_segments
from maitred.engine.ports.store import StoreDown
from maitred.settings import DEFAULT_DATABASE
from maitred.vault import KeyringUnusable

HELP = """Show what an experiment, a control group or a learner has shown: each arm beside the control.

Persons are compared, not decisions: whoever was exposed, by what they did within --within of the first \
time. "at every look" is an interval that holds however often you look, so that you may stop whenever it \
leaves out zero; "at the end" is the usual narrower one, right once, at the end you planned.

It reads the database itself, beside a running service, and writes nothing. It needs numpy, scipy and \
statsmodels: pip install 'maitred\\[insights]'. With --target it asks a running service, which must have \
them, for what one experiment has shown.

--policy says what another policy would have reached: a CSV file with the columns segment, arm and \
probability, where the segment * is everybody else.

Examples:

  maitred results    the names of all experiments and holdouts

  maitred results pizza-words --outcome redeemed

  maitred results learned/uptake    decisions that went by what was learned, beside those that explored

  maitred results no-perks --event purchase --within 28d

  maitred results pizza-words --by customer.tier --keys maitred.keys

  maitred results pizza-words --by customer.tier --keys maitred.keys --policy plan.csv

  maitred results pizza-words --format json --png pizza.png

  maitred results pizza-words --target localhost:50051

Exit codes: 0 fine, 1 the shares of the arms are wrong, 2 cannot run."""


_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MAX_COUNT = 10_000


@unique
class ResultsFormat(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


@unique
class Goal(StrEnum):
    """Kinds of outcomes, as one types them."""

    PRESENTED = "presented"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CLAIMED = "claimed"
    REDEEMED = "redeemed"


Name = Annotated[
    str,
    typer.Argument(metavar="[EXPERIMENT]", show_default=False, help="An experiment, a holdout or a learner."),
]
Outcome = Annotated[Goal, typer.Option("--outcome", help="What arms are compared by.")]
OfKind = Annotated[
    str, typer.Option("--event", metavar="KIND", help="Compare by an event of customers instead.")
]
Within = Annotated[
    str,
    typer.Option(metavar="DURATION", help="How long after the first exposure something counts."),
]
OfAction = Annotated[str, typer.Option("--action", metavar="NAME", help="Count outcomes of one action only.")]
Control = Annotated[
    str, typer.Option("--control", metavar="ARM", help="Compare with this arm; `control` otherwise.")
]
Segments = Annotated[
    str,
    typer.Option("--by", metavar="ATTRIBUTE", help="Also by segment: `channel`, `location` or an attribute."),
]
Keys = Annotated[
    Path | None,
    typer.Option(envvar="MAITRED_KEYS", metavar="FILE", help="The keyring, which --by needs."),
]
OfServer = Annotated[
    str,
    typer.Option("--target", metavar="HOST:PORT", show_default=False, help="Ask this server instead."),
]
How = Annotated[ResultsFormat, typer.Option("--format", help="text for people, json for programs.")]
Plan = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="What this policy would have reached, from the same log."),
]
Png = Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Draw the differences, too.")]


def run(
    *,
    experiment: Name = "",
    database: TheDatabase = DEFAULT_DATABASE,
    outcome: Outcome = Goal.ACCEPTED,
    event: OfKind = "",
    within: Within = "7d",
    action: OfAction = "",
    control: Control = "",
    by: Segments = "",
    keys: Keys = None,
    policy: Plan = None,
    at: At = None,
    how: How = ResultsFormat.TEXT,
    as_json: Json = False,
    png: Png = None,
    target: OfServer = "",
    tls_ca: TlsCa = None,
) -> int:
    """Reads the log once, or has it read, and prints what it shows."""
    asked = ResultsCall(
        experiment,
        event or OutcomeKind[outcome.name],
        _duration(within),
        action,
        control,
        by,
        instant(at) if at else None,
    )
    if target and not experiment:
        raise Stop("--target asks for one experiment: name it, or leave it out")
    as_json = as_json or how is ResultsFormat.JSON
    try:
        if policy:
            asked = asked._replace(policy=_policy(policy, by))
        with waiting("reading the decision log"):
            if not experiment:
                return _list(experiments(database), as_json=as_json)
            result = _of_server(asked, target, tls_ca) if target else results(database, asked, keys=keys)
            if png:
                draw(result, png)
    except (NoResults, StoreDown, KeyringUnusable) as failure:
        raise Stop(str(failure)) from None
    except OSError as error:
        raise Stop(messages.cannot_write(str(png), error.strerror or "unwritable")) from None
    if as_json:
        print_json(results_json(result))
    else:
        show(results_view(result, within, by))
    return FINDINGS if result.is_mismatched else FINE


def _of_server(asked: ResultsCall, target: str, tls_ca: Path | None) -> Results:
    """Asks a server. Raises ``Stop``, whose code is never the one of wrong shares."""
    try:
        return called(lambda client: client.results(asked), target, tls_ca, PATIENCE_SECONDS)
    except Stop as stop:
        raise Stop(stop.message, stop.hint) from None


def _policy(file: Path, by: str) -> tuple[PolicyLine, ...]:
    lines = policy_in(file)
    if not by and names_segments(lines):
        raise Stop(f"policy `{file}` names segments: say of what with --by")
    return lines


def _duration(text: str) -> timedelta:
    unit = _UNITS.get(text[-1:])
    if unit is None or not text[:-1].isdecimal() or not 0 < int(text[:-1]) <= _MAX_COUNT:
        raise Stop(f"`{text}` is no duration: write it like `7d`, with `h`, `d` or `w`")
    return int(text[:-1]) * unit


def _list(names: list[str], *, as_json: bool) -> int:
    if as_json:
        print_json({"experiments": names})
        return FINE
    for name in names:
        answers().print(shown(name))
    if not names:
        answers().print("nobody was exposed to an experiment or a holdout yet")
    return FINE


def results_json(result: Results) -> dict[str, Any]:
    """Returns what ``--format json`` prints: the fields of ``Results``."""
    made = asdict(result)
    for arm, counts in zip(made["arms"], result.arms, strict=True):
        arm["rate"] = counts.rate
    return made | {"is_mismatched": result.is_mismatched}
