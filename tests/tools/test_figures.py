from pathlib import Path

import pytest

from maitred.compiled import is_compiled
from maitred.rulefiles.kinds.registry import KINDS
from tools import figures

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "service/maitred"


def test_lengths_and_names_are_counted(tmp_path):
    (tmp_path / "a.py").write_text("class Same:\n    def f(self):\n        pass\n\n\nclass Other: ...\n")
    (tmp_path / "b.py").write_text("class Same: ...\n\n\ndef g():\n    pass\n")
    (tmp_path / "a_pb2.py").write_text("class Same: ...\n")
    paths = figures.sources(tmp_path)
    assert [path.name for path in paths] == ["a.py", "b.py"]
    counts = dict(figures.lengths(paths))
    assert (counts["files"], counts["lines"]) == ("2", "11")
    assert counts["lines of a function: median, 90th percentile"].startswith("2, ")
    assert figures.classes_twice(paths) == {"Same": paths}


def test_calls_are_noted_from_file_to_file_of_the_package_alone(tmp_path):
    (tmp_path / "one.py").write_text("import two\n\n\ndef f():\n    return two.g()\n")
    (tmp_path / "two.py").write_text("def g():\n    return h()\n\n\ndef h():\n    return sorted([2, 1])\n")
    recorder = figures.Recorder(tmp_path)
    script = f"import sys, threading\nsys.path.insert(0, {str(tmp_path)!r})\nimport one\n"
    names: dict[str, object] = {"recorder": recorder}
    exec(script + "sys.setprofile(recorder)\ncalls = recorder.during(one.f)\nsys.setprofile(None)\n", names)
    assert names["calls"] == [("", "one.py"), ("one.py", "two.py"), ("two.py", "two.py")]


@pytest.mark.skipif(is_compiled(), reason="profilers do not see the calls of compiled functions")
@pytest.mark.parametrize(("rules", "max_files"), [(figures.RULES, 35), (figures.RULES + figures.LIMIT, 42)])
def test_a_decide_passes_every_room_it_needs(rules, max_files):
    files, crossings = figures.decides(PACKAGE, rules)
    assert 20 < files <= max_files
    assert crossings > files


@pytest.mark.skipif(is_compiled(), reason="profilers do not see the calls of compiled functions")
def test_a_text_of_a_rule_passes_ten_files_on_its_way_to_a_refusal():
    assert 5 < figures.refusal_files(PACKAGE) <= 10


def test_a_class_name_is_defined_twice_for_a_document_and_what_it_becomes_alone():
    """A document has the name of its kind, as has its value in ``core``; parts of one end in ``Spec``."""
    twice = figures.classes_twice(figures.sources(PACKAGE))
    rooms = {name: [path.relative_to(PACKAGE).parts[0] for path in paths] for name, paths in twice.items()}
    assert rooms == {name: ["core", "rulefiles"] for name in rooms if name in KINDS}
