"""What is other in one lock than in another: each respect, on each platform, and nothing where the digests agree."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import resolver
from resolver.errors import ResolverError
from resolver.locks.comparison import Comparison, same_packages
from resolver.model import Artifact, Lock, LockedPackage, PlatformLock
from tests.locks.three_platforms import LOCK, RECORDS
from tests.strategies import LOCKS

_settings = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_ZLIB = RECORDS[2]
_WHEEL = next(p for p in LOCK.on("linux-64").packages if p.name == "cow-talk")
_REPOSITORY = next(p for p in LOCK.on("linux-64").packages if p.kind == "vcs")
_FOLDER = next(p for p in LOCK.on("linux-64").packages if p.kind == "directory")
_ARCHIVE = next(p for p in LOCK.on("linux-64").packages if p.kind == "archive")


def _lock(*packages: LockedPackage, platforms: tuple[str, ...] = ("linux-64",)) -> Lock:
    return Lock(platforms=tuple(PlatformLock(platform=name, packages=packages) for name in platforms))


def _told(comparison: Comparison) -> list[str]:
    return [
        " ".join((c.status, c.world, c.name, "+".join(c.what) or "-", ",".join(c.platforms)))
        for c in comparison.changes
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    about: str
    before: tuple[LockedPackage, ...] = (_ZLIB,)
    after: tuple[LockedPackage, ...]
    told: list[str] = field(default_factory=list)
    undecided: tuple[str, ...] = ()


_OTHER_HASH = "9" * 64
_CHOICES = tuple(Artifact(url=f"https://files.example.org/{d}", sha256=d * 64) for d in "46")

CASES = (
    Case(about="the same", after=(_ZLIB,)),
    Case(about="another place", after=(replace(_ZLIB, url="https://mirror.example.org/zlib.conda", size=7),)),
    Case(about="added", before=(), after=(_ZLIB,), told=["added conda zlib - linux-64"]),
    Case(about="removed", after=(), told=["removed conda zlib - linux-64"]),
    Case(
        about="version",
        after=(replace(_ZLIB, version="1.4", build="0", sha256=_OTHER_HASH),),
        told=["changed conda zlib version linux-64"],
    ),
    Case(
        about="build",
        after=(replace(_ZLIB, build="h4ab18f5_2", sha256=_OTHER_HASH),),
        told=["changed conda zlib build linux-64"],
    ),
    Case(about="hash", after=(replace(_ZLIB, sha256=_OTHER_HASH),), told=["changed conda zlib hash linux-64"]),
    Case(about="groups", after=(replace(_ZLIB, groups=("dev",)),), told=["changed conda zlib groups linux-64"]),
    Case(
        about="version and groups",
        after=(replace(_ZLIB, version="1.4", sha256=_OTHER_HASH, groups=("dev", "main")),),
        told=["changed conda zlib version+groups linux-64"],
    ),
    Case(
        about="the same project in another spelling",
        before=(replace(_WHEEL, name="Cow.Talk", version="1.0.post1"),),
        after=(replace(_WHEEL, name="cow-talk", version="1.0-1"),),
    ),
    Case(
        about="from conda to PyPI",
        before=(replace(_ZLIB, name="cow-talk"),),
        after=(_WHEEL,),
        told=["removed conda cow-talk - linux-64", "added pypi cow-talk - linux-64"],
    ),
    Case(
        about="another commit",
        before=(_REPOSITORY,),
        after=(replace(_REPOSITORY, commit="f" * 40),),
        told=["changed pypi repository hash linux-64"],
    ),
    Case(
        about="the same repository in another spelling",
        before=(_REPOSITORY,),
        after=(replace(_REPOSITORY, url=_REPOSITORY.url.removesuffix(".git"), version="9"),),
    ),
    Case(
        about="another folder of the repository",
        before=(_REPOSITORY,),
        after=(replace(_REPOSITORY, subdirectory="rust"),),
        told=["changed pypi repository source linux-64"],
    ),
    Case(
        about="another content of a folder",
        before=(_FOLDER,),
        after=(replace(_FOLDER, tree="b" * 64),),
        told=["changed pypi folder hash linux-64"],
    ),
    Case(
        about="from an index to a place",
        before=(replace(_ARCHIVE, kind="pypi"),),
        after=(_ARCHIVE,),
        told=["changed pypi place source linux-64"],
    ),
    Case(
        about="an md5 is all that both have",
        before=(replace(_ZLIB, sha256=None),),
        after=(replace(_ZLIB, url="https://other.example.org/x"),),
    ),
    Case(
        about="another md5",
        before=(replace(_ZLIB, sha256=None),),
        after=(replace(_ZLIB, sha256=None, md5="0" * 32),),
        told=["changed conda zlib hash linux-64"],
    ),
    Case(
        about="nothing that both have",
        before=(replace(_ZLIB, sha256=None),),
        after=(replace(_ZLIB, md5=None),),
        undecided=("zlib",),
    ),
    Case(
        about="nothing that both have, and other groups",
        before=(replace(_ZLIB, sha256=None),),
        after=(replace(_ZLIB, md5=None, groups=("dev",)),),
        told=["changed conda zlib groups linux-64"],
        undecided=("zlib",),
    ),
    Case(
        about="nothing that both have but a build",
        before=(replace(_ZLIB, sha256=None),),
        after=(replace(_ZLIB, md5=None, build="h0_9"),),
        told=["changed conda zlib build linux-64"],
    ),
    Case(
        about="another spelling of the repository and another commit",
        before=(_REPOSITORY,),
        after=(replace(_REPOSITORY, url=_REPOSITORY.url.removesuffix(".git"), commit="f" * 40),),
        told=["changed pypi repository hash linux-64"],
    ),
    Case(
        about="one file of those that another lock has to choose from",
        before=(replace(_WHEEL, sha256=None, candidates=_CHOICES),),
        after=(_WHEEL,),
        undecided=("cow-talk",),
    ),
    Case(
        about="none of the files that another lock has to choose from",
        before=(replace(_WHEEL, sha256=None, candidates=_CHOICES),),
        after=(replace(_WHEEL, sha256=_OTHER_HASH),),
        told=["changed pypi cow-talk hash linux-64"],
    ),
    Case(
        about="two versions of a project in different groups, one of them another",
        before=(_WHEEL, replace(_WHEEL, version="3", sha256="5" * 64, groups=("dev",))),
        after=(_WHEEL, replace(_WHEEL, version="4", sha256="6" * 64, groups=("dev",))),
        told=["changed pypi cow-talk version linux-64"],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_each_respect_is_told(case: Case) -> None:
    comparison = resolver.compare_locks(_lock(*case.before), _lock(*case.after))
    assert (_told(comparison), comparison.undecided) == (case.told, case.undecided)
    assert same_packages(_lock(*case.before), _lock(*case.after)) is (not case.told and not case.undecided)


# ------------------------------------------------------------------------------------------------- platforms

_THREE = ("linux-64", "osx-64", "osx-arm64")


def test_the_same_change_on_several_platforms_is_told_once() -> None:
    before = _lock(_ZLIB, platforms=_THREE)
    newer = replace(_ZLIB, version="1.4", sha256=_OTHER_HASH)
    after = Lock(
        platforms=(
            PlatformLock(platform="linux-64", packages=(newer,)),
            # another build and another file of the same version: the same change
            PlatformLock(platform="osx-64", packages=(replace(newer, build="h0_0", sha256="8" * 64),)),
            PlatformLock(platform="osx-arm64", packages=(replace(newer, version="1.5"),)),
        )
    )
    assert _told(resolver.compare_locks(before, after)) == [
        "changed conda zlib version linux-64,osx-64",
        "changed conda zlib version osx-arm64",
    ]
    assert _told(resolver.compare_locks(before, after, platforms=("osx-64",))) == ["changed conda zlib version osx-64"]


def test_a_platform_that_one_lock_has_is_told_as_one() -> None:
    comparison = resolver.compare_locks(
        _lock(_ZLIB, platforms=("linux-64", "osx-64")), _lock(_ZLIB, platforms=("linux-64", "win-64"))
    )
    assert comparison.changes == ()
    assert [p.platform for p in comparison.added_platforms] == ["win-64"]
    assert [p.platform for p in comparison.removed_platforms] == ["osx-64"]
    assert not comparison.is_empty


def test_a_platform_that_neither_lock_has_is_refused() -> None:
    with pytest.raises(ResolverError, match="neither lock has a platform win-64") as error:
        resolver.compare_locks(_lock(_ZLIB), _lock(), platforms=("win-64",))
    assert error.value.hint == "they have: linux-64"


# ------------------------------------------------------------------------------------------------------ laws


@_settings
@given(one=LOCKS, other=LOCKS, random=st.randoms(use_true_random=False))
def test_nothing_differs_if_and_only_if_the_digests_agree(one: Lock, other: Lock, random: random.Random) -> None:
    mixed = _mixed(one, other, random)
    for before, after in ((one, one), (one, other), (one, mixed), (mixed, one)):
        comparison = resolver.compare_locks(before, after)
        assert comparison.undecided == ()
        assert comparison.is_empty is (resolver.digest(before) == resolver.digest(after))


def _mixed(one: Lock, other: Lock, random: random.Random) -> Lock:
    """The first, with the one or other field of its packages taken from the second's."""
    donors = [package for locked in other.platforms for package in locked.packages]

    def changed(package: LockedPackage) -> LockedPackage:
        same = [donor for donor in donors if donor.kind == package.kind]
        if not same:
            return package
        name = random.choice(["version", "build", "sha256", "md5", "groups", "commit", "tree", "subdirectory"])
        return replace(package, **{name: getattr(random.choice(same), name)})

    return replace(one, platforms=tuple(replace(p, packages=tuple(map(changed, p.packages))) for p in one.platforms))


@_settings
@given(one=LOCKS, other=LOCKS)
def test_the_other_way_round_added_is_removed(one: Lock, other: Lock) -> None:
    there, back = resolver.compare_locks(one, other), resolver.compare_locks(other, one)
    for status, opposite in (("added", "removed"), ("removed", "added"), ("changed", "changed")):
        names = sorted((c.name, c.platforms) for c in there.changes if c.status == status)
        assert names == sorted((c.name, c.platforms) for c in back.changes if c.status == opposite)
    assert there.added_platforms == back.removed_platforms
