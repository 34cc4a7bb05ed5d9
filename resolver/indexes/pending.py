"""Loading many things at once, each of them once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable

from resolver.errors import ResolverError
from resolver.light_typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Pending"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Slot(Generic[V]):
    """A value on its way: ``taken`` as soon as a thread is at it, ``done`` when it is here or could not be had."""

    __slots__ = ("done", "error", "taken", "value")

    value: V

    def __init__(self, *, taken: bool) -> None:
        self.taken = taken
        self.done = threading.Event()
        self.error: BaseException | None = None


class Pending(Generic[K, V]):
    """Values by key, made by ``load`` in up to ``threads`` threads, or in the thread that needs one first.

    An error of ``load`` is kept like a value, and raised for whoever asks for that key.
    """

    def __init__(self, load: Callable[[K], V], threads: int) -> None:
        self._load = load
        self._threads = threads
        self._lock = threading.Lock()
        self._slots: dict[K, _Slot[V]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def get(self, key: K) -> V:
        """The value: at once if it is here, after waiting for the thread that loads it, or loaded in this
        thread."""
        with self._lock:
            slot = self._slots.get(key)
            # One that waits behind others in the pool's queue is taken out of it: whoever asks needs it now.
            own = slot is None or not slot.taken
            if slot is None:
                slot = self._slots[key] = _Slot(taken=True)
            slot.taken = True
        if own:
            self._fill(slot, key)
        slot.done.wait()
        if slot.error is not None:
            raise slot.error
        return slot.value

    def prefetch(self, keys: Iterable[K]) -> None:
        """Begin to load what is not here yet. Returns at once."""
        with self._lock:
            for key in keys:
                if key not in self._slots and not self._closed:
                    self._slots[key] = _Slot(taken=False)
                    self._threads_of_ours().submit(self._load_ahead, key)

    def close(self) -> None:
        """Take back what waits; what runs already ends by itself."""
        with self._lock:
            self._closed = True
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def _threads_of_ours(self) -> ThreadPoolExecutor:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # offline nothing is loaded ahead

            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="samebox-index")
        return self._pool

    def _load_ahead(self, key: K) -> None:
        with self._lock:
            slot = self._slots[key]
            if slot.taken:
                return
            slot.taken = True
        self._fill(slot, key)

    def _fill(self, slot: _Slot[V], key: K) -> None:
        try:
            slot.value = self._load(key)
        except ResolverError as error:
            slot.error = error
        except BaseException as error:
            # An interrupt or a fault of ours: others who wait for this key must not wait for ever.
            slot.error = error
            raise
        finally:
            slot.done.set()
