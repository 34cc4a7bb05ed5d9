"""Does a lock satisfy its manifest? Decided from the two alone: no network, no clock, nothing written.

A lock is *fresh* if on each platform every request is met by a locked package of its group, every dependency of a
locked package is met by another, and nothing is left over, in none of its groups. It is *stale* if that fails, and
*unknown* where the format does not keep what would decide it (extras or build numbers, in a conda-lock.yml without our
evidence): never fresh then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from resolver.conda import canonical_channel_url, constraint_matches, matches
from resolver.locks.graph import project_owners
from resolver.model import CondaSpec, EnvironmentSpec, Lock, LockedPackage, PypiRequirement
from resolver.names import NamesMap
from resolver.platforms import Platform, PythonTarget, newest_python
from resolver.roots import conda_roots, pep440_of, shown
from resolver.source_trees.git_url import parse_git_url
from resolver.values import dataclass

__all__ = ["Expected", "Satisfaction", "Shortfall", "satisfies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the lock should be for: the declared environment, with platforms and channels as they are settled.
    ``trees`` pairs the URL of each local folder with the digest that it has now."""

    spec: EnvironmentSpec
    platforms: tuple[Platform, ...]
    channels: tuple[str, ...]
    names: NamesMap
    python: str | None = None
    trees: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One reason why a lock is not fresh; ``origin`` is the line of the request, where there is one."""

    platform: str | None
    message: str
    origin: str | None = None
    undecided: bool = False

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin else ""
        on = f" ({self.platform})" if self.platform else ""
        return f"{where}{self.message}{on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """The verdict, with all reasons in a stable order."""

    shortfalls: tuple[Shortfall, ...]

    @property
    def status(self) -> Literal["fresh", "stale", "unknown"]:
        if not self.shortfalls:
            return "fresh"
        return "unknown" if all(s.undecided for s in self.shortfalls) else "stale"


def satisfies(lock: Lock, expected: Expected) -> Satisfaction:
    """Compare a lock with what it should be for. Raises ``LockFormatError`` for versions that are none."""
    shortfalls = [*_platforms(lock, expected), *_channels(lock, expected), *_variables(lock, expected)]
    have = {p.platform for p in lock.platforms}
    for platform in sorted(expected.platforms, key=lambda p: p.subdir):
        if platform.subdir in have:
            shortfalls.extend(dict.fromkeys(_Check(lock, expected, platform).run()))
    return Satisfaction(shortfalls=tuple(shortfalls))


def _platforms(lock: Lock, expected: Expected) -> Iterator[Shortfall]:
    have = {p.platform for p in lock.platforms}
    wanted = {p.subdir for p in expected.platforms}
    for platform in sorted(wanted - have):
        yield Shortfall(platform=platform, message="the platform is not locked")
    for platform in sorted(have - wanted):
        yield Shortfall(platform=platform, message="the platform is locked but no longer asked for")


def _channels(lock: Lock, expected: Expected) -> Iterator[Shortfall]:
    if not expected.spec.conda:
        return
    have = tuple(canonical_channel_url(channel) for channel in lock.channels)
    if have != expected.channels:
        yield Shortfall(
            platform=None,
            message=f"the channels are {', '.join(expected.channels)}, and the lock was made from {', '.join(have)}",
        )


def _variables(lock: Lock, expected: Expected) -> Iterator[Shortfall]:
    have = lock.evidence.variables if lock.evidence else ()
    if tuple(sorted(have)) != tuple(sorted(expected.spec.variables)):
        yield Shortfall(platform=None, message="the variables are not those that the lock holds")


class _Check:
    """The check of one platform."""

    def __init__(self, lock: Lock, expected: Expected, platform: Platform) -> None:
        self._platform = platform.subdir
        self._expected = expected
        packages = lock.on(platform.subdir).packages
        self._conda = {p.name: p for p in packages if p.kind == "conda"}
        self._pypi: dict[str, LockedPackage] = {canonicalize_name(p.name): p for p in packages if p.kind != "conda"}
        self._owners = project_owners(self._conda, expected.names)
        self._roots = dict(lock.evidence.roots).get(platform.subdir, ()) if lock.evidence else ()
        self._markers = platform.markers(self._python(lock))
        self._reached: dict[tuple[str, str], set[str]] = {}
        self._waiting: list[tuple[LockedPackage, str]] = []

    def run(self) -> Iterator[Shortfall]:
        yield from self._twice()
        for spec in conda_roots(self._expected.spec, self._platform):
            yield from self._conda_root(spec)
        for requirement in self._expected.spec.pip_on(self._platform):
            if self._applies(requirement.marker):
                yield from self._pip_root(requirement)
        yield from self._dropped_extras()
        while self._waiting:
            yield from self._dependencies(*self._waiting.pop(0))
        yield from self._left_over()

    # ---- requests

    def _conda_root(self, spec: CondaSpec) -> Iterator[Shortfall]:
        if spec.name.startswith("__"):
            return
        package = self._conda.get(spec.name)
        if package is None:
            yield self._short(f"{spec.name} is asked for and not locked", str(spec.origin))
            return
        self._reach(package, spec.group)
        if not matches(spec, package):
            yield self._short(f"{shown(spec)} is asked for, and {_said(package)} is locked", str(spec.origin))
        if spec.build_number is not None and not self._was_asked(str(spec), None, spec.group):
            yield self._undecided(
                f"whether {shown(spec)} has that build number is not kept in this lock", str(spec.origin)
            )
        yield from self._group(spec.group, package, str(spec.origin))

    def _pip_root(self, requirement: PypiRequirement) -> Iterator[Shortfall]:
        origin = str(requirement.origin)
        package = self._project(requirement.name)
        if package is None:
            yield self._short(f"{requirement.name} is asked for and not locked", origin)
            return
        self._reach(package, requirement.group)
        self._reach(self._conda.get("python", package), requirement.group)  # in which a wheel runs
        if requirement.url is not None:
            yield from self._place(requirement, requirement.url, package)
        elif requirement.url is None and not _within(requirement.specifier, package):
            yield self._short(f"{requirement} is asked for, and {_said(package)} is locked", origin)
        if requirement.hashes and f"sha256:{package.sha256}" not in requirement.hashes:
            yield self._short(f"{requirement.name} is locked with a hash that is not among those asked for", origin)
        if requirement.extras:
            yield from self._extras(requirement)
        yield from self._group(requirement.group, package, origin)

    def _place(self, requirement: PypiRequirement, url: str, package: LockedPackage) -> Iterator[Shortfall]:
        """A request that names a place, against the place that is locked."""
        origin = str(requirement.origin)
        if url.startswith("git+"):
            yield from self._repository(requirement, url, package)
        elif url.partition("#")[0] != package.url:
            yield self._short(f"{requirement.name} is asked for from {url}, and is locked from {package.url}", origin)
        elif package.kind == "directory" and dict(self._expected.trees).get(url, package.tree) != package.tree:
            yield self._short(f"the folder {url.removeprefix('file:')} changed since it was locked", origin)

    def _repository(self, requirement: PypiRequirement, url: str, package: LockedPackage) -> Iterator[Shortfall]:
        """What a branch or tag is now only the network knows: that it was asked for in these words is enough."""
        origin, asked = str(requirement.origin), parse_git_url(url)
        if package.kind != "vcs" or (asked.url, asked.subdirectory) != (package.url, package.subdirectory):
            have = package.url + (f"#subdirectory={package.subdirectory}" if package.subdirectory else "")
            yield self._short(f"{requirement.name} is asked for from {url}, and is locked from {have}", origin)
        elif asked.is_commit:
            if (asked.revision or "").lower() != package.commit:
                yield self._short(f"{requirement.name} is asked for at {asked.revision}, and is locked at "
                                  f"{package.commit}", origin)  # fmt: skip
        elif not self._was_asked(str(requirement), requirement.marker, requirement.group):
            message = (
                f"whether {asked.revision or 'its default branch'} of {asked.url} is {package.commit} is not known"
            )
            yield self._undecided(message, origin)

    def _extras(self, requirement: PypiRequirement) -> Iterator[Shortfall]:
        """Extras are not kept in a lock; that they were locked is told by the evidence alone."""
        if not self._was_asked(str(requirement), requirement.marker, requirement.group):
            message = f"whether {requirement} was locked with its extras is not kept in this lock"
            yield self._undecided(message, str(requirement.origin))
        for root in self._roots:
            if root.via == str(requirement) and root.group == requirement.group:
                yield from self._implied(Requirement(root.requirement), requirement)

    def _dropped_extras(self) -> Iterator[Shortfall]:
        """What an extra added stands in the lock as a need of its project: without the extra it may be left over."""
        asked = {(r.name, r.group, extra) for r in self._expected.spec.pip_on(self._platform) for extra in r.extras}
        for root in self._roots:
            then = Requirement(root.requirement) if root.kind == "pypi" and root.via is None else None
            name = canonicalize_name(then.name) if then is not None else ""
            for extra in sorted(map(canonicalize_name, then.extras)) if then is not None else ():
                if (name, root.group, extra) not in asked:
                    message = (
                        f"the extra [{extra}] of {name} is no longer asked for, and what it added may be left over"
                    )
                    yield self._undecided(message, None)

    def _implied(self, need: Requirement, requirement: PypiRequirement) -> Iterator[Shortfall]:
        package = self._project(need.name)
        if package is None or not _within(str(need.specifier), package):
            have = _said(package) if package else "not"
            yield self._short(f"{requirement} needs {need}, and {have} is locked", str(requirement.origin))
        if package is not None:
            self._reach(package, requirement.group)

    def _group(self, group: str, package: LockedPackage, origin: str) -> Iterator[Shortfall]:
        if group not in package.groups:
            yield self._short(f"{package.name} is asked for in group {group}, and is not locked in it", origin)

    # ---- what is locked

    def _twice(self) -> Iterator[Shortfall]:
        for project, owner in sorted(self._owners.items()):
            if project in self._pypi:
                yield self._short(f"{project} is locked twice: as a wheel, and in conda's {owner}")

    def _dependencies(self, package: LockedPackage, group: str) -> Iterator[Shortfall]:
        for name, constraint in package.dependencies:
            if name.startswith("__"):
                continue
            found = self._conda.get(name) if package.kind == "conda" else self._project(name)
            if found is None:
                yield self._short(f"{package.name} needs {name}, which is not locked")
                continue
            self._reach(found, group)
            fits = constraint_matches(constraint, found) if package.kind == "conda" else _within(constraint, found)
            if not fits:
                yield self._short(f"{package.name} needs {name} {constraint}, and {_said(found)} is locked")

    def _left_over(self) -> Iterator[Shortfall]:
        for package in sorted((*self._conda.values(), *self._pypi.values()), key=lambda p: (p.kind, p.name)):
            reached = self._reached.get((package.kind, package.name))
            if reached is None:
                yield self._short(f"{package.name} is locked, and nothing asks for it")
            for group in sorted(set(package.groups) - reached) if reached is not None else ():
                yield self._short(f"{package.name} is locked in group {group}, and nothing in it asks for it")

    # ---- small questions

    def _project(self, project: str) -> LockedPackage | None:
        name: str = canonicalize_name(project)
        owner = self._owners.get(name)
        return self._conda[owner] if owner is not None else self._pypi.get(name)

    def _reach(self, package: LockedPackage, group: str) -> None:
        groups = self._reached.setdefault((package.kind, package.name), set())
        if group not in groups:
            groups.add(group)
            self._waiting.append((package, group))

    def _python(self, lock: Lock) -> PythonTarget:
        conda = self._conda.get("python")
        if conda is not None:
            return PythonTarget.from_conda(conda.version, conda.build or "")
        locked = dict(lock.evidence.pythons).get(self._platform) if lock.evidence else None
        version = locked or self._expected.python
        return PythonTarget(version=version) if version else newest_python(self._expected.spec.requires_python)

    def _applies(self, marker: str | None) -> bool:
        if marker is None:
            return True
        from packaging.markers import Marker

        return Marker(marker).evaluate({**self._markers, "extra": ""})

    def _was_asked(self, requirement: str, marker: str | None, group: str) -> bool:
        """Whether the lock was made for exactly this request: then the solver has judged what a lock does not keep."""
        asked = (requirement, marker, group)
        return any((r.requirement, r.marker, r.group) == asked for r in self._roots if r.via is None)

    def _undecided(self, message: str, origin: str | None) -> Shortfall:
        return Shortfall(platform=self._platform, message=message, origin=origin, undecided=True)

    def _short(self, message: str, origin: str | None = None) -> Shortfall:
        return Shortfall(platform=self._platform, message=message, origin=origin)


def _within(specifier: str, package: LockedPackage) -> bool:
    if specifier in ("", "*"):
        return True
    if package.kind == "conda":
        version = pep440_of(package.version)
    else:
        try:
            version = Version(package.version)
        except InvalidVersion:
            return False
    return SpecifierSet(specifier).contains(version, prereleases=True)


def _said(package: LockedPackage) -> str:
    return " ".join(part for part in (package.name, package.version, package.build) if part)
