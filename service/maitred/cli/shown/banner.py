"""What ``serve`` says at a terminal: what is served, and how to try it."""

import re
from shlex import quote
from urllib.parse import urlsplit

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maitred.cli import messages
from maitred.core.deciding.policy import Policy
from maitred.settings import DEFAULT_LISTEN, Settings

from .console import shown

HASH_SHOWN_CHARACTERS = 12
FAVOURITE_CHANNEL = "pos"
PASSWORD_PARAMETER = re.compile(r"((?:^|[?&])[^=&?]*password=)[^&]*", re.IGNORECASE)
"""``?password=`` and ``?sslpassword=``, which PostgreSQL's URLs may hold as well."""


def banner(settings: Settings, address: str, policy: Policy | None) -> Group:
    """Without a policy it says what is the matter."""
    title = Text.assemble(("maitred", "bold"), " is serving " if policy else " is not serving yet ")
    rows = [
        ("address", address + (" (TLS)" if settings.tls_cert else "")),
        ("rules", str(settings.rules)),
        (
            "ruleset",
            _ruleset_words(policy)
            if policy
            else f"has faults: see `maitred check {settings.rules}`; it is taken up once it is right",
        ),
        ("database", safe_url(settings.database)),
    ]
    if settings.workers > 1:
        rows.append(("workers", str(settings.workers)))
    if settings.simulated_time:
        rows.append(("time", "callers may say what time it is"))
    grid = Table.grid(padding=(0, 2))
    for label, value in rows:
        grid.add_row(Text(f"  {label}", "dim"), shown(value))
    lines: list[RenderableType] = [title, grid]
    # The command line has no certificate of its own to show.
    if policy and not settings.tls_client_ca:
        line = example(policy, address, tls=settings.tls_cert is not None)
        lines.append(Text.assemble(("  try       ", "dim"), (line, "bold green")))
    return Group(*lines, Text(f"  {messages.HOW_TO_STOP}", "dim"))


def _ruleset_words(policy: Policy) -> str:
    ruleset = policy.ruleset
    counts = messages.counted(len(policy.actions), "action")
    return f"{ruleset.version} ({ruleset.hash[:HASH_SHOWN_CHARACTERS]}), {counts}"


def example(policy: Policy, address: str, *, tls: bool = False) -> str:
    """Returns a ``maitred decide`` that the ruleset answers, to be pasted as it is."""
    channels, locations = policy.ruleset.channels, policy.ruleset.locations
    channel = FAVOURITE_CHANNEL if FAVOURITE_CHANNEL in channels or not channels else min(channels)
    words = ["maitred decide --customer 1", f"--channel {quote(channel)}"]
    if locations:
        words.append(f"--location {quote(min(locations))}")
    words.append("--explain reasons")
    if address != DEFAULT_LISTEN:
        words.append(f"--target {address}")
    if tls:
        words.append("--tls-ca FILE")
    return " ".join(words)


def safe_url(url: str) -> str:
    """Returns the database without the password."""
    try:
        parts = urlsplit(url)
        if parts.password is not None:
            host = parts.netloc.rpartition("@")[2]
            url = url.replace(parts.netloc, f"{parts.username}:***@{host}", 1)
        return PASSWORD_PARAMETER.sub(r"\1***", url)
    except ValueError:
        return url.partition(":")[0]
