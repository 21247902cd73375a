"""The one error of this room."""


class IabError(ValueError):
    """A consent string that cannot be read; the text says why in plain words, never the string."""
