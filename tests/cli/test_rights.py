"""``maitred consent``, ``export``, ``erase``, ``audit`` and ``purge``."""

import json
import os
import pty
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

CONTEXT = '{"customer": {"tier": "gold"}}'


@pytest.fixture
def ask(run, service):
    """Runs a command that calls the module's service."""
    return lambda *args: run(*args, "--target", service.address)


def decided(ask, customer):
    done = ask("decide", "--customer", customer, "--channel", "pos", "--context", CONTEXT, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["decision_id"]


def test_what_a_newcomer_does(run, serve, rules, tmp_path):
    service = serve("--rules", rules)

    def ask(*args):
        return run(*args, "--target", service.address)

    kept, gone = decided(ask, "omar-3"), decided(ask, "lena-7")
    stated = ask("consent", "lena-7", "perks", "granted", "--source", "app-settings")
    assert (stated.returncode, stated.stdout.splitlines()[0]) == (0, "recorded: perks granted")

    first = ask("export", "lena-7", "-o", tmp_path / "lena.json")
    assert first.returncode == 0, first.stderr
    held = json.loads((tmp_path / "lena.json").read_bytes())
    assert stat.S_IMODE((tmp_path / "lena.json").stat().st_mode) == 0o600
    assert [item["decision_id"] for item in held["decisions"]] == [gone]
    assert [item["purpose"] for item in held["consents"]] == ["perks"]

    erased = ask("erase", "lena-7", "--yes")
    assert (erased.returncode, erased.stdout.splitlines()[0][:13]) == (0, "erased lena-7")

    # Beside the service, which goes on.
    database = f"sqlite:///{tmp_path}/maitred.db"
    audit = run("audit", "--database", database)
    assert (audit.returncode, audit.stderr) == (0, "")
    assert "ok: 2 decisions in 1 chain, each as it was written" in audit.stdout

    again = json.loads(ask("export", "lena-7").stdout)
    assert again["decisions"] == again["consents"] == []
    assert [item["decision_id"] for item in json.loads(ask("export", "omar-3").stdout)["decisions"]] == [kept]
    assert "nothing is held about lena-7" in ask("erase", "lena-7", "--yes").stdout
    assert ask("explain", gone).returncode == 1
    assert ask("explain", kept).returncode == 0

    busy = run("purge", "--database", database, "--keep", "decisions=1d")
    assert busy.returncode == 2
    assert "in use" in busy.stderr
    assert "give it the same --keep" in busy.stderr
    assert service.events("serving")[0]["keep"] == "decisions=400d,consents=1100d,ledger=30d,events=400d"


def test_statements_are_recorded_once_and_shown_with_their_proof(ask):
    none = ask("consent", "mia-1")
    assert (none.returncode, none.stdout) == (
        0,
        "nothing is on record: where a purpose needs consent, that is no\n",
    )
    for _ in range(2):
        done = ask("consent", "mia-1", "ads", "granted", "--source", "app", "--request-id", "once")
        assert done.returncode == 0, done.stderr
    older = ("--source", "letter", "--at", "2020-01-01T00:00:00+01:00", "--text-version", "v2")
    late = ask("consent", "mia-1", "ads", "denied", *older)
    assert "granted" in late.stdout.split("counts now")[1], "the later statement counts, whenever it arrives"
    ask("consent", "mia-1", "news", "OBJECTED", "--source", "call")

    view = json.loads(ask("consent", "mia-1", "--json").stdout)
    assert {consent["purpose"]: consent["state"] for consent in view["current"]} == {
        "ads": "granted",
        "news": "objected",
    }
    assert view["history"][0] == {
        "purpose": "ads",
        "state": "denied",
        "source": "letter",
        "at": "2019-12-31T23:00:00Z",
        "text_version": "v2",
    }
    assert len(view["history"]) == 3
    table = ask("consent", "mia-1", "news").stdout
    assert "objected" in table
    assert "ads" not in table


def test_the_same_request_with_another_content_is_refused(ask):
    assert ask("consent", "mia-2", "ads", "granted", "--source", "a", "--request-id", "r").returncode == 0
    other = ask("consent", "mia-2", "ads", "denied", "--source", "a", "--request-id", "r")
    assert (other.returncode, other.stdout) == (1, "")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("ads", "granted"), "a statement needs its source"),
        (("ads", "--source", "app"), "say what was stated as well"),
        (("ads", "yes", "--source", "app"), "`yes` is not one of"),
        (("ads", "granted", "--source", "app", "--at", "2026-12-01T11:30"), "not an instant with its offset"),
    ],
)
def test_half_a_statement_is_refused(run, args, message):
    done = run("consent", "4711", *args, "--target", "127.0.0.1:1")
    assert done.returncode == 2
    assert message in done.stderr


