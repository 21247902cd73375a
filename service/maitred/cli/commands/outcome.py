"""``maitred outcome``: says what became of a proposal."""

from typing import Annotated

import typer
from rich.text import Text

from maitred.cli import messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINDINGS, FINE, Stop
from maitred.cli.flags import ActionName, Decision
from maitred.cli.shown.answers import BAD
from maitred.cli.shown.as_json import outcome_json
from maitred.cli.shown.console import plain, show
from maitred.cli.steps import CallOptions, step_words, takes_step
from maitred.core.behaviour.outcomes import REPORTED, Outcome, OutcomeKind

KINDS = ", ".join(kind.name.lower() for kind in sorted(REPORTED))

HELP = f"""Say what became of a proposal: {KINDS}.

Each outcome has an id of its own, so that a retry counts once. Claims are made with `maitred claim`.

Examples:

  maitred outcome 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza presented

  maitred outcome 5f0c63f1e8a94c0c8f8c2c0f6a1f0b9d free-pizza rejected --request-id till-4-0018

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 recorded, 1 not recorded, or the server refused the request, 2 no server, or bad flags."""

Kind = Annotated[str, typer.Argument(metavar="KIND", show_default=False, help=KINDS)]


@takes_step
def run(step: CallOptions, /, *, decision_id: Decision, action: ActionName, kind: Kind) -> int:
    """Reports one outcome."""
    outcome = OutcomeKind.__members__.get(kind.upper())
    if outcome not in REPORTED:
        raise Stop(f"`{kind}` is no outcome to report: {KINDS}")
    return _report(decision_id, action, outcome, step)


def _report(decision_id: str, action: str, kind: OutcomeKind, step: CallOptions) -> int:
    """Reports an outcome and prints whether it was recorded. Raises ``Stop``."""
    outcome = Outcome(step.request_id, decision_id, action, kind, step.at)
    (answer,) = called(lambda client: client.record_outcomes([outcome]), step.target, step.tls_ca)
    if step.as_json:
        print_json(outcome_json(answer))
    elif answer.recorded:
        show(step_words(messages.RECORDED, step))
    else:
        show(Text(messages.not_recorded(plain(answer.detail)), BAD))
    return FINE if answer.recorded else FINDINGS
