"""Lists of claims, open and ended ones."""

from datetime import datetime

from maitred.core.limits.lots import UnitState
from maitred.core.rules.treatments import Treatment
from maitred.core.values.instants import from_microseconds, to_microseconds
from maitred.engine.calls import ClaimsCall, ClaimsPage, ClaimState, OpenClaim, bytes_of
from maitred.engine.customers.people import People
from maitred.engine.deciding.committer import Clock
from maitred.engine.deciding.question import session_key_of
from maitred.engine.deciding.rulesets import Rulesets
from maitred.engine.errors import CallError, Cause, Code
from maitred.engine.messages import LEDGER_UNREAD, NO_SUCH_PAGE
from maitred.engine.ports.store import ClaimPlace, ClaimRow, ClaimsOf, ListedClaim, Store, store_calls

from .proposals import Proposals

INSTANT_BYTES = 8
LOT_BYTES = 16

_STATES = {
    UnitState.HELD: ClaimState.HELD,
    UnitState.CONFIRMED: ClaimState.REDEEMED,
    UnitState.RELEASED: ClaimState.RELEASED,
    UnitState.EXPIRED: ClaimState.EXPIRED,
}


class Listing:
    """Finds claims by customer, session and location."""

    def __init__(
        self,
        store: Store,
        people: People,
        proposals: Proposals,
        rulesets: Rulesets,
        clock: Clock,
    ) -> None:
        self._store, self._people, self._proposals = store, people, proposals
        self._rulesets, self._clock = rulesets, clock

    def claims(self, call: ClaimsCall) -> ClaimsPage:
        """See ``api.Claimer.list_claims``."""
        at = self._clock.simulated(call.at) or self._clock.now()
        before = _place_of(call.page_token)
        with store_calls(LEDGER_UNREAD):
            of, key = self._key(call)
            rows = self._store.claims_of(of, key, before, call.page_size + 1) if key else ()
        page = rows[: call.page_size]
        more = len(rows) > call.page_size
        return ClaimsPage(
            tuple(self._shown(claim, at) for claim in page), _token_of(page[-1].row) if more else ""
        )

    def _key(self, call: ClaimsCall) -> tuple[ClaimsOf, bytes]:
        """What claims are found by; an empty key where there can be none."""
        if call.customer_id:
            person = self._store.person(self._people.pseudonyms(call.customer_id))
            return ClaimsOf.CUSTOMER, person.ref if person else b""
        if call.session_id:
            return ClaimsOf.SESSION, session_key_of(call.session_id, self._people.subject_pseudonym)
        policy = self._rulesets.active
        if policy is not None and policy.location(call.location_id) is None:
            raise CallError(Code.NOT_FOUND, "unknown location", Cause.UNKNOWN_LOCATION)
        return ClaimsOf.LOCATION, call.location_id.encode("utf-8", "surrogatepass")

    def _shown(self, claim: ListedClaim, at: datetime) -> OpenClaim:
        row, state = claim.row, _STATES[claim.state]
        if state is ClaimState.HELD and row.expires_at <= at:
            state = ClaimState.EXPIRED
        return OpenClaim(row.id.hex(), row.action, self._words(row, at), row.expires_at, row.location, state)

    def _words(self, row: ClaimRow, at: datetime) -> Treatment[str]:
        """Those of the channel of its decision; the name alone where the rules do not have it any more."""
        try:
            proposed = self._proposals.taken(row.decision_id, row.action)
            grant = self._proposals.claimable(proposed, at)
        except CallError as error:
            if error.code is Code.STORE_DOWN:
                raise
            grant = None
        return grant.words(row.expires_at) if grant else Treatment(title=row.action)


def _token_of(row: ClaimRow) -> str:
    """Says where the next page begins: it stays the same whatever is claimed in the meantime."""
    return (to_microseconds(row.expires_at).to_bytes(INSTANT_BYTES) + row.id).hex()


def _place_of(token: str) -> ClaimPlace | None:
    """Raises ``CallError`` for what is no token of ours."""
    if not token:
        return None
    data = bytes_of(token)
    if len(data) != INSTANT_BYTES + LOT_BYTES:
        raise CallError(Code.MALFORMED, NO_SUCH_PAGE)
    try:
        at = from_microseconds(int.from_bytes(data[:INSTANT_BYTES]))
    except (ValueError, OverflowError):
        raise CallError(Code.MALFORMED, NO_SUCH_PAGE) from None
    return ClaimPlace(at, data[INSTANT_BYTES:])
