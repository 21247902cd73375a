"""The laws of the vault: what goes in comes out, to nobody else, and hostile input breaks nothing."""

import hmac
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maitred.engine.ports.vault import KEY_OF_NOBODY, SealBroken, Vault
from maitred.vault import Keyring, KeyringVault
from maitred.vault import vault as cache_module
from maitred.vault.vault import Mac

IDS = st.text(st.characters(), max_size=256)
BYTES = st.binary(max_size=2_000)
HOSTILE = ["", "\0", "a\0", "\ud800", "\udfff", "é" * 256, "x" * 1_000_000, "pseudonym\0", "subject\0"]


def test_it_is_what_the_engine_asks_for(vault: KeyringVault):
    taken: Vault = vault
    assert taken.check_values().keys() == {1}


@given(plain=BYTES, about=BYTES)
def test_what_was_sealed_opens(vault: KeyringVault, plain: bytes, about: bytes):
    key = vault.new_key()
    sealed = vault.seal(key, plain, about)
    assert vault.open(key, sealed, about) == plain
    assert len(sealed) == len(plain) + 28


@given(plain=BYTES, about=BYTES, other=BYTES)
def test_it_opens_about_nothing_else(vault: KeyringVault, plain: bytes, about: bytes, other: bytes):
    key = vault.new_key()
    sealed = vault.seal(key, plain, about)
    if other != about:
        with pytest.raises(SealBroken):
            vault.open(key, sealed, other)


@given(plain=BYTES)
def test_it_opens_with_no_other_key(vault: KeyringVault, plain: bytes):
    sealed = vault.seal(vault.new_key(), plain, b"")
    with pytest.raises(SealBroken):
        vault.open(vault.new_key(), sealed, b"")


@given(data=st.data(), plain=st.binary(max_size=40))
def test_one_bit_changed_breaks_the_seal(vault: KeyringVault, data: st.DataObject, plain: bytes):
    key = vault.new_key()
    sealed = vault.seal(key, plain, b"about")
    for whole, opened in (
        (sealed, lambda x: vault.open(key, x, b"about")),
        (key, lambda x: vault.open(x, sealed, b"about")),
    ):
        bit = data.draw(st.integers(0, len(whole) * 8 - 1))
        changed = (int.from_bytes(whole) ^ (1 << bit)).to_bytes(len(whole))
        with pytest.raises(SealBroken):
            opened(changed)


@given(key=st.binary(max_size=80).filter(lambda key: key != KEY_OF_NOBODY), sealed=st.binary(max_size=80))
@example(key=b"", sealed=b"")
@example(key=b"\0\1" + bytes(60), sealed=bytes(28))
def test_garbage_is_a_broken_seal(vault: KeyringVault, key: bytes, sealed: bytes):
    good = vault.new_key()
    for call in (
        lambda: vault.open(key, sealed, b""),
        lambda: vault.open(good, sealed, b""),
        lambda: vault.seal(key, b"", b""),
    ):
        with pytest.raises(SealBroken):
            call()


def test_every_cut_of_a_record_or_key_is_a_broken_seal(vault: KeyringVault):
    key = vault.new_key()
    sealed = vault.seal(key, b"plain", b"about")
    for end in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault.open(key, sealed[:end], b"about")
    for end in range(len(key)):
        with pytest.raises(SealBroken):
            vault.open(key[:end], sealed, b"about")


def test_the_error_tells_nothing_of_what_was_sealed(vault: KeyringVault):
    key = vault.new_key()
    with pytest.raises(SealBroken) as raised:
        vault.open(key, vault.seal(key, b"canary", b"canary-about"), b"other")
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_sealing_twice_gives_other_bytes(vault: KeyringVault):
    key = vault.new_key()
    assert len({vault.seal(key, b"same", b"same")[:12] for _ in range(1_000)}) == 1_000
    assert len({vault.new_key() for _ in range(1_000)}) == 1_000


