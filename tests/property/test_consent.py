"""The law of consent: what is not allowed might as well not be there.

Removing a purpose's consent never changes the decision other than as if the attributes of that
purpose were absent and the actions of that purpose refused.
"""

import random
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from maitred import cel, situations
from maitred.core.deciding.decide import decide_from
from maitred.core.deciding.decisions import Explain, Question
from maitred.core.deciding.policy import compile_policy
from maitred.core.explaining.explain import explain
from maitred.core.privacy.purposes import (
    Basis,
    ConsentState,
    Jurisdiction,
    KnownConsent,
    Minors,
    PrivacyRules,
    Purpose,
    minority,
    permissions_in,
)
from maitred.core.rules.reads import SituationReads, attributes_read
from maitred.core.rules.ruleset import Action, ActionType, Atom, Location, Requirement, Ruleset, Situation
from maitred.core.rules.treatments import Placeholder, Treatment
from maitred.core.values.reasons import Reason
from maitred.core.values.types import Attribute, AttributeType, Kind

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
PURPOSES = ("ads", "perks", "service", "health-offers", "status-offers")
CATEGORIES = {"health": "health-offers", "status": "status-offers"}
FREE_BASES = (Basis.CONSENT, Basis.OPT_OUT, Basis.LEGITIMATE_INTEREST, Basis.CONTRACT, Basis.NEVER)
STRICT_BASES = (Basis.CONSENT, Basis.CONSENT, Basis.NEVER)
NAMES = tuple(f"customer.a{number}" for number in range(7))
SITUATIONS = ("s0", "s1", "s2")
RULES = st.integers(0, 2**32).map(random.Random)


def attributes_of(rng):
    """Some without purpose, some of one, some sensitive; the age is read before anything is absent."""
    attributes = {"customer.age": Attribute("customer.age", AttributeType(Kind.INT))}
    for name in NAMES:
        purpose, category = rng.choice((None, *PURPOSES)), rng.choice((None, None, *CATEGORIES))
        kind = AttributeType(Kind.INT)
        attributes[name] = Attribute(name, kind, purpose=purpose, sensitive=category)
    attributes |= {
        f"situation.{name}": Attribute(f"situation.{name}", AttributeType(Kind.BOOL)) for name in SITUATIONS
    }
    return attributes


def rules_of(rng):
    def jurisdiction(name):
        bases = {
            purpose: rng.choice(STRICT_BASES if purpose in CATEGORIES.values() else FREE_BASES)
            for purpose in PURPOSES
            if rng.random() < 0.9
        }
        barred = frozenset(rng.sample(PURPOSES, rng.randint(1, 2)))
        minors = Minors(16, barred, rng.random() < 0.5) if rng.random() < 0.3 else None
        return Jurisdiction(name, bases, minors)

    here, there = jurisdiction("here"), jurisdiction("there")
    return PrivacyRules(
        {purpose: Purpose(purpose) for purpose in PURPOSES},
        here,
        by="location.law",
        jurisdictions={"here": here, "there": there},
        age="customer.age",
        sensitive=CATEGORIES,
    )


def text_of(rng, *, derived=True):
    """A condition on one or two attributes, or on a situation."""
    name, other = rng.sample(NAMES, 2)
    forms = [
        f"{name} > {rng.randint(0, 3)}",
        f"!({name} in [1, 2])",
        f"{name} + {other} > 3",
        f"{name} == 1 || {other} == 2",
        f"!({name} == 1 && {other} > 0)",
        f"{name} != {other}",
    ]
    if derived:
        forms += [f"situation.{rng.choice(SITUATIONS)}", f"!situation.{rng.choice(SITUATIONS)}"]
    return rng.choice(forms)


def situations_of(rng, compiler):
    def members(others):
        texts = [text_of(rng, derived=False) for _ in range(rng.randint(0, 2))]
        atoms = [Atom(text, compiler.condition(text).bind({})) for text in texts]
        return tuple(atoms + rng.sample(others, min(len(others), rng.randint(0, 1))))

    first = Atom("customer.a0 > 1", compiler.condition("customer.a0 > 1").bind({}))
    return tuple(
        Situation(name, members(list(SITUATIONS[:n])), members(list(SITUATIONS[:n])), (first,))
        for n, name in enumerate(SITUATIONS)
    )


def action_of(rng, compiler, number):
    texts = [text_of(rng) for _ in range(rng.randint(0, 2))]
    score = rng.choice([str(number), f"double({rng.choice(NAMES)})", f"{rng.choice(NAMES)} + 1"])
    return Action(
        name=f"a{number}",
        title="A",
        type=ActionType.OFFER,
        requirements=tuple(Requirement(text, text, compiler.condition(text).bind({})) for text in texts),
        score=compiler.score(score).bind({}),
        treatments={"pos": Treatment(show=("it is ", Placeholder(rng.choice(NAMES))))},
        consent=tuple(sorted(rng.sample(PURPOSES, rng.choice([0, 0, 1, 2])))),
    )


