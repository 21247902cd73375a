"""What the variables ask for, and what it costs where they ask for nothing."""

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.engine.ports.observer import BatchCommitted, RulesetRefused
from maitred.telemetry import make_observer
from maitred.telemetry.export.export_settings import (
    LOG_BATCHING,
    SPAN_BATCHING,
    Export,
    Signal,
    Sink,
    settings_from,
)

ENDPOINT = "http://127.0.0.1:4317"
ALL = tuple(Export(signal, Sink.OTLP, ENDPOINT) for signal in Signal)


@pytest.mark.parametrize(
    ("environ", "exports"),
    [
        ({}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, ()),
        ({"OTEL_SERVICE_NAME": "other"}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, ALL),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "false"}, ALL),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "True"}, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, ALL[1:]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_TRACES_EXPORTER": "None"}, ALL[1:]),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": ENDPOINT}, ALL[2:]),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": ENDPOINT},
            (
                Export(Signal.TRACES, Sink.OTLP, "http://a"),
                ALL[1],
                Export(Signal.LOGS, Sink.OTLP, "http://a"),
            ),
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, (Export(Signal.TRACES, Sink.OTLP),)),
        ({"OTEL_TRACES_EXPORTER": "console"}, (Export(Signal.TRACES, Sink.CONSOLE),)),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ENDPOINT, "OTEL_TRACES_EXPORTER": "console, otlp,otlp"},
            (Export(Signal.TRACES, Sink.CONSOLE), ALL[0]),
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc"}, ALL),
    ],
)
def test_signals_are_chosen_by_the_standard_variables(environ, exports):
    settings = settings_from(environ)
    assert settings.exports == exports
    assert settings.complaints == ()


@pytest.mark.parametrize(
    ("environ", "exports", "complaint"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, (), "`zipkin`"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, (), "`http/protobuf`"),
        ({"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json"}, (ALL[0], ALL[2]), "`http/json`"),
        ({"OTEL_TRACES_SAMPLER": "jaeger_remote"}, ALL, "`jaeger_remote`"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10%"}, ALL, "`10%`"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "nan"}, ALL, "`nan`"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, ALL, "`2`"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, ALL, "`0`"),
        ({"OTEL_BLRP_SCHEDULE_DELAY": "-5"}, ALL, "`-5`"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "9" * 10_000}, ALL, "`OTEL_BSP_SCHEDULE_DELAY`"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "\u0663"}, ALL, "`\u0663`"),
    ],
)
def test_what_is_not_understood_is_left_out_and_said(environ, exports, complaint):
    settings = settings_from({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, **environ})
    assert tuple(export for export in settings.exports if export in exports) == exports
    assert any(complaint in text for text in settings.complaints)
    assert (settings.sampler_ratio, settings.spans, settings.logs) == (1.0, SPAN_BATCHING, LOG_BATCHING)


def test_sizes_and_delays_are_taken():
    settings = settings_from(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT,
            "OTEL_BSP_SCHEDULE_DELAY": "250",
            "OTEL_BSP_MAX_QUEUE_SIZE": "50",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
        }
    )
    assert (settings.spans.delay_seconds, settings.spans.waiting_max, settings.spans.batch_max) == (
        0.25,
        50,
        50,
    )
    assert (settings.sampler, settings.sampler_ratio) == ("parentbased_traceidratio", 0.25)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "maitred"),
        ({"OTEL_SERVICE_NAME": "till"}, "till"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=a%20b,x,=y,,k=v"}, "a b"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=a", "OTEL_SERVICE_NAME": "till"}, "till"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name="}, "maitred"),
    ],
)
def test_the_service_is_named(environ, name):
    resource = dict(settings_from({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, **environ}).resource)
    assert resource.pop("service.name") == name
    assert resource in ({}, {"k": "v"})


VARIABLES = st.sampled_from(
    [
        "OTEL_SDK_DISABLED",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_TRACES_EXPORTER",
        "OTEL_LOGS_EXPORTER",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_SERVICE_NAME",
    ]
)


@given(st.dictionaries(VARIABLES, st.text() | st.sampled_from(["otlp", "true", "traceidratio", "1", "a=b"])))
def test_no_setting_raises(environ):
    settings = settings_from(environ)
    assert 0 <= settings.sampler_ratio <= 1
    assert 0 < settings.spans.batch_max <= settings.spans.waiting_max
    assert dict(settings.resource)["service.name"]


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"},
        {"OTEL_EXPORTER_OTLP_COMPRESSION": "brotli"},
        {"OTEL_METRIC_EXPORT_INTERVAL": "0", "OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"},
    ],
)
def test_an_exporter_that_cannot_be_made_leaves_the_service_running(log, decision, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    observer = make_observer({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, **variables}, log)
    assert not observer.tracing
    assert log.of("telemetry_setting_ignored")
    observer.observe(decision())
    observer.close()


def test_complaints_are_logged(log):
    make_observer({"OTEL_TRACES_EXPORTER": "zipkin"}, log).close()
    ((level, fields),) = log.of("telemetry_setting_ignored")
    assert level == "warning"
    assert "`zipkin`" in fields["message"]


@pytest.mark.parametrize(
    "environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_SDK_DISABLED": "true"}]
)
def test_without_an_export_decisions_are_not_told(log, decision, environ):
    observer = make_observer(environ, log)
    assert not observer.tracing
    observer.observe(decision())
    observer.observe(BatchCommitted(1, 0, 0.001))
    observer.observe(RulesetRefused("rules/", ("no",), ""))
    observer.close()
    assert [event for _, event, _ in log.lines] == ["ruleset_refused"]


def test_nothing_of_opentelemetry_is_imported_where_nothing_is_exported():
    program = (
        "import json, sys, io\n"
        "from maitred.telemetry import configure_logging, make_observer\n"
        "make_observer({}, configure_logging(io.StringIO(), {})).close()\n"
        "heavy = {'opentelemetry', 'grpc', 'google'}\n"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] in heavy]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == []


def microseconds_per_event(observer, event, count=5_000):
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(count):
            observer.observe(event)
        best = min(best, (time.perf_counter() - start) / count)
    return best * 1e6


def test_observing_costs_next_to_nothing_when_off(log, decision):
    """Measured 0.1 us; the bound leaves room for a busy machine."""
    assert microseconds_per_event(make_observer({}, log), decision()) < 2


def test_observing_is_cheap_when_on(receiver, log, decision):
    """Measured under 1 us: what telemetry costs it costs on its own thread."""
    observer = make_observer({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}, log)
    try:
        assert microseconds_per_event(observer, decision(), 1_000) < 20
    finally:
        observer.close()


def test_the_console_can_be_told(log, decision, capsys):
    environ = {f"OTEL_{signal}_EXPORTER": "console" for signal in ("TRACES", "METRICS", "LOGS")}
    observer = make_observer(environ, log)
    observer.observe(decision())
    observer.close()
    written = capsys.readouterr().out
    for expected in ("maitred.v1.DecisionService/Decide", "maitred.decisions", "feature_flag.evaluation"):
        assert expected in written
