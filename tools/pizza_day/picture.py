"""The picture of the runs. Only place that knows matplotlib."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .figures import CAPACITY, QUARTERS, Figures
from .run import Variant
from .world import CLOSES_S, HOUR_S, OPENS_S, PUSH_S, QUARTER_S

# Okabe and Ito's palette: told apart by the colour-blind, and by their lightness in print.
WITHIN, OVER, LINE = "#0072B2", "#E69F00", "#000000"
SIZE_INCHES, DOTS_PER_INCH = (9.0, 7.0), 110
HEADROOM = 1.12


class PictureError(Exception):
    """The package that draws is not installed."""


def draw(runs: Mapping[Variant, Figures], path: Path) -> None:
    """Writes a PNG. Raises `PictureError` or `OSError`."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - all else runs without it
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise PictureError(
            "the package `matplotlib` is not installed; use `make pizza-day`, or leave the picture out with "
            "--no-picture"
        ) from error
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(runs), sharex=True, sharey=True, squeeze=False)[:, 0]
    figure.suptitle(finding(runs), fontsize=13, fontweight="bold")
    for panel, (variant, run) in zip(panels, runs.items(), strict=True):
        fill(panel, variant, run)
    panels[0].set_xlim(OPENS_S / HOUR_S, OPENS_S / HOUR_S + QUARTERS * QUARTER_S / HOUR_S)
    panels[0].set_ylim(0, max(max(run.orders) for run in runs.values()) * HEADROOM)
    panels[0].legend(loc="upper right", frameon=False, fontsize=9)
    panels[-1].set_xlabel("time of day")
    # Without the version of the library, the same runs give the same bytes.
    figure.savefig(path, metadata={"Software": None})


def finding(runs: Mapping[Variant, Figures]) -> str:
    first, *_, last = runs.values()
    return (
        f"A free pizza for everybody at once: {first.peak:.0f} times what the ovens bake.\n"
        f"With a pace and alternatives: {last.peak:.1f} times."
    )


def fill(panel: Any, variant: Variant, run: Figures) -> None:
    starts = [(OPENS_S + number * QUARTER_S) / HOUR_S for number in range(QUARTERS)]
    width = QUARTER_S / HOUR_S
    style = {"width": width, "align": "edge", "edgecolor": "white", "linewidth": 0.5}
    within = [min(count, CAPACITY) for count in run.orders]
    over = [max(count - CAPACITY, 0) for count in run.orders]
    panel.bar(starts, within, color=WITHIN, label="orders that the ovens can bake", **style)
    panel.bar(starts, over, bottom=within, color=OVER, hatch="///", label="orders too many", **style)
    panel.axhline(CAPACITY, color=LINE, linewidth=1.2, label=f"what the ovens bake: {CAPACITY} in 15 minutes")
    panel.axvline(PUSH_S / HOUR_S, color=LINE, linewidth=0.9, linestyle=":", label="everybody is told")
    panel.set_title(caption(variant, run), loc="left", fontsize=10)
    panel.set_ylabel("orders per 15 minutes")
    ticks = range(OPENS_S // HOUR_S, CLOSES_S // HOUR_S + 1)
    panel.set_xticks(ticks, [f"{hour}:00" for hour in ticks])
    panel.spines[["top", "right"]].set_visible(False)


def caption(variant: Variant, run: Figures) -> str:
    waits = run.waits
    return (
        f"{variant.title[0].upper()}{variant.title[1:]}: median wait {waits.median:.0f} min, "
        f"longest {waits.longest:.0f} min, {run.gave_up:,} of {sum(run.orders):,} gave up"
    )
