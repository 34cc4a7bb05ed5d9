"""The lines of a requirements file that is a lock: text → pins, strictly, and a pin → package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from resolver.errors import LockFormatError
from resolver.locks.formats.distributions import Place, git_url
from resolver.model import Artifact, LockedPackage, Origin
from resolver.source_trees.git_url import FULL_COMMIT, parse_git_url
from resolver.values import dataclass

__all__ = ["Header", "Line", "line_of", "package_of", "read_lines", "version_in"]

_LONGEST = 65_536
_COMMENT = re.compile(r"(?:\A|\s)#")
_HASH = re.compile(r"\s--hash(?:=|\s+)(?P<hash>\S*)")
_SHA256 = re.compile(r"sha256:[0-9A-Fa-f]{64}\Z")
_OTHER_HASH = re.compile(r"(?!sha256:)[a-z0-9_]{1,32}:[0-9A-Fa-f]{32,128}\Z")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")

_PLATFORMS = re.compile(r"#\s*platform:(?P<platforms>[A-Za-z0-9_, -]{0,512})\Z")
_PYTHON = re.compile(r"\bwith Python (?P<compiled>\d\.\d{1,3})\b|--python-version[ =](?P<asked>\d\.\d{1,3})\b")
_NOTE = re.compile(r"#\s(?P<what>version|tree) (?P<value>[A-Za-z0-9._+!*-]{1,256})\Z", re.ASCII)

_WHERE_FILES_COME_FROM = (
    "--extra-index-url",
    "--find-links",
    "--index-url",
    "--no-binary",
    "--no-index",
    "--only-binary",
    "--pre",
    "--prefer-binary",
    "--require-hashes",
    "--trusted-host",
    "-f",
    "-i",
)
"""Options that a lock may have, and that say nothing of what is locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the comments say that the file is for."""

    platforms: tuple[str, ...] | None = None
    python: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A requirement with its hashes (``algorithm:hex``), and the notes below it."""

    requirement: Requirement
    hashes: tuple[str, ...]
    version: str | None
    tree: str | None
    origin: Origin

    @property
    def marker(self) -> str | None:
        return str(self.requirement.marker) if self.requirement.marker else None

    def error(self, message: str, *, hint: str | None = None) -> LockFormatError:
        return LockFormatError(message, origin=self.origin, hint=hint)