def test_what_customers_send_cannot_move_the_cursor(ask):
    ask("consent", "eve", "a\u202eds", "granted", "--source", "[red]\u2028x")
    shown = ask("consent", "eve").stdout
    assert "a\\u202eds" in shown
    assert "[red]\\u2028x" in shown


def test_an_export_replaces_a_file_whole_and_only_for_its_owner(ask, tmp_path):
    decided(ask, "ida")
    file = tmp_path / "ida.json"
    file.write_text("older, and longer than nothing")
    file.chmod(0o644)
    assert ask("export", "ida", "-o", file).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    held = json.loads(file.read_bytes())
    assert held["customer_id"] == "ida"
    assert held["decisions"][0]["proposals"][0]["action"] == "lounge"
    assert list(tmp_path.iterdir()) == [file]
    assert json.loads(ask("export", "ida").stdout)["decisions"] == held["decisions"]


def test_an_export_that_cannot_be_written_says_so(ask, tmp_path):
    done = ask("export", "ida", "-o", tmp_path / "nowhere" / "ida.json")
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert ask("export", "ida", "-o", "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()


def test_erasing_needs_somebody_to_ask_or_yes(ask, maitred, service):
    decided(ask, "ole")
    done = maitred("erase", "ole", "--target", service.address)
    assert done.returncode == 2
    assert "say --yes" in done.stderr
    assert json.loads(ask("export", "ole").stdout)["decisions"]


@pytest.mark.parametrize(("answer", "code", "left"), [(b"n\n", 1, 1), (b"\n", 1, 1), (b"y\n", 0, 0)])
def test_erasing_asks_at_a_terminal(ask, service, answer, code, left):
    decided(ask, f"tom-{answer!r}")
    command = [
        sys.executable,
        "-m",
        "maitred.cli.main",
        "erase",
        f"tom-{answer!r}",
        "--target",
        service.address,
    ]
    master, slave = pty.openpty()
    try:
        os.write(master, answer)
        done = subprocess.run(command, stdin=slave, capture_output=True, timeout=60, check=False)
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == code, done.stderr
    assert b"for good" in done.stderr
    assert b"erase?" in done.stderr
    assert len(json.loads(ask("export", f"tom-{answer!r}").stdout)["decisions"]) == left


def test_erasing_tells_programs_what_went(ask):
    decided(ask, "pia")
    ask("consent", "pia", "ads", "granted", "--source", "app")
    fields = json.loads(ask("erase", "pia", "--yes", "--json").stdout)
    assert fields["customer_id"] == "pia"
    assert fields["erased"]["key"] == fields["erased"]["consents"] == 1
    again = json.loads(ask("erase", "pia", "--yes", "--json").stdout)
    assert not any(again["erased"].values())


@pytest.fixture
def copied(ask, service, tmp_path):
    """A database of three decisions that nobody has open, for the test alone."""
    for customer in ("a", "b", "c"):
        decided(ask, customer)
    source = service.log.parent / "maitred.db"
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(tmp_path / "copy.db")) as there:
        here.backup(there)
    return tmp_path / "copy.db"


def tampered(file, statement):
    with closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(statement).rowcount


FIRST, LAST = "(SELECT min(seq) FROM decision)", "(SELECT max(seq) FROM decision)"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE decision SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE seq = {FIRST}",
        f"UPDATE decision SET ruleset = CAST(x'ff' AS TEXT) WHERE seq = {FIRST}",
        f"UPDATE decision SET body = x'00' || substr(body, 2) WHERE seq = {FIRST} + 1",
        f"DELETE FROM decision WHERE seq = {FIRST} + 1",
        f"DELETE FROM decision WHERE seq = {LAST}",
        f"UPDATE decision SET decided_at = decided_at + 1 WHERE seq = {LAST}",
    ],
)
def test_an_audit_names_the_first_bad_row(run, copied, statement):
    database = f"sqlite:///{copied}"
    sound = run("audit", "--database", database)
    assert (sound.returncode, sound.stderr) == (0, "")
    tampered(copied, statement)
    done = run("audit", "--database", database)
    assert done.returncode == 1
    assert "row" in done.stdout
    assert "1 chain not as written" in done.stdout
    report = json.loads(run("audit", "--database", database, "--json").stdout)
    assert report["ok"] is False
    (broken,) = report["broken"]
    assert f"row {broken['row']}" in done.stdout
    assert broken["why"] in done.stdout


