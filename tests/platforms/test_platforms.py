"""A platform without a machine of that kind: what it says is what such a machine says."""

from __future__ import annotations

import os
import platform as host
import sys

import pytest
from packaging import tags
from packaging.markers import default_environment

from resolver.errors import ResolverError, SettingsError
from resolver.platforms import (
    DEFAULT_PLATFORMS,
    KNOWN_PYTHONS,
    SUBDIRS,
    Platform,
    PythonTarget,
    newest_python,
    overrides_from_environment,
)

_PYTHON = PythonTarget(version="3.12.4")


def _virtual(subdir: str, overrides: dict[str, str | None] | None = None) -> list[str]:
    return [str(package) for package in Platform.of(subdir, overrides).virtual_packages]


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        ("linux-64", ["__archspec=1=x86_64", "__glibc=2.28=0", "__linux=5.10=0", "__unix=0=0"]),
        ("linux-aarch64", ["__archspec=1=aarch64", "__glibc=2.28=0", "__linux=5.10=0", "__unix=0=0"]),
        ("linux-ppc64le", ["__archspec=1=ppc64le", "__glibc=2.28=0", "__linux=5.10=0", "__unix=0=0"]),
        ("osx-64", ["__archspec=1=x86_64", "__osx=11.0=0", "__unix=0=0"]),
        ("osx-arm64", ["__archspec=1=arm64", "__osx=11.0=0", "__unix=0=0"]),
        ("win-64", ["__archspec=1=x86_64", "__win=10=0"]),
        ("win-arm64", ["__archspec=1=aarch64", "__win=10=0"]),
    ],
)
def test_the_virtual_packages_of_a_platform(subdir: str, expected: list[str]) -> None:
    assert _virtual(subdir) == expected


def test_every_platform_is_in_the_table_above_and_the_defaults_are_platforms() -> None:
    assert len(SUBDIRS) == 7
    assert set(DEFAULT_PLATFORMS) <= set(SUBDIRS)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"__glibc": "2.34"}, ["__archspec=1=x86_64", "__glibc=2.34=0", "__linux=5.10=0", "__unix=0=0"]),
        ({"__glibc": None, "__unix": None}, ["__archspec=1=x86_64", "__linux=5.10=0"]),
        (
            {"__cuda": "12.4"},
            ["__archspec=1=x86_64", "__cuda=12.4=0", "__glibc=2.28=0", "__linux=5.10=0", "__unix=0=0"],
        ),
        ({"__linux": "6.1=arch"}, ["__archspec=1=x86_64", "__glibc=2.28=0", "__linux=6.1=arch", "__unix=0=0"]),
        ({"__archspec": "zen4"}, ["__archspec=1=zen4", "__glibc=2.28=0", "__linux=5.10=0", "__unix=0=0"]),
        ({"__archspec": "1=zen4"}, ["__archspec=1=zen4", "__glibc=2.28=0", "__linux=5.10=0", "__unix=0=0"]),
    ],
)
def test_overrides_replace_add_and_remove(overrides: dict[str, str | None], expected: list[str]) -> None:
    assert _virtual("linux-64", overrides) == expected


_ENVIRON = {
    "CONDA_OVERRIDE_CUDA": "12.4",
    "CONDA_OVERRIDE_GLIBC": "2.17",
    "CONDA_OVERRIDE_LINUX": "6.1",
    "CONDA_OVERRIDE_OSX": "14.0",
    "CONDA_OVERRIDE_ARCHSPEC": "zen4",
    "CONDA_OVERRIDE_WEATHER": "rain",
    "HOME": "/home/someone",
}


@pytest.mark.parametrize(
    ("subdir", "names"),
    [
        ("linux-64", {"__cuda": "12.4", "__glibc": "2.17", "__linux": "6.1", "__archspec": "zen4"}),
        ("osx-arm64", {"__osx": "14.0", "__archspec": "zen4"}),
        ("win-64", {"__cuda": "12.4", "__archspec": "zen4"}),
    ],
)
def test_the_variables_of_conda_count_where_they_mean_something(subdir: str, names: dict[str, str]) -> None:
    assert overrides_from_environment(_ENVIRON, subdir) == names


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("CONDA_OVERRIDE_GLIBC", "abc", "'abc' is no version in numbers, as 2.28"),
        ("CONDA_OVERRIDE_GLIBC", "2.", "'2.' is no version in numbers, as 2.28"),
        ("CONDA_OVERRIDE_CUDA", "v12", "'v12' is no version in numbers, as 12.4"),
        ("CONDA_OVERRIDE_OSX", "Sonoma", "'Sonoma' is no version in numbers, as 11.0"),
        ("CONDA_OVERRIDE_LINUX", "new one", "'new one' is no version, as 5.10"),
        ("CONDA_OVERRIDE_ARCHSPEC", "x86-64 v3", "'x86-64 v3' is no microarchitecture, as x86_64_v3 or zen4"),
    ],
)
@pytest.mark.parametrize("subdir", ["linux-64", "osx-arm64", "win-64"])
def test_a_variable_that_holds_no_version_is_refused(subdir: str, variable: str, value: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        overrides_from_environment({variable: value}, subdir)
    assert caught.value.message == f"{variable}: {problem}"
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CONDA_OVERRIDE_GLIBC", "2.31=0"),
        ("CONDA_OVERRIDE_LINUX", "6.8.0-45-generic"),
        ("CONDA_OVERRIDE_CUDA", "12"),
        ("CONDA_OVERRIDE_ARCHSPEC", "x86_64_v3"),
        ("CONDA_OVERRIDE_ARCHSPEC", "1=x86_64_v3"),
    ],
)
def test_a_variable_may_hold(variable: str, value: str) -> None:
    assert list(overrides_from_environment({variable: value}, "linux-64").values()) == [value]


