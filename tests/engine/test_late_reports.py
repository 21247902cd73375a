"""Guards and what is reported late: by a log of its own, and through the engine on both databases."""

from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from tests.claims.harness import DAY, HOUR, MINUTE, NOON
from tests.rules import action

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.rules.ruleset import Direction, Guard
from maitred.core.values.instants import to_microseconds
from maitred.engine.operating.guards import Watch, Watched, look, seen
from maitred.engine.ports.evidence import LATE, DeedRow, Exposed, ExposedPlace, LatePlace, LateReport

SECOND = timedelta(seconds=1)


class Report(NamedTuple):
    """An outcome of the decision of that number, minutes after noon."""

    of: int
    happened: int
    reported: int
    kind: OutcomeKind = OutcomeKind.REJECTED


class LogInTime:
    """Decisions and reports as they can be read at ``minute``, a few rows at a time."""

    PAGE = 3

    def __init__(self, decisions, reports):
        self.minute = 0
        self.rows = [
            Exposed(ExposedPlace(at_us(minute), seq), bytes([seq]), person, person, "hash", f"words={arm}")
            for seq, (minute, person, arm) in enumerate(sorted(decisions))
        ]
        self.reports = [
            (report, LatePlace(at_us(report.reported), bytes([number])))
            for number, report in enumerate(reports)
            if report.of < len(self.rows)
        ]

    def exposed(self, after, _max_rows):
        rows = [row for row in self.rows if row.place.decided_us <= at_us(self.minute)]
        return [row for row in rows if after is None or row.place > after][: self.PAGE]

    def exposed_of(self, decision_ids):
        return [row for row in self.rows if row.decision_id in decision_ids]

    def became_of(self, decision_ids):
        reports = [self.deed(report) for report, _ in self.reports if report.reported <= self.minute]
        return [deed for deed in reports if deed.of in decision_ids]

    def reported_late(self, after, last_us, max_rows):
        late = [
            LateReport(place, self.deed(report))
            for report, place in self.reports
            if report.reported - report.happened >= LATE // MINUTE
        ]
        wanted = [report for report in late if after < report.place and report.place.reported_us <= last_us]
        return sorted(wanted, key=lambda report: report.place)[: min(max_rows, self.PAGE)]

    def deed(self, report):
        return DeedRow(bytes([report.of]), "pizza", report.kind, at_us(report.happened))


def at_us(minute):
    return to_microseconds(NOON + minute * MINUTE)


def watch_of(direction, threshold=20, reported_within=10 * MINUTE):
    guard = Guard("rejected", direction, Fraction(threshold), 2 * DAY, HOUR, reported_within=reported_within)
    return Watch(
        Watched(guard, "words", "experiment/words", frozenset({"loud", "quiet"}), frozenset({"pizza"})), None
    )


def looked(watch, log, *minutes, rows_max=None):
    for minute in minutes:
        log.minute = minute
        look(log, [watch], NOON + minute * MINUTE, rows_max)
    return watch


END = 60 * 24 * 30
MINUTES = st.integers(0, 60 * 24)
DECISIONS = st.lists(
    st.tuples(
        MINUTES, st.sampled_from([b"ann", b"bob", b"cho", b"dee", b"eve"]), st.sampled_from(["loud", "quiet"])
    ),
    max_size=30,
)
KINDS = st.sampled_from([OutcomeKind.REJECTED, OutcomeKind.REJECTED, OutcomeKind.ACCEPTED])
REPORTS = st.lists(
    st.builds(
        lambda of, happened, delay, kind: Report(of, happened, happened + delay, kind),
        st.integers(0, 29),
        MINUTES,
        st.integers(-4, 60 * 24 * 5),
        KINDS,
    ),
    max_size=30,
)
LOOKS = st.lists(st.integers(0, END - 1), max_size=12).map(sorted)


@given(DECISIONS, REPORTS, LOOKS, st.sampled_from(Direction), st.sampled_from([None, 1]))
def test_once_all_is_reported_a_guard_has_seen_the_same(decisions, reports, looks, direction, rows_max):
    """However reports were delayed, whenever it looked, and however little it read at a time."""
    log = LogInTime(decisions, reports)
    ends = [END] * (len(decisions) + 1)
    often = looked(watch_of(direction), log, *looks, *ends, rows_max=rows_max)
    on_time = LogInTime(decisions, [report._replace(reported=report.happened) for report in reports])
    once = looked(watch_of(direction), on_time, END)
    assert (often.counts, often.breach) == (once.counts, once.breach)


