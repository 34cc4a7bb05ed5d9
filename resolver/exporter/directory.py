"""A build context as a folder on disk, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from resolver.build_context import BuildContext, ContextFile
from resolver.errors import BuildError
from resolver.exporter.archive import DEFAULT_EPOCH

__all__ = ["CHECKSUMS", "write_directory"]

CHECKSUMS = "context.sha256"
"""The context's list of its own files, for ``sha256sum --check``; it also marks a folder as one that we may replace."""

_CHUNK = 1 << 20
_SECOND = 1_000_000_000


def write_directory(context: BuildContext, directory: Path, *, epoch: int = DEFAULT_EPOCH) -> None:
    """Make ``directory`` hold exactly the context: modes 644 and 755 whatever the umask, every mtime in the second
    ``epoch``.

    The files go to a temporary folder beside it, which is then renamed, so that an error leaves what was there. A
    folder that holds anything but an earlier, unchanged context is refused with ``BuildError``.
    """
    target = directory.absolute()
    _refuse_foreign_files(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        try:
            new = scratch / "new"
            _write_files(context, new, epoch)
            _swap(new, target, scratch / "old")
        finally:
            shutil.rmtree(scratch)
    except OSError as error:
        raise BuildError(f"{error.filename or target}: cannot write: {error.strerror}") from error


def _refuse_foreign_files(target: Path) -> None:
    """Deleting a file that we did not write, or that somebody changed, would lose work."""
    if not target.exists():
        return
    if not target.is_dir():
        raise BuildError(f"{target} is not a folder")
    present = sorted(p for p in target.rglob("*") if p.is_symlink() or not p.is_dir())
    if not present:
        return
    listed = _listed(target / CHECKSUMS)
    if listed is None:
        raise BuildError(f"{target} is not empty and is no earlier build context", hint="choose another folder")
    for path in present:
        name = path.relative_to(target).as_posix()
        if name == CHECKSUMS:
            continue
        if path.is_symlink() or not path.is_file() or name not in listed:
            raise BuildError(f"{path} is not part of the build context there", hint="move it elsewhere first")
        if _sha256(path) != listed[name]:
            raise BuildError(f"{path} was changed by hand", hint="move it elsewhere first, or delete it")


def _listed(checksums: Path) -> dict[str, str] | None:
    if checksums.is_symlink() or not checksums.is_file():
        return None
    lines = checksums.read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_files(context: BuildContext, root: Path, epoch: int) -> None:
    root.mkdir()
    for file in context.files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_file(file, path)
        path.chmod(file.mode)
        stamp = epoch * _SECOND + _fraction(path)
        os.utime(path, ns=(stamp, stamp))
    folders = [path for path in root.rglob("*") if path.is_dir()]
    for folder in [*sorted(folders, reverse=True), root]:
        folder.chmod(0o755)
        os.utime(folder, (epoch, epoch))


def _fraction(path: Path) -> int:
    """Nanoseconds that depend on the content. BuildKit does not read a file again whose size and time are those of the
    last build's, of whatever folder of that name: a version may change and no size."""
    return int(_sha256(path), 16) % _SECOND


def _write_file(file: ContextFile, path: Path) -> None:
    if file.source is None:
        path.write_bytes(file.content or b"")
        return
    with Path(file.source).open("rb") as source, path.open("xb") as out:
        shutil.copyfileobj(source, out, _CHUNK)


def _swap(new: Path, target: Path, old: Path) -> None:
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
