"""Every text of a treatment goes the whole way: from the rule file to the answer, the record and the export.

A text field that is forgotten on the way fails here, whichever place forgot it.
"""

import io
import json

import pytest
from rich.console import Console
from tests.privacy.shop import Shop
from tests.rules import action, document, joined, ruleset

from maitred.bootstrap.rules import check_rules
from maitred.cli.shown.answers import answer_view, record_view
from maitred.cli.shown.as_json import answer_json, record_json
from maitred.core.rules.treatments import LINES, TEXTS
from maitred.rulefiles.kinds import models
from maitred.v1 import decision_pb2 as pb

HEAD = joined(
    ruleset(),
    document(
        "Context",
        "shop",
        """\
attributes:
  customer.tier: {type: string, purpose: none}
  customer.ill: {type: bool, purpose: health, sensitive: health}
""",
    ),
    document(
        "Privacy",
        "law",
        {
            "purposes": "{health: Minding it.}",
            "default": "here",
            "jurisdictions": "{here: {bases: {health: consent}}}",
            "sensitive": "{health: {consent: health}}",
        },
    ),
)
ACTION = action("spoken", title="Spoken", score=1, treatments="\n  pos: {%s}")
TABLE = document(
    "ActionTable",
    "rows",
    """\
table: {file: rows.csv, columns: {code: string}}
action:
  name: row-${row.code}
  title: Row
  type: offer
  treatments:
    pos: {%s}
""",
)


def treatment(text):
    """A treatment in YAML with that text in every field; ``@`` in it is the field's name."""
    return json.dumps(words(text))[1:-1]


def words(text):
    texts = {name: text.replace("@", name) for name in TEXTS}
    return {name: [f"{text} 1", f"{text} 2"] if name in LINES else text for name, text in texts.items()}


def of_message(message):
    return {name: list(text) if name in LINES else text for name in TEXTS if (text := getattr(message, name))}


def printed(view):
    console = Console(file=(file := io.StringIO()), width=200)
    console.print(view)
    return file.getvalue()


@pytest.fixture
def shop(serve, write_rules, sqlite_url):
    documents = (HEAD, ACTION % treatment("@ for ${customer.tier}"), TABLE % treatment("@ of ${row.code}"))
    with Shop(serve(write_rules(*documents, rows="code\na1\n"), sqlite_url).address) as client:
        yield client


def test_the_fields_are_those_of_the_api_and_of_rule_files():
    fields = pb.Treatment.DESCRIPTOR.fields
    assert set(TEXTS) == {field.name for field in fields}
    assert {field.name for field in fields if field.is_repeated} == LINES
    assert set(TEXTS) == models.TreatmentSpec.model_fields.keys() - {"claimed"}
    assert set(TEXTS) == models.TextLengths.model_fields.keys()


def test_every_text_reaches_the_answer_the_record_and_the_export(shop):
    answer = shop.ask("ann", context={"customer": {"tier": "gold"}})
    record = shop.get_decision(answer.decision_id)
    wanted = [words("@ for gold"), words("@ of a1")]
    for carrier in (answer, record.answer):
        assert [of_message(proposal.treatment) for proposal in carrier.proposals] == wanted
    for carrier in (answer_json(answer), record_json(record)["decision"]):
        assert [proposal["treatment"] for proposal in carrier["proposals"]] == wanted
    for carrier in shop.exported("ann")["decisions"][0]["proposals"], wanted:
        assert [{name: proposal.get(name) for name in TEXTS} for proposal in carrier] == wanted
    for text in (printed(answer_view(answer, explained=False)), printed(record_view(record))):
        assert all(f"{name} for gold" in text and f"{name} of a1" in text for name in TEXTS)


def test_a_text_without_its_value_is_left_out_and_the_title_falls_back(shop):
    spoken = next(
        proposal for proposal in shop.ask("ann", context={}).proposals if proposal.action == "spoken"
    )
    assert of_message(spoken.treatment) == {"title": "Spoken"}


@pytest.fixture
def faults_of(write_rules):
    def faults_of(text):
        return check_rules(write_rules(HEAD, ACTION % text)).faults

    return faults_of


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_read_for_the_proof_of_sensitive_categories(faults_of, name):
    [fault] = faults_of(f'{name}: "You have ${{customer.ill}}"')
    assert "reads `customer.ill`" in fault.message or "treatment `pos`" in fault.message


@pytest.mark.parametrize("name", TEXTS)
def test_a_placeholder_that_is_unknown_is_told_in_every_text(faults_of, name):
    [fault] = faults_of(f'{name}: "You have ${{customer.teir}}"')
    assert "customer.teir" in fault.message
    assert "customer.tier" in fault.message


@pytest.mark.parametrize("name", TEXTS)
def test_a_hold_that_nothing_makes_is_told_in_every_text(faults_of, name):
    [fault] = faults_of(f'{name}: "Until ${{hold.expires}}"')
    assert "hold" in fault.message
