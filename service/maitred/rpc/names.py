"""What the service and its methods are called."""

from maitred.v1 import decision_pb2

DECISION_SERVICE: str = decision_pb2.DESCRIPTOR.services_by_name["DecisionService"].full_name
METHODS = ("Decide", "DecideStream", "GetDecision")


def full_name(method: str) -> str:
    """As telemetry has it for every call, answered or not: ``maitred.v1.DecisionService/Decide``."""
    return f"{DECISION_SERVICE}/{method}"
