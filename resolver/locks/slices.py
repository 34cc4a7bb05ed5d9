"""The canonical slice of a lock: what one platform installs for some groups, and nothing else.

A slice is what ``prefix/slice_installer.py`` reads, on this machine or in a Docker build. It has no evidence, no
comments and no tool versions, so that the same artifacts always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from resolver.canonicalizer import canonical_json
from resolver.errors import IntegrityError, NotRepresentable
from resolver.locks.dependencies import merged
from resolver.model import Artifact, Lock, LockedPackage

__all__ = ["SLICE_VERSION", "artifacts_of", "file_name_of", "required_glibc", "slice_of"]

SLICE_VERSION = 1

_INSTALLABLE = ("conda", "pypi", "archive")


def slice_of(lock: Lock, platform: str, groups: Iterable[str]) -> bytes:
    """The slice as RFC 8785 JSON and a newline:
    ``{"slice", "platform", "python", "glibc", "packages": [{kind, name, version, build, subdir, file_name, url,
    sha256, depends}]}``.

    ``python`` is the version that the wheels were chosen for (``""`` where the lock does not say), ``glibc`` the
    least glibc that a machine must have (``""``: none). Raises ``NotRepresentable`` naming all packages that
    cannot be installed without being built, ``IntegrityError`` for those without sha256.
    """
    packages = lock.on(platform).in_groups(groups)
    refused = [f"{p.name} ({p.kind})" for p in packages if p.kind not in _INSTALLABLE or _is_source(p)]
    if refused:
        raise NotRepresentable(
            f"these packages must be built and cannot be installed as they are: {', '.join(refused)}",
            hint="lock wheels of them",
        )
    entries = sorted((_entry(p) for p in packages), key=lambda e: (e["kind"], e["name"], e["sha256"]))
    body = {
        "slice": SLICE_VERSION,
        "platform": platform,
        "python": _python(lock, platform, packages),
        "glibc": required_glibc(lock, platform),
        "packages": entries,
    }
    return canonical_json(body) + b"\n"


def artifacts_of(lock: Lock, platform: str, groups: Iterable[str]) -> tuple[Artifact, ...]:
    """What must be fetched to install that slice, in the lock's order."""
    return tuple(_artifact(p) for p in lock.on(platform).in_groups(groups))


def file_name_of(package: LockedPackage) -> str:
    """The file's name: the locked one, else the last part of the URL's path."""
    return package.file_name or unquote(urlsplit(package.url).path.rsplit("/", 1)[-1])


def required_glibc(lock: Lock, platform: str) -> str:
    """The ``__glibc`` that the lock was solved for on a linux platform, or ``""``."""
    if lock.evidence is None or not platform.startswith("linux-"):
        return ""
    virtual = dict(lock.evidence.virtual_packages).get(platform, ())
    return next((p.version for p in virtual if p.name == "__glibc"), "")


def _python(lock: Lock, platform: str, packages: Iterable[LockedPackage]) -> str:
    conda = next((p.version for p in packages if p.kind == "conda" and p.name == "python"), None)
    if conda is not None or lock.evidence is None:
        return conda or ""
    return dict(lock.evidence.pythons).get(platform, "")


def _is_source(package: LockedPackage) -> bool:
    return package.kind in ("pypi", "archive") and not file_name_of(package).endswith(".whl")


def _entry(package: LockedPackage) -> dict[str, object]:
    return {
        "kind": package.kind,
        "name": package.name,
        "version": package.version,
        "build": package.build or "",
        "subdir": package.subdir or "",
        "file_name": file_name_of(package),
        "url": package.url,
        "sha256": _artifact(package).sha256,
        "depends": _conda_depends(package),
    }


def _conda_depends(package: LockedPackage) -> list[str]:
    if package.kind != "conda":
        return []
    return sorted(f"{name} {constraint}".strip() for name, constraint in merged(package.dependencies).items())


def _artifact(package: LockedPackage) -> Artifact:
    artifact = package.artifact
    if artifact is None:
        raise IntegrityError(
            f"{package.name} {package.version} has no sha256: it cannot be checked",
            hint="`samebox lock --complete LOCK` looks up what is missing",
        )
    return artifact
