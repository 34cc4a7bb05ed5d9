"""The files of an image's application: read from its folders, with the digest that they count by.

Of the source those are taken that git tracks, or all but ``.git`` and ``__pycache__`` where there is no git, as for any
folder that is locked (``tree``); of a model all, since git seldom tracks one. A symbolic link counts as the file that
it leads to, which must be one of the same folder: an image holds copies, and nothing from outside gets in by a link.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from resolver.build_context import ApplicationFiles, FileTree, TreeFile
from resolver.errors import SettingsError
from resolver.model import Application
from resolver.source_trees.tree import all_paths, digest_of_entries, source_paths

__all__ = ["read_application"]

_SOURCE = "docker.application.source"
_ENTRY = "docker.application.entry"
_MODEL = "docker.application.model"

_SECRETS = frozenset(
    {".env", ".netrc", "_netrc", ".pypirc", ".git-credentials", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"}
)
"""Names of files that hold nothing but secrets."""

_CONTEXT = "context.sha256"
"""What a build context is known by (``exporter.directory``)."""


def read_application(application: Application, environ: Mapping[str, str]) -> ApplicationFiles:
    """Its files; ``environ`` is what git runs in. Raises ``SettingsError`` for what an image cannot or must not hold,
    and ``ResolverError`` where there is a repository that git cannot read."""
    return ApplicationFiles(
        source=_source(application, Path(application.source), environ) if application.source is not None else None,
        model=_model(Path(application.model)) if application.model is not None else None,
    )


def _source(application: Application, folder: Path, environ: Mapping[str, str]) -> FileTree:
    if not folder.is_dir():
        raise SettingsError(f"there is no folder {folder}", field=_SOURCE)
    paths = _files(folder, source_paths(folder, environ))
    entry = application.entry
    if entry is not None and entry not in paths:
        there = (folder / entry).is_file()
        raise SettingsError(
            f"{entry} in {folder} is not tracked by git" if there else f"there is no {entry} in {folder}",
            field=_ENTRY,
            hint="`git add` it: of a repository an image holds the files that git tracks" if there else None,
        )
    return _tree(folder, paths, _SOURCE)


def _model(place: Path) -> FileTree:
    if place.is_file():
        _refuse_names(place.parent, [place.name], _MODEL)
        return _digested([_hashed(place.name, place, _MODEL)])
    if not place.is_dir():
        raise SettingsError(f"there is no file or folder {place}", field=_MODEL)
    return _tree(place, _files(place, all_paths(place)), _MODEL)


def _files(folder: Path, paths: list[str]) -> list[str]:
    """Without what git tracks and is not there, and without sockets and pipes. A link that leads nowhere stays in."""
    return [path for path in paths if (folder / path).is_symlink() or (folder / path).is_file()]


def _tree(folder: Path, paths: list[str], field: str) -> FileTree:
    if not paths:
        raise SettingsError(f"there is nothing in {folder}", field=field)
    _refuse_names(folder, paths, field)
    inside = {os.path.realpath(folder / path) for path in paths if not (folder / path).is_symlink()}
    for path in paths:
        _refuse_link_outside(folder / path, inside, field)
    return _digested([_hashed(path, folder / path, field) for path in paths])


def _refuse_names(folder: Path, paths: list[str], field: str) -> None:
    for path in paths:
        name = path.rpartition("/")[2]
        if name == _CONTEXT:
            raise SettingsError(
                f"{(folder / path).parent} is a build context, and would be in the next one",
                field=field,
                hint="export it to a folder outside of the application, or let git ignore it",
            )
        if name in _SECRETS:
            raise SettingsError(
                f"{folder / path} holds secrets, by its name, and would be in the image",
                field=field,
                hint="keep it elsewhere, and give it when the container starts (`docker run --env-file`, a mount)",
            )
        # a layer takes .wh.NAME as the order to remove NAME
        if not path.isprintable() or "\\" in path or any(part.startswith(".wh.") for part in path.split("/")):
            raise SettingsError(f"{folder}: not a file name that an image should hold: {path!r}", field=field)


def _refuse_link_outside(file: Path, inside: set[str], field: str) -> None:
    if file.is_symlink() and os.path.realpath(file) not in inside:
        raise SettingsError(
            f"{file} is a link to {file.readlink()}, which is no file of the same folder",
            field=field,
            hint="put the file itself there",
        )


def _hashed(path: str, file: Path, field: str) -> TreeFile:
    real = file.resolve()
    try:
        with real.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        mode = 0o755 if real.stat().st_mode & 0o111 else 0o644
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}", field=field) from error
    return TreeFile(path=path, source=str(real), sha256=sha256, mode=mode)


def _digested(files: list[TreeFile]) -> FileTree:
    digest = digest_of_entries([[file.path, f"{file.mode:o}", file.sha256] for file in files])
    return FileTree(files=tuple(files), digest=digest)
