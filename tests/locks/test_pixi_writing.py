"""pixi.lock as Samebox writes it: golden bytes, what does not fit, and that what is written is what is read."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.canonicalizer import digest
from resolver.errors import NotRepresentable
from resolver.locks.files import write_lock
from resolver.locks.formats import LockFormat
from resolver.locks.formats.pixi import FORMAT, PIXI_7
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock
from tests.strategies import LOCKS

_DATA = Path(__file__).parent / "data" / "pixi"
_BOTH = pytest.mark.parametrize("lock_format", [FORMAT, PIXI_7], ids=["v6", "v7"])


def _conda(name: str = "a", version: str = "1.0", **other: object) -> LockedPackage:
    file_name = f"{name}-{version}-h1_0.conda"
    values: dict[str, object] = {
        "build": "h1_0",
        "subdir": "linux-64",
        "file_name": file_name,
        "url": f"https://conda.example.org/main/linux-64/{file_name}",
        "sha256": "a0" * 32,
        "md5": "a1" * 16,
        **other,
    }
    return LockedPackage(kind="conda", name=name, version=version, **values)  # type: ignore[arg-type]


def _wheel(name: str = "w", version: str = "1.0", **other: object) -> LockedPackage:
    file_name = f"{name}-{version}-py3-none-any.whl"
    values: dict[str, object] = {
        "file_name": file_name,
        "url": f"https://files.example.org/{file_name}",
        "sha256": "b0" * 32,
        **other,
    }
    return LockedPackage(kind="pypi", name=name, version=version, **values)  # type: ignore[arg-type]


def _lock(*packages: LockedPackage, platform: str = "linux-64", **other: object) -> Lock:
    return Lock(platforms=(PlatformLock(platform=platform, packages=packages),), **other)  # type: ignore[arg-type]


def _on(**platforms: tuple[LockedPackage, ...]) -> Lock:
    return Lock(
        platforms=tuple(PlatformLock(platform=p.replace("_", "-"), packages=each) for p, each in platforms.items())
    )


_GOLDEN = Lock(
    name="project",
    channels=("https://conda.example.org/main", "https://conda.example.org/other"),
    sources=("environment.yml",),
    content_hash=(("linux-64", "00"),),
    evidence=Evidence(
        indexes=("https://extra.example.org/simple/", "https://index.example.org/simple/"),
        project_indexes=(("https://extra.example.org/simple/", ("private",)),),
    ),
    platforms=(
        PlatformLock(
            platform="linux-64",
            packages=(
                _conda("zlib", "1.10", size=1024, dependencies=(("__glibc", ">=2.17"), ("a", ""), ("b", ">=1,<2 h*"))),
                _conda("yes", "1e3", build="1e3", file_name="yes-1e3-1e3.conda", url="file:///srv/yes-1e3-1e3.conda"),
                _conda(
                    "epoch",
                    "1!2.0",
                    file_name="epoch-1!2.0-h1_0.conda",
                    url="https://conda.example.org/main/linux-64/epoch-1%212.0-h1_0.conda",
                ),
                _wheel("private"),
                _wheel("tqdm", dependencies=(("b", "!=1.5,<2,>=1.0"), ("colorama", ""))),
                LockedPackage(
                    kind="archive",
                    name="direct",
                    version="2.0",
                    file_name="direct-2.0.tar.gz",
                    url="https://files.example.org/direct-2.0.tar.gz",
                    sha256="c0" * 32,
                ),
                LockedPackage(
                    kind="vcs",
                    name="tools",
                    version="0.1rc1",
                    url="git+https://git.example.org/tools.git",
                    commit="0123456789abcdef0123456789abcdef01234567",
                    subdirectory="a b/c",
                ),
            ),
        ),
        PlatformLock(platform="osx-arm64", packages=()),
        PlatformLock(
            platform="win-64", packages=(_wheel("tqdm", dependencies=(("b", "!=1.5,<2,>=1.0"), ("win", ">=1"))),)
        ),
    ),
)


@pytest.mark.parametrize(("lock_format", "name"), [(FORMAT, "written.v6"), (PIXI_7, "written.v7")])
def test_the_golden_bytes(lock_format: LockFormat, name: str) -> None:
    golden = lock_format.fit(_GOLDEN)
    assert golden.losses == ()
    assert lock_format.render(_GOLDEN) == (_DATA / f"{name}.pixi.lock").read_text()


@_BOTH
@settings(max_examples=200, deadline=None)
@given(lock=LOCKS)
def test_what_fits_comes_back_as_it_was(lock_format: LockFormat, lock: Lock) -> None:
    fitted = lock_format.fit(lock)
    assert lock_format.fit(fitted.lock) == replace(fitted, losses=())
    text = lock_format.render(fitted.lock)
    read = lock_format.parse(text, "pixi.lock")
    assert digest(read) == digest(fitted.lock)
    assert read.silent_on == lock_format.silent_on
    assert fitted.lock == replace(
        read, name=lock.name, evidence=lock.evidence, sources=lock.sources, content_hash=lock.content_hash
    )


@_BOTH
@settings(deadline=None)
@given(lock=LOCKS)
def test_what_is_lost_is_told(lock_format: LockFormat, lock: Lock) -> None:
    fitted = lock_format.fit(lock)
    told = {name for loss in fitted.losses for name in loss.packages}
    for before, after in zip(lock.platforms, fitted.lock.platforms, strict=True):
        kept = {(p.kind, p.name): p for p in after.packages}
        for package in before.packages:
            if package.name not in told:
                again = kept[package.kind, package.name]
                assert (again.version, again.sha256, again.url) == (package.version, package.sha256, package.url)


@_BOTH
@settings(deadline=None)
@given(lock=LOCKS, random=st.randoms(use_true_random=False))
def test_the_bytes_do_not_depend_on_the_order_in_which_things_came(
    lock_format: LockFormat, lock: Lock, random: random.Random
) -> None:
    fitted = lock_format.fit(lock).lock
    shuffled = [
        PlatformLock(platform=p.platform, packages=tuple(random.sample(p.packages, len(p.packages))))
        for p in random.sample(fitted.platforms, len(fitted.platforms))
    ]
    assert lock_format.render(replace(fitted, platforms=tuple(shuffled))) == lock_format.render(fitted)


_FOLDER = LockedPackage(kind="directory", name="local", version="0.1", url="file:./local/", tree="d0" * 32)


@_BOTH
@pytest.mark.parametrize(
    ("package", "message"),
    [
        (
            _conda(groups=("dev",)),
            "packages of other groups than main, which is the only one that pixi.lock has: a",
        ),
        (_conda(groups=("dev", "main")), "that these packages are in other groups too: a"),
        (_FOLDER, "folders with a digest of their content: local"),
        (
            _wheel(sha256=None, candidates=(_wheel().artifact, _wheel(sha256="e" * 64).artifact)),
            "packages with several files to choose from: w",
        ),
        (_wheel(url=""), "packages whose place, name, version or build reads otherwise in a pixi.lock: w"),
        (_wheel(version="one"), "packages whose place, name, version or build reads otherwise in a pixi.lock: w"),
        (
            _conda(version="1.0", build="h 1"),
            "packages whose place, name, version or build reads otherwise in a pixi.lock: a",
        ),
        (
            _wheel(dependencies=(("b", ">>1"),)),
            "dependencies that are no MatchSpec or PEP 508 requirement: w",
        ),
    ],
)
def test_what_has_no_place_is_refused_by_name(lock_format: LockFormat, package: LockedPackage, message: str) -> None:
    with pytest.raises(NotRepresentable) as error:
        lock_format.render(_lock(package, _conda("other")))
    assert str(error.value) == f"{lock_format.name} has no place for all of this lock: {message}"
    assert "other" in {p.name for p in lock_format.fit(_lock(package, _conda("other"))).lock.on("linux-64").packages}


@_BOTH
def test_one_place_with_two_contents_is_refused(lock_format: LockFormat) -> None:
    lock = _on(linux_64=(_conda(),), osx_64=(_conda(sha256="e" * 64),))
    fitted = lock_format.fit(lock)
    message = "packages that come from one place and are not the same on each platform: a"
    assert [str(loss) for loss in fitted.losses] == [message]
    assert fitted.lock == _on(linux_64=(_conda(),), osx_64=())


_ARM_MAC_OR_X86_LINUX = (
    "(platform_machine == 'arm64' and sys_platform == 'darwin') or "
    "(platform_machine == 'x86_64' and sys_platform == 'linux')"
)


@pytest.mark.parametrize(
    ("platforms", "marker"),
    [
        (("linux_64", "linux_aarch64"), "sys_platform == 'linux'"),
        (("osx_64", "osx_arm64", "win_64"), "sys_platform == 'darwin' or sys_platform == 'win32'"),
        (("linux_64", "osx_64"), "platform_machine == 'x86_64'"),
        (("osx_arm64",), "platform_machine == 'arm64'"),
        (("osx_64",), "platform_machine == 'x86_64' and sys_platform == 'darwin'"),
        (
            ("linux_64", "osx_arm64"),
            _ARM_MAC_OR_X86_LINUX,
        ),
    ],
)
@_BOTH
def test_a_need_of_some_platforms_has_the_marker_that_tells_them(
    lock_format: LockFormat, platforms: tuple[str, ...], marker: str
) -> None:
    every = ("linux_64", "linux_aarch64", "osx_64", "osx_arm64", "win_64")
    need = (("b", ">=1"),)
    lock = _on(**{p: (_wheel(dependencies=need if p in platforms else ()),) for p in every})
    text = lock_format.render(lock)
    assert f"  - b>=1 ; {marker}\n" in text
    assert lock_format.parse(text, "pixi.lock") == lock


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda p: replace(p, name="other"), "  name: other\n"),
        (lambda p: replace(p, version="1.10"), "  version: '1.10'\n"),
        (lambda p: replace(p, build="h2_0"), "  build: h2_0\n"),
        (lambda p: replace(p, subdir="noarch"), "  subdir: noarch\n"),
    ],
)
@_BOTH
def test_what_the_place_does_not_tell_stands_in_the_row(
    lock_format: LockFormat, change: Callable[[LockedPackage], LockedPackage], line: str
) -> None:
    lock = _lock(change(_conda()))
    assert line in lock_format.render(lock)
    assert line not in lock_format.render(_lock(_conda()))
    assert lock_format.parse(lock_format.render(lock), "pixi.lock") == lock


def test_version_7_has_no_version_of_a_folder_and_version_6_needs_one() -> None:
    with_version = _lock(replace(_FOLDER, tree=None))
    without = _lock(replace(_FOLDER, tree=None, version=""))
    assert FORMAT.fit(with_version).losses == () == PIXI_7.fit(without).losses
    assert [str(loss) for loss in PIXI_7.fit(with_version).losses] == ["the versions of folders: local"]
    assert [str(loss) for loss in FORMAT.fit(without).losses] == ["folders without a version: local"]
    assert PIXI_7.fit(with_version).lock == without


def test_a_credential_of_an_index_is_not_written() -> None:
    evidence = Evidence(indexes=("https://user:${TOKEN}@index.example.org/simple/",))
    text = PIXI_7.render(_lock(_wheel(), evidence=evidence))
    assert "    - https://index.example.org/simple\n" in text
    assert "TOKEN" not in text


def test_a_file_with_other_environments_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "pixi.lock"
    text = (_DATA / "v6.pixi.lock").read_text()
    path.write_text(text)
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(_conda(),)),))
    with pytest.raises(NotRepresentable, match=r"pixi\.lock holds other environments, which would be lost: docs$"):
        write_lock(lock, path)
    assert path.read_text() == text
    path.write_text("no lock at all")
    write_lock(lock, path)
    assert FORMAT.environments(path.read_text(), "pixi.lock") == ("default",)
