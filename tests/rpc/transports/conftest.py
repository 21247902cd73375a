"""Everything in this folder holds on every transport."""

import pytest

TRANSPORTS = ["loop", "overlap", "stock"]


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    """How the servers of a test answer calls."""
    return request.param
