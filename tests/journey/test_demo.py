import io
import os
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console
from tools.journey import service

from tools import demo

LIMIT = 200
# The first coupons match some hundred checkouts into the year.
ENOUGH = 1_000


@pytest.fixture
def fake(root, tables, tmp_path):
    """How to start the stand-in with a fault; `pid` is the file it leaves its process id in."""

    class Fake:
        pid = tmp_path / "pid"

        def command(self, fault=""):
            return [
                sys.executable,
                str(root / "tests/journey/fake_service.py"),
                str(tables),
                str(self.pid),
                fault,
            ]

        def assert_gone(self):
            with pytest.raises(ProcessLookupError):
                os.kill(int(self.pid.read_text()), 0)

    return Fake()


@pytest.fixture
def outcome(fake, joined, monkeypatch):
    """Runs the demonstration against the stand-in; gives its exit code and what it printed."""
    # The same for every run, and most of a short run's time.
    monkeypatch.setattr(demo, "join", lambda: joined)

    def run(fault="", limit=LIMIT, concurrency=8):
        code, text = printed(lambda _: fake.command(fault), limit, concurrency)
        fake.assert_gone()
        return code, text

    return run


def printed(command, limit, concurrency):
    console = Console(file=(file := io.StringIO()), width=160, soft_wrap=True)
    code = demo.run(command, console, limit, concurrency)
    return code, file.getvalue()


@pytest.mark.parametrize("concurrency", [1, 32])
def test_a_service_that_is_right_is_found_right(outcome, concurrency):
    code, text = outcome(limit=ENOUGH, concurrency=concurrency)
    assert code == 0
    year = next(line for line in text.splitlines() if line.startswith("│ year"))
    sent, matched, proposed, missing, extra = (int(cell.replace(",", "")) for cell in year.split("│")[2:7])
    assert (sent, missing, extra) == (ENOUGH, 0, 0)
    assert 0 < matched <= proposed


@pytest.mark.parametrize(("fault", "shown"), [("forgets", "missing: basket"), ("repeats", "extra: basket")])
def test_a_service_that_is_wrong_is_found_wrong(outcome, fault, shown):
    code, text = outcome(fault, limit=ENOUGH)
    assert code == 1
    assert shown in text


def test_a_shed_call_is_tried_again(outcome):
    code, text = outcome("flaky")
    assert code == 0, text


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ("faulty rules", ["coupons.yaml:3:1: error: unknown `colour`\n", "refuses the rules"]),
        ("cannot run", ["there is no database at `nowhere`", "ended with exit code 1"]),
        ("dies", ["the ledger is on fire", "was answered with UNAVAILABLE"]),
        ("refuses", ["was answered with INVALID_ARGUMENT: `pos` is not a channel"]),
        ("ends badly", ["ended with exit code 4 when stopped"]),
    ],
)
def test_a_service_that_fails_is_shown_with_what_it_printed(outcome, fault, shown):
    code, text = outcome(fault)
    assert code == 2
    for part in shown:
        assert part in text


def test_a_service_that_never_serves_is_given_up(outcome, monkeypatch):
    monkeypatch.setattr(service, "START_TIMEOUT_S", 3.0)
    code, text = outcome("never serves")
    assert code == 2
    assert "did not get to SERVING within 3 s" in text


def test_a_service_that_does_not_stop_is_killed(outcome, monkeypatch):
    monkeypatch.setattr(service, "STOP_TIMEOUT_S", 0.5)
    code, text = outcome("stubborn")
    assert code == 2
    assert "exit code -9" in text


@pytest.mark.usefixtures("data")
def test_a_command_that_is_not_there_is_a_clear_error():
    code, text = printed(lambda _: ["/no/such/maitred"], 1, 1)
    assert code == 2
    assert "error: cannot start `/no/such/maitred`: No such file or directory" in text


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demonstration_stops_its_service(root, fake, number, code):
    program = (
        "import signal, sys; from rich.console import Console; from tools import demo;"
        # In the background of a shell Ctrl-C is ignored, and children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "signal.signal(signal.SIGTERM, demo.terminate);"
        f"sys.exit(demo.run(lambda _: {fake.command()!r}, Console()))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            until(lambda: fake.pid.exists() and fake.pid.read_text())
            # The child is up; give calls time to be in flight.
            time.sleep(1.0)
            running.send_signal(number)
            output, _ = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == code
    assert "Traceback" not in output
    fake.assert_gone()


def test_settings_of_another_service_do_not_reach_the_child(tmp_path, monkeypatch):
    monkeypatch.setenv("MAITRED_WORKERS", "7")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "till")
    shown = "import os; print(sorted(n for n in os.environ if n.startswith(('MAITRED_', 'OTEL_'))))"
    process = service.start([sys.executable, "-c", shown], tmp_path / "log")
    assert process.wait(30) == 0
    assert service.last_lines(tmp_path / "log") == "['OTEL_SERVICE_NAME']"


def until(ready, timeout_s=120):
    deadline = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_help_teaches(root):
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", "--help"], cwd=root, capture_output=True, text=True, check=True
    )
    for word in ("--limit", "--concurrency", "--database", "Exit codes", "python -m tools.demo --limit 2000"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--limit", "0"], ["--concurrency", "0"], ["--concurrency", "9999"], ["--colour"]]
)
def test_wrong_options_are_refused(root, arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", *arguments], cwd=root, capture_output=True, check=False
    )
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("log", "address"),
    [
        (b"", ""),
        (b'{"event": "serving", "address": "127.0.0.1:1"}', ""),
        (b'{"event": "serving", "address": "127.0.0.1:1"}\n', "127.0.0.1:1"),
        (b'{"event": "loaded", "serving": 1}\n["serving"]\n"serving"\n{"serving"\n\xff"serving"\n', ""),
        (b'"serving"\n{"level": "info", "address": "[::1]:2", "event": "serving"}\nmore', "[::1]:2"),
    ],
)
def test_the_address_is_read_from_what_was_printed(tmp_path, log, address):
    (tmp_path / "log").write_bytes(log)
    assert service.announced_address(tmp_path / "log") == address
