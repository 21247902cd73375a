"""The one error of this room, beside the port's ``SealBroken``."""


class KeyringUnusable(Exception):
    """The keyring cannot be had or changed; the text is for operators and never holds a key."""


class KeyringMissing(KeyringUnusable):
    """There is no file of that name."""
