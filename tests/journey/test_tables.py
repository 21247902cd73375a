import csv
import gzip
import json
import os

import pytest
from tools.journey import tables as tables_module
from tools.journey.rows import action_rows, checkout_rows, location_rows
from tools.journey.tables import ACTIONS, CHECKOUTS, LOCATIONS, MANIFEST, build, main, put

# Enough for the compression to have something to do.
QUICK_ROWS = 500
NAMES = (ACTIONS, LOCATIONS, CHECKOUTS, MANIFEST)


def rows(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def test_coupons_equal_the_shared_offers(tables, shared):
    wanted = [
        {
            "campaign_id": row["campaign_id"],
            "coupon_upc": row["coupon_upc"],
            "start": row["start_date"],
            "end": row["end_date"],
            "products": row["products"],
        }
        for row in rows(shared / "offers.csv.gz")
    ]
    assert list(rows(tables / ACTIONS)) == wanted
    assert len(wanted) == 1_197


def test_checkouts_equal_the_shared_ones(checkouts, shared):
    targeting: dict[str, set[str]] = {}
    for row in rows(shared / "targeting.csv.gz"):
        targeting.setdefault(row["household_id"], set()).add(row["campaign_id"])
    count = 0
    for ours, theirs in zip(checkouts, rows(shared / "checkouts.csv.gz"), strict=True):
        count += 1
        assert (ours.basket_id, ours.household_id, ours.store_id) == (
            theirs["basket_id"],
            theirs["household_id"],
            theirs["store_id"],
        )
        assert ours.at.isoformat() == theirs["ts_utc"].replace("Z", "+00:00")
        assert ours.value_cents == int(theirs["value_cents"])
        assert " ".join(ours.products) == theirs["products"]
        assert set(ours.campaigns) == targeting.get(ours.household_id, set())
    assert count == 155_848


def test_local_dates_equal_the_shared_ones(joined, shared):
    dates = {row["basket_id"]: row["local_date"] for row in rows(shared / "checkouts.csv.gz")}
    assert {basket: day.isoformat() for basket, day in joined.live.items()} == {
        basket: dates[basket] for basket in joined.live
    }


def test_every_store_of_a_checkout_has_its_zone(tables, checkouts):
    zones = {row["id"]: row["timezone"] for row in rows(tables / LOCATIONS)}
    assert set(zones) == {checkout.store_id for checkout in checkouts}
    assert (len(zones), set(zones.values())) == (457, {"America/New_York"})


def test_what_is_up_to_date_is_left_alone(tables, capsys):
    before = {name: (tables / name).stat().st_mtime_ns for name in NAMES}
    assert main([]) == 0
    assert {name: (tables / name).stat().st_mtime_ns for name in NAMES} == before
    assert "up to date: coupons.csv" in capsys.readouterr().err


def older(manifest):
    return json.dumps({**json.loads(manifest), "code": "0" * 64})


@pytest.fixture
def quick(monkeypatch, tables, data):
    """A few rows of the built tables instead of all: what is tested is when they are written."""
    monkeypatch.setattr(tables_module, "frames", lambda names: {name: data[name] for name in names})
    for name, maker in ((ACTIONS, "action_rows"), (LOCATIONS, "location_rows"), (CHECKOUTS, "checkout_rows")):
        made = [tuple(row.values()) for row, _ in zip(rows(tables / name), range(QUICK_ROWS), strict=False)]
        monkeypatch.setattr(tables_module, maker, lambda *_, made=made: iter(made))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "damage",
    [
        lambda at: (at / ACTIONS).write_text("campaign_id\n"),
        lambda at: (at / CHECKOUTS).unlink(),
        lambda at: (at / MANIFEST).unlink(),
        lambda at: (at / MANIFEST).write_text("[]"),
        lambda at: (at / MANIFEST).write_bytes(b"\xff{"),
        lambda at: (at / MANIFEST).write_text(older((at / MANIFEST).read_text())),
    ],
    ids=["changed", "gone", "no manifest", "other manifest", "garbage manifest", "older code"],
)
def test_what_is_not_as_it_was_made_is_built_again(tmp_path, damage):
    assert build(tmp_path)
    good = {name: (tmp_path / name).read_bytes() for name in NAMES}
    assert not build(tmp_path)
    damage(tmp_path)
    assert build(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in NAMES} == good


@pytest.mark.usefixtures("quick")
def test_the_same_rows_give_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        assert build(tmp_path / folder)
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.usefixtures("quick")
def test_force_builds_again(tmp_path):
    build(tmp_path)
    assert build(tmp_path, force=True)


@pytest.mark.usefixtures("quick")
def test_a_build_that_fails_halfway_leaves_the_old_tables_and_no_parts(tmp_path, monkeypatch):
    build(tmp_path)
    good = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path / ACTIONS, b"half")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == good


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path, capsys):
    (tmp_path / "tables").write_text("a file, not a folder")
    assert main(["--into", str(tmp_path / "tables" / "inner")]) == 2
    assert "error: " in capsys.readouterr().err


def test_rows_do_not_depend_on_the_order_of_the_source(data):
    lines = data["transactions"].head(5_000)
    shuffled = lines.sample(frac=1, random_state=1)
    targeting = data["campaigns"]
    assert list(checkout_rows(shuffled, targeting[::-1])) == list(checkout_rows(lines, targeting))
    coupons = data["coupons"].head(5_000)
    descriptions = data["campaign_descriptions"]
    assert list(action_rows(coupons[::-1], descriptions[::-1])) == list(action_rows(coupons, descriptions))
    assert list(location_rows(shuffled)) == list(location_rows(lines))
