"""Install the slice of a lock into a prefix, so that the same slice at the same prefix is the same bytes.

This module stands alone: it imports the standard library, ``rattler`` and ``installer``, and nothing of ours.
``samebox install`` calls ``install_slice``; an exported build context carries this file and runs it as

    python slice_installer.py SLICE.json --prefix DIR
        [--artifacts DIR | --carried DIR --cache DIR --mirror PREFIX=PLACE …]

It reads in this order: the command line, the place, the slice, the artifacts, conda packages, wheels, the normaliser.
The prefix is made in a hidden folder beside its place and renamed at the end: whatever fails, what was there before
is still there.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import configparser
import contextlib
import csv
import fcntl
import filecmp
import hashlib
import http.client
import json
import netrc
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import installer
from installer.destinations import SchemeDictionaryDestination
from installer.exceptions import InstallerError as WheelError
from installer.records import Hash, InvalidRecordEntry, RecordEntry
from installer.sources import WheelContentElement, WheelFile
from installer.utils import Scheme, copyfileobj_with_hashing
from rattler import Subdir
from rattler.exceptions import (
    CacheDirError,
    ConversionError,
    ExtractError,
    InstallerError,
    InvalidPackageNameError,
    InvalidUrlError,
    InvalidVersionError,
    IoError,
    LinkError,
    ParseSubdirError,
    TransactionError,
)
from rattler.install import InstallerReporter
from rattler.install import install as link_packages
from rattler.package_cache.package_cache import PackageCache, ValidationMode
from rattler.package_streaming import PackageArchive, extract
from rattler.repo_data.package_record import PackageRecord
from rattler.repo_data.record import RepoDataRecord

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

__all__ = [
    "EPOCH",
    "InstallError",
    "KnownPython",
    "Package",
    "Report",
    "WrongHash",
    "download",
    "from_folder",
    "install_slice",
    "main",
]

EPOCH = 315_532_800
"""1980-01-01, the oldest time that a zip file can hold; seconds."""

MARKER = "conda-meta/samebox"
"""What tells a prefix of ours. It has no ``.json`` ending: conda tools take each of those for a package."""

_RECORDS = frozenset({"conda-meta", "conda-meta/history", MARKER})

_ATTEMPTS = 3
_WORKERS = 8
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_PLAIN = re.compile(r"[^/\\\x00-\x1f]+\Z")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

# rattler's exceptions have no base of their own.
_CONDA_ERRORS: tuple[type[Exception], ...] = (
    CacheDirError, ConversionError, ExtractError, InstallerError, InvalidPackageNameError, InvalidUrlError,
    InvalidVersionError, IoError, LinkError, ParseSubdirError, TransactionError, OSError, ValueError, KeyError,
)  # fmt: skip
_METADATA_ERRORS: tuple[type[Exception], ...] = (OSError, ValueError, KeyError, TypeError, AttributeError)
_WHEEL_ERRORS: tuple[type[Exception], ...] = (
    WheelError, InvalidRecordEntry, zipfile.BadZipFile, zlib.error, configparser.Error, csv.Error, AssertionError,
    EOFError, KeyError, NotImplementedError, OSError, RuntimeError, ValueError,
)  # fmt: skip


class InstallError(Exception):
    """The slice cannot be installed; ``hint`` is the next step, where there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongHash(InstallError):
    """An artifact is not the one that was locked."""


Progress = Callable[[str, int, int], None]
"""Called with the stage (``extract``, ``link``, ``wheels``, ``normalise``), how many are done, and of how many."""


# ------------------------------------------------------------------------------------- the command line


