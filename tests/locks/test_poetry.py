"""poetry.lock: its pins are those that Poetry itself exports, and what is wrong with one is told."""

from __future__ import annotations

import pytest

from resolver.errors import LockFormatError
from resolver.locks.formats.poetry import FORMAT
from resolver.locks.formats.poetry.constraints import constraint_sets
from tests.locks.foreign import PLATFORMS, facts, parsed, pins, read, the_package

_COMMIT = "82cdec73c4c0719fcadbf0b6dcaa28c4d8dfa361"
_MAIN_OF_2_0 = [
    "anyio==4.16.0",
    "certifi==2026.10.19.post1",
    "click==8.5.1",
    "docopt==0.6.2",
    f"gitdep @ {_COMMIT}",
    "h11==0.16.0",
    "httpcore==1.0.9",
    "httpx==0.28.1",
    "idna==3.20",
    "localdep @ place",
    "markupsafe==3.0.4",
    "packaging==26.3",
    "socksio==1.0.0",
    "sortedcontainers @ place",
    "typing-extensions==4.16.0",
]
"""What the project of ``demo.2.0`` asks for and needs, without its group ``dev`` (pluggy) and its extra ``cli``."""

_CLI = ["markdown-it-py==4.3.0", "mdurl==0.1.2", "pygments==2.21.0", "rich==15.0.0"]


@pytest.mark.parametrize("groups", ["main", "main cli", "main color", "docs", "dev"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_pins_are_those_that_poetry_exports(groups: str, platform: str) -> None:
    lock = read("poetry/demo.poetry.lock", platform)
    assert pins(lock, platform, groups.split()) == facts("poetry")[platform][groups]


@pytest.mark.parametrize(
    ("platform", "sha256"),
    [
        ("linux-64", "434139499bb20b502ed3baa1f169e618f924a97e7a777fea1a49446d80106cf6"),
        ("osx-arm64", "73e77980c7207854f00fc4e71fb1626868d5740ab4012623d55c7a99ad122a72"),
        ("win-64", "1f1f9477e174582b0a1b583d60b66e1f2cf5d3fe12cee985e4aedf44766600e5"),
    ],
)
@pytest.mark.parametrize("file", ["demo", "demo.2.0", "demo.1.1"])
def test_the_wheel_is_the_one_that_pip_downloads(file: str, platform: str, sha256: str) -> None:
    """``pip download --only-binary=:all: --python-version 3.13 --platform …`` chose these."""
    package = the_package(read(f"poetry/{file}.poetry.lock", platform), "markupsafe", platform)
    assert (package.sha256, package.url) == (sha256, "")


@pytest.mark.parametrize("file", ["demo.poetry.lock", "demo.2.0.poetry.lock"])
def test_what_has_a_place_of_its_own_is_read_with_it(file: str) -> None:
    lock = read(f"poetry/{file}", "linux-64")
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


def test_without_groups_in_the_lock_everything_but_extras_is_main() -> None:
    lock = read("poetry/demo.2.0.poetry.lock", "linux-64")
    assert pins(lock, "linux-64", ["main"]) == sorted([*_MAIN_OF_2_0, "pluggy==1.7.0"])
    assert pins(lock, "linux-64", ["cli"]) == _CLI


def test_categories_are_groups() -> None:
    lock = read("poetry/demo.2.0-with-categories.poetry.lock", "linux-64")
    assert pins(lock, "linux-64", ["main"]) == _MAIN_OF_2_0
    assert pins(lock, "linux-64", ["dev"]) == ["pluggy==1.7.0"]
    assert pins(lock, "linux-64", ["cli"]) == _CLI


def test_version_1_1_has_its_files_at_the_end() -> None:
    lock = read("poetry/demo.1.1.poetry.lock", "linux-64")
    assert pins(lock, "linux-64", ["dev"]) == ["pluggy==1.7.0"]
    assert pins(lock, "linux-64", ["cli"]) == ["rich==15.0.0"]
    docopt = the_package(lock, "docopt")
    assert docopt.file_name == "docopt-0.6.2.tar.gz"
    assert docopt.sha256 == "49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"


def test_a_dependency_keeps_its_constraint() -> None:
    httpx = the_package(read("poetry/demo.poetry.lock", "linux-64"), "httpx")
    assert httpx.dependencies == (
        ("anyio", ""),
        ("certifi", ""),
        ("h2", "<5,>=3"),
        ("httpcore", "==1.*"),
        ("idna", ""),
        ("socksio", "==1.*"),
    )


# ------------------------------------------------------------------------------------ what is wrong

_HASH = f"sha256:{'0' * 64}"
_LOCK = f"""\
[[package]]
name = "b"
version = "1.0"
optional = false
python-versions = ">=3.8"
groups = ["main"]
files = [{{file = "b-1.0-py3-none-any.whl", hash = "{_HASH}"}}]

[metadata]
lock-version = "2.1"
python-versions = "^3.11"
content-hash = "0"
"""


def _with(*changes: tuple[str, str]) -> str:
    text = _LOCK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


_2_0 = ('"2.1"', '"2.0"')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the.lock: Object missing required field `metadata`"),
        ("[metadata]\n", "the.lock: metadata: Object missing required field `lock-version`"),
        (
            _with(('"2.1"', '"2.2"')),
            "the.lock: metadata.lock-version: this lock has version 2.2 of Poetry's format, and this release reads 1.1",
        ),
        (_with(('"2.1"', "2.1")), "the.lock: metadata.lock-version: Expected `str`, got `float`"),
        (_with(('"^3.11"', '"three"')), "the.lock: metadata.python-versions: not a version constraint: 'three'"),
        (
            _with(('"^3.11"', '"^4"')),
            "the.lock: no Python that this release of Samebox knows satisfies '<5,>=4'",
        ),
        (_with(('["main"]', '["ma/in"]')), "the.lock: package[0].groups.name: not the name of a project: 'ma/in'"),
        (
            _with(('["main"]', '["main"]\nmarkers = "os_name"')),
            "the.lock: not a marker: 'os_name': Expected",
        ),
        (_with(("b-1.0-py3-none-any.whl", "../b.whl")), "the.lock: package[0].files[0]: not the name of a file: "),
        (_with(("sha256:0", "sha256:x")), "the.lock: package[0].files[0]: not a hash: 'sha256:x"),
        (_with(('"b"', '"b\\u001b"')), "the.lock: package[0].name: not the name of a project: 'b\\x1b'"),
        (_with(('"1.0"', '"one"')), "the.lock: package[0].version: not a version: 'one'"),
        (
            _with(("[metadata]", '[package.source]\ntype = "svn"\nurl = "x"\n[metadata]')),
            "the.lock: package[0].source.type: not a kind of source that is read: 'svn'",
        ),
        (
            _with(("[metadata]", '[package.source]\ntype = "git"\nurl = "https://git.example.org/b"\n[metadata]')),
            "the.lock: package[0].source: not a commit of git in full: ''",
        ),
        (
            _with(
                ("[metadata]", '[extras]\nx = ["b"]\n[metadata]'), ('["main"]', '["main"]\nmarkers = "extra != \'x\'"')
            ),
            "the.lock: package[0]: with the extra x this package is not installed: groups cannot tell this",
        ),
        (
            _with(_2_0, ("[metadata]", _LOCK.split("[metadata]")[0].replace("1.0", "2.0") + "[metadata]")),
            "the.lock: package[1]: b 2.0 and 1.0 are both for linux-64, and the lock does not say which one is meant",
        ),
    ],
)
def test_what_is_no_lock_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(LockFormatError) as error:
        parsed(FORMAT, text)
    assert str(error.value).startswith(message)


