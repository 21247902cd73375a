"""What five experiments and learned scores cost Decide: places, arms, draws, and what the record has of it.

Arms change words, and what is learned is too little to change the order, so that as much is decided with them
as without. A fifth of the actions have the learned score, as many as an experiment is on; in another service
all have it, and each that holds is drawn for.
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
from .workload import Spec, specs

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


LEARNER = """---
apiVersion: maitred/v1
kind: Learner
name: uptake
enabled: true
"""
TOO_LITTLE = 1e-6
"""Scores have three digits."""


def _learned(spec: Spec) -> str:
    return f'{spec.score} + learned("uptake") * {TOO_LITTLE:f}'


def _some_learned(spec: Spec) -> str:
    return str(spec.score) if int(spec.name.rpartition("-")[2]) % EXPERIMENTS else _learned(spec)


def measure(progress: Progress) -> list[Section]:
    """One section."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        plain = ruleset.write(place / "plain", specs(ACTIONS))
        experiments = "".join(map(_document, range(EXPERIMENTS)))
        tried = ruleset.write(place / "tried", specs(ACTIONS), experiments)
        learned, all_learned = (
            ruleset.write(place / score.__name__, specs(ACTIONS), experiments + LEARNER, score=score)
            for score in (_some_learned, _learned)
        )
        progress("starting the servers")
        running = {
            "no-op": stack.enter_context(servers.noop(SERVER_THREADS)),
            "without": stack.enter_context(servers.maitred(plain, f"sqlite:///{place}/without.db")),
            "with": stack.enter_context(servers.maitred(tried, f"sqlite:///{place}/with.db")),
            "learned": stack.enter_context(servers.maitred(learned, f"sqlite:///{place}/learned.db")),
            "all learned": stack.enter_context(servers.maitred(all_learned, f"sqlite:///{place}/all.db")),
        }
        with servers.apart(running.values()):
            contenders = {name: Contender(server, DECIDE, decides) for name, server in running.items()}
            for name, contender in contenders.items():
                progress(f"making the customers known: {name}")
                send(contender.server, DECIDE, every_customer("first"))
            _check_same_answers(contenders)
            results = take_turns(contenders, progress)
    return [_section(results)]


def _check_same_answers(contenders: Mapping[str, Contender]) -> None:
    """Else it is not the same work that is compared."""
    proposed = {name: _proposed(contenders[name]) for name in contenders if name != "no-op"}
    assert any(proposed["without"]), "nothing is proposed to anybody"
    assert all(names == proposed["without"] for names in proposed.values())


def _proposed(contender: Contender) -> list[list[str]]:
    asked = itertools.islice(contender.messages("check"), CHECKED)
    responses = answers(contender.server, DECIDE, asked)
    return [
        [proposal.action for proposal in pb.DecideResponse.FromString(answer).proposals]
        for answer in responses
    ]


def _section(results: dict[str, Shown]) -> Section:
    plain, full, learned, every = (results[name] for name in ("without", "with", "learned", "all learned"))
    return Section(
        f"What {EXPERIMENTS} experiments and learned scores cost Decide: {CUSTOMERS:,} customers",
        (
            Row("no-op server", floor_rate(results["no-op"])),
            Row("without experiments", saturated(plain)),
            Row(f"with {EXPERIMENTS} experiments", saturated(full)),
            Row(f"with {EXPERIMENTS} experiments, a fifth of the scores learned", saturated(learned)),
            Row(f"with {EXPERIMENTS} experiments, all scores learned", saturated(every)),
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
            at_most(
                "server time added by them and a fifth of the scores learned",
                paired(learned.cpu_us, plain.cpu_us, _added),
                MAX_COST,
                figures.percent,
            ),
            Row(
                "server time added by them and all scores learned",
                figures.shown(paired(every.cpu_us, plain.cpu_us, _added), figures.percent),
            ),
        ),
    )


def _added(own: float, other: float) -> float:
    return own / other - 1
