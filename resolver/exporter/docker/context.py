"""Lock → build context: the Dockerfile and the files that it copies, and nothing that changes from day to day.

    Dockerfile, .dockerignore, context.sha256
    locks/PLATFORM.json                 the canonical slice (``locks.slices``)
    installer/slice_installer.py        what ``samebox install`` itself runs
    installer/PLATFORM.txt              hash-locked requirements of that module
    installer/wheels/                   their wheels (vendored)
    artifacts/SHA256/FILE               every package (vendored), or what the build cannot download (thin)
    application/                        the application's files (``exporter.application``)
    check/                              what checks a base that the user manages (``user_managed``)

With micromamba ``installer/`` is left out, and ``locks/PLATFORM.explicit.txt``, ``.requirements.txt`` and (vendored)
``.sha256`` are added. With a base that the user manages there are no locks, installer and artifacts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from resolver.build_context import ApplicationFiles, BuildContext
from resolver.errors import BuildError, NotRepresentable
from resolver.exporter.application import (
    application_files,
    image_groups,
    image_variables,
    launch_of,
    require_server,
)
from resolver.exporter.architectures import ARCHITECTURES
from resolver.exporter.base_choice import choose_base
from resolver.exporter.docker.carried import carried
from resolver.exporter.docker.context_files import ContextFiles, add_check, add_environment
from resolver.exporter.docker.dockerfile import Installer, Plan, Strategy, render
from resolver.exporter.docker.user_managed import installed_lock
from resolver.exporter.docker.wheelhouse import (
    InstallerWheel,
    installer_platforms,
)
from resolver.exporter.image_key import image_key
from resolver.exporter.image_labels import image_labels
from resolver.locks.slices import required_glibc, slice_of
from resolver.model import MAIN, Artifact, DockerSection, Lock, LockedPackage

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

    ``thin``: the build downloads what the slice names, but for what only this machine can get (``carried``), which the
    context holds. ``vendored``: the context holds all of it, and the build needs no network. ``artifact_path`` gives a
    verified file on disk for each artifact that is held, and ``wheel_path`` one for each wheel of the installer.
    ``application`` are the files of ``docker.application``, whose preset ``serve`` brings the group of that name.
    Nothing else is read, and nothing is written.

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
    files = ContextFiles()
    variables = tuple(variables)
    lock = installed_lock(lock, docker)
    packages = {platform: lock.on(platform).in_groups(wanted) for platform in chosen}
    base = choose_base(lock, docker, groups=wanted, platforms=chosen)
    key = image_key(lock, docker=docker, groups=wanted, platforms=chosen, variables=variables, application=application)
    base_python = not docker.user_managed and _uses_base_python(packages)
    downloads = not docker.user_managed or strategy == "thin"
    held = carried(lock, (p for locked in packages.values() for p in locked), docker=docker, strategy=strategy)
    crosses = installer == "samebox" and downloads and not base_python
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
        labels=image_labels(lock, docker, base, chosen, wanted, key.digest if installer == "samebox" else None),
        gpu=base.gpu,
        build_platforms=_installing(chosen, build_platforms) if crosses else (),
        cache_mounts=docker.cache_mounts,
        lend_netrc=docker.lend_netrc,
        carried=strategy == "thin" and bool(held),
    )
    files.add("Dockerfile", render(plan).encode())
    if docker.user_managed:
        add_check(files, plan, wheel_path)
    else:
        for platform in chosen:
            files.add(f"locks/{platform}.json", slice_of(lock, platform, wanted))
        add_environment(files, plan, packages, held, artifact_path, wheel_path)
    for file, sha256 in application_files(docker, application):
        files.by_path[file.path] = (file, sha256)
    files.add(".dockerignore", files.ignore_list())
    return BuildContext(files=files.with_checksums(), labels=plan.labels, platforms=chosen)


def context_needs(
    lock: Lock,
    *,
    docker: DockerSection,
    groups: Iterable[str] = (MAIN,),
    platforms: Iterable[str] | None = None,
    strategy: Strategy = "thin",
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For which platforms a context of these arguments is, and which fields of the Docker section name an image that
    its Dockerfile begins with. Raises ``NotRepresentable`` and ``BuildError`` as ``docker_context`` does."""
    chosen = _platforms(lock, platforms)
    wanted = image_groups(docker, groups)
    field = choose_base(lock, docker, groups=wanted, platforms=chosen).field
    base = (field,) if field != "base_dockerfile" else ()
    if docker.user_managed:
        is_on_base = strategy == "vendored"  # else the check's wheel is downloaded by the build image
    else:
        is_on_base = _uses_base_python({platform: lock.on(platform).in_groups(wanted) for platform in chosen})
    return chosen, base if is_on_base else (*base, "build_image")


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
