"""pdm.lock: its pins are those that PDM itself exports, and what is wrong with one is told."""

from __future__ import annotations

import pytest

from resolver.canonicalizer import digest
from resolver.errors import LockFormatError
from resolver.locks.formats.pdm import FORMAT
from tests.locks.foreign import PLATFORMS, facts, parsed, pins, read, the_package

_COMMIT = "82cdec73c4c0719fcadbf0b6dcaa28c4d8dfa361"


@pytest.mark.parametrize("file", ["demo.pdm.lock", "demo.4.5.0.pdm.lock"])
@pytest.mark.parametrize("groups", ["main", "main cli", "main color", "docs", "dev"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_pins_are_those_that_pdm_exports(file: str, groups: str, platform: str) -> None:
    lock = read(f"pdm/{file}", platform)
    assert pins(lock, platform, groups.split()) == facts("pdm")[platform][groups]


@pytest.mark.parametrize(
    ("platform", "sha256"),
    [
        ("linux-64", "434139499bb20b502ed3baa1f169e618f924a97e7a777fea1a49446d80106cf6"),
        ("osx-arm64", "73e77980c7207854f00fc4e71fb1626868d5740ab4012623d55c7a99ad122a72"),
        ("win-64", "1f1f9477e174582b0a1b583d60b66e1f2cf5d3fe12cee985e4aedf44766600e5"),
    ],
)
@pytest.mark.parametrize("file", ["demo", "demo.4.5.0", "demo.4.4.1", "demo.4.4", "static-urls"])
def test_the_wheel_is_the_one_that_pip_downloads(file: str, platform: str, sha256: str) -> None:
    """``pip download --only-binary=:all: --python-version 3.13 --platform …`` chose these. Locks of before 4.5 tell no
    Python; their wheels do."""
    package = the_package(read(f"pdm/{file}.pdm.lock", platform), "markupsafe", platform)
    assert package.sha256 == sha256
    assert package.url.startswith("https://files.example.org/packages/") is (file == "static-urls")


@pytest.mark.parametrize("file", ["demo", "demo.4.5.0", "demo.4.4.1", "demo.4.4"])
def test_what_has_a_place_of_its_own_is_read_with_it(file: str) -> None:
    lock = read(f"pdm/{file}.pdm.lock", "linux-64")
    places = {
        p.name: (p.kind, p.url, p.commit, p.subdirectory, p.sha256)
        for p in lock.on("linux-64").packages
        if p.kind != "pypi"
    }
    wheel = "a163dcaede0f1c021485e957a39245190e74249897e2ae4b2aa38595db237ee0"
    assert places == {
        "gitdep": ("vcs", "git+https://git.example.org/gitdep.git", _COMMIT, "lib", None),
        "localdep": ("directory", "file:./localdep/", None, None, None),
        "sortedcontainers": ("archive", "file:./sortedcontainers-2.4.0-py2.py3-none-any.whl", None, None, wheel),
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_of_several_targets_each_platform_has_its_own(platform: str) -> None:
    expected = [pin for pin in facts("pdm")[platform]["main"] if not pin.startswith(("gitdep", "idna"))]
    found = pins(read("pdm/static-urls.pdm.lock", platform), platform, ["main"])
    assert [pin for pin in found if not pin.startswith("idna")] == expected


def test_without_groups_in_the_lock_everything_is_main() -> None:
    """``demo.4.4`` has the dependencies and both extras, and does not tell them apart; nor does it tell that
    pyreadline3 is for Windows."""
    lock = read("pdm/demo.4.4.pdm.lock", "linux-64")
    assert lock.groups == ("main",)
    assert pins(lock, "linux-64", ["main"]) == sorted([*facts("pdm")["linux-64"]["main cli"], "pyreadline3==3.5.6"])


def test_a_package_with_extras_is_put_together_with_the_one_without() -> None:
    httpx = the_package(read("pdm/demo.pdm.lock", "linux-64"), "httpx")
    assert httpx.groups == ("docs", "main")
    assert ("h2", "<5,>=3") in httpx.dependencies
    assert ("socksio", "==1.*") in httpx.dependencies


def test_a_lock_whose_files_have_urls_is_whole() -> None:
    lock = read("pdm/static-urls.pdm.lock", "win-64")
    packages = [p for p in lock.on("win-64").packages if p.kind == "pypi"]
    assert packages
    assert all(p.artifact is not None for p in packages)


# ------------------------------------------------------------------------------------ what is wrong

_LOCK = f"""\
[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:0"

[[metadata.targets]]
requires_python = ">=3.11"

[[package]]
name = "b"
version = "1.0"
groups = ["default"]
files = [{{file = "b-1.0-py3-none-any.whl", hash = "sha256:{"0" * 64}"}}]
"""
_TARGET = '[[metadata.targets]]\nrequires_python = ">=3.11"\n'


def _with(*changes: tuple[str, str]) -> str:
    text = _LOCK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the.lock: Object missing required field `metadata`"),
        (
            _with(("4.5.0", "4.3")),
            "the.lock: metadata.lock_version: this lock has version 4.3 of PDM's format, and this release reads 4.4",
        ),
        (_with(('"4.5.0"', "4.5")), "the.lock: metadata.lock_version: Expected `str`, got `float`"),
        (_with((">=3.11", "three")), "the.lock: metadata.targets: not a version specifier: 'three'"),
        (
            _with((_TARGET, _TARGET + 'platform = "windows_amd64"\n')),
            "the.lock: this lock is not for linux-64; it was made for windows_amd64",
        ),
        (
            _with((_TARGET, _TARGET + 'platform = "musllinux_1_2_x86_64"\n')),
            "the.lock: this lock is not for linux-64; it was made for musllinux_1_2_x86_64",
        ),
        (
            _with(('groups = ["default"]\nfiles', "files")),
            "the.lock: package[0]: a package without groups, and the lock has the strategy inherit_metadata",
        ),
        (
            _with(("files", 'dependencies = ["c >="]\nfiles')),
            "the.lock: package.dependencies: not a requirement: 'c >='",
        ),
        (_with(("files", 'hg = "https://hg.example.org"\nfiles')), "the.lock: package[0]: of the version control "),
        (_with(("file =", "fyle =")), "the.lock: package[0].files[0]: it has neither file nor url"),
        (_with(('version = "1.0"\n', "")), "the.lock: package[0]: b is from an index, and has no version"),
        (_with(("b-1.0-py3", "b/../1.0-py3")), "the.lock: package[0].files[0]: not the name of a file: "),
        (
            _LOCK + _LOCK.split(_TARGET)[1].replace("1.0", "2.0"),
            "the.lock: package[1]: b 1.0 and 2.0 are both for linux-64, and the lock does not say which one is meant",
        ),
    ],
)
def test_what_is_no_lock_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(LockFormatError) as error:
        parsed(FORMAT, text)
    assert str(error.value).startswith(message)


def test_a_lock_for_the_platform_that_it_was_made_on_is_read_for_one_that_is_named() -> None:
    text = _with((_TARGET, ""), ("4.5.0", "4.4.1"))
    assert pins(parsed(FORMAT, text, "osx-arm64"), "osx-arm64", ["main"]) == ["b==1.0"]
    with pytest.raises(LockFormatError, match="this lock is for one platform, and does not say for which"):
        parsed(FORMAT, text, "linux-64", "osx-arm64")


@pytest.mark.parametrize(
    ("written", "platform"),
    [
        ("linux", "linux-64"),
        ("manylinux_2_40_x86_64", "linux-64"),
        ("manylinux_2_17_aarch64", "linux-aarch64"),
        ("macos_14_0_arm64", "osx-arm64"),
        ("macos", "osx-arm64"),
        ("macos_x86_64", "osx-64"),
        ("windows", "win-64"),
        ("windows_arm64", "win-arm64"),
    ],
)
def test_a_target_of_pdm_is_a_platform(written: str, platform: str) -> None:
    text = _with((_TARGET, _TARGET + f'platform = "{written}"\n'))
    assert pins(parsed(FORMAT, text, platform), platform, ["main"]) == ["b==1.0"]
    other = "linux-64" if platform != "linux-64" else "win-64"
    with pytest.raises(LockFormatError, match=f"this lock is not for {other}"):
        parsed(FORMAT, text, other)


def test_a_whole_lock_has_an_identity() -> None:
    lock = parsed(FORMAT, _LOCK, "linux-64", "win-64")
    assert str(digest(lock)) == str(digest(parsed(FORMAT, _LOCK, "win-64", "linux-64")))