@given(REPORTS, LOOKS)
def test_too_much_is_not_told_of_what_would_not_be_harm_with_all_reports(reports, looks):
    decisions = [(5 * number, bytes([number]), "loud") for number in range(30)]
    log, watch = LogInTime(decisions, reports), watch_of(Direction.ABOVE)
    early = {looked(watch, log, minute).breach is not None for minute in looks}
    assert looked(watch, log, END).breach or True not in early


def test_a_share_that_must_not_be_too_low_waits_for_its_reports():
    """Everybody rejects within their hour, and it is told a day later."""
    decisions = [(number, bytes([number]), "loud") for number in range(40)]
    reports = [Report(number, number + 1, number + 24 * 60) for number in range(40)]
    log = LogInTime(decisions, reports)
    assert looked(watch_of(Direction.BELOW, 80), log, 120).breach, "nobody did, as far as is known"
    patient = watch_of(Direction.BELOW, 80, reported_within=2 * DAY)
    assert not looked(patient, log, 120, 60 * 24 * 2).counts
    assert looked(patient, log, 60 * 24 * 3).counts == {"loud": (40, 40)}
    assert patient.breach is None


def test_a_guard_whose_horizon_is_over_reads_no_more_decisions():
    decisions = [(minute, bytes([minute % 5]), "loud") for minute in range(30)]
    decisions += [(60 * 24 * 4 + minute, b"late", "loud") for minute in range(40)]
    log = LogInTime(decisions, [])
    watch = looked(watch_of(Direction.ABOVE), log, END)
    assert watch.counts == {"loud": (0, 5)}
    assert watch.after.seq < 30 + log.PAGE


GUARD = "{outcome: rejected, direction: above, threshold: 20, horizon: 28d}"
PIZZA = action("pizza", rollout="{percent: 90, guard: " + GUARD + "}")


def test_what_a_file_reports_days_later_counts_once_and_pauses(harness):
    """Twice, of the wrong time, and of somebody whose time is not over: on both databases."""
    harness.rules(PIZZA, action("bread", score=-1))
    decided = []
    for number in range(60):
        answer = harness.after(MINUTE).decide(f"c-{number}")
        if answer.proposals[0].action == "pizza":
            decided.append((harness.now, answer))
    guards = harness.engine.guards
    harness.after(DAY + HOUR)
    guards.check()
    (watch,) = guards._watches.values()
    assert watch.counts == {"in": (0, len(decided))}

    def rejected(at, answer):
        return harness.outcome(answer, "REJECTED", at=at)

    harness.after(3 * DAY).record(*(rejected(at + DAY, answer) for at, answer in decided))
    guards.check()
    harness.after(2 * MINUTE)
    guards.check()
    assert watch.counts["in"].reached == 0, "their day was over"
    harness.record(*(rejected(at + HOUR, answer) for at, answer in decided[:20] + decided[:20]))
    guards.check()
    assert watch.counts["in"].reached == 0, "what is this young is read with the next look"
    harness.after(2 * MINUTE)
    (anew,) = seen(harness.store, [watch.watched], harness.now)
    guards.check()
    assert watch.counts == anew.counts == {"in": (20, len(decided))}
    assert watch.breach == anew.breach
    (pause,) = harness.store.pauses()
    assert pause.cause == "rejected by 3 of 3 persons (100.0 %), more than 20 %"


def test_what_is_reported_late_is_read_page_by_page(harness):
    harness.rules(PIZZA)
    started = harness.now
    answers = [harness.decide(f"c-{number}") for number in range(20)]
    answers = [answer for answer in answers if answer.proposals]
    harness.after(LATE)
    harness.record(*(harness.outcome(answer, "REJECTED", at=started + SECOND) for answer in answers[:5]))
    for answer in answers[5:10]:
        harness.after(MINUTE).record(harness.outcome(answer, "REJECTED", at=started))
    store, last_us = harness.store, to_microseconds(harness.now)
    begin = LatePlace(0, b"")
    late = store.reported_late(begin, last_us, 100)
    assert [report.deed.of.hex() for report in late] == [answer.decision_id for answer in answers[5:10]]
    assert store.reported_late(late[1].place, last_us, 2) == late[2:4]
    assert store.reported_late(begin, last_us - 1, 100) == late[:4]
    exposed = store.exposed_of([report.deed.of for report in late])
    assert {row.decision_id for row in exposed} == {report.deed.of for report in late}
    assert {row.arms for row in exposed} == {"rollout/pizza=in"}
    assert store.exposed_of([b"x" * 16]) == []
