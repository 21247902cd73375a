"""What keeping customers' data as agreed costs Decide: pseudonyms, seals, the chain, purposes and consent.

Pseudonyms, seals and the chain are always there. What they cost shows against another checkout, of
the service as it was without them. Purposes and consent come with a ``Privacy`` document.

Everybody agrees to everything, in one way or another, so that as much is decided with the document
as without it: half of the customers by statements on record, a tenth by a TCF string of their own
with each request, the others by naming the purposes with each request.
"""

import random
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from maitred.v1 import decision_pb2 as pb
from maitred.v1 import privacy_pb2

from . import figures, ruleset, servers, tcf
from .figures import Row, Section, at_most
from .requests import CUSTOMERS, DECIDE, customer, decides, every_customer
from .rounds import Contender, Progress, Shown, lost, paired, proposed_by, send, take_turns
from .serving import ACTIONS, SERVER_THREADS, floor_rate, saturated
from .workload import specs

RECORD_CONSENT = "/maitred.v1.PrivacyService/RecordConsent"
MAX_COST, GOAL_COST = 0.15, 0.10
CHECKED = 100
VENDOR = 755
SERVICE, PROFILE = "service", "profile"
PURPOSES = {"customer": PROFILE, "basket": SERVICE, "session": "none"}
"""What the attributes are processed for, by their first word."""
AGREED = (PROFILE, ruleset.OFFERS)

_DOCUMENT = f"""---
apiVersion: maitred/v1
kind: Privacy
name: privacy
require_purposes: true
purposes:
  {SERVICE}: Doing what the contract promises.
  {PROFILE}:
    description: Guessing what fits a customer.
    iab:
      tcf: {{purposes: [content_profile, personalised_content], vendor: {VENDOR}}}
  {ruleset.OFFERS}:
    description: Making offers.
    iab:
      tcf: {{purposes: [store_on_device, personalised_ads], vendor: {VENDOR}}}
default: eu
jurisdictions:
  eu:
    bases: {{{SERVICE}: contract, {PROFILE}: consent, {ruleset.OFFERS}: consent}}
"""


def measure(against: Path | None, progress: Progress) -> list[Section]:
    """One section. ``against`` is a checkout of the service without privacy."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        plain = ruleset.write(place / "plain", specs(ACTIONS))
        agreed = ruleset.write(place / "agreed", specs(ACTIONS), _DOCUMENT, PURPOSES)
        progress("starting the servers")
        running = {
            "no-op": stack.enter_context(servers.noop(SERVER_THREADS)),
            "without": stack.enter_context(servers.maitred(plain, f"sqlite:///{place}/without.db")),
            "with": stack.enter_context(servers.maitred(agreed, f"sqlite:///{place}/with.db")),
        }
        if against:
            running["before"] = stack.enter_context(
                servers.maitred(plain, f"sqlite:///{place}/before.db", against)
            )
        with servers.apart(running.values()):
            contenders = {name: _contender(name, server) for name, server in running.items()}
            _prepare(contenders, progress)
            _check_same_answers(contenders)
            results = take_turns(contenders, progress)
    return [_section(results, servers.commit_of(against) if against else "")]


def _contender(name: str, server: servers.Server) -> Contender:
    return Contender(server, DECIDE, _agreed if name == "with" else decides)


def _agreed(word: str) -> Iterator[bytes]:
    return decides(word, signals=_signals)


def _signals(number: int) -> pb.ConsentSignals | None:
    """What customer ``number`` says with every request; the even ones have said it before."""
    if number % 2 == 0:
        return None
    if number % 10 == 1:
        return pb.ConsentSignals(tcf=_tcf_strings()[number])
    return pb.ConsentSignals(granted=AGREED)


@cache
def _tcf_strings() -> Mapping[int, str]:
    """By customer."""
    draw, today = random.Random(3), datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {number: tcf.string(draw, today, VENDOR) for number in range(1, CUSTOMERS, 10)}


def _prepare(contenders: Mapping[str, Contender], progress: Progress) -> None:
    """Statements on record, and every customer known to every server."""
    progress("recording statements")
    send(contenders["with"].server, RECORD_CONSENT, _statements())
    for name, contender in contenders.items():
        progress(f"making the customers known: {name}")
        signals = _signals if name == "with" else None
        send(contender.server, DECIDE, every_customer("first", signals=signals))


def _statements() -> Iterator[bytes]:
    records = [
        privacy_pb2.ConsentRecord(
            purpose=purpose, state=privacy_pb2.GRANTED, source="app-settings", text_version="2"
        )
        for purpose in AGREED
    ]
    for number in range(0, CUSTOMERS, 2):
        yield privacy_pb2.RecordConsentRequest(
            request_id=f"statement-{number}", customer_id=customer(number), records=records
        ).SerializeToString()


def _check_same_answers(contenders: Mapping[str, Contender]) -> None:
    """Else it is not the same work that is compared."""
    proposals = {
        name: proposed_by(contender, CHECKED) for name, contender in contenders.items() if name != "no-op"
    }
    for name, proposed in proposals.items():
        differing = sum(left != right for left, right in zip(proposed, proposals["without"], strict=True))
        assert not differing, f"{name}: other proposals for {differing} of {CHECKED} customers"
    assert any(proposals["without"]), "nothing is proposed to anybody"


def _section(results: dict[str, Shown], commit: str) -> Section:
    floor, plain, full = results["no-op"], results["without"], results["with"]
    rows = [
        Row("no-op server", floor_rate(floor)),
        Row("without a Privacy document", saturated(plain)),
        Row("with purposes and consent", saturated(full)),
        Row(
            "with purposes and consent, of the no-op's",
            figures.shown(paired(full.rates, floor.rates), figures.ratio),
        ),
        *_cost("by purposes and consent", full, plain),
    ]
    if before := results.get("before"):
        rows += [
            Row(f"the service as of {commit}", saturated(before)),
            *_cost(f"by pseudonyms, seals and the chain, since {commit}", plain, before),
            *_cost(f"by all of it, since {commit}", full, before),
        ]
    else:
        rows.append(
            Row(
                "throughput lost by pseudonyms, seals and the chain", "not measured: needs --against CHECKOUT"
            )
        )
    return Section(
        f"What privacy costs Decide at saturation: {CUSTOMERS:,} customers, half with statements on record",
        tuple(rows),
    )


def _cost(by_what: str, own: Shown, other: Shown) -> tuple[Row, Row]:
    """The budget, and the same in server time, which other processes disturb less."""
    added = paired(own.cpu_us, other.cpu_us, _added)
    return (
        at_most(
            f"throughput lost {by_what}",
            paired(own.rates, other.rates, lost),
            MAX_COST,
            figures.percent,
            goal=GOAL_COST,
        ),
        Row(f"server time added {by_what}", figures.shown(added, figures.percent)),
    )


def _added(own: float, other: float) -> float:
    return own / other - 1