def test_two_packages_that_need_each_other_are_asked_for() -> None:
    other = _LOCK.split("[metadata]")[0].replace('"b"', '"c"').replace("b-1.0", "c-1.0")
    text = _with(
        _2_0,
        ("[metadata]", f'[package.dependencies]\nc = "*"\n\n{other}[package.dependencies]\nb = "*"\n\n[metadata]'),
    )
    assert pins(parsed(FORMAT, text), "linux-64", ["main"]) == ["b==1.0", "c==1.0"]


def test_a_package_that_another_one_needs_elsewhere_is_left_out() -> None:
    other = _LOCK.split("[metadata]")[0].replace('"b"', '"c"').replace("b-1.0", "c-1.0")
    needs = '[package.dependencies]\nc = {version = "*", markers = "sys_platform == \'win32\'"}\n'
    text = _with(_2_0, ("[metadata]", f"{needs}\n{other}[metadata]"))
    assert pins(parsed(FORMAT, text, "linux-64"), "linux-64", ["main"]) == ["b==1.0"]
    assert pins(parsed(FORMAT, text, "win-64"), "win-64", ["main"]) == ["b==1.0", "c==1.0"]


@pytest.mark.parametrize(
    ("constraint", "sets"),
    [
        ("*", [""]),
        ("^1.2.3", [">=1.2.3,<2"]),
        ("^0.2.3", [">=0.2.3,<0.3"]),
        ("^0.0.3", [">=0.0.3,<0.0.4"]),
        ("^0", [">=0,<1"]),
        ("~1.2.3", [">=1.2.3,<1.3"]),
        ("~1", [">=1,<2"]),
        ("~=1.4.2", ["~=1.4.2"]),
        ("1.*", ["==1.*"]),
        ("1.2", ["==1.2"]),
        (">=3.8, <4.0", [">=3.8,<4.0"]),
        (">=2.7,<2.8 || >=3.6", [">=2.7,<2.8", ">=3.6"]),
        ("!=1.5", ["!=1.5"]),
    ],
)
def test_constraints_of_poetry_are_sets_of_pep_440(constraint: str, sets: list[str]) -> None:
    """As the documentation of Poetry gives them (Dependency specification)."""
    found = [",".join(sorted(str(part) for part in some)) for some in constraint_sets(constraint)]
    assert found == [",".join(sorted(some.split(","))) for some in sets]
