"""``pylock.toml``: what is written comes back, other tools choose from it what is locked, and theirs is read."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Environment
from packaging.pylock import Package, Pylock
from packaging.tags import parse_tag

from resolver.canonicalizer import digest
from resolver.errors import LockFormatError, NotRepresentable
from resolver.locks.formats import Asked
from resolver.locks.formats.pylock import FORMAT
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock
from resolver.platforms import Platform, PythonTarget
from tests.locks.goldens import DATA, assert_golden
from tests.locks.three_platforms import LOCK, RECORDS
from tests.strategies import LOCKS


def test_a_lock_as_text() -> None:
    assert_golden(FORMAT.render(LOCK), "pylock/golden.pylock.toml")
    assert FORMAT.parse(FORMAT.render(LOCK), "pylock.toml") == LOCK


def test_an_empty_lock_as_text() -> None:
    assert_golden(FORMAT.render(Lock(platforms=())), "pylock/empty.pylock.toml")
    assert FORMAT.parse(FORMAT.render(Lock(platforms=())), "pylock.toml") == Lock(platforms=())


@settings(max_examples=300)
@given(lock=LOCKS)
def test_what_fits_comes_back_as_it_was(lock: Lock) -> None:
    fitted = FORMAT.fit(lock).lock
    text = FORMAT.render(fitted)
    again = FORMAT.parse(text, "pylock.toml")
    assert again == fitted
    assert digest(again) == digest(fitted)
    assert FORMAT.render(again) == text
    Pylock.from_dict(tomllib.loads(text))


@given(lock=LOCKS, random=st.randoms(use_true_random=False))
def test_the_bytes_do_not_depend_on_the_order_in_which_things_came(lock: Lock, random: random.Random) -> None:
    fitted = FORMAT.fit(lock).lock
    shuffled = [
        PlatformLock(platform=p.platform, packages=tuple(random.sample(p.packages, len(p.packages))))
        for p in random.sample(fitted.platforms, len(fitted.platforms))
    ]
    assert FORMAT.render(replace(fitted, platforms=tuple(shuffled))) == FORMAT.render(fitted)


_TAGS = {
    "linux-64": ["cp312-cp312-manylinux_2_17_x86_64", "cp312-abi3-manylinux2014_x86_64", "cp39-abi3-linux_x86_64"],
    "osx-arm64": ["cp312-cp312-macosx_11_0_arm64", "cp38-abi3-macosx_10_9_universal2"],
    "win-64": ["cp312-cp312-win_amd64", "cp312-none-win_amd64"],
}


@st.composite
def _wheels(draw: st.DrawFn) -> Lock:
    """A lock of wheels for one Python, in which any of a project's wheels may be the one that is locked."""

    def wheel(name: str, subdir: str) -> LockedPackage:
        version = draw(st.sampled_from(["1.0", "2.0"]))
        tags = draw(st.sampled_from([*_TAGS[subdir], "py3-none-any", "py2.py3-none-any"]))
        file_name = f"{name}-{version}-{tags}.whl"
        return LockedPackage(
            kind="pypi",
            name=name,
            version=version,
            file_name=file_name,
            url=f"https://files.example.org/{file_name}",
            sha256=draw(st.sampled_from("123")) * 64,
            groups=draw(st.sampled_from([("main",), ("dev",), ("dev", "main"), ("docs",)])),
        )

    subdirs = draw(st.sets(st.sampled_from(sorted(_TAGS)), min_size=1))
    names = draw(st.sets(st.sampled_from(["ore", "spade", "pick"]), min_size=1))
    return Lock(
        platforms=tuple(
            PlatformLock(
                platform=subdir, packages=tuple(wheel(name, subdir) for name in sorted(names) if draw(st.booleans()))
            )
            for subdir in sorted(subdirs)
        ),
        evidence=Evidence(pythons=tuple((subdir, "3.12.4") for subdir in sorted(subdirs))),
    )


@settings(max_examples=300)
@given(lock=_wheels(), groups=st.sets(st.sampled_from(["main", "dev", "docs"]), min_size=1))
def test_packaging_selects_what_is_locked_on_each_platform(lock: Lock, groups: set[str]) -> None:
    text = FORMAT.render(lock)
    pylock = Pylock.from_dict(tomllib.loads(text))
    assert FORMAT.parse(text, "pylock.toml") == lock
    for platform in lock.platforms:
        # what a lock does not declare may not be asked for, and one of main alone declares nothing
        declares = bool(set(lock.groups) - {"main"})
        wanted = groups & {*lock.groups, "main"} if declares else {"main"}
        selected = _selected(pylock, platform.platform, wanted if declares else None)
        assert selected == {(p.name, p.version, p.sha256) for p in platform.in_groups(wanted)}
        main = {(p.name, p.version, p.sha256) for p in platform.in_groups(["main"])}
        assert _selected(pylock, platform.platform, None) == main


