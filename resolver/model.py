"""The values that flow through Samebox: declared and locked (those that are exported: ``build_context``).

All of them are frozen, slotted and keyword-only, hold tuples and not lists, and refuse in their constructor
what cannot be. This module imports nothing of ours but the errors and how values are made.
"""

from __future__ import annotations

from collections.abc import Iterable

from resolver.errors import ResolverError
from resolver.light_typing import Literal
from resolver.values import dataclass, field

__all__ = [
    "MAIN",
    "SERVE",
    "Application",
    "Artifact",
    "Aspect",
    "CondaSpec",
    "Conflict",
    "Digest",
    "DockerSection",
    "EnvironmentSpec",
    "Evidence",
    "HealthCheck",
    "IndexOptions",
    "Kind",
    "Lock",
    "LockedPackage",
    "Origin",
    "PlatformLock",
    "Preset",
    "PypiRequirement",
    "Root",
    "VirtualPackage",
]

MAIN = "main"
"""The group (conda-lock: category) that everything belongs to unless it says otherwise."""

SERVE = "serve"
"""The group of the HTTP server of an image that answers requests (the preset of that name)."""

Kind = Literal["conda", "pypi", "vcs", "archive", "directory"]


def _refuse(condition: bool, message: str) -> None:
    """For values that are few. Where there are hundreds, a message is written only when it is needed."""
    if condition:
        raise ResolverError(message)


# no regular expressions here: all that is done begins with this module, and to compile three of them takes longer


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and not text.strip("0123456789abcdef")


def _is_group(name: str) -> bool:
    """A letter or digit, then these and ``._-``."""
    letters = name.replace(".", "").replace("_", "").replace("-", "")
    return name.isascii() and letters.isalnum() and name[0].isalnum()


