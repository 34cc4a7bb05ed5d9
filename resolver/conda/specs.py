"""Matching: does a locked package satisfy a spec?"""

from __future__ import annotations

import re
from functools import lru_cache

from rattler import MatchSpec, Version, VersionSpec
from rattler.exceptions import InvalidMatchSpecError, InvalidVersionError, InvalidVersionSpecError

from resolver.conda.records import CondaRecord
from resolver.errors import LockFormatError, ManifestError
from resolver.model import CondaSpec, LockedPackage
from resolver.transport.urls import without_credentials
from resolver.values import replace

__all__ = ["constraint_matches", "match_spec", "matches", "name_spec", "parse_constraint", "record_matches"]


@lru_cache(maxsize=4096)
def match_spec(spec: CondaSpec) -> MatchSpec:
    """The spec for the solver. Raises ``ManifestError`` with its origin if rattler refuses it."""
    bare = replace(spec, channel=without_credentials(spec.channel)) if spec.channel is not None else spec
    try:
        return MatchSpec(str(bare), strict=True)
    except InvalidMatchSpecError as error:
        raise ManifestError(f"{spec}: not a conda spec: {error}", origin=spec.origin) from error


@lru_cache(maxsize=4096)
def name_spec(spec: CondaSpec) -> MatchSpec:
    """What the solver is given as a root: the name, and the channel if one is named. The rest goes beside it as a
    constraint, because py-rattler drops the records that a root does not match before it looks at channel priority,
    and would then take from a later channel what the first one has in another version only."""
    return match_spec(CondaSpec(name=spec.name, channel=spec.channel, origin=spec.origin))


def matches(spec: CondaSpec, package: LockedPackage) -> bool:
    """Whether a locked conda package is what the spec asks for (its channel is judged by the URL)."""
    if package.kind != "conda" or package.name != spec.name:
        return False
    hashes = ((spec.sha256, package.sha256), (spec.md5, package.md5))
    if any(wanted is not None and wanted != have for wanted, have in hashes):
        return False
    if spec.subdir is not None and spec.subdir != package.subdir:
        return False
    if spec.channel is not None and not _from_channel(spec.channel, package.url):
        return False
    return _version_and_build(spec.version, spec.build, package)


def constraint_matches(constraint: str, package: LockedPackage) -> bool:
    """Whether a package satisfies the constraint part of another's dependency: ``>=1.2,<2 py312*``."""
    version, build = parse_constraint(constraint)
    return _version_and_build(version, build, package)


def record_matches(spec: str, record: CondaRecord) -> bool:
    """Whether a record is what a MatchSpec (as it stands in another record's depends or constrains) asks for."""
    parsed = MatchSpec(spec)
    if parsed.version is not None and not _version_spec(str(parsed.version)).matches(_version(record.version)):
        return False
    return parsed.build is None or _glob(str(parsed.build), record.build)


def parse_constraint(constraint: str) -> tuple[str | None, str | None]:
    """``VERSION [BUILD]`` apart; ``*`` and nothing mean any."""
    parts = constraint.split()
    version = parts[0] if parts and parts[0] != "*" else None
    build = parts[1] if len(parts) > 1 and parts[1] != "*" else None
    return version, build


def _from_channel(channel: str, url: str) -> bool:
    from resolver.conda.urls import canonical_channel_url

    return url.startswith(without_credentials(canonical_channel_url(channel)) + "/")


def _version_and_build(version: str | None, build: str | None, package: LockedPackage) -> bool:
    if version is not None and not _version_spec(version).matches(_version(package.version)):
        return False
    return build is None or (package.build is not None and _glob(build, package.build))


def _glob(pattern: str, build: str) -> bool:
    """A build is matched exactly, by ``*`` globs, or by a regular expression written ``^…$`` (CEP 29)."""
    if pattern.startswith("^") and pattern.endswith("$"):
        return re.search(pattern, build) is not None
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), build) is not None


@lru_cache(maxsize=16384)
def _version(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersionError as error:
        raise LockFormatError(f"not a conda version: {version!r}") from error


@lru_cache(maxsize=16384)
def _version_spec(spec: str) -> VersionSpec:
    try:
        return VersionSpec(spec)
    except InvalidVersionSpecError as error:
        raise LockFormatError(f"not a conda version spec: {spec!r}") from error
