from datetime import UTC, datetime
from fractions import Fraction

import pytest
from tests.rules import action, cap, document

from maitred.core.rules.ruleset import Arm, Experiment, Holdout
from maitred.rulefiles import load

BREAD = action("bread", title="Bread", channels="[pos]")
CAP = cap("weekly", applies_to="{actions: [pizza]}", window="{rolling: 7d}")
ARMS = "arms: {loud: {weight: 1, score: 2}, control: {weight: 3}}\n"
LAW = document(
    "Privacy",
    "law",
    {
        "purposes": "{research: Comparing.}",
        "default": "eu",
        "jurisdictions": "{eu: {bases: {research: consent}}}",
    },
)


def experiment(more=ARMS, name="words", applies_to="{actions: [pizza]}"):
    return document("Experiment", name, f"applies_to: {applies_to}\n{more}")


def holdout(more="percent: 5\n", name="control", applies_to="{all: true}"):
    return document("Holdout", name, f"applies_to: {applies_to}\n{more}")


def test_what_is_written_is_read(bench, ruleset):
    arms = (
        "arms:\n  loud: {weight: 90.5, score: 2, treatments: {pos: {say: HELLO}},"
        " frequency_cap: {name: weekly, limit: 3}}\n  control: {weight: 9.5}\n"
    )
    more = "salt: s\nfrom: 2026-12-01\nuntil: 2026-12-28\n"
    loaded = bench.load(
        ruleset("treatments: {pos: {say: Hi, show: PIZZA}}\n", e__yaml=experiment(more + arms), c__yaml=CAP)
    )
    assert loaded.warnings == ()
    (pizza,) = loaded.ruleset.actions
    assert loaded.ruleset.experiments == (
        Experiment(
            "words",
            "s",
            (Arm("control", Fraction("9.5")), Arm("loud", Fraction("90.5"))),
            "",
            datetime(2026, 11, 30, 23, tzinfo=UTC),
            datetime(2026, 12, 28, 23, tzinfo=UTC),
        ),
    )
    (trial,) = pizza.trials
    assert trial.experiment == "words"
    ((name, loud),) = trial.actions.items()
    assert (name, loud.arm, loud.score.constant) == ("loud", "loud", 2.0)
    assert loud.treatments["pos"].say == (("HELLO",),)
    assert [limit.maximum for limit in loud.limits] == [3]
    assert [limit.maximum for limit in pizza.limits] == [1]
    assert [limit.key for limit in loud.limits] == [limit.key for limit in pizza.limits]


def test_a_holdout_is_of_the_actions_it_chooses(bench, ruleset):
    sources = ruleset(h__yaml=holdout("percent: 0.1\n", applies_to="{actions: [bread]}"), b__yaml=BREAD)
    loaded = bench.load(sources).ruleset
    expected = Holdout("control", Fraction(1, 10), "holdout/control")
    assert loaded.holdouts == (expected,)
    assert {action.name: action.holdouts for action in loaded.actions} == {"bread": (expected,), "pizza": ()}


def test_the_order_of_arms_in_a_file_changes_nothing(bench, ruleset):
    turned = "arms: {control: {weight: 3}, loud: {weight: 1, score: 2}}\n"
    one, two = (bench.load(ruleset(e__yaml=experiment(arms))).ruleset for arms in (ARMS, turned))
    assert one.experiments == two.experiments
    assert one.hash == two.hash


