"""Repositories and folders in a lock: what is written, what is read, and whether it satisfies a request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resolver.canonicalizer import digest
from resolver.locks.formats.conda_lock import FORMAT
from resolver.locks.satisfies import Expected, satisfies
from resolver.model import EnvironmentSpec, Evidence, Lock, LockedPackage, Origin, PlatformLock, PypiRequirement, Root
from resolver.names import NamesMap
from resolver.platforms import Platform

_COMMIT = "0123456789" * 4
_URL = "git+https://git.example.org/team/tool.git"
_TOOL = LockedPackage(kind="vcs", name="tool", version="0.1", url=_URL, commit=_COMMIT, subdirectory="a b/py")
_LOCAL = LockedPackage(kind="directory", name="local", version="1", url="file:./lib/local/", tree="d" * 64)


def _lock(*packages: LockedPackage, asked: str | None = None) -> Lock:
    roots = (Root(kind="pypi", requirement=asked),) if asked else ()
    evidence = Evidence(roots=(("linux-64", roots),))
    return Lock(platforms=(PlatformLock(platform="linux-64", packages=packages),), evidence=evidence)


def test_they_come_back_as_they_were() -> None:
    lock = _lock(_TOOL, _LOCAL)
    text = FORMAT.render(lock)
    assert f'url: "{_URL}@{_COMMIT}#subdirectory=a%20b/py"\n' in text
    assert FORMAT.parse(text, "conda-lock.yml") == lock


def test_the_revision_that_conda_lock_writes_is_no_part_of_the_place() -> None:
    plain = replace(_TOOL, subdirectory=None)
    text = FORMAT.render(_lock(plain))
    elsewhere = text.replace(f"{_URL}@{_COMMIT}", f"{_URL}@main")
    assert elsewhere != text
    assert digest(FORMAT.parse(elsewhere, "x")) == digest(_lock(plain))


def _reasons(url: str, package: LockedPackage, *, asked: str | None = None, tree: str = "d" * 64) -> list[str]:
    requirement = PypiRequirement(name=package.name, url=url, origin=Origin(source="r.in", line=1))
    expected = Expected(
        spec=EnvironmentSpec(pip=(requirement,)),
        platforms=(Platform.of("linux-64"),),
        channels=(),
        names=NamesMap.of({}, ()),
        trees=(("file:./lib/local/", tree),),
    )
    return [str(shortfall) for shortfall in satisfies(_lock(package, asked=asked), expected).shortfalls]


@pytest.mark.parametrize(
    ("url", "reasons"),
    [
        (f"{_URL}@{_COMMIT}#subdirectory=a%20b/py", []),
        (
            f"{_URL}@{_COMMIT}",
            [f"tool is asked for from {_URL}@{_COMMIT}, and is locked from {_URL}#subdirectory=a b/py"],
        ),
        (f"{_URL}@main#subdirectory=a%20b/py", [f"whether main of {_URL} is {_COMMIT} is not known"]),
        (f"{_URL}#subdirectory=a%20b/py", [f"whether its default branch of {_URL} is {_COMMIT} is not known"]),
        (
            f"{_URL}@{'f' * 40}#subdirectory=a%20b/py",
            [f"tool is asked for at {'f' * 40}, and is locked at {_COMMIT}"],
        ),
    ],
)
def test_repositories(url: str, reasons: list[str]) -> None:
    assert _reasons(url, _TOOL) == [f"r.in:1: {reason} (linux-64)" for reason in reasons]


def test_a_revision_that_was_asked_for_in_these_words_is_the_locked_commit() -> None:
    url = f"{_URL}@main#subdirectory=a%20b/py"
    assert _reasons(url, _TOOL, asked=f"tool @ {url}") == []


def test_folders() -> None:
    assert _reasons("file:./lib/local/", _LOCAL) == []
    assert _reasons("file:./lib/local/", _LOCAL, tree="e" * 64) == [
        "r.in:1: the folder ./lib/local/ changed since it was locked (linux-64)"
    ]
    assert _reasons("file:./other/", _LOCAL) == [
        "r.in:1: local is asked for from file:./other/, and is locked from file:./lib/local/ (linux-64)"
    ]
