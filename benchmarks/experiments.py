"""What five experiments and learned scores cost Decide: places, arms, draws, and what the record has of it.

Arms change words, and what is learned is too little to change the order, so that as much is decided with them
as without. One action is for everybody, so that each decision has at least one. In one service its score is
learned, and each decision draws once; in another those of a fifth of the others, as many as an experiment is
on; in a third all are. Parameters are learned ones, of each action its own.

Where its memory lies makes a process some percent faster or slower than another that does the same, for as
long as it runs. So the services are started several times, for a few rounds each.
"""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from maitred.core.learning.learners import Beta, Parameters
from maitred.engine.operating.parameters import encode_parameters, parameters_of

from . import figures, ruleset, servers
from .figures import Row, Section, Spread, at_most
from .requests import CUSTOMERS, DECIDE, decides, every_customer
from .rounds import ROUNDS, Contender, Progress, Shown, lost, paired, pooled, proposed_by, send, take_turns
from .serving import ACTIONS, SERVER_THREADS, floor_rate, saturated
from .workload import Spec, specs

EXPERIMENTS = 5
STARTS = 4
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


EVERYBODY = """---
apiVersion: maitred/v1
kind: Action
name: everybody
title: everybody
type: offer
channels: [pos]
score: {score}
treatments:
  pos: {{show: everybody}}
"""
MIDDLING = 5.0
"""Between the scores of the others."""


def _with_share(score: float) -> str:
    return f'{score} + learned("uptake") * {TOO_LITTLE:f}'


def _learned(spec: Spec) -> str:
    return _with_share(spec.score)


def _some_learned(spec: Spec) -> str:
    return str(spec.score) if int(spec.name.rpartition("-")[2]) % EXPERIMENTS else _learned(spec)


def measure(progress: Progress) -> list[Section]:
    """One section."""
    starts = [_one_start(progress) for _ in range(STARTS)]
    return [_section({name: pooled(start[name] for start in starts) for name in starts[0]})]


def _one_start(progress: Progress) -> dict[str, Shown]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        progress("starting the servers")
        running = {"no-op": stack.enter_context(servers.noop(SERVER_THREADS))}
        parameters = place / "parameters.json"
        parameters.write_bytes(encode_parameters(_parameters()))
        for name, rules in _rules(place).items():
            database = f"sqlite:///{place}/{name}.db"
            server = servers.maitred(rules, database, MAITRED_LEARNED=str(parameters))
            running[name] = stack.enter_context(server)
        with servers.apart(running.values()):
            contenders = {name: Contender(server, DECIDE, decides) for name, server in running.items()}
            for name, contender in contenders.items():
                progress(f"making the customers known: {name}")
                send(contender.server, DECIDE, every_customer("first"))
            _check_same_answers(contenders)
            return take_turns(contenders, progress, rounds=ROUNDS // STARTS)


def _rules(place: Path) -> Mapping[str, Path]:
    """The rules of each service, by its name."""
    plain, one = EVERYBODY.format(score=MIDDLING), EVERYBODY.format(score=_with_share(MIDDLING))
    tried = "".join(map(_document, range(EXPERIMENTS)))
    return {
        "without": ruleset.write(place / "without", specs(ACTIONS), plain),
        "with": ruleset.write(place / "with", specs(ACTIONS), plain + tried),
        "one": ruleset.write(place / "one", specs(ACTIONS), one + tried + LEARNER),
        "fifth": ruleset.write(place / "fifth", specs(ACTIONS), plain + tried + LEARNER, score=_some_learned),
        "all": ruleset.write(place / "all", specs(ACTIONS), one + tried + LEARNER, score=_learned),
    }


def _parameters() -> Parameters:
    """As if a thousand decisions had shown each action, and a few of a hundred had been taken up."""
    names = ["everybody", *(spec.name for spec in specs(ACTIONS))]
    beliefs = {name: Beta(20.0 + number % 97, 980.0 - number % 97) for number, name in enumerate(names)}
    return parameters_of({"uptake": beliefs})


def _check_same_answers(contenders: Mapping[str, Contender]) -> None:
    """Else it is not the same work that is compared."""
    proposed = {name: proposed_by(contenders[name], CHECKED) for name in contenders if name != "no-op"}
    assert any(proposed["without"]), "nothing is proposed to anybody"
    assert all(names == proposed["without"] for names in proposed.values())


def _section(results: dict[str, Shown]) -> Section:
    plain, full, one, fifth, every = (results[name] for name in ("without", "with", "one", "fifth", "all"))
    tried = f"with {EXPERIMENTS} experiments"
    return Section(
        f"What {EXPERIMENTS} experiments and learned scores cost Decide: {CUSTOMERS:,} customers",
        (
            Row("no-op server", floor_rate(results["no-op"])),
            Row("without experiments", saturated(plain)),
            Row(tried, saturated(full)),
            Row(f"{tried} and a learned score", saturated(one)),
            Row(f"{tried}, a fifth of the scores learned", saturated(fifth)),
            Row(f"{tried}, all scores learned", saturated(every)),
            Row(
                "throughput lost by experiments and a learned score",
                figures.shown(paired(one.rates, plain.rates, lost), figures.percent),
            ),
            Row("server time added by experiments", figures.shown(_added_by(full, plain), figures.percent)),
            _budgeted("server time added by them and a learned score", one, plain),
            _budgeted("server time added by them and a fifth of the scores learned", fifth, plain),
            Row(
                "server time added by them and all scores learned",
                figures.shown(_added_by(every, plain), figures.percent),
            ),
        ),
    )


def _budgeted(what: str, own: Shown, plain: Shown) -> Row:
    return at_most(what, _added_by(own, plain), MAX_COST, figures.percent)


def _added_by(own: Shown, plain: Shown) -> Spread:
    return paired(own.cpu_us, plain.cpu_us, _added)


def _added(own: float, other: float) -> float:
    return own / other - 1
