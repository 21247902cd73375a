import pytest

from maitred.store import StoreUnusable, open_store
from maitred.store.databases.address import parse, postgres_name, sqlite_file


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "malformed"),
        ("maitred.db", "malformed"),
        ("postgresql://user:secret@host:port/name", "malformed"),
        ("mysql://user:secret@host/name", "`mysql` is not supported"),
        ("postgres://user:secret@host/name", "`postgres` is not supported"),
        ("postgresql+psycopg2://user:secret@host/name", "`postgresql[+]psycopg2` is not supported"),
        ("sqlite://", "in memory keeps nothing"),
        ("sqlite:///:memory:", "in memory keeps nothing"),
        ("sqlite:///file:x?mode=memory&uri=true", "remove `mode`, `uri`"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(url, reason):
    with pytest.raises(StoreUnusable, match=reason) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
    assert "sqlite:///FILE" in str(caught.value) or "remove" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///maitred.db", "maitred.db"),
        ("sqlite:////var/lib/maitred.db", "/var/lib/maitred.db"),
        ("sqlite+pysqlite:///a b/\u00fc.db", "a b/\u00fc.db"),
    ],
)
def test_a_sqlite_url_names_a_file(url, file):
    assert str(sqlite_file(parse(url))) == file


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_a_postgres_database_is_named_without_its_secrets(driver):
    url = parse(f"{driver}://user:secret@db.example:5433/decisions?sslpassword=hidden")
    assert url.drivername == "postgresql+psycopg"
    assert postgres_name(url) == "postgresql://db.example:5433/decisions"
