"""uv.lock: its pins are those that uv itself exports, and what is wrong with one is told."""

from __future__ import annotations

import pytest

from resolver.canonicalizer import digest
from resolver.errors import IntegrityError, LockFormatError
from resolver.locks.formats.uv import FORMAT
from resolver.model import Lock
from tests.locks.foreign import DATA, PLATFORMS, facts, parsed, pins, read, the_package

_REVISIONS = ("demo.uv.lock", "demo.no-revision.uv.lock", "demo.revision-2.uv.lock", "demo.revision-3.uv.lock")
_COMMIT = "82cdec73c4c0719fcadbf0b6dcaa28c4d8dfa361"


@pytest.mark.parametrize("file", _REVISIONS)
@pytest.mark.parametrize("groups", ["main", "main cli", "main color", "docs", "dev", "types"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_pins_are_those_that_uv_exports(file: str, groups: str, platform: str) -> None:
    lock = read(f"uv/{file}", platform)
    assert pins(lock, platform, groups.split()) == facts("uv")[platform][groups]


@pytest.mark.parametrize(
    ("platform", "file_name", "sha256"),
    [
        (
            "linux-64",
            "markupsafe-3.0.3-cp313-cp313-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl",
            "ccfcd093f13f0f0b7fdd0f198b90053bf7b2f02a3927a30e63f3ccc9df56b676",
        ),
        (
            "osx-arm64",
            "markupsafe-3.0.3-cp313-cp313-macosx_11_0_arm64.whl",
            "116bb52f642a37c115f517494ea5feb03889e04df47eeff5b130b1808ce7c219",
        ),
        (
            "win-64",
            "markupsafe-3.0.3-cp313-cp313-win_amd64.whl",
            "9a1abfdc021a164803f4d485104931fb8f8c1efd55bc6b748d2f5774e78b62c5",
        ),
    ],
)
def test_the_wheel_is_the_one_that_pip_downloads(platform: str, file_name: str, sha256: str) -> None:
    """``pip download --only-binary=:all: --python-version 3.13 --platform …`` chose these."""
    package = the_package(read("uv/demo.uv.lock", platform), "markupsafe", platform)
    assert (package.file_name, package.sha256) == (file_name, sha256)


def test_a_package_has_all_that_uv_tells_about_its_file() -> None:
    docopt = the_package(read("uv/demo.uv.lock", "linux-64"), "docopt")
    assert (docopt.kind, docopt.file_name, docopt.size) == ("pypi", "docopt-0.6.2.tar.gz", 25901)
    assert docopt.url.startswith("https://files.example.org/packages/")
    assert docopt.sha256 == "49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"
    httpx = the_package(read("uv/demo.uv.lock", "linux-64"), "httpx")
    assert [name for name, _ in httpx.dependencies] == ["anyio", "certifi", "h2", "httpcore", "idna", "socksio"]
    assert httpx.groups == ("docs", "main")


def test_what_has_a_place_of_its_own_is_read_with_it() -> None:
    lock = read("uv/demo.uv.lock", "linux-64")
    places = {
        p.name: (p.kind, p.url, p.commit, p.subdirectory, p.sha256)
        for p in lock.on("linux-64").packages
        if p.kind != "pypi"
    }
    wheel = "a163dcaede0f1c021485e957a39245190e74249897e2ae4b2aa38595db237ee0"
    assert places == {
        "gitdep": ("vcs", "git+https://git.example.org/gitdep.git", _COMMIT, "lib", None),
        "localdep": ("directory", "file:./localdep/", None, None, None),
        "member": ("directory", "file:./member/", None, None, None),
        "sortedcontainers": ("archive", "file:./sortedcontainers-2.4.0-py2.py3-none-any.whl", None, None, wheel),
    }


def test_a_folder_has_no_identity_before_its_tree_is_known() -> None:
    with pytest.raises(IntegrityError, match="localdep is a folder without a tree digest"):
        digest(read("uv/demo.uv.lock", "linux-64"))


def test_a_workspace_without_a_project_starts_at_its_members_and_groups() -> None:
    lock = read("uv/workspace.uv.lock", "linux-64")
    assert lock.name is None
    assert pins(lock, "linux-64", ["main"]) == ["iniconfig @ place", "mdurl @ place", "six==1.17.0"]
    assert pins(lock, "linux-64", ["dev"]) == ["pluggy==1.6.0"]
    mdurl = the_package(lock, "mdurl")
    assert (mdurl.kind, mdurl.file_name) == ("archive", "mdurl-0.1.2.tar.gz")
    assert mdurl.sha256 == "bb413d29f5eea38f31dd4754dd7377d4465116fb207585f97bf925588687c1ba"
    assert mdurl.url == (
        "https://files.example.org/packages/d6/54/cfe61301667036ec958cb99bd3efefba235e65cdeb9c84d24a8293ba1d90/"
        "mdurl-0.1.2.tar.gz"
    )
    assert str(digest(lock)).startswith("sha256:")


def test_a_script_starts_at_its_requirements() -> None:
    lock = read("uv/script.py.lock", "linux-64")
    assert pins(lock, "linux-64", ["main"]) == ["h11==0.16.0", "markdown-it-py==4.2.0", "mdurl==0.1.2"]


def test_extras_that_conflict_are_groups_with_a_version_each() -> None:
    lock = read("uv/conflicts.uv.lock", "linux-64")
    assert pins(lock, "linux-64", ["main"]) == ["six==1.17.0"]
    assert pins(lock, "linux-64", ["main", "old"]) == ["iniconfig==2.0.0", "six==1.17.0"]
    assert pins(lock, "linux-64", ["main", "new"]) == ["iniconfig==2.3.0", "six==1.17.0"]


def test_without_a_wish_it_is_read_for_those_default_platforms_that_it_is_for() -> None:
    assert [p.platform for p in read("uv/demo.uv.lock").platforms] == ["linux-64", "osx-arm64"]
    with pytest.raises(LockFormatError, match="this lock is not for linux-aarch64; it was made for platform_machine"):
        read("uv/demo.uv.lock", "linux-64", "linux-aarch64")


# ------------------------------------------------------------------------------------ what is wrong

_HASH = f'"sha256:{"0" * 64}"'
_WHEEL = f'{{ url = "https://files.example.org/b-1.0-py3-none-any.whl", hash = {_HASH} }}'
_LOCK = f"""\
version = 1
requires-python = ">=3.11"

[[package]]
name = "a"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "b" }}]

[[package]]
name = "b"
version = "1.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{_WHEEL}]
"""


def _with(old: str, new: str) -> str:
    assert old in _LOCK
    return _LOCK.replace(old, new)


def _only(lock: Lock) -> list[str]:
    return pins(lock, "linux-64", ["main"])


def test_a_higher_revision_of_version_1_is_read() -> None:
    assert _only(parsed(FORMAT, _with("version = 1\n", "version = 1\nrevision = 99\n"))) == ["b==1.0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the.lock: Object missing required field `version`"),
        ("version = ", "the.lock:1: not TOML: Invalid value (at end of document)"),
        ("version = 1\nversion = 1\n", "the.lock:2: not TOML: Cannot overwrite a value (at line 2, column 12)"),
        (_with("version = 1\n", 'version = "1"\n'), "the.lock: version: Expected `int`, got `str`"),
        (
            _with("version = 1\n", "version = 2\n"),
            "the.lock: version: this lock has version 2 of uv's format, and this release reads version 1",
        ),
        (_with(">=3.11", "three"), "the.lock: requires-python: not a version specifier: 'three'"),
        (
            _with(">=3.11", "<3"),
            "the.lock: no Python that this release of Samebox knows satisfies '<3'",
        ),
        (_with('"."', '"elsewhere"'), "the.lock: package: no package is the project's own"),
        (
            _with('name = "b" }', 'name = "c" }'),
            "the.lock: package: c is needed on linux-64 and not locked",
        ),
        (
            _with('name = "b" }', 'name = "b", marker = "os_name == nt" }'),
            "the.lock: not a marker: 'os_name == nt': Expected a marker variable or quoted string",
        ),
        (
            _with('name = "b" }', f'name = "b", marker = "{"(" * 5000}" }}'),
            f"the.lock: not a marker: '{'(' * 200}': ",  # packaging 26.4 has words of its own for it
        ),
        (
            _with("b-1.0-py3-none-any.whl", "b-1.0-cp27-cp27m-win32.whl"),
            "the.lock: package[1]: b 1.0 has no file for linux-64 with Python 3.14",
        ),
        (_with("0" * 64, "0" * 63), f"the.lock: package[1].wheels[0]: not a hash: 'sha256:{'0' * 63}'"),
        (
            _with("https://files.example.org/b", "https://files.example.org/..%2fb"),
            "the.lock: package[1].wheels[0]: not the name of a file: '../b-1.0-py3-none-any.whl'",
        ),
        (
            _with("https://files.example.org/b", "javascript:b"),
            "the.lock: package[1].wheels[0]: not a URL: 'javascript:b-1.0-py3-none-any.whl'",
        ),
        (_with("registry", "register"), "the.lock: package[1].source: it is none of registry, git, url, path, "),
        (
            _with('registry = "https://index.example.org/simple"', 'git = "https://git.example.org/b#main"'),
            "the.lock: package[1].source: not a commit of git in full: 'main'",
        ),
        (
            _with('dependencies = [{ name = "b" }]', '[package.optional-dependencies]\nmain = [{ name = "b" }]'),
            "the.lock: package[0]: an extra or group is called main, which is what the dependencies are",
        ),
        (
            _with("version = 1\n", 'version = 1\nconflicts = [[{ package = "b", extra = "x/y" }]]\n'),
            "the.lock: conflicts.name: not the name of a project: 'x/y'",
        ),
        (_with("[[package]]", "[[distribution]]"), "the.lock: distribution: [[distribution]] is from before"),
    ],
)
def test_what_is_no_lock_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(LockFormatError) as error:
        parsed(FORMAT, text)
    assert str(error.value).startswith(message)


