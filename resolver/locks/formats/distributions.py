"""The files of a project at one version as foreign locks list them, and the one that a platform takes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from itertools import product
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from resolver.errors import LockFormatError, ResolverError
from resolver.locks.formats.targets import NoFile, Target
from resolver.model import Artifact, Kind, LockedPackage, Origin
from resolver.transport.urls import without_credentials
from resolver.values import dataclass

__all__ = ["Entry", "File", "Place", "file_at", "fits", "git_url", "local_url", "locked", "rank_of"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?\Z", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,511}\Z", re.ASCII)
_HASH = re.compile(r"(?P<algorithm>[a-z0-9_]{1,32}):(?P<hex>[0-9A-Fa-f]{32,128})\Z", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.ASCII)
_SCHEMES = ("https://", "http://", "file://")
_SDISTS = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar.zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in which file something stands: for the errors about it."""

    source: str
    field: str

    def below(self, key: str) -> Place:
        return Place(source=self.source, field=f"{self.field}.{key}")

    def error(self, message: str, *, hint: str | None = None) -> LockFormatError:
        return LockFormatError(message, origin=Origin(source=self.source), field=self.field, hint=hint)

    def name(self, text: str) -> str:
        """A project's name, normalised (PEP 503)."""
        if not _NAME.match(text):
            raise self.below("name").error(f"not the name of a project: {text[:200]!r}")
        return str(canonicalize_name(text))

    def version(self, text: str) -> str:
        """A version (PEP 440) as it is written."""
        try:
            Version(text if len(text) < 256 else "")
        except InvalidVersion as error:
            raise self.below("version").error(f"not a version: {text[:200]!r}") from error
        return text

    def url(self, text: str) -> str:
        """A URL without credentials; ``""`` as it is."""
        if not text:
            return text
        if not _is_plain(text) or not text.startswith(_SCHEMES):
            raise self.error(f"not a URL: {text[:200]!r}")
        try:
            urlsplit(text)
            return without_credentials(text)
        except (ValueError, ResolverError) as error:
            raise self.error("not a URL: it has no host that can be read") from error

    def subdirectory(self, text: str | None) -> str | None:
        """A folder inside of what is locked."""
        if text is None:
            return None
        path = posixpath.normpath(text)
        if not _is_plain(path.replace(" ", "")) or path.startswith("/") or path.split("/")[0] == "..":
            raise self.error(f"not a folder inside of it: {text[:200]!r}")
        return None if path == "." else path

    def commit(self, text: str | None) -> str:
        if text is None or not _COMMIT.match(text):
            raise self.error(f"not a commit of git in full: {(text or '')[:200]!r}")
        return text


def _is_plain(text: str) -> bool:
    """Whether a text is of a length and of characters that a place can have."""
    return len(text) <= 4096 and text.isprintable() and " " not in text


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A wheel or sdist. ``url`` is ``""`` where the lock does not say where it is."""

    file_name: str
    url: str = ""
    sha256: str | None = None
    size: int | None = None
    other_hash: str | None = None

    @property
    def is_sdist(self) -> bool:
        return self.file_name.endswith(_SDISTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A package of a foreign lock: its kind, and either the files to choose from (``pypi``) or what names it."""

    kind: Kind
    name: str
    version: str
    place: Place
    files: tuple[File, ...] = ()
    url: str = ""
    commit: str | None = None
    subdirectory: str | None = None


def file_at(place: Place, *, name: str | None, url: str = "", digest: str | None, size: int | None = None) -> File:
    """The file of a row: what it is called (``None``: by its URL), where it is, and what it must be."""
    where = place.url(url)
    file_name = name if name is not None else unquote(urlsplit(where).path.rsplit("/", 1)[-1])
    if not _FILE_NAME.match(file_name):
        raise place.error(f"not the name of a file: {file_name[:200]!r}")
    if size is not None and size < 0:
        raise place.error(f"not a size: {size}")
    sha256 = _sha256(digest, place)
    return File(
        file_name=file_name, url=where, sha256=sha256, size=size, other_hash=None if sha256 is not None else digest
    )


def _sha256(digest: str | None, place: Place) -> str | None:
    """The sha256, ``None`` where a lock has a hash of another kind."""
    if digest is None:
        return None
    written = _HASH.match(digest)
    if written is None or (written["algorithm"] == "sha256" and len(written["hex"]) != 64):
        raise place.error(f"not a hash: {digest[:200]!r}", hint="it is written as sha256:<64 hex digits>")
    return written["hex"].lower() if written["algorithm"] == "sha256" else None


