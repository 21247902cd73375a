"""Chooses who is told of events: the process log alone, or OpenTelemetry as well."""

from collections.abc import Mapping

from maitred.engine.ports.log import Log
from maitred.engine.ports.observer import BatchCommitted, DecisionMade, Event, Observer
from maitred.telemetry.export.export_settings import settings_from
from maitred.telemetry.process_log.narrate import Narrator


def make_observer(environ: Mapping[str, str], log: Log, instance_id: str = "") -> Observer:
    """Returns the observer that the ``OTEL_*`` variables in ``environ`` ask for. Never raises.

    ``instance_id`` tells the processes of one service apart. Exporters read what is not about
    choosing (headers, certificates, compression, timeouts) from the process's own environment.
    To be called in the process that serves: threads do not survive a fork.
    """
    settings = settings_from(environ)
    for complaint in settings.complaints:
        log.warning("telemetry_setting_ignored", message=complaint)
    if not settings.exports:
        return LoggingObserver(log)
    # The SDK takes a good part of a second to import; who exports nothing does not pay for it.
    from maitred.telemetry.export.exporting import exporting_observer  # noqa: PLC0415 (see above)

    return exporting_observer(settings, log, instance_id) or LoggingObserver(log)


class LoggingObserver:
    """Exports nothing: rulesets and failed calls go to the process log."""

    tracing = False

    def __init__(self, log: Log) -> None:
        self._narrator = Narrator(log)

    def observe(self, event: Event) -> None:
        """Writes the line of an event that has one."""
        if not isinstance(event, DecisionMade | BatchCommitted):
            self._narrator.tell(event)

    def close(self) -> None:
        """Holds nothing."""
