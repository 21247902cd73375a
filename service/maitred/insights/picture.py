"""The differences of an experiment's arms as a picture."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from maitred.engine.operating.results import Results

_INCHES_WIDE, _INCHES_AN_ARM, _INCHES_AROUND = 7.0, 0.6, 1.4
_DOTS_PER_INCH = 150


def draw(results: Results, file: Path) -> None:
    """Draws each arm's difference with both intervals. Raises ``OSError``."""
    arms = results.comparisons[::-1]  # the first at the top, as in the table
    figure = Figure(figsize=(_INCHES_WIDE, _INCHES_AROUND + _INCHES_AN_ARM * max(1, len(arms))))
    axes = figure.add_subplot()
    for place, comparison in enumerate(arms):
        always, fixed = comparison.always, comparison.fixed
        axes.plot([100 * always.lower, 100 * always.upper], [place, place], color="#8fb3d9", linewidth=6)
        axes.plot([100 * fixed.lower, 100 * fixed.upper], [place, place], color="#1f5a99", linewidth=2)
        axes.plot([100 * comparison.difference], [place], "o", color="#1f5a99")
    axes.axvline(0, color="#888888", linewidth=1)
    axes.set_yticks(range(len(arms)), [comparison.arm for comparison in arms])
    axes.set_ylim(-0.7, max(1, len(arms)) - 0.3)
    axes.set_xlabel(f"{results.goal}: percentage points more than {results.control}")
    axes.set_title(_title(results), fontsize=10)
    if not arms:
        axes.text(0.5, 0.5, "nobody to compare yet", transform=axes.transAxes, ha="center", va="center")
    figure.tight_layout()
    FigureCanvasAgg(figure)
    figure.savefig(file, dpi=_DOTS_PER_INCH, format="png")


def _title(results: Results) -> str:
    if results.is_mismatched:
        return f"{results.experiment}: the arms have other shares than their weights, do not read this"
    return f"{results.experiment}: at every look (wide), at the end (narrow)"
