"""``maitred results`` beside a database that an engine has written."""

import json
from io import StringIO

import pytest
from rich.console import Console
from tests.claims.harness import DAY, HOUR, EngineHarness
from tests.experiments.conftest import LAW, state
from tests.rules import action, document

from maitred.cli.main import run
from maitred.cli.shown.results import results_view
from maitred.core.learning.learners import Beta
from maitred.core.privacy.purposes import ConsentState
from maitred.engine.operating.parameters import encode_parameters, parameters_of
from maitred.engine.operating.results import ArmCounts, Comparison, Interval, Results
from maitred.store import open_store
from maitred.vault import KeyringVault, make_keyring, read_keyring

WORDS = document(
    "Experiment",
    "words",
    {
        "applies_to": "{actions: [pizza]}",
        "arms": "{control: {weight: 1}, loud: {weight: 1, treatments: {pos: {say: HELLO}}}}",
    },
)
PURCHASE = document("Event", "purchase", {"fields": "{sku: string}", "retention": "100d"})
HALF = document("Holdout", "half", {"applies_to": "{actions: [pizza]}", "percent": 50})
AT = "2026-12-20T00:00:00Z"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def sold(sqlite_url, tmp_path):
    """A database in which 60 customers were decided for on two channels, and the loud arm accepted."""
    make_keyring(tmp_path / "keys")
    harness = EngineHarness(open_store(sqlite_url), KeyringVault(read_keyring(tmp_path / "keys")))
    harness.rules(action("pizza"), WORDS, HALF, PURCHASE)
    for number in range(120):
        decided = harness.after(HOUR / 60).decide(f"c-{number}", channel=("pos", "mobile")[number % 2])
        body = harness.engine.records.body(harness.store.decision(bytes.fromhex(decided.decision_id)))
        if "words" in body.exposures and body.exposures["words"].arm == "loud":
            harness.report(decided, "PRESENTED", "ACCEPTED")
    harness.after(10 * DAY)
    harness.close()
    return sqlite_url, tmp_path / "keys"


def results(capsys, sold, *words):
    """Exit code, what was printed, and what was said beside it."""
    code = run(["results", *words, "--database", sold[0], "--at", AT])
    output = capsys.readouterr()
    return code, output.out, output.err


def test_without_a_name_there_is_a_list(capsys, sold):
    assert results(capsys, sold) == (0, "half\nwords\n", "")
    assert json.loads(results(capsys, sold, "--json")[1]) == {"experiments": ["half", "words"]}


def test_arms_stand_beside_the_control(capsys, sold):
    code, output, _ = results(capsys, sold, "words")
    assert code == 0
    lines = [line.split() for line in output.splitlines()]
    assert lines[0][:3] == ["words", "by", "accepted"]
    (loud,) = (line for line in lines if line[:1] == ["loud"] and line[-1] == "better")
    assert loud[1] == "+100.00"
    assert any(line[:1] == ["control"] and line[-1] == "0.00%" for line in lines)


def test_programs_get_json_and_people_a_picture(capsys, sold, tmp_path):
    picture = tmp_path / "words.png"
    code, output, _ = results(capsys, sold, "words", "--format", "json", "--png", str(picture))
    assert code == 0
    fields = json.loads(output)
    assert fields["control"] == "control"
    assert [arm["name"] for arm in fields["arms"]] == ["control", "loud"]
    assert [arm["rate"] for arm in fields["arms"]] == [0.0, 1.0]
    assert fields["comparisons"][0]["always"]["lower"] > 0
    assert picture.read_bytes().startswith(PNG)


def test_a_holdout_is_compared_with_who_is_held_out(capsys, sold):
    fields = json.loads(results(capsys, sold, "half", "--json")[1])
    assert fields["control"] == "held_out"
    assert [arm["name"] for arm in fields["arms"]] == ["held_out", "offered"]


def test_segments_are_read_from_the_records(capsys, sold):
    words = ("half", "--by", "channel", "--json")
    assert "give the keyring with --keys" in results(capsys, sold, *words)[2]
    fields = json.loads(results(capsys, sold, *words, "--keys", str(sold[1]))[1])
    assert fields["segments"] == {}, "no channel has enough persons"
    text = " ".join(results(capsys, sold, *words[:-1], "--keys", str(sold[1]))[1].split())
    assert "no segment by `channel` has 50 persons in an arm and in the control" in text
    assert "no segment" not in results(capsys, sold, "half")[1]


