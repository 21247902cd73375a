"""What ``maitred keys`` says."""

SAY_YES = "nothing was changed; say --yes to drop it all the same"


def keys_made(file: str) -> str:
    """Who loses it has lost the data."""
    return f"made {file}: keep a copy in a secret manager, without it customers' data cannot be read"


def keys_rotated(number: int, file: str, *, standby: bool) -> str:
    """And what to do next."""
    if standby:
        return (
            f"version {number} stands by: restart every replica with it, "
            f"then `maitred keys activate {file} --version {number}`"
        )
    return f"version {number} is active: copy the file to your secret manager, then restart the service"


def keys_activated(number: int) -> str:
    """A running service has read its keyring."""
    return f"version {number} is active: copy the file to your secret manager, then restart the service"


def keys_lost(number: int) -> str:
    """Before a version is dropped."""
    return (
        f"dropping version {number} cannot be undone: whatever is still sealed or filed under it is lost; "
        "those customers' data can be neither read nor exported, nor found to be erased"
    )


def keys_dropped(number: int) -> str:
    """Copies of the file still have it."""
    return f"version {number} is dropped: drop it from your copies as well, then restart the service"
