"""Are the wheels of one platform a solution? Decided from their METADATA by ``packaging``, one requirement at a time.

The METADATA come through the package's reader of indexes (which has tests of its own); nothing else of it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from resolver.indexes import CoreMetadata, Index
from tests.real.asked import Requests
from tests.real.conda_checker import provided_projects
from tests.real.lockfiles import Row
from tests.real.targets import marker_environment, wheel_tags

__all__ = ["PypiCheck", "locked_twice"]

_Node = tuple[NormalizedName, str]
"""A project, and one of its extras or ``""``."""


def locked_twice(rows: Iterable[Row]) -> list[str]:
    """Projects that two rows bring, and names that one manager has twice on a platform."""
    owners: dict[str, list[str]] = {}
    for row in rows:
        projects = provided_projects(row) if row.manager == "conda" else {canonicalize_name(row.name)}
        for project in sorted(projects):
            owners.setdefault(project, []).append(f"{row.manager} {row.name}")
    twice = [f"{project}: {', '.join(by)}" for project, by in sorted(owners.items()) if len(by) > 1]
    return [text for text in twice if "pip " in text]


@dataclass(kw_only=True)
class PypiCheck:
    """The check of one platform; ``python`` is the full version of the Python that is locked."""

    rows: tuple[Row, ...]
    platform: str
    python: str
    index: Index
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._wheels = {canonicalize_name(row.name): row for row in self.rows if row.manager == "pip"}
        self._conda = {p: row for row in self.rows if row.manager == "conda" for p in provided_projects(row)}
        self._environment = marker_environment(self.platform, self.python)
        self._reached: set[_Node] = set()

    def run(self, requests: Requests) -> list[str]:
        """What is wrong, as sentences; an empty list for a solution with nothing in it that nobody needs."""
        tags = wheel_tags(self.platform, self.python)
        for name, row in self._wheels.items():
            self._check_file(name, row, tags)
        waiting = list(self._edges("the manifest", requests.pip, ""))
        while waiting:
            identifier = waiting.pop()
            if identifier not in self._reached:
                self._reached.add(identifier)
                waiting.extend(self._needs_of(*identifier))
        for constraint in requests.constraints:
            self._check_version("the constraints", constraint)
        unneeded = sorted(set(self._wheels) - {name for name, _ in self._reached})
        self.problems.extend(f"nothing needs {name}" for name in unneeded)
        return self.problems

    def _check_file(self, name: NormalizedName, row: Row, tags: frozenset[Tag]) -> None:
        found_name, version, _, have = parse_wheel_filename(row.file_name)
        if (found_name, version) != (name, Version(row.version)):
            self.problems.append(f"{row.file_name} is not {name} {row.version}")
        if not tags & have:
            self.problems.append(f"{row.file_name} is not for {self.platform} with Python {self.python}")
        requires_python = self._metadata(name).requires_python or ""
        if not SpecifierSet(requires_python).contains(self.python):
            self.problems.append(f"{row.file_name} needs Python {requires_python}")

    def _needs_of(self, name: NormalizedName, extra: str) -> Iterator[_Node]:
        if name in self._conda and not extra:
            return  # what conda's package needs is conda's affair
        requirements = map(Requirement, self._metadata(name).requires_dist)
        yield from self._edges(f"{name}[{extra}]" if extra else name, requirements, extra)

    def _edges(self, who: str, requirements: Iterable[Requirement], extra: str) -> Iterator[_Node]:
        for requirement in requirements:
            if requirement.marker and not requirement.marker.evaluate({**self._environment, "extra": extra}):
                continue
            name = canonicalize_name(requirement.name)
            if name not in self._wheels and name not in self._conda:
                self.problems.append(f"{who} needs {requirement}, which is not locked")
                continue
            self._check_version(who, requirement)
            yield (name, "")
            yield from ((name, canonicalize_name(wanted)) for wanted in requirement.extras)

    def _check_version(self, who: str, requirement: Requirement) -> None:
        name = canonicalize_name(requirement.name)
        row = self._wheels.get(name) or self._conda.get(name)
        if row is None:
            return
        try:
            fits = requirement.specifier.contains(Version(row.version), prereleases=True)
        except InvalidVersion:
            fits = not requirement.specifier
        if not fits:
            self.problems.append(f"{who} needs {requirement}, and {row.version} is locked")

    def _metadata(self, name: NormalizedName) -> CoreMetadata:
        """Of the locked wheel; of any wheel of the version where conda provides the project."""
        page = self.index.page(name)
        assert page is not None, f"the index has no {name}"
        row = self._wheels.get(name)
        if row is not None:
            (file,) = (f for f in page.files if f.url == row.url)
            assert file.sha256 == row.sha256, f"{row.url}: the index has another hash"
            return self.index.metadata(file)
        version = Version(self._conda[name].version)
        file = next(f for f in page.files if f.filename.endswith(".whl") and _version(f.filename) == version)
        return self.index.metadata(file)


def _version(filename: str) -> Version | None:
    try:
        return parse_wheel_filename(filename)[1]
    except (ValueError, InvalidVersion):
        return None
