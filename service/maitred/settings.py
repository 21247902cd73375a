"""What a server is started with."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

TRANSPORTS = "auto", "loop", "stock"
"""How calls may be answered: see ``rpc.transports``."""
DEFAULT_LISTEN = "127.0.0.1:50051"
DEFAULT_DATABASE = "sqlite:///maitred.db"
DEFAULT_RULES = Path("rules/starter")
DEFAULT_KEYS = Path("maitred.keys")
KEYS_ENDING = ".keys"
DEFAULT_STREAMS = 256
"""More than an application has open at once. A call beyond it waits in its client, where gRPC may never tell
it that its deadline has passed: see docs/decisions/0015."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long each class of data is kept; ``None`` is for ever.

    ``decisions`` with their outcomes: a year and a month, to compare with the year before.
    ``consents`` that a later statement has replaced: three years, the usual time in which a claim
    may be raised that there was none. ``events``: as decisions, where their own retention is not
    shorter. ``ledger``, from when it counts no more: a month, for retries
    and for questions. What a customer has stated last, and what still counts, has no term.
    """

    decisions: timedelta | None = timedelta(days=400)
    consents: timedelta | None = timedelta(days=1_100)
    ledger: timedelta | None = timedelta(days=30)
    events: timedelta | None = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Settings:
    """Mirrors the flags of ``maitred serve`` and the ``MAITRED_*`` variables.

    ``listen`` is ``HOST:PORT``, port 0 for a free one. ``database`` is a SQLAlchemy URL. ``keys`` is
    the file of the keys that pseudonymise and seal, made where there is none; ``None`` is one beside
    the SQLite file, or ``maitred.keys``.
    ``learned`` is a file of parameters of learned scores, in place of those in the database.
    ``keep`` is how long what for; it is not applied under ``simulated_time``.
    ``transport`` is one of ``TRANSPORTS``. ``streams_per_connection`` is how many calls one connection may
    have open; more wait in their client.
    ``drain_seconds`` is how long calls in flight may take once the service stops.
    """

    rules: Path = DEFAULT_RULES
    database: str = DEFAULT_DATABASE
    keys: Path | None = None
    listen: str = DEFAULT_LISTEN
    workers: int = 1
    simulated_time: bool = False
    learned: Path | None = None
    keep: Keep = Keep()
    watch_seconds: float = 1.0
    drain_seconds: float = 10.0
    transport: str = TRANSPORTS[0]
    streams_per_connection: int = DEFAULT_STREAMS
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None

    @property
    def keep_events(self) -> timedelta | None:
        """How long events count at most; ``None`` is for ever."""
        return None if self.simulated_time else self.keep.events

    @property
    def keys_file(self) -> Path:
        """Where the keys are."""
        if self.keys is not None:
            return self.keys
        scheme, _, rest = self.database.partition(":///")
        beside = rest.partition("?")[0] if scheme.startswith("sqlite") else ""
        return Path(f"{beside}{KEYS_ENDING}") if beside and beside != ":memory:" else DEFAULT_KEYS
