"""pixi.lock in each of its versions is read as the packages that it means."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from resolver.errors import LockFormatError
from resolver.locks.files import format_of, read_lock
from resolver.locks.formats import Asked
from resolver.locks.formats.pixi import FORMAT, PIXI_7
from resolver.model import Lock, LockedPackage, PlatformLock

_DATA = Path(__file__).parent / "data" / "pixi"

_PYTHON = LockedPackage(
    kind="conda",
    name="python",
    version="3.12.7",
    build="h5a7c2_0_cpython",
    subdir="linux-64",
    file_name="python-3.12.7-h5a7c2_0_cpython.conda",
    url="https://conda.example.org/main/linux-64/python-3.12.7-h5a7c2_0_cpython.conda",
    sha256="a0" * 32,
    md5="a1" * 16,
    size=31604,
    dependencies=(("tzdata", ""),),
)
_TZDATA = LockedPackage(
    kind="conda",
    name="tzdata",
    version="2024b",
    build="hc8b5_0",
    subdir="noarch",
    file_name="tzdata-2024b-hc8b5_0.conda",
    url="https://conda.example.org/main/noarch/tzdata-2024b-hc8b5_0.conda",
    sha256="b0" * 32,
    md5="b1" * 16,
    size=122354,
)


def _click(*needs: tuple[str, str]) -> LockedPackage:
    return LockedPackage(
        kind="pypi",
        name="click",
        version="8.1.7",
        file_name="click-8.1.7-py3-none-any.whl",
        url="https://files.example.org/click-8.1.7-py3-none-any.whl",
        sha256="c0" * 32,
        dependencies=needs,
    )


_COLORAMA = LockedPackage(
    kind="pypi",
    name="colorama",
    version="0.4.6",
    file_name="colorama-0.4.6-py2.py3-none-any.whl",
    url="https://files.example.org/colorama-0.4.6-py2.py3-none-any.whl",
    sha256="f0" * 32,
)
_RICH = LockedPackage(
    kind="archive",
    name="rich",
    version="13.9.0",
    file_name="rich-13.9.0.tar.gz",
    url="https://files.example.org/rich-13.9.0.tar.gz",
    sha256="d0" * 32,
    # click asks for rich[jupyter], and nothing for rich[docs]
    dependencies=(("ipywidgets", "<9,>=7.5.1"), ("pygments", "<3.0.0,>=2.13.0")),
)
_TOOLS = LockedPackage(
    kind="vcs",
    name="tools",
    version="1.0.post1",
    url="git+https://git.example.org/tools.git",
    commit="0123456789abcdef0123456789abcdef01234567",
    subdirectory="python",
    dependencies=(("click", ""),),
)


def _local(version: str) -> LockedPackage:
    return LockedPackage(kind="directory", name="local", version=version, url="file:./local/")


def _expected(*more: LockedPackage) -> Lock:
    linux = (_PYTHON, _TZDATA, _click(("rich", "<14,>=13")), *more)
    windows = (_TZDATA, _click(("colorama", "")), _COLORAMA)
    return Lock(
        platforms=(
            PlatformLock(platform="linux-64", packages=linux),
            PlatformLock(platform="win-64", packages=windows),
        ),
        channels=("https://conda.example.org/main",),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v3", _expected()),
        ("v4", _expected(_RICH, _TOOLS, _local("0.1"))),
        ("v5", _expected(_RICH, _TOOLS, _local("0.1"))),
        ("v6", _expected(_RICH, _TOOLS, _local("0.1"))),
        ("v7", _expected(_RICH, _TOOLS, _local(""))),
        ("rattler.v4", _expected(_RICH, _TOOLS, _local("0.1"))),
        ("rattler.v5", _expected(_RICH, _TOOLS, _local("0.1"))),
        ("rattler.v6", _expected(_RICH, _TOOLS, _local("0.1"))),
        ("rattler.v7", _expected(_RICH, _TOOLS, _local(""))),
    ],
)
def test_each_version_tells_the_same_packages(name: str, expected: Lock) -> None:
    path = _DATA / f"{name}.pixi.lock"
    assert FORMAT.parse(path.read_text(), str(path)) == expected
    assert PIXI_7.parse(path.read_text(), str(path)) == expected


def test_a_file_called_pixi_lock_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text((_DATA / "v6.pixi.lock").read_text())
    lock = read_lock(tmp_path / "pixi.lock", environment="docs")
    assert lock.platforms == (PlatformLock(platform="linux-64", packages=(_TZDATA,)),)
    assert lock.silent_on == {"content_hash", "evidence", "name", "sources"}
    assert [format_of("x/pixi.lock").name, format_of("", name="pixi-v7").name] == ["pixi", "pixi-v7"]


def test_the_environments_of_a_file_are_listed() -> None:
    for name in ("v4", "v5", "v6", "v7", "rattler.v7"):
        assert FORMAT.environments((_DATA / f"{name}.pixi.lock").read_text(), name) == ("default", "docs")
    assert FORMAT.environments((_DATA / "v3.pixi.lock").read_text(), "v3") == ("default",)


_TEMPLATE = """\
version: 6
environments:
  ENVIRONMENT:
    channels:
    - url: https://conda.example.org/main/
    packages:
      linux-64:
      - SELECTOR
