"""Lock → build context: the Dockerfile and the files that it copies, and nothing that changes from day to day.

    Dockerfile, .dockerignore, context.sha256
    locks/PLATFORM.json                 the canonical slice (``locks.slices``)
    installer/slice_installer.py        what ``samebox install`` itself runs
    installer/PLATFORM.txt              hash-locked requirements of that module
    installer/wheels/                   their wheels (vendored)
    artifacts/SHA256/FILE               every package (vendored)
    application/                        the application's files (``exporter.application``)
    check/                              what checks a base that the user manages (``exporter.user_managed``)

With micromamba ``installer/`` is left out, and ``locks/PLATFORM.explicit.txt``, ``.requirements.txt`` and (vendored)
``.sha256`` are added. With a base that the user manages there are no locks, installer and artifacts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from resolver import canonicalizer
from resolver.errors import BuildError, NotRepresentable
from resolver.exporter.application import (
    application_files,
    image_groups,
    image_variables,
    launch_of,
    require_server,
)
from resolver.exporter.base_choice import BaseChoice, choose_base
from resolver.exporter.directory import CHECKSUMS
from resolver.exporter.dockerfile import Installer, Plan, Strategy, render
from resolver.exporter.image_key import KEY_LABEL, image_key
from resolver.exporter.micromamba import checksum_file, explicit_file, requirements_file
from resolver.exporter.quoting import label_key, unique
from resolver.exporter.shell import ARCHITECTURES
from resolver.exporter.user_managed import check_files, installed_lock
from resolver.exporter.wheelhouse import (
    InstallerWheel,
    checker_wheel,
    hashed_requirements,
    installer_platforms,
    installer_wheels,
)
from resolver.locks.slices import file_name_of, required_glibc, slice_of
from resolver.model import (
    MAIN,
    ApplicationFiles,
    Artifact,
    BuildContext,
    ContextFile,
    Digest,
    DockerSection,
    Lock,
    LockedPackage,
)

__all__ = ["context_needs", "docker_context"]


def docker_context(
    lock: Lock,
    *,
    docker: DockerSection | None = None,
    groups: Iterable[str] = (MAIN,),
    platforms: Iterable[str] | None = None,
    strategy: Strategy = "thin",
    installer: Installer = "samebox",
    variables: Iterable[tuple[str, str]] = (),
    application: ApplicationFiles | None = None,
    build_platforms: Iterable[str] | None = None,
    artifact_path: Callable[[Artifact], Path] | None = None,
    wheel_path: Callable[[InstallerWheel], Path] | None = None,
) -> BuildContext:
    """The build context of a lock for ``platforms`` (default: all of its linux platforms).

    ``thin``: the build downloads what the slice names. ``vendored``: the context holds it, and the build needs no
    network; ``artifact_path`` then gives a verified file on disk for each artifact, and ``wheel_path`` one for each
    wheel of the installer. ``application`` are the files of ``docker.application``, whose preset ``serve`` brings the
    group of that name. Nothing else is read, and nothing is written.

    Where several machines are concerned, those of ``platforms`` and of ``build_platforms``, the packages are installed
    on the builder's own, which is one of ``build_platforms`` (default: of ``platforms``). Wheels for the base image's
    Python are not, since that has to run.

    Raises ``NotRepresentable`` for packages that must be built first and platforms that images do not have,
    ``IntegrityError`` for packages without sha256, ``SettingsError`` for values that a Dockerfile cannot hold.
    """
    chosen = _platforms(lock, platforms)
    docker = docker or DockerSection()
    require_server(lock, docker, chosen)
    wanted = image_groups(docker, groups)
    files = _Files()
    variables = tuple(variables)
    lock = installed_lock(lock, docker)
    packages = {platform: lock.on(platform).in_groups(wanted) for platform in chosen}
    base = choose_base(lock, docker, groups=wanted, platforms=chosen)
    key = image_key(lock, docker=docker, groups=wanted, platforms=chosen, variables=variables, application=application)
    base_python = not docker.user_managed and _uses_base_python(packages)
    crosses = installer == "samebox" and not docker.user_managed and not base_python
    plan = Plan(
        docker=docker,
        glibc=tuple((platform, required_glibc(lock, platform)) for platform in chosen),
        strategy=strategy,
        installer=installer,
        conda=any(p.kind == "conda" for locked in packages.values() for p in locked),
        base_python=base_python,
        variables=image_variables(docker, variables),
        launch=launch_of(docker, application),
        # what micromamba and pip leave depends on which ones the build image has
        labels=_labels(lock, docker, base, chosen, wanted, key.digest if installer == "samebox" else None),
        gpu=base.gpu,
        build_platforms=_installing(chosen, build_platforms) if crosses else (),
        cache_mounts=docker.cache_mounts,
    )
    files.add("Dockerfile", render(plan).encode())
    if docker.user_managed:
        _add_check(files, plan, wheel_path)
    else:
        for platform in chosen:
            files.add(f"locks/{platform}.json", slice_of(lock, platform, wanted))
        _add_environment(files, plan, packages, artifact_path, wheel_path)
    for file, sha256 in application_files(docker, application):
        files.by_path[file.path] = (file, sha256)
    files.add(".dockerignore", files.ignore_list())
    return BuildContext(files=files.with_checksums(), labels=plan.labels, platforms=chosen)


def context_needs(
    lock: Lock, *, docker: DockerSection, groups: Iterable[str] = (MAIN,), platforms: Iterable[str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For which platforms a context of these arguments is, and which fields of the Docker section name an image that
    its Dockerfile begins with. Raises ``NotRepresentable`` and ``BuildError`` as ``docker_context`` does."""
    chosen = _platforms(lock, platforms)
    wanted = image_groups(docker, groups)
    field = choose_base(lock, docker, groups=wanted, platforms=chosen).field
    base = (field,) if field != "base_dockerfile" else ()
    if not docker.user_managed and _uses_base_python({p: lock.on(p).in_groups(wanted) for p in chosen}):
        return chosen, base
    return chosen, (*base, "build_image")