# ---------------------------------------------------------------------------------------------- declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where something was declared: ``source`` is a path as the user wrote it (or ``<option>``), ``line`` from 1."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSpec:
    """One requested conda package.

    ``name`` is lower case; ``version`` is a version spec in MatchSpec syntax with fuzzy ``=`` already spelled
    out (``3.11.*``); ``platforms`` limits the spec to some subdirs (``None``: all).
    """

    name: str
    version: str | None = None
    build: str | None = None
    build_number: str | None = None
    channel: str | None = None
    subdir: str | None = None
    md5: str | None = None
    sha256: str | None = None
    group: str = MAIN
    platforms: tuple[str, ...] | None = None
    origin: Origin

    def __post_init__(self) -> None:
        if not self.name or self.name != self.name.lower():
            raise ResolverError(f"{self.origin}: not a conda name: {self.name!r}")
        if not _is_group(self.group):
            raise ResolverError(f"{self.origin}: not a group name: {self.group!r}")

    def __str__(self) -> str:
        """The spec as a MatchSpec in bracket form, the one way to write it that has a single meaning."""
        fields = {
            "version": self.version,
            "build": self.build,
            "build_number": self.build_number,
            "subdir": self.subdir,
            "md5": self.md5,
            "sha256": self.sha256,
        }
        inside = ",".join(f"{key}='{value}'" for key, value in fields.items() if value is not None)
        head = f"{self.channel}::{self.name}" if self.channel else self.name
        return f"{head}[{inside}]" if inside else head


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiRequirement:
    """One requested PyPI project (PEP 508), or a constraint on one.

    ``name`` is normalised (PEP 503), ``specifier`` a PEP 440 set (``""``: any). A direct reference has ``url``:
    ``https://…`` of a wheel or sdist, ``git+https://…@rev`` or ``file:///…`` (absolute). ``hashes`` are
    ``algorithm:hex``; where any are given, the chosen file must have one of them.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str | None = None
    url: str | None = None
    editable: bool = False
    hashes: tuple[str, ...] = ()
    group: str = MAIN
    platforms: tuple[str, ...] | None = None
    origin: Origin

    def __post_init__(self) -> None:
        if not self.name:
            raise ResolverError(f"{self.origin}: a requirement without a name")
        if self.url and self.specifier:
            raise ResolverError(f"{self.origin}: {self.name} has both a URL and a version")
        if self.editable and not self.url:
            raise ResolverError(f"{self.origin}: an editable {self.name} needs a location")
        if not _is_group(self.group):
            raise ResolverError(f"{self.origin}: not a group name: {self.group!r}")

    def __str__(self) -> str:
        """The requirement in PEP 508 form, without the marker."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras} @ {self.url}" if self.url else f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOptions:
    """Where PyPI packages come from, as a manifest says it (pip's options). URLs never hold a secret:
    credentials are spelled ``${NAME}`` and expanded at the edge."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    only_binary: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    pre: bool = False


Preset = Literal["train", "serve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How an engine asks whether a container does its work (``HEALTHCHECK`` of the Dockerfile reference). Times are in
    seconds; what is ``None`` is left to the engine. An empty ``command`` is that of the preset ``serve``."""

    command: tuple[str, ...] = ()
    interval: int | None = None
    timeout: int | None = None
    start_period: int | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What an image runs besides its environment (``[docker.application]``).

    ``source`` is a folder on this machine, ``entry`` a script below it (``/``-separated), ``model`` a file or folder.
    ``train`` runs the script with ``arguments``; ``serve`` answers requests by the script's ``run(data)``, through the
    HTTP server that ``server`` (a PEP 508 requirement) locks. ``workdir`` is a folder in the image, by default the one
    that has the source. ``origin`` is where ``server``, or the preset that implies it, was written.
    """

    source: str | None = None
    preset: Preset | None = None
    entry: str | None = None
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    workdir: str | None = None
    ports: tuple[int, ...] = ()
    health_check: HealthCheck | None = None
    model: str | None = None
    server: str = "waitress>=3"
    origin: Origin | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        preset = f"the preset {self.preset}"
        serves = self.preset == "serve"
        _refuse(bool(self.preset and not (self.source and self.entry)), f"{preset} needs a source and an entry")
        _refuse(not self.preset and bool(self.entry or self.arguments), "entry and arguments belong to a preset")
        _refuse(serves and bool(self.arguments), f"{preset} imports its entry, and gives it no arguments")
        _refuse(serves and not (self.entry or "").endswith(".py"), f"{preset} imports its entry, which ends in .py")
        _refuse(not serves and self.model is not None, "a model belongs to the preset serve")
        _refuse(len(set(self.ports)) != len(self.ports), "a port stands there twice")
        _refuse(any(not 0 < port < 65536 for port in self.ports), "a port is a number from 1 to 65535")
        bare = self.health_check is not None and not self.health_check.command
        _refuse(bare and not serves, "a health check needs a command")


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerSection:
    """What ``[docker]`` says about the image; see ``exporter`` for the meaning of each.

    ``gpu`` says whether ``gpu_base_image`` (``""``: the same as ``base_image``) is the base; ``None``: where what is
    locked needs one. ``base_dockerfile`` is the text of a Dockerfile whose last stage is the base instead. With
    ``user_managed`` no environment is installed, and ``interpreter_path`` must have ``required_packages`` (PEP 508).
    ``apt`` are system packages, from ``apt_snapshot`` (an instant, ``20260115T000000Z``) of ``apt_mirror`` (``URL`` or
    ``URL SUITE`` each). ``cache_mounts`` and ``lend_netrc`` are for the downloads of a thin build, and no part of the
    image.
    """

    base_image: str = "debian:bookworm-slim"
    build_image: str = "python:3.12-slim-bookworm"
    gpu_base_image: str = ""
    gpu: bool | None = None
    base_dockerfile: str = ""
    user_managed: bool = False
    interpreter_path: str = "/usr/bin/python3"
    required_packages: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    apt_snapshot: str | None = None
    apt_mirror: tuple[str, ...] = ()
    user: str = "samebox"
    prefix: str = "/opt/env"
    workdir: str = "/home/samebox"
    command: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    resolve_base: bool = True
    insecure_registries: tuple[str, ...] = ()
    cache_mounts: bool = False
    lend_netrc: bool = False
    application: Application | None = None

    @property
    def python(self) -> str:
        """The interpreter that runs in the image."""
        return self.interpreter_path if self.user_managed else f"{self.prefix}/bin/python"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec:
    """One declared environment, merged from one or more manifests. Empty ``channels`` or ``platforms`` mean that
    the manifests are silent and the settings decide."""

    name: str | None = None
    channels: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    conda: tuple[CondaSpec, ...] = ()
    pip: tuple[PypiRequirement, ...] = ()
    constraints: tuple[PypiRequirement, ...] = ()
    index: IndexOptions = field(default_factory=IndexOptions)
    variables: tuple[tuple[str, str], ...] = ()
    requires_python: str | None = None
    sources: tuple[str, ...] = ()

    def conda_on(self, platform: str) -> tuple[CondaSpec, ...]:
        return tuple(s for s in self.conda if s.platforms is None or platform in s.platforms)

    def pip_on(self, platform: str) -> tuple[PypiRequirement, ...]:
        return tuple(r for r in self.pip if r.platforms is None or platform in r.platforms)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class VirtualPackage:
    """A property of the target system that conda packages may depend on (CEP 30): ``__glibc 2.28``."""

    name: str
    version: str
    build: str = "0"

    def __post_init__(self) -> None:
        _refuse(not self.name.startswith("__"), f"a virtual package begins with two underscores: {self.name!r}")

    def __str__(self) -> str:
        return f"{self.name}={self.version}={self.build}"


# ------------------------------------------------------------------------------------------------ locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """``sha256:<hex>``, and the domain that says of what."""

    domain: str
    hex: str

    def __post_init__(self) -> None:
        _refuse(not _is_hex(self.hex, 64), f"not a sha256 in lower-case hex: {self.hex!r}")

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file to fetch: the canonical ``url`` (never a mirror's), and what it must be. ``size`` is in bytes."""

    url: str
    sha256: str
    md5: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One exact artifact on one platform.

    ``dependencies`` are the names that this package needs on this platform, each with its constraint in the
    syntax of the package's own world (``""`` or ``*``: any). ``sha256`` may be missing only in a lock that was
    read from elsewhere; such a package has no identity (see ``canonicalizer``). ``candidates`` are the files among
    which such a lock does not choose; ``url`` is ``""`` where it does not say where the file is. ``other_hashes`` are
    those of other algorithms (``sha512:hex``), where it has no sha256.
    """

    kind: Kind
    name: str
    version: str
    build: str | None = None
    subdir: str | None = None
    file_name: str | None = None
    url: str
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    dependencies: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = (MAIN,)
    commit: str | None = None
    subdirectory: str | None = None
    tree: str | None = None
    candidates: tuple[Artifact, ...] = ()
    other_hashes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ResolverError("a locked package without a name")
        if self.candidates and self.sha256:
            raise ResolverError(f"{self.name} is one file, and has others to choose from")
        if not self.groups:
            raise ResolverError(f"{self.name} is locked in no group")
        if tuple(sorted(set(self.groups))) != self.groups:
            raise ResolverError(f"{self.name}: groups are not sorted and unique")
        for value, digits in ((self.sha256, 64), (self.md5, 32), (self.tree, 64)):
            if value is not None and not _is_hex(value, digits):
                raise ResolverError(f"{self.name}: not a hash: {value!r}")

    @property
    def artifact(self) -> Artifact | None:
        """What to fetch, or ``None`` where the lock cannot say what it must be, or where it is."""
        if self.sha256 is None or not self.url:
            return None
        return Artifact(url=self.url, sha256=self.sha256, md5=self.md5, size=self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLock:
    """All packages of one platform, sorted by kind and name."""

    platform: str
    packages: tuple[LockedPackage, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "packages", tuple(sorted(self.packages, key=lambda p: (p.kind, p.name, p.url))))

    def in_groups(self, groups: Iterable[str]) -> tuple[LockedPackage, ...]:
        wanted = frozenset(groups)
        return tuple(p for p in self.packages if wanted.intersection(p.groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One request that the lock was made for, as text (a MatchSpec, or a PEP 508 requirement and its marker).

    ``via`` is the request that implied it: an extra of a project that conda provides needs things from PyPI.
    """

    kind: Literal["conda", "pypi"]
    requirement: str
    marker: str | None = None
    group: str = MAIN
    origin: str = ""
    via: str | None = None

    def __post_init__(self) -> None:
        # asked for here since evidence is decoded, for which `light_typing` has no literals
        _refuse(self.kind not in ("conda", "pypi"), f"a request of neither conda nor pypi: {self.kind!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a lock came about: enough to solve again and to explain a difference. Never part of an identity.

    ``channels`` gives for each platform the canonical channel URLs in order, each with the digest over the sorted
    sha256s of the records that the solver was shown; ``cut_off`` is an absolute UTC instant in RFC 3339,
    and ``cut_off_policy`` which times were compared with it, and what became of what has none (``missing-time``).
    ``cut_off_times`` says for each platform which of these times its conda packages had: the commonest first and
    without names, then the packages that had another. ``channel_priority`` and ``index_strategy`` are told where they
    were not the default, ``index_url`` (the main index) and ``index_for`` where they were declared;
    ``project_indexes`` names the projects that came from another index than the main one.
    """

    roots: tuple[tuple[str, tuple[Root, ...]], ...] = ()
    virtual_packages: tuple[tuple[str, tuple[VirtualPackage, ...]], ...] = ()
    pythons: tuple[tuple[str, str], ...] = ()
    channels: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    indexes: tuple[str, ...] = ()
    cut_off: str | None = None
    cut_off_policy: tuple[tuple[str, str], ...] = ()
    cut_off_times: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = ()
    overrides: tuple[str, ...] = ()
    repodata_filters: tuple[str, ...] = ()
    channel_priority: str | None = None
    index_url: str | None = None
    index_for: tuple[tuple[str, str], ...] = ()
    index_strategy: str | None = None
    project_indexes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    names_digest: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    tools: tuple[tuple[str, str], ...] = ()


Aspect = Literal["channels", "content_hash", "dependencies", "evidence", "files", "name", "sources"]
"""What a format may have no place for: ``files`` is all that says where an artifact is, and how large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One environment, locked on each of its platforms (sorted by subdir). ``silent_on`` is what the file that it was
    read from says nothing about: an empty field means nothing then. ``metadata`` is what a format keeps about the file
    and not about the packages (when it was made, by whom, notes of other tools): JSON by name, as that format has it.
    It is written back into that format, and is no part of what the lock is."""

    name: str | None = None
    platforms: tuple[PlatformLock, ...]
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    content_hash: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = None
    silent_on: frozenset[Aspect] = field(default=frozenset(), compare=False)
    metadata: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        names = [p.platform for p in self.platforms]
        _refuse(len(set(names)) != len(names), "a platform is locked twice")
        object.__setattr__(self, "platforms", tuple(sorted(self.platforms, key=lambda p: p.platform)))

    def on(self, platform: str) -> PlatformLock:
        for locked in self.platforms:
            if locked.platform == platform:
                return locked
        have = ", ".join(p.platform for p in self.platforms)
        raise ResolverError(f"the lock has no platform {platform}", hint=f"it has: {have}")

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(sorted({g for p in self.platforms for package in p.packages for g in package.groups}))


# ---------------------------------------------------------------------------------------------- failing


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Why there is no solution: ``claims`` are the requirements that cannot hold together, each with who makes
    it (an origin, or the package and version that needs it); ``nearest`` are names or versions that exist;
    ``remedies`` pair what would fit with the one request that it would take the place of."""

    platform: str
    subject: str
    claims: tuple[tuple[str, str], ...] = ()
    nearest: tuple[str, ...] = ()
    remedies: tuple[tuple[str, str], ...] = ()
    detail: str = ""
