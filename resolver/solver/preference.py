"""In which order the files of a project are preferred, for what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from resolver.light_typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from resolver.indexes import DistributionFile
    from resolver.solver.pins import ProjectPin
    from resolver.solver.projects import ProjectFiles

__all__ = ["Asked", "hashes_of", "preferred_files"]


class Asked(NamedTuple):
    """What is asked of one project: all specifier sets, constraints included; those of them that people wrote, who may
    ask for pre-releases by naming one; the hashes (``sha256:hex``) of which a file must have one, if any."""

    specifiers: Sequence[str]
    by_people: Sequence[str] = ()
    hashes: frozenset[str] | None = None
    prereleases: bool = False


def preferred_files(
    files: ProjectFiles, asked: Asked, pin: ProjectPin | None = None
) -> Iterator[tuple[int, DistributionFile]]:
    """The ranks that all specifiers admit, each with its file: the pin, then the newest first, those late that have an
    sdist alone, pre-releases only where PEP 440 lets them count."""
    from resolver.solver.versions import is_pin, names_prerelease, ranks  # whoever finds all noted needs no versions

    ranked = files.project.ranked
    mask = ranked.all
    for specifier in asked.specifiers:
        mask &= ranked.admitted(specifier)
    exact = any(is_pin(specifier) for specifier in asked.specifiers)
    all_alike = asked.prereleases or any(map(names_prerelease, asked.by_people))
    pinned = pin.rank_in(ranked) if pin is not None else None
    for group in [mask] if all_alike else [mask & ~ranked.prereleases, mask & ranked.prereleases]:
        some = False
        late: list[tuple[int, DistributionFile]] = []
        for rank in _pinned_first(ranks(group), pinned):
            file = pin.file_of(files, rank, asked.hashes) if pin is not None and rank == pinned else None
            file = file or files.best(rank, yanked=exact, hashes=asked.hashes)
            if file is None:
                continue
            if not some:
                files.prefetch(file)
            some = True
            if files.is_late(file) and rank != pinned:
                late.append((rank, file))
            else:
                yield rank, file
        yield from late
        if some:
            return


def _pinned_first(ranks: list[int], pinned: int | None) -> list[int]:
    return [pinned, *(rank for rank in ranks if rank != pinned)] if pinned is not None and pinned in ranks else ranks


def hashes_of(several: Iterable[Sequence[str]]) -> frozenset[str] | None:
    """The hashes of which a file must have one, where each of several needs may name some; ``None`` where none does."""
    named = [frozenset(hashes) for hashes in several if hashes]
    return frozenset.intersection(*named) if named else None
