"""What is listed in several places is complete in each of them.

What the API declares before anything stands behind it is in ``PENDING``, which may hold nothing else.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from enum import Enum
from pathlib import Path

import pytest
from tests.privacy import canary_calls

import maitred.core
import maitred.engine
from maitred.cli import main
from maitred.cli.commands import keys
from maitred.rpc import client
from maitred.rpc.methods import DECIDE_STREAM, METHODS
from maitred.v1 import decision_pb2, privacy_pb2, ruleset_pb2

ROOT = Path(__file__).parents[2]
FILES = [file.DESCRIPTOR for file in (decision_pb2, ruleset_pb2, privacy_pb2)]
DECLARED = {
    method.name: f"{service.full_name}/{method.name}"
    for file in FILES
    for service in file.services_by_name.values()
    for method in service.methods
}
PENDING: set[str] = set()
"""Calls that the API declares and nothing answers yet."""
NOT_IN_CLIENT = {"DecideStream": "for programs that send many; the client is for people"}
FENCED = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def called_by(module) -> set[str]:
    """Names of calls that a module makes: of stubs as attributes, or by their names as texts."""
    nodes = ast.walk(ast.parse(inspect.getsource(module)))
    names = {getattr(node, "attr", None) or getattr(node, "value", None) for node in nodes if is_name(node)}
    return names & DECLARED.keys()


def is_name(node) -> bool:
    return isinstance(node, ast.Attribute) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_call_of_the_api_is_served():
    served = {method.full_name for method in METHODS} | {DECIDE_STREAM}
    assert served == {full_name for name, full_name in DECLARED.items() if name not in PENDING}


def test_every_call_that_is_served_is_in_the_client():
    assert called_by(client) == DECLARED.keys() - PENDING - NOT_IN_CLIENT.keys()


def test_every_call_that_is_served_is_made_with_canaries():
    """Personal data in each of them reach no log, span or error."""
    assert called_by(canary_calls) >= DECLARED.keys() - PENDING


def enums():
    """Every enum of ``core`` and ``engine``, by name."""
    by_name: dict[str, list[type[Enum]]] = {}
    for package in (maitred.core, maitred.engine):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, Enum) and value.__module__ == module.name:
                    by_name.setdefault(value.__name__, []).append(value)
    return by_name


ENUMS = [enum for file in FILES for enum in file.enum_types_by_name.values()]
WITHOUT_ENUM = {"ClaimStatus": "an answer to a claim is granted or not"}


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.name)
def test_every_enum_of_the_api_is_one_of_the_engine(enum):
    ours = enums().get(enum.name, [])
    if enum.name in WITHOUT_ENUM:
        assert not ours
        return
    (own,) = ours
    published = {value.name: value.number for value in enum.values if not value.name.endswith("_UNSPECIFIED")}
    assert {member.name for member in own} == set(published)
    numbers = {member.name: member.value for member in own if isinstance(member.value, int)}
    assert numbers in ({}, published)


def test_enums_inside_of_messages_are_those_known():
    nested = {
        f"{message.name}.{enum.name}"
        for file in FILES
        for message in file.message_types_by_name.values()
        for enum in message.enum_types
    }
    assert nested == {"OpenClaim.State"}


def test_every_command_is_documented_and_every_documented_command_is_there():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    documented = set()
    for page in pages:
        text = page.read_text()
        inline = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        documented |= set(re.findall(r"`maitred ([a-z]+)[^`]*`", inline))
        for block in FENCED.findall(text):
            documented |= set(re.findall(r"^maitred ([a-z]+)", block, re.MULTILINE))
    assert documented == {command.name for command in main.COMMANDS} | {keys.app.info.name or "keys"}


def test_every_message_of_the_api_belongs_to_a_call():
    """A message that no call reaches is published for nothing."""
    reached, waiting = set(), []
    for file in FILES:
        for service in file.services_by_name.values():
            waiting += [
                part for method in service.methods for part in (method.input_type, method.output_type)
            ]
    while waiting:
        message = waiting.pop()
        if message.full_name not in reached:
            reached.add(message.full_name)
            waiting += [field.message_type for field in message.fields if field.message_type]
    published = {message.full_name for file in FILES for message in file.message_types_by_name.values()}
    assert published <= reached


LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_the_index_names_every_page():
    listed = set(LINK.findall((ROOT / "docs/README.md").read_text()))
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= listed


PATHS = re.compile(r"`((?:core|engine|rulefiles|store|rpc|cli|tests|protos|tools)/[\w./*-]+)`")


def test_contributing_names_what_is_there():
    paths = PATHS.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert len(paths) > 30
    missing = [path for path in paths if "NNNN" not in path and not any(places(path))]
    assert missing == []


def places(path: str) -> list[Path]:
    """Where a path of the page may lead: those of rooms are told without their root."""
    return [*ROOT.glob(path.rstrip("/")), *(ROOT / "service/maitred").glob(path.rstrip("/"))]
