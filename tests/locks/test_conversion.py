"""A lock in another format: narrowed to platforms and groups, with what is lost told and the rest the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import resolver
from resolver.errors import NotRepresentable, ResolverError
from resolver.locks.conversion import holds_groups, holds_platforms, in_groups, on_platforms
from resolver.locks.formats import FORMATS, LockFormat, Loss
from resolver.model import MAIN, Lock, LockedPackage, PlatformLock
from resolver.platforms import Platform
from tests.locks.three_platforms import LOCK, RECORDS
from tests.strategies import LOCKS

_WRITTEN = [lock_format for lock_format in FORMATS if lock_format.write is not None]
_EACH = pytest.mark.parametrize("lock_format", _WRITTEN, ids=lambda f: f.name)
_settings = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_CONDA = Lock(
    name="conda",
    platforms=(
        PlatformLock(platform="linux-64", packages=RECORDS),
        PlatformLock(platform="osx-arm64", packages=(RECORDS[1],)),
    ),
    channels=("https://conda.example.org/main",),
    content_hash=(("linux-64", "e" * 64), ("osx-arm64", "f" * 64)),
    evidence=LOCK.evidence,
)


def _names(lock: Lock, platform: str) -> list[str]:
    return [package.name for package in lock.on(platform).packages]


# ------------------------------------------------------------------------------------- what formats can hold


def test_which_formats_hold_groups_and_platforms() -> None:
    assert [f.name for f in _WRITTEN if holds_groups(f)] == ["conda-lock", "pylock"]
    assert [f.name for f in _WRITTEN if not holds_platforms(f)] == ["explicit-md5", "explicit"]


# ------------------------------------------------------------------------------------------------- platforms


def test_a_lock_on_one_of_its_platforms_says_nothing_of_the_others() -> None:
    assert LOCK.evidence is not None
    found = on_platforms(LOCK, ("osx-arm64",))
    assert found.evidence is not None
    assert [p.platform for p in found.platforms] == ["osx-arm64"]
    assert found.on("osx-arm64") == LOCK.on("osx-arm64")
    assert (found.content_hash, found.evidence.roots, found.evidence.virtual_packages) == ((), (), ())
    assert found.evidence.pythons == (("osx-arm64", "3.12.4"),)
    assert (found.name, found.channels, found.sources) == (LOCK.name, LOCK.channels, LOCK.sources)


def test_a_platform_that_the_lock_does_not_have_is_refused() -> None:
    with pytest.raises(ResolverError, match="the lock has no platform linux-aarch64"):
        resolver.export_lock(LOCK, "pylock", platforms=("linux-64", "linux-aarch64"))


# ---------------------------------------------------------------------------------------------------- groups


def test_a_format_with_groups_takes_all_of_them_unless_some_are_named() -> None:
    assert resolver.export_lock(_CONDA, "conda-lock").lock == _CONDA
    lock = resolver.export_lock(LOCK, "pylock", platforms=("osx-arm64",), groups=("dev",)).lock
    assert [(p.name, p.groups) for p in lock.on("osx-arm64").packages] == [("both", ("dev",)), ("tool", ("dev",))]


def test_a_format_without_groups_holds_main_and_says_what_is_left_out() -> None:
    found = resolver.export_lock(LOCK, "pixi", platforms=("osx-arm64",))
    assert [(p.name, p.groups) for p in found.lock.on("osx-arm64").packages] == [
        ("both", (MAIN,)),
        ("cow-talk", (MAIN,)),
        ("ore", (MAIN,)),
        ("spade", (MAIN,)),
    ]
    assert (found.losses, found.left_out) == ((), ("dev",))


def test_the_groups_that_are_chosen_become_main() -> None:
    found = resolver.export_lock(LOCK, "requirements", platforms=("osx-arm64",), groups=(MAIN, "dev"))
    assert _names(found.lock, "osx-arm64") == ["both", "cow-talk", "ore", "spade", "tool"]
    assert found.lock.groups == (MAIN,)
    assert found.left_out == ()
    only = resolver.export_lock(LOCK, "requirements", platforms=("osx-arm64",), groups=("dev",))
    assert _names(only.lock, "osx-arm64") == ["both", "tool"]


def test_a_group_that_the_lock_does_not_have_is_refused() -> None:
    with pytest.raises(NotRepresentable, match="the lock has no group docs") as error:
        resolver.export_lock(LOCK, "pixi", groups=("docs",))
    assert error.value.hint == "it has: dev, main"


def test_the_requests_of_other_groups_are_no_evidence_of_what_is_kept() -> None:
    assert LOCK.evidence is not None
    roots = LOCK.evidence.roots[0][1]
    asked = replace(
        LOCK, evidence=replace(LOCK.evidence, roots=(("linux-64", (*roots, replace(roots[0], group="dev"))),))
    )
    main = in_groups(asked, (MAIN,))
    assert main.evidence is not None
    assert main.evidence.roots == (("linux-64", roots),)
    assert main.content_hash == ()  # it is that of a request for more
    flat = in_groups(asked, (MAIN, "dev"), flatten=True)
    assert flat.evidence is not None
    assert flat.evidence.roots == (("linux-64", (roots[0], roots[0])),)


@_settings
@given(lock=LOCKS, data=st.data())
def test_what_is_chosen_is_the_environment_of_these_groups(lock: Lock, data: st.DataObject) -> None:
    groups = tuple(data.draw(st.sets(st.sampled_from([MAIN, *lock.groups])), label="groups"))
    flat, kept = in_groups(lock, groups, flatten=True), in_groups(lock, groups)
    for platform in (p.platform for p in lock.platforms):
        expected = resolver.digest(lock, platform=platform, groups=groups)
        assert resolver.digest(flat, platform=platform) == expected
        chosen = [group for group in groups if group in kept.groups]
        assert resolver.digest(kept, platform=platform, groups=chosen) == expected


# --------------------------------------------------------------------------------------------------- losses


def test_what_has_no_place_is_named() -> None:
    with pytest.raises(NotRepresentable) as error:
        resolver.export_lock(_CONDA, "requirements")
    assert str(error.value) == ("requirements has no place for all of this lock: conda packages: python, tzdata, zlib")
    assert error.value.hint == "write another format, or accept the loss with --allow-loss"
    found = resolver.export_lock(_CONDA, "requirements", allow_loss=True)
    assert found.losses == (Loss(message="conda packages", packages=("python", "tzdata", "zlib")),)
    assert [len(p.packages) for p in found.lock.platforms] == [0, 0]


def test_several_platforms_in_a_format_of_one_are_a_file_for_each() -> None:
    with pytest.raises(NotRepresentable) as error:
        resolver.export_lock(_CONDA, "explicit")
    assert error.value.hint == "name one platform with -p, or write a file for each: -o 'NAME-{platform}.lock'"
    found = resolver.export_lock(_CONDA, "explicit", platforms=("osx-arm64",))
    assert found.text.endswith(
        f"@EXPLICIT\nhttps://conda.example.org/main/noarch/tzdata-2024a-0.conda#sha256:{'c' * 64}\n"
    )


def test_what_is_only_read_is_not_written() -> None:
    with pytest.raises(NotRepresentable, match="uv is read, and not written"):
        resolver.export_lock(_CONDA, "uv")
    with pytest.raises(ResolverError, match="not a format of locks: nonesuch"):
        resolver.export_lock(_CONDA, "nonesuch")


@_EACH
@_settings
@given(lock=LOCKS)
def test_what_was_not_lost_installs_the_same(lock_format: LockFormat, lock: Lock) -> None:
    platforms = None if holds_platforms(lock_format) else [p.platform for p in lock.platforms[:1]]
    found = resolver.export_lock(lock, lock_format.name, platforms=platforms, allow_loss=True)
    asked = tuple(Platform.of(p.platform) for p in found.lock.platforms)
    again = resolver.parse_lock(found.text, format=lock_format.name, platforms=asked)
    assert resolver.digest(again) == resolver.digest(found.lock)
    assert resolver.export_lock(lock, lock_format.name, platforms=platforms, allow_loss=True) == found
    if not found.losses and not found.left_out:
        wanted = lock if platforms is None else on_platforms(lock, platforms)
        assert resolver.digest(again) == resolver.digest(wanted)


# -------------------------------------------------------------------------------------------------- evidence


def test_evidence_is_kept_beside_a_format_that_has_no_place_for_it() -> None:
    assert resolver.export_lock(_CONDA, "conda-lock").evidence is None
    beside = resolver.export_lock(_CONDA, "pixi").evidence
    assert beside is not None
    assert '"samebox.pythons"' in beside


def _without_sha256(package: LockedPackage) -> LockedPackage:
    return replace(package, sha256=None)


def test_a_lock_without_an_identity_has_none_to_keep_evidence_by() -> None:
    old = Lock(platforms=(PlatformLock(platform="linux-64", packages=tuple(map(_without_sha256, RECORDS))),))
    found = resolver.export_lock(old, "pixi")
    assert (found.evidence, found.has_identity, found.losses) == (None, False, ())
    assert f"md5: {'b' * 32}" in found.text


def test_what_a_lock_does_not_say_is_told() -> None:
    text = resolver.export_lock(_CONDA, "explicit", platforms=("linux-64",)).text
    read = resolver.parse_lock(text, format="explicit")
    assert resolver.export_lock(read, "pixi").unknown == ("dependencies",)
    assert resolver.export_lock(read, "explicit").unknown == ()
