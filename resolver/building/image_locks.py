"""The lock that an image was made from."""

from __future__ import annotations

import tarfile
from contextlib import ExitStack
from pathlib import Path

from resolver.building.bases import open_registry
from resolver.building.image_store import LayoutStore, RegistryStore
from resolver.building.lock_file import LockFile
from resolver.building.lock_referrers import find_lock
from resolver.errors import BuildError
from resolver.exporter.oci import open_layout
from resolver.model import DockerSection, Lock
from resolver.registry import Reference
from resolver.session import Session

__all__ = ["lock_file_of_image", "lock_of_image"]

_LAYOUTS = ("oci-archive:", "oci:")


def lock_of_image(image: str, *, docker: DockerSection | None = None, session: Session | None = None) -> Lock:
    """The lock that ``image`` was made from, checked against the digest by which the image names it.

    ``image`` is ``NAME[:TAG][@sha256:…]`` in a registry, or what ``samebox export oci`` has written
    (``oci-archive:FILE``, or unpacked ``oci:FOLDER``). ``docker`` says which registries have no TLS. Raises
    ``IntegrityError`` where what is attached is not the lock of the image, ``ResolverError`` where nothing is attached,
    ``RegistryUnavailable``, ``BuildError`` for a file that is no image, ``LockFormatError``.
    """
    return lock_file_of_image(image, docker=docker, session=session).lock()


def lock_file_of_image(image: str, *, docker: DockerSection | None = None, session: Session | None = None) -> LockFile:
    """The same as the file that it was in."""
    scheme = next((scheme for scheme in _LAYOUTS if image.startswith(scheme)), None)
    if scheme is not None:
        return _of_layout(Path(image.removeprefix(scheme)), image)
    reference = Reference.parse(image)
    with ExitStack() as stack:
        opened = session or stack.enter_context(Session())
        registry = stack.enter_context(open_registry(opened, docker or DockerSection()))
        return find_lock(RegistryStore(registry, reference))


def _of_layout(place: Path, name: str) -> LockFile:
    try:
        with open_layout(place, name) as files:
            if not files.has("index.json"):
                raise BuildError(f"{name} is not an OCI layout", hint="`samebox export oci -o image.tar` makes one")
            return find_lock(LayoutStore(files, name))
    except (tarfile.TarError, OSError) as error:
        raise BuildError(f"{name}: cannot be read: {error}") from error
