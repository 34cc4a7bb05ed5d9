"""Wheels that a manifest names by URL or path, instead of leaving the choice to an index (PEP 508, PEP 440)."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag, urlsplit

from resolver.errors import IndexUnavailable, IntegrityError, ManifestError, NotRepresentable
from resolver.indexes import CoreMetadata, DistributionFile
from resolver.indexes.core_metadata import parse_core_metadata
from resolver.indexes.wheel_metadata import read_wheel_metadata
from resolver.model import PypiRequirement
from resolver.transport import Transport

__all__ = ["DirectFile", "read_direct_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectFile:
    """One wheel at a URL (``https://…`` or ``file:///…``, without fragment), the sha256 of its bytes and its
    metadata."""

    url: str
    filename: str
    sha256: str
    size: int | None
    metadata: CoreMetadata


def read_direct_files(requirements: Iterable[PypiRequirement], transport: Transport) -> dict[str, DirectFile]:
    """The wheels of all requirements that have a URL, by that URL as it is written there.

    Raises ``NotRepresentable`` for what is not a wheel, ``IntegrityError`` where the bytes are not those that the
    requirement names, ``ManifestError`` where the wheel is of another project.
    """
    found: dict[str, DirectFile] = {}
    for requirement in requirements:
        if requirement.url is not None and requirement.url not in found:
            found[requirement.url] = _read(requirement, requirement.url, transport)
    return found


def _read(requirement: PypiRequirement, written: str, transport: Transport) -> DirectFile:
    url, fragment = urldefrag(written)
    filename = posixpath.basename(unquote(urlsplit(url).path))
    if url.startswith("git+") or not filename.endswith(".whl"):
        raise NotRepresentable(
            f"{requirement.origin}: {requirement.name} is asked for from {url}, which is not a wheel",
            hint="build a wheel of it and name that, or publish it to an index",
        )
    promised = _promised(requirement, fragment)
    sha256, size = (promised, None) if promised is not None else _hash_of_all(url, transport)
    file = DistributionFile(filename=filename, url=url, sha256=sha256, size=size)
    metadata = parse_core_metadata(read_wheel_metadata(file, transport), filename=filename)
    if metadata.name != requirement.name:
        raise ManifestError(f"{requirement.name} is asked for from {url}, a wheel of {metadata.name}",
                            origin=requirement.origin)  # fmt: skip
    return DirectFile(url=url, filename=filename, sha256=sha256, size=size, metadata=metadata)


def _promised(requirement: PypiRequirement, fragment: str) -> str | None:
    """The sha256 that the manifest gives. It is checked when the file is fetched to be installed."""
    hashes = [h for h in (*requirement.hashes, fragment.replace("=", ":", 1)) if h.startswith("sha256:")]
    if len(set(hashes)) > 1:
        raise IntegrityError(f"{requirement.origin}: {requirement.name} is asked for with two sha256s")
    return hashes[0].removeprefix("sha256:").lower() if hashes else None


def _hash_of_all(url: str, transport: Transport) -> tuple[str, int]:
    """Without a promise the whole file must be read to know what is locked."""
    response = transport.get(url)
    if response.status != 200:
        raise IndexUnavailable(f"{url}: not found", hint="check the URL or the path")
    return hashlib.sha256(response.body).hexdigest(), len(response.body)
