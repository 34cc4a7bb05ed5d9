"""From the slice of a lock to a prefix on disk.

``slice_installer`` does the work, and stands alone because an exported build context carries it; here it meets the
artifact store and the exceptions of Samebox.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolver.errors import BuildError, IntegrityError
from resolver.model import Artifact
from resolver.store import ArtifactStore
from resolver.values import dataclass

if TYPE_CHECKING:
    from resolver.prefix.slice_installer import KnownPython, Package

__all__ = ["INSTALLER_EPOCH", "InstallReport", "install"]

INSTALLER_EPOCH = 315_532_800
"""The time of every file of a prefix unless told otherwise: 1980-01-01, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallReport:
    """What was installed: how many packages of each kind, and what was left out on purpose and may be missed."""

    conda: int
    wheels: int
    warnings: tuple[str, ...] = ()


def install(
    slice: bytes,  # noqa: A002 - the word of the design for it
    prefix: Path,
    *,
    artifacts: Sequence[Artifact],
    store: ArtifactStore,
    target_prefix: Path | None = None,
    python: Path | KnownPython | None = None,
    apart: frozenset[str] = frozenset(),
    epoch: int = INSTALLER_EPOCH,
    check_glibc: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> InstallReport:
    """Install ``slice`` (see ``locks.slices``) into ``prefix``: the same slice at the same path is the same bytes.

    ``artifacts`` are those of the slice; ``target_prefix`` is where the prefix will be used, if elsewhere;
    ``python`` is the interpreter for wheels where no conda python is locked (a path, or what is known of one on the
    machine of the target); ``apart`` names conda packages that are at the target already and are not linked;
    ``epoch`` is the time of every file in seconds. ``progress`` is called with a stage (``fetch`` counts bytes,
    ``extract``, ``link``, ``wheels`` and ``normalise`` count packages), how much is done, and of how much (0:
    unknown).

    Raises ``BuildError``, ``IntegrityError``, ``IndexUnavailable``; then nothing is left of the new prefix, and an
    old one is as it was.
    """
    from resolver.prefix import slice_installer  # imports rattler

    report = progress or (lambda stage, done, total: None)
    files = _fetch(artifacts, store, report)
    with _our_errors():
        done = slice_installer.install_slice(
            slice,
            prefix,
            fetch=lambda packages, work: _of_slice(packages, files),
            target_prefix=target_prefix,
            python=python,
            apart=apart,
            epoch=epoch,
            check_glibc=check_glibc,
            progress=report,
        )
    return InstallReport(conda=done.conda, wheels=done.wheels, warnings=done.warnings)


def _fetch(
    artifacts: Sequence[Artifact], store: ArtifactStore, report: Callable[[str, int, int], None]
) -> dict[str, Path]:
    total = sum(a.size or 0 for a in artifacts) if all(a.size is not None for a in artifacts) else 0
    arrived = 0

    def count(size: int) -> None:
        nonlocal arrived
        arrived += size
        report("fetch", arrived, total)

    paths = store.fetch(artifacts, progress=count)
    return dict(zip((a.sha256 for a in artifacts), paths, strict=True))


def _of_slice(packages: Sequence[Package], files: Mapping[str, Path]) -> Mapping[str, Path]:
    missing = [str(p) for p in packages if p.sha256 not in files]
    if missing:
        raise BuildError(f"the slice needs artifacts that were not given: {', '.join(missing)}")
    return files


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    from resolver.prefix import slice_installer

    try:
        yield
    except slice_installer.WrongHash as error:
        raise IntegrityError(error.message, hint=error.hint or None) from error
    except slice_installer.InstallError as error:
        raise BuildError(error.message, hint=error.hint or None) from error
