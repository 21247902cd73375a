"""What every test shares."""

import os

from hypothesis import HealthCheck, settings

# A shared machine may stand still for seconds: how fast inputs come is no finding.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same inputs in every run: a change is judged by what it breaks. `make search` draws others.
settings.register_profile("repeated", settings.get_profile("shared"), derandomize=True)
settings.register_profile("search", settings.get_profile("shared"), print_blob=True)
settings.load_profile(os.environ.get("MAITRED_HYPOTHESIS_PROFILE", "repeated"))
