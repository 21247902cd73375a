"""``maitred redeem``: spends what a claim holds."""

from .form import DEFAULT_TARGET, At, Claim, Json, RequestId, Target, TlsCa, instant, new_id, quiet_grpc

HELP = """Spend the unit that a claim holds.

After its expiry that works only where there is still a unit left. Repeating it changes nothing.

Example:

  maitred redeem 0b1c63f1e8a94c0c8f8c2c0f6a1f0b9d

Flags are also variables: MAITRED_TARGET, MAITRED_TLS_CA.

Exit codes: 0 redeemed, 1 it cannot be (expired, released, unknown), 2 no server, or bad flags."""


def run(
    *,
    claim_id: Claim,
    request_id: RequestId = None,
    at: At = None,
    target: Target = DEFAULT_TARGET,
    tls_ca: TlsCa = None,
    as_json: Json = False,
) -> int:
    """Spends what a claim holds."""
    quiet_grpc()
    from . import moving  # noqa: PLC0415 -- brings gRPC and rich, which --help does without

    step = moving.Step(new_id(request_id), instant(at) if at else None, as_json=as_json)
    return moving.redeem(claim_id, step, target, tls_ca)
