"""``maitred guide``: what to do for a customer, on a screen that follows the call. Knows textual alone."""

from .app import Guide
from .call import CallPlace, DeskCall
from .lines import InputFault

__all__ = ["CallPlace", "DeskCall", "Guide", "InputFault"]
