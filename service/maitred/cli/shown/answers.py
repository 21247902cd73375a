"""Answers as they are shown: pure, from the engine's types to what rich prints."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maitred.cli import messages
from maitred.core.deciding.decisions import Proposal, Refusal
from maitred.core.privacy.purposes import JURISDICTION, Use, permission_words
from maitred.core.rules.experiments import is_compared
from maitred.core.rules.live import CLOCK, clock_name, clock_value
from maitred.core.rules.treatments import Treatment
from maitred.core.values.reasons import Reason
from maitred.engine.calls import Answer, RecordView

from .as_json import instant_text
from .console import plain, shown
from .moments import span_words

HASH_SHOWN_CHARACTERS = 12
"""Enough to tell one ruleset from another; --json has all of it."""
INDENT_COLUMNS = 4
TABLE_COLUMNS = 96
"""Names and reasons take some 60; details in less than the rest are hard to read."""
ALIKE_MAX, ALIKE_SHOWN = 20, 5
"""Refusals for one reason by one rule that are all shown, and of more the first; --json has all of them."""
SHOWN_VALUE_CHARACTERS = 200
"""A basket may hold thousands of products; --json has all of them."""

STRONG, FAINT, GOOD, BAD = "bold", "dim", "green", "yellow"


def answer_view(answer: Answer, *, explained: bool) -> RenderableType:
    """Returns what ``decide`` prints."""
    parts: list[RenderableType] = [_heading(answer), Text()]
    parts += _proposals(answer)
    if not answer.proposals and not explained:
        parts.append(Text("say why not with `--explain reasons`", FAINT))
    if explained:
        parts += _refusals(answer.refusals)
    parts += _section("sent and not used", [shown(line) for line in answer.unused])
    return Group(*parts)


def record_view(view: RecordView) -> RenderableType:
    """Returns what ``explain`` prints."""
    parts: list[RenderableType] = [_heading(view.answer), Text(), _request(view)]
    parts += _section("situations", [shown(chain) for chain in view.situations])
    arms = [f"{arm} of {name}" for name, arm in sorted(view.exposures.items()) if is_compared(name)]
    parts += _section("experiments", [shown(arm) for arm in arms])
    parts += _section("attributes", [_facts(view.facts_json)])
    parts += _section("data used", [_uses(view.uses)] if view.uses else [])
    parts += [Text(), Text("proposals", STRONG), *_proposals(view.answer)]
    parts += _refusals(view.answer.refusals)
    return Group(*parts)


def _heading(answer: Answer) -> Text:
    nothing_kept = "nothing was written down" if answer.degraded else messages.DRY_RUN
    name = f"decision {plain(answer.decision_id)}" if answer.decision_id else nothing_kept
    heading = Text.assemble((name, STRONG), f"  {instant_text(answer.decided_at)}  ")
    heading.append(f"ruleset {short(answer.ruleset)}", FAINT)
    if answer.degraded:
        heading.append(f"  {messages.DEGRADED}", BAD)
    return heading


def short(digest: str) -> str:
    """Returns the beginning of a hash."""
    return plain(digest[:HASH_SHOWN_CHARACTERS])


def _proposals(answer: Answer) -> Iterator[RenderableType]:
    if not answer.proposals:
        yield Text("nothing to propose", BAD)
    yield from proposals_view(answer.proposals, answer.decided_at, answer.why)


def proposals_view(
    proposals: Sequence[Proposal], decided_at: datetime, why: Sequence[Sequence[str]] = ()
) -> Iterator[RenderableType]:
    """Yields a card for each proposal; ``why`` has lines for each, or is empty."""
    for proposal, lines in zip(proposals, why or ((),) * len(proposals), strict=True):
        yield _headline(proposal)
        yield Padding.indent(_card(proposal, lines, decided_at), INDENT_COLUMNS)


def _headline(proposal: Proposal) -> Text:
    rank = f"{proposal.rank}.".ljust(INDENT_COLUMNS)
    facts = f"  {proposal.type.name.lower()}, score {proposal.score:g}"
    line = Text.assemble(rank, (plain(proposal.action), f"{STRONG} {GOOD}"), (facts, FAINT))
    if proposal.substitute_for:
        line.append(f", {messages.in_place_of(plain(proposal.substitute_for))}", BAD)
    return line


def treatment_view(treatment: Treatment[str]) -> Table:
    """Returns the texts of a treatment, each with its name."""
    card = _grid()
    for place, line in treatment.walk():
        card.add_row(str(place[0]), shown(line))
    return card


def _card(proposal: Proposal, why: Iterable[str], decided_at: datetime) -> Table:
    card = _grid()
    lines = [
        *((str(place[0]), line) for place, line in proposal.treatment.walk()),
        ("held", _held(proposal, decided_at)),
        *(("why", line) for line in why),
    ]
    for label, line in lines:
        if line:
            card.add_row(label, shown(line))
    return card


def _held(proposal: Proposal, decided_at: datetime) -> str:
    """Until when its units are held; empty where none are."""
    expires = proposal.hold_expires_at
    if not expires:
        return ""
    return messages.held_until(instant_text(expires), span_words(expires - decided_at))


def _refusals(refusals: Sequence[Refusal]) -> Iterator[RenderableType]:
    """Yields those that came furthest first: they lacked least."""
    yield Text()
    yield Text("refusals", STRONG)
    if not refusals:
        yield Padding.indent(Text("none: no other action is live on the channel", FAINT), INDENT_COLUMNS)
        return
    furthest_first = sorted(refusals, key=lambda refusal: (-refusal.reason.precedence, refusal.action))
    yield Padding.indent(_RefusalList(_grouped(furthest_first)), INDENT_COLUMNS)


def _grouped(refusals: Sequence[Refusal]) -> list[Refusal]:
    """Rows of a table are refused alike, by the thousand: of many by one rule the first are shown."""
    alike: dict[tuple[Reason, str], list[Refusal]] = {}
    for refusal in refusals:
        alike.setdefault((refusal.reason, refusal.rule), []).append(refusal)
    if all(len(those) <= ALIKE_MAX for those in alike.values()):
        return list(refusals)
    shown_refusals: list[Refusal] = []
    for (reason, rule), those in alike.items():
        if len(those) <= ALIKE_MAX:
            shown_refusals += those
            continue
        shown_refusals += those[:ALIKE_SHOWN]
        others = those[ALIKE_SHOWN:]
        names = f"{others[0].action} … {others[-1].action}"
        shown_refusals.append(
            Refusal(
                names,
                reason,
                rule,
                f"{len(others):,} more by the same rule: --action NAME shows one of them, --json all",
            )
        )
    return shown_refusals


@dataclass(frozen=True, slots=True)
class _RefusalList:
    """A table; where there is no room for one, each detail stands below its action."""

    refusals: Sequence[Refusal]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= TABLE_COLUMNS:
            yield self._table()
            return
        for refusal in self.refusals:
            name, reason, rule = map(plain, (refusal.action, refusal.reason.name, refusal.rule))
            yield Text.assemble((name, STRONG), f"  {reason}  ", (rule, FAINT))
            yield Padding.indent(shown(refusal.detail), INDENT_COLUMNS)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=FAINT)
        for name in ("action", "reason", "rule", "detail"):
            table.add_column(name, no_wrap=name == "reason", overflow="fold")
        for refusal in self.refusals:
            cells = (refusal.action, refusal.reason.name, refusal.rule, refusal.detail)
            table.add_row(*map(shown, cells))
        return table


def _request(view: RecordView) -> Table:
    commit, dash, dirty = view.ruleset_commit.partition("-")
    at_commit = f" at commit {short(commit)}{dash}{dirty}" if commit else ""
    grid = _grid()
    rows = (
        ("request", view.request_id),
        ("customer", view.customer_id),
        ("channel", view.channel),
        ("location", view.location_id),
        ("wanted", messages.counted(view.max_actions, "action")),
        ("ruleset", f"{view.ruleset_version}{at_commit}"),
    )
    for label, value in rows:
        if value:
            grid.add_row(label, shown(value))
    return grid


def _facts(facts_json: bytes) -> Table:
    grid = _grid()
    for name, value in sorted(json.loads(facts_json or b"{}").items()):
        permission = permission_words(name)
        if permission or name == JURISDICTION:
            grid.add_row(shown(permission or "jurisdiction"), shown("given" if permission else value))
        elif name.startswith(CLOCK):
            grid.add_row(shown(clock_name(name)), shown(clock_value(name, value)))
        else:
            grid.add_row(shown(name), shown(_cut(json.dumps(value, ensure_ascii=False))))
    return grid


def _uses(uses: Sequence[Use]) -> Table:
    """For what each attribute was read, and on what legal basis."""
    grid = _grid()
    for use in uses:
        grid.add_row(shown(use.attribute), shown(f"{use.purpose} ({use.basis.value})"))
    return grid


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_VALUE_CHARACTERS else f"{text[: SHOWN_VALUE_CHARACTERS - 1]}…"


def _section(title: str, content: Sequence[RenderableType]) -> Iterator[RenderableType]:
    if content:
        yield Text()
        yield Text(title, STRONG)
        yield Padding.indent(Group(*content), INDENT_COLUMNS)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=FAINT, no_wrap=True)
    grid.add_column(overflow="fold")
    return grid