def _selected(pylock: Pylock, subdir: str, groups: Iterable[str] | None) -> set[tuple[str, str, str]]:
    platform, python = Platform.of(subdir), PythonTarget(version="3.12.4")
    found = pylock.select(
        environment=cast(Environment, platform.markers(python)),
        tags=[tag for text in platform.wheel_tags(python) for tag in parse_tag(text)],
        dependency_groups=None if groups is None else sorted(groups),
    )
    return {(package.name, str(package.version), _sha256(package, file)) for package, file in found}


def _sha256(package: Package, file: Any) -> str:
    return str(file.hashes["sha256"])


def test_one_entry_holds_the_best_wheels_of_several_platforms() -> None:
    entries = {str(p.name): len(p.wheels or []) for p in Pylock.from_dict(tomllib.loads(FORMAT.render(LOCK))).packages}
    assert entries["cow-talk"] == 1
    ore = [p for p in Pylock.from_dict(tomllib.loads(FORMAT.render(LOCK))).packages if p.name == "ore"]
    assert [(str(p.version), len(p.wheels or [])) for p in ore] == [("2.1", 2), ("2.0", 1)]


def test_without_a_python_there_is_an_entry_for_each_wheel() -> None:
    document = tomllib.loads(FORMAT.render(replace(LOCK, evidence=None)))
    ore = [(p["version"], p["marker"], len(p["wheels"])) for p in document["packages"] if p["name"] == "ore"]
    assert ore == [
        ("2.1", "sys_platform == 'linux' and 'main' in dependency_groups", 1),
        ("2.1", "sys_platform == 'darwin' and 'main' in dependency_groups", 1),
        ("2.0", "sys_platform == 'win32' and 'main' in dependency_groups", 1),
    ]
    assert "requires-python" not in document


def test_a_python_of_each_platform_stands_in_its_environment() -> None:
    other = replace(LOCK, evidence=Evidence(pythons=(("linux-64", "3.12.4"), ("osx-arm64", "3.13.1"))))
    document = tomllib.loads(FORMAT.render(other))
    assert "requires-python" not in document
    assert document["environments"] == [
        "sys_platform == 'linux' and platform_machine == 'x86_64' and python_version == '3.12'",
        "sys_platform == 'darwin' and platform_machine == 'arm64' and python_version == '3.13'",
        "sys_platform == 'win32' and platform_machine == 'AMD64'",
    ]


def test_what_has_no_place_is_named() -> None:
    without_hash = replace(LOCK.platforms[0].packages[0], sha256=None, tree=None, commit=None, name="bare")
    packages = (*RECORDS, without_hash, *LOCK.platforms[0].packages)
    lock = Lock(
        platforms=(
            PlatformLock(platform="linux-64", packages=packages),
            PlatformLock(platform="linux-armv7l", packages=()),
        )
    )
    fitted = FORMAT.fit(lock)
    assert [str(loss) for loss in fitted.losses] == [
        "platforms that no marker tells from others (linux-armv7l)",
        "conda packages: python, tzdata, zlib",
        "packages without a sha256, a commit or a tree: bare",
    ]
    assert fitted.lock.platforms == (replace(LOCK.platforms[0]),)
    with pytest.raises(NotRepresentable, match=r"pylock has no place for all of this lock: .*python, tzdata, zlib"):
        FORMAT.render(lock)


# -------------------------------------------------------------------------------- what other tools write


def _fixture(name: str) -> str:
    return (DATA / "pylock" / "valid" / name).read_text(encoding="utf-8")


def _rows(lock: Lock, platform: str) -> list[tuple[str, str, str | None]]:
    return [(p.name, p.version, p.file_name) for p in lock.on(platform).packages]


def test_a_lock_of_uv_is_read_for_the_platforms_that_are_asked_for() -> None:
    asked = Asked(platforms=(Platform.of("linux-64", {"__glibc": "2.17"}), Platform.of("win-64")))
    lock = FORMAT.parse(_fixture("uv-export.pylock.toml"), "pylock.toml", asked)
    assert [p.platform for p in lock.platforms] == ["linux-64", "win-64"]
    tags = "manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64"
    assert _rows(lock, "linux-64") == [
        ("markdown-it-py", "4.3.0", "markdown_it_py-4.3.0-py3-none-any.whl"),
        ("markupsafe", "3.0.4", f"markupsafe-3.0.4-cp314-cp314-{tags}.whl"),
        ("mdurl", "0.1.2", "mdurl-0.1.2-py3-none-any.whl"),
        ("pygments", "2.21.0", "pygments-2.21.0-py3-none-any.whl"),
        ("rich", "15.0.0", "rich-15.0.0-py3-none-any.whl"),
        ("tomlkit", "0.15.2", "tomlkit-0.15.2-py3-none-any.whl"),
    ]
    assert ("colorama", "0.4.6", "colorama-0.4.6-py2.py3-none-any.whl") in _rows(lock, "win-64")
    assert all(p.sha256 and p.size and p.url for p in lock.on("win-64").packages)
    assert lock.silent_on == {"channels", "content_hash", "dependencies", "evidence", "name", "sources"}
    assert lock.evidence is None


