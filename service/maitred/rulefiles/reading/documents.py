"""Files to documents: each one read, its kind found, its form checked."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from maitred.core.values.pauses import Pause, no_pause
from maitred.core.values.types import LIST, LOCATION, SITUATION
from maitred.rulefiles import bounds
from maitred.rulefiles.kinds import models, problems, registry
from maitred.rulefiles.kinds.field_types import zones
from maitred.rulefiles.messages import file_messages, rule_messages
from maitred.rulefiles.report import RULESET, Report, SourcePath
from maitred.rulefiles.tree import Plain, Tree, read

from .csv_tables import read_lines, read_table
from .salvage import salvage

RULE_FILE_ENDINGS = (".yaml", ".yml")
TABLE_ENDINGS = (".csv", ".txt")

# All that a document can declare, as far as its text shows it: keys, names and kinds. Words are
# tried from their beginning only: from every letter of a long one would be quadratic.
_KEY = re.compile(r"""(?<![\w.])([A-Za-z_][\w.]*)["']?[ \t]*:(?=\s|$)""")
_NAMED = re.compile(r"""\b(?:name|kind)["']?[ \t]*:[ \t]*["']?([\w.-]+)""")

Model = TypeVar("Model", bound=models.Document)


@dataclass(frozen=True, slots=True)
class Sourced(Generic[Model]):
    """A document and where it stands."""

    spot: SourcePath
    model: Model


ROWS_UNREAD = "rows of an ActionTable"
"""Among doubtful names: not every row of every table has given its action."""
_TABLE = "table"


