"""``maitred resume``: lets a paused action go on."""

from pathlib import Path

from rich.text import Text

from maitred.cli import messages
from maitred.cli.calling import called, print_json
from maitred.cli.exits import FINE
from maitred.cli.flags import DEFAULT_TARGET, ActionName, Json, Target, TlsCa
from maitred.cli.shown.console import plain, show

HELP = """Let a paused action go on, everywhere within a second.

Example:

  maitred resume free-pizza

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 it goes on (also when it was not paused), \
1 there is no such action, 2 no server, or bad flags."""


def run(
    *,
    action: ActionName,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Resumes and says whether it was paused."""
    return _resume(action, target, tls_ca, as_json=as_json)


def _resume(action: str, target: str, tls_ca: Path | None, *, as_json: bool) -> int:
    """Resumes and prints whether it was paused. Raises ``Stop``."""
    was_paused = called(lambda client: client.resume(action), target, tls_ca)
    if as_json:
        print_json({"action": action, "was_paused": was_paused})
    else:
        show(Text(messages.resumed(plain(action), was_paused=was_paused)))
    return FINE