@dataclass(slots=True)
class _Files:
    """Files by path, each with its sha256, gathered while a context is made."""

    by_path: dict[str, tuple[ContextFile, str]] = field(default_factory=dict)

    def add(self, path: str, content: bytes) -> None:
        file = ContextFile(path=path, content=content)
        self.by_path[path] = (file, hashlib.sha256(content).hexdigest())

    def add_source(self, path: str, source: Path, sha256: str) -> None:
        self.by_path[path] = (ContextFile(path=path, source=str(source)), sha256)

    def ignore_list(self) -> bytes:
        """Whatever else comes to lie in the folder is not sent to the builder."""
        folders = sorted({path.partition("/")[0] for path in self.by_path if "/" in path})
        return "".join(("*\n", *(f"!{folder}\n" for folder in folders))).encode()

    def with_checksums(self) -> tuple[ContextFile, ...]:
        ordered = sorted(self.by_path.items(), key=lambda item: item[0].encode())
        text = "".join(f"{sha256}  {path}\n" for path, (_, sha256) in ordered)
        listed = ContextFile(path=CHECKSUMS, content=text.encode())
        return (*(file for _, (file, _) in ordered), listed)


def _platforms(lock: Lock, asked: Iterable[str] | None) -> tuple[str, ...]:
    locked = tuple(p.platform for p in lock.platforms)
    chosen = tuple(sorted(set(asked))) if asked is not None else tuple(p for p in locked if p.startswith("linux-"))
    if not chosen:
        raise NotRepresentable(
            f"the lock has no linux platform to make an image of; it has: {', '.join(locked)}",
            hint="add linux-64 to the platforms and lock again",
        )
    unknown = [platform for platform in chosen if platform not in ARCHITECTURES]
    if unknown:
        raise NotRepresentable(
            f"there are no images for {', '.join(unknown)}",
            hint=f"choose among {', '.join(p for p in locked if p in ARCHITECTURES) or 'linux platforms'}",
        )
    return chosen


def _installing(platforms: tuple[str, ...], build_platforms: Iterable[str] | None) -> tuple[str, ...]:
    """On which machines the packages can be installed; none where all of it happens on one."""
    machines = sorted(set(platforms if build_platforms is None else build_platforms))
    if len({*platforms, *machines}) == 1:
        return ()
    return tuple(platform for platform in machines if platform in installer_platforms())


def _labels(
    lock: Lock,
    docker: DockerSection,
    base: BaseChoice,
    platforms: tuple[str, ...],
    groups: tuple[str, ...],
    key: Digest | None,
) -> tuple[tuple[str, str], ...]:
    labels = {} if docker.user_managed else {"org.opencontainers.image.version": canonicalizer.digest(lock).hex[:12]}
    image, _, pinned = base.image.partition("@")
    if image:
        labels["org.opencontainers.image.base.name"] = image
    if pinned:
        labels["org.opencontainers.image.base.digest"] = pinned
    if lock.name:
        labels["org.opencontainers.image.title"] = lock.name
    labels |= {label_key(key): value for key, value in unique(docker.labels, "label")}
    if key is not None:
        labels[KEY_LABEL] = str(key)
    labels |= {} if docker.user_managed else _labels_of_lock(lock, platforms, groups)
    return tuple(sorted(labels.items()))