@dataclass(slots=True)
class Documents:
    """The documents, by kind; of faulty ones what could be salvaged.

    ``doubtful`` are the names that files with faults may declare: that such a name is
    unknown is no fault of its own. With ``ROWS_UNREAD`` among them it may be any action's.
    """

    by_kind: dict[str, list[Sourced[registry.AnyDocument]]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    _doubted: set[str] = field(default_factory=set)

    def doubt(self, file: str, data: bytes) -> None:
        """A file of which something is lost."""
        if file in self._doubted:
            return
        self._doubted.add(file)
        text = data.decode("utf-8", "replace")
        for key in _KEY.findall(text):
            self.doubtful.add(key if "." in key else f"{LOCATION}{key}")
        for name in _NAMED.findall(text):
            self.doubtful.update((name, f"{SITUATION}{name}", f"{LIST}{name}"))

    def let_go(self) -> None:
        """Frees the documents one by one: all at once they hold the interpreter for as long as that takes."""
        for sources in self.by_kind.values():
            while sources:
                sources.pop()

    def of(self, model: type[Model]) -> list[Sourced[Model]]:
        """Returns the documents of a kind, by name."""
        return cast("list[Sourced[Model]]", self.by_kind.get(model.__name__, []))


def read_documents(report: Report) -> Documents:
    """Returns all documents of the report's sources. Names are checked to be unique by kind."""
    documents = Documents()
    files = sorted(name for name in report.sources if name.endswith(RULE_FILE_ENDINGS))
    for file in files:
        for tree in _trees(report, documents, file):
            report.pause()
            if report.full:
                return documents
            _add(report, documents, SourcePath(file, tree.number), tree.root.value)
    for sources in documents.by_kind.values():
        sources.sort(key=_name)
        _check_names(report, sources)
    return documents


def _name(sourced: Sourced[registry.AnyDocument]) -> str:
    return sourced.model.name


def _trees(report: Report, documents: Documents, file: str) -> list[Tree]:
    def tell(line: int, column: int, message: str) -> None:
        report.at_line(file, line, column, message)
        documents.doubt(file, report.sources[file])

    def warn(line: int, column: int, message: str) -> None:
        report.warn_line(file, line, column, message)

    return read(report.sources[file], tell, warn, report.pause)


def _add(report: Report, documents: Documents, spot: SourcePath, root: Plain) -> None:
    kind = _kind(report, spot, root)
    if kind is None:
        documents.doubt(spot.file, report.sources[spot.file])
        if isinstance(root, dict) and _TABLE in root:
            documents.doubtful.add(ROWS_UNREAD)
        return
    document = _document(report, documents, spot, registry.KINDS[kind], root)
    if document is not None:
        documents.by_kind.setdefault(kind, []).append(Sourced(spot, document))


def _document(
    report: Report, documents: Documents, spot: SourcePath, model: type[registry.AnyDocument], root: Plain
) -> registry.AnyDocument | None:
    try:
        return model.model_validate(root)
    except ValidationError as error:
        problems.tell(report, spot, model, error)
        documents.doubt(spot.file, report.sources[spot.file])
        places = {detail["loc"][:2] for detail in error.errors()}
        if model is models.ActionTable and any(
            _TABLE in place or place == ("action", "name") for place in places
        ):
            documents.doubtful.add(ROWS_UNREAD)
        return salvage(model, root, error, f"unnamed_{spot.file}_{spot.document}")


def _kind(report: Report, spot: SourcePath, root: Plain) -> str | None:
    if not isinstance(root, dict):
        report.error(spot, file_messages.not_a_document())
        return None
    kind = root.get("kind")
    if kind is None:
        report.error(spot, file_messages.no_kind(registry.KINDS))
    elif not isinstance(kind, str):
        report.error(spot.at("kind"), file_messages.wants("text", kind))
    elif kind in registry.KINDS:
        return kind
    elif kind in registry.NOT_YET_KINDS:
        report.error(spot.at("kind"), file_messages.kind_not_yet(kind))
    else:
        report.error(spot.at("kind"), file_messages.unknown_kind(kind, registry.KINDS))
    return None


def _check_names(report: Report, sources: list[Sourced[registry.AnyDocument]]) -> None:
    seen: dict[str, Sourced[registry.AnyDocument]] = {}
    for sourced in sources:
        model = sourced.model
        first = seen.setdefault(model.name.casefold(), sourced)
        if first is not sourced:
            message = file_messages.duplicate_name(model.kind, model.name, first.model.name, first.spot.file)
            report.error(sourced.spot.at("name"), message)


NO_RULESET = models.Ruleset(apiVersion="maitred/v1", kind="Ruleset", name="missing", version="0")
"""Stands in where there is none, so that everything else is checked all the same."""


def the_ruleset(report: Report, documents: Documents) -> models.Ruleset:
    """Returns the one document of kind ``Ruleset``."""
    sources = documents.of(models.Ruleset)
    for extra in sources[1:]:
        report.error(extra.spot.at("kind"), file_messages.only_one("`Ruleset`", sources[0].spot.file))
    if not sources:
        if "Ruleset" not in documents.doubtful:
            report.at_line(RULESET, 0, 0, file_messages.no_ruleset())
        return NO_RULESET
    head = sources[0]
    if head.model.timezone not in zones():
        report.error(head.spot.at("timezone"), rule_messages.unknown_zone(head.model.timezone, zones()))
    return head.model


def check_size(sources: Mapping[str, bytes], report: Report) -> None:
    """Bounds on the whole. Raises ``RulesetInvalid`` where reading it is out of the question."""
    if not any(name.endswith(RULE_FILE_ENDINGS) for name in sources):
        report.at_line(RULESET, 0, 0, file_messages.no_rule_files())
    if len(sources) > bounds.RULESET_FILES:
        report.at_line(RULESET, 0, 0, file_messages.too_many_files())
    if sum(map(len, sources.values())) > bounds.RULESET_BYTES:
        report.at_line(RULESET, 0, 0, file_messages.ruleset_too_large())
    if not report.sound:
        report.warnings()


def hash_of(sources: Mapping[str, bytes], documents: Documents, pause: Pause = no_pause) -> str:
    """SHA-256, hex, of a ruleset without faults: of what its files mean, whatever they look like.

    It is over every document as JSON with sorted keys, and over the tables and lists they name, as the
    cells that are declared. Comments, layout, quoting, the order of keys, documents, rows and columns,
    and the names of files are not in it. Neither are defaults, said or not: so a field that comes later
    leaves the hashes of rulesets that do not use it as they were.
    """
    digest = hashlib.sha256()
    for kind in sorted(documents.by_kind):
        for sourced in documents.by_kind[kind]:
            pause()
            digest.update(_line(_content(sources, sourced)))
            for row in sorted(_rows(sources, sourced.model)):
                digest.update(row)
    return digest.hexdigest()


def _line(content: Any) -> bytes:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode() + b"\n"


def _content(sources: Mapping[str, bytes], sourced: Sourced[registry.AnyDocument]) -> dict[str, Any]:
    content = sourced.model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(sourced.model, models.List) and sourced.model.file:
        content["values"] = read_lines(sources[sourced.model.file], _ignore)
    content.pop("file", None)
    if isinstance(sourced.model, models.Locations | models.ActionTable):
        del content["table"]["file"]
    return content


def _rows(sources: Mapping[str, bytes], model: registry.AnyDocument) -> Iterator[bytes]:
    if not isinstance(model, models.Locations | models.ActionTable):
        return
    table = read_table(model.table.file, sources[model.table.file], _ignore)
    if table is None:
        return
    always = ("id", "timezone") if isinstance(model, models.Locations) else ()
    names = sorted(name for name in (*always, *model.table.columns) if name in table.header)
    order = [table.column(name) for name in names]
    for row in table.rows:
        yield _line([row.cells[index] for index in order])


def _ignore(_line: int, _column: int, _message: str) -> None:
    """Faults were told when the tables were read first."""