packages:
- ROW
"""
_CONDA = "conda: https://conda.example.org/main/linux-64/a-1.0-h1_0.conda"
_PYPI = "pypi: https://files.example.org/a-1.0-py3-none-any.whl\n  name: a\n  version: '1.0'"


def _text(row: str = _CONDA, *, selector: str | None = None, environment: str = "default") -> str:
    chosen = selector if selector is not None else row.split("\n")[0]
    return _TEMPLATE.replace("ENVIRONMENT", environment).replace("SELECTOR", chosen).replace("ROW", row)


def _refused(text: str, asked: str | None = None) -> str:
    with pytest.raises(LockFormatError) as error:
        FORMAT.parse(text, "pixi.lock", Asked(environment=asked))
    return f"{error.value} [{error.value.hint}]" if error.value.hint else str(error.value)


def test_the_only_environment_needs_no_name() -> None:
    assert FORMAT.parse(_text(environment="dev"), "pixi.lock").on("linux-64").packages[0].name == "a"


def test_an_environment_that_is_not_there_is_told_with_those_that_are() -> None:
    message = "pixi.lock: environments: there is no environment 'test' in this lock [it has: default]"
    assert _refused(_text(), "test") == message
    both = _text(environment="dev").replace("  dev:", "  docs: {channels: [], packages: {}}\n  dev:")
    assert _refused(both) == (
        "pixi.lock: environments: no environment of this lock is called default, so one must be chosen "
        "[it has: dev, docs]"
    )


_NEWER = (
    "pixi.lock: version: this lock has format version 8, and this release reads versions 3 to 7 "
    "[update samebox, or lock again]"
)
_FROM_SOURCE = (
    "pixi.lock: packages[0]: a is built from source by pixi, and a lock here holds conda packages as files "
    "[publish it to a channel, or take it out of the environment]"
)
_TWO_OF_A_SUBDIR = (
    "pixi.lock: environments.default.packages.cuda: a second platform with the subdir linux-64, and a lock here has "
    "one for each [keep one of them in the environment]"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "pixi.lock: version: no version in the form of a number"),
        ("version: six\n", "pixi.lock: version: no version in the form of a number"),
        (
            "version: 8\nall: new\n",
            _NEWER,
        ),
        (
            "version: 2\n",
            "pixi.lock: version: this lock has format version 2, and this release reads versions 3 to 7 [lock again]",
        ),
        ("version: 6\n", "pixi.lock: Object missing required field `environments`"),
        (_text(selector="conda: https://conda.example.org/b-1-0.conda"), None),
        (
            _text("conda: https://conda.example.org/main/linux-64/\n  name: a\n  version: '1'"),
            _FROM_SOURCE,
        ),
        (
            _text(f"{_CONDA}\n  sha256: abc"),
            "pixi.lock: packages[0]: a: not a hash: 'abc'",
        ),
        (
            _text("conda: https://conda.example.org/a/linux-64/..%2Fa-1.0-0.conda\n  name: a\n  version: '1'"),
            "pixi.lock: packages[0]: not the name of a file: '../a-1.0-0.conda'",
        ),
        (
            _text(f'{_CONDA}\n  name: "../a"'),
            "pixi.lock: packages[0].name: not the name of a conda package: '../a'",
        ),
        (
            _text(f'{_CONDA}\n  version: "1\\n2"'),
            "pixi.lock: packages[0].version: not the version of a conda package: '1\\n2'",
        ),
        (
            _text('conda: "https://conda.example.org/linux-64/a\\u0007-1-0.conda"'),
            "pixi.lock: packages[0]: not the place of a package: 'https://conda.example.org/linux-64/a\\x07-1-0.conda'",
        ),
        (
            _text(_PYPI.replace("'1.0'", "one")),
            "pixi.lock: packages[0].version: not a version: 'one'",
        ),
        (
            _text(_PYPI.replace("name: a", "name: ../a")),
            "pixi.lock: packages[0].name: not the name of a project: '../a'",
        ),
        (
            _text(f"{_PYPI}\n  requires_dist: [b >>1]"),
            "pixi.lock: packages[0].requires_dist: not a requirement: 'b >>1'",
        ),
        (
            _text(f"{_PYPI}\n  requires_dist: [\"b ; {'(' * 9000}os_name == 'a'{')' * 9000}\"]"),
            f"pixi.lock: packages[0].requires_dist: not a requirement: {'b ; ' + '(' * 196!r}",
        ),
        (
            _text("pypi: git+https://git.example.org/a?branch=main\n  name: a\n  version: '1'"),
            "pixi.lock: packages[0]: a repository without the full commit [lock it again]",
        ),
        (
            _text(f"pypi: git+https://git.example.org/a?subdirectory=..%2Fb#{'0' * 40}\n  name: a\n  version: '1'"),
            "pixi.lock: packages[0]: not a folder inside the repository: '../b'",
        ),
        (
            _text(f"pypi: git+https://git.example.org/a?lfs=true#{'0' * 40}\n  name: a\n  version: '1'"),
            "pixi.lock: packages[0]: a repository with files in Git LFS, which are not part of its commit",
        ),
        (
            _text(f"{_CONDA}\n- conda: https://conda.example.org/b/linux-64/a-2.0-h1_0.conda").replace(
                "packages:\n-", "      - conda: https://conda.example.org/b/linux-64/a-2.0-h1_0.conda\npackages:\n-"
            ),
            "pixi.lock: packages[1]: a is locked twice on linux-64",
        ),
        (_text(selector="name: a"), None),
        (_text().replace("version: 6", "version: 7\nplatforms:\n- name: osx-64"), None),
        (
            _text().replace("version: 6", "version: 7\nplatforms:\n- name: linux-64\n- name: linux-64"),
            "pixi.lock: platforms[1]: linux-64 stands there twice",
        ),
        (
            _text()
            .replace("version: 6", "version: 7\nplatforms:\n- name: linux-64\n- {name: cuda, subdir: linux-64}")
            .replace("packages:\n- conda", "      cuda: []\npackages:\n- conda"),
            _TWO_OF_A_SUBDIR,
        ),
        (_text() + "version: 6\n", "pixi.lock:11: not YAML: the key 'version' occurs twice"),
        ("version: 6\nenvironments: &a {b: *a}\n", None),
        ("version: 6\nenvironments: " + "[" * 100_000, None),
        (_text(f"{_CONDA}\n  size: .nan"), "pixi.lock: packages[0].size: Expected `int | null`, got `str`"),
        (_text(f"{_CONDA}\n  name: {'a' * 10_000_000}"), None),
    ],
)
def test_a_bad_file_is_told_with_its_place(text: str, message: str | None) -> None:
    before = time.process_time()
    told = _refused(text)
    assert time.process_time() - before < 5
    assert len(told) < 1000
    if message is not None:
        assert told == message


def test_a_version_without_quotes_is_the_text_that_is_there() -> None:
    (package,) = FORMAT.parse(_text(f"{_CONDA}\n  version: 1.10\n  build: 1e3"), "pixi.lock").on("linux-64").packages
    assert (package.version, package.build) == ("1.10", "1e3")


@pytest.mark.parametrize(
    ("place", "kind", "url"),
    [
        ("./", "directory", "file:./"),
        ("../up/my pkg", "directory", "file:../up/my%20pkg/"),
        ("/abs/pkg", "directory", "file:///abs/pkg/"),
        ("file:///abs/pkg", "directory", "file:///abs/pkg/"),
        ("./links/a-1.0-py3-none-any.whl", "archive", "file:./links/a-1.0-py3-none-any.whl"),
        ("git+ssh://git@git.example.org/a.git?rev=x#" + "A" * 40, "vcs", "git+ssh://git@git.example.org/a.git"),
        ("git+https://token@git.example.org/a@" + "a" * 40, "vcs", "git+https://git.example.org/a"),
    ],
)
def test_places_become_urls(place: str, kind: str, url: str) -> None:
    (package,) = FORMAT.parse(_text(f"pypi: {place}\n  name: a\n  version: '1.0'"), "pixi.lock").on("linux-64").packages
    assert (package.kind, package.url) == (kind, url)
    assert package.commit in (None, "a" * 40)


def test_extras_that_ask_for_each_other_are_followed_in_time() -> None:
    rows, selectors = [], []
    for number in range(3000):
        place = f"pypi: https://files.example.org/a{number}-1.0-py3-none-any.whl"
        selectors.append(f"      - {place}\n")
        needs = f"a{number + 1}[x{number + 1}] ; extra == 'x{number}'" if number else "a1[x1]"
        rows.append(f"- {place}\n  name: a{number}\n  version: '1.0'\n  requires_dist:\n  - {needs}\n")
    head = "version: 6\nenvironments:\n  default:\n    channels: []\n    packages:\n      linux-64:\n"
    before = time.process_time()
    lock = FORMAT.parse(f"{head}{''.join(selectors)}packages:\n{''.join(rows)}", "pixi.lock")
    assert time.process_time() - before < 5
    packages = {p.name: p.dependencies for p in lock.on("linux-64").packages}
    assert (packages["a0"], packages["a2998"]) == ((("a1", ""),), (("a2999", ""),))
