"""From a lock to something that runs: the pure exporters and the installer, joined to the outside world."""

from __future__ import annotations

import contextlib
import json
import platform as host
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.build_context import ApplicationFiles, BuildContext
from resolver.errors import BuildError, IndexUnavailable
from resolver.model import MAIN, Artifact, DockerSection, Lock
from resolver.session import Session
from resolver.values import replace

if TYPE_CHECKING:
    from resolver.exporter.docker.dockerfile import Installer, Strategy
    from resolver.exporter.docker.wheelhouse import InstallerWheel
    from resolver.exporter.oci import BaseSource, Compression, Image, InstallSlice, LayerCache, OciOptions, SlicePart
    from resolver.prefix import InstallReport

__all__ = ["application_files", "docker_context", "host_platform", "install", "oci_images"]


def docker_context(
    lock: Lock,
    *,
    docker: DockerSection | None = None,
    groups: Iterable[str] = (MAIN,),
    platforms: Iterable[str] | None = None,
    strategy: Strategy = "thin",
    installer: Installer = "samebox",
    application: ApplicationFiles | None = None,
    build_platforms: Iterable[str] | None = None,
    session: Session | None = None,
    index_urls: Sequence[str] = (),
) -> BuildContext:
    """The Docker build context of a lock: see ``resolver.exporter.docker.context``. The images of ``docker`` are taken
    as they are named there; ``pin_bases`` gives them digests.

    ``thin`` reads nothing from outside but the folders of ``docker.application``; ``application`` is what was read
    there already. ``vendored`` fetches every artifact into the store, and the wheels of the
    installer, whose sha256 this release fixes, from the first of ``index_urls`` and the session's default index that
    has them. Raises ``NotRepresentable``, ``IntegrityError``, ``IndexUnavailable``, ``SettingsError``.
    """
    from resolver.exporter import docker_context as context

    if session is None:
        with Session() as opened:
            return docker_context(
                lock,
                docker=docker,
                groups=groups,
                platforms=platforms,
                strategy=strategy,
                installer=installer,
                application=application,
                build_platforms=build_platforms,
                session=opened,
                index_urls=index_urls,
            )
    groups = tuple(groups)
    _remember_credentials(lock, session)
    store = session.store

    def wheel_path(wheel: InstallerWheel) -> Path:
        return store.path(_artifact_of(wheel, session, index_urls))

    return context(
        lock,
        docker=docker,
        groups=groups,
        platforms=platforms,
        strategy=strategy,
        installer=installer,
        variables=lock.evidence.variables if lock.evidence else (),
        application=application or application_files(docker, session),
        build_platforms=build_platforms,
        artifact_path=store.path,
        wheel_path=wheel_path,
    )


def application_files(docker: DockerSection | None, session: Session) -> ApplicationFiles | None:
    """What lies in the folders of ``docker.application`` now. Raises ``SettingsError``."""
    if docker is None or docker.application is None:
        return None
    from resolver.source_trees import read_application

    return read_application(docker.application, session.environ)


