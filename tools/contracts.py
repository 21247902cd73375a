"""A contract for import-linter: one list that says which third party may be imported where.

``protected`` contracts say that of packages they name; a third party that none of them names passes.
Here what is not on the list is broken, and so is an entry that nothing uses.
"""

import sys
from collections.abc import Iterator
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT = "maitred"


class ThirdParties(Contract):
    """``allowed`` has lines of the form ``package, package: room, room``.

    A package of the standard library is free for all unless a line names it.
    """

    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 -- inherited
        """Compares the list with every direct import."""
        rooms: dict[str, set[str]] = dict(_entries(self.allowed))
        broken, used = [], set[tuple[str, str]]()
        for package, importer in _imports(graph):
            room = importer.split(".")[1] if "." in importer else importer
            if package in rooms and room in rooms[package]:
                used.add((package, room))
            elif package in rooms or package not in sys.stdlib_module_names:
                broken.append(f"{importer} -> {package}: {_verdict(package, rooms)}")
        stale = {(package, room) for package, listed in rooms.items() for room in listed} - used
        broken += [f"{room} does not import {package}: remove it from the list" for package, room in stale]
        return ContractCheck(kept=not broken, metadata={"broken": sorted(broken)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints a line for each breach."""
        for line in check.metadata["broken"]:
            output.print_error(f"- {line}", bold=False)


def _entries(lines: Any) -> Iterator[tuple[str, set[str]]]:
    for line in lines:
        packages, _, rooms = line.partition(":")
        for package in packages.split(","):
            yield package.strip(), {room.strip() for room in rooms.split(",")}


def _imports(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    """Every import of a package that is not ours, with the module that imports it."""
    for package in graph.modules:
        if package.split(".")[0] != ROOT:
            for importer in graph.find_modules_that_directly_import(package):
                yield package, importer


def _verdict(package: str, rooms: dict[str, set[str]]) -> str:
    if package not in rooms:
        return "not on the list of third parties"
    return f"allowed in {', '.join(sorted(rooms[package]))}"
