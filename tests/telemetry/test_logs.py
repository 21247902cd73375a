"""What the process writes, for machines and for people."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.telemetry import configure_logging
from maitred.telemetry.process_log.logs import (
    FAULTS_MAX,
    VALUE_MAX_CHARS,
    ColumnRenderer,
    LineHandler,
    escape,
    json_line,
)

HOSTILE = 'x\n{"level": "error", "event": "forged"}\r\x1b[2J\x1b]0;title\x07\x9b31m\x7f\u202e\u2028\ud800\x00'


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _root_logger_as_before(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level, mine = root.level, logging.getLogger("maitred").level
    yield
    root.setLevel(level)
    logging.getLogger("maitred").setLevel(mine)


@pytest.fixture
def written():
    """Runs something with a log on a stream of some kind and gives what was written."""

    def run(say, stream=None, **environ):
        stream = io.StringIO() if stream is None else stream
        log = configure_logging(stream, environ)
        try:
            say(log)
        finally:
            log.close()
        return stream.getvalue()

    return run


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_one_json_object(written):
    text = written(lambda log: log.info("ruleset_loaded", ruleset="ab", actions=3, seconds=0.25))
    (line,) = objects(text)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "ruleset_loaded",
        "logger": "maitred",
        "ruleset": "ab",
        "actions": 3,
        "seconds": 0.25,
    }
    assert list(json.loads(text))[:3] == ["time", "level", "event"]


def test_a_field_cannot_replace_what_every_line_says(written):
    (line,) = objects(written(lambda log: log.info("said", level="x", event="y", time="z", _record=1)))
    assert (line["level"], line["event"]) == ("info", "said")
    assert line["time"] != "z"


def test_levels_are_told_apart(written):
    def say(log):
        log.debug("a")
        log.info("b")
        log.warning("c")
        log.error("d")

    lines = [(line["level"], line["event"]) for line in objects(written(say, MAITRED_LOG_LEVEL="debug"))]
    assert lines == [("debug", "a"), ("info", "b"), ("warning", "c"), ("error", "d")]


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("", ["info", "warning", "error"]),
        ("debug", ["debug", "info", "warning", "error"]),
        (" Info ", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
def test_the_level_is_chosen_by_variable(written, level, events):
    def say(log):
        for name in ("debug", "info", "warning", "error"):
            getattr(log, name)(name)

    assert [line["event"] for line in objects(written(say, MAITRED_LOG_LEVEL=level))] == events


def test_an_unknown_level_is_info_and_complained_of(written):
    lines = objects(written(lambda log: log.info("a"), MAITRED_LOG_LEVEL="loud\n"))
    assert [line["event"] for line in lines] == ["log_setting_ignored", "a"]
    assert "`loud`" in lines[0]["message"]


def test_libraries_are_heard_through_the_same_lines_from_warning_up(written):
    def say(_log):
        logging.getLogger("sqlalchemy.engine.Engine").info("SELECT secret")
        logging.getLogger("grpc._server").error("lost %s", "it")

    (line,) = objects(written(say, MAITRED_LOG_LEVEL="debug"))
    assert (line["logger"], line["level"], line["event"]) == ("grpc._server", "error", "lost it")


def test_fields_that_a_library_adds_are_fields(written):
    def say(_log):
        logging.getLogger("maitred.rpc").info("call failed", extra={"error_id": "e-1", "level": HOSTILE})

    (line,) = objects(written(say))
    assert (line["error_id"], line["level"]) == ("e-1", "info")


def failure():
    try:
        int("one\nline more")
    except ValueError as error:
        return error


def test_a_traceback_is_written_with_its_error(written):
    (line,) = objects(written(lambda log: log.error("call_failed", cause=failure(), error_id="e-1")))
    assert line["error_id"] == "e-1"
    assert line["exception"].startswith("Traceback")
    assert "ValueError" in line["exception"]
    assert "exc_info" not in line


def test_a_library_s_traceback_is_written_too(written):
    (line,) = objects(written(lambda _log: logging.getLogger("grpc").error("no", exc_info=failure())))
    assert "ValueError" in line["exception"]


def test_hostile_values_stay_inside_their_json_line(written):
    text = written(lambda log: log.info("e", value=HOSTILE, inside=[HOSTILE], **{HOSTILE: 1}))
    assert text.count("\n") == 1
    assert text[:-1].isascii()
    assert text[:-1].isprintable()
    line = json.loads(text)
    assert line["value"] == HOSTILE
    assert line["event"] == "e"


def test_hostile_values_stay_inside_their_columns(written):
    text = written(lambda log: log.info(HOSTILE, value=HOSTILE), Terminal(), NO_COLOR="1")
    assert text.count("\n") == 1
    assert text[:-1].isprintable()


def test_a_library_s_hostile_message_stays_on_its_line(written):
    for stream in (Terminal(), io.StringIO()):
        text = written(lambda _log: logging.getLogger("grpc").error("%s", HOSTILE), stream, NO_COLOR="1")
        assert text.count("\n") == 1
        assert text[:-1].isprintable()


def test_people_see_each_fault_on_its_own_line(written):
    faults = ("a.yaml:1:2: error: no", f"b.yaml:3:4: error: {HOSTILE}")
    text = written(lambda log: log.error("ruleset_refused", faults=faults), Terminal(), NO_COLOR="1")
    lines = text.splitlines()
    assert "ruleset_refused" in lines[0]
    assert lines[1] == "    a.yaml:1:2: error: no"
    # A line end inside a fault goes on indented: it cannot pass for a line of its own.
    assert all(line.startswith("    ") for line in lines[1:])
    assert all(line.isprintable() for line in lines)


def test_people_see_tracebacks_indented_and_without_commands(written):
    cause = ValueError(HOSTILE)
    text = written(lambda log: log.error("call_failed", cause=cause), Terminal(), NO_COLOR="1")
    assert "ValueError" in text
    assert all(line.startswith("    ") and line.isprintable() for line in text.splitlines()[1:])


def test_colours_are_for_terminals_that_want_them(written):
    assert "\x1b[" in written(lambda log: log.info("a"), Terminal())
    assert "\x1b[" not in written(lambda log: log.info("a"), Terminal(), NO_COLOR="1")
    assert "\x1b[" not in written(lambda log: log.info("a"))


def test_huge_values_are_cut(written):
    many = tuple(f"fault {number}" for number in range(FAULTS_MAX + 50))
    (line,) = objects(written(lambda log: log.error("e", value="x" * 10**7, faults=many)))
    assert len(line["value"]) < VALUE_MAX_CHARS + 10
    assert len(line["faults"]) == FAULTS_MAX + 1
    assert line["faults"][-1] == "and 50 more"


def test_values_that_cannot_be_shown_cost_themselves_alone(written):
    class Broken:
        def __str__(self):
            raise RuntimeError

        __repr__ = __str__

    for stream in (Terminal(), io.StringIO()):
        text = written(lambda log: log.info("seen", odd=Broken(), data=b"\x00", many={"a": {1}}), stream)
        assert "seen" in text
        assert "Broken" in text


@given(st.text(), st.text(min_size=1), st.lists(st.text()))
def test_no_value_makes_a_line_or_a_command(event, key, values):
    fields = {"event": event, "level": "info", key: values[0] if values else "", "faults": tuple(values)}
    assert json_line(None, "info", dict(fields)).isprintable()
    for line in ColumnRenderer(colours=False)(None, "info", dict(fields)).split("\n"):
        assert line.isprintable()


@given(st.text())
def test_escaping_leaves_what_is_printable(text):
    assert escape(text).isprintable()
    assert (escape(text) == text) == text.isprintable()


def test_nobody_waits_for_a_reader_that_is_stuck():
    reading, writing = os.pipe()
    drain = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reading, 65536), b"")])
    with os.fdopen(writing, "w") as stream:
        log = configure_logging(stream, {})
        start = time.monotonic()
        try:
            for _ in range(2_000):
                log.info("line", value="x" * 50)
            log.close()
            # Who waited would wait for ever; a shared machine may take its time.
            assert time.monotonic() - start < 30
        finally:
            # Closing the stream writes what it still holds, which nobody would read.
            drain.start()
    drain.join(30)
    os.close(reading)


def test_lines_that_do_not_fit_are_counted(monkeypatch):
    stream = io.StringIO()
    held = threading.Event()
    write = stream.write

    def slow_write(text):
        held.wait(10)
        return write(text)

    monkeypatch.setattr(stream, "write", slow_write)
    handler = LineHandler(stream, waiting_max=3)
    logger = logging.getLogger("maitred.tests")
    logger.propagate = False
    logger.addHandler(handler)
    logger.error("first")
    while handler._lines:
        time.sleep(0.001)
    for number in range(10):
        logger.error("line %d", number)
    held.set()
    while handler._lines:
        time.sleep(0.001)
    logger.error("last")
    logger.removeHandler(handler)
    handler.close()
    lines = stream.getvalue().splitlines()
    assert [line for line in lines if not line.startswith("{")] == [
        "first",
        "line 0",
        "line 1",
        "line 2",
        "last",
    ]
    assert json.loads(lines[-2])["count"] == 7


@pytest.mark.parametrize("kind", ["closed", "full"])
def test_a_stream_that_cannot_be_written_to_fails_nobody(written, kind):
    if kind == "full":
        with Path("/dev/full").open("w") as stream:
            log = configure_logging(stream, {})
            log.info("a")
            log.close()
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    else:
        closed = io.StringIO()
        log = configure_logging(closed, {})
        closed.close()
        log.info("a")
        log.close()
        configure_logging(closed, {}).close()
    assert "b" in written(lambda log: log.info("b"))


def test_a_process_whose_reader_is_gone_ends_as_it_would_have():
    program = (
        "import sys, time\n"
        "from maitred.telemetry import configure_logging\n"
        "log = configure_logging(sys.stdout, {})\n"
        "sys.stdin.readline()\n"
        "for _ in range(3):\n"
        "    log.info('a'); time.sleep(0.05)\n"
        "log.close()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    process.stdin.write(b"\n")
    process.stdin.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(20), errors) == (0, b"")


def test_text_that_the_stream_s_encoding_lacks_is_escaped(monkeypatch):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(stream, "isatty", lambda: True)
    log = configure_logging(stream, {"NO_COLOR": "1"})
    log.info("caf\u00e9")
    log.close()
    assert b"caf\\xe9" in raw.getvalue()


def test_configuring_again_replaces_the_first(written):
    first = io.StringIO()
    configure_logging(first, {})
    text = written(lambda log: log.info("once"))
    assert len(text.splitlines()) == 1
    assert first.getvalue() == ""
