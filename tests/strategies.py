"""Arbitrary values of the model, for property tests."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

from resolver.model import (
    Evidence,
    Lock,
    LockedPackage,
    PlatformLock,
    Root,
    VirtualPackage,
)

__all__ = ["EVIDENCE", "HASHES", "LOCKS", "PACKAGES", "PLATFORMS", "TEXTS"]

PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")

HASHES = st.one_of(
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.sampled_from(["1" * 64, "0" * 63 + "1", "1e" + "3" * 62, "0" * 60 + "1e10"]),
)
_MD5 = st.one_of(st.text("0123456789abcdef", min_size=32, max_size=32), st.sampled_from(["1" * 32, "1e" + "0" * 30]))

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
"""Any text that UTF-8 can carry, control characters and emoji included."""

_WORDS = st.sampled_from(["yes", "no", "on", "null", "~", "1e3", "0x1f", "1.10", "0123", "true", "-", "a: b", "'", '"'])

_CONDA_NAMES = st.one_of(
    st.from_regex(r"[a-z0-9_][a-z0-9_.-]{0,10}", fullmatch=True), st.sampled_from(["no", "yes", "null", "1e3", "y"])
)
_PROJECTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda name: "--" not in name)
_CONDA_VERSIONS = st.one_of(
    st.sampled_from(["1.10", "1", "0123", "1e3", "1!2.0", "2024a", "1.1.1w", "9.9+g1"]),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}[a-z]?", fullmatch=True),
)
_PYPI_VERSIONS = st.sampled_from(["1.10", "1", "0.1rc1", "1!2.0", "1.0.post1", "2024.1", "1.0+cpu", "3.0.dev1"])
_BUILDS = st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True)
_DEPENDENCIES = st.dictionaries(
    _CONDA_NAMES.filter(lambda name: not name.startswith("__")),
    st.one_of(st.sampled_from(["", "*", ">=1.2,<2", "3.11.* *_cpython"]), _WORDS, TEXTS),
    max_size=3,
).map(lambda found: tuple(sorted(found.items())))
_GROUPS = st.sets(st.sampled_from(["main", "dev", "no", "docs"]), min_size=1, max_size=3).map(
    lambda groups: tuple(sorted(groups))
)


@st.composite
def _conda(draw: st.DrawFn) -> LockedPackage:
    name, version, build = draw(_CONDA_NAMES), draw(_CONDA_VERSIONS), draw(_BUILDS)
    subdir = draw(st.sampled_from([*PLATFORMS, "noarch"]))
    file_name = f"{name}-{version}-{build}{draw(st.sampled_from(['.conda', '.tar.bz2']))}"
    return LockedPackage(
        kind="conda",
        name=name,
        version=version,
        build=build,
        subdir=subdir,
        file_name=file_name,
        url=f"https://conda.example.org/{draw(st.sampled_from(['main', 'a/label/b']))}/{subdir}/{quote(file_name)}",
        sha256=draw(HASHES),
        md5=draw(_MD5),
        dependencies=draw(_DEPENDENCIES),
        groups=draw(_GROUPS),
    )


@st.composite
def _file(draw: st.DrawFn) -> LockedPackage:
    name, version = draw(_PROJECTS), draw(_PYPI_VERSIONS)
    file_name = f"{name.replace('-', '_')}-{version}{draw(st.sampled_from(['-py3-none-any.whl', '.tar.gz']))}"
    return LockedPackage(
        kind=draw(st.sampled_from(["pypi", "archive"])),
        name=name,
        version=version,
        file_name=file_name,
        url=f"https://files.example.org/{draw(st.integers(0, 9))}/{quote(file_name)}",
        sha256=draw(HASHES),
        dependencies=draw(_DEPENDENCIES),
        groups=draw(_GROUPS),
    )


@st.composite
def _vcs(draw: st.DrawFn) -> LockedPackage:
    return LockedPackage(
        kind="vcs",
        name=draw(_PROJECTS),
        version=draw(_PYPI_VERSIONS),
        url=f"git+https://git.example.org/{draw(_PROJECTS)}.git",
        commit=draw(st.text("0123456789abcdef", min_size=40, max_size=40)),
        subdirectory=draw(st.sampled_from([None, "python", "a b/c"])),
        groups=draw(_GROUPS),
    )


@st.composite
def _directory(draw: st.DrawFn) -> LockedPackage:
    name = draw(_PROJECTS)
    return LockedPackage(
        kind="directory",
        name=name,
        version=draw(_PYPI_VERSIONS),
        url=f"file:///src/{name}/",
        tree=draw(HASHES),
        groups=draw(_GROUPS),
    )


PACKAGES = st.one_of(_conda(), _file(), _vcs(), _directory())
"""Packages that conda-lock.yml can carry whole."""


def _world_and_name(package: LockedPackage) -> tuple[bool, str]:
    return package.kind == "conda", package.name


_PLATFORM_LOCKS = st.lists(PACKAGES, max_size=4, unique_by=_world_and_name)

_VIRTUAL = st.builds(
    VirtualPackage, name=st.sampled_from(["__glibc", "__cuda"]), version=_CONDA_VERSIONS, build=st.just("0")
)
_ROOTS = st.builds(
    Root,
    kind=st.sampled_from(["conda", "pypi"]),
    requirement=TEXTS,
    marker=st.none() | TEXTS,
    group=st.sampled_from(["main", "dev"]),
    origin=TEXTS,
    via=st.none() | TEXTS,
)


def _pairs(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.tuples(TEXTS, values), max_size=2).map(tuple)


EVIDENCE = st.builds(
    Evidence,
    roots=_pairs(st.lists(_ROOTS, max_size=2).map(tuple)),
    virtual_packages=_pairs(st.lists(_VIRTUAL, max_size=2).map(tuple)),
    pythons=_pairs(TEXTS),
    channels=_pairs(st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple)),
    indexes=st.lists(TEXTS, max_size=2).map(tuple),
    cut_off=st.none() | TEXTS,
    names_digest=TEXTS,
    variables=_pairs(TEXTS),
    tools=_pairs(TEXTS),
)

LOCKS = st.builds(
    Lock,
    name=st.none() | TEXTS | _WORDS,
    platforms=st.dictionaries(st.sampled_from(PLATFORMS), _PLATFORM_LOCKS, max_size=3).map(
        lambda found: tuple(PlatformLock(platform=name, packages=tuple(ps)) for name, ps in found.items())
    ),
    # a lock holds canonical URLs, whatever a manifest called its channels
    channels=st.lists((TEXTS | _WORDS).map("https://conda.example.org/{}".format), max_size=2).map(tuple),
    sources=st.lists(TEXTS | _WORDS, max_size=2).map(tuple),
    content_hash=st.dictionaries(st.sampled_from(PLATFORMS), HASHES, max_size=2).map(
        lambda found: tuple(sorted(found.items()))
    ),
    evidence=st.none() | EVIDENCE,
)
"""Locks that conda-lock.yml can carry whole."""
