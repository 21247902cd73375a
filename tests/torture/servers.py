"""Real server processes on the torture rules, that can be killed one by one or all at once."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from shutil import copytree

from tests.services import COMMAND, environ, events_in

from maitred.bootstrap.rules import check_rules

RULES = Path(__file__).parent / "rules"
ROUNDS = 240
COUNTED = ("location", "everybody", "both")
"""How the units of a round are counted, in turn; see the rules."""
STORES = 5
"""Of each round: in a table, so that operators see them by their names."""
WORKERS = 4
START_SECONDS = 120
STOP_SECONDS = 60
# Ends the service named last when this process is gone, however it went.
WATCHDOG = 'while read -r pid; do last=$pid; done; [ -n "$last" ] && kill -TERM "$last"'


def write_rules(folder):
    """The rules, with a table of as many rounds as will ever be fought."""
    copytree(RULES, folder)
    rows = [f"{number},{COUNTED[number % len(COUNTED)]}\n" for number in range(ROUNDS)]
    (folder / "rounds.csv").write_text("round,counted\n" + "".join(rows))
    stores = [f"store-{number}-{store}\n" for number in range(ROUNDS) for store in range(STORES)]
    (folder / "stores.csv").write_text("id\n" + "".join(stores))
    return folder


class ServerPool:
    """``maitred serve``: one process on SQLite, four and the one that watches them on PostgreSQL."""

    def __init__(self, database, folder):
        self.database, self.folder = database, folder
        self.workers = WORKERS if database.startswith("postgresql") else 1
        self.rules = write_rules(folder / "rules")
        self.address, self.process, self.log = "127.0.0.1:0", None, folder / "service.log"
        self.log.touch()
        self.rounds = 0
        self._watchdog = subprocess.Popen(
            ["sh", "-c", WATCHDOG], stdin=subprocess.PIPE, start_new_session=True
        )

    @cached_property
    def policy(self):
        """What the servers go by."""
        return check_rules(self.rules).policy

    def next_round(self, counted):
        """The number of a round that nobody has fought yet, whose units are counted so."""
        while COUNTED[self.rounds % len(COUNTED)] != counted:
            self.rounds += 1
        self.rounds += 1
        return self.rounds - 1

    def start(self):
        flags = ["--rules", self.rules, "--database", self.database, "--listen", self.address]
        before = len(self.events("serving"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", *map(str, flags), "--workers", str(self.workers)],
                cwd=self.folder,
                env=environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._watchdog.stdin.write(f"{self.process.pid}\n".encode())
        self._watchdog.stdin.flush()
        self.await_events("serving", before + self.workers)
        self.address = self.events("serving")[-1]["address"]

    def ensure_running(self):
        if self.process is None or self.process.poll() is not None:
            self.start()

    def events(self, name):
        return events_in(self.log, name)

    def await_events(self, name, count):
        end = time.monotonic() + START_SECONDS
        while len(self.events(name)) < count:
            assert time.monotonic() < end, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def pids(self):
        """The processes that serve now."""
        pids = dict.fromkeys(event["pid"] for event in self.events("serving"))
        return [pid for pid in pids if serves_in(pid, self.folder)]

    def kill(self, pids):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_watcher(self):
        """The first process alone: what it started ends by itself."""
        self.kill([self.process.pid])
        self.process.wait()
        self.await_gone()

    def kill_all(self):
        self.kill([self.process.pid, *self.pids()])
        self.process.wait()
        # One may have been on its way up.
        self.await_gone()

    def await_gone(self):
        end = time.monotonic() + STOP_SECONDS
        while connections(self.address) or self.pids():
            assert time.monotonic() < end, "processes of a dead service go on"
            time.sleep(0.02)

    def stop(self):
        """By pid, whatever a test has left behind; the exit code of the first process."""
        self._watchdog.kill()
        self._watchdog.communicate()
        if self.process is None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.kill(self.pids())


def serves_in(pid, folder):
    """Whether the process is a server that was started there, and not one that has its number by now."""
    process = Path(f"/proc/{pid}")
    with suppress(OSError):
        here = (process / "cwd").readlink() == folder.resolve()
        return here and b"maitred.cli.main" in (process / "cmdline").read_bytes()
    return False


def connections(address):
    """Of each connection and listener on the port, the number of its socket's inode."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    # gRPC listens for IPv4 on sockets of IPv6, too.
    tables = [Path(f"/proc/net/{table}").read_text() for table in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    # Without an inode: closed by its process, and only remembered by the kernel.
    return {row[9] for row in rows if row[1].endswith(port) and row[9] != "0"}


def connected(pid, address):
    """Those of the connections and listeners on the port that the process has."""
    ours = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                ours.add(str(link.readlink()))
    return {inode for inode in connections(address) if f"socket:[{inode}]" in ours}
