"""PDM's lock (``pdm.lock``, lock_version 4.4 and 4.5), read as a source of pins.

A file has a name and a hash, or (strategy ``static_urls``) a URL and a hash.

- With the strategy ``inherit_metadata`` each package has its groups and the marker by which it is installed. Without it
  the lock does not tell what the project asks for: what no other package needs is taken as asked for, on all platforms,
  and everything is ``main``.
- ``default`` is the group ``main``; extras and dependency groups are groups of their names.
- A package with extras is a package of its own there; what it adds to the one without is put together with it.
- A lock is for the platforms and Pythons of its ``targets``. One of before 4.5 is for all of them, or (without the
  strategy ``cross_platform``) for the one that it was made on, which it does not name: such a one is read for the one
  platform that is asked for. Nor does it tell a Python: that is the newest one that most of its wheels are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from resolver.errors import LockFormatError
from resolver.locks.formats.distributions import Entry, Place, locked
from resolver.locks.formats.pdm.document import Document, Metadata, Package, entry_of
from resolver.locks.formats.pdm.targets import targets_of
from resolver.locks.formats.protocol import ANYTHING, Asked, LockFormat
from resolver.locks.formats.targets import Target, locked_platforms
from resolver.locks.formats.toml_reader import read_toml
from resolver.locks.formats.walk import Step, likely_roots, walk
from resolver.model import MAIN, Aspect, Lock, LockedPackage, Origin
from resolver.values import dataclass, field

__all__ = ["FORMAT"]

_VERSION = re.compile(r"4\.[45](?:\.\d{1,4})?\Z", re.ASCII)
_DEFAULT = "default"
_LONGEST_REQUIREMENT = 8192
_SILENT_ON: frozenset[Aspect] = frozenset({"channels", "content_hash", "evidence", "files", "name", "sources"})


class _Versioned(msgspec.Struct):
    metadata: Metadata


def parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    """Read a ``pdm.lock`` for the platforms that are asked for. Raises ``LockFormatError``."""
    version = read_toml(text, source, _Versioned).metadata.lock_version
    if not _VERSION.match(version):
        raise LockFormatError(
            f"this lock has version {version[:20]} of PDM's format, and this release reads 4.4 and 4.5",
            origin=Origin(source=source),
            field="metadata.lock_version",
            hint="lock again with `pdm lock`",
        )
    document = read_toml(text, source, Document)
    metadata = document.metadata
    if not metadata.targets and not metadata.is_for_all_platforms and len(asked.platforms) != 1:
        raise LockFormatError(
            "this lock is for one platform, and does not say for which",
            origin=Origin(source=source),
            field="metadata.strategy",
            hint="name its platform with -p",
        )
    return Lock(
        platforms=locked_platforms(
            asked,
            lambda platform: targets_of(document, platform, source, asked),
            lambda target: _Reading(document=document, target=target, source=source).packages(),
            source,
            made_for=", ".join(target.platform or "all platforms" for target in metadata.targets)[:500],
        ),
        silent_on=_SILENT_ON,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One lock, read for one target. Packages are told by their number in the file."""

    document: Document
    target: Target
    source: str
    _requirements: dict[str, Requirement] = field(default_factory=dict)

    def packages(self) -> Iterator[LockedPackage]:
        """Packages with and without extras put together, and each with the names that it needs here."""
        groups = self._groups()
        together: dict[str, list[int]] = {}
        for number in groups:
            together.setdefault(self._place(number).name(self.document.package[number].name), []).append(number)
        for name, numbers in together.items():
            entries = [entry_of(self.document.package[number], self._place(number)) for number in numbers]
            entry = next((entry for entry in entries if entry.files), entries[0])
            self._refuse_others(entry, entries)
            needed = {
                (str(requirement.name), str(requirement.specifier))
                for number in numbers
                for requirement in self._needs(self.document.package[number])
            }
            there = {(key, constraint) for key, constraint in self._known(needed, together) if key != name}
            own = {group for number in numbers for group in groups[number]}
            yield locked(entry, self.target, groups=own, dependencies=there)

    def _known(self, needed: Iterable[tuple[str, str]], there: dict[str, list[int]]) -> Iterator[tuple[str, str]]:
        for written, constraint in needed:
            name = Place(source=self.source, field="package").name(written)
            if name in there:
                yield name, constraint

    def _refuse_others(self, entry: Entry, entries: Iterable[Entry]) -> None:
        for other in entries:
            if (other.version, other.kind, other.url, other.commit) != (
                entry.version,
                entry.kind,
                entry.url,
                entry.commit,
            ):
                raise other.place.error(
                    f"{entry.name} {entry.version} and {other.version} are both for {self.target.platform}, and the "
                    "lock does not say which one is meant",
                    hint="lock again with the strategy inherit_metadata",
                )

    def _groups(self) -> dict[int, set[str]]:
        """The groups of each package that is installed here."""
        if not self.document.metadata.has_groups:
            return {number: {MAIN} for number in self._reached()}
        found: dict[int, set[str]] = {}
        for number, package in enumerate(self.document.package):
            if self.target.holds(package.marker):
                place = self._place(number)
                if not package.groups:
                    raise place.error("a package without groups, and the lock has the strategy inherit_metadata")
                names = {place.below("groups").name(group) for group in package.groups}
                found[number] = {MAIN if name == _DEFAULT else name for name in names}
        return found

    def _reached(self) -> Iterable[int]:
        by_identity: dict[tuple[str, frozenset[str]], list[int]] = {}
        for number, package in enumerate(self.document.package):
            key = (self._place(number).name(package.name), frozenset(package.extras))
            by_identity.setdefault(key, []).append(number)

        def whatever_needed(number: int) -> Iterator[int]:
            for text in self.document.package[number].dependencies:
                yield from by_identity.get(self._identity(self._requirement(text)), ())

        def needs(step: Step) -> Iterator[Step]:
            for requirement in self._needs(self.document.package[step.index]):
                for other in by_identity.get(self._identity(requirement), ()):
                    fits = requirement.specifier.contains(self.document.package[other].version, prereleases=True)
                    if fits or requirement.url is not None:
                        yield Step(index=other)

        roots = likely_roots(len(self.document.package), whatever_needed)
        return walk((Step(index=root) for root in roots), needs)

    def _identity(self, requirement: Requirement) -> tuple[str, frozenset[str]]:
        name = Place(source=self.source, field="package.dependencies").name(requirement.name)
        return name, frozenset(requirement.extras)

    def _needs(self, package: Package) -> Iterator[Requirement]:
        for text in package.dependencies:
            requirement = self._requirement(text)
            if self.target.holds(str(requirement.marker) if requirement.marker is not None else None):
                yield requirement

    def _requirement(self, text: str) -> Requirement:
        if text not in self._requirements:
            try:
                if len(text) > _LONGEST_REQUIREMENT:
                    raise InvalidRequirement(f"it has more than {_LONGEST_REQUIREMENT} characters")
                # an editable of PDM is written as pip has it, and is told by its own package
                self._requirements[text] = Requirement(text.removeprefix("-e ").partition("#egg=")[0])
            except (InvalidRequirement, RecursionError) as error:
                reason = str(error).split("\n")[0]
                place = Place(source=self.source, field="package.dependencies")
                raise place.error(f"not a requirement: {text[:200]!r}: {reason}") from error
        return self._requirements[text]

    def _place(self, number: int) -> Place:
        return Place(source=self.source, field=f"package[{number}]")


FORMAT = LockFormat(name="pdm", file_names=("pdm.lock", "*.pdm.lock"), parse=parse, write=None, silent_on=_SILENT_ON)