def local_url(place: Place, path: str, *, folder: bool) -> str:
    """The URL of a path beside the lock: ``file:./folder/``, ``file:../folder/``, or absolute."""
    plain = path.replace("\\", "/").rstrip("/") or "."
    if not _is_plain(plain.replace(" ", "")):
        raise place.error(f"not a path: {path[:200]!r}")
    plain = plain.removeprefix("./")
    end = "/" if folder else ""
    if plain.startswith("/"):
        return f"file://{quote(plain)}{end}"
    if plain == ".":
        return "file:./"
    return f"file:{'' if plain.split('/')[0] == '..' else './'}{quote(plain)}{end}"


def git_url(place: Place, repository: str) -> str:
    """``git+…`` of a repository's URL, without credentials; ``git@host:path`` is ssh (as git itself takes it)."""
    text = repository.removeprefix("git+")
    short = re.fullmatch(r"(?P<user>[\w.-]+@)(?P<host>[\w.-]+):(?P<path>[^\s/][^\s]*)", text)
    if short:
        text = f"ssh://{short['user']}{short['host']}/{short['path']}"
    if "://" not in text:
        raise place.error(f"not the URL of a repository: {repository[:200]!r}")
    if text.startswith("ssh://"):
        if not _is_plain(text):
            raise place.error(f"not the URL of a repository: {repository[:200]!r}")
        return f"git+{text}"  # its user is no secret, and nothing can be fetched without it
    return f"git+{place.url(text)}"


def locked(
    entry: Entry, target: Target, *, groups: Iterable[str], dependencies: Iterable[tuple[str, str]]
) -> LockedPackage:
    """The package on a platform: the best wheel, else the sdist. Where the lock has several hashes for that file, they
    are the candidates. Raises ``NoFile`` where no file is for the target."""
    files = _chosen(entry, target) if entry.kind == "pypi" else entry.files[:1]
    first = files[0] if files else None
    several = len(files) > 1
    return LockedPackage(
        kind=entry.kind,
        name=entry.name,
        version=entry.version,
        file_name=first.file_name if first else None,
        url=first.url if first and entry.kind == "pypi" else entry.url,
        sha256=first.sha256 if first and not several else None,
        size=first.size if first and not several else None,
        candidates=tuple(Artifact(url=f.url, sha256=f.sha256, size=f.size) for f in files if several and f.sha256),
        other_hashes=(first.other_hash,) if first is not None and first.other_hash is not None else (),
        commit=entry.commit,
        subdirectory=entry.subdirectory,
        groups=tuple(sorted(set(groups))),
        dependencies=tuple(sorted(set(dependencies))),
    )


def _chosen(entry: Entry, target: Target) -> Sequence[File]:
    """The one file that is best here; more than one only where they have one name and several hashes."""
    ranked = sorted(
        ((rank, file) for file in entry.files if (rank := rank_of(file.file_name, target)) is not None),
        key=lambda pair: (pair[0], pair[1].file_name, pair[1].sha256 or "", pair[1].url),
    )
    if not ranked:
        raise NoFile(
            f"{entry.name} {entry.version} has no file for {target.platform} with Python {target.python.minor}",
            origin=Origin(source=entry.place.source),
            field=entry.place.field,
            hint="name the platforms that the lock is for with -p; a newer __osx or __glibc may be needed too",
        )
    best = ranked[0][1].file_name
    unique = {file.sha256: file for _, file in reversed(ranked) if file.file_name == best}
    return sorted(unique.values(), key=lambda file: file.sha256 or "")


def fits(file_name: str, target: Target) -> bool:
    """Whether a file is a wheel for the target."""
    rank = rank_of(file_name, target)
    return rank is not None and rank[0] == 0


def rank_of(file_name: str, target: Target) -> tuple[int, int, tuple[int, str]] | None:
    """Smaller is better: wheels by their best tag, of these the highest build number; then sdists. ``None`` is a file
    that is not for the target."""
    if not file_name.endswith(".whl"):
        sdist = next((n for n, end in enumerate(_SDISTS) if file_name.endswith(end)), None)
        return None if sdist is None else (1, sdist, (0, ""))
    parts = file_name.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return None
    tags = ("-".join(tag) for tag in product(*(part.split(".") for part in parts[-3:])))
    ranks = [target.ranks[tag] for tag in tags if tag in target.ranks]
    return (0, min(ranks), _build(parts[2] if len(parts) == 6 else "")) if ranks else None


def _build(text: str) -> tuple[int, str]:
    """A wheel's build tag, so that a higher one comes first and none last."""
    digits = re.match(r"\d*", text)
    number = int(digits[0][:18]) if digits and digits[0] else -1
    return -number, text