def main(arguments: Sequence[str]) -> int:
    """Run the command line and give its exit code: 0, or 2 where the slice cannot be installed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.artifacts is not None and (options.mirror or options.cache or options.carried):
        parser.error("--artifacts stands alone: with it nothing is downloaded")
    if options.artifacts is not None:
        fetch = from_folder(options.artifacts)
    else:
        fetch = download(options.mirror, os.environ, options.cache, options.carried)
    try:
        report = install_slice(
            options.slice.read_bytes(),
            options.prefix,
            fetch=fetch,
            target_prefix=options.target_prefix,
            python=options.python,
            epoch=options.epoch,
            check_glibc=options.glibc_check,
        )
    except (InstallError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        if isinstance(error, InstallError) and error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return 2
    for warning in report.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    sys.stderr.write(f"installed {report.conda} conda packages and {report.wheels} wheels\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Install the slice of a lock into a prefix.")
    parser.add_argument("slice", type=Path, help="the slice, a JSON file")
    parser.add_argument("--prefix", type=Path, required=True, help="the folder to make")
    parser.add_argument("--artifacts", type=Path, help="a folder with every artifact as SHA256/FILE; no network")
    parser.add_argument("--carried", type=Path, help="a folder with some of them as SHA256/FILE, not to be downloaded")
    parser.add_argument("--cache", type=Path, help="a folder to keep downloads in, as SHA256/FILE")
    parser.add_argument("--mirror", type=_rule, action="append", default=[], metavar="PREFIX=PLACE")
    parser.add_argument("--python", type=Path, help="the interpreter, where the slice has no conda python")
    parser.add_argument("--epoch", type=int, default=EPOCH, help="the time of every file, in seconds")
    parser.add_argument("--target-prefix", type=Path, help="where the prefix will be used, if elsewhere")
    parser.add_argument("--no-glibc-check", dest="glibc_check", action="store_false", help="for another machine")
    return parser


def _rule(text: str) -> tuple[str, str]:
    prefix, _, place = text.partition("=")
    if not (prefix and place):
        raise argparse.ArgumentTypeError(f"not PREFIX=PLACE: {text!r}")
    return prefix, place


# -------------------------------------------------------------------------------------------- the place


def install_slice(
    content: bytes,
    prefix: Path,
    *,
    fetch: Fetch,
    target_prefix: Path | None = None,
    python: Path | KnownPython | None = None,
    apart: frozenset[str] = frozenset(),
    epoch: int = EPOCH,
    check_glibc: bool = True,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    """Install the slice ``content`` into ``prefix``, which must not be there, be empty, or have been made by this.

    ``target_prefix`` is where it will be used, if elsewhere; ``python`` the interpreter for wheels where the slice
    has no conda python: one of this machine, which is run to ask what it is, or one that is known; ``apart`` names
    conda packages that are there already when the prefix is used (in another layer of an image) and are not linked;
    ``epoch`` is the time of every file, in seconds. Raises ``InstallError``, and then leaves nothing behind and the
    old prefix as it was.
    """
    slice_ = parse_slice(content)
    prefix = Path(os.path.normpath(prefix.absolute()))
    embedded = target_prefix or prefix
    if not embedded.is_absolute() or any(c in str(embedded) for c in "\n\r\0"):
        raise InstallError(f"{embedded}: the target prefix must be an absolute path on one line")
    if not prefix.name:
        raise InstallError(f"{prefix}: a prefix cannot be the root of the file system")
    _refuse_python(slice_, python)
    if check_glibc and slice_.platform == str(Subdir.current()):
        _refuse_glibc(slice_.glibc, glibc_version())
    try:
        with _staging(prefix) as root:
            report = _install(slice_, root, str(embedded), fetch, python, apart, epoch, progress)
            _swap(root, prefix)
        os.utime(prefix, (epoch, epoch))
    except OSError as error:
        raise InstallError(
            f"{prefix}: {error}",
            "the prefix is made beside its place and renamed: the folder above must be writable, the place no mount",
        ) from error
    return report


def _install(
    slice_: Slice,
    root: Path,
    embedded: str,
    fetch: Fetch,
    python: Path | KnownPython | None,
    apart: frozenset[str],
    epoch: int,
    progress: Progress,
) -> Report:
    (root / ".work").mkdir()
    artifacts = _take(slice_, fetch, root / ".work")
    owners: dict[str, Package] = {}
    site_packages = ""
    warnings: list[str] = []
    if slice_.conda:
        owners, site_packages, warnings = _install_conda(slice_, artifacts, root, embedded, apart, progress)
        slice_ = replace(slice_, conda=_linked(slice_, apart))
    if python is not None:
        site_packages = _make_virtual_environment(slice_, python, root, owners)
    for done, package in enumerate(slice_.wheels, 1):
        _install_wheel(package, artifacts[package.sha256], root, embedded, site_packages, owners)
        progress("wheels", done, len(slice_.wheels))
    shutil.rmtree(root / ".work")
    progress("normalise", 0, 1)
    _normalise(root, slice_, owners, epoch)
    progress("normalise", 1, 1)
    return Report(conda=len(slice_.conda), wheels=len(slice_.wheels), warnings=tuple(warnings))


def _refuse_python(slice_: Slice, python: Path | KnownPython | None) -> None:
    if slice_.conda_python is not None and python is not None:
        raise InstallError("the slice brings its own python: no other can be given")
    if slice_.wheels and slice_.conda_python is None and python is None:
        raise InstallError(
            "the slice has wheels and no python to run them",
            f"give the interpreter with --python{f' (Python {_short(slice_)})' if slice_.python else ''}",
        )


def glibc_version() -> str | None:
    """The version of this machine's glibc, or ``None`` where the C library is another."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):  # musl does not know the name
        return None
    return version if name == "glibc" else None


