"""Poetry's lock (``poetry.lock``, lock-version 1.1, 2.0 and 2.1), read as a source of pins.

A file has a name and a hash, and no URL: ``samebox lock --complete`` looks for it in the indexes.

- 2.1 tells the groups of each package and, for each of them, when it is installed. An extra is a marker there, and a
  group of its name here.
- 1.1 and 2.0 do not tell what the project asks for: what no other package needs is taken as asked for, on all
  platforms, and so is each extra of a package that is locked as a whole. 1.1 has the categories ``main`` and ``dev``
  (so do the first releases that write 2.0); later ones tell no groups, and everything is ``main``.
- The file of a package is the best one for the platform, and for the newest Python that the lock allows and has all
  files for.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from packaging.specifiers import InvalidSpecifier

from resolver.errors import LockFormatError
from resolver.locks.formats.distributions import Place, locked
from resolver.locks.formats.poetry.constraints import constraint_sets
from resolver.locks.formats.poetry.document import Document, Metadata, constraints, entry_of, sets
from resolver.locks.formats.poetry.requests import groups_by_requests
from resolver.locks.formats.protocol import ANYTHING, Asked, LockFormat
from resolver.locks.formats.targets import Target, locked_platforms, targets_for
from resolver.locks.formats.toml_reader import read_toml
from resolver.model import Aspect, Lock, LockedPackage, Origin
from resolver.values import dataclass

__all__ = ["FORMAT"]

_WITH_GROUPS = "2.1"
_VERSIONS = ("1.1", "2.0", _WITH_GROUPS)
_SILENT_ON: frozenset[Aspect] = frozenset({"channels", "content_hash", "evidence", "files", "name", "sources"})


class _Versioned(msgspec.Struct):
    metadata: Metadata


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a ``poetry.lock`` for the platforms that are asked for. Raises ``LockFormatError``."""
    version = read_toml(text, source, _Versioned).metadata.lock_version
    if version not in _VERSIONS:
        raise LockFormatError(
            f"this lock has version {version[:20]} of Poetry's format, and this release reads {', '.join(_VERSIONS)}",
            origin=Origin(source=source),
            field="metadata.lock-version",
            hint="lock again with `poetry lock`",
        )
    document = read_toml(text, source, Document)
    pythons = sets(document.metadata.python_versions, Place(source=source, field="metadata.python-versions"))

    return Lock(
        platforms=locked_platforms(
            asked,
            lambda platform: targets_for(platform, pythons, source, asked=asked),
            lambda target: _Reading(document=document, target=target, source=source).packages(),
            source,
            made_for="all platforms",
        ),
        silent_on=_SILENT_ON,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One lock, read for one target. Packages are told by their number in the file."""

    document: Document
    target: Target
    source: str

    def packages(self) -> Iterator[LockedPackage]:
        if self.document.metadata.lock_version == _WITH_GROUPS:
            groups = {number: self._groups(number) for number in range(len(self.document.package))}
        else:
            groups = groups_by_requests(self.document, self.target, self.source)
        self._refuse_two_versions(groups)
        there = {self._place(n).name(self.document.package[n].name) for n, some in groups.items() if some}
        for number, some in groups.items():
            if some:
                entry = entry_of(self.document.package[number], self.document, self._place(number))
                yield locked(entry, self.target, groups=some, dependencies=self._dependencies(number, there))

    def _groups(self, number: int) -> set[str]:
        """The groups that install a package here; an extra, which only ``main`` has, is one of them."""
        package, place = self.document.package[number], self._place(number)
        found: set[str] = set()
        for group in package.groups:
            place.below("groups").name(group)
            markers = package.markers
            marker = markers.get(group) if isinstance(markers, dict) else markers
            always = self.target.holds(marker)
            if always:
                found.add(group)
            if marker is None or "extra" not in marker:
                continue
            for extra in self.document.extras:
                if self.target.holds(marker, extra=extra) != always:
                    self._refuse_change(number, extra, always)
                    found.add(place.name(extra))
        return found

    def _refuse_change(self, number: int, extra: str, always: bool) -> None:
        if always:
            raise self._place(number).error(
                f"with the extra {extra} this package is not installed: groups cannot tell this",
                hint=f"lock the environment with {extra} on its own",
            )

    def _refuse_two_versions(self, groups: dict[int, set[str]]) -> None:
        """A name has one version in each group, or two of them would be installed over each other."""
        seen: dict[tuple[str, str], int] = {}
        for number, some in groups.items():
            package = self.document.package[number]
            for group in some:
                first = seen.setdefault((self._place(number).name(package.name), group), number)
                if first != number:
                    raise self._place(number).error(
                        f"{package.name} {package.version} and {self.document.package[first].version} are both for "
                        f"{self.target.platform}, and the lock does not say which one is meant",
                        hint="lock again with a Poetry that tells markers (2.0 or later)",
                    )

    def _dependencies(self, number: int, there: set[str]) -> Iterator[tuple[str, str]]:
        """What a package needs here, those that its extras add included where they are locked."""
        package, place = self.document.package[number], self._place(number)
        for name, asked in constraints(package, place):
            active = ("", *package.extras)
            if name in there and any(self.target.holds(asked.markers, extra=extra) for extra in active):
                yield name, _as_pep440(asked.version)

    def _place(self, number: int) -> Place:
        return Place(source=self.source, field=f"package[{number}]")


def _as_pep440(constraint: str) -> str:
    """A constraint as a PEP 440 set; ``""`` where it is none, as for two that are joined by ``||``."""
    try:
        found = constraint_sets(constraint)
    except InvalidSpecifier:
        return ""
    return ",".join(sorted(str(part) for part in found[0])) if len(found) == 1 else ""


FORMAT = LockFormat(
    name="poetry", file_names=("poetry.lock", "*.poetry.lock"), parse=parse, write=None, silent_on=_SILENT_ON
)
