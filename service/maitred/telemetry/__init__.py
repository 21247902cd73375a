"""OpenTelemetry and logs."""

from maitred.telemetry.process_log.logs import ProcessLog, configure_logging

from .observer import make_observer

__all__ = ["ProcessLog", "configure_logging", "make_observer"]