def test_a_lock_of_uv_is_read_for_the_default_platforms() -> None:
    lock = FORMAT.parse(_fixture("uv-export.pylock.toml"), "pylock.toml")
    assert [p.platform for p in lock.platforms] == ["linux-64", "osx-arm64"]
    assert digest(FORMAT.parse(FORMAT.render(lock), "pylock.toml")) == digest(lock)


def test_a_lock_of_pip_is_read_for_the_platform_and_python_that_it_has_files_for() -> None:
    lock = FORMAT.parse(_fixture("pip-lock.pylock.toml"), "pylock.toml")
    assert [p.platform for p in lock.platforms] == ["linux-64"]
    tags = "manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64"
    assert ("markupsafe", "3.0.4", f"markupsafe-3.0.4-cp311-cp311-{tags}.whl") in _rows(lock, "linux-64")


def test_a_platform_that_a_lock_has_no_file_for_is_refused() -> None:
    asked = Asked(platforms=(Platform.of("osx-arm64"),))
    with pytest.raises(LockFormatError, match=r"markupsafe 3\.0\.4 has no file for osx-arm64"):
        FORMAT.parse(_fixture("pip-lock.pylock.toml"), "pylock.toml", asked)


_FOREIGN = f"""\
lock-version = "1.0"
created-by = "hand"
requires-python = "~=3.12.0"
extras = ["fast"]
dependency-groups = ["dev"]
default-groups = ["normal"]

[[packages]]
name = "always"
version = "1"
dependencies = [{{ name = "other" }}]
archive = {{ path = "wheels/always-1-py3-none-any.whl", hashes = {{ sha256 = "{"1" * 64}", md5 = "{"2" * 32}" }} }}

[[packages]]
name = "other"
version = "1.0"
marker = "'normal' in dependency_groups or 'dev' in dependency_groups"
wheels = [{{ url = "https://user:secret@files.example.org/other-1.0-py3-none-any.whl", hashes = {{ sha512 = "00" }} }}]

[[packages]]
name = "tool"
marker = "'dev' in dependency_groups or 'fast' in extras"
vcs = {{ type = "git", url = "ssh://git@git.example.org/tool.git", commit-id = "{"a" * 40}" }}

[[packages]]
name = "elsewhere"
marker = "sys_platform == 'win32'"
directory = {{ path = "../elsewhere", editable = true }}

[[packages]]
name = "here"
marker = "python_full_version >= '3.12' and platform_system == 'Linux'"
directory = {{ path = "." }}
"""


def test_every_kind_of_source_and_group_is_read() -> None:
    lock = FORMAT.parse(_FOREIGN, "pylock.toml", Asked(platforms=(Platform.of("linux-64"),)))
    always, here, other, tool = lock.on("linux-64").packages
    assert (always.kind, always.url, always.sha256) == ("archive", "file:./wheels/always-1-py3-none-any.whl", "1" * 64)
    assert (always.md5, always.dependencies, always.groups) == ("2" * 32, (("other", ""),), ("main",))
    assert (here.kind, here.name, here.url, here.tree) == ("directory", "here", "file:./", None)
    assert (other.kind, other.sha256, other.groups) == ("pypi", None, ("dev", "main"))
    assert other.url == "https://files.example.org/other-1.0-py3-none-any.whl"
    assert (tool.kind, tool.url, tool.commit) == ("vcs", "git+ssh://git@git.example.org/tool.git", "a" * 40)
    assert tool.groups == ("dev", "fast")
    assert "dependencies" not in lock.silent_on


def test_conflicting_entries_are_refused() -> None:
    twice = _FOREIGN.replace("marker = \"sys_platform == 'win32'\"\n", "").replace('"elsewhere"', '"here"')
    with pytest.raises(LockFormatError, match=r"packages\[4\]: here is locked for linux-64 by packages\[3\] already"):
        FORMAT.parse(twice, "pylock.toml", Asked(platforms=(Platform.of("linux-64"),)))
