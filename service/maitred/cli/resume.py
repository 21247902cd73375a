"""``maitred resume``: lets a paused action go on."""

from .form import DEFAULT_TARGET, ActionName, Json, Target, TlsCa, quiet_grpc

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
    quiet_grpc()
    from . import stopping  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    return stopping.resume(action, target, tls_ca, as_json=as_json)
