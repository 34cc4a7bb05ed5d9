"""Metadata that only a build tells: the one place where code of a project is run, and only where it was permitted.

The backend runs in an environment of its own, made by pypa/build (PEP 517). What it needs is installed there by pip as
pip is configured on this machine. It may look at the machine and at the Python that runs it; its answer is kept for
ever by what was built, so that it is asked once.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
import threading
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from resolver.errors import ResolverError
from resolver.indexes import CoreMetadata, DistributionFile, InvalidMetadata, MetadataCache, parse_built_metadata
from resolver.model import Artifact
from resolver.transport import Transport

__all__ = ["Builds", "copy_tree", "unpack_archive"]

_LINES_TOLD = 5


class Builds:
    """Builds metadata. Whether that is permitted is settled before. Thread-safe; builds run one at a time."""

    def __init__(self, transport: Transport, *, cache: MetadataCache | None = None) -> None:
        self._transport = transport
        self._cache = cache
        self._lock = threading.Lock()

    def metadata_of_sdist(self, file: DistributionFile) -> CoreMetadata:
        """What a build of an sdist says of it. Raises ``InvalidMetadata``, ``IntegrityError``, ``IndexUnavailable``."""
        if file.sha256 is None:
            raise InvalidMetadata(f"{file.filename} has no sha256, and nothing is built that cannot be checked")
        artifact = Artifact(url=file.url, sha256=file.sha256, size=file.size)

        def unpack(folder: Path) -> Path:
            archive = folder.with_name(file.filename)
            self._transport.download(artifact, archive)
            return unpack_archive(archive, folder)

        return self.metadata((file.url, file.sha256), file.filename, unpack)

    def metadata(self, key: tuple[str, str], where: str, unpack: Callable[[Path], Path]) -> CoreMetadata:
        """The metadata of the tree that ``unpack`` lays into a folder; it gives the project's own folder.

        ``key`` is a URL and the sha256, commit or tree that is built. Raises ``InvalidMetadata`` where the build fails.
        """
        with self._lock:
            known = self._cache.metadata(f"build {key[0]}", key[1]) if self._cache else None
            if known is None:
                with tempfile.TemporaryDirectory(prefix="samebox-metadata-") as folder:
                    known = self._build(unpack(Path(folder) / "source"), Path(folder) / "metadata", where)
                if self._cache:
                    self._cache.store_metadata(f"build {key[0]}", key[1], known)
            return known

    def _build(self, tree: Path, output: Path, where: str) -> CoreMetadata:
        import pyproject_hooks
        from build import BuildBackendException, BuildException, ProjectBuilder
        from build.env import DefaultIsolatedEnv

        output.mkdir()
        try:
            # a backend's warnings are for its author, and are given again in this process
            with warnings.catch_warnings(action="ignore"), DefaultIsolatedEnv() as environment:
                builder = ProjectBuilder.from_isolated_env(
                    environment, tree, runner=pyproject_hooks.quiet_subprocess_runner
                )
                self._install(environment.install, builder.build_system_requires, where)
                self._install(environment.install, builder.get_requires_for_build("wheel"), where)
                content = (Path(builder.metadata_path(output)) / "METADATA").read_bytes()
        except (BuildException, BuildBackendException, subprocess.CalledProcessError, OSError) as error:
            raise InvalidMetadata(f"{where}: the build of its metadata failed: {_told(error)}") from error
        return parse_built_metadata(content, where)

    def _install(self, install: Callable[[set[str]], None], requirements: set[str], where: str) -> None:
        if requirements and self._transport.offline:
            raise InvalidMetadata(
                f"{where}: its build needs {', '.join(sorted(requirements))}, and --offline is on",
                hint="run once without --offline",
            )
        install(requirements)


def unpack_archive(archive: Path, folder: Path) -> Path:
    """Lay an sdist's files into ``folder``; gives the one folder that an sdist holds (PEP 625). Nothing is written
    outside (PEP 706). Raises ``InvalidMetadata``."""
    folder.mkdir()
    try:
        if archive.name.endswith(".zip"):
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(folder)
        else:
            with tarfile.open(archive) as opened_tar:
                opened_tar.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, OSError) as error:
        raise InvalidMetadata(f"{archive.name}: not a sane source distribution: {error}") from error
    inside = sorted(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        raise InvalidMetadata(f"{archive.name}: a source distribution holds one folder, and this holds {len(inside)}")
    return inside[0]


def copy_tree(source: Path, folder: Path) -> Path:
    """A copy to build in: a backend writes beside its sources."""
    try:
        shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    except (shutil.Error, OSError) as error:
        raise ResolverError(f"{source}: cannot be copied to build it: {error}") from error
    return folder


def _told(error: Exception) -> str:
    """The end of what the backend printed, else the error's own words."""
    inner = getattr(error, "exception", None) or error
    output = getattr(inner, "stderr", None) or getattr(inner, "output", None)
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else str(output or inner)
    return "; ".join([line.strip() for line in text.splitlines() if line.strip()][-_LINES_TOLD:])
