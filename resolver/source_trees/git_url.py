"""``git+https://host/path@revision#subdirectory=folder``: text → ``GitReference`` (pip's form of PEP 610's URLs)."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from resolver.errors import ResolverError
from resolver.values import dataclass

__all__ = ["FULL_COMMIT", "GitReference", "parse_git_url"]

FULL_COMMIT = re.compile(r"[0-9a-f]{40}\Z", re.IGNORECASE)

_REVISION = r"[A-Za-z0-9_][\w./+-]*\Z"
"""Neither an option of git nor a pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitReference:
    """A place in a repository. ``location`` is the repository's URL with its credentials as they are written
    (``${NAME}``), ``revision`` a branch, tag or commit (``None``: the default branch)."""

    location: str
    revision: str | None = None
    subdirectory: str | None = None

    @property
    def url(self) -> str:
        """The canonical ``git+…`` URL of the repository, without credentials. The user of an ssh URL is no secret, and
        nothing can be fetched without it."""
        parts = urlsplit(self.location)
        user, at, host = parts.netloc.rpartition("@")
        if at and parts.scheme == "ssh":
            host = f"{user.partition(':')[0]}@{host}"
        return "git+" + urlunsplit(parts._replace(netloc=host))

    @property
    def is_commit(self) -> bool:
        return self.revision is not None and FULL_COMMIT.match(self.revision) is not None

    def at(self, commit: str) -> str:
        """The URL that names this place at a commit."""
        fragment = f"#subdirectory={quote(self.subdirectory)}" if self.subdirectory else ""
        return f"{self.url}@{commit}{fragment}"


def parse_git_url(text: str) -> GitReference:
    """Read a URL that begins with ``git+``. Raises ``ResolverError`` for a revision or folder that cannot be meant."""
    address, _, fragment = text.removeprefix("git+").partition("#")
    parts = urlsplit(address)
    path, at, revision = parts.path.rpartition("@")
    bare = urlunsplit(parts._replace(path=path if at else parts.path))
    reference = GitReference(
        location=bare, revision=unquote(revision) if at else None, subdirectory=_subdirectory(fragment, text)
    )
    if reference.revision is not None and (not re.match(_REVISION, reference.revision) or ".." in reference.revision):
        raise ResolverError(f"{reference.url}: not a branch, tag or commit: {reference.revision!r}")
    return reference


def _subdirectory(fragment: str, text: str) -> str | None:
    written = dict(parse_qsl(fragment)).get("subdirectory")
    if written is None:
        return None
    path = posixpath.normpath(written)
    if posixpath.isabs(path) or path.split("/")[0] == "..":
        raise ResolverError(f"{text.rpartition('@')[2]}: not a folder inside the repository: {written!r}")
    return None if path == "." else path