def test_an_extra_that_changes_the_dependencies_themselves_is_refused() -> None:
    other = _WHEEL.replace("b-1.0", "b-2.0")
    text = f"""\
version = 1
requires-python = ">=3.11"
conflicts = [[{{ package = "a", extra = "x" }}, {{ package = "a", extra = "y" }}]]
[[package]]
name = "a"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "b", version = "1.0", marker = "extra != 'extra-1-a-x'" }},
    {{ name = "b", version = "2.0", marker = "extra == 'extra-1-a-x'" }},
]
[package.optional-dependencies]
x = [{{ name = "b", version = "2.0" }}]
[[package]]
name = "b"
version = "1.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{_WHEEL}]
[[package]]
name = "b"
version = "2.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{other}]
"""
    with pytest.raises(LockFormatError, match="with x the dependencies of the project themselves are others"):
        parsed(FORMAT, text)


def test_an_extra_of_a_dependency_that_excludes_another_is_followed_once_it_is_reached() -> None:
    """uv writes what a conflict decides as a marker on ``extra``, and both names of it can hold at a time."""
    text = f"""\
version = 1
requires-python = ">=3.11"
conflicts = [[{{ package = "lib", extra = "x" }}, {{ package = "lib", extra = "y" }}]]
[[package]]
name = "a"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "b", marker = "extra == 'extra-3-lib-x' or (extra == 'extra-3-lib-y' and extra != 'extra-3-lib-x')" }},
    {{ name = "lib", extra = ["EXTRA"], marker = "sys_platform == 'linux'" }},
]
[[package]]
name = "b"
version = "1.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{_WHEEL}]
[[package]]
name = "lib"
version = "3.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{_WHEEL.replace("b-1.0", "lib-3.0")}]
[package.optional-dependencies]
x = []
y = []
"""
    for extra, found in (("x", ["b==1.0", "lib==3.0"]), ("y", ["b==1.0", "lib==3.0"]), ("z", ["lib==3.0"])):
        assert _only(parsed(FORMAT, text.replace("EXTRA", extra))) == found
    assert pins(parsed(FORMAT, text.replace("EXTRA", "x"), "win-64"), "win-64", ["main"]) == []


