"""What opening or using a database can end in, beyond the two errors of the port."""

from maitred.engine.ports import StoreDown


class StoreUnusable(StoreDown):
    """The database is not one this maitred can use; trying again does not help."""
