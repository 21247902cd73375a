"""``maitred decide`` and ``maitred explain`` against a running service."""

import json
import re
import socket
import threading

import pytest


def test_the_best_action_is_shown_with_what_to_say(service, maitred, gold):
    done = maitred(
        "decide", "--customer", "7", "--channel", "pos", "--context", gold, "--target", service.address
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"decision [0-9a-f]{32}  20\d\d-.*Z  ruleset [0-9a-f]{12}\n", done.stdout)
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert ["1.", "lounge  service, score 2.5"] in lines
    assert ["title", "Lounge pass"] in lines
    assert ["say", "The lounge is open for you, gold guest."] in lines
    assert ["show", "LOUNGE"] in lines


def test_reasons_name_rule_and_shortfall_nearest_first(service, run):
    context = '{"customer": {"tier": "basic"}}'
    done = run(
        *("decide", "--customer", "7", "--channel", "pos", "--context", context),
        *("--explain", "full", "--target", service.address),
    )
    assert done.returncode == 0
    assert "nothing to propose" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("    ")]
    assert [row[:2] for row in rows] == [
        ["action", "reason"],
        ["apology", "MISSING_ATTRIBUTE"]
        if rows[1][1] == "MISSING_ATTRIBUTE"
        else ["apology", "NOT_ELIGIBLE"],
        ["lounge", "NOT_ELIGIBLE"],
        ["app-hint", "WRONG_CHANNEL"],
    ]
    assert "gold-only" in done.stdout
    assert 'needs customer.tier in ["gold", "platinum"], is "basic"' in done.stdout


def test_explain_shows_record_chain_and_proposals(service, maitred):
    context = '{"customer": {"tier": "platinum"}, "session": {"failed_calls": 4}}'
    asked = maitred(
        *("decide", "--customer", "7", "--channel", "pos", "--location", "s1", "--max-actions", "2"),
        *("--context", "-", "--request-id", "chain-1", "--json", "--target", service.address),
        stdin=context,
    )
    answer = json.loads(asked.stdout)
    assert [proposal["action"] for proposal in answer["proposals"]] == ["apology", "lounge"]

    explained = maitred("explain", answer["decision_id"], "--target", service.address)
    assert explained.returncode == 0
    assert "vip_at_risk because service_failure (session.failed_calls >= 3)" in explained.stdout
    for words in ("chain-1", "2 actions", "customer.tier", '"platinum"', "2.  lounge"):
        assert words in explained.stdout
    assert "app-hint" not in explained.stdout

    full = maitred(
        "explain", answer["decision_id"], "--full", "--json", env={"MAITRED_TARGET": service.address}
    )
    record = json.loads(full.stdout)
    assert record["record"]["location_id"] == "s1"
    assert record["record"]["facts"]["session.failed_calls"] == 4
    assert record["record"]["ruleset_version"] == "1.4"
    assert record["decision"]["decision_id"] == answer["decision_id"]
    assert [(r["action"], r["reason"]) for r in record["decision"]["refusals"]] == [
        ("app-hint", "WRONG_CHANNEL")
    ]


def test_a_repeated_request_id_gets_the_stored_answer_and_other_content_is_refused(service, run, gold):
    def ask(context: str):
        return run(
            *("decide", "--customer", "7", "--channel", "pos", "--request-id", "again"),
            *("--context", context, "--json", "--target", service.address),
        )

    first, second, other = ask(gold), ask(gold), ask("{}")
    assert first.returncode == 0
    assert json.loads(first.stdout) == json.loads(second.stdout)
    assert other.returncode == 1
    assert other.stderr.startswith("error: already answered: ")


def test_every_flag_can_be_a_variable(service, run, gold, monkeypatch):
    variables = {
        "MAITRED_TARGET": service.address,
        "MAITRED_CUSTOMER": "7",
        "MAITRED_CHANNEL": "pos",
        "MAITRED_LOCATION": "s9",
        "MAITRED_CONTEXT": gold,
        "MAITRED_MAX_ACTIONS": "2",
        "MAITRED_EXPLAIN": "full",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    answer = json.loads(run("decide", "--json").stdout)
    assert [proposal["action"] for proposal in answer["proposals"]] == ["lounge"]
    assert answer["proposals"][0]["why"]
    assert {refusal["action"] for refusal in answer["refusals"]} == {"apology", "app-hint"}


def test_a_dry_run_leaves_no_record(service, run, gold):
    flags = ("--customer", "7", "--channel", "pos", "--context", gold, "--target", service.address)
    done = run("decide", *flags, "--dry-run")
    assert done.returncode == 0
    assert "dry run" in done.stdout
    assert "decision " not in done.stdout


def test_the_context_may_stand_in_a_file_and_the_time_may_be_given(service, maitred, tmp_path, gold):
    (tmp_path / "context.json").write_text(gold)
    done = maitred(
        *("decide", "--customer", "7", "--channel", "pos", "--context", "@context.json"),
        *("--at", "2026-12-01T11:30:00-05:00", "--json", "--target", service.address),
        cwd=tmp_path,
    )
    assert json.loads(done.stdout)["decided_at"] == "2026-12-01T16:30:00Z"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--channel", "kiosk"),
            "error: the request is malformed: unknown channel, known are mobile, pos",
        ),
        (("--channel", "pos", "--ruleset", "ab" * 32), "error: not found: no such ruleset"),
    ],
)
def test_what_the_server_refuses_is_a_finding(service, run, flags, message):
    done = run("decide", "--customer", "7", *flags, "--target", service.address)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(message)


