from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from resolver.errors import IndexUnavailable
from resolver.indexes.pending import Pending


def test_each_key_is_loaded_once_however_many_ask() -> None:
    loaded: list[int] = []
    gate = threading.Event()

    def load(key: int) -> int:
        loaded.append(key)
        gate.wait(5)
        return key * 10

    pending = Pending(load, 2)
    pending.prefetch([1, 2])
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(pending.get, key) for key in (1, 2, 3) * 4]
        gate.set()
        assert [result.result(5) for result in results] == [10, 20, 30] * 4
    assert sorted(loaded) == [1, 2, 3]
    pending.close()


def test_who_asks_does_not_wait_behind_the_queue() -> None:
    gate = threading.Event()

    def load(key: str) -> str:
        in_time = key == "wanted" or gate.wait(5)
        return key if in_time else "given up"

    pending = Pending(load, 1)
    pending.prefetch(["slow", "wanted"])
    assert pending.get("wanted") == "wanted"
    gate.set()
    assert pending.get("slow") == "slow"
    pending.close()


def test_an_error_shows_when_its_key_is_asked_for_and_again() -> None:
    calls: list[str] = []

    def load(key: str) -> str:
        calls.append(key)
        raise IndexUnavailable(f"{key}: no")

    pending = Pending(load, 1)
    pending.prefetch(["a"])
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="a: no"):
            pending.get("a")
    assert calls == ["a"]


def test_after_an_interrupt_nobody_waits_for_ever() -> None:
    def load(key: str) -> str:
        raise KeyboardInterrupt

    pending = Pending(load, 1)
    with pytest.raises(KeyboardInterrupt):
        pending.get("a")
    with pytest.raises(KeyboardInterrupt):
        pending.get("a")


def test_closing_takes_back_what_waits() -> None:
    gate, begun = threading.Event(), threading.Event()
    loaded: list[int] = []

    def load(key: int) -> int:
        loaded.append(key)
        begun.set()
        gate.wait(5)
        return key

    pending = Pending(load, 1)
    pending.prefetch(range(5))
    assert begun.wait(5)
    pending.close()
    pending.prefetch([9])
    gate.set()
    assert pending.get(0) == 0
    assert loaded == [0]
