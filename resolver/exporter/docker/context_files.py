"""The files of a build context, gathered: what installs, and what is installed or checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path

from resolver.build_context import ContextFile
from resolver.errors import BuildError, NotRepresentable
from resolver.exporter.directory import CHECKSUMS
from resolver.exporter.docker.micromamba import checksum_file, explicit_file, requirements_file
from resolver.exporter.docker.plan import Plan, Strategy
from resolver.exporter.docker.user_managed import check_files
from resolver.exporter.docker.wheelhouse import InstallerWheel, checker_wheel, hashed_requirements, installer_wheels
from resolver.locks.slices import file_name_of
from resolver.model import Artifact, LockedPackage
from resolver.values import dataclass, field

__all__ = ["ContextFiles", "add_check", "add_environment"]


@dataclass(slots=True)
class ContextFiles:
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


def add_check(files: ContextFiles, plan: Plan, wheel_path: Callable[[InstallerWheel], Path] | None) -> None:
    if plan.installer != "samebox":
        raise NotRepresentable(
            f"{plan.installer} has nothing to install into a base that the user manages",
            hint="leave out --installer, or docker.user-managed",
        )
    for path, content in check_files(plan.docker):
        files.add(path, content)
    if plan.strategy == "vendored":
        _add_wheels(files, "check/wheels", (checker_wheel(),), wheel_path)


def add_environment(
    files: ContextFiles,
    plan: Plan,
    packages: Mapping[str, tuple[LockedPackage, ...]],
    carried: Iterable[LockedPackage],
    artifact_path: Callable[[Artifact], Path] | None,
    wheel_path: Callable[[InstallerWheel], Path] | None,
) -> None:
    """What installs ``packages``, and the artifacts ``carried``."""
    if plan.installer == "samebox":
        _add_installer(files, plan.build_platforms or tuple(packages), plan.strategy, wheel_path)
    else:
        _add_micromamba(files, plan, packages)
    _add_artifacts(files, carried, artifact_path)


def _add_installer(
    files: ContextFiles,
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
    files: ContextFiles,
    folder: str,
    wheels: Iterable[InstallerWheel],
    wheel_path: Callable[[InstallerWheel], Path] | None,
) -> None:
    if wheel_path is None:
        raise BuildError("a vendored context needs the installer's wheels", hint="give wheel_path=")
    for wheel in wheels:
        files.add_source(f"{folder}/{wheel.file_name}", wheel_path(wheel), wheel.sha256)


def _add_micromamba(files: ContextFiles, plan: Plan, packages: Mapping[str, tuple[LockedPackage, ...]]) -> None:
    if plan.base_python:
        raise NotRepresentable(
            "micromamba and pip install wheels for a conda Python, and the lock has none",
            hint="add python to the conda dependencies, or use --installer samebox",
        )
    if plan.carried:
        raise NotRepresentable(
            "micromamba and pip download what a thin context names, and some of it they cannot get",
            hint="use --strategy vendored, or --installer samebox",
        )
    vendored = plan.strategy == "vendored"
    for platform, locked in packages.items():
        files.add(f"locks/{platform}.explicit.txt", explicit_file(platform, locked, vendored=vendored))
        files.add(f"locks/{platform}.requirements.txt", requirements_file(locked, vendored=vendored))
        if vendored:
            files.add(f"locks/{platform}.sha256", checksum_file(locked))


def _add_artifacts(
    files: ContextFiles,
    packages: Iterable[LockedPackage],
    artifact_path: Callable[[Artifact], Path] | None,
) -> None:
    for package in packages:
        if artifact_path is None:
            raise BuildError(f"the context must hold {package.name}, and has no file of it", hint="give artifact_path=")
        artifact = package.artifact
        assert artifact is not None  # slice_of has refused those without sha256
        path = f"artifacts/{artifact.sha256}/{file_name_of(package)}"
        if path not in files.by_path:
            files.add_source(path, artifact_path(artifact), artifact.sha256)
