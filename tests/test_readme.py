"""Runs what the README says, as it is written there; only the port is another one."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.services import TIMEOUT_SECONDS

from maitred.rpc.client import Client

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "127.0.0.1:50051"
# Of a decision, what is another one each time.
VARYING = re.compile(r"[0-9a-f]{32}|[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; ``before`` is the line of text above it."""

    language: str
    text: str
    before: str


def blocks() -> list[Block]:
    fenced = []
    for match in BLOCK.finditer(README):
        lines = README[: match.start()].rstrip().splitlines()
        fenced.append(Block(match[1], match[2], lines[-1]))
    return fenced


def of(language: str) -> list[Block]:
    return [block for block in blocks() if block.language == language]


def output_of(block: Block) -> str:
    """The `text` block that follows another one."""
    every = blocks()
    following = every[every.index(block) + 1]
    assert following.language == "text"
    return following.text


def words(text: str) -> list[str]:
    """The lines of an output without what varies, and without how wide its columns are."""
    return [" ".join(line.split()) for line in VARYING.sub("…", text).splitlines() if line.strip()]


def maitred_command(line: str, address: str) -> list[str]:
    program, *arguments = shlex.split(line.replace(PORT, address), comments=True)
    assert program.endswith("maitred")
    return [sys.executable, "-m", "maitred.cli.main", *arguments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the service has its database and its keys."""
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """A service of `make run`, started as make would: what one test took is not missing in the next."""
    made = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    line = made.stdout.splitlines()[-1]
    assert PORT in line
    command = maitred_command(line, "127.0.0.1:0")
    log = folder / "log"
    with log.open("wb") as output:
        database = ["--database", f"sqlite:///{folder}/maitred.db"]
        process = subprocess.Popen([*command, *database], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=output)
    try:
        address = await_address(process, log)
        with Client(address) as client:
            client.wait_until_serving(TIMEOUT_SECONDS)
        yield address
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def await_address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if match := re.search(r'"event": ?"serving", "address": ?"([^"]+)"', log.read_text()):
            return match[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def run(command: list[str], **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, **more
    )


def test_the_two_commands_are_targets_of_make():
    lines = [line for line in of("sh")[0].text.splitlines() if line]
    assert [shlex.split(line, comments=True) for line in lines] == [["make", "run"], ["make", "test"]]
    for target in ("run", "test", "demo"):
        run(["make", "--no-print-directory", "--dry-run", target], cwd=ROOT).check_returncode()


def test_the_decision_comes_out_as_shown(address):
    block = of("sh")[1]
    command = [*maitred_command(block.text.replace("\\\n", " "), address), "--target", address]
    done = run(command, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    # Days and hours differ: more actions may be refused than are shown, and none less.
    assert not set(words(output_of(block))) - set(words(done.stdout))

    decision_id = re.search(r"[0-9a-f]{32}", done.stdout)[0]
    explained = run([*maitred_command("maitred explain", address), decision_id, "--target", address])
    assert "customer.late_minutes" in explained.stdout


def run_against(line: str, address: str, folder: Path) -> str:
    """What the command of a line prints, run where the database is."""
    command = maitred_command(line, address)
    done = run(command, cwd=folder, env={**os.environ, "MAITRED_TARGET": address})
    assert done.returncode == 0, line + done.stdout + done.stderr
    return done.stdout


def test_a_claim_goes_the_way_that_is_shown(address, folder):
    ids = {}
    asked = run_against(of("sh")[1].text.replace("\\\n", " "), address, folder)
    ids["DECISION_ID"] = re.search(r"[0-9a-f]{32}", asked)[0]
    claim, redeem, release, claims, outcome = of("sh")[2].text.splitlines()
    claimed = run_against(filled(claim, ids), address, folder)
    assert "for 30 days" in claimed
    ids["CLAIM_ID"] = re.search(r"[0-9a-f]{32}", claimed)[0]
    for line in (redeem, release, outcome):
        run_against(filled(line, ids), address, folder)
    assert ids["CLAIM_ID"] in run_against(claims, address, folder)


def filled(line: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        line = line.replace(name, value)
    return line


def test_an_action_is_paused_and_goes_on(address, folder):
    shown, *others = of("sh")[3].text.splitlines()
    assert "store-ovens" in run_against(shown, address, folder)
    for line in others:
        assert "within a second" in run_against(line, address, folder)


def test_customers_rights_are_a_command_each(address, folder):
    run_against(of("sh")[1].text.replace("\\\n", " "), address, folder)
    consent, export, erase, audit, purge, keys = of("sh")[4].text.splitlines()
    assert "granted" in run_against(consent, address, folder)
    run_against(export, address, folder)
    (written,) = re.findall(r" -o (\S+)", export)
    assert json.loads((folder / written).read_text())["consents"][0]["state"] == "granted"
    assert "key" in run_against(erase, address, folder)
    assert "each as it was written" in run_against(audit, address, folder)
    assert "nothing was deleted" in run_against(purge, address, folder)
    run_against(keys, address, folder)


def test_the_clients_in_python_print_what_is_shown(address):
    for block, max_lines in zip(of("python"), (10, 16), strict=True):
        assert len([line for line in block.text.splitlines() if line.strip()]) <= max_lines
        done = run([sys.executable, "-c", block.text.replace(PORT, address)])
        assert done.returncode == 0, done.stderr
        assert words(done.stdout) == words(output_of(block))


def test_the_rule_files_are_a_sound_ruleset(tmp_path):
    kinds = []
    for number, block in enumerate(of("yaml")):
        (tmp_path / f"{number}.yaml").write_text(block.text)
        kinds += re.findall(r"^kind: (\w+)$", block.text, re.MULTILINE)
    for block in of("csv"):
        (tmp_path / re.fullmatch(r"`(.+)`:", block.before)[1]).write_text(block.text)
    done = run([*maitred_command("maitred check", ""), str(tmp_path)])
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("ok: 3 actions, 1 situation, ruleset 1.0 ")
    assert sorted(kinds) == sorted(
        [
            "Ruleset",
            "Context",
            "Locations",
            "List",
            "Action",
            "ActionTable",
            "Eligibility",
            "Situation",
            "FrequencyCap",
            "Capacity",
            "Privacy",
        ]
    )


def test_the_commands_on_rule_files_run(tmp_path):
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    for line in of("sh")[5].text.splitlines():
        command = maitred_command(line.replace("--out rules/", f"--out {tmp_path}/"), "")
        done = run(command, cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["Test"])
def test_what_is_not_there_yet_is_refused(tmp_path, kind):
    (tmp_path / "ruleset.yaml").write_text(of("yaml")[0].text)
    (tmp_path / "more.yaml").write_text(f"apiVersion: maitred/v1\nkind: {kind}\nname: n\n")
    done = run([*maitred_command("maitred check", ""), str(tmp_path)])
    assert done.returncode == 1
    assert "not supported yet" in done.stdout
    assert f"`{kind}`" in README


def test_every_block_is_run_by_a_test():
    assert len(of("sh")) == 6
    assert {block.language for block in blocks()} == {"sh", "text", "python", "yaml", "csv"}


def test_every_link_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("https://")]
    assert len(links) > 5
    assert not [link for link in links if not (ROOT / link).exists()]


def test_every_command_and_flag_that_is_named_exists():
    named: dict[str, set[str]] = {}
    for line in re.findall(r"`(maitred [^`]+)`", README):
        command, *rest = line.split()[1:]
        named.setdefault(command, set()).update(word for word in rest if word.startswith("--"))
    assert {"serve", "check", "explain"} <= set(named)
    for command, flags in named.items():
        shown = run([*maitred_command(f"maitred {command} --help", "")], env={"COLUMNS": "200"}).stdout
        assert shown, command
        assert not [flag for flag in flags if flag not in shown], command
