"""Keys are rotated: whoever was known stays known, and what was sealed still opens."""

import pytest
from tests.databases import connected
from tests.privacy.shop import RULES, Shop, names

from maitred.cli import main
from maitred.core.deciding.decisions import Explain
from maitred.vault import KeyringUnusable, open_vault


def versions(database):
    """Of everybody's pseudonym and of what their key is wrapped with."""
    with connected(database) as connection:
        rows = connection.exec_driver_sql("SELECT pseudonym, key FROM person").all()
    return [(int.from_bytes(name[:2]), int.from_bytes(key[:2])) for name, key in rows]


def test_a_customer_is_the_same_under_the_next_keys(serve, write_rules, database_url, tmp_path, capsys):
    rules, keys = write_rules(RULES), tmp_path / "rotated.keys"
    running = serve(rules, database_url, keys)
    with Shop(running.address) as shop:
        shop.state("kim", "ads", "GRANTED")
        first, second = shop.ask("kim"), shop.ask("kim")
        shop.ask("lou")
        assert {"ad", "coffee"} <= {*names(first)} & {*names(second)}
    running.stop()
    assert versions(database_url) == [(1, 1)] * 2

    assert main.run(["keys", "rotate", str(keys)]) == 0
    assert "version 2 is active" in capsys.readouterr().out
    running = serve(rules, database_url, keys)
    with Shop(running.address) as shop:
        assert [consent.purpose for consent in shop.consent("kim").current] == ["ads"]
        third, fourth = shop.ask("kim"), shop.ask("kim")
        assert "coffee" in names(third)
        assert "coffee" not in names(fourth), "three are the cap, before and after"
        assert "ad" in names(fourth)
        assert sorted(versions(database_url)) == [(1, 1), (2, 2)], "who has come by is taken over"
        shop.ask("mia")
        assert sorted(versions(database_url)) == [(1, 1), (2, 2), (2, 2)]
        for answer in (first, second, third, fourth):
            record = shop.get_decision(answer.decision_id, Explain.EXPLAIN_FULL)
            assert (record.customer_id, names(record.answer)) == ("kim", names(answer))
        assert len(shop.exported("kim")["decisions"]) == 4
        assert len(shop.exported("lou")["decisions"]) == 1, "by the old pseudonym"
        assert shop.erase("lou").rows["key"] == 1
    running.stop()

    other = tmp_path / "other.keys"
    open_vault(other, create=True)
    with pytest.raises(
        KeyringUnusable, match=r"not the one this database was written with.*--keys"
    ) as refused:
        serve(rules, database_url, other)
    assert str(other) in str(refused.value)
    with Shop(serve(rules, database_url, keys).address) as shop:
        assert "ad" in names(shop.ask("kim"))
