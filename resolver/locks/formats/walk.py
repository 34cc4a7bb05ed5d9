"""A walk through the packages of a lock that lists what each of them needs, and each of their extras."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from resolver.values import dataclass

__all__ = ["Reached", "Step", "likely_roots", "walk"]

Reached = dict[int, set[int]]
"""Package → the packages that it needs. Packages are told by their number in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A package, or (``extra``) what one of its extras adds to it."""

    index: int
    extra: str | None = None


def walk(starts: Iterable[Step], needs: Callable[[Step], Iterable[Step]]) -> Reached:
    """Every package that can be reached, with what it needs."""
    reached: Reached = {}
    waiting = list(dict.fromkeys(starts))
    seen = set(waiting)
    while waiting:
        step = waiting.pop()
        below = reached.setdefault(step.index, set())
        for other in needs(step):
            below.add(other.index)
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return reached


def likely_roots(count: int, needs: Callable[[int], Iterable[int]]) -> list[int]:
    """What a lock that does not tell its requests was probably made for: of its packages (by their numbers below
    ``count``) those that no other needs, and the first of each circle that nothing outside of it needs. ``needs`` gives
    all that a package may need, whatever its markers say."""
    needed = {other for index in range(count) for other in needs(index) if other != index}
    roots = [index for index in range(count) if index not in needed]
    reached: set[int] = set()
    for index in [*roots, *range(count)]:
        if index not in reached:
            if index in needed:
                roots.append(index)
            _reach(index, needs, reached)
    return roots


def _reach(index: int, needs: Callable[[int], Iterable[int]], reached: set[int]) -> None:
    waiting = [index]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting.extend(needs(here))