def test_a_policy_by_an_attribute_that_no_record_says_is_refused(capsys, sold, tmp_path):
    words = ("words", "--policy", plan(tmp_path, "gold,loud,1", "*,control,1"), "--by", "customer.tier")
    code, _, error = results(capsys, sold, *words, "--keys", str(sold[1]))
    assert code == 2
    assert "records hold the attributes that rules read" in " ".join(error.split())


def plan(tmp_path, *lines):
    path = tmp_path / "plan.csv"
    path.write_text("\n".join(["segment,arm,probability", *lines]))
    return str(path)


def test_a_policy_is_worth_what_its_arms_reached(capsys, sold, tmp_path):
    words = ("words", "--policy", plan(tmp_path, "*,loud,1"))
    _, output, _ = results(capsys, sold, *words)
    rows = {line.split("  ")[0]: line.split() for line in output.splitlines()}
    assert rows["self-normalized"][1] == "100.00%"
    assert "policy less what was: +" in output
    fields = json.loads(results(capsys, sold, *words, "--json")[1])
    counts = {arm["name"]: arm["persons"] for arm in fields["arms"]}
    policy = fields["policy"]
    assert policy["decisions"] == sum(counts.values())
    assert policy["effective"] == pytest.approx(counts["loud"])
    assert policy["logged"]["value"] == pytest.approx(counts["loud"] / sum(counts.values()))
    assert policy["inverse_propensity"]["value"] == pytest.approx(2 * counts["loud"] / sum(counts.values()))


def test_a_policy_by_segment_is_told_apart(capsys, sold, tmp_path):
    words = ("words", "--policy", plan(tmp_path, "pos,loud,1", "*,control,1"), "--json")
    assert "names segments: say of what with --by" in results(capsys, sold, *words)[2]
    segmented = results(capsys, sold, *words, "--by", "channel", "--keys", str(sold[1]))
    assert 0.3 < json.loads(segmented[1])["policy"]["self_normalized"]["value"] < 0.7


def test_a_policy_with_faults_is_refused_with_all_of_them(capsys, sold, tmp_path):
    file = plan(tmp_path, "*,lood,1", "*,control,often")
    code, output, error = results(capsys, sold, "words", "--policy", file)
    assert (code, output) == (2, "")
    error = " ".join(error.split())
    assert "line 3: `often` is no probability: write a number from 0 to 1" in error
    error = " ".join(
        results(capsys, sold, "words", "--policy", plan(tmp_path, "*,loud,25%", "*,control,75"))[2].split()
    )
    assert "line 2: `25%` is no probability: write `0.25`" in error
    assert "line 3: `75` is no probability: write `0.75`" in error
    file = plan(tmp_path, "*,lood,1", "*,qontrol,0", "*,loud,0.5", "*,loud,0.5")
    error = " ".join(results(capsys, sold, "words", "--policy", file)[2].split())
    assert "line 2: no arm is called so, did you mean `loud`?" in error
    assert "line 3: no arm is called so, did you mean `control`?" in error
    assert "line 5: arm `loud` stands twice in its segment" in error
    assert "cannot read policy" in results(capsys, sold, "words", "--policy", str(tmp_path / "none"))[2]


def test_a_policy_is_not_compared_with_chances_that_changed(capsys, sold, tmp_path):
    harness = EngineHarness(open_store(sold[0]), KeyringVault(read_keyring(sold[1])), first_id=10_000)
    harness.rules(action("pizza"), WORDS.replace("control: {weight: 1}", "control: {weight: 2}"), HALF)
    for number in range(20):
        harness.decide(f"late-{number}")
    harness.close()
    error = results(capsys, sold, "words", "--policy", plan(tmp_path, "*,loud,1"))[2]
    assert "the arms of `words` had other weights before" in " ".join(error.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["wrods"],
            "nobody was exposed to an experiment, holdout or learner of that name, did you mean `words`?",
        ),
        (["words", "--control", "quiet"], "there is no arm of that name"),
        (["words", "--action", "piza"], "the rules have no action of that name, did you mean `pizza`?"),
        (["words", "--event", "purchse"], "the rules have no event of that name, did you mean `purchase`?"),
        (["words", "--by", "chanel"], "the rules have no attribute of that name, did you mean `channel`?"),
        (
            ["words", "--by", "customer.teir"],
            "the rules have no attribute of that name, did you mean `customer.tier`?",
        ),
        (
            ["words", "--event", "purchase", "--action", "pizza"],
            "an event is of no action: ask for one of both",
        ),
        (["words", "--within", "soon"], "`soon` is no duration: write it like `7d`"),
        (["words", "--png", "/nowhere/x.png"], "cannot write `/nowhere/x.png`"),
    ],
)
def test_what_cannot_be_shown_is_told(capsys, sold, words, message):
    code, output, error = results(capsys, sold, *words, "--keys", str(sold[1]))
    assert (code, output) == (2, "")
    assert message in " ".join(error.split())


