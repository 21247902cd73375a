"""The keyring's file: who may read it, what is refused, many at once, killed halfway."""

import multiprocessing
import stat
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

from tests.vault.keyrings import PROCESSES, names_in, rotate

from maitred.vault import Keyring, change_keyring, make_keyring, open_vault, read_keyring


def check_values_once_started(path: Path) -> dict[int, bytes]:
    return dict(open_vault(path, create=True).check_values())


def test_processes_that_start_at_once_get_the_same_keys(tmp_path: Path):
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
        for turn in range(20):
            folder = tmp_path / str(turn)
            folder.mkdir()
            key_values = [*pool.map(check_values_once_started, [folder / "keys"] * PROCESSES)]
            assert all(values == key_values[0] for values in key_values)
            assert names_in(folder) == ["keys"]


def rotate_thrice(path: Path) -> None:
    for _ in range(3):
        change_keyring(path, rotate)


def test_no_change_gets_lost_amid_others(file: Path):
    first = make_keyring(file)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
        [*pool.map(rotate_thrice, [file] * PROCESSES)]
    keyring = read_keyring(file)
    assert [version.number for version in keyring.versions] == [*range(3 * PROCESSES + 1, 0, -1)]
    assert (keyring.active, keyring.subject) == (3 * PROCESSES + 1, first.subject)
    assert keyring.versions[-1] == first.versions[0]
    assert names_in(file.parent) == [file.name]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def rotate_for_ever(path: Path) -> None:
    while True:
        oldest = change_keyring(path, rotate).active - 1
        change_keyring(path, partial(_without, oldest))


def _without(version: int, keyring: Keyring, _now: datetime, _keys: bytes) -> Keyring:
    return keyring.without(version)


def test_killed_at_any_moment_a_whole_keyring_stands_there(file: Path):
    first = make_keyring(file)
    fork = multiprocessing.get_context("fork")
    for turn in range(20):
        before = read_keyring(file).active
        process = fork.Process(target=rotate_for_ever, args=(file,))
        process.start()
        while read_keyring(file).active == before:
            pass
        time.sleep(turn * 0.001)
        process.kill()
        process.join()
        keyring = read_keyring(file)
        assert keyring.active == keyring.versions[0].number > before
        assert keyring.subject == first.subject
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in file.parent.iterdir())