def test_an_empty_variable_removes_the_package() -> None:
    overrides = overrides_from_environment({"CONDA_OVERRIDE_GLIBC": "", "CONDA_OVERRIDE_CUDA": ""}, "linux-64")
    assert overrides == {"__glibc": None, "__cuda": None}
    assert Platform.of("linux-64", overrides).virtual_version("__glibc") is None


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("linux-x64", "did you mean linux-64?"),
        ("osx-aarch64", "did you mean osx-arm64?"),
        ("win64", "did you mean win-64?"),
        ("Linux-64", "did you mean linux-64?"),
        ("amiga", f"known are: {', '.join(SUBDIRS)}"),
        ("", f"known are: {', '.join(SUBDIRS)}"),
    ],
)
def test_an_unknown_platform_names_the_nearest(written: str, hint: str) -> None:
    with pytest.raises(ResolverError, match="unknown platform") as error:
        Platform.of(written)
    assert error.value.hint == hint


# ------------------------------------------------------------------------------------------ markers

_LINUX_X86 = sys.platform == "linux" and host.machine() == "x86_64"
_on_linux_x86 = pytest.mark.skipif(not _LINUX_X86, reason="compares with a machine of linux-64")
_HERE = PythonTarget(version=host.python_version())


@_on_linux_x86
def test_the_markers_of_linux_64_are_those_of_this_machine() -> None:
    ours = Platform.of("linux-64").markers(_HERE)
    theirs = dict(default_environment())
    of_this_kernel = {"platform_release", "platform_version"}
    assert ours.keys() == theirs.keys()
    assert {k: v for k, v in ours.items() if k not in of_this_kernel} == {
        k: v for k, v in theirs.items() if k not in of_this_kernel
    }


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        ("linux-aarch64", ("posix", "linux", "Linux", "aarch64", "5.10")),
        ("linux-ppc64le", ("posix", "linux", "Linux", "ppc64le", "5.10")),
        ("osx-64", ("posix", "darwin", "Darwin", "x86_64", "11.0")),
        ("osx-arm64", ("posix", "darwin", "Darwin", "arm64", "11.0")),
        ("win-64", ("nt", "win32", "Windows", "AMD64", "")),
        ("win-arm64", ("nt", "win32", "Windows", "ARM64", "")),
    ],
)
def test_the_markers_of_other_platforms(subdir: str, expected: tuple[str, ...]) -> None:
    found = Platform.of(subdir).markers(_PYTHON)
    names = ("os_name", "sys_platform", "platform_system", "platform_machine", "platform_release")
    assert tuple(found[name] for name in names) == expected
    assert (found["python_version"], found["python_full_version"]) == ("3.12", "3.12.4")


# --------------------------------------------------------------------------------------------- tags


@_on_linux_x86
def test_the_wheel_tags_of_linux_64_are_those_of_this_machine() -> None:
    name, _, version = os.confstr("CS_GNU_LIBC_VERSION").partition(" ")  # type: ignore[union-attr]
    if name != "glibc" or host.python_implementation() != "CPython":
        pytest.skip("this machine's Python is not CPython on glibc")
    platform = Platform.of("linux-64", {"__glibc": version})
    ours, theirs = list(platform.wheel_tags(_HERE)), [str(tag) for tag in tags.sys_tags()]
    assert sorted(ours) == sorted(theirs)
    # releases of packaging differ in whether plain linux_x86_64 comes before manylinux or after it
    assert [tag for tag in ours if "-linux_" not in tag] == [tag for tag in theirs if "-linux_" not in tag]


def _tags(subdir: str, python: PythonTarget = _PYTHON, **overrides: str | None) -> tuple[str, ...]:
    return Platform.of(subdir, {f"__{name}": value for name, value in overrides.items()}).wheel_tags(python)


def test_the_best_tags_come_first() -> None:
    assert _tags("linux-64")[:3] == (
        "cp312-cp312-linux_x86_64",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_27_x86_64",
    )
    assert _tags("osx-arm64")[:2] == ("cp312-cp312-macosx_11_0_arm64", "cp312-cp312-macosx_11_0_universal2")
    assert _tags("win-64")[0] == "cp312-cp312-win_amd64"
    assert _tags("win-arm64")[0] == "cp312-cp312-win_arm64"
    assert all(_tags(subdir)[-1].endswith("-none-any") for subdir in SUBDIRS)


