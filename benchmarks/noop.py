"""The floor: a gRPC server that parses the request and answers with fixed messages."""

import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from maitred.v1 import decision_pb2 as pb
from maitred.v1 import decision_pb2_grpc

ANSWER = pb.DecideResponse(
    decision_id="0" * 32,
    ruleset="0" * 64,
    proposals=[
        pb.Proposal(
            action=f"action-{rank}",
            rank=rank,
            score=1.0,
            type=pb.OFFER,
            treatment=pb.Treatment(title="title"),
        )
        for rank in (1, 2, 3)
    ],
)

GRANTED = pb.ClaimResponse(
    status=pb.CLAIM_GRANTED, claim_id="0" * 32, expires_at=Timestamp(seconds=1_800_000_000)
)
DENIED = pb.ClaimResponse(
    status=pb.CLAIM_DENIED,
    reason=pb.CAPACITY_EXHAUSTED,
    alternatives=ANSWER.proposals[:1],
    detail="limit has no unit left for this action",
)
GIVEN_AWAY = "sold-out"
"""The action whose claims are denied."""


class Noop(decision_pb2_grpc.DecisionServiceServicer):
    """Answers without looking."""

    def Decide(self, request: pb.DecideRequest, context: grpc.ServicerContext) -> pb.DecideResponse:  # noqa: N802, ARG002
        """The fixed answer."""
        return ANSWER

    def Claim(self, request: pb.ClaimRequest, context: grpc.ServicerContext) -> pb.ClaimResponse:  # noqa: N802, ARG002
        """One of two fixed answers."""
        return DENIED if request.action == GIVEN_AWAY else GRANTED


def main() -> None:
    """Serves until it is told to stop."""
    server = grpc.server(ThreadPoolExecutor(int(sys.argv[1])))
    decision_pb2_grpc.add_DecisionServiceServicer_to_server(Noop(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(json.dumps({"event": "serving", "address": f"127.0.0.1:{port}"}), file=sys.stderr, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop(None).wait()


if __name__ == "__main__":
    main()