def test_an_unknown_decision_is_a_finding(service, run):
    done = run("explain", "ab" * 16, "--target", service.address)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: not found: ")


def test_without_a_server_it_says_how_to_start_one(run, free_port):
    done = run("decide", "--customer", "7", "--channel", "pos", "--target", f"127.0.0.1:{free_port}")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"error: no server answers at `127.0.0.1:{free_port}`",
        f"start one with `maitred serve --listen 127.0.0.1:{free_port}`, or name another with --target",
    ]


def test_a_name_that_leads_nowhere_is_told_like_a_server_that_is_not_there(run):
    done = run("decide", "--customer", "7", "--channel", "pos", "--target", "no.such.host.invalid:1")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        "error: no server answers at `no.such.host.invalid:1`",
    )


def test_what_does_not_speak_grpc_is_told_apart(run):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        target = f"127.0.0.1:{stranger.getsockname()[1]}"
        answer = threading.Thread(target=speak_http, args=(stranger,))
        answer.start()
        done = run("decide", "--customer", "7", "--channel", "pos", "--target", target)
        answer.join()
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: cannot talk to `{target}`: ")


def speak_http(stranger: socket.socket) -> None:
    connection, _ = stranger.accept()
    stranger.close()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--target", "nonsense"), "`nonsense` is not an address"),
        (("--context", '{"a": '), "the context is not JSON: line 1 column 7: "),
        (("--context", "[1]"), "the context must be a JSON object"),
        (("--context", '{"a": NaN}'), "the context is not JSON: line 1 column 7: "),
        (("--context", "{" + '"a":{' * 500 + "}" * 501), "the context cannot be sent: "),
        (("--context", "@nowhere.json"), "cannot read `nowhere.json`: No such file"),
        (("--at", "2026-12-01T11:30:00"), "`2026-12-01T11:30:00` is not an instant with its offset"),
        (("--at", "0001-01-01T00:00:00+14:00"), "`0001-01-01T00:00:00+14:00` is not an instant"),
        (("--max-actions", "0"), "invalid value for `--max-actions` "),
        (("--explain", "all"), "invalid value for `--explain` "),
        (("--tls-ca", "nowhere.pem"), "cannot read `nowhere.pem`: "),
    ],
)
def test_bad_flags_are_told_before_anything_is_sent(run, free_port, flags, message):
    given = ("--customer", "7", "--channel", "pos", "--target", f"127.0.0.1:{free_port}")
    done = run("decide", *given, *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}"), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"CERT": "cert.pem"},
            "a client's certificate needs both MAITRED_TLS_CLIENT_CERT and MAITRED_TLS_CLI",
        ),
        ({"KEY": "key.pem"}, "a client's certificate needs both MAITRED_TLS_CLIENT_CERT and MAITRED_TLS_CLI"),
        ({"CERT": "no-cert.pem", "KEY": "no-key.pem"}, "cannot read `no-key.pem`: No such file"),
    ],
)
def test_what_is_wrong_with_a_clients_certificate_is_told(
    run, free_port, monkeypatch, tmp_path, given, message
):
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    for name, value in given.items():
        monkeypatch.setenv(f"MAITRED_TLS_CLIENT_{name}", value)
    done = run("decide", "--channel", "pos", "--target", f"127.0.0.1:{free_port}", "--tls-ca", ca)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}"), done.stderr


def test_a_session_stands_in_one_place(run, service):
    args = ("decide", "--target", service.address, "--channel", "pos", "--session", "s-1")
    assert run(*args, "--context", '{"session": {"id": "s-1", "step": 2}}').returncode == 0
    for context in ('{"session": {"id": "s-2"}}', '{"session": "s-1"}'):
        refused = run(*args, "--context", context)
        assert refused.returncode == 2
        assert "--session" in refused.stderr


def test_a_basket_without_a_card_and_consent_of_the_moment(run, service):
    args = ("decide", "--target", service.address, "--channel", "pos", "--dry-run", "--json")
    assert run(*args).returncode == 0
    done = run(*args, "--granted", "perks", "--granted", "ads", "--denied", "profiling", "--gpc")
    assert done.returncode == 0