def test_results_as_of_an_instant_before_everybody_say_so(capsys, sold):
    code = run(["results", "words", "--database", sold[0], "--at", "2026-11-30T00:00:00Z"])
    assert code == 2
    assert "nobody was exposed to it by 2026-11-30 00:00 UTC, but later" in capsys.readouterr().err


def test_names_of_an_earlier_ruleset_are_known(capsys, sold):
    harness = EngineHarness(open_store(sold[0]), KeyringVault(read_keyring(sold[1])), first_id=10_000)
    harness.rules(action("bread"), WORDS.replace("pizza", "bread"))
    harness.decide("later")
    harness.close()
    for words in (["--action", "pizza"], ["--event", "purchase"]):
        assert results(capsys, sold, "words", *words)[0] == 0


@pytest.mark.parametrize("percent", [0, 100])
def test_a_holdout_that_ended_is_compared_as_it_was(capsys, sold, percent):
    """Who ends one sets it to 0 or 100; by that there is nobody to compare with."""
    before = json.loads(results(capsys, sold, "half", "--json")[1])
    harness = EngineHarness(open_store(sold[0]), KeyringVault(read_keyring(sold[1])), first_id=10_000)
    harness.rules(action("pizza"), WORDS, HALF.replace("percent: 50", f"percent: {percent}"))
    for number in range(5):
        harness.decide(f"later-{number}")
    harness.close()
    after = json.loads(results(capsys, sold, "half", "--json")[1])
    names = ("held_out", "offered")
    assert [arm["name"] for arm in after["arms"]] == list(names)
    persons = [{arm["name"]: arm["persons"] for arm in shown["arms"]} for shown in (before, after)]
    came = {name: persons[1][name] - persons[0][name] for name in names}
    assert came == {"held_out": 5 if percent else 0, "offered": 0 if percent else 5}


@pytest.mark.parametrize(("percent", "arm"), [(0, "held_out"), (100, "offered")])
def test_a_holdout_of_nobody_or_everybody_shows_nothing(capsys, sqlite_url, keys, percent, arm):
    harness = EngineHarness(open_store(sqlite_url), keys)
    harness.rules(action("pizza"), HALF.replace("percent: 50", f"percent: {percent}"))
    harness.decide("ann")
    harness.close()
    code, output, error = results(capsys, (sqlite_url, None), "half")
    assert (code, output) == (2, "")
    assert f"by the rules nobody is ever in `{arm}`" in error


def test_who_has_refused_since_is_in_no_result(capsys, sqlite_url, keys):
    harness = EngineHarness(open_store(sqlite_url), keys)
    harness.rules(action("pizza"), LAW, WORDS.rstrip() + "\npurpose: research\n")
    for number in range(9):
        harness.decide(f"c-{number}")
    state(harness, "c-4", "research", ConsentState.OBJECTED)
    harness.close()
    shown = json.loads(results(capsys, (sqlite_url, None), "words", "--json")[1])
    assert sum(arm["persons"] for arm in shown["arms"]) == 8


def test_an_arm_that_changes_nothing_is_the_control_where_none_is_called_so(capsys, sqlite_url, keys):
    harness = EngineHarness(open_store(sqlite_url), keys)
    harness.rules(action("pizza"), WORDS.replace("control:", "plain:"))
    harness.decide("ann")
    harness.close()
    shown = json.loads(results(capsys, (sqlite_url, None), "words", "--json")[1])
    assert [arm["name"] for arm in shown["arms"]] == ["loud", "plain"]
    assert shown["control"] == "plain"


