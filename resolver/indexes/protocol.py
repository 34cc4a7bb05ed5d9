"""What an index of Python projects is, and the values that it gives.

Files and metadata are named tuples: msgspec, which reads thousands of them, makes these as fast as its own structs, and
whoever finds all that is needed noted (``ProjectState``) need not import it. A change of their fields needs a new
``cache.SCHEMA``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from resolver.errors import IndexUnavailable
from resolver.light_typing import TYPE_CHECKING, NamedTuple, Protocol
from resolver.values import dataclass

if TYPE_CHECKING:
    from typing import TypeGuard

    from resolver.indexes.releases import Page

__all__ = [
    "CoreMetadata",
    "DistributionFile",
    "Index",
    "InvalidMetadata",
    "NeedsBuild",
    "NotingIndex",
    "ProjectPage",
    "ProjectState",
    "keeps_notes",
]


class InvalidMetadata(IndexUnavailable):
    """The metadata of one file cannot be used: a solver rejects that candidate and goes on with the next."""


class NeedsBuild(InvalidMetadata):
    """Only a build can tell the metadata: what is there does not promise to be what a build would say (PEP 643)."""


class DistributionFile(NamedTuple):
    """One file of a project page (PEP 503, 592, 658, 691, 700, 714).

    ``url`` is absolute and canonical, without fragment and credentials; ``size`` is in bytes;
    ``requires_python`` is as the index gives it, unchecked; ``yanked`` is the reason (``""``: none given) or
    ``None`` where it is not yanked; ``upload_time`` is RFC 3339; ``metadata_sha256`` is that of the
    ``.metadata`` file beside it, ``""`` where one is promised without hash, ``None`` where none is.
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: str | None = None
    upload_time: str | None = None
    metadata_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """All files of a project, in the order of the index. ``name`` is normalised (PEP 503), ``index`` the
    canonical URL of the index."""

    name: str
    index: str
    files: tuple[DistributionFile, ...]


class CoreMetadata(NamedTuple):
    """What a solver needs of METADATA. ``name`` is normalised; ``requires_dist`` are valid PEP 508
    requirements, ``requires_python`` a valid PEP 440 set; extras are as they are spelled there."""

    name: str
    version: str
    requires_python: str | None = None
    requires_dist: tuple[str, ...] = ()
    provides_extra: tuple[str, ...] = ()


class ProjectState(NamedTuple):
    """A page without its content. ``stamp`` changes whenever the page does, and is ``None`` where nobody can tell.
    ``note`` is what was noted about the page as it is now."""

    stamp: str | None = None
    note: str | None = None


class Index(Protocol):
    """A source of projects. All methods may be called from several threads."""

    @property
    def url(self) -> str:
        """The canonical URL, with a trailing slash."""

    def page(self, name: str) -> Page | None:
        """The page of a project, or ``None`` where the index has none. Raises ``IndexUnavailable``."""

    def metadata(self, file: DistributionFile) -> CoreMetadata:
        """The metadata of a wheel, or the static ones of an sdist. Raises ``NeedsBuild``, ``InvalidMetadata``,
        ``IntegrityError`` or ``IndexUnavailable``."""

    def prefetch(self, names: Iterable[str]) -> None:
        """A hint that these pages will be asked for. Does not block; errors show when they are asked for."""

    def prefetch_metadata(self, files: Iterable[DistributionFile]) -> None:
        """The same for metadata."""

    def close(self) -> None:
        """End what the index does in the background."""


class NotingIndex(Index, Protocol):
    """An index that keeps notes on its pages: what follows from a page as it is, so that it need not be read again."""

    def state(self, name: str, context: str) -> ProjectState | None:
        """What can be said of a project's page without reading it, and what was noted about it under ``context``;
        ``None`` where the index has no such project. Raises ``IndexUnavailable``."""

    def keep_notes(self, context: str, notes: Mapping[str, tuple[str, str]]) -> None:
        """Keep a note on the pages of these projects, each with the stamp of the page that it is about."""


def keeps_notes(index: Index) -> TypeGuard[NotingIndex]:
    """Whether it is one of those: a protocol that is asked at run time would cost the import of ``typing``."""
    return hasattr(index, "keep_notes")
