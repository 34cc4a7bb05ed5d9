"""The face of the room: a reference in, values and verified bytes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

from resolver.errors import RegistryUnavailable, ResolverError
from resolver.registry.authentication import Authentication
from resolver.registry.blobs import Blobs
from resolver.registry.docker_config import DockerConfig
from resolver.registry.documents import Descriptor, Document, ImageConfig, Index, Manifest
from resolver.registry.http import RegistryHttp
from resolver.registry.image_platform import ImagePlatform
from resolver.registry.manifests import Manifests, not_found
from resolver.registry.parsing import parse_config
from resolver.registry.reference import Reference
from resolver.registry.referrers import Referrers
from resolver.registry.uploads import Pushed, Uploads
from resolver.registry.wire import Wire
from resolver.values import dataclass

__all__ = ["Image", "Registry", "choose"]

_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform. ``reference`` names its manifest by digest; ``root`` is what the name that was asked
    for stands for: the index, or the manifest itself."""

    reference: Reference
    root: Descriptor
    descriptor: Descriptor
    manifest: Manifest
    config: ImageConfig


class Registry:
    """All registries that references name, over one set of connections. Thread-safe; close it when done.

    ``environ`` gives docker's configuration (``DOCKER_CONFIG``, ``HOME``), the environment of credential helpers,
    proxies and certificates (as for ``Transport``); without it none is read. Hosts of ``insecure`` (``host`` or
    ``host:port``) and of this machine may be asked without TLS. ``timeout`` and ``backoff`` are in seconds; a passing
    fault is tried ``retries`` times more. ``chunk_size`` bounds the bytes of one request of an upload.

    Every method raises ``RegistryUnavailable`` where a registry does not answer, refuses, or answers nonsense,
    ``IntegrityError`` where bytes are not what their digest says, and ``SettingsError`` where docker's configuration is
    wrong.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] = _NO_ENVIRONMENT,
        insecure: Iterable[str] = (),
        offline: bool = False,
        timeout: float = 30.0,
        retries: int = 3,
        backoff: float = 0.25,
        chunk_size: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if chunk_size is not None and chunk_size <= 0:
            raise ResolverError(f"chunk_size: {chunk_size} bytes are no size")
        self._wire = Wire(environ=environ, insecure=frozenset(insecure), timeout=timeout, offline=offline)
        authentication = Authentication(self._wire, DockerConfig(environ), clock=clock)
        http = RegistryHttp(self._wire, authentication, retries=retries, backoff=backoff)
        self._manifests = Manifests(http)
        self._blobs = Blobs(http)
        self._uploads = Uploads(http, self._blobs, chunk_size=chunk_size)
        self._referrers = Referrers(http, self._manifests, self._uploads)

    def find(self, reference: Reference) -> Descriptor | None:
        """Digest, size and media type of what ``reference`` stands for now; ``None`` where there is no such image."""
        return self._manifests.find(reference)

    def resolve(self, reference: Reference) -> Descriptor:
        """``find`` for what has to be there."""
        found = self.find(reference)
        if found is None:
            raise not_found(reference)
        return found

    def document(self, reference: Reference) -> Document:
        """The manifest or index that ``reference`` stands for, with its bytes."""
        document = self._manifests.get(reference)
        if document is None:
            raise not_found(reference)
        return document

    def image(self, reference: Reference, platform: ImagePlatform) -> Image:
        """The image for ``platform``, through an index where there is one, with its configuration.

        An image alone must be for the platform too.
        """
        root = self.document(reference)
        document, by_index = root, False
        if isinstance(root.parsed, Index):
            chosen = choose(root.parsed, platform, source=str(reference))
            document = self.document(reference.at(chosen.digest))
            by_index = True
        if not isinstance(document.parsed, Manifest):
            raise RegistryUnavailable(f"{reference}: an index within an index is not followed")
        config = self.config(reference, document.parsed)
        found = config.platform
        if by_index and (found.os, found.architecture) == (platform.os, platform.architecture):
            found = platform  # configurations often leave out the variant that their index has named
        if platform.distance(found) is None:
            raise RegistryUnavailable(
                f"{reference}: the image is for {config.platform}, and {platform} is wanted",
                hint=f"name an image that is for {platform} too",
            )
        return Image(
            reference=reference.at(document.descriptor.digest),
            root=root.descriptor,
            descriptor=document.descriptor,
            manifest=document.parsed,
            config=config,
        )

    def config(self, reference: Reference, manifest: Manifest) -> ImageConfig:
        """The configuration of an image of the repository of ``reference``."""
        content = self._blobs.read(reference, manifest.config)
        return parse_config(content, source=str(reference.at(manifest.config.digest)))

    def has_blob(self, reference: Reference, digest: str) -> bool:
        """Whether the repository of ``reference`` has that blob."""
        return self._blobs.exists(reference, digest)

    def read_blob(self, reference: Reference, descriptor: Descriptor) -> bytes:
        """A small blob (at most 64 MiB) of the repository of ``reference``."""
        return self._blobs.read(reference, descriptor)

    def pull_blob(
        self,
        reference: Reference,
        descriptor: Descriptor,
        destination: Path,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Stream a blob to ``destination``, which appears whole and checked or not at all; ``ResolverError`` where it
        cannot be written. ``progress`` hears of each piece's size in bytes, negative where it starts anew."""
        self._blobs.pull(reference, descriptor, destination, progress=progress)

    def push_blob(
        self,
        reference: Reference,
        content: bytes | Path,
        descriptor: Descriptor,
        *,
        mount_from: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Pushed:
        """Make ``content`` a blob of the repository of ``reference``; the answer says how it came there.

        ``mount_from`` is a repository of the same registry that may have it already. ``content`` is checked against
        ``descriptor`` before anything is sent. ``progress`` hears of the bytes that are sent, negative where they do
        not count because it starts anew.
        """
        return self._uploads.push(reference, content, descriptor, mount_from=mount_from, progress=progress)

    def push_manifest(self, reference: Reference, content: bytes, media_type: str) -> Descriptor:
        """Write a manifest or index under the tag of ``reference``, or under its digest where it has no tag. What it
        names has to be there before."""
        descriptor, _ = self._manifests.put(reference, content, media_type)
        return descriptor

    def referrers(self, reference: Reference, artifact_type: str | None = None) -> tuple[Descriptor, ...]:
        """What refers to the image, of one type or of all, in the registry's order; by its API or by the tag that
        stands in for it."""
        return self._referrers.list(self._pinned(reference), artifact_type)

    def attach(
        self,
        reference: Reference,
        *,
        artifact_type: str,
        contents: tuple[tuple[bytes, Descriptor], ...] = (),
        annotations: Mapping[str, str] = MappingProxyType({}),
    ) -> Descriptor:
        """Push an artifact that refers to the image ``reference``: ``contents`` are its parts, each with its descriptor
        (``descriptor_of``). The same again changes nothing."""
        described = self.resolve(reference)
        return self._referrers.attach(
            reference.at(described.digest),
            described,
            artifact_type=artifact_type,
            contents=contents,
            annotations=annotations,
        )

    def _pinned(self, reference: Reference) -> Reference:
        return reference if reference.digest is not None else reference.at(self.resolve(reference).digest)

    def close(self) -> None:
        self._wire.close()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def choose(index: Index, platform: ImagePlatform, *, source: str) -> Descriptor:
    """The manifest of ``index`` that fits ``platform`` best, the first of equals. Raises ``RegistryUnavailable`` that
    says what there is."""
    fitting = [
        (distance, position)
        for position, entry in enumerate(index.manifests)
        if entry.platform is not None and (distance := platform.distance(entry.platform)) is not None
    ]
    if fitting:
        return index.manifests[min(fitting)[1]]
    offered = sorted(
        {str(entry.platform) for entry in index.manifests if entry.platform is not None} - {"unknown/unknown"}
    )
    raise RegistryUnavailable(
        f"{source}: there is no image for {platform}",
        hint=f"it is for {', '.join(offered)}" if offered else "its index names no platform at all",
    )
