"""The identity of a lock: Lock → canonical bytes → Digest (``samebox/lock/1``).

Two locks have one digest if and only if they install the same artifacts, per platform and group. The canonical
form is JSON by RFC 8785, of strings and lists only; for those the standard library's encoder gives the same bytes
(the ``rfc8785`` package is the oracle in the tests). Format, order, URLs, evidence and times never enter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

from resolver.errors import IntegrityError, NotRepresentable
from resolver.hashes import sha256
from resolver.model import MAIN, Digest, Lock, LockedPackage
from resolver.plain import normal_version, normalize

__all__ = [
    "ENVIRONMENT_DOMAIN",
    "IMAGE_DOMAIN",
    "LOCK_DOMAIN",
    "canonical_bytes",
    "canonical_json",
    "digest",
    "image_key",
]

LOCK_DOMAIN = "samebox/lock/1"
ENVIRONMENT_DOMAIN = "samebox/environment/1"
IMAGE_DOMAIN = "samebox/image/1"

_COMPLETE = "`samebox lock --complete LOCK` looks up what is missing; `samebox lock` locks anew from the manifest"

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def digest(lock: Lock, *, platform: str | None = None, groups: Iterable[str] | None = None) -> Digest:
    """The digest of the whole lock, or of what one ``platform`` installs for ``groups`` (default: ``main``).

    Raises ``IntegrityError`` if a package has no sha256, and ``NotRepresentable`` for a group that the lock
    does not have.
    """
    if platform is None:
        if groups is not None:
            raise ValueError("groups select part of one platform: give the platform too")
        return Digest(domain=LOCK_DOMAIN, hex=sha256(canonical_bytes(lock)).hexdigest())
    wanted = tuple(groups) if groups is not None else (MAIN,)
    _require_groups(lock, wanted)
    packages = [_without_groups(_canonical(p)) for p in lock.on(platform).in_groups(wanted)]
    body = {"domain": ENVIRONMENT_DOMAIN, "platform": platform, "packages": _sorted(packages)}
    return Digest(domain=ENVIRONMENT_DOMAIN, hex=sha256(canonical_json(body)).hexdigest())


def canonical_bytes(lock: Lock) -> bytes:
    """The canonical form of the whole lock, over all its groups."""
    platforms = {p.platform: _sorted([_canonical(package) for package in p.packages]) for p in lock.platforms}
    return canonical_json({"domain": LOCK_DOMAIN, "platforms": platforms})


def image_key(
    *,
    environments: Mapping[str, Digest],
    docker: Mapping[str, object],
    base: str,
    application: str,
    installer: int,
) -> Digest:
    """The key of an image: a function of what is locked and of what is asked, never of tools or times.

    ``environments`` are the digests by platform, ``docker`` the normalised section (strings, lists and maps),
    ``base`` the digest of the base image, ``application`` a tree digest or ``""``, ``installer`` the epoch of
    the bytes that an install leaves.
    """
    if not base.startswith("sha256:"):
        raise IntegrityError(
            f"the base image {base!r} has no digest, so the image has no key",
            hint="name the base image by digest: NAME@sha256:…",
        )
    body = {
        "domain": IMAGE_DOMAIN,
        "environments": {platform: str(value) for platform, value in environments.items()},
        "docker": docker,
        "base": base,
        "application": application,
        "installer": installer,
    }
    return Digest(domain=IMAGE_DOMAIN, hex=sha256(canonical_json(body)).hexdigest())


def canonical_json(value: object) -> bytes:
    """RFC 8785 bytes of a value made of maps with ASCII keys, lists, strings, booleans and small integers."""
    return _ENCODER.encode(value).encode()


def _canonical(package: LockedPackage) -> dict[str, object]:
    fields = {"kind": package.kind, "groups": sorted(package.groups)}
    match package.kind:
        case "conda":
            return {**fields, "name": package.name.lower(), "version": package.version, "sha256": _hash(package)}
        case "pypi":
            return {**fields, "name": normalize(package.name), "version": _pep440(package), "sha256": _hash(package)}
        case "archive":
            return {**fields, "name": normalize(package.name), "sha256": _hash(package)}
        case "vcs":
            return {**fields, **_vcs(package)}
        case "directory":
            return {**fields, "name": normalize(package.name), "tree": _tree(package)}


def _vcs(package: LockedPackage) -> dict[str, object]:
    if package.commit is None:
        raise IntegrityError(f"{package.name} is locked to {package.url} without a commit", hint=_COMPLETE)
    return {
        "name": normalize(package.name),
        "vcs": "git",
        "url": _plain_url(package.url),
        "commit": package.commit.lower(),
        "subdirectory": package.subdirectory or "",
    }


def _plain_url(url: str) -> str:
    """A repository's URL without credentials, query, fragment, a trailing ``.git`` or ``/``."""
    parts = urlsplit(url.removeprefix("git+"))
    host = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/").removesuffix(".git").rstrip("/")
    return urlunsplit((parts.scheme, host, path, "", ""))


def _tree(package: LockedPackage) -> str:
    if package.tree is None:
        raise IntegrityError(f"{package.name} is a folder without a tree digest", hint=_COMPLETE)
    return package.tree


def _hash(package: LockedPackage) -> str:
    if package.sha256 is None:
        lacks = f"is one of {len(package.candidates)} files" if package.candidates else "has no sha256"
        raise IntegrityError(
            f"{package.name} {package.version} ({package.subdir or package.kind}) {lacks}, so the lock has no identity",
            hint=_COMPLETE,
        )
    return package.sha256


def _pep440(package: LockedPackage) -> str:
    try:
        return normal_version(package.version)
    except ValueError:  # packaging's InvalidVersion, which is not imported for this alone
        raise IntegrityError(f"{package.name} is locked at {package.version!r}, not a PEP 440 version") from None


def _without_groups(entry: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if key != "groups"}


def _sorted(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    """The entries in the order of their own canonical bytes, which is that of their text."""
    return sorted(entries, key=_ENCODER.encode)


def _require_groups(lock: Lock, wanted: tuple[str, ...]) -> None:
    missing = sorted(set(wanted) - set(lock.groups) - {MAIN})
    if missing:
        raise NotRepresentable(
            f"the lock has no group {', '.join(missing)}", hint=f"it has: {', '.join(lock.groups) or 'none'}"
        )
