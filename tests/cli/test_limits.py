"""``limits``, ``pause``, ``resume``, ``claim`` and what follows it, against a running service."""

import codecs
import contextlib
import getpass
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest
from tests.rules import action, cap, capacity, document, joined

LIMITS = (
    action("pizza", title="Free pizza", channels="[pos]", score=2, alternatives="[bread]"),
    action("bread", title="Garlic bread", channels="[pos]"),
    capacity(
        "store-ovens",
        applies_to="{actions: [pizza]}",
        per="[location]",
        window="{calendar: day}",
        pace="{limit: 5, window: {rolling: 15m}}",
    ),
    cap("weekly", applies_to="{actions: [bread]}", limit=2, window="{rolling: 7d}"),
    document("Event", "visit", {"fields": "{page: string, clicks: int}", "retention": "30d"}),
)
COMMAND = (sys.executable, "-m", "maitred.cli.main")
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture(scope="module")
def shop(launch, write_rules, actions, tmp_path_factory):
    """A service with limits, for tests that each stay in a place of their own."""
    folder = tmp_path_factory.mktemp("shop")
    return launch(folder, "--rules", write_rules(folder / "rules", joined(actions, *LIMITS)))


@pytest.fixture
def open_shop(serve, rules, actions, free_port):
    """Opens a service that may be closed; again on the same port and database."""
    (rules / "actions.yaml").write_text(joined(actions, *LIMITS))
    return lambda: serve("--rules", rules, "--listen", f"127.0.0.1:{free_port}")


@pytest.fixture
def place(request):
    """A location where no other test is."""
    return f"s-{request.node.name}"


@pytest.fixture
def ask(run, shop):
    """Runs a command against the shop; gives code, output and errors."""

    def ask(*args):
        done = run(*args, "--target", shop.address)
        return done.returncode, done.stdout, done.stderr

    return ask


@pytest.fixture
def decide(ask, place):
    """Decides for pizza; gives the decision's id."""

    def decide(customer):
        who = ("--customer", f"{place}-{customer}", "--location", place)
        code, output, _ = ask("decide", *who, "--channel", "pos", "--max-actions", "5", "--json")
        assert code == 0
        return json.loads(output)["decision_id"]

    return decide


def test_the_life_of_a_claim(ask, decide):
    decision, other = decide("7"), decide("8")
    code, output, _ = ask("claim", decision, "pizza", "--request-id", "till-1")
    assert code == 0
    claim = re.match(r"granted: claim ([0-9a-f]{32})\nheld until \S+Z, for 20 min\n", output)[1]
    assert "request till-1: repeat it with --request-id" in output
    assert ask("claim", decision, "pizza", "--request-id", "till-1")[1] == output

    code, output, _ = ask("claim", other, "pizza")
    assert code == 1
    assert output.startswith("denied, CAPACITY_EXHAUSTED: `pizza` has no unit left (store-ovens)")
    assert "can be claimed instead" in output
    assert "bread  offer, score 0, in place of pizza" in output

    assert ask("redeem", claim)[0] == 0
    code, output, _ = ask("release", claim, "--cause", "voided", "--json")
    assert (code, json.loads(output)["status"]) == (0, "released")
    code, _, error = ask("redeem", claim)
    assert (code, error) == (1, f"error: not possible now: claim `{claim}` was released before\n")
    code, output, _ = ask("claim", other, "pizza", "--json")
    assert (code, json.loads(output)["status"]) == (0, "CLAIM_GRANTED")


def test_outcomes_are_reported_and_those_that_nobody_reports_are_not(ask, decide):
    decision = decide("7")
    code, output, _ = ask("outcome", decision, "bread", "presented")
    assert (code, output.splitlines()[0]) == (0, "recorded")
    code, output, _ = ask("outcome", decision, "bread", "REJECTED", "--request-id", "o-1", "--json")
    assert (code, json.loads(output)) == (0, {"outcome_id": "o-1", "recorded": True, "detail": ""})
    for kind in ("expired", "claimed", "eaten"):
        code, _, error = ask("outcome", decision, "bread", kind)
        assert (code, error.startswith(f"error: `{kind}` is no outcome to report: presented")) == (2, True)


