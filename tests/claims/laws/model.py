"""Decisions, claims and outcomes as simply as they can be said: lists of units, looked at one by one.

Its rules are those that ``test_lives`` writes down as documents, and it shares nothing with the engine but
the names of reasons.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CLAIM_WITHIN = 2 * HOUR
STOCK = "CAPACITY_EXHAUSTED"
CAPPED = "FREQUENCY_CAPPED"


@dataclass(frozen=True)
class Rule:
    """A limit: what it applies to, at which step it counts, and over how long; ``None`` is for ever."""

    name: str
    actions: tuple[str, ...]
    counts: str
    limit: int
    per_customer: bool = False
    window: timedelta | None = None
    hold: timedelta = 10 * MINUTE
    anonymous: bool = False

    @property
    def reason(self):
        return CAPPED if self.per_customer else STOCK


@dataclass(eq=False)
class Unit:
    rule: Rule
    customer: str
    at: datetime


@dataclass(eq=False)
class Hold:
    """What is held to present an action to a customer."""

    action: str
    customer: str
    until: datetime
    units: list[Unit]
    taken_for: "Line"
    is_open: bool = True


@dataclass(eq=False)
class Claim:
    line: "Line"
    place: str
    until: datetime
    units: list[Unit]
    spent: list[Unit] = field(default_factory=list)
    state: str = "held"

    @property
    def is_live(self):
        return self.state in {"held", "redeemed"}


@dataclass(eq=False)
class Line:
    """An action of a decision: one that it proposed, or one that stood in for it later."""

    decision: "Decision"
    action: str
    hold: Hold | None = None
    carried: Claim | None = None
    decided: list[Unit] | None = None
    presented: list[Unit] | None = None
    is_rejected: bool = False


@dataclass(eq=False)
class Decision:
    customer: str
    session: str
    at: datetime
    lines: dict[str, Line] = field(default_factory=dict)
    proposed: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    denied: set[tuple[str, str]] = field(default_factory=set)


class Shop:
    """``scores`` and ``alternatives`` by action; those that score ``None`` stand in only."""

    def __init__(self, rules, scores, alternatives):
        self.rules, self.scores, self.alternatives = rules, scores, alternatives
        self.units, self.holds, self.decisions, self.rejected = [], [], [], set()

    def see(self, now):
        """Time goes on: what is due goes back first."""
        self.now = now
        for hold in self.holds:
            if hold.is_open and hold.until <= now:
                self.close(hold)
        for claim in self.all_claims():
            if claim.state == "held" and claim.until <= now:
                claim.state = "expired"
                self.drop(claim.units)

    def all_claims(self):
        return [claim for decision in self.decisions for claim in decision.claims]

    def close(self, hold):
        hold.is_open = False
        self.drop(hold.units)

    def drop(self, units):
        gone = {id(unit) for unit in units or ()}
        self.units = [unit for unit in self.units if id(unit) not in gone]

    def live(self, rule):
        return sum(
            unit.rule == rule and (rule.window is None or unit.at > self.now - rule.window)
            for unit in self.units
        )

    def count(self, rule, customer):
        return sum(
            unit.rule == rule
            and (not rule.per_customer or unit.customer == customer)
            and (rule.window is None or unit.at > self.now - rule.window)
            for unit in self.units
        )

    def of(self, action, *steps):
        return [rule for rule in self.rules if action in rule.actions and rule.counts in steps]

    def short(self, rules, customer, spare=(), taken=()):
        """Why one unit of each cannot be had; ``spare`` are about to go back, ``taken`` about to be taken."""
        reasons = []
        for rule in rules:
            if rule.per_customer and not customer:
                reasons += [] if rule.anonymous else ["MISSING_ATTRIBUTE"]
                continue
            back = sum(unit.rule == rule and unit in self.counting(rule, customer) for unit in spare)
            if self.count(rule, customer) - back + list(taken).count(rule) >= rule.limit:
                reasons.append(rule.reason)
        order = ("MISSING_ATTRIBUTE", CAPPED, STOCK)
        return min(reasons, key=order.index, default=None)

    def counting(self, rule, customer):
        return [
            unit
            for unit in self.units
            if unit.rule == rule
            and (not rule.per_customer or unit.customer == customer)
            and (rule.window is None or unit.at > self.now - rule.window)
        ]

    def take(self, rules, customer, at=None):
        counted = [rule for rule in rules if customer or not rule.per_customer]
        units = [Unit(rule, customer, at or self.now) for rule in counted]
        self.units += units
        return units

    # Decide

    def decide(self, customer, session, named, max_actions):
        """The decision; ``named`` are the claims of this checkout that are the customer's own."""
        decision = Decision(customer, session, self.now)
        self.decisions.append(decision)
        own = {claim.line.action: claim for claim in named if claim.state == "held"}
        taken: list[Any] = []
        count = 0
        ranked = sorted(
            (name for name, score in self.scores.items() if score is not None),
            key=lambda name: -self.scores[name],
        )
        for name in ranked:
            if name in own:
                self.carry(decision, own[name])
                continue
            if count == max_actions or not self.is_open(decision, name):
                continue
            reason = self.shortage(name, customer, taken)
            choice = name if reason is None else None
            if reason == STOCK:
                choice = self.stand_in(decision, name, customer, taken, own)
            if choice:
                count += 1
                self.propose(decision, choice, taken)
        for name, claim in own.items():
            if self.scores[name] is None and name not in decision.proposed:
                self.carry(decision, claim)
        for name in decision.proposed:
            self.spend(decision.lines[name])
        return decision

    def carry(self, decision, claim):
        action = claim.line.action
        if self.short(self.of(action, "redeemed", "rejected"), decision.customer) is None:
            decision.lines[action] = Line(decision, action, carried=claim)
            decision.proposed.append(action)

    def is_open(self, decision, name):
        who = decision.session, name
        return name not in decision.proposed and not (decision.session and self.is_rejected(decision, *who))

    def is_rejected(self, decision, session, name):
        """Who is not named is bound by all who rejected in the session, and binds all of them."""
        by = {customer for where, what, customer in self.rejected if (where, what) == (session, name)}
        return bool(by and (not decision.customer or "" in by or decision.customer in by))

    def shortage(self, name, customer, taken):
        steps = ["decided", "claimed", "redeemed", "rejected"]
        if not self.open_hold(name, customer):
            steps.append("presented")
        return self.short(self.of(name, *steps), customer, taken=taken)

    def stand_in(self, decision, name, customer, taken, own):
        for other in self.alternatives.get(name, ()):
            held_back = other in own or not self.is_open(decision, other)
            if not held_back and self.shortage(other, customer, taken) is None:
                return other
        return None

    def propose(self, decision, name, taken):
        decision.lines[name] = Line(decision, name)
        decision.proposed.append(name)
        held = () if self.open_hold(name, decision.customer) else self.of(name, "presented")
        taken += [*self.of(name, "decided"), *held]

    def open_hold(self, name, customer):
        if not customer:
            return None
        holds = [
            hold for hold in self.holds if hold.is_open and (hold.action, hold.customer) == (name, customer)
        ]
        return holds[0] if holds else None

    def spend(self, line):
        if line.carried:
            return
        customer = line.decision.customer
        if self.of(line.action, "decided"):
            line.decided = self.take(self.of(line.action, "decided"), customer)
        rules = self.of(line.action, "presented")
        if rules:
            line.hold = self.open_hold(line.action, customer)
            if line.hold is None:
                until = self.now + min(rule.hold for rule in rules)
                line.hold = Hold(line.action, customer, until, self.take(rules, customer), line)
                self.holds.append(line.hold)

    # Claim

    def claim(self, decision, action):
        """Granted, existing or the reason of a denial; and the claim."""
        line, place = self.line_of(decision, action)
        live = self.serving(line, place)
        if live and live.state == "redeemed":
            return "ALREADY_REDEEMED", None
        if live and live.line.action != action:
            return "PLACE_TAKEN", live
        if live:
            return "existing", live
        if self.now - decision.at >= CLAIM_WITHIN:
            return "CLAIM_WINDOW_OVER", None
        return self.claim_anew(line, place, self.now)

    def line_of(self, decision, action):
        """What is claimed, and in which place of the answer."""
        if action in decision.proposed:
            return decision.lines[action], action
        line = decision.lines.setdefault(action, Line(decision, action))
        places = [name for name in decision.proposed if action in self.alternatives.get(name, ())]
        mine = [claim.place for claim in decision.claims if claim.is_live and claim.line is line]
        free = [
            name for name in places if (name, name) in decision.denied and not self.live_in(decision, name)
        ]
        return line, [*mine, *free, *places][0]

    def live_in(self, decision, place):
        claims = [claim for claim in decision.claims if claim.is_live and claim.place == place]
        assert len(claims) <= 1
        return claims[0] if claims else None

    def serving(self, line, place):
        if line.carried and line.carried.is_live:
            return line.carried
        return self.live_in(line.decision, place)

    def claim_anew(self, line, place, at, *, at_once=False):
        decision, action = line.decision, line.action
        customer, is_own = decision.customer, action in decision.proposed
        if not is_own and (place, place) not in decision.denied:
            return "STAND_IN_ONLY", None
        made, shown = self.made(line, place), self.unshown(line)
        owner = decision.lines[place]
        spare = owner.hold.units if owner.hold and owner.hold.is_open else []
        later = self.of(action, "redeemed") if is_own else self.of(action, "redeemed", "rejected")
        reason = self.short([*self.of(action, "claimed"), *made, *shown, *later], customer, spare)
        if reason:
            if reason == STOCK:
                decision.denied.add((place, action))
            return reason, None
        if owner.hold and owner.hold.is_open:
            self.close(owner.hold)
        rules = self.of(action, "claimed", "redeemed") if at_once else self.of(action, "claimed")
        holds = [rule.hold for rule in self.of(action, "claimed")] or [20 * MINUTE]
        claim = Claim(line, place, at + min(holds), self.take(rules, customer, at))
        claim.state = "redeemed" if at_once else "held"
        self.spend_before(claim, made, shown, at)
        decision.claims.append(claim)
        return "granted", claim

    def spend_before(self, claim, made, shown, at):
        line = claim.line
        if made:
            line.decided = [*(line.decided or ()), *self.take(made, line.decision.customer, at)]
        claim.spent += self.take(shown, line.decision.customer, at)

    def made(self, line, place):
        """What the decision counts and does not have, or not any more."""
        rules, there = self.of(line.action, "decided"), {id(unit) for unit in self.units}
        names = dict.fromkeys((line.action, place))
        lots = [line.decision.lines[name].decided or [] for name in names]
        is_uncounted = line.carried or line.action not in line.decision.proposed
        gone = line.decided is not None and not any(id(unit) in there for unit in line.decided)
        if line.decided == [] or not (is_uncounted or gone):
            return []
        has = [unit.rule for units in lots for unit in units if id(unit) in there]
        return [rule for rule in rules if rule not in has]

    def unshown(self, line):
        """What presenting takes, unless a presentation of this line counts in its window now."""
        spent = [unit for claim in self.claims_of(line) for unit in claim.spent]
        units = [unit for unit in [*spent, *(line.presented or ())] if unit in self.units]
        has = [unit.rule for unit in units if unit in self.counting(unit.rule, unit.customer)]
        return [rule for rule in self.of(line.action, "presented") if rule not in has]

    def claims_of(self, line):
        return [claim for claim in line.decision.claims if claim.line is line]

    # Redeem and release

    def redeem(self, claim, at=None):
        if claim.state in {"redeemed", "released"}:
            return claim.state
        line, customer = claim.line, claim.line.decision.customer
        made: list[Any] = []
        shown: list[Any] = []
        rules = self.of(line.action, "redeemed")
        if claim.state == "expired":
            if self.live_in(line.decision, claim.place):
                return "replaced"
            rules = [*self.of(line.action, "claimed"), *rules]
            made = self.gone(claim)
            shown = self.of(line.action, "presented") if self.has_unshown(line) else []
        if self.short([*rules, *made, *shown], customer):
            return "nothing left"
        claim.units = [*(claim.units if claim.state == "held" else ()), *self.take(rules, customer, at)]
        claim.state = "redeemed"
        self.spend_before(claim, made, shown, at)
        return "done"

    def gone(self, claim):
        line = claim.line
        if line.action == claim.place:
            there = {id(unit) for unit in self.units}
            is_gone = line.decided and not any(id(unit) in there for unit in line.decided)
            return self.of(line.action, "decided") if is_gone else []
        return self.made(line, claim.place)

    def has_unshown(self, line):
        """Whether what was shown of it has been given back altogether."""
        spent = [claim.spent for claim in self.claims_of(line) if claim.spent]
        if line.presented is not None or not spent:
            return False
        return not any(unit in self.units for units in spent for unit in units)

    def release(self, claim):
        if claim.state == "released":
            return "released"
        claim.state = "released"
        self.drop(claim.units)
        if not self.live_in(claim.line.decision, claim.place):
            self.drop(claim.line.decided)
            self.drop(claim.line.decision.lines[claim.place].decided)
            self.unspend(claim)
        return "done"

    def unspend(self, claim):
        if claim.line.presented is None:
            self.drop(claim.spent)

    # Outcomes

    def report(self, decision, action, kind, at):
        """Whether it is taken up."""
        line, place = self.line_of(decision, action)
        if line.carried and kind != "REJECTED":
            line = line.carried.line
            place = line.action if line.action in line.decision.proposed else line.carried.place
        return getattr(self, f"report_{kind.lower()}")(line, place, at)

    def report_presented(self, line, _place, at):
        if line.presented is None:
            if line.hold and line.hold.is_open:
                self.close(line.hold)
            spent = [unit for claim in self.claims_of(line) for unit in claim.spent]
            rules = [] if any(unit in self.units for unit in spent) else self.of(line.action, "presented")
            line.presented = self.take(
                [rule for rule in rules if self.still(rule, at)], line.decision.customer, at
            )
        return True

    def still(self, rule, at):
        return rule.window is None or at + rule.window > self.now

    def report_rejected(self, line, _place, at):
        self.give_back(line, {"held"})
        if not line.is_rejected:
            rules = self.of(line.action, "rejected")
            self.take([rule for rule in rules if self.still(rule, at)], line.decision.customer, at)
            line.is_rejected = True
        if line.decision.session:
            self.rejected.add((line.decision.session, line.action, line.decision.customer))
        return True

    def report_released(self, line, _place, _at):
        self.give_back(line, {"held", "redeemed"})
        return True

    def give_back(self, line, states):
        for claim in self.claims_of(line):
            if claim.state in states:
                claim.state = "released"
                self.drop(claim.units)
                self.unspend(claim)
        stands = [claim for claim in line.decision.claims if claim.is_live]
        if not any(claim.line is line or claim.place == line.action for claim in stands):
            self.drop(line.decided)
        if line.hold and line.hold.is_open and line.hold.taken_for is line:
            self.close(line.hold)

    def report_redeemed(self, line, place, at):
        live = self.serving(line, place)
        if live and live.state == "redeemed":
            return True
        if live and live.line.action != line.action:
            return False
        expired = [claim for claim in self.claims_of(line) if claim.state == "expired"]
        claim = live or max(expired, key=lambda claim: claim.until, default=None)
        if claim:
            return self.redeem(claim, at) == "done"
        if at - line.decision.at >= CLAIM_WITHIN:
            return False
        return self.claim_anew(line, place, at, at_once=True)[0] == "granted"
