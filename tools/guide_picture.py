"""Draws docs/guide.svg: the screen of ``maitred guide`` as it is, on the cancelled flight.

``make guide-picture`` runs it. A real server answers, and the keys are pressed that a person would press.
"""

import asyncio
import re
import tempfile
from itertools import count
from pathlib import Path

from textual.widgets import Input

from maitred.bootstrap import serving
from maitred.bootstrap.clients import connect
from maitred.guide import CallPlace, DeskCall, Guide
from maitred.settings import DEFAULT_LISTEN, Settings
from maitred.telemetry import configure_logging

ROOT = Path(__file__).resolve().parent.parent
STORY, PICTURE = ROOT / "rules" / "guidance" / "cancelled-flight", ROOT / "docs" / "guide.svg"
SIZE = (100, 24)
FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Fonts on somebody's server: any monospaced one does."""


async def screenshot(call: DeskCall) -> str:
    """Types and presses, and takes the picture."""
    screen = Guide(call)
    async with screen.run_test(size=SIZE) as pilot:
        prompt = screen.query_one("#prompt", Input)
        prompt.focus()
        prompt.value = "flight.state=cancelled flight.number=MA12"
        await pilot.press("enter")
        await screen.workers.wait_for_complete()
        await pilot.press("f2")
        await screen.workers.wait_for_complete()
        screen.query_one("#proposals").focus()
        await pilot.pause()
        return screen.export_screenshot(title="maitred guide")


def main() -> None:
    """Writes the picture."""
    ids = count()
    with tempfile.TemporaryDirectory() as folder:
        database, keys = f"sqlite:///{folder}/guide.db", Path(folder, "keys")
        settings = Settings(rules=STORY, database=database, listen="127.0.0.1:0", keys=keys)
        log = configure_logging(Path(folder, "log").open("w"), {})  # noqa: SIM115 -- closed with the log
        running = serving.start(settings, {}, log)
        with connect(running.address) as client:
            client.wait_until_serving(30)
            call = DeskCall(
                client,
                DEFAULT_LISTEN,
                CallPlace("desk"),
                lambda: f"picture-{next(ids)}",
                "anna-7",
                "call-4711",
            )
            svg = asyncio.run(screenshot(call))
        running.stop(1)
        log.close()
    PICTURE.write_text(FONT_FACES.sub("", svg))
    print(f"wrote {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
