"""``maitred guide``: what to do for a customer, on a screen that follows the call. Knows textual alone."""

from .app import Guide
from .call import Call, Place
from .lines import Fault

__all__ = ["Call", "Fault", "Guide", "Place"]