FAULTS = [
    ("", "`arms` is missing"),
    ("arms: {a: {score: 2}, b: {weight: 1}}\n", "`weight` is missing"),
    ("arms: {a: 50, b: {weight: 1}}\n", "`{weight: 50}`"),
    ("arms: {a: {weight: 0}, b: {weight: 1}}\n", "this must be more than 0"),
    ("arms: {a: {percent: 50}, b: {weight: 1}}\n", "weight"),
    ("arms: {a: {weight: 1}}\n", "at least two arms"),
    ("arms: {a: {weight: 1, frequency_cap: weekly}, b: {weight: 1}}\n", "`{name: weekly, limit: ...}`"),
    ("arms: {a: {weight: 1, frequency_cap: 2}, b: {weight: 1}}\n", "`{name: ..., limit: 2}`"),
    (ARMS + "from: 2026-12-01T10:00\n", "write `2026-12-01`, whole days"),
    (
        ARMS + "guard: {outcome: rejected, direction: above, threshold: 2, horizon: 9999d}\n",
        "at most `3660d`, and a limit's window may be `lifetime`",
    ),
    (ARMS + "from: 2026-12-02\nuntil: 2026-12-01\n", "before it begins on 2026-12-02"),
    (ARMS + "from: tomorrow\n", "`tomorrow` is not a date"),
    (ARMS + "purpose: research\n", "`purpose` needs a document of kind `Privacy`"),
    (ARMS + "variants: {}\n", "arms"),
    ("arms: {a: {weight: 1, treatments: {web: {say: Hi}}}, b: {weight: 1}}\n", "on channel `web`"),
    ("arms: {a: {weight: 1, score: syntax}, b: {weight: 1}}\n", "this does not parse"),
    (
        "arms: {a: {weight: 1, frequency_cap: {name: weakly, limit: 2}}, b: {weight: 1}}\n",
        "there is no frequency cap `weakly`",
    ),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_faults_name_the_field_and_the_remedy(bench, ruleset, text, words):
    faults = bench.faults(ruleset(e__yaml=experiment(text), c__yaml=CAP))
    assert any(words in fault.message for fault in faults), [fault.message for fault in faults]


def one_fault(bench, sources):
    (fault,) = bench.faults(sources)
    return fault.message


def test_two_experiments_may_follow_each_other_on_an_action_and_not_overlap(bench, ruleset):
    december = experiment(ARMS + "until: 2026-12-31\n")
    overlapping = experiment(ARMS + "from: 2026-12-31\n", "other")
    message = one_fault(bench, ruleset(a__yaml=december, b__yaml=overlapping))
    assert message.startswith("action `pizza` is also in experiment `")
    following = experiment(ARMS + "from: 2027-01-01\n", "other")
    (pizza,) = bench.load(ruleset(a__yaml=december, b__yaml=following)).ruleset.actions
    assert {trial.experiment for trial in pizza.trials} == {"words", "other"}


def test_a_cap_of_an_arm_is_of_actions_of_the_experiment_alone(bench, ruleset):
    arms = "arms: {a: {weight: 1, frequency_cap: {name: weekly, limit: 2}}, b: {weight: 1}}\n"
    of_all = CAP.replace("{actions: [pizza]}", "{all: true}")
    message = one_fault(bench, ruleset(e__yaml=experiment(arms), c__yaml=of_all, b__yaml=BREAD))
    assert "counts `bread` too, which is not in this experiment" in message
    of_bread = CAP.replace("pizza", "bread")
    faults = bench.faults(ruleset(e__yaml=experiment(arms), c__yaml=of_bread, b__yaml=BREAD))
    assert "frequency cap `weekly` applies to none of these actions" in [fault.message for fault in faults]


def test_an_experiment_has_a_purpose_where_there_is_privacy(bench, ruleset):
    message = one_fault(bench, ruleset(e__yaml=experiment(), l__yaml=LAW))
    assert message == "say for which purpose people are compared: `purpose`, one of `research`"
    wrong = experiment(ARMS + "purpose: reserch\n")
    assert "did you mean `research`" in one_fault(bench, ruleset(e__yaml=wrong, l__yaml=LAW))
    right = experiment(ARMS + "purpose: research\n")
    assert bench.load(ruleset(e__yaml=right, l__yaml=LAW)).ruleset.experiments[0].purpose == "research"


def test_an_action_that_is_misspelled_is_told_once(bench, ruleset):
    sources = ruleset(e__yaml=experiment(applies_to="{actions: [piza]}"))
    assert one_fault(bench, sources) == "there is no action `piza`, did you mean `pizza`?"


def test_a_table_named_among_actions_is_told(bench, ruleset):
    table = document(
        "ActionTable",
        "coupons",
        {
            "table": "{file: coupons.csv, columns: {code: string}}",
            "action": '{name: "coupon-${row.code}", title: Coupon, type: offer}',
        },
    )
    sources = ruleset(
        t__yaml=table, coupons__csv="code\na\n", e__yaml=experiment(applies_to="{actions: [coupons]}")
    )
    (fault,) = bench.faults(sources)
    assert (
        fault.message
        == "`coupons` is an `ActionTable`: name actions of its rows, or a label that its `action` has"
    )


TABLE = """\
table: {file: coupons.csv, columns: {code: string, euros: int}}
action: {name: "${row.code}", title: Coupon, type: offer}
"""


@pytest.mark.parametrize(
    ("table", "rows", "fault"),
    [
        (TABLE.replace('name: "${row.code}", ', ""), "code,euros\na,1\nb,2\n", "`name` is missing"),
        (
            TABLE.replace("coupons.csv", "coupon.csv"),
            "code,euros\na,1\nb,2\n",
            "there is no file `coupon.csv`",
        ),
        (TABLE, "code,euros\na,1\nb,x\n", "`x` in column `euros` is not of type int"),
        (TABLE, "kode,euros\na,1\nb,2\n", "the table has no column `code`"),
        (TABLE, "", "the table is empty"),
        ("action: {name: b, title: B, type: offer}\n", "code\n", "`table` is missing"),
    ],
)
def test_actions_of_rows_that_were_not_read_are_no_fault_of_their_own(bench, ruleset, table, rows, fault):
    sources = ruleset(
        t__yaml=document("ActionTable", "coupons", table),
        coupons__csv=rows,
        e__yaml=experiment(applies_to="{actions: [b]}"),
    )
    messages = [found.message for found in bench.faults(sources)]
    assert any(message.startswith(fault) for message in messages), messages
    assert "there is no action `b`" not in messages


def test_a_channel_that_the_ruleset_does_not_have_chooses_no_action(bench):
    head = document("Ruleset", "shop", 'version: "1"\nchannels: [pos, mobile]\n')
    sources = {
        "a.yaml": head + "---\n" + action("pizza"),
        "b.yaml": holdout(applies_to="{channels: [mobil]}"),
    }
    (fault,) = bench.faults(sources)
    assert "did you mean `mobile`" in fault.message


def test_words_of_an_arm_stand_under_a_channel(bench, ruleset):
    arms = "arms: {control: {weight: 1}, loud: {weight: 1, treatments: HELLO}}\n"
    message = one_fault(bench, ruleset(e__yaml=experiment(arms)))
    assert message == "`HELLO` is not a mapping: write `{CHANNEL: {say: HELLO}}`"
    message = one_fault(bench, ruleset(e__yaml=experiment(ARMS.replace("weight: 1", "weight: 0", 1))))
    assert message == "this must be more than 0"


@pytest.mark.parametrize(
    ("labels", "near"),
    [
        ("{group: perk}", ", did you mean `perks`?"),
        ("{grup: perks}", ", did you mean `group`?"),
        ("{x: y}", ""),
    ],
)
def test_a_label_that_no_action_has_is_told_with_a_similar_one(bench, ruleset, labels, near):
    loaded = bench.load(
        ruleset("labels: {group: perks}\n", e__yaml=experiment(applies_to=f"{{labels: {labels}}}"))
    )
    (warning,) = loaded.warnings
    assert warning.message == f"no action meets this: nobody is ever in it{near}"


def test_a_name_is_of_one_holdout_or_experiment(bench, ruleset):
    sources = ruleset(e__yaml=experiment(), h__yaml=holdout(name="words"))
    assert one_fault(bench, sources).startswith("there is already holdout `words` in h.yaml")


WARNINGS = [
    ({"e__yaml": experiment(ARMS + "salt: s\n"), "h__yaml": holdout("percent: 5\nsalt: s\n")}, "salt `s`"),
    ({"e__yaml": experiment(ARMS + "from: 2026-12-01\nuntil: 2026-12-01\n")}, "a single day"),
    ({"e__yaml": experiment("arms: {a: {weight: 1}, b: {weight: 2}}\n")}, "say the same"),
    ({"e__yaml": experiment(applies_to="{types: [service]}")}, "nobody is ever in it"),
    ({"h__yaml": holdout("percent: 0\n")}, "hold out nobody"),
    ({"h__yaml": holdout("percent: 100\n")}, "hold out everybody"),
]


@pytest.mark.parametrize(("files", "words"), WARNINGS)
def test_what_looks_wrong_is_warned_of(bench, ruleset, files, words):
    warnings = bench.load(ruleset(**files)).warnings
    assert any(words in fault.message for fault in warnings), [fault.message for fault in warnings]


def test_an_experiment_that_is_over_is_warned_of(bench, ruleset):
    files = ruleset(e__yaml=experiment(ARMS + "from: 2026-11-01\nuntil: 2026-11-28\n"))
    sources = {name: text.encode() for name, text in files.items()}
    for now, count in ((datetime(2026, 11, 28, 12, tzinfo=UTC), 0), (datetime(2026, 11, 29, tzinfo=UTC), 1)):
        warnings = load(sources, bench.compiler, bench.check, "", now).warnings
        assert sum("it was over on 2026-11-28" in fault.message for fault in warnings) == count


def test_actions_may_share_the_salt_of_their_rollouts(bench, ruleset):
    rollout = "rollout: {percent: 10, salt: s}\n"
    assert not [
        fault
        for fault in bench.load(ruleset(rollout, b__yaml=BREAD + rollout)).warnings
        if "salt" in fault.message
    ]


def test_what_an_arm_says_has_room_on_its_channel(bench, ruleset):
    arms = "arms: {loud: {weight: 1, treatments: {pos: {show: A TEXT TOO LONG}}}, control: {weight: 1}}\n"
    sources = ruleset("treatments: {pos: {show: Hi}}\n", e__yaml=experiment(arms))
    sources["ruleset.yaml"] = sources["ruleset.yaml"].replace(
        'version: "1"\n', 'version: "1"\ntext_lengths: {pos: {show: 5}}\n'
    )
    (fault,) = bench.faults(sources)
    assert "A TEXT TOO LONG" in fault.message
    assert fault.file == "e.yaml"