def install(
    lock: Lock,
    prefix: Path | str,
    *,
    platform: str | None = None,
    groups: Iterable[str] = (MAIN,),
    session: Session | None = None,
    python: Path | None = None,
    target_prefix: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> InstallReport:
    """Install what the lock holds for ``platform`` (default: this machine's) into ``prefix``.

    Every artifact is checked against its sha256. Raises ``BuildError``, ``IntegrityError``, ``IndexUnavailable``,
    ``NotRepresentable``; then nothing is left of a new prefix.
    """
    if session is None:
        with Session() as opened:
            return install(
                lock,
                prefix,
                platform=platform,
                groups=groups,
                session=opened,
                python=python,
                target_prefix=target_prefix,
                progress=progress,
            )
    from resolver.locks.slices import artifacts_of, slice_of
    from resolver.prefix import install as install_slice

    groups = tuple(groups)
    _remember_credentials(lock, session)
    chosen = platform or host_platform()
    return install_slice(
        slice_of(lock, chosen, groups),
        Path(prefix),
        artifacts=artifacts_of(lock, chosen, groups),
        store=session.store,
        target_prefix=target_prefix,
        python=python or _own_python(lock, chosen),
        check_glibc=chosen == _host_or_none(),
        progress=progress,
    )


@contextlib.contextmanager
def oci_images(
    lock: Lock,
    *,
    platforms: Iterable[str],
    options: OciOptions,
    base_source: BaseSource,
    session: Session,
    compression: Compression = "gzip",
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[tuple[Image, ...]]:
    """The OCI images of a lock for ``platforms``, made without a builder: see ``resolver.exporter.oci``.

    Their layers are files in the session's cache, or in a folder there that is removed at the end of the context.
    Raises ``BuildError``, ``IntegrityError``, ``IndexUnavailable``, ``NotRepresentable``, ``SettingsError``.
    """
    from resolver.exporter.application import image_groups
    from resolver.exporter.base_choice import refuse_what_runs
    from resolver.exporter.oci import CacheBound, LayerCache, oci_image
    from resolver.locks.slices import artifacts_of

    refuse_what_runs(options.docker)  # before anything is downloaded
    report = progress or (lambda stage, done, total: None)
    options = replace(
        options,
        groups=image_groups(options.docker, options.groups),
        application=options.application or application_files(options.docker, session),
    )
    _remember_credentials(lock, session)
    cache = LayerCache(
        session.cache / "oci-layers",
        compression=compression,
        bases=session.cache / "oci-bases",
        bound=CacheBound.of(session.environ),
    )
    with contextlib.ExitStack() as stack:
        with _disk_errors(session.cache):
            work = stack.enter_context(cache.work_folder())
            images = []
            for platform in sorted(set(platforms)):
                folder = work / platform
                folder.mkdir()
                artifacts = artifacts_of(lock, platform, options.groups)
                image = oci_image(
                    lock,
                    platform,
                    options=options,
                    base_source=base_source,
                    install=_slice_install(artifacts, session, Path(options.docker.prefix), report),
                    sizes=_package_sizes(artifacts, cache, session),
                    cache=cache,
                    work=folder,
                    progress=report,
                )
                images.append(image)
        yield tuple(images)


def _package_sizes(artifacts: Sequence[Artifact], cache: LayerCache, session: Session) -> dict[str, int]:
    """The bytes of each package file by sha256: what a file measures, never what a lock says of it. The files that are
    not known yet are fetched."""
    sizes = cache.package_sizes(artifact.sha256 for artifact in artifacts)
    unknown = [artifact for artifact in artifacts if artifact.sha256 not in sizes]
    if unknown:
        paths = session.store.fetch(unknown)
        found = {artifact.sha256: path.stat().st_size for artifact, path in zip(unknown, paths, strict=True)}
        cache.keep_package_sizes(found)
        sizes |= found
    return sizes


def _slice_install(
    artifacts: Sequence[Artifact], session: Session, prefix: Path, progress: Callable[[str, int, int], None]
) -> InstallSlice:
    """Installs a part of what ``artifacts`` are for, for use at ``prefix`` on another machine."""
    from resolver.prefix import install as install_slice

    def install_part(part: SlicePart, root: Path) -> InstallReport:
        from resolver.prefix.slice_installer import KnownPython  # imports rattler

        wanted = {package["sha256"] for package in json.loads(part.content)["packages"]}
        python = part.interpreter
        return install_slice(
            part.content,
            root,
            artifacts=tuple(artifact for artifact in artifacts if artifact.sha256 in wanted),
            store=session.store,
            target_prefix=prefix,
            python=KnownPython(version=python.version, executable=python.executable) if python is not None else None,
            apart=part.apart,
            check_glibc=False,
            progress=progress,
        )

    return install_part


@contextlib.contextmanager
def _disk_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"{error.filename or cache}: {error.strerror or error}",
            hint="the layers of an image are made in the cache: look at its disk space and permissions",
        ) from error


def _remember_credentials(lock: Lock, session: Session) -> None:
    """The lock names the variables that its channels and indexes were asked with; its artifacts lie there too."""
    session.remember_credentials((*lock.channels, *(lock.evidence.indexes if lock.evidence else ())))


def _own_python(lock: Lock, platform: str) -> Path | None:
    """The running interpreter, for a lock that has wheels and no conda python of its own."""
    packages = lock.on(platform).packages
    return None if any(p.kind == "conda" for p in packages) else Path(sys.executable)


def host_platform() -> str:
    """The conda subdir of this machine. Raises ``BuildError`` where there is none."""
    found = _host_or_none()
    if found is None:
        raise BuildError(
            f"no conda platform is known for {sys.platform} on {host.machine()}", hint="give the platform with -p"
        )
    return found


def _host_or_none() -> str | None:
    return {
        ("linux", "x86_64"): "linux-64",
        ("linux", "aarch64"): "linux-aarch64",
        ("linux", "ppc64le"): "linux-ppc64le",
        ("darwin", "x86_64"): "osx-64",
        ("darwin", "arm64"): "osx-arm64",
        ("win32", "AMD64"): "win-64",
        ("win32", "ARM64"): "win-arm64",
    }.get((sys.platform, host.machine()))


def _artifact_of(wheel: InstallerWheel, session: Session, index_urls: Sequence[str]) -> Artifact:
    asked = dict.fromkeys((*index_urls, session.default_index_url()))
    for url in asked:
        page = session.index(url).page(wheel.name)
        for file in page.files if page is not None else ():
            if file.filename == wheel.file_name:
                return Artifact(url=file.url, sha256=wheel.sha256, size=file.size)
    raise IndexUnavailable(
        f"no index has {wheel.file_name}, which a vendored context carries (asked: {', '.join(asked)})",
        hint="name an index that mirrors the public one, or export a thin context",
    )
