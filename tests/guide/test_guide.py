"""The screen against a real server, driven by its keys at 80 by 24."""

import asyncio
import re
from itertools import count
from pathlib import Path

import pytest
from tests.cli.conftest import free_port, launch
from textual.widgets import Input, Static

from maitred.guide import CallPlace, DeskCall, Guide
from maitred.rpc.client import Client

__all__ = ["free_port", "launch"]

ROOT = Path(__file__).parents[2]
STORY, README = ROOT / "rules" / "guidance" / "cancelled-flight", ROOT / "README.md"
SIZE = (80, 24)


@pytest.fixture(scope="module")
def address(launch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("guide")
    return launch(folder, "--rules", STORY).address


@pytest.fixture
def call(address, request):
    ids = count()
    with Client(address) as client:
        yield DeskCall(client, address, CallPlace("desk"), lambda: f"{next(ids)}-{request.node.name}")


def driven(call, *steps):
    """Runs the screen and takes each step when the one before has been answered."""

    async def drive():
        screen = Guide(call)
        async with screen.run_test(size=SIZE) as pilot:
            for step in steps:
                await step(pilot)
                await pilot.app.workers.wait_for_complete()
                await pilot.pause()
        return screen

    return asyncio.run(drive())


def typed(text, *, into="prompt"):
    """Types a line into a field."""

    async def type_(pilot):
        field = pilot.app.query_one(f"#{into}")
        field.focus()
        field.value = text
        await pilot.press("enter")

    return type_


def pressed(*keys):
    async def press(pilot):
        await pilot.press(*keys)

    return press


def shows(into, name):
    """Keeps what a part of the screen shows."""

    async def look(pilot):
        part = pilot.app.query_one(f"#{name}")
        options = getattr(part, "options", None)
        into[:] = [str(option.id) for option in options] if options is not None else [str(part.content)]

    return look


def test_guidance_follows_the_call(call):
    before: list[str] = []
    after: list[str] = []
    page: list[str] = []
    driven(
        call,
        typed("anna", into="customer"),
        shows(before, "proposals"),
        typed("flight.state=cancelled flight.number=MA12"),
        shows(after, "proposals"),
        shows(page, "text"),
    )
    assert before == ["lounge-pass"]
    assert after[:2] == ["flight-news", "apology"]
    assert "lounge-pass" not in after
    assert "say   Here is what we know of MA12." in page[0]
    assert "why   " in page[0]


def test_what_is_rejected_is_gone_and_what_is_claimed_is_shown(call):
    standing: list[str] = []
    proposals: list[str] = []
    message: list[str] = []
    driven(
        call,
        typed("berta", into="customer"),
        typed("flight.state=cancelled flight.number=MA12"),
        pressed("f2"),
        pressed("f3"),
        shows(proposals, "proposals"),
        pressed("f4"),
        shows(standing, "standing"),
        shows(message, "said"),
    )
    # The news was presented, and is not due again for a quarter of an hour; the apology was rejected.
    assert proposals[0] == "next-flight"
    assert "apology" not in proposals
    assert message[0].startswith("claimed next-flight: ")
    assert "claimed next-flight" in standing[0]
    assert "rejected: apology" in standing[0]


def test_letters_are_keys_in_the_list_and_letters_in_a_field(call):
    message: list[str] = []
    field: list[str] = []

    async def letters(pilot):
        pilot.app.query_one("#prompt").focus()
        await pilot.press("p", "r")
        field.append(pilot.app.query_one("#prompt").value)
        pilot.app.query_one("#proposals").focus()
        await pilot.press("p")

    driven(call, typed("carla", into="customer"), letters, shows(message, "said"))
    assert field == ["pr"]
    assert message == ["lounge-pass presented"]


def test_refusals_are_shown_on_demand(call):
    shown: list[str] = []
    again: list[str] = []
    driven(
        call,
        typed("dora", into="customer"),
        pressed("f5"),
        shows(shown, "text"),
        pressed("f5"),
        shows(again, "text"),
    )
    assert "apology MISSING_ATTRIBUTE" in shown[0]
    assert again[0].startswith("lounge-pass")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nothing page=cars", "not recorded: "),
        ("visit cars", "`cars` must be NAME=VALUE"),
        ("tier=gold", "write `customer.tier=...`"),
        ('visit page="cars', "a quote is not closed"),
        ("", "type an event"),
    ],
)
def test_what_cannot_be_taken_is_told_in_words(call, line, words):
    message: list[str] = []
    driven(call, typed("emma", into="customer"), typed(line), shows(message, "said"))
    assert words in message[0]


def test_errors_of_the_server_are_told_in_words_and_the_screen_goes_on(call):
    message: list[str] = []
    proposals: list[str] = []

    async def repair(pilot):
        call.place = CallPlace("desk")
        await pilot.press("f6")

    call.place = CallPlace("phone")
    driven(
        call, typed("fanny", into="customer"), shows(message, "said"), repair, shows(proposals, "proposals")
    )
    assert message[0].startswith("INVALID_ARGUMENT: ")
    assert "unknown channel" in message[0]
    assert proposals == ["lounge-pass"]


def test_no_server_is_told_in_words(free_port):
    message: list[str] = []
    with Client(f"127.0.0.1:{free_port}", timeout_seconds=5) as client:
        call = DeskCall(client, f"127.0.0.1:{free_port}", CallPlace("desk"), lambda: "r")
        driven(call, typed("gina", into="customer"), shows(message, "said"))
    assert message == [
        f"no server answers at 127.0.0.1:{free_port}: start one with `maitred serve`, then press F6"
    ]


def test_another_customer_begins_anew(call):
    driven(call, typed("hanna", into="customer"), typed("flight.state=cancelled"))
    session = call.session_id
    driven(call, typed("ida", into="customer"))
    assert not call.attributes
    assert call.session_id != session


def test_the_screen_answers_while_a_call_is_under_way(call):
    """The step does not end before the screen has shown a key that came after it."""
    answered = asyncio.Event()

    async def drive():
        screen, loop = Guide(call), asyncio.get_running_loop()

        def slow():
            asyncio.run_coroutine_threadsafe(answered.wait(), loop).result(30)
            return "done"

        async with screen.run_test(size=SIZE) as pilot:
            screen._step(slow)
            prompt = screen.query_one("#prompt", Input)
            prompt.focus()
            await pilot.press("a", "b")
            assert prompt.value == "ab"
            answered.set()
            await screen.workers.wait_for_complete()
            await pilot.pause()
            return str(screen.query_one("#said", Static).content)

    assert asyncio.run(drive()) == "done"


def test_the_screen_is_as_the_readme_shows_it(call):
    block = re.search(r"^```text\n(1 gesture.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)[1]
    listed: list[str] = []
    page: list[str] = []

    async def titles(pilot):
        listed[:] = [str(option.prompt) for option in pilot.app.query_one("#proposals").options]

    driven(
        call,
        typed("jan", into="customer"),
        typed("flight.state=cancelled flight.number=MA12"),
        pressed("f2"),
        titles,
        shows(page, "text"),
    )
    rows = [re.split(r"  +", line, maxsplit=1) for line in block.splitlines()]
    assert [left for left, _ in rows] == listed
    assert not [right for _, right in rows if right.removesuffix(" ...") not in page[0]]
