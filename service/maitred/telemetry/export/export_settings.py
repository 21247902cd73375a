"""What the ``OTEL_*`` variables ask for. Pure; nothing of OpenTelemetry is imported here.

The variables are those of https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, unique
from urllib.parse import unquote

from maitred.telemetry import messages
from maitred.telemetry.signals.names import SERVICE


@unique
class Signal(Enum):
    """The kinds of telemetry, as they are written inside variable names."""

    TRACES = "TRACES"
    METRICS = "METRICS"
    LOGS = "LOGS"


@unique
class Sink(Enum):
    """Where a signal goes."""

    OTLP = "otlp"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Export:
    """One signal that is exported. No ``endpoint`` leaves it to the exporter's own default."""

    signal: Signal
    sink: Sink
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Batching:
    """How a signal is gathered: at most ``waiting_max`` items, sent ``batch_max`` at a time."""

    delay_seconds: float
    waiting_max: int
    batch_max: int


# More digits than any sensible size or delay in milliseconds has.
_DIGITS_MAX = 9
# The delays are the specification's. What may wait is four times its 2,048, a few seconds of
# a busy server; a batch is small so that encoding one does not hold the interpreter for long.
_WAITING_MAX_ITEMS = 8_192
_BATCH_MAX_ITEMS = 128
SPAN_BATCHING = Batching(5.0, _WAITING_MAX_ITEMS, _BATCH_MAX_ITEMS)
LOG_BATCHING = Batching(1.0, _WAITING_MAX_ITEMS, _BATCH_MAX_ITEMS)


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Everything that is exported. ``complaints`` are texts on what was not understood."""

    exports: tuple[Export, ...] = ()
    resource: tuple[tuple[str, str], ...] = (("service.name", SERVICE),)
    sampler: str = "parentbased_always_on"
    sampler_ratio: float = 1.0
    spans: Batching = SPAN_BATCHING
    logs: Batching = LOG_BATCHING
    complaints: tuple[str, ...] = ()


_SAMPLERS = frozenset(
    {
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    }
)


def settings_from(environ: Mapping[str, str]) -> ExportSettings:
    """Reads the variables. Never raises: what is not understood is left out and complained of."""
    if _get(environ, "OTEL_SDK_DISABLED").lower() == "true":
        return ExportSettings()
    complaints: list[str] = []
    exports = tuple(export for signal in Signal for export in _exports(environ, signal, complaints))
    if not exports:
        return ExportSettings(complaints=tuple(complaints))
    sampler, ratio = _sampler(environ, complaints)
    spans = _batching(environ, "OTEL_BSP", SPAN_BATCHING, complaints)
    logs = _batching(environ, "OTEL_BLRP", LOG_BATCHING, complaints)
    return ExportSettings(exports, _resource(environ), sampler, ratio, spans, logs, tuple(complaints))


def _get(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()


def _own(environ: Mapping[str, str], signal: Signal, what: str) -> str:
    """Returns the signal's own variable, else the one for all signals."""
    return _get(environ, f"OTEL_EXPORTER_OTLP_{signal.value}_{what}") or _get(
        environ, f"OTEL_EXPORTER_OTLP_{what}"
    )


def _exports(environ: Mapping[str, str], signal: Signal, complaints: list[str]) -> Iterator[Export]:
    endpoint = _own(environ, signal, "ENDPOINT")
    variable = f"OTEL_{signal.value}_EXPORTER"
    asked = _get(environ, variable).lower() or ("otlp" if endpoint else "none")
    for name in dict.fromkeys(part.strip() for part in asked.split(",")):
        if name == "console":
            yield Export(signal, Sink.CONSOLE)
        elif name == "otlp":
            yield from _otlp(environ, signal, endpoint, complaints)
        elif name not in {"none", ""}:
            complaints.append(
                f"`{variable}` names `{name}`, which is not supported; use `otlp`, `console` or `none`"
            )


def _otlp(
    environ: Mapping[str, str], signal: Signal, endpoint: str, complaints: list[str]
) -> Iterator[Export]:
    protocol = _own(environ, signal, "PROTOCOL").lower() or "grpc"
    if protocol == "grpc":
        yield Export(signal, Sink.OTLP, endpoint)
    else:
        complaints.append(
            f"{signal.value.lower()} are not exported: OTLP protocol `{protocol}` is not supported; "
            "set OTEL_EXPORTER_OTLP_PROTOCOL to `grpc` and the endpoint to the gRPC port, often 4317"
        )


def _sampler(environ: Mapping[str, str], complaints: list[str]) -> tuple[str, float]:
    sampler = _get(environ, "OTEL_TRACES_SAMPLER").lower() or ExportSettings().sampler
    if sampler not in _SAMPLERS:
        complaints.append(messages.unknown_sampler(sampler, sorted(_SAMPLERS)))
        sampler = ExportSettings().sampler
    return sampler, _ratio(_get(environ, "OTEL_TRACES_SAMPLER_ARG"), sampler, complaints)


def _ratio(text: str, sampler: str, complaints: list[str]) -> float:
    if not sampler.endswith("traceidratio") or not text:
        return 1.0
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if 0.0 <= ratio <= 1.0:
        return ratio
    complaints.append(f"`OTEL_TRACES_SAMPLER_ARG` is `{text}`; use a number from 0 to 1")
    return 1.0


def _batching(environ: Mapping[str, str], prefix: str, default: Batching, complaints: list[str]) -> Batching:
    def number(what: str, otherwise: int) -> int:
        variable = f"{prefix}_{what}"
        text = _get(environ, variable)
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text) > 0:
            return int(text)
        if text:
            complaints.append(f"`{variable}` is `{text}`; use a whole number above 0")
        return otherwise

    delay_ms = number("SCHEDULE_DELAY", round(default.delay_seconds * 1000))
    waiting_max = number("MAX_QUEUE_SIZE", default.waiting_max)
    batch_max = number("MAX_EXPORT_BATCH_SIZE", default.batch_max)
    return Batching(delay_ms / 1000, waiting_max, min(batch_max, waiting_max))


def _resource(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    attributes = {"service.name": SERVICE}
    for pair in _get(environ, "OTEL_RESOURCE_ATTRIBUTES").split(","):
        key, equals, value = pair.partition("=")
        if key.strip() and equals:
            attributes[unquote(key.strip())] = unquote(value.strip())
    attributes["service.name"] = _get(environ, "OTEL_SERVICE_NAME") or attributes["service.name"] or SERVICE
    return tuple(attributes.items())