def read_lines(text: str, source: str) -> tuple[Header, list[Line]]:
    """The header and the pins of a file. Raises ``LockFormatError`` with the line at fault."""
    header, lines = Header(), []
    notes: dict[int, dict[str, str]] = {}
    numbers: list[int] = []
    for number, said in _logical_lines(text):
        if said.startswith("#"):
            if numbers and (note := _NOTE.match(said)):
                notes.setdefault(numbers[-1], {})[note["what"]] = note["value"]
            elif not numbers:
                header = _header(said, header)
        elif not said.startswith("-"):
            numbers.append(number)
            lines.append((number, said))
        elif said.partition("=")[0].split()[0] not in _WHERE_FILES_COME_FROM:
            raise _refused(said, Origin(source=source, line=number))
    return header, [line_of(said, notes.get(number, {}), Origin(source=source, line=number)) for number, said in lines]


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Comments, and the other lines with their continuations."""
    joined: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), start=1):
        said = line.strip()
        if said.startswith("#"):
            yield number, said
            continue
        start = start if joined else number
        joined.append(said.removesuffix("\\"))
        if said.endswith("\\"):
            continue
        whole = _COMMENT.split(" ".join(joined), maxsplit=1)[0].strip()
        joined = []
        if whole:
            yield start, whole
    if any(joined):
        yield start, " ".join(joined).strip()


def _header(comment: str, before: Header) -> Header:
    if named := _PLATFORMS.match(comment):
        platforms = tuple(dict.fromkeys(name.strip() for name in named["platforms"].split(",") if name.strip()))
        return Header(platforms=platforms, python=before.python)
    python = _PYTHON.search(comment[:_LONGEST])
    return Header(platforms=before.platforms, python=python["compiled"] or python["asked"]) if python else before


def _refused(said: str, origin: Origin) -> LockFormatError:
    option = said.split("=")[0].split()[0][:200]
    if option in ("-r", "--requirement", "-c", "--constraint"):
        return LockFormatError("a lock stands in one file, and this one names others", origin=origin)
    if option in ("-e", "--editable"):
        return LockFormatError(
            "an editable does not say which project it is",
            origin=origin,
            hint="write it as NAME @ file:///folder/, or leave it out (uv export --no-emit-project)",
        )
    return LockFormatError(f"an option that no lock has: {option!r}", origin=origin)


def line_of(said: str, notes: dict[str, str], origin: Origin) -> Line:
    """A requirement with what stands behind it, on one line. Raises ``LockFormatError``."""
    hashes = tuple(match["hash"] for match in _HASH.finditer(said))
    text = _HASH.sub("", said).strip()
    for value in hashes:
        if not (_SHA256.match(value) or _OTHER_HASH.match(value)):
            raise LockFormatError(f"not a hash: {value[:200]!r}", origin=origin)
    if len(text) > _LONGEST:
        raise LockFormatError(f"longer than {_LONGEST} characters", origin=origin)
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        reason = str(error).split("\n")[0][:200]
        hint = "a lock names the project too: NAME @ file:///folder/" if "/" in text.split()[0] else None
        raise LockFormatError(f"not a requirement: {text[:200]!r}: {reason}", origin=origin, hint=hint) from error
    tree = notes.get("tree")
    return Line(
        requirement=requirement,
        hashes=hashes,
        version=notes.get("version"),
        tree=tree,
        origin=origin,
    )


# ---------------------------------------------------------------------------------------- pin → package


def package_of(line: Line) -> LockedPackage:
    """The package that a line pins. Raises ``LockFormatError``."""
    requirement = line.requirement
    name = canonicalize_name(requirement.name)
    if requirement.url is not None:
        return _direct(name, requirement.url, line)
    pins = [s for s in requirement.specifier if s.operator in ("==", "===") and not s.version.endswith(".*")]
    if len(pins) != 1 or len(requirement.specifier) != 1:
        raise line.error(
            f"{name} is not pinned to a version: these are requests, and no lock",
            hint="lock them with `samebox lock -f FILE`",
        )
    version = pins[0].version
    try:
        Version(version)
    except InvalidVersion as error:
        raise line.error(f"not a version: {version[:200]!r}") from error
    one, several = _hashes(line.hashes)
    other = () if one or several else line.hashes
    return LockedPackage(
        kind="pypi", name=name, version=version, url="", sha256=one, candidates=several, other_hashes=other
    )


def _hashes(hashes: tuple[str, ...]) -> tuple[str | None, tuple[Artifact, ...]]:
    """The only sha256, or the candidates where there are several."""
    found = sorted({value.partition(":")[2].lower() for value in hashes if value.startswith("sha256:")})
    if len(found) == 1:
        return found[0], ()
    return None, tuple(Artifact(url="", sha256=value) for value in found)


def _direct(name: str, written: str, line: Line) -> LockedPackage:
    place = Place(source=str(line.origin), field=name)
    url, _, fragment = written.partition("#")
    if url.startswith("git+"):
        return _repository(name, written, line, place)
    if "+" in urlsplit(url).scheme:
        raise line.error(f"not a git repository: {url[:200]!r}")
    said = {key: values[-1] for key, values in parse_qs(fragment).items()}
    file_name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    if url.startswith("file:") and not file_name.endswith(_ARCHIVES):
        return LockedPackage(
            kind="directory", name=name, version=line.version or "", url=place.url(url), tree=line.tree
        )
    if file_name in ("", ".", "..") or "/" in file_name or "\\" in file_name or not file_name.isprintable():
        raise line.error(f"not the URL of a file: {url[:200]!r}")
    one, several = _hashes((*line.hashes, *((f"sha256:{said['sha256']}",) if "sha256" in said else ())))
    return LockedPackage(
        kind="archive",
        name=name,
        version=line.version or version_in(file_name) or "",
        file_name=file_name,
        url=place.url(url),
        sha256=one,
        candidates=several,
        other_hashes=() if one or several else line.hashes,
        subdirectory=said.get("subdirectory"),
    )


def _repository(name: str, written: str, line: Line, place: Place) -> LockedPackage:
    reference = parse_git_url(git_url(place, written))
    commit = reference.revision if reference.revision and FULL_COMMIT.match(reference.revision) else None
    is_open = reference.revision is not None and commit is None  # a branch or tag, whose commit must be looked up
    return LockedPackage(
        kind="vcs",
        name=name,
        version=line.version or "",
        url=f"{reference.url}@{reference.revision}" if is_open else reference.url,
        commit=commit,
        subdirectory=reference.subdirectory,
    )


def version_in(file_name: str) -> str | None:
    """The version that the name of a wheel or sdist says (PEP 440, normalised)."""
    try:
        parsed = parse_wheel_filename(file_name) if file_name.endswith(".whl") else parse_sdist_filename(file_name)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return str(parsed[1])
