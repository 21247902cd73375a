"""What the screen shows, as text with styles: pure, from what a server said."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from textual.content import Content

from maitred.core.deciding.decisions import Proposal, Refusal
from maitred.engine.calls import Answer, OpenClaim, SessionView

from . import messages

FAINT, STRONG, BAD, GOOD = "dim", "bold", "$warning", "$success"
LABEL_COLUMNS = 6
CLAIMS_SHOWN = 2
_BROKEN = "\N{REPLACEMENT CHARACTER}"

Lines = Iterable[Content]


def plain(text: str) -> str:
    """Text of others, which cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else _BROKEN for letter in text)


def option(proposal: Proposal) -> Content:
    """Returns a proposal in the list."""
    name = proposal.treatment.title or proposal.action
    kind = (f"{proposal.type.name.lower()} ", FAINT)
    return Content.assemble(f"{proposal.rank} ", kind, (plain(name), STRONG))


def proposal_page(proposal: Proposal, why: Sequence[str]) -> Content:
    """Returns what to say, to do and to avoid, and why."""
    treatment = proposal.treatment
    parts = [Content.styled(plain(proposal.action), STRONG)]
    if proposal.substitute_for:
        parts.append(Content.styled(f"in place of {plain(proposal.substitute_for)}", BAD))
    for label, texts, style in (
        ("say", treatment.say, GOOD),
        ("show", [treatment.show] if treatment.show else [], ""),
        ("do", treatment.do, ""),
        ("avoid", treatment.avoid, BAD),
        ("why", why, FAINT),
    ):
        parts += [_labelled(label, text, style) for text in texts]
    return _joined(parts)


def refusals_page(refusals: Sequence[Refusal]) -> Content:
    """Returns why the others were refused: those that came furthest first, for they lacked least."""
    furthest = sorted(refusals, key=lambda refusal: (-refusal.reason.precedence, refusal.action))
    return _joined(map(_refusal, furthest)) if refusals else Content(messages.NO_REFUSALS)


def _refusal(refusal: Refusal) -> Content:
    rule = f" {plain(refusal.rule)}" if refusal.rule else ""
    return Content.assemble(
        (plain(refusal.action), STRONG),
        (f" {refusal.reason.name}{rule}", BAD),
        f"\n  {plain(refusal.detail)}" if refusal.detail else "",
    )


def standing(answer: Answer | None, session: SessionView | None) -> Content:
    """Returns what is claimed and what was rejected, and how far the session is."""
    parts = list(_claims(answer.open_claims if answer else ()))
    if session:
        rejected = ", ".join(map(plain, session.rejected))
        words = [messages.steps(len(session.steps)), *([f"rejected: {rejected}"] if rejected else [])]
        parts.append(Content.styled("; ".join(words), FAINT))
    return _joined(parts)


def known(attributes: Iterable[tuple[str, object]]) -> Content:
    """Returns the attributes that were told."""
    return Content.styled(plain("  ".join(f"{name}={value}" for name, value in attributes)), FAINT)


def _claims(claims: Sequence[OpenClaim]) -> Iterator[Content]:
    for claim in claims[:CLAIMS_SHOWN]:
        until = f" {messages.held_until(_clock(claim.expires_at))}" if claim.expires_at else ""
        yield Content.assemble(("claimed ", FAINT), plain(claim.action), (until, FAINT))
    if len(claims) > CLAIMS_SHOWN:
        yield Content.styled(f"and {len(claims) - CLAIMS_SHOWN} more", FAINT)


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _labelled(label: str, text: str, style: str) -> Content:
    return Content.assemble((f"{label:<{LABEL_COLUMNS}}", FAINT), (plain(text), style))


def _joined(parts: Iterable[Content]) -> Content:
    return Content("\n").join(list(parts))
