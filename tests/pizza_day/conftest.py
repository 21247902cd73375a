import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# `tools` is run from the repository, not installed.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.pizza_day.run import RULES  # noqa: E402 - after the path is known


@pytest.fixture(scope="session")
def rules():
    return RULES
