"""Moments, dates, amounts and numbers as people write them, from CLDR. Only place that knows Babel."""

from .formats import CldrFormats

__all__ = ["CldrFormats"]
