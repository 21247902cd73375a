"""Values of policies, where it is known what they are."""

import numpy as np
import pytest

from maitred.insights.off_policy import Logged, Unsupported, value_of

WORLDS, LOGS, DECISIONS = 6, 50, 1_000


class World:
    """Contexts, in which actions reach the goal at rates of their own; who chose them and who might."""

    def __init__(self, seed, rate=0.2, actions=4, contexts=3):
        rng = np.random.default_rng(seed)
        self.rates = np.clip(rate * rng.lognormal(0, 0.4, (contexts, actions)), 0, 1)
        self.logging = 0.8 * rng.dirichlet(np.full(actions, 3.0), contexts) + 0.2 / actions
        self.policy = rng.dirichlet(np.ones(actions), contexts)
        self.rng = rng

    def log(self, decisions=DECISIONS):
        contexts = self.rng.integers(0, len(self.rates), decisions)
        draws = self.rng.random(decisions)[:, None]
        chosen = (draws > self.logging[contexts].cumsum(axis=1)).sum(axis=1).clip(0, self.rates.shape[1] - 1)
        reached = (self.rng.random(decisions) < self.rates[contexts, chosen]).astype(float)
        return Logged(chosen, reached, self.logging[contexts], contexts)

    def truth(self, policy):
        return float((policy * self.rates).sum(axis=1).mean())


def holds(interval, truth):
    return interval.lower <= truth <= interval.upper


def test_intervals_hold_about_as_often_as_they_say():
    """Of 300 logs of 1,000 decisions each; 3 standard errors are 3.8 points."""
    covered = {
        "inverse_propensity": 0,
        "self_normalized": 0,
        "doubly_robust": 0,
        "difference": 0,
        "always": 0,
    }
    for world in [world for world in map(World, range(WORLDS)) for _ in range(LOGS)]:
        log = world.log()
        value = value_of(world.policy[log.contexts], log)
        truth = world.truth(world.policy)
        more = truth - world.truth(world.logging)
        for name in ("inverse_propensity", "self_normalized", "doubly_robust"):
            covered[name] += holds(getattr(value, name).interval, truth)
        covered["difference"] += holds(value.difference.interval, more)
        covered["always"] += holds(value.always, more)
    assert min(covered.values()) >= 0.91 * WORLDS * LOGS
    assert covered["always"] >= 0.95 * WORLDS * LOGS


def test_on_average_they_say_what_is():
    world = World(1)
    truth = world.truth(world.policy)
    values = [value_of(world.policy[log.contexts], log) for log in (world.log() for _ in range(50))]
    for name in ("inverse_propensity", "self_normalized", "doubly_robust"):
        mean = np.mean([getattr(value, name).value for value in values])
        assert mean == pytest.approx(truth, abs=0.01)


def test_a_model_makes_the_interval_narrower_where_actions_differ():
    world = World(2, rate=0.4)
    log = world.log(5_000)
    value = value_of(world.policy[log.contexts], log)
    widths = [
        estimate.interval.upper - estimate.interval.lower
        for estimate in (value.doubly_robust, value.inverse_propensity)
    ]
    assert widths[0] < widths[1]


def test_the_policy_that_ran_is_worth_what_it_reached():
    world = World(3)
    log = world.log()
    value = value_of(world.logging[log.contexts], log)
    assert value.inverse_propensity.value == pytest.approx(log.reached.mean())
    assert value.self_normalized.value == pytest.approx(log.reached.mean())
    assert (value.difference.value, value.difference.interval.lower) == (0.0, 0.0)
    assert (value.effective, value.heaviest) == pytest.approx((DECISIONS, 1.0))
    assert holds(value.always, 0.0)


def test_one_action_for_everybody_is_worth_its_rate_among_who_had_it():
    world = World(4, contexts=1)
    log = world.log()
    policy = np.zeros_like(log.probabilities)
    policy[:, 2] = 1.0
    value = value_of(policy, log)
    assert value.self_normalized.value == pytest.approx(log.reached[log.chosen == 2].mean())
    assert value.effective == pytest.approx((log.chosen == 2).sum())


def test_a_policy_that_is_better_is_told_so_at_every_look():
    world = World(5, rate=0.3)
    world.policy = (world.rates == world.rates.max(axis=1, keepdims=True)).astype(float)
    log = world.log(20_000)
    value = value_of(world.policy[log.contexts], log)
    assert value.always.lower > 0


def test_what_was_never_chosen_says_nothing():
    log = Logged(
        np.array([0, 0, 1]), np.ones(3), np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]]), np.array([0, 0, 1])
    )
    with pytest.raises(Unsupported) as missing:
        value_of(np.full((3, 2), 0.5), log)
    assert missing.value.contexts == (0,)


@pytest.mark.parametrize("reached", [0.0, 1.0])
def test_a_log_of_one_or_of_nothing_but_the_same_has_intervals_within_what_is_possible(reached):
    for decisions in (1, 50):
        chances = np.full((decisions, 2), 0.5)
        log = Logged(np.zeros(decisions, int), np.full(decisions, reached), chances, np.zeros(decisions, int))
        policy = np.tile([0.0, 1.0], (decisions, 1))
        value = value_of(policy, log)
        assert value.effective == 0
        assert holds(value.self_normalized.interval, 0.5)
        for estimate in (value.logged, value.inverse_propensity, value.doubly_robust):
            assert 0 <= estimate.interval.lower <= estimate.interval.upper <= 1
        assert -1 <= value.always.lower <= value.always.upper <= 1