def _labels_of_lock(lock: Lock, platforms: tuple[str, ...], groups: tuple[str, ...]) -> dict[str, str]:
    labels = {
        "io.samebox.lock.digest": str(canonicalizer.digest(lock)),
        "io.samebox.groups": " ".join(groups),
        "io.samebox.platform": " ".join(platforms),
    }
    for platform in platforms:
        part = canonicalizer.digest(lock, platform=platform, groups=groups)
        labels[f"io.samebox.environment.digest.{platform}"] = str(part)
    return labels


def _uses_base_python(packages: dict[str, tuple[LockedPackage, ...]]) -> bool:
    """Whether there are wheels, but no conda Python to install them for."""
    answers = set()
    for platform, locked in packages.items():
        if not locked:
            raise BuildError(f"nothing is locked on {platform} in these groups", hint="choose others with --group")
        has_wheels = any(p.kind != "conda" for p in locked)
        has_python = any(p.kind == "conda" and p.name == "python" for p in locked)
        answers.add(has_wheels and not has_python)
    if len(answers) > 1:
        raise BuildError(
            "some platforms have a conda Python and others need the base image's; one Dockerfile cannot do both",
            hint="export them one by one with --platform, or add python to the conda dependencies",
        )
    return answers.pop()


def _add_check(files: _Files, plan: Plan, wheel_path: Callable[[InstallerWheel], Path] | None) -> None:
    if plan.installer != "samebox":
        raise NotRepresentable(
            f"{plan.installer} has nothing to install into a base that the user manages",
            hint="leave out --installer, or docker.user-managed",
        )
    for path, content in check_files(plan.docker):
        files.add(path, content)
    if plan.strategy == "vendored":
        _add_wheels(files, "check/wheels", (checker_wheel(),), wheel_path)


def _add_environment(
    files: _Files,
    plan: Plan,
    packages: dict[str, tuple[LockedPackage, ...]],
    artifact_path: Callable[[Artifact], Path] | None,
    wheel_path: Callable[[InstallerWheel], Path] | None,
) -> None:
    if plan.installer == "samebox":
        _add_installer(files, plan.build_platforms or tuple(packages), plan.strategy, wheel_path)
    else:
        _add_micromamba(files, plan, packages)
    if plan.strategy == "vendored":
        _add_artifacts(files, packages, artifact_path)


def _add_installer(
    files: _Files,
    platforms: tuple[str, ...],
    strategy: Strategy,
    wheel_path: Callable[[InstallerWheel], Path] | None,
) -> None:
    module = resources.files("resolver.prefix") / "slice_installer.py"
    files.add("installer/slice_installer.py", module.read_bytes())
    for platform in platforms:
        wheels = installer_wheels(platform)
        text = hashed_requirements((w.name, w.version, w.sha256) for w in wheels)
        files.add(f"installer/{platform}.txt", text.encode())
        if strategy == "vendored":
            _add_wheels(files, "installer/wheels", wheels, wheel_path)


def _add_wheels(
    files: _Files,
    folder: str,
    wheels: Iterable[InstallerWheel],
    wheel_path: Callable[[InstallerWheel], Path] | None,
) -> None:
    if wheel_path is None:
        raise BuildError("a vendored context needs the installer's wheels", hint="give wheel_path=")
    for wheel in wheels:
        files.add_source(f"{folder}/{wheel.file_name}", wheel_path(wheel), wheel.sha256)


def _add_micromamba(files: _Files, plan: Plan, packages: dict[str, tuple[LockedPackage, ...]]) -> None:
    if plan.base_python:
        raise NotRepresentable(
            "micromamba and pip install wheels for a conda Python, and the lock has none",
            hint="add python to the conda dependencies, or use --installer samebox",
        )
    vendored = plan.strategy == "vendored"
    for platform, locked in packages.items():
        files.add(f"locks/{platform}.explicit.txt", explicit_file(platform, locked, vendored=vendored))
        files.add(f"locks/{platform}.requirements.txt", requirements_file(locked, vendored=vendored))
        if vendored:
            files.add(f"locks/{platform}.sha256", checksum_file(locked))


def _add_artifacts(
    files: _Files,
    packages: dict[str, tuple[LockedPackage, ...]],
    artifact_path: Callable[[Artifact], Path] | None,
) -> None:
    if artifact_path is None:
        raise BuildError("a vendored context needs the artifacts", hint="give artifact_path=")
    for locked in packages.values():
        for package in locked:
            artifact = package.artifact
            assert artifact is not None  # slice_of has refused those without sha256
            path = f"artifacts/{artifact.sha256}/{file_name_of(package)}"
            if path not in files.by_path:
                files.add_source(path, artifact_path(artifact), artifact.sha256)
