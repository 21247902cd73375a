"""The screen. What a server is asked runs on a thread of its own, one step after the other."""

from collections.abc import Callable
from threading import Lock
from typing import ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from maitred.core.behaviour.outcomes import OutcomeKind
from maitred.core.deciding.decisions import Proposal

from . import messages, pages
from .call import DeskCall, StepFailed
from .lines import InputFault

STYLES = """
Screen { layout: vertical; }
#head { height: 1; background: $primary; color: $text; padding: 0 1; }
#who { height: 1; }
#who Static { width: auto; padding: 0 1; color: $text-muted; }
#who Input { width: 1fr; }
#known { height: auto; max-height: 2; padding: 0 1; }
#guidance { height: 1fr; }
#proposals { width: 40%; height: 100%; border: round $primary; }
#page { width: 1fr; height: 100%; border: round $secondary; padding: 0 1; }
#standing { height: auto; max-height: 4; padding: 0 1; }
#prompt { border: none; height: 1; background: $boost; padding: 0 1; }
#said { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
#said.-failed { color: $warning; }
"""


class Guide(App[None]):
    """Shows guidance for one call at a time."""

    CSS = STYLES
    TITLE = messages.TITLE
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,p", "report('PRESENTED')", "Presented"),
        Binding("f3,r", "report('REJECTED')", "Rejected"),
        Binding("f4,c", "claim", "Claim"),
        Binding("f5,w", "refusals", "Why not"),
        Binding("f6,g", "ask", "Ask"),
        Binding("f1,question_mark", "keys", "Help"),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(self, call: DeskCall) -> None:
        super().__init__()
        self._call, self._stepping = call, Lock()
        self._shows_refusals = False

    def compose(self) -> ComposeResult:
        """Lays the screen out."""
        place = " ".join(part for part in self._call.place if part)
        yield Static(f"{messages.TITLE}  {self._call.target}  {place}", id="head", markup=False)
        with Horizontal(id="who"):
            yield Static(messages.CUSTOMER)
            yield Input(self._call.customer_id, id="customer", compact=True)
            yield Static(messages.SESSION)
            yield Input(self._call.session_id, id="session", compact=True)
        yield Static(id="known")
        with Horizontal(id="guidance"):
            yield OptionList(id="proposals", markup=False)
            with VerticalScroll(id="page"):
                yield Static(messages.KEYS, id="text", markup=False)
        yield Static(id="standing")
        yield Input(placeholder=messages.PROMPT, id="prompt", compact=True)
        yield Static(messages.NOBODY, id="said", markup=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Asks at once where it is known who is calling."""
        if self._call.customer_id:
            self.query_one("#prompt").focus()
            self.action_ask()
        else:
            self.query_one("#customer").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Takes a field that was filled in."""
        match event.input.id:
            case "prompt":
                line = event.value
                event.input.clear()
                self._step(lambda: self._call.take_line(line))
            case "customer":
                self._greet(event.value.strip(), self._call.session_id)
            case "session":
                self._greet(self._call.customer_id, event.value.strip())

    def on_option_list_option_highlighted(self) -> None:
        """Shows the proposal that was chosen."""
        self._shows_refusals = False
        self._show_page()

    def action_ask(self) -> None:
        """Asks again."""
        self._step(self._ask)

    def action_report(self, kind: str) -> None:
        """Says what became of the proposal that is chosen."""
        if proposal := self._chosen():
            self._step(lambda: self._call.report(proposal.action, OutcomeKind[kind]))

    def action_claim(self) -> None:
        """Takes a unit of the proposal that is chosen."""
        if proposal := self._chosen():
            self._step(lambda: self._call.claim(proposal.action))

    def action_refusals(self) -> None:
        """Shows why the others were refused, or the proposal again."""
        self._shows_refusals = not self._shows_refusals
        self._show_page()

    def action_keys(self) -> None:
        """Shows what the keys do."""
        self.query_one("#text", Static).update(messages.KEYS)

    def _greet(self, customer_id: str, session_id: str) -> None:
        self._call.greet(customer_id, session_id)
        self.query_one("#session", Input).value = self._call.session_id
        self.query_one("#prompt").focus()
        self.action_ask()

    def _ask(self) -> str:
        self._call.ask()
        return ""

    @work(thread=True)
    def _step(self, step: Callable[[], str]) -> None:
        self.call_from_thread(self._say, messages.ASKING)
        with self._stepping:
            try:
                said, is_well = step(), True
            except (StepFailed, InputFault) as fault:
                said, is_well = str(fault), False
            except Exception as error:  # noqa: BLE001 -- the screen outlives any fault of a step
                said, is_well = messages.cannot_do(repr(error)), False
        self.call_from_thread(self._show, said, is_well=is_well)

    def _say(self, words: str) -> None:
        self.query_one("#said", Static).update(pages.plain(words))

    def _show(self, said: str, *, is_well: bool) -> None:
        """Shows what is known after a step; where it failed, what was known before."""
        self._say(said)
        self.query_one("#said").set_class(not is_well, "-failed")
        self.query_one("#known", Static).update(pages.known(self._call.attributes.items()))
        self.query_one("#standing", Static).update(pages.standing(self._call.answer, self._call.session))
        if is_well:
            self._list()
        self._show_page()

    def _list(self) -> None:
        """Lists the proposals; the best one is chosen, for something has changed."""
        options = self.query_one("#proposals", OptionList)
        options.clear_options()
        proposals = self._call.answer.proposals if self._call.answer else ()
        options.add_options(Option(pages.option(proposal), id=proposal.action) for proposal in proposals)
        options.highlighted = 0 if proposals else None

    def _chosen_name(self) -> str:
        options = self.query_one("#proposals", OptionList)
        option = options.highlighted_option
        return (option.id or "") if option else ""

    def _chosen(self) -> Proposal | None:
        answer, name = self._call.answer, self._chosen_name()
        proposals = answer.proposals if answer else ()
        proposal = next((proposal for proposal in proposals if proposal.action == name), None)
        if proposal is None:
            self._say(messages.NO_PROPOSAL)
        return proposal

    def _show_page(self) -> None:
        answer, text = self._call.answer, self.query_one("#text", Static)
        if answer is None:
            return
        name = self._chosen_name()
        chosen = next(
            (place for place, proposal in enumerate(answer.proposals) if proposal.action == name), None
        )
        if self._shows_refusals:
            text.update(pages.refusals_page(answer.refusals))
        elif chosen is None:
            text.update(messages.NOTHING)
        else:
            why = answer.why[chosen] if answer.why else ()
            text.update(pages.proposal_page(answer.proposals[chosen], why))