@pytest.mark.parametrize(
    ("subdir", "tag", "there"),
    [
        ("linux-64", "cp312-cp312-manylinux_2_29_x86_64", False),
        ("linux-64", "cp312-cp312-manylinux2014_x86_64", True),
        ("linux-64", "cp312-cp312-manylinux1_x86_64", True),
        ("linux-64", "cp312-cp312-manylinux_2_4_x86_64", False),
        ("linux-64", "cp39-abi3-manylinux2014_x86_64", True),
        ("linux-64", "cp312-abi3-linux_x86_64", True),
        ("linux-64", "cp313-abi3-linux_x86_64", False),
        ("linux-64", "py3-none-any", True),
        ("linux-64", "py312-none-any", True),
        ("linux-64", "py313-none-any", False),
        ("linux-64", "cp312-cp312t-linux_x86_64", False),
        ("linux-aarch64", "cp312-cp312-manylinux2014_aarch64", True),
        ("linux-aarch64", "cp312-cp312-manylinux1_aarch64", False),
        ("linux-aarch64", "cp312-cp312-manylinux_2_16_aarch64", False),
        ("osx-64", "cp312-cp312-macosx_10_9_x86_64", True),
        ("osx-64", "cp312-cp312-macosx_10_9_universal2", True),
        ("osx-64", "cp312-cp312-macosx_12_0_x86_64", False),
        ("osx-arm64", "cp312-cp312-macosx_10_9_universal2", True),
        ("osx-arm64", "cp312-cp312-macosx_10_9_x86_64", False),
        ("osx-arm64", "cp312-cp312-macosx_11_0_arm64", True),
        ("win-64", "cp312-cp312-win32", False),
        ("win-64", "py3-none-win_amd64", True),
        ("win-64", "py3-none-any", True),
    ],
)
def test_whether_a_tag_is_there(subdir: str, tag: str, there: bool) -> None:
    assert (tag in _tags(subdir)) is there


def test_the_tags_follow_the_virtual_packages() -> None:
    assert "cp312-cp312-macosx_14_0_arm64" in _tags("osx-arm64", osx="14.2")
    assert not [tag for tag in _tags("linux-64", glibc=None) if "manylinux" in tag]
    assert "cp312-cp312-linux_x86_64" in _tags("linux-64", glibc=None)
    assert _tags("linux-64", glibc="2.17")[1] == "cp312-cp312-manylinux_2_17_x86_64"


def test_a_python_without_gil_has_tags_of_its_own() -> None:
    free = _tags("linux-64", PythonTarget(version="3.13.1", free_threaded=True))
    assert free[1] == "cp313-cp313t-manylinux_2_28_x86_64"
    assert "py3-none-any" in free
    assert not [tag for tag in free if "-cp313-" in tag or "-abi3-" in tag]


def test_no_tag_is_there_twice() -> None:
    for subdir in SUBDIRS:
        found = _tags(subdir)
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("value", ["new", "2.x"])
def test_a_glibc_that_is_no_version(value: str) -> None:
    with pytest.raises(ResolverError, match=f"not a version of two numbers: '{value}'"):
        _tags("linux-64", glibc=value)


# ------------------------------------------------------------------------------------------- Python


@pytest.mark.parametrize(
    ("version", "build", "free_threaded"),
    [
        ("3.12.4", "h194c7f8_0_cpython", False),
        ("3.13.1", "h9a34b6e_5_cp313t", True),
        ("3.13.1", "ha99a958_105_cp313", False),
        ("3.11.7", "0_cpython", False),
    ],
)
def test_the_python_that_conda_locked(version: str, build: str, free_threaded: bool) -> None:
    assert PythonTarget.from_conda(version, build) == PythonTarget(version=version, free_threaded=free_threaded)


def test_pypy_is_refused() -> None:
    with pytest.raises(ResolverError, match=r"conda's python 3.9.18 \(0_73_pypy\) is PyPy"):
        PythonTarget.from_conda("3.9.18", "0_73_pypy")


@pytest.mark.parametrize(
    ("version", "minor"), [("3.12", "3.12"), ("3.12.4", "3.12"), ("3.14.0rc2", "3.14"), ("3.15.0a1", "3.15")]
)
def test_the_minor_version(version: str, minor: str) -> None:
    assert PythonTarget(version=version).minor == minor


@pytest.mark.parametrize("version", ["3", "", "three", "python3.12"])
def test_what_is_no_python_version(version: str) -> None:
    with pytest.raises(ResolverError, match="not a Python version"):
        PythonTarget(version=version)


@pytest.mark.parametrize(
    ("requires", "minor"),
    [
        (None, "3.14"),
        ("", "3.14"),
        (">=3.11,<3.13", "3.12"),
        ("==3.11.*", "3.11"),
        ("~=3.10", "3.14"),
        ("<3.11", "3.10"),
    ],
)
def test_the_newest_python_that_is_allowed(requires: str | None, minor: str) -> None:
    found = newest_python(requires)
    assert found.minor == minor
    assert found.version in KNOWN_PYTHONS


def test_no_known_python_is_allowed() -> None:
    with pytest.raises(ResolverError, match="no Python that this release of Samebox knows satisfies '>=4'"):
        newest_python(">=4")
