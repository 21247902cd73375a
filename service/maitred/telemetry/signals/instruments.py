"""What metrics are made with: counters fed in lumps, histograms, and labels of which there are few."""

from collections import Counter
from collections.abc import Callable, Sequence

from opentelemetry.metrics import Counter as CounterInstrument
from opentelemetry.metrics import Meter

from . import names

Key = tuple[tuple[str, str | bool], ...]


class Tally:
    """A counter fed in lumps: adding to an instrument costs more than the counting itself."""

    def __init__(self, instrument: CounterInstrument) -> None:
        self._instrument = instrument
        self._counts: Counter[Key] = Counter()

    def add(self, key: Key, count: int = 1) -> None:
        """Counts; shown after ``flush``."""
        self._counts[key] += count

    def flush(self) -> None:
        """Hands the counts to the instrument."""
        for key, count in self._counts.items():
            self._instrument.add(count, dict(key))
        self._counts.clear()


def histogram(
    meter: Meter, name: str, unit: str, description: str, bounds: Sequence[float]
) -> Callable[[float, dict[str, str]], None]:
    """Records values, each with its attributes."""
    made = meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)
    return made.record


class Few:
    """At most so many values of a label that callers choose; what comes after them is ``names.OTHER``."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: set[str] = set()

    def label(self, text: str) -> str:
        """Returns the text as it can be a label."""
        text = names.plain(text)
        if text not in self._known:
            if len(self._known) >= self._capacity:
                return names.OTHER
            self._known.add(text)
        return text