def ruleset_of(rng):
    """As it would load: an action has the consent for every category that it reads."""
    attributes = attributes_of(rng)
    compiler = cel.compiler(attributes, {})
    # Few shapes: each is proven in a process of its own before it is run.
    derived = situations_of(random.Random(rng.randint(0, 3)), compiler)
    known = SituationReads.of(derived)
    actions = []
    for number in range(6):
        action = action_of(rng, compiler, number)
        read = attributes_read(action, known)
        sensitive = frozenset(attributes[name].sensitive for name in read if attributes[name].sensitive)
        consent = {*action.consent, *(CATEGORIES[category] for category in sensitive)}
        actions.append(replace(action, consent=tuple(sorted(consent)), sensitive=sensitive))
    return Ruleset(
        "hash",
        "1",
        "UTC",
        attributes=attributes,
        situations=derived,
        actions=tuple(actions),
        privacy=rules_of(rng),
    )


def known_of(rng):
    states = [*ConsentState, None, None]
    stated = {purpose: state for purpose in PURPOSES if (state := rng.choice(states))}
    granted = frozenset(rng.sample(PURPOSES, rng.randint(0, 4)))
    denied = frozenset(rng.sample(PURPOSES, rng.choice([0, 0, 1])))
    return KnownConsent(stated, granted, denied, gpc=rng.random() < 0.2)


def without(known, purpose, rng):
    """The consent taken back: what was granted is forgotten, or it is refused."""
    granted = known.granted - {purpose}
    if rng.random() < 0.5:
        return known._replace(statements={**known.statements, purpose: ConsentState.DENIED}, granted=granted)
    grant = (purpose, ConsentState.GRANTED)
    return known._replace(
        statements=dict(statement for statement in known.statements.items() if statement != grant),
        granted=granted,
    )


def context_of(rng):
    customer = {name.partition(".")[2]: rng.randint(0, 3) for name in NAMES if rng.random() < 0.85}
    if rng.random() < 0.7:
        customer["age"] = rng.choice([8, 15, 16, 40])
    return {"customer": customer}


def decided(ruleset, context, known, location):
    """The proposals, and the refusals by action."""
    policy = compile_policy(ruleset, situations.deriver)
    facts = policy.facts(context, channel="pos", customer_id="c", location=location, now=NOW, known=known)
    question = Question("pos", facts, NOW, 100)
    decision = decide_from(policy, question)
    refusals = explain(policy, question, decision.proposals, Explain.EXPLAIN_FULL).refusals
    return decision.proposals, {refusal.action: refusal for refusal in refusals}


def as_if(ruleset, context, purpose):
    """Without the attributes of the purpose and without its actions."""
    categories = {category for category, needed in CATEGORIES.items() if needed == purpose}
    absent = {
        name.partition(".")[2]
        for name, attribute in ruleset.attributes.items()
        if attribute.purpose == purpose or attribute.sensitive in categories
    }
    left = {name: value for name, value in context["customer"].items() if name not in absent}
    actions = [action for action in ruleset.actions if purpose not in action.consent]
    return replace(ruleset, actions=tuple(actions)), {"customer": left}


def is_allowed(ruleset, context, known, location, purpose):
    rules, age = ruleset.privacy, context["customer"].get("age")
    jurisdiction = rules.jurisdiction(location.attributes)
    minor = minority(jurisdiction.minors, age)
    return permissions_in(rules, jurisdiction, known, NOW, minor=minor)[purpose].allowed


def without_detail(refusal):
    return replace(refusal, detail="")


@settings(max_examples=60, deadline=None)
@given(RULES)
def test_removing_a_consent_is_as_if_its_attributes_were_absent_and_its_actions_refused(rng):
    ruleset, context, known = ruleset_of(rng), context_of(rng), known_of(rng)
    location = Location("1", "UTC", {"location.law": rng.choice(["here", "there", "nowhere"])})
    purpose = rng.choice(PURPOSES)
    less = without(known, purpose, rng)
    proposals, refusals = decided(ruleset, context, less, location)
    if is_allowed(ruleset, context, less, location, purpose):
        assert proposals == decided(ruleset, context, known, location)[0]
        return
    lesser, poorer = as_if(ruleset, context, purpose)
    expected, expected_refusals = decided(lesser, poorer, known, location)
    assert proposals == expected
    gone = {action.name for action in ruleset.actions} - {action.name for action in lesser.actions}
    kept = {name: without_detail(refusal) for name, refusal in refusals.items() if name not in gone}
    # What may not be read is told as such, and what is absent as absent.
    assert kept == {name: without_detail(refusal) for name, refusal in expected_refusals.items()}
    assert {refusals[name].reason for name in gone} <= {Reason.CONSENT_REQUIRED}


@settings(max_examples=60, deadline=None)
@given(RULES)
def test_privacy_is_the_same_as_rules_without_it_on_what_is_allowed(rng):
    """The oracle knows nothing of masks and gates: it gets fewer attributes and fewer actions."""
    ruleset, context, known = ruleset_of(rng), context_of(rng), known_of(rng)
    location = Location("1", "UTC", {"location.law": rng.choice(["here", "there"])})
    proposals, _ = decided(ruleset, context, known, location)
    bare, left = ruleset, context
    for purpose in PURPOSES:
        if not is_allowed(ruleset, context, known, location, purpose):
            bare, left = as_if(bare, left, purpose)
    actions = [replace(action, consent=(), sensitive=frozenset()) for action in bare.actions]
    bare = replace(bare, privacy=None, actions=tuple(actions))
    assert proposals == decided(bare, left, KnownConsent(), location)[0]
