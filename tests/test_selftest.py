"""A package that is not as tested is named before anything is served: by name, version, range and remedy."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from google.protobuf.any_pb2 import Any as Packed

from maitred import cel, rulefiles, situations
from maitred.rpc.transports import stock
from maitred.selftest import Unfit, relying_on

RULES = Path(__file__).parent.parent / "rules/starter"


def test_everything_is_as_tested():
    for self_test in (rulefiles.self_test, cel.self_test, situations.self_test, stock.self_test):
        self_test()


def test_events_without_places_are_told(monkeypatch):
    monkeypatch.setattr(yaml, "CBaseLoader", yaml.BaseLoader.__base__)
    with pytest.raises(Unfit, match=r"`PyYAML` \S+ does not do .* tested with >=6"):
        rulefiles.self_test()


def test_another_tree_of_an_expression_is_told(monkeypatch):
    monkeypatch.setattr("maitred.cel.environment.Packed.FromString", lambda _: Packed())
    with pytest.raises(Unfit, match=r"`cel-expr-python` 0\.1\.\S+ .* tested with .*<0\.2"):
        cel.self_test()


def test_an_engine_that_derives_nothing_is_told(monkeypatch):
    monkeypatch.setattr(
        "maitred.situations.chaining.durable_rules_engine.start_action_for_state", lambda *_: None
    )
    with pytest.raises(Unfit, match=r"`durable-rules` 2\.\S+ .*no rule fired.* tested with .*<2\.1"):
        situations.self_test()


def test_a_server_that_runs_everything_on_one_pool_is_told(monkeypatch):
    class Deaf:
        def __init__(self, _pool, behaviour):
            self._behaviour = behaviour

        def __call__(self, *args):
            return self._behaviour(*args)

    monkeypatch.setattr(stock, "On", Deaf)
    with pytest.raises(Unfit, match=r"`grpcio` 1\.\S+ .*it ran on maitred-selftest_0.* tested with .*<1\.86"):
        stock.self_test()


def test_what_is_not_installed_is_told_as_such():
    with (
        pytest.raises(Unfit, match=r"`no-such-package` \(not installed\)"),
        relying_on("no-such-package", "it"),
    ):
        raise ImportError


def test_a_command_ends_with_words_where_a_package_cannot_be_imported(tmp_path):
    (tmp_path / "durable_rules_engine.py").write_text(
        "raise ImportError('undefined symbol: PyEval_CallObject')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "maitred.cli.main", "check", RULES],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"`durable-rules` {metadata.version('durable-rules')} does not do" in done.stderr
    assert "undefined symbol" in done.stderr
    assert "Traceback" not in done.stderr
