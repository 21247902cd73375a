import pytest
from tests.iab.encoder import Encoder


@pytest.fixture(scope="session")
def encode():
    return Encoder()
