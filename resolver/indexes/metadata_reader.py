"""From a file of an index to its metadata: the cache, PEP 658, or the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolver.errors import IntegrityError
from resolver.indexes.cache import MetadataCache
from resolver.indexes.protocol import CoreMetadata, DistributionFile, InvalidMetadata, NeedsBuild

if TYPE_CHECKING:
    from resolver.transport import Transport

__all__ = ["MetadataReader", "read_metadata"]

_UNBUILT = "unbuilt "
"""Before the URL of an sdist, in the cache: why its metadata are not static. A build may still tell them."""


class MetadataReader:
    """Reads metadata through ``cache``, if there is one. A verdict on bytes is kept as well as what they say."""

    def __init__(self, transport: Transport, cache: MetadataCache | None) -> None:
        self._transport = transport
        self._cache = cache

    def load(self, file: DistributionFile) -> CoreMetadata:
        """Raises what ``Index.metadata`` raises."""
        if self._cache is None or file.sha256 is None:
            return read_metadata(file, self._transport)
        cached = self._cache.metadata(file.url, file.sha256)
        if cached is not None:
            return cached
        self._raise_known_refusal(self._cache, file, file.sha256)
        try:
            metadata = read_metadata(file, self._transport)
        except NeedsBuild as error:
            self._cache.store_refusal(_UNBUILT + file.url, file.sha256, error.message)
            raise
        except InvalidMetadata as error:
            # as much a fact about these bytes as valid metadata are: nothing is asked for twice
            self._cache.store_refusal(file.url, file.sha256, error.message)
            raise
        self._cache.store_metadata(file.url, file.sha256, metadata)
        return metadata

    @staticmethod
    def _raise_known_refusal(cache: MetadataCache, file: DistributionFile, sha256: str) -> None:
        refusal = cache.refusal(file.url, sha256)
        if refusal is not None:
            raise InvalidMetadata(refusal)
        if not file.filename.endswith(".whl"):
            unbuilt = cache.refusal(_UNBUILT + file.url, sha256)
            if unbuilt is not None:
                raise NeedsBuild(unbuilt)


def read_metadata(file: DistributionFile, transport: Transport) -> CoreMetadata:
    """Raises what ``Index.metadata`` raises."""
    # what reads metadata and archives is not imported where all metadata are in the cache
    from resolver.indexes.core_metadata import parse_core_metadata, why_not_static

    content = _promised_file(file, transport)
    if content is None:
        content = _content_of(file, transport)
    if not file.filename.endswith(".whl"):
        why = why_not_static(content, filename=file.filename)
        if why is not None:
            raise NeedsBuild(f"{file.filename} must be built to tell what it needs: {why}")
    return parse_core_metadata(content, filename=file.filename)


def _content_of(file: DistributionFile, transport: Transport) -> bytes:
    if file.filename.endswith(".whl"):
        from resolver.indexes.wheel_metadata import read_wheel_metadata

        return read_wheel_metadata(file, transport)
    from resolver.indexes.sdist_metadata import read_sdist_metadata

    return read_sdist_metadata(file, transport)


def _promised_file(file: DistributionFile, transport: Transport) -> bytes | None:
    """The file that PEP 658 promises, or ``None``: proxies are known to pass on the promise and not the
    file, and the wheel itself has the same text."""
    if file.metadata_sha256 is None:
        return None
    response = transport.get(f"{file.url}.metadata")
    if not response.found:
        return None
    import hashlib

    found = hashlib.sha256(response.body).hexdigest()
    if file.metadata_sha256 not in ("", found):
        raise IntegrityError(
            f"{file.url}.metadata: its sha256 is {found}, but {file.metadata_sha256} was promised",
            hint="the index contradicts itself; try again later or use another",
        )
    return response.body
