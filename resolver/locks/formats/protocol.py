"""What a lock format is."""

from __future__ import annotations

from collections.abc import Callable

from resolver.errors import NotRepresentable
from resolver.light_typing import TYPE_CHECKING
from resolver.model import Aspect, Lock
from resolver.values import dataclass

if TYPE_CHECKING:
    from typing import Protocol

    from resolver.platforms import Platform

    class Parse(Protocol):
        """Text to lock. Raises ``LockFormatError`` with the source and the line or field at fault."""

        def __call__(self, text: str, source: str, asked: Asked = ...) -> Lock: ...


__all__ = ["ANYTHING", "Asked", "Fitted", "LockFormat", "Loss", "everything_fits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader wants of a file: which of several ``environments`` (``None``: the only one, or the one that the
    format calls its default), and for which ``platforms`` and which ``python`` (``3.12``, ``3.12.4``; ``None``: the
    newest that the file allows) where the file itself names none. With ``some_platforms`` those of them that a file
    is not made for are left out; it is an error else."""

    environment: str | None = None
    platforms: tuple[Platform, ...] = ()
    python: str | None = None
    some_platforms: bool = False


ANYTHING = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that a format has no place for. ``packages`` are the names of those that it is about, sorted."""

    message: str
    packages: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.message}: {', '.join(self.packages)}" if self.packages else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What of a lock a format can carry, and what not. Aspects (``silent_on``) are no losses: the evidence beside the
    lock keeps them."""

    lock: Lock
    losses: tuple[Loss, ...] = ()


def everything_fits(lock: Lock) -> Fitted:
    """For formats that have a place for all that a lock can hold."""
    return Fitted(lock=lock)


def _no_environments(text: str, source: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFormat:
    """One format. ``file_names`` are globs, the usual one first.

    ``write`` turns a lock that ``fit`` has left as it is into text, and is ``None`` for formats that are only read.
    ``silent_on`` are the aspects that it has no place for: the reader leaves them empty and says so in the lock.
    ``environments`` lists the names of those in a file that can hold several. ``losses`` are those of ``fit``, for
    a format that finds them at less cost.
    """

    name: str
    file_names: tuple[str, ...]
    parse: Parse
    write: Callable[[Lock], str] | None
    fit: Callable[[Lock], Fitted] = everything_fits
    silent_on: frozenset[Aspect] = frozenset()
    environments: Callable[[str, str], tuple[str, ...]] = _no_environments
    losses: Callable[[Lock], tuple[Loss, ...]] | None = None

    def render(self, lock: Lock) -> str:
        """The text of a lock: equal locks give equal bytes. Raises ``NotRepresentable`` naming all that would be
        lost."""
        if self.write is None:
            raise NotRepresentable(f"{self.name} is read, and not written", hint="write another format")
        losses = self.fit(lock).losses if self.losses is None else self.losses(lock)
        if losses:
            raise NotRepresentable(
                f"{self.name} has no place for all of this lock: {'; '.join(map(str, losses))}",
                hint="write another format, or accept the loss with --allow-loss",
            )
        return self.write(lock)
