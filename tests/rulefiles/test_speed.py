"""That reading grows with the size of a ruleset and no faster. Ratios, not seconds."""

import time

import pytest
import yaml
from yaml._yaml import CParser

from maitred.rulefiles import load

ACTION = """\
---
apiVersion: maitred/v1
kind: Action
name: action-{0}
title: Action {0}
type: offer
labels: {{group: perks}}
channels: [pos]
live: {{from: 2026-12-01, until: 2026-12-29, days: [tue], hours: "11:00-22:00", timezone: location}}
eligibility:
  - require: customer.age >= {0}
    reason: old-enough
score: 4.5
treatments:
  pos: {{say: "There is something for you.", show: "SOMETHING"}}
"""


def events(sources):
    """What libyaml's events cost by themselves."""
    for data in sources.values():
        next_event = CParser(data.decode()).get_event
        while type(next_event()) is not yaml.StreamEndEvent:
            pass


def seconds(run):
    """The best of three, on the process's own clock: the machine is shared."""
    times = []
    for _ in range(3):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


@pytest.fixture
def many(ruleset):
    def sources(count):
        files = {
            f"a{part}.yaml": "".join(map(ACTION.format, range(part, part + 500)))
            for part in range(0, count, 500)
        }
        return {name: text.encode() for name, text in {**ruleset(), **files}.items()}

    return sources


def test_loading_costs_a_few_times_what_parsing_costs(bench, many):
    sources = many(1000)
    whole = seconds(lambda: load(sources, bench.compiler, bench.check))
    # 2.5 to 4 measured, the compiler for tests included; ten times is another order of things.
    assert whole < 10 * seconds(lambda: events(sources))


def test_loading_grows_with_the_number_of_actions(bench, many):
    small, large = many(500), many(2000)
    growth = seconds(lambda: load(large, bench.compiler, bench.check)) / seconds(
        lambda: load(small, bench.compiler, bench.check)
    )
    assert growth < 4 * 2.5


def test_a_thousand_faults_cost_little_more_than_none(bench, many):
    sources = many(1000)
    broken = {name: data.replace(b"customer.age", b"customer.nope") for name, data in sources.items()}
    broken["ruleset.yaml"] = sources["ruleset.yaml"]
    assert len(bench.faults(broken)) == 1000
    sound = seconds(lambda: load(sources, bench.compiler, bench.check))
    assert seconds(lambda: bench.faults(broken)) < 10 * sound