@given(one=IDS, two=IDS)
def test_distinct_customers_have_distinct_pseudonyms_and_subject_pseudonyms(
    rotated: KeyringVault, one: str, two: str
):
    assert (rotated.pseudonyms(one) == rotated.pseudonyms(two)) == (one == two)
    assert one == two or not set(rotated.pseudonyms(one)) & set(rotated.pseudonyms(two))
    assert (rotated.subject_pseudonym(one) == rotated.subject_pseudonym(two)) == (one == two)


@pytest.mark.parametrize("customer_id", HOSTILE, ids=lambda value: ascii(value[:12]))
def test_hostile_ids_have_pseudonyms_like_any_other(rotated: KeyringVault, customer_id: str):
    new, old = rotated.pseudonyms(customer_id)
    assert (len(new), len(old), new[:2], old[:2]) == (18, 18, b"\0\2", b"\0\1")
    assert len(rotated.subject_pseudonym(customer_id)) == 32
    assert rotated.subject_pseudonym(customer_id).isalnum()


def test_hostile_ids_do_not_collide(rotated: KeyringVault):
    made = [
        value
        for customer_id in HOSTILE
        for value in (*rotated.pseudonyms(customer_id), rotated.subject_pseudonym(customer_id))
    ]
    assert len(set(made)) == 3 * len(HOSTILE)


def test_a_pseudonym_stays_what_it_was(vault: KeyringVault):
    # A change of the derivation would lose every customer of a running service.
    expected = hmac.digest(b"\1" * 32, b"pseudonym\0c-1", "sha256")[:16]
    assert vault.pseudonyms("c-1") == (b"\0\1" + expected,)
    assert vault.subject_pseudonym("c-1") == hmac.digest(b"\xee" * 32, b"subject\0c-1", "sha256")[:16].hex()


@given(key=st.binary(max_size=100), label=st.binary(max_size=100), message=st.binary(max_size=300))
def test_the_code_is_hmac(key: bytes, label: bytes, message: bytes):
    assert Mac(key, label)(message) == hmac.digest(key, label + message, "sha256")


@given(customer_id=IDS)
def test_rotation_keeps_the_old_pseudonym_and_the_subject_pseudonym(
    vault: KeyringVault, rotated: KeyringVault, customer_id: str
):
    assert rotated.pseudonyms(customer_id)[1:] == vault.pseudonyms(customer_id)
    assert rotated.subject_pseudonym(customer_id) == vault.subject_pseudonym(customer_id)


def test_after_rotation_the_old_opens_and_is_wrapped_anew(vault: KeyringVault, rotated: KeyringVault):
    key = vault.new_key()
    sealed = vault.seal(key, b"plain", b"about")
    assert rotated.open(key, sealed, b"about") == b"plain"
    newer = rotated.rewrapped(key)
    assert newer is not None
    assert newer[:2] == b"\0\2"
    assert rotated.open(newer, sealed, b"about") == b"plain"
    assert rotated.rewrapped(newer) is None
    assert vault.rewrapped(key) is None
    with pytest.raises(SealBroken, match="version 2 of the master key"):
        vault.open(newer, sealed, b"about")
    with pytest.raises(SealBroken):
        rotated.rewrapped(b"\0\1" + key[2:-1] + bytes([key[-1] ^ 1]))


def test_a_dropped_version_takes_with_it_what_it_wrapped(keyrings: dict[int, Keyring], vault: KeyringVault):
    key = vault.new_key()
    dropped = KeyringVault(keyrings[2].without(1))
    with pytest.raises(SealBroken, match="version 1 of the master key"):
        dropped.seal(key, b"", b"")
    assert dropped.pseudonyms("c") == KeyringVault(keyrings[2]).pseudonyms("c")[:1]


def test_a_version_in_waiting_reads_and_does_not_write(keyrings: dict[int, Keyring]):
    waiting = KeyringVault(keyrings[2].with_active(1))
    assert waiting.new_key()[:2] == b"\0\1"
    assert [pseudonym[:2] for pseudonym in waiting.pseudonyms("c")] == [b"\0\1", b"\0\2"]
    active = KeyringVault(keyrings[2])
    key = active.new_key()
    assert waiting.open(key, active.seal(key, b"plain", b""), b"") == b"plain"


