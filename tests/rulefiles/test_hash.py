"""The hash of a ruleset: the same for the same meaning, another for any other."""

import copy
import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.core.rules.faults import RulesetInvalid
from maitred.rulefiles import load

DOCUMENTS = [
    {
        "kind": "Ruleset",
        "name": "r",
        "version": "1",
        "timezone": "Europe/Berlin",
        "channels": ["pos", "mobile"],
    },
    {
        "kind": "Context",
        "name": "c",
        "description": "a text",
        "attributes": {
            "customer.age": {"type": "int", "purpose": "perks"},
            "customer.tier": {"type": "string", "values": ["basic", "gold"], "purpose": "service"},
        },
    },
    {"kind": "List", "name": "fruits", "values": ["a", "b"]},
    {"kind": "List", "name": "stones", "file": "stones.txt"},
    {
        "kind": "Locations",
        "name": "l",
        "table": {"file": "stores.csv", "columns": {"slots": {"type": "int"}, "city": {"type": "string"}}},
    },
    {
        "kind": "Action",
        "name": "one",
        "title": "One",
        "type": "offer",
        "owner": "us",
        "labels": {"a": "b", "c": "d"},
        "channels": ["pos", "mobile"],
        "live": {
            "from": "2026-01-01",
            "until": "2026-02-01",
            "days": ["mon", "tue"],
            "hours": ["10:00-11:00", "12:00-13:00"],
            "timezone": "location",
        },
        "eligibility": [
            {"require": "customer.age > 1", "reason": "x", "say": "y"},
            {"require": "channel == 'pos'"},
        ],
        "score": 1.5,
        "treatments": {"pos": {"say": ["s", "t"], "show": "u", "title": "v"}, "mobile": {"show": "w"}},
    },
    {
        "kind": "ActionTable",
        "name": "t",
        "table": {"file": "rows.csv", "columns": {"id": "string", "products": "list<string>"}},
        "action": {
            "name": "row-${row.id}",
            "title": "Row ${row.id}",
            "type": "service",
            "channels": ["pos"],
            "eligibility": [{"require": "row.id == 'a'"}],
            "score": "customer.age * 2",
        },
    },
    {
        "kind": "Eligibility",
        "name": "e",
        "applies_to": {"labels": {"a": "b"}, "types": ["offer"], "channels": ["pos"], "actions": ["one"]},
        "eligibility": [{"require": "customer.age > 2"}],
    },
    {
        "kind": "Situation",
        "name": "s",
        "all": ["customer.age > 3"],
        "any": ["u"],
        "none": ["customer.age > 4"],
    },
    {"kind": "Situation", "name": "u", "all": ["customer.age > 5"]},
]
TABLES = {
    "stones.txt": "x\ny\n",
    "stores.csv": "id,timezone,slots,city\n1,Asia/Tokyo,3,Tokyo\n2,Europe/Rome,4,Rome\n",
    "rows.csv": "id,products,unread\na,1 2,q\nb,3,r\n",
}


def files_of(documents, tables=TABLES, split=1, style=None):
    """The documents in ``split`` files."""
    full = [{"apiVersion": "maitred/v1", **document} for document in documents]
    parts = [full[index::split] for index in range(split)]
    dump = style or (lambda part: yaml.safe_dump_all(part, sort_keys=False))
    return {f"f{index}.yaml": dump(part) for index, part in enumerate(parts)} | dict(tables)


@pytest.fixture
def digest(bench):
    def of(documents, tables=TABLES, **how):
        files = {name: text.encode() for name, text in files_of(documents, tables, **how).items()}
        return load(files, bench.compiler, bench.check).ruleset.hash

    return of


def shuffled(value, rng):
    """The same mappings in another order; lists stay."""
    if isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        return {key: shuffled(item, rng) for key, item in items}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


def as_json(part):
    return "\n---\n".join("# comment\n" + json.dumps(document, indent=4) for document in part)


def quoted(part):
    text = yaml.safe_dump_all(part, sort_keys=False, default_style='"')
    return text.replace("\n", "\r\n").replace('!!float "1.5"', "1.50")


def commented(part):
    text = yaml.safe_dump_all(part, sort_keys=False, indent=6, width=20)
    return "\ufeff# a comment\n" + text.replace("\n---\n", "\n\n# another\n---\n")


STYLES = st.sampled_from([None, as_json, quoted, commented])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), split=st.integers(1, 10), style=STYLES)
def test_layout_does_not_matter(digest, seed, split, style):
    rng = random.Random(seed)
    documents = [shuffled(document, rng) for document in DOCUMENTS]
    rng.shuffle(documents)
    assert digest(documents, split=split, style=style) == digest(DOCUMENTS)


def test_what_has_no_order_and_what_is_the_default_does_not_matter(digest):
    documents: Any = copy.deepcopy(DOCUMENTS)
    action = documents[5]
    action["channels"].reverse()
    action["live"]["days"].reverse()
    documents[1]["attributes"]["customer.age"]["values"] = []
    documents[6]["action"]["owner"] = ""
    documents[7]["eligibility"][0]["say"] = ""
    assert digest(documents) == digest(DOCUMENTS)