def test_no_password_of_a_url_comes_through() -> None:
    text = _with("https://files.example.org", "https://me:secret@files.example.org")
    assert the_package(parsed(FORMAT, text), "b").url == "https://files.example.org/b-1.0-py3-none-any.whl"


def test_of_two_wheels_with_one_name_none_is_chosen() -> None:
    second = _WHEEL.replace("0" * 64, "1" * 64)
    package = the_package(parsed(FORMAT, _with(_WHEEL, f"{_WHEEL}, {second}")), "b")
    assert package.sha256 is None
    assert [artifact.sha256 for artifact in package.candidates] == ["0" * 64, "1" * 64]


def test_a_higher_build_comes_first_and_a_better_tag_before_it() -> None:
    wheels = [
        _WHEEL.replace("b-1.0-", f"b-1.0-{tag}").replace("0" * 64, digit * 64)
        for tag, digit in (("1-", "1"), ("10-", "2"), ("", "3"))
    ]
    better = _WHEEL.replace("py3-none-any", "cp314-cp314-manylinux_2_17_x86_64").replace("0" * 64, "4" * 64)
    text = _with(_WHEEL, ", ".join(wheels))
    assert the_package(parsed(FORMAT, text), "b").file_name == "b-1.0-10-py3-none-any.whl"
    text = _with(_WHEEL, ", ".join([*wheels, better]))
    assert the_package(parsed(FORMAT, text), "b").sha256 == "4" * 64


def test_the_python_is_the_newest_that_every_package_has_a_file_for() -> None:
    for_311 = _WHEEL.replace("py3-none-any", "cp311-cp311-manylinux_2_17_x86_64")
    for_312 = for_311.replace("cp311-cp311", "cp312-cp312").replace("0" * 64, "1" * 64)
    assert the_package(parsed(FORMAT, _with(_WHEEL, for_311)), "b").sha256 == "0" * 64
    assert the_package(parsed(FORMAT, _with(_WHEEL, f"{for_311}, {for_312}")), "b").sha256 == "1" * 64


def test_the_fixtures_name_no_host_but_examples() -> None:
    for tool in ("uv", "poetry", "pdm"):
        for path in sorted((DATA / tool).glob("*.lock")):
            hosts = {part.split("/")[0] for part in path.read_text().split("https://")[1:]}
            assert all(host.endswith("example.org") for host in hosts)