def test_heads_noted_before_show_rows_that_were_taken_with_their_count(run, copied, tmp_path):
    database, report = f"sqlite:///{copied}", tmp_path / "report.json"
    noted = json.loads(run("audit", "--database", database, "--json").stdout)
    report.write_text(json.dumps(noted))
    (chain,) = noted["chains"]
    head = f"{chain['writer']}={chain['head']}"
    for flags in (("--head", head), ("--since", report), ("--head", head.upper())):
        done = run("audit", "--database", database, *flags)
        assert done.returncode == 0, done.stdout
        assert "1 noted head found again" in done.stdout

    # One who knows how rewrites the end: the chain alone is whole again.
    tampered(
        copied,
        f"UPDATE log_writer SET rows = rows - 1, head = (SELECT hash FROM decision WHERE seq = {LAST} - 1)",
    )
    tampered(copied, f"DELETE FROM decision WHERE seq = {LAST}")
    assert run("audit", "--database", database).returncode == 0
    done = run("audit", "--database", database, "--since", report)
    assert done.returncode == 1
    assert "the end was cut off or rows were written anew" in done.stdout
    gone = run("audit", "--database", database, "--head", f"{'ab' * 16}={'cd' * 32}")
    assert gone.returncode == 1
    assert "the whole chain is gone" in gone.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--head", "nonsense"), "`nonsense` is no head"),
        (("--head", "zz=cd"), "is no head"),
        (("--head", "=cd"), "is no head"),
        (("--since", "absent.json"), "cannot read `absent.json`"),
        (("--since", __file__), "is no report"),
        (("--database", "sqlite:///absent.db"), "does not exist"),
        (("--database", "mysql://nowhere"), "not supported"),
    ],
)
def test_an_audit_that_cannot_run_says_why(run, args, message):
    done = run("audit", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_purge_deletes_what_is_over_and_leaves_the_audit_valid(run, copied):
    database = ("--database", f"sqlite:///{copied}")
    before = json.loads(run("audit", *database, "--json").stdout)["rows"]
    later = ("--at", "2200-01-01T00:00:00Z")
    trial = json.loads(
        run("purge", *database, "--keep", "decisions=1d", *later, "--dry-run", "--json").stdout
    )
    assert trial["dry_run"] is True
    assert trial["rows"]["decisions"] == before > 0
    assert run("audit", *database).returncode == 0

    assert "nothing has been kept longer" in run("purge", *database, "--keep", "decisions=1d").stdout
    other = json.loads(
        run("purge", *database, "--keep", "decisions=forever,ledger=1d", *later, "--json").stdout
    )
    assert other["rows"]["decisions"] == 0
    done = json.loads(run("purge", *database, "--keep", "decisions=1d", *later, "--json").stdout)
    assert done["rows"]["decisions"] >= before
    report = json.loads(run("audit", *database, "--json").stdout)
    assert (report["ok"], report["rows"]) == (True, 0)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "--keep names no class"),
        (("--keep", "decisions=forever"), "--keep names no class"),
        (("--keep", "decisions=1d", "--simulated-time"), "the instant must be given"),
        (("--keep", "decisions=1d", "--database", "sqlite:///absent.db"), "does not exist"),
        (("--keep", "decisions=1d", "--database", "sqlite:///absent.db", "--dry-run"), "does not exist"),
    ],
)
def test_a_purge_that_cannot_run_says_why(run, args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("purge", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_purge_knows_simulated_time_from_the_variable_too(run, monkeypatch):
    done_without = run("purge", "--keep", "decisions=1d", "--database", "sqlite:///absent.db")
    assert "does not exist" in done_without.stderr
    monkeypatch.setenv("MAITRED_SIMULATED_TIME", "true")
    assert "the instant must be given" in run("purge", "--keep", "decisions=1d").stderr


def test_nobody_needs_keys_to_audit(run, copied, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(copied, moved / "maitred.db")
    assert run("audit", "--database", f"sqlite:///{moved}/maitred.db").returncode == 0
    assert not any(path.suffix == ".keys" for path in moved.iterdir())
