"""Loading many things at once, each of them once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from resolver.errors import ResolverError

__all__ = ["Pending"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Pending(Generic[K, V]):
    """Values by key, made by ``load`` in up to ``threads`` threads, or in the thread that needs one first.

    An error of ``load`` is kept like a value, and raised for whoever asks for that key.
    """

    def __init__(self, load: Callable[[K], V], threads: int) -> None:
        self._load = load
        self._threads = threads
        self._lock = threading.Lock()
        self._futures: dict[K, Future[V]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def get(self, key: K) -> V:
        """The value: at once if it is here, after joining the thread that loads it, or loaded in this
        thread."""
        with self._lock:
            future = self._futures.get(key)
            # One that waits behind others in the pool's queue is taken out of it: whoever asks needs it now.
            own = future is None or future.cancel()
            if future is None or own:
                future = self._futures[key] = Future()
                future.set_running_or_notify_cancel()
        if own:
            self._fill(future, key)
        return future.result()

    def prefetch(self, keys: Iterable[K]) -> None:
        """Begin to load what is not here yet. Returns at once."""
        with self._lock:
            for key in keys:
                if key not in self._futures and not self._closed:
                    if self._pool is None:
                        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="samebox-index")
                    self._futures[key] = self._pool.submit(self._load, key)

    def close(self) -> None:
        """Take back what waits; what runs already ends by itself."""
        with self._lock:
            self._closed = True
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def _fill(self, future: Future[V], key: K) -> None:
        try:
            future.set_result(self._load(key))
        except ResolverError as error:
            future.set_exception(error)
        except BaseException as error:
            # An interrupt or a fault of ours: others who wait for this key must not wait for ever.
            future.set_exception(error)
            raise