@pytest.mark.usefixtures("without_scipy")
def test_without_the_extra_the_remedy_is_told(capsys, sold):
    code, _, error = results(capsys, sold, "words")
    assert code == 2
    assert "results need scipy, which is not installed: pip install 'maitred[insights]'" in error


def shown(*arms, mismatch=1.0, early=0, switched=0, always=0.5):
    """What is printed of arms of so many persons, of whom so many accepted."""
    counts = [ArmCounts(name, persons, persons, reached, {}, {}) for name, persons, reached in arms]
    fixed = Interval(0.0, 1.0)
    compared = [Comparison(name, 0.5, fixed, 0.0, Interval(always, 1.0)) for name, *_ in arms[1:]]
    results = Results(
        "words", "accepted", "control", counts, compared if always else [], mismatch, early, switched
    )
    output = StringIO()
    Console(width=300, file=output).print(results_view(results, "7d"))
    return output.getvalue()


FEW = "fewer than 50 persons in an arm say nothing"


@pytest.mark.parametrize(
    ("reached", "line"),
    [
        ((0, 0), "nobody reached `accepted`: is it reported at all, and within that time?"),
        ((60, 70), "everybody reached `accepted`: compare by what not everybody does"),
    ],
)
def test_figures_that_say_nothing_come_with_a_hint(reached, line):
    enough = shown(("control", 60, reached[0]), ("loud", 70, reached[1]))
    assert line in enough
    assert FEW not in enough
    few = shown(("control", 60, 5), ("loud", 49, 4))
    assert FEW in few
    assert line not in few
    assert line not in shown(("control", 60, 5), ("loud", 70, 4))


def test_who_is_not_compared_yet_is_told():
    lines = shown(("control", 0, 0), ("loud", 0, 0), early=1, switched=1_234, always=0)
    assert "there is nobody to compare yet" in lines
    assert "points" not in lines
    assert "1 person was first exposed less than 7d ago, and will be compared later" in lines
    assert "1,234 persons were seen in two arms" in lines
    assert FEW not in lines


def test_no_arm_is_better_where_the_shares_are_wrong():
    arms = ("control", 600, 50), ("loud", 400, 90)
    assert "better" in shown(*arms)
    wrong = shown(*arms, mismatch=1e-9)
    assert "not to be read" in wrong
    assert "better" not in wrong
    assert "or whether somebody changed the weights meanwhile" in wrong
    assert " <0.0001 " in wrong


LEARNER = document("Learner", "uptake", {"enabled": "true", "exploration": 40, "within": "1d"})


def test_decisions_that_explore_stand_beside_those_that_do_not(capsys, sqlite_url, tmp_path):
    """One learner, whose pizza everybody accepts and whose bread nobody does; each customer comes twice."""
    make_keyring(tmp_path / "keys")
    harness = EngineHarness(open_store(sqlite_url), KeyringVault(read_keyring(tmp_path / "keys")))
    scored = {"score": 'learned("uptake")'}
    harness.rules(LEARNER, action("pizza", **scored), action("bread", **scored))
    beliefs = {"uptake": {"pizza": Beta(900.0, 100.0), "bread": Beta(100.0, 900.0)}}
    harness.store.save_learned(encode_parameters(parameters_of(beliefs)), harness.now)
    harness.engine.learned.refresh()
    for number in range(60):
        decided = harness.after(HOUR / 60).decide(f"c-{number % 30}")
        if decided.proposals[0].action == "pizza":
            harness.report(decided, "ACCEPTED")
    harness.after(10 * DAY)
    harness.close()
    sold = sqlite_url, tmp_path / "keys"
    assert results(capsys, sold)[1] == "learned/uptake\n"
    comparison = json.loads(results(capsys, sold, "learned/uptake", "--json")[1])
    assert comparison["control"] == "explore"
    arms = {arm["name"]: arm for arm in comparison["arms"]}
    assert sum(arm["persons"] for arm in arms.values()) == 60
    assert arms["exploit"]["rate"] == 1.0 > arms["explore"]["rate"] > 0.0
    assert comparison["switched"] == 0
    output = results(capsys, sold, "learned/uptake")[1]
    assert "each decision draws anew whether it explores" in output
    assert "leave out --event" in results(capsys, sold, "learned/uptake", "--event", "visit")[2]
