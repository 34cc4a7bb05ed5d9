"""The layer between the base image and the environment: the user, its folder, and where it begins.

The base is looked at, not run: a C library that is too old, another thing at the prefix, or a link on the way to it
are told here, and not when a container starts.
"""

from __future__ import annotations

from collections.abc import Iterator

from resolver.errors import BuildError
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.base_tree import BaseTree
from resolver.exporter.quoting import ImageUser

__all__ = ["check_base", "ground_entries"]


def check_base(tree: BaseTree, *, name: str, prefix: str, glibc: str) -> None:
    """Refuse a base on which the environment would not run or would not be itself. ``glibc`` is the least version
    (``""``: none is known to be needed). Raises ``BuildError``."""
    link = tree.link_above(prefix)
    if link is not None:
        raise BuildError(
            f"{name}: /{link} is a symbolic link, and a layer would put a folder in its place",
            hint="set docker.prefix to another folder",
        )
    if tree.has_below(prefix):
        raise BuildError(
            f"{name}: there is something at {prefix} already, and the environment would be mixed with it",
            hint="set docker.prefix to another folder",
        )
    if glibc:
        _check_glibc(tree, name, glibc)


def _check_glibc(tree: BaseTree, name: str, needed: str) -> None:
    have = tree.glibc
    if have is None:
        found = "musl" if tree.has_musl else "no C library that is known here"
        raise BuildError(
            f"{name} has no glibc (found: {found}), and the lock needs {needed}",
            hint="set docker.base-image to a glibc-based image",
        )
    if _numbers(have) < _numbers(needed):
        raise BuildError(
            f"{name} has glibc {have}, but {needed} or later is needed", hint="set docker.base-image to a newer image"
        )


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError:
        raise BuildError(f"not a version of glibc: {version}") from None


def ground_entries(tree: BaseTree, *, name: str, user: ImageUser, workdir: str) -> tuple[ArchiveEntry, ...]:
    """What must be added to the base: the same that the Dockerfile's ``create_user`` does by a shell."""
    home = f"/home/{user.name}"
    owner = (user.uid, user.gid)
    entries = list(_accounts(tree, name, user, home))
    for folder in dict.fromkeys((home, workdir)):
        if tree.is_directory(folder):
            continue
        link = tree.link_above(folder)
        if link is not None:
            raise BuildError(
                f"{name}: {folder} leads over the symbolic link /{link}",
                hint="choose another docker.workdir, or make the folder in the base image",
            )
        entries.append(ArchiveEntry(path=folder.strip("/"), kind="directory", mode=0o755, owner=owner))
    return tuple(entries)


def _accounts(tree: BaseTree, name: str, user: ImageUser, home: str) -> Iterator[ArchiveEntry]:
    known = [line.split(":") for line in _text(tree, name, "etc/passwd").splitlines()]
    uids = [fields[2] for fields in known if fields[0] == user.name and len(fields) > 2]
    if uids and uids[-1] != str(user.uid):
        raise BuildError(
            f"{name}: it has a user {user.name} with the uid {uids[-1]}", hint="set docker.user to another"
        )
    if uids:
        return
    yield _appended(tree, name, "etc/passwd", f"{user.name}:x:{user.uid}:{user.gid}::{home}:/bin/sh")
    if user.gid != 0:
        yield _appended(tree, name, "etc/group", f"{user.name}:x:{user.gid}:")


def _appended(tree: BaseTree, name: str, path: str, line: str) -> ArchiveEntry:
    link = tree.link_above(path)
    if link is not None:
        raise BuildError(f"{name}: /{link} is a symbolic link, so that no user can be added")
    before = _text(tree, name, path)
    if before and not before.endswith("\n"):
        before += "\n"
    return ArchiveEntry(path=path, content=f"{before}{line}\n".encode("utf-8", "surrogateescape"))


def _text(tree: BaseTree, name: str, path: str) -> str:
    if tree.kinds.get(path) == "file" and path not in tree.texts:
        raise BuildError(f"{name}: /{path} is too large to be read")
    return tree.texts.get(path, b"").decode("utf-8", "surrogateescape")
