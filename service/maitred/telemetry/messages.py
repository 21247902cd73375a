"""The texts of this room, for operators."""

from collections.abc import Sequence


def unknown_exporter(variable: str, name: str) -> str:
    """A signal is sent somewhere nobody knows."""
    return f"`{variable}` names `{name}`, which is not supported; use `otlp`, `console` or `none`"


def unknown_protocol(signal: str, protocol: str) -> str:
    """OTLP over something other than gRPC."""
    return (
        f"{signal} are not exported: OTLP protocol `{protocol}` is not supported; "
        "set OTEL_EXPORTER_OTLP_PROTOCOL to `grpc` and the endpoint to the gRPC port, often 4317"
    )


def unknown_sampler(name: str, known: Sequence[str]) -> str:
    """``OTEL_TRACES_SAMPLER`` is not one of the standard ones."""
    return f"`OTEL_TRACES_SAMPLER` is `{name}`; use one of {', '.join(known)}"


def bad_ratio(text: str) -> str:
    """``OTEL_TRACES_SAMPLER_ARG`` is no ratio."""
    return f"`OTEL_TRACES_SAMPLER_ARG` is `{text}`; use a number from 0 to 1"


def bad_number(variable: str, text: str) -> str:
    """A size or delay is no positive whole number."""
    return f"`{variable}` is `{text}`; use a whole number above 0"


def exporter_refused(signal: str, why: str) -> str:
    """An exporter could not be made from its variables."""
    return f"{signal} are not exported: {why}; check the OTEL_EXPORTER_OTLP_* variables"


def unknown_level(text: str, known: Sequence[str]) -> str:
    """``MAITRED_LOG_LEVEL`` is not a level."""
    return f"`MAITRED_LOG_LEVEL` is `{text}`; use one of {', '.join(known)}"
