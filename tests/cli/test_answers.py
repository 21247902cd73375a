"""How answers look: pure functions from the engine's types to text and JSON."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from maitred.cli.shown.answers import answer_view, record_view
from maitred.cli.shown.as_json import answer_json, record_json
from maitred.cli.shown.console import plain
from maitred.core.deciding.decisions import Proposal, Refusal
from maitred.core.rules.ruleset import ActionType
from maitred.core.rules.treatments import Treatment
from maitred.core.values.reasons import Reason
from maitred.engine.calls import Answer, RecordView

AT = datetime(2026, 12, 1, 11, 30, 0, 5, tzinfo=UTC)
PIZZA = Proposal(
    "free-pizza",
    1,
    4.5,
    ActionType.OFFER,
    Treatment("Free pizza", ("There is one.", "Today."), "PIZZA"),
)
TEA = Proposal("tea", 2, 0.0, ActionType.GESTURE, Treatment("Tea"))
REFUSALS = (
    Refusal("b", Reason.NOT_LIVE, "live", "needs weekday = 1, is 2"),
    Refusal("z", Reason.OUTRANKED, "", "others scored higher"),
    Refusal("a", Reason.NOT_LIVE, "live", "needs weekday = 1, is 2"),
)
ANSWER = Answer("ab" * 16, "cd" * 32, (PIZZA, TEA), AT, REFUSALS, (("tier is gold",), ()))
RECORD = RecordView(
    answer=ANSWER,
    request_id="r-1",
    customer_id="900",
    channel="pos",
    location_id="",
    max_actions=1,
    facts_json=json.dumps({"customer.tier": "gold", "basket.products": ["p"] * 1000}).encode(),
    situations=("vip because tier is gold",),
    ruleset_version="1.4",
    ruleset_commit="c0ffee" * 6 + "-dirty",
)

Show = Callable[..., list[str]]


@pytest.fixture
def show() -> Show:
    def show(view: RenderableType, columns: int = 100) -> list[str]:
        console = Console(file=(file := io.StringIO()), width=columns)
        console.print(view)
        return [line.rstrip() for line in file.getvalue().splitlines()]

    return show


def test_a_card_for_each_proposal_and_refusals_nearest_first(show):
    assert show(answer_view(ANSWER, explained=True)) == [
        "decision abababababababababababababababab  2026-12-01T11:30:00.000005Z  ruleset cdcdcdcdcdcd",
        "",
        "1.  free-pizza  offer, score 4.5",
        "    title  Free pizza",
        "    say    There is one.",
        "    say    Today.",
        "    show   PIZZA",
        "    why    tier is gold",
        "2.  tea  gesture, score 0",
        "    title  Tea",
        "",
        "refusals",
        "    action  reason     rule  detail",
        "    z       OUTRANKED        others scored higher",
        "    a       NOT_LIVE   live  needs weekday = 1, is 2",
        "    b       NOT_LIVE   live  needs weekday = 1, is 2",
    ]


def test_refusals_are_left_out_where_nobody_asked(show):
    lines = show(answer_view(ANSWER, explained=False))
    assert not [line for line in lines if "NOT_LIVE" in line or line == "refusals"]


def test_nothing_to_propose_says_how_to_learn_why(show):
    nothing = Answer("ab" * 16, "cd" * 32, (), AT)
    assert show(answer_view(nothing, explained=False))[-2:] == [
        "nothing to propose",
        "say why not with `--explain reasons`",
    ]
    assert (
        show(answer_view(nothing, explained=True))[-1] == "    none: no other action is live on the channel"
    )


def test_a_dry_run_and_a_degraded_answer_say_so(show):
    dry = Answer("", "cd" * 32, (), AT)
    assert show(answer_view(dry, explained=True), 200)[0].startswith("dry run: nothing was written down")
    heading = show(answer_view(dry._replace(degraded=True), explained=True), 200)[0]
    assert heading.startswith("nothing was written down")
    assert heading.endswith("degraded: a limit could not be asked")


def test_a_stand_in_says_for_what_and_how_long_its_units_are_held(show):
    held = TEA._replace(substitute_for="free-pizza", hold_expires_at=AT + timedelta(minutes=20))
    lines = show(answer_view(Answer("ab" * 16, "cd" * 32, (held,), AT), explained=False))
    assert "2.  tea  gesture, score 0, in place of free-pizza" in lines
    assert "    held   until 2026-12-01T11:50:00.000005Z, for 20 min" in lines


def test_what_a_limit_refuses_stands_where_it_came_furthest(show):
    refusals = (
        Refusal("b", Reason.NOT_LIVE, "live", "needs weekday = 1, is 2"),
        Refusal("a", Reason.CAPACITY_EXHAUSTED, "store-ovens", "40 of 40 taken per location this day"),
    )
    answer = Answer("ab" * 16, "cd" * 32, (), AT, refusals)
    row = show(answer_view(answer, explained=True), 120)[-2].split(maxsplit=3)
    assert row == ["a", "CAPACITY_EXHAUSTED", "store-ovens", "40 of 40 taken per location this day"]


def test_a_record_shows_what_was_decided_upon(show):
    lines = show(record_view(RECORD))
    for line in (
        "request   r-1",
        "wanted    1 action",
        "ruleset   1.4 at commit c0ffeec0ffee-dirty",
        "    vip because tier is gold",
    ):
        assert line in lines
    assert not [line for line in lines if line.startswith("location")]
    assert max(map(len, lines)) <= 100
    assert len(lines) < 40


def test_details_stand_below_where_there_is_no_room_beside(show):
    lines = show(answer_view(ANSWER, explained=True), 80)
    assert lines[lines.index("refusals") + 1 :] == [
        "    z  OUTRANKED",
        "        others scored higher",
        "    a  NOT_LIVE  live",
        "        needs weekday = 1, is 2",
        "    b  NOT_LIVE  live",
        "        needs weekday = 1, is 2",
    ]


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_narrow_terminal_loses_nothing_but_looks(show, columns):
    text = "".join(show(record_view(RECORD), columns)).replace(" ", "")
    for word in ("free-pizza", "Thereisone.", "OUTRANKED", "othersscoredhigher"):
        assert word in text or columns == 20


def test_json_names_everything_as_the_api_does():
    content = json.loads(json.dumps(record_json(RECORD)))
    assert content["decision"] == answer_json(ANSWER)
    assert content["decision"]["decided_at"] == "2026-12-01T11:30:00.000005Z"
    assert content["decision"]["proposals"][0] == {
        "action": "free-pizza",
        "rank": 1,
        "score": 4.5,
        "type": "OFFER",
        "treatment": {"title": "Free pizza", "say": ["There is one.", "Today."], "show": "PIZZA"},
        "why": ["tier is gold"],
        "substitute_for": "",
        "hold_expires_at": None,
        "claim_id": "",
    }
    assert content["decision"]["refusals"][1]["reason"] == "OUTRANKED"
    assert content["record"]["facts"]["customer.tier"] == "gold"


def test_what_could_move_the_cursor_is_spelt_out(show):
    hostile = "\x1b[2J\x07gone\u202e"
    proposal = Proposal(hostile, 1, 1.0, ActionType.OFFER, Treatment(hostile, (hostile,), "[bold]x[/]"))
    refusal = Refusal(hostile, Reason.NOT_LIVE, hostile, hostile)
    answer = Answer(hostile, hostile, (proposal,), AT, (refusal,), ((hostile,),))
    text = "\n".join(show(answer_view(answer, explained=True)))
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[2J" in text
    assert "[bold]x[/]" in text


def test_thousands_of_rows_refused_alike_take_few_lines(show):
    rows = [Refusal(f"c-{n:04}", Reason.NOT_ELIGIBLE, "coupons", "no") for n in range(3_000)]
    lines = show(answer_view(ANSWER._replace(refusals=(*rows, *REFUSALS)), explained=True), 120)
    assert sum("c-" in line for line in lines) < 10
    assert any("2,995 more" in line and "c-0005 … c-2999" in line for line in lines)
    assert any(line.strip().startswith("z ") for line in lines)
    assert len(answer_json(ANSWER._replace(refusals=tuple(rows)))["refusals"]) == 3_000


def test_what_was_sent_and_not_used_is_shown(show):
    answer = ANSWER._replace(unused=("`customer.teir` is not declared",))
    assert show(answer_view(answer, explained=True))[-2:] == [
        "sent and not used",
        "    `customer.teir` is not declared",
    ]
    assert answer_json(answer)["unused"] == ["`customer.teir` is not declared"]


def test_plain_text_stays_as_it_is():
    assert plain("crème brûlée 10 € 你好") == "crème brûlée 10 € 你好"
    assert plain("a\tb\nc\ud800") == "a\\tb\\nc\\ud800"