def test_check_values_tell_other_keys_apart(keyrings: dict[int, Keyring]):
    values = KeyringVault(keyrings[3]).check_values()
    assert dict(KeyringVault(keyrings[2]).check_values().items() & values.items()).keys() == {1, 2}
    other_subject_key = Keyring(keyrings[3].versions, 3, b"\xef" * 32)
    assert not set(KeyringVault(other_subject_key).check_values().values()) & set(values.values())
    assert {len(value) for value in values.values()} == {16}


def test_a_forgotten_key_is_unwrapped_again(vault: KeyringVault):
    key = vault.new_key()
    sealed = vault.seal(key, b"plain", b"")
    assert vault._keys.get(key) is vault._keys.get(key)
    held = vault._keys.get(key)
    vault.forget(key)
    vault.forget(key)
    vault.forget(b"never seen")
    assert vault._keys.get(key) is not held
    assert vault.open(key, sealed, b"") == b"plain"


def test_the_cache_is_bounded_and_keeps_what_is_used(keyrings: dict[int, Keyring], monkeypatch):
    monkeypatch.setattr(cache_module, "GENERATION_KEYS", 8)
    vault = KeyringVault(keyrings[1])
    used = vault.new_key()
    held = vault._keys.get(used)
    old = [vault.new_key() for _ in range(100)]
    for key in old:
        vault.seal(key, b"", b"")
        assert vault._keys.get(used) is held
        assert len(vault._keys._young) + len(vault._keys._old) <= 16
    in_old = next(iter(vault._keys._old))
    vault.forget(in_old)
    assert in_old not in vault._keys._old


def test_many_threads_share_a_vault(keyrings: dict[int, Keyring], monkeypatch):
    monkeypatch.setattr(cache_module, "GENERATION_KEYS", 8)
    vault = KeyringVault(keyrings[2])
    keys = [vault.new_key() for _ in range(24)]
    start = threading.Barrier(8)

    def work(worker: int) -> int:
        start.wait()
        done = 0
        for turn in range(400):
            key = keys[(worker * 7 + turn) % len(keys)]
            plain = f"{worker}-{turn}".encode()
            done += vault.open(key, vault.seal(key, plain, b"a"), b"a") == plain
            done += vault.pseudonyms(f"c-{turn}") == expected[turn]
            vault.forget(key)
        return done

    expected = [KeyringVault(keyrings[2]).pseudonyms(f"c-{turn}") for turn in range(400)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 8 * 400 * 2


def test_no_key_shows_in_a_repr(keyrings: dict[int, Keyring]):
    shown = repr(keyrings[3]) + repr(KeyringVault(keyrings[3]))
    for secret in (
        keyrings[3].subject,
        *(key for version in keyrings[3].versions for key in (version.pseudonym, version.master)),
    ):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


@given(plain=BYTES, about=BYTES)
def test_what_belongs_to_nobody_opens_after_every_rotation(
    vault: KeyringVault, rotated: KeyringVault, plain: bytes, about: bytes
):
    sealed = vault.seal(KEY_OF_NOBODY, plain, about)
    assert rotated.open(KEY_OF_NOBODY, sealed, about) == plain


def test_nobody_s_key_is_that_of_the_keyring_and_of_no_customer(
    vault: KeyringVault, keyrings: dict[int, Keyring]
):
    other = KeyringVault(Keyring(keyrings[1].versions, keyrings[1].active, b"\xdd" * 32))
    sealed = vault.seal(KEY_OF_NOBODY, b"plain", b"about")
    for opened in (
        lambda: other.open(KEY_OF_NOBODY, sealed, b"about"),
        lambda: vault.open(vault.new_key(), sealed, b"about"),
    ):
        with pytest.raises(SealBroken):
            opened()
