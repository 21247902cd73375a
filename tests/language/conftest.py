from tests.claims.conftest import house, lone_house

__all__ = ["house", "lone_house"]