def test_events_are_recorded_and_a_customer_is_shown(ask):
    visit = ("event", "guest-1", "visit", "page=cars", "clicks=3")
    code, output, _ = ask(*visit, "--request-id", "e-1")
    assert (code, output.splitlines()[0]) == (0, "recorded")
    code, output, _ = ask("event", "guest-1", "visit", "clicks=many", "--json")
    assert (code, json.loads(output)["recorded"]) == (1, False)
    assert "clicks" in json.loads(output)["detail"]
    assert ask("event", "guest-1", "--withdraws", "e-0")[0] == 0
    code, _, error = ask("event", "guest-1", "visit", "page")
    assert (code, error) == (2, "error: `page` is no field: write NAME=VALUE\n")
    code, output, _ = ask("session", "guest-1", "--customer", "--json")
    (event,) = json.loads(output)["events"]
    assert (code, json.loads(event["fields"])) == (0, {"page": "cars", "clicks": 3})
    code, output, _ = ask("session", "guest-1", "--customer")
    assert (code, "visit" in output, "nothing was decided" in output) == (0, True, True)
    code, output, _ = ask("session", "no-such-session")
    assert (code, "nothing was decided" in output) == (0, True)


def test_limits_show_what_is_held_spent_and_refused(ask, decide, place):
    ask("claim", decide("7"), "pizza")
    decide("8")
    code, output, _ = ask("limits", "store-ovens", "--location", place)
    assert code == 0
    ovens, pace = output.splitlines()[1:3]
    assert ovens.split("  ")[0] == "store-ovens"
    assert "[====================]  1 of 1  1" in ovens
    assert ovens.endswith("none left")
    assert re.search(r"pace .*1 of 5  1 +claimed within 15 minutes", pace)
    code, output, _ = ask("limits", "--location", place, "--json")
    rows = json.loads(output)["limits"]
    assert list(dict.fromkeys(row["name"] for row in rows)) == ["store-ovens", "store-ovens/pace", "weekly"]
    assert all(re.fullmatch("customer [0-9a-f]{12}", row["subject"]) for row in rows[2:])
    assert (rows[0]["held"], rows[0]["maximum"], rows[0]["subject"]) == (1, 1, f"location {place}")


def test_refusals_by_limits_read_well(ask, decide, place):
    ask("claim", decide("7"), "pizza")
    flags = ("--customer", "9", "--channel", "pos", "--location", place, "--explain", "reasons")
    code, output, _ = ask("decide", *flags, "--max-actions", "5")
    assert code == 0
    assert "bread  offer, score 0, in place of pizza" in output
    assert re.search(r"held   until \S+Z, for 20 min", output)
    row = next(line for line in output.splitlines() if line.strip().startswith("pizza"))
    assert row.split(maxsplit=3) == [
        *("pizza", "CAPACITY_EXHAUSTED", "store-ovens"),
        "1 of 1 taken per location this day",
    ]


def test_an_action_is_paused_by_who_is_signed_in_and_goes_on(ask, shop, place):
    code, output, _ = ask("pause", "pizza", "--cause", "oven 2")
    assert (code, output.splitlines()[1]) == (0, "it goes on with `maitred resume pizza`")
    assert output.startswith("`pizza` is paused everywhere within a second, since ")
    line = shop.await_event("action_paused")
    assert line["action"] == "pizza"
    assert not {getpass.getuser(), "oven 2"} & set(line.values())
    code, output, _ = ask(
        "decide", "--customer", "1", "--channel", "pos", "--location", place, "--explain", "full"
    )
    assert "PAUSED" in output
    assert ask("resume", "pizza")[:2] == (0, "`pizza` goes on everywhere within a second\n")
    assert ask("resume", "pizza", "--json")[:2] == (0, '{\n  "action": "pizza",\n  "was_paused": false\n}\n')
    for command in ("pause", "resume"):
        code, _, error = ask(command, "piza")
        assert (code, error) == (1, "error: not found: no such action, did you mean `pizza`?\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a", "b"), "one limit at a time, not also `b`"),
        (("--watch", "0"), "`0` is no interval: give seconds from 0.2 to 3600"),
        (("--watch", "nan"), "`nan` is no interval"),
        (("--watch", "1e9"), "`1e9` is no interval"),
        (("--most", "0"), "invalid value for `--most`: write 1 or more"),
    ],
)
def test_bad_words_are_told(run, words, message):
    done = run("limits", *words, "--target", "127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}")