def test_where_tables_and_lists_stand_and_how_they_are_written_does_not_matter(digest):
    documents: Any = copy.deepcopy(DOCUMENTS)
    documents[2] = {"kind": "List", "name": "fruits", "file": "f.txt"}
    documents[3] = {"kind": "List", "name": "stones", "values": ["x", "y"]}
    documents[4]["table"]["file"] = "other/place.csv"
    tables = {
        "f.txt": "\ufeffa\r\n\r\n  b",
        "other/place.csv": '\ufeffcity,"id",slots,timezone\r\n"Rome",2,4,Europe/Rome\r\n'
        '\r\nTokyo,"1",3,Asia/Tokyo',
        "rows.csv": "unread,products,id\nanything,3,b\n,1 2,a\n",
    }
    assert digest(documents, tables) == digest(DOCUMENTS)


def scalars(value, path=()):
    """Every scalar and every key, as paths."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from scalars(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from scalars(item, (*path, index))
    else:
        yield path


OTHERS = {
    "timezone": "Asia/Tokyo",
    "type": "gesture",
    "from": "2026-01-02",
    "until": "2026-02-02",
    "days": "sun",
    "hours": "11:30-12:00",
    "channels": "pos",
    "actions": "row-a",
    "types": "service",
    "any": "customer.age > 9",
}


def changed(document, path):
    """The document with another value at a path, one that is as good."""
    other = copy.deepcopy(document)
    holder = other
    for step in path[:-1]:
        holder = holder[step]
    field = next(step for step in reversed(path) if isinstance(step, str))
    old = holder[path[-1]]
    if (field == "type" and "attributes" in path) or "columns" in path:
        new = "double" if old in ("int", "list<string>") else "list<string>"
        new = "string" if document["kind"] == "ActionTable" and old == "list<string>" else new
        new = "list<string>" if document["kind"] == "ActionTable" and path[-1] == "id" else new
    elif field == "channels" and old == "pos":
        new = "mobile" if "mobile" not in holder else None
    elif field == "require":
        new = f"{old} && true"
    elif field == "score":
        new = f"{old} + 1" if isinstance(old, str) else old + 1
    elif field in OTHERS:
        new = OTHERS[field]
    else:
        new = f"{old}x" if isinstance(old, str) else old + 1
    if new is None or (field == "channels" and new in holder):
        holder.remove(old)
    else:
        holder[path[-1]] = new
    return other


ALL_SCALARS = [
    (index, path)
    for index, document in enumerate(DOCUMENTS)
    for path in scalars(document)
    if (path[-1] not in ("kind", "file") and path not in (("channels", 0), ("channels", 1)))
    or (index == 5 and "channels" in path)
]


def test_any_other_scalar_is_another_ruleset(bench):
    """Every scalar of every document, one at a time; some changes are faults, which is as well."""
    changes = {}
    refused = 0
    base = load(encoded(DOCUMENTS), bench.compiler, bench.check).ruleset.hash
    changes[base] = "unchanged"
    for index, path in ALL_SCALARS:
        documents = [*DOCUMENTS]
        documents[index] = changed(DOCUMENTS[index], path)
        assert documents[index] != DOCUMENTS[index]
        try:
            digest = load(encoded(documents), bench.compiler, bench.check).ruleset.hash
        except RulesetInvalid:
            refused += 1
            continue
        assert digest not in changes, (path, changes[digest])
        changes[digest] = path
    assert len(changes) > 50
    assert refused < len(ALL_SCALARS) / 4


def encoded(documents, tables=TABLES):
    return {name: text.encode() for name, text in files_of(documents, tables).items()}


@pytest.mark.parametrize(
    ("file", "find", "put"),
    [
        ("stones.txt", "y", "z"),
        ("stones.txt", "x\ny", "y\nx"),
        ("stones.txt", "y\n", "y\nz\n"),
        ("stores.csv", "Tokyo,3", "Tokyo,5"),
        ("stores.csv", "Europe/Rome", "Asia/Tokyo"),
        ("stores.csv", "\n2,", "\n3,"),
        ("rows.csv", "1 2", "1 3"),
        ("rows.csv", "b,3,r", "c,3,r"),
        ("rows.csv", "b,3,r\n", ""),
        ("rows.csv", "a,1 2", "a,1  2"),
    ],
)
def test_any_other_declared_cell_is_another_ruleset(digest, file, find, put):
    assert find in TABLES[file]
    tables = {**TABLES, file: TABLES[file].replace(find, put)}
    assert digest(DOCUMENTS, tables) != digest(DOCUMENTS)


def test_a_document_more_or_less_is_another_ruleset(digest):
    more = {"kind": "List", "name": "z", "values": []}
    assert digest([*DOCUMENTS, more]) != digest(DOCUMENTS)


def test_hashes_stay_as_they_are(digest):
    """A hash names a ruleset in records for years: another one here breaks their replay."""
    assert digest(DOCUMENTS) == "f46e51500c967c9020c65bcfa5fccc75a2ed58fa60bbaabe1bd2182e5d9b777c"