def _refuse_glibc(needed: str, have: str | None) -> None:
    if not needed:
        return
    if have is None:
        raise InstallError(f"the lock needs glibc {needed}, and this machine's C library is not glibc (musl?)")
    if _numbers(have) < _numbers(needed):
        raise InstallError(
            f"the lock needs glibc {needed}, and this machine has {have}",
            "take a newer base, or lock for an older __glibc",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


@contextlib.contextmanager
def _staging(prefix: Path) -> Iterator[Path]:
    """An empty folder beside ``prefix`` that this process alone holds. What a killed run left in it is removed."""
    if prefix.is_symlink() or (prefix.exists() and not prefix.is_dir()):
        raise InstallError(f"{prefix}: in the way, and not a folder")
    if prefix.exists() and any(prefix.iterdir()) and not (prefix / MARKER).is_file():
        raise InstallError(f"{prefix} is not empty and was not made by samebox", "remove it, or choose another place")
    prefix.parent.mkdir(parents=True, exist_ok=True)
    root = prefix.with_name(f".{prefix.name}.samebox")
    descriptor = _hold(root, prefix)
    try:
        _recover(prefix)
        _empty(root)
        yield root
    except BaseException:
        if root.exists():
            shutil.rmtree(root)
        raise
    finally:
        os.close(descriptor)


def _hold(root: Path, prefix: Path) -> int:
    """Make and lock the folder; the lock goes with the process, however that ends."""
    root.mkdir(exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), root.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass  # another process holds it, or has just renamed or removed it
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise InstallError(f"another process is installing into {prefix}", "wait for it to end")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _swap(root: Path, prefix: Path) -> None:
    """Put the new prefix into its place; the old one is moved aside first, and back if that fails."""
    if prefix.exists():
        prefix.rename(_aside(prefix))
    try:
        root.rename(prefix)
    finally:
        _recover(prefix)


def _recover(prefix: Path) -> None:
    """Bring back what a killed ``_swap`` has moved aside, or remove it where the new one is in its place."""
    old = _aside(prefix)
    if old.exists() and prefix.exists():
        shutil.rmtree(old)
    elif old.exists():
        old.rename(prefix)


def _aside(prefix: Path) -> Path:
    return prefix.with_name(f".{prefix.name}.samebox-old")


# -------------------------------------------------------------------------------------------- the slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One entry of a slice."""

    kind: str
    name: str
    version: str
    file_name: str
    url: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.file_name})"

    @property
    def public_url(self) -> str:
        """The URL without user information, fit for messages and metadata."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    @property
    def channel(self) -> str:
        """The canonical channel: the URL without subdir and file name."""
        return self.public_url.rsplit("/", 2)[0]

    @property
    def stem(self) -> str:
        """A conda package's ``name-version-build``: its file name, its folder in a cache, and its record's name."""
        return self.file_name.removesuffix(".conda").removesuffix(".tar.bz2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A slice, read and checked. ``python`` and ``glibc`` are versions, or ``""``."""

    platform: str
    python: str
    glibc: str
    conda: tuple[Package, ...]
    wheels: tuple[Package, ...]
    sha256: str

    @property
    def conda_python(self) -> Package | None:
        return next((p for p in self.conda if p.name == "python"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was installed, and what the person should know."""

    conda: int
    wheels: int
    warnings: tuple[str, ...]


def parse_slice(content: bytes) -> Slice:
    """Read a slice (version 1). Raises ``InstallError`` naming the field that is out of place."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise InstallError(f"the slice is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("slice") != 1:
        raise InstallError("the slice is not of version 1", "export it again with this version of Samebox")
    entries = document.get("packages")
    if not isinstance(entries, list):
        raise InstallError("slice: packages: expected a list")
    packages = tuple(_package(entry, f"slice: packages[{index}]") for index, entry in enumerate(entries))
    names = [(p.kind == "conda", p.name) for p in packages]
    twice = sorted({name for _, name in names if names.count((True, name)) > 1 or names.count((False, name)) > 1})
    if twice:
        raise InstallError(f"the slice holds packages more than once: {', '.join(twice)}")
    platform = _text(document, "platform", "slice")
    if not platform.startswith(("linux-", "osx-")):
        raise InstallError(f"a prefix for {platform} cannot be made", "only linux and osx platforms can be installed")
    return Slice(
        platform=platform,
        python=_text(document, "python", "slice"),
        glibc=_text(document, "glibc", "slice"),
        conda=tuple(p for p in packages if p.kind == "conda"),
        wheels=tuple(p for p in packages if p.kind != "conda"),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _package(entry: object, where: str) -> Package:
    if not isinstance(entry, dict):
        raise InstallError(f"{where}: expected an object")
    fields = ("kind", "name", "version", "file_name", "url", "sha256")
    package = Package(**{field: _text(entry, field, where) for field in fields})
    endings = {"conda": (".conda", ".tar.bz2"), "pypi": (".whl",), "archive": (".whl",)}.get(package.kind)
    if endings is None or not package.file_name.endswith(endings):
        raise InstallError(f"{where}: {package.kind} {package} would have to be built", "lock a wheel of it")
    for text in (package.name, package.version, package.file_name):
        if not _PLAIN.match(text) or text in (".", ".."):
            raise InstallError(f"{where}: not a name that a file can have: {text!r}")
    if not _HEX64.match(package.sha256):
        raise InstallError(f"{where}: {package.name}: not a sha256: {package.sha256!r}")
    return package


def _text(table: Mapping[str, object], field: str, where: str) -> str:
    value = table.get(field, "")
    if not isinstance(value, str):
        raise InstallError(f"{where}: {field}: expected a string")
    return value


# ---------------------------------------------------------------------------------------- the artifacts

Fetch = Callable[[Sequence[Package], Path], Mapping[str, Path]]
"""Gives the file of each package by sha256; it may write below the folder given."""


def from_folder(folder: Path) -> Fetch:
    """Take artifacts from ``folder/<sha256>/<file_name>``, and never from a network."""

    def fetch(packages: Sequence[Package], _work: Path) -> Mapping[str, Path]:
        found = {p.sha256: folder / p.sha256 / p.file_name for p in packages}
        missing = [str(p) for p in packages if not found[p.sha256].is_file()]
        if missing:
            raise InstallError(f"{folder} lacks {len(missing)} artifacts: {', '.join(missing)}")
        return found

    return fetch


def download(
    mirrors: Sequence[tuple[str, str]],
    environ: Mapping[str, str],
    cache: Path | None = None,
    carried: Path | None = None,
) -> Fetch:
    """Download artifacts, several at once; those in ``cache/<sha256>/<file_name>`` only if they are wrong, and those in
    ``carried/<sha256>/<file_name>`` not at all.

    ``mirrors`` pairs URL prefixes with places (URLs or folders), the longest prefix wins; ``environ`` gives the
    ``${NAME}`` credentials of URLs, and ``NETRC`` and ``HOME``: hosts that a netrc file names get its credentials.
    """
    logins = _logins(environ)

    def fetch(packages: Sequence[Package], work: Path) -> Mapping[str, Path]:
        def one(package: Package) -> Path:
            if carried is not None and (held := carried / package.sha256 / package.file_name).is_file():
                return held
            place = (cache or work) / package.sha256 / package.file_name
            if not (place.is_file() and _sha256(place) == package.sha256):
                place.parent.mkdir(parents=True, exist_ok=True)
                _download(package, _locate(package.url, mirrors), environ, logins, place)
            return place

        with ThreadPoolExecutor(_WORKERS) as pool:
            return dict(zip([p.sha256 for p in packages], pool.map(one, packages), strict=True))

    return fetch


def _locate(url: str, mirrors: Sequence[tuple[str, str]]) -> str:
    for prefix, place in sorted(mirrors, key=lambda rule: -len(rule[0])):
        base = prefix.rstrip("/")
        if url == base or url.startswith(base + "/"):
            rest = url[len(base) :]
            if urlsplit(place).scheme in ("http", "https", "file"):
                return place.rstrip("/") + rest
            return Path(place, unquote(rest.lstrip("/"))).absolute().as_uri()
    return url


def _logins(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Host → (login, password) of the netrc file; its ``default`` would go to any host, and is left out."""
    home = environ.get("HOME")
    path = environ.get("NETRC") or (f"{home}/.netrc" if home else "")
    if not path:
        return {}
    try:
        hosts = netrc.netrc(path).hosts
    except FileNotFoundError:
        return {}
    except netrc.NetrcParseError as error:
        raise InstallError(f"{path}:{error.lineno}: not a netrc file") from None  # the parser quotes what it read
    except (OSError, UnicodeDecodeError) as error:
        raise InstallError(f"{path}: cannot be read as a netrc file") from error
    return {host: (login or "", password or "") for host, (login, _, password) in hosts.items() if host != "default"}


def _download(
    package: Package,
    location: str,
    environ: Mapping[str, str],
    logins: Mapping[str, tuple[str, str]],
    place: Path,
) -> None:
    """Write the artifact to ``place``, at once; what is not the artifact that was locked never gets there."""
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    public = package.public_url
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with (
                urllib.request.urlopen(_request(location, environ, logins), timeout=60) as answer,
                part.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file, 1 << 20)
            _check(package, part)
            part.replace(place)
            return
        except urllib.error.HTTPError as error:
            if error.code not in _RETRIED or attempt == _ATTEMPTS:
                hint = "give its credentials in a netrc file (NETRC or ~/.netrc)" if error.code in (401, 403) else ""
                raise InstallError(f"{public}: the server answers {error.code} {error.reason}", hint) from error
        except WrongHash:
            if attempt == _ATTEMPTS:  # a cut or mangled transfer looks like this too
                raise
        except (OSError, http.client.HTTPException) as error:
            if attempt == _ATTEMPTS:
                raise InstallError(f"{public}: cannot be downloaded: {error}") from error
        finally:
            part.unlink(missing_ok=True)
        time.sleep(2.0 ** (attempt - 2))


def _request(
    location: str, environ: Mapping[str, str], logins: Mapping[str, tuple[str, str]]
) -> urllib.request.Request:
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https", "file"):
        raise InstallError(f"{parts.scheme}: not a kind of URL that can be downloaded")
    secret, at, host = parts.netloc.rpartition("@")
    missing = [name for name in _VARIABLE.findall(f"{secret} {parts.path}") if name not in environ]
    if missing:
        raise InstallError(f"the credentials for {host} need {', '.join(missing)}", "set these variables")
    path = _VARIABLE.sub(lambda m: quote(environ[m[1]], safe=""), parts.path)  # conda's /t/${TOKEN}/
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host, path=path)))
    login: tuple[str, ...] = ()
    if at:
        user, _, password = secret.partition(":")
        login = tuple(_VARIABLE.sub(lambda m: environ[m[1]], unquote(text)) for text in (user, password))
    else:
        login = logins.get(parts.hostname or "", ())
    if login:
        token = base64.b64encode(":".join(login).encode()).decode("ascii")
        request.add_unredirected_header("Authorization", f"Basic {token}")  # it is for this host alone
    return request


def _take(slice_: Slice, fetch: Fetch, work: Path) -> dict[str, Path]:
    """Every artifact, checked, under its own file name: readers look at the ending."""
    packages = (*slice_.conda, *slice_.wheels)
    found = fetch(packages, work / "downloads")
    with ThreadPoolExecutor(_WORKERS) as pool:
        tuple(pool.map(lambda p: _check(p, found[p.sha256]), packages))
    named = {}
    for package in packages:
        link = work / "artifacts" / package.sha256 / package.file_name
        link.parent.mkdir(parents=True)
        link.symlink_to(found[package.sha256].absolute())
        named[package.sha256] = link
    return named


def _check(package: Package, path: Path) -> None:
    have = _sha256(path)
    if have != package.sha256:
        raise WrongHash(
            f"{package.public_url}: sha256 is {have}, locked is {package.sha256}",
            "the file at that place is not the one that was locked; do not use it",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --------------------------------------------------------------------------------------- conda packages


@dataclass(frozen=True, slots=True)
class _Claim:
    """That a package writes a path: from ``source`` with ``placeholder`` replaced (``None``: it is generated)."""

    owner: Package
    source: Path | None
    placeholder: object = None


class _Watch(InstallerReporter):
    """Progress, and proof that rattler uses what we unpacked and fetches nothing unchecked."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.downloads, self._done, self._total, self._progress = 0, 0, total, progress

    def on_download_start(self, cache_entry: int) -> int:
        self.downloads += 1
        return 0

    def on_link_complete(self, index: int) -> None:
        self._done += 1
        self._progress("link", self._done, self._total)


def _linked(slice_: Slice, apart: frozenset[str]) -> tuple[Package, ...]:
    return tuple(package for package in slice_.conda if package.name not in apart)


def _install_conda(
    slice_: Slice,
    artifacts: Mapping[str, Path],
    root: Path,
    embedded: str,
    apart: frozenset[str],
    progress: Progress,
) -> tuple[dict[str, Package], str, list[str]]:
    """Link the conda packages; gives who owns which path, where Python's packages go, and warnings."""
    cache = root / ".work" / "pkgs"
    linked = _linked(slice_, apart)
    records = [_looked_into(p, artifacts[p.sha256], root / ".work") for p in slice_.conda if p.name in apart]
    with ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1)) as pool:
        for done, record in enumerate(pool.map(lambda p: _unpack(p, artifacts[p.sha256], cache), linked), 1):
            records.append(record)
            progress("extract", done, len(linked))
    site_packages = _site_packages(slice_, records)
    claims = _claims(linked, cache, site_packages)
    _refuse_escaping_links(claims)
    if linked:
        _link(slice_, records, root, embedded, apart, progress)
    warnings = [
        f"{p}: its {when} script was not run: {path}"
        for p in linked
        for when in ("pre-link", "post-link")
        if (path := f"bin/.{p.name}-{when}.sh") in claims
    ]
    return {path: claim.owner for path, claim in claims.items()}, site_packages, warnings


def _unpack(package: Package, artifact: Path, cache: Path) -> RepoDataRecord:
    """Unpack into the place where rattler looks first, and make the record from the artifact's own index.json."""
    folder = cache / package.stem
    with _blame(package, "cannot be unpacked", _CONDA_ERRORS):
        sha256, md5 = extract(artifact, folder)
        index = folder / "info" / "index.json"
        record = PackageRecord.from_index_json(index, artifact.stat().st_size, sha256.hex(), md5.hex())
    if sha256.hex() != package.sha256:
        raise WrongHash(f"{package.public_url}: the file changed while it was read")
    return _record(package, record)


def _looked_into(package: Package, artifact: Path, work: Path) -> RepoDataRecord:
    """The record of a package that is not unpacked: nothing but its index.json is read."""

    async def read() -> bytes | None:
        archive = await PackageArchive.from_path(artifact)
        return await archive.read_file("info/index.json")

    index = work / f"{package.stem}.index.json"
    with _blame(package, "its index.json cannot be read", (*_CONDA_ERRORS, *_METADATA_ERRORS)):
        with ThreadPoolExecutor(1) as pool:  # a notebook's thread has an event loop already
            content = pool.submit(asyncio.run, read()).result()
        index.write_bytes(content or b"")
        return _record(package, PackageRecord.from_index_json(index, artifact.stat().st_size, package.sha256))


def _record(package: Package, record: PackageRecord) -> RepoDataRecord:
    says = f"{record.name.normalized}-{record.version}-{record.build}"
    if says != package.stem or record.name.normalized != package.name:
        raise InstallError(f"{package}: the artifact says that it is {says}")
    return RepoDataRecord(record, package.file_name, package.public_url, package.channel)


def _site_packages(slice_: Slice, records: Sequence[RepoDataRecord]) -> str:
    python = next((r for r in records if r.name.normalized == "python"), None)
    stated = python.python_site_packages_path if python is not None else None
    path = stated or f"lib/python{_short(slice_)}/site-packages"
    _refuse_outside(path, "python: python_site_packages_path")
    return path


def _short(slice_: Slice) -> str:
    python = slice_.conda_python
    return ".".join((python.version if python else slice_.python).split(".")[:2])


def _claims(packages: Iterable[Package], cache: Path, site_packages: str) -> dict[str, _Claim]:
    """Who writes which path. Raises where two packages write different bytes, or a path leaves the prefix."""
    claims: dict[str, _Claim] = {}
    for package in packages:
        with _blame(package, "its metadata cannot be read", _METADATA_ERRORS):
            own = dict(_package_claims(package, cache, site_packages))
        for path, claim in own.items():
            _refuse_outside(path, str(package))
            _refuse_unusual(path, package)
            other = claims.setdefault(path, claim)
            if not _same(other, claim):
                raise _conflict(path, other.owner, package)
    folders = {folder: (path, claim.owner) for path, claim in claims.items() for folder in _parents(path)}
    for folder, (path, owner) in folders.items():
        above = claims.get(folder)
        if above is not None:
            _refuse_in_the_way(folder, above, path, owner)
    return claims


def _refuse_in_the_way(folder: str, above: _Claim, path: str, owner: Package) -> None:
    """Where a package has a file or a link, no other one can have a folder; rattler takes whichever comes first."""
    if above.source is not None and above.source.is_symlink():
        raise InstallError(f"{owner}: {path} could not be put in its place: {above.owner} has the link {folder} there")
    if above.source is None or not above.source.is_dir():
        raise _conflict(folder, above.owner, owner)


def _package_claims(package: Package, cache: Path, site_packages: str) -> Iterator[tuple[str, _Claim]]:
    folder = cache / package.stem
    index = json.loads((folder / "info" / "index.json").read_bytes())
    is_noarch_python = index.get("noarch") == "python"
    listed = _listed(folder)
    _refuse_hidden_links(package, folder, [source for source, _ in listed])
    for source, placeholder in listed:
        path = source
        if is_noarch_python and source.startswith("site-packages/"):
            path = f"{site_packages}/{source.removeprefix('site-packages/')}"
        elif is_noarch_python and source.startswith("python-scripts/"):
            path = f"bin/{source.removeprefix('python-scripts/')}"
        yield path, _Claim(package, folder / source, placeholder)
    link = folder / "info" / "link.json"
    if is_noarch_python and link.is_file():
        for entry_point in json.loads(link.read_bytes())["noarch"].get("entry_points", ()):
            yield f"bin/{entry_point.partition('=')[0].strip()}", _Claim(package, None)


def _listed(folder: Path) -> list[tuple[str, object]]:
    """The paths that a package lists: in paths.json, or in ``files`` if it is older than that."""
    modern = folder / "info" / "paths.json"
    if modern.is_file():
        entries = json.loads(modern.read_bytes())["paths"]
        return [(_text(entry, "_path", str(modern)), entry.get("prefix_placeholder")) for entry in entries]
    return [(line, None) for line in (folder / "info" / "files").read_text("utf-8").splitlines() if line]


def _refuse_hidden_links(package: Package, folder: Path, sources: Iterable[str]) -> None:
    """Refuse paths that lead over a link inside the package: they would read, or link to, what is elsewhere."""
    for source in sources:
        _refuse_outside(source, str(package))
    real = Path(os.path.realpath(folder))
    for parent in {source.rpartition("/")[0] for source in sources}:
        if Path(os.path.realpath(real / parent)) != real / os.path.normpath(parent):
            raise InstallError(f"{package}: it lists files that lie behind a link: {parent}")


def _refuse_outside(path: str, owner: str) -> None:
    if not path or path.startswith((".work/", "/")) or ".." in path.split("/") or re.search(r"[\\\0]", path):
        raise InstallError(f"{owner}: it wants to write outside of the prefix: {path!r}")


def _refuse_unusual(path: str, package: Package) -> None:
    """Two spellings would be two paths to us and one to the file system; the records of packages are ours to write."""
    if path != os.path.normpath(path):
        raise InstallError(f"{package}: it lists a path that is not in its shortest form: {path!r}")
    if path in _RECORDS or (path.startswith("conda-meta/") and path.endswith(".json")):
        raise InstallError(f"{package}: it wants to write {path}, which is not a package's to write")


def _same(one: _Claim, other: _Claim) -> bool:
    if one.owner == other.owner:
        return True
    if one.source is None or other.source is None or one.placeholder != other.placeholder:
        return False
    if one.source.is_symlink() or other.source.is_symlink():
        both = one.source.is_symlink() and other.source.is_symlink()
        return both and one.source.readlink() == other.source.readlink()
    if one.source.is_dir() or other.source.is_dir():
        return one.source.is_dir() and other.source.is_dir()
    return filecmp.cmp(one.source, other.source, shallow=False)


def _conflict(path: str, one: Package, other: Package) -> InstallError:
    return InstallError(
        f"{one} and {other} both write {path}, with different content", "lock a version without one of them"
    )


def _refuse_escaping_links(claims: Mapping[str, _Claim]) -> None:
    """Refuse symbolic links that lead out of the prefix, also over other links: files are written through them."""
    links = {
        path: str(claim.source.readlink())
        for path, claim in claims.items()
        if claim.source is not None and claim.source.is_symlink()
    }
    for path, target in links.items():
        if not _stays_inside(path, links):
            raise InstallError(f"{claims[path].owner}: the link {path} leaves the prefix: {target}")


def _stays_inside(path: str, links: Mapping[str, str]) -> bool:
    position: list[str] = []
    pending = path.split("/")[::-1]
    hops = 0
    while pending:
        part = pending.pop()
        if part == "..":
            if not position:
                return False
            position.pop()
        elif part not in ("", "."):
            target = links.get("/".join([*position, part]))
            if target is None:
                position.append(part)
                continue
            hops += 1
            if target.startswith("/") or hops > 40:  # Linux follows no more than 40
                return False
            pending.extend(target.split("/")[::-1])
    return True


def _link(
    slice_: Slice,
    records: list[RepoDataRecord],
    root: Path,
    embedded: str,
    apart: frozenset[str],
    progress: Progress,
) -> None:
    watch = _Watch(len(records), progress)  # type: ignore[abstract]  # what it leaves out does nothing
    cache = PackageCache.new_layered([root / ".work" / "pkgs"], validation_mode=ValidationMode.skip())

    async def link() -> None:
        await link_packages(
            records=records,
            target_prefix=root,
            installed_packages=[],
            ignored_packages=set(apart),
            platform=Subdir(slice_.platform),
            execute_link_scripts=False,
            show_progress=False,
            reporter=watch,
            alternative_target_prefix=embedded,
            package_cache=cache,
        )

    try:
        with ThreadPoolExecutor(1) as pool:  # a notebook's thread has an event loop already
            pool.submit(asyncio.run, link()).result()
    except _CONDA_ERRORS as error:
        raise InstallError(f"the conda packages cannot be linked: {error}") from error
    if watch.downloads:
        raise InstallError("py-rattler fetched packages by itself: it is not the version that this module knows")


# ----------------------------------------------------------------------------------------------- wheels


class _Wheel(WheelFile):
    """A wheel without its bytecode (see ``_drop_bytecode``)."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(archive)
        self._names = frozenset(archive.namelist())

    def get_contents(self) -> Iterator[WheelContentElement]:
        for record, stream, is_executable in super().get_contents():
            if not _is_bytecode(record[0], self._names):
                yield record, stream, is_executable


class _Destination(SchemeDictionaryDestination):
    """Writes a wheel below ``root`` and notes who owns which path."""

    def __init__(
        self, package: Package, root: Path, owners: dict[str, Package], schemes: dict[str, str], interpreter: str
    ) -> None:
        super().__init__(schemes, interpreter, "posix")
        self._package, self._root, self._owners = package, root, owners

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        if not _PLAIN.match(name) or name in (".", ".."):
            raise InstallError(f"{self._package}: it wants to write outside of the prefix: bin/{name}")
        return super().write_script(name, module, attr, section)

    def write_to_fs(self, scheme: Scheme, path: str, stream: BinaryIO, is_executable: bool) -> RecordEntry:
        _refuse_outside(path, str(self._package))
        place = Path(self.scheme_dict[scheme], path)
        relative = place.relative_to(self._root).as_posix()
        if relative.startswith(("conda-meta/", ".work/")):
            raise InstallError(f"{self._package}: it wants to write {relative}, which is not a package's to write")
        digest, size = self._write(place, relative, stream)
        self._owners.setdefault(relative, self._package)
        if is_executable:
            place.chmod(0o755)
        return RecordEntry(path, Hash("sha256", digest), size)

    def _write(self, place: Path, relative: str, stream: BinaryIO) -> tuple[str, int]:
        if not os.path.lexists(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                return copyfileobj_with_hashing(stream, file, "sha256")
        digest, size = copyfileobj_with_hashing(stream, _Nowhere(), "sha256")  # type: ignore[arg-type]
        if not place.is_file() or base64.urlsafe_b64decode(digest + "=").hex() != _sha256(place):
            raise _conflict(relative, self._owners.get(relative, self._package), self._package)
        return digest, size


class _Nowhere:
    def write(self, content: bytes) -> int:
        return len(content)


def _install_wheel(
    package: Package, artifact: Path, root: Path, embedded: str, site_packages: str, owners: dict[str, Package]
) -> None:
    with _blame(package, "not a wheel that can be installed", _WHEEL_ERRORS), zipfile.ZipFile(artifact) as archive:
        _refuse_wheel(package, archive, root)
        wheel = _Wheel(archive)
        headers = "include/site" if (root / "pyvenv.cfg").exists() else "include"  # as pip does
        python = site_packages.split("/")[-2]
        folders = {
            "purelib": site_packages,
            "platlib": site_packages,
            "headers": f"{headers}/{python}/{wheel.distribution}",
            "scripts": "bin",
            "data": ".",
        }
        schemes = {scheme: str(root / folder) for scheme, folder in folders.items()}
        destination = _Destination(package, root, owners, schemes, f"{embedded}/bin/python")
        installer.install(wheel, destination, _additional_metadata(package))


def _refuse_wheel(package: Package, archive: zipfile.ZipFile, root: Path) -> None:
    """Refuse what no wheel needs, before anything of it is written. What it says of its sizes binds the reader."""
    seen: set[str] = set()
    for name in archive.namelist():
        _refuse_outside(name, str(package))
        if name in seen and not name.endswith("/"):
            raise InstallError(f"{package}: it holds {name} twice")
        seen.add(name)
    size, free = sum(member.file_size for member in archive.infolist()), shutil.disk_usage(root).free
    if size > free:
        raise InstallError(f"{package}: it says that it unpacks to {size} bytes, and the disk has {free} left")


def _additional_metadata(package: Package) -> dict[str, bytes]:
    metadata = {"INSTALLER": b"samebox\n"}
    if package.kind == "archive":  # PEP 610: only what was asked for by URL
        archive = {"hash": f"sha256={package.sha256}", "hashes": {"sha256": package.sha256}}
        metadata["direct_url.json"] = _json({"url": package.public_url, "archive_info": archive})
    return metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPython:
    """An interpreter where the prefix will be used: its minor version (``3.12``) and absolute path there."""

    version: str
    executable: str


def _ask(python: Path) -> KnownPython:
    question = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys._base_executable)"
    try:
        answer = subprocess.run([python, "-I", "-c", question], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallError(f"{python}: not a Python that runs: {error}") from error
    version, base = answer.stdout.splitlines()[-2:]
    return KnownPython(version=version, executable=base)


def _make_virtual_environment(slice_: Slice, python: Path | KnownPython, root: Path, owners: dict[str, Package]) -> str:
    """A prefix (PEP 405) on an interpreter that the slice does not bring; gives where its packages go."""
    known = python if isinstance(python, KnownPython) else _ask(python)
    version, base = known.version, known.executable
    if _short(slice_) not in ("", version):
        asked = base if isinstance(python, KnownPython) else python
        raise InstallError(f"{asked} is Python {version}, and the wheels were locked for {_short(slice_)}")
    (root / "bin").mkdir(exist_ok=True)
    (root / "bin" / "python").symlink_to(base)
    for name in ("python3", f"python{version}"):
        (root / "bin" / name).symlink_to("python")
    config = f"home = {Path(base).parent}\ninclude-system-site-packages = false\nversion = {version}\n"
    (root / "pyvenv.cfg").write_bytes(config.encode())
    owner = Package(kind="", name="the interpreter", version=version, file_name=base, url="", sha256="")
    owners |= dict.fromkeys(("pyvenv.cfg", "bin/python", "bin/python3", f"bin/python{version}"), owner)
    return f"lib/python{version}/site-packages"


@contextlib.contextmanager
def _blame(package: Package, trouble: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise InstallError(f"{package}: {trouble}: {error or type(error).__name__}") from error


# --------------------------------------------------------------------------------------- the normaliser


def _normalise(root: Path, slice_: Slice, owners: Iterable[str], epoch: int) -> None:
    """Make the tree a function of the slice and the prefix's path alone."""
    files = {path for path, is_folder in _walk(root) if not is_folder}
    bytecode = {path for path in files if _is_bytecode(path, files)}
    owned = {*owners, *_restate_conda_meta(root, slice_, bytecode)} - bytecode
    kept = _drop_strays(root, owned)
    _fix_modes(root, kept)
    _fix_times(root, kept, epoch)


def _is_bytecode(path: str, names: Iterable[str]) -> bool:
    """Whether a file is a cache that Python would find stale and ignore: it holds the time of its source, which is
    set below. A ``.pyc`` that is the only form of its module (no ``.py`` beside it) is code, and stays."""
    return path.endswith(".pyc") and ("__pycache__" in path.split("/") or path[:-1] in names)


def _restate_conda_meta(root: Path, slice_: Slice, bytecode: set[str]) -> set[str]:
    """Records lose what is of this machine (cache paths, and how files were linked), and list what is there.

    ``history`` is empty: conda wants it to be there, and it would hold times. The marker says which slice this is.
    """
    metadata = root / "conda-meta"
    metadata.mkdir(exist_ok=True)
    owned = {MARKER}
    for package in slice_.conda:
        path = metadata / f"{package.stem}.json"
        with _blame(package, "its record cannot be read", _METADATA_ERRORS):
            record = json.loads(path.read_bytes())
            entries = [_restored(entry, root) for entry in record["paths_data"]["paths"]]
        entries = sorted((e for e in entries if e["_path"] not in bytecode), key=lambda e: str(e["_path"]))
        _refuse_missing(package, root, entries)
        record["paths_data"]["paths"] = entries
        record["files"] = [e["_path"] for e in entries if e["path_type"] != "directory"]
        record |= {"url": package.public_url, "channel": package.channel, "fn": package.file_name}
        for machine in ("extracted_package_dir", "package_tarball_full_path", "link"):
            record.pop(machine, None)
        path.write_bytes(_json(record))
        owned |= {path.relative_to(root).as_posix(), *(str(e["_path"]) for e in entries)}
    if slice_.conda:
        (metadata / "history").write_bytes(b"")
        owned.add("conda-meta/history")
    (root / MARKER).write_bytes(_json({"samebox": 1, "slice": f"sha256:{slice_.sha256}"}))
    return owned


def _refuse_missing(package: Package, root: Path, entries: Iterable[dict[str, object]]) -> None:
    """rattler moves a file aside where a folder on its way is another package's link, and says nothing."""
    missing = [str(e["_path"]) for e in entries if not os.path.lexists(root / str(e["_path"]))]
    if missing:
        raise InstallError(
            f"{package}: {missing[0]} could not be put in its place: another package has a link or a file on the way"
        )


def _restored(entry: dict[str, object], root: Path) -> dict[str, object]:
    """rattler moves the second of two equal files aside; both packages own the one that stays."""
    original = entry.pop("original_path", None)
    return entry if original is None else entry | {"_path": original}


def _drop_strays(root: Path, owned: set[str]) -> list[str]:
    """Remove what no package owns (bytecode, rattler's CACHEDIR.TAG, files moved aside, emptied folders); it would
    differ from version to version. Gives what stays."""
    wanted = {*owned, *(folder for path in owned for folder in _parents(path))}
    kept = []
    for path, is_folder in sorted(_walk(root), reverse=True):  # contents before their folder
        if path in wanted:
            kept.append(path)
        elif is_folder:
            (root / path).rmdir()
        else:
            (root / path).unlink()
    return kept


def _fix_modes(root: Path, paths: Iterable[str]) -> None:
    """The umask and the packagers' habits have no say: a file can be run or it cannot. Links have no mode.

    Equal files do not share an inode: whether they do depends on the file system, and an archive shows it.
    """
    root.chmod(0o755)
    for path in paths:
        place = root / path
        status = place.lstat()
        if stat.S_ISDIR(status.st_mode):
            place.chmod(0o755)
        elif stat.S_ISREG(status.st_mode):
            if status.st_nlink > 1:
                copy = place.with_name(f"{place.name}.samebox-copy")
                shutil.copyfile(place, copy)
                copy.replace(place)
            place.chmod(0o755 if status.st_mode & 0o100 else 0o644)
        elif not stat.S_ISLNK(status.st_mode):
            raise InstallError(f"{path}: neither a file nor a folder nor a link")


def _fix_times(root: Path, paths: Iterable[str], epoch: int) -> None:
    """One time for everything, links and folders too; it comes last, since every change moves the times."""
    for path in (*paths, "."):
        os.utime(root / path, (epoch, epoch), follow_symlinks=False)


def _walk(root: Path) -> list[tuple[str, bool]]:
    """Every path below ``root``, and whether it is a folder; links are not followed."""
    found = []
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                found.append((folder + entry.name, is_folder))
                if is_folder:
                    pending.append(f"{folder}{entry.name}/")
    return found


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # rattler's threads may crash while an interpreter shuts down