def test_a_watch_without_a_server_says_how_to_start_one(run, free_port):
    done = run("limits", "--watch", "--target", f"127.0.0.1:{free_port}")
    assert done.returncode == 2
    assert "start one with `maitred serve" in done.stderr


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *args):
        self.leader, follower = pty.openpty()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAITRED_", "NO_"))}
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, args)],
            env={**kept, "TERM": "xterm-256color", "COLUMNS": "140", "LINES": "30", "GRPC_VERBOSITY": "NONE"},
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
        )
        os.close(follower)
        os.set_blocking(self.leader, False)
        self.text, self._decoder = "", codecs.getincrementaldecoder("utf-8")()

    def await_text(self, words, seconds=30.0):
        """Waits until the words come; everything before them is forgotten."""
        end = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < end, self.text
            self._read()
            time.sleep(0.02)
        before, self.text = self.text.split(words, 1)
        return before + words

    def _read(self):
        with contextlib.suppress(OSError):
            self.text += self._decoder.decode(os.read(self.leader, 65_536))

    def end(self, number):
        self.process.send_signal(number)
        until = time.monotonic() + 20
        # It cannot end before somebody has read what it writes last.
        while self.process.poll() is None:
            assert time.monotonic() < until, self.text
            self._read()
            time.sleep(0.02)
        self._read()
        os.close(self.leader)
        return self.process.returncode, self.text


@pytest.fixture
def open_terminal():
    """Opens terminals; what runs on them is gone at the end."""
    opened = []

    def run(*args):
        opened.append(Terminal(*args))
        return opened[-1]

    yield run
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_watch_redraws_in_place_and_gives_the_cursor_back(shop, ask, decide, place, open_terminal, number):
    terminal = open_terminal(
        "limits", "store-ovens", "--watch", "0.2", "--location", place, "--target", shop.address
    )
    assert HIDE_CURSOR in terminal.await_text("0 of 1")
    ask("claim", decide("7"), "pizza")
    assert "\x1b[1A" in terminal.await_text("1 of 1")
    code, last = terminal.end(number)
    assert code == 0
    assert SHOW_CURSOR in last
    assert "Traceback" not in last


def test_a_watch_survives_a_restart_of_the_server(open_shop, open_terminal):
    shop = open_shop()
    terminal = open_terminal("limits", "--watch", "0.2", "--target", shop.address)
    terminal.await_text("store-ovens")
    shop.stop()
    terminal.await_text(f"no server answers at `{shop.address}`; trying again, this is how it stood at ")
    open_shop()
    end = time.monotonic() + 30
    while "trying again" in terminal.await_text(" used"):
        assert time.monotonic() < end
    assert terminal.end(signal.SIGINT)[0] == 0


def test_a_watch_in_a_pipe_is_a_line_of_json_each_time(open_shop):
    shop = open_shop()
    command = [*COMMAND, "limits", "--watch", "0.2", "--json", "--target", shop.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        looks = [json.loads(process.stdout.readline()) for _ in range(2)]
        shop.stop()
        while "error" not in looks[-1]:
            looks.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    assert looks[0]["at"] < looks[1]["at"]
    assert looks[-1]["limits"] == looks[0]["limits"]
    assert looks[-1]["error"]


def test_claims_are_shown_by_customer_session_and_location(run, shop):
    place = "claims-place"
    args = ("--location", place, "--session", "visit-9")
    decision = json.loads(run("decide", "--target", shop.address, "--channel", "pos", *args, "--json").stdout)
    claim = json.loads(
        run("claim", "--target", shop.address, decision["decision_id"], "pizza", "--json").stdout
    )
    for flags in (("--session", "visit-9"), ("--location", place)):
        shown = run("claims", "--target", shop.address, *flags)
        assert shown.returncode == 0
        assert claim["claim_id"] in shown.stdout
        assert "held" in shown.stdout
    listed = json.loads(run("claims", "--target", shop.address, "--location", place, "--json").stdout)
    assert [entry["claim_id"] for entry in listed["claims"]] == [claim["claim_id"]]
    assert "nothing has been claimed" in run("claims", "--target", shop.address, "--customer", "eve").stdout


@pytest.mark.parametrize("flags", [(), ("--customer", "a", "--session", "b")])
def test_claims_are_of_exactly_one(run, shop, flags):
    refused = run("claims", "--target", shop.address, *flags)
    assert refused.returncode == 2
    assert "exactly one of --customer, --session and --location" in refused.stderr
