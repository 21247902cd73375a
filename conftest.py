"""What every test shares."""

from hypothesis import HealthCheck, settings

# A shared machine may stand still for seconds: how fast inputs come is no finding.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
