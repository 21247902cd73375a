"""What the services and their methods are called."""

from maitred.v1 import decision_pb2, privacy_pb2, ruleset_pb2

DECISION_SERVICE: str = decision_pb2.DESCRIPTOR.services_by_name["DecisionService"].full_name
RULESET_SERVICE: str = ruleset_pb2.DESCRIPTOR.services_by_name["RulesetService"].full_name
PRIVACY_SERVICE: str = privacy_pb2.DESCRIPTOR.services_by_name["PrivacyService"].full_name


def full_name(service: str, method: str) -> str:
    """As telemetry has it for every call, answered or not: ``maitred.v1.DecisionService/Decide``."""
    return f"{service}/{method}"
