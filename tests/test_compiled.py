"""Which core the tests run on, compiled or pure Python; a compiled one is that of the sources at hand."""

import json
import os
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import pytest
from tools.compiled_setup import PURE, STAMP, compiled_files, stamp

from maitred import compiled
from maitred.compiled import core_words, is_compiled
from maitred.selftest import Unfit

SERVICE = Path(__file__).parents[1] / "service"


def test_the_core_is_the_one_that_is_to_be_tested():
    assert core_words() == os.environ.get("MAITRED_TEST_CORE", core_words())


@pytest.mark.parametrize("file", [*compiled_files(SERVICE), *PURE])
def test_a_module_is_compiled_if_the_core_is(file):
    origin = find_spec(file.removesuffix(".py").replace("/", ".")).origin
    assert origin.endswith(tuple(EXTENSION_SUFFIXES)) == (is_compiled() and file not in PURE)


def test_a_compiled_core_is_of_these_sources():
    made_of = Path(compiled.__file__).parents[1] / STAMP
    assert made_of.exists() == is_compiled()
    assert not is_compiled() or made_of.read_text() == stamp(SERVICE)


def test_what_is_not_compiled_is_there():
    assert all((SERVICE / name).is_file() for name in PURE)
    assert not PURE.keys() & set(compiled_files(SERVICE))


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A package whose core is compiled: the source of its one module, and the list of what was compiled."""
    root = tmp_path / "maitred"
    root.mkdir()
    (root / "core.py").write_text("x = 1\n")
    (root / STAMP.name).write_text(json.dumps({"maitred/core.py": compiled.digest(root / "core.py")}))
    monkeypatch.setattr(compiled, "ROOT", root)
    monkeypatch.setattr(compiled, "is_compiled", lambda: True)
    return root


@pytest.mark.usefixtures("built")
def test_a_core_of_the_sources_beside_it_is_fit():
    compiled.self_test()


def test_a_core_of_other_sources_is_told(built):
    (built / "core.py").write_text("x = 2\n")
    with pytest.raises(Unfit, match=r"not built from the sources beside it \(`maitred/core\.py` differs\)"):
        compiled.self_test()


def test_a_core_of_which_nothing_is_known_is_told(built):
    (built / STAMP.name).unlink()
    with pytest.raises(Unfit, match=r"not built from the sources beside it, install the wheel anew"):
        compiled.self_test()
