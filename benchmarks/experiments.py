"""What five experiments cost Decide: places, arms, exposures, and what of it stands in the record.

Their arms change words, so that as much is decided with them as without.
"""

import itertools
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from maitred.v1 import decision_pb2 as pb

from . import figures, ruleset, servers
from .figures import Row, Section, at_most
from .requests import CUSTOMERS, DECIDE, decides, every_customer
from .rounds import Contender, Progress, Shown, answers, lost, paired, send, take_turns
from .serving import ACTIONS, SERVER_THREADS, floor_rate, saturated
from .workload import specs

EXPERIMENTS = 5
MAX_COST = 0.10
CHECKED = 100


def _document(number: int) -> str:
    """An experiment on every fifth action, so that whoever is proposed something is in one or more."""
    names = ", ".join(spec.name for spec in specs(ACTIONS)[number::EXPERIMENTS])
    return f"""---
apiVersion: maitred/v1
kind: Experiment
name: words-{number}
applies_to: {{actions: [{names}]}}
arms:
  control: {{weight: 1}}
  other: {{weight: 1, treatments: {{pos: {{terms: Other terms.}}}}}}
"""


def measure(progress: Progress) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        plain = ruleset.write(place / "plain", specs(ACTIONS))
        tried = ruleset.write(place / "tried", specs(ACTIONS), "".join(map(_document, range(EXPERIMENTS))))
        progress("starting the servers")
        running = {
            "no-op": stack.enter_context(servers.noop(SERVER_THREADS)),
            "without": stack.enter_context(servers.maitred(plain, f"sqlite:///{place}/without.db")),
            "with": stack.enter_context(servers.maitred(tried, f"sqlite:///{place}/with.db")),
        }
        with servers.apart(running.values()):
            contenders = {name: Contender(server, DECIDE, decides) for name, server in running.items()}
            for name, contender in contenders.items():
                progress(f"making the customers known: {name}")
                send(contender.server, DECIDE, every_customer("first"))
            _check_same_answers(contenders)
            found = take_turns(contenders, progress)
    return [_section(found)]


def _check_same_answers(contenders: Mapping[str, Contender]) -> None:
    """Else it is not the same work that is compared."""
    with_them, without = (_proposed(contenders[name]) for name in ("with", "without"))
    assert with_them == without
    assert any(without), "nothing is proposed to anybody"


def _proposed(contender: Contender) -> list[list[str]]:
    asked = itertools.islice(contender.messages("check"), CHECKED)
    found = answers(contender.server, DECIDE, asked)
    return [
        [proposal.action for proposal in pb.DecideResponse.FromString(answer).proposals] for answer in found
    ]


def _section(found: dict[str, Shown]) -> Section:
    plain, full = found["without"], found["with"]
    return Section(
        f"What {EXPERIMENTS} experiments cost Decide at saturation: {CUSTOMERS:,} customers",
        (
            Row("no-op server", floor_rate(found["no-op"])),
            Row("without experiments", saturated(plain)),
            Row(f"with {EXPERIMENTS} experiments", saturated(full)),
            Row(
                "throughput lost by them",
                figures.shown(paired(full.rates, plain.rates, lost), figures.percent),
            ),
            at_most(
                "server time added by them",
                paired(full.cpu_us, plain.cpu_us, _added),
                MAX_COST,
                figures.percent,
            ),
        ),
    )


def _added(own: float, other: float) -> float:
    return own / other - 1
