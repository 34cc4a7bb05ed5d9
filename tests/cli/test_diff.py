"""``diff`` tells what is other in one lock than in another, in any formats and from git's history."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

import resolver
from resolver.cli.diff_report import Compared, as_json, as_markdown, as_text
from resolver.locks.comparison import compare_locks
from resolver.model import Lock, LockedPackage, PlatformLock
from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml

_OLD = "old.conda-lock.yml"


@pytest.fixture
def moved(make_project: MakeProject) -> Project:
    """Locked twice for two platforms: ``old.conda-lock.yml`` is the first lock."""
    project = make_project(platforms=("linux-64", "osx-arm64"))
    project.write("environment.yml", environment_yml("python", "greeter 1.0.*", pip=("cowtalk[loud]",)))
    project.succeed("lock")
    project.write(_OLD, project.lockfile.read_text())
    project.write("environment.yml", environment_yml("python", "greeter", "libhello", pip=("cowtalk",)))
    project.succeed("lock", "-P", "greeter")
    return project


_TOLD = """\
old.conda-lock.yml -> conda-lock.yml: 1 added, 1 removed, 1 changed
~ greeter 1.0.0 -> 1.2.0
+ libhello 1.1
- shout 0.6 (pypi)
"""


def test_text(moved: Project) -> None:
    outcome = moved.succeed("diff", _OLD, "conda-lock.yml")
    assert (outcome.stdout, outcome.told) == (_TOLD, "")


def test_exit_code_1_is_for_those_who_ask(moved: Project) -> None:
    assert moved.run("diff", _OLD, "conda-lock.yml", "--exit-code").code == 1
    same = moved.run("diff", _OLD, _OLD, "--exit-code")
    assert (same.code, same.stdout) == (0, f"{_OLD} -> {_OLD}: the same packages\n")


@pytest.mark.parametrize(
    ("name", "file_name", "told"),
    [("pixi", "pixi.lock", ""), ("explicit", "conda-linux-64.lock", "- platform osx-arm64 (6 packages)\n")],
)
def test_across_formats(name: str, file_name: str, told: str, moved: Project) -> None:
    platform = ("-p", "linux-64") if name == "explicit" else ()
    moved.succeed("export", name, "-o", file_name, *platform)
    same = moved.succeed("diff", "conda-lock.yml", file_name).stdout
    assert same.splitlines(keepends=True)[1:] == told.splitlines(keepends=True)
    found = moved.succeed("diff", _OLD, file_name, "-p", "linux-64").stdout
    assert found == _TOLD.replace("conda-lock.yml:", f"{file_name}:")


def test_wheels_of_a_lock_that_names_no_platforms(make_project: MakeProject) -> None:
    """It is read for the platforms of the other one, on whichever side it stands."""
    project = make_project(platforms=("linux-aarch64",))
    project.write("requirements.in", "cowtalk\n")
    project.succeed("lock")
    lock = resolver.read_lock(project.lockfile)
    pins = [f"{p.name}=={p.version} --hash=sha256:{p.sha256}\n" for p in lock.on("linux-aarch64").packages]
    project.write("requirements.txt", "".join(pins))
    for pair in (("conda-lock.yml", "requirements.txt"), ("requirements.txt", "conda-lock.yml")):
        assert project.succeed("diff", *pair).stdout == f"{pair[0]} -> {pair[1]}: the same packages\n"


def test_platforms(moved: Project) -> None:
    told = moved.succeed("diff", _OLD, "conda-lock.yml", "-p", "osx-arm64").stdout
    assert told == _TOLD
    assert moved.fail("diff", _OLD, "conda-lock.yml", "-p", "win-64") == (
        "error: neither lock has a platform win-64\nhint: they have: linux-64, osx-arm64\n"
    )


def test_environments(project: Project) -> None:
    head = "version: 6\nenvironments:\n"
    rows = ""
    url = "https://conda.example.org/main/linux-64"
    for environment, version, digit in (("default", "1", "a"), ("test", "2", "b")):
        head += (
            f"  {environment}:\n    channels:\n    - url: https://conda.example.org/main/\n    packages:\n"
            f"      linux-64:\n      - conda: {url}/zlib-{version}-h0_0.conda\n"
        )
        rows += f"- conda: {url}/zlib-{version}-h0_0.conda\n  sha256: {digit * 64}\n  md5: {digit * 32}\n"
    project.write("pixi.lock", f"{head}packages:\n{rows}")
    pair = ("diff", "pixi.lock", "pixi.lock")
    assert project.succeed(*pair).stdout.endswith(": the same packages\n")
    assert project.succeed(*pair, "-e", "test").stdout.endswith(": the same packages\n")
    assert project.succeed(*pair, "-e", "default", "-e", "test").stdout.endswith("~ zlib 1 -> 2\n")
    assert "given more than twice" in project.fail(*pair, "-e", "a", "-e", "b", "-e", "c")


def test_an_environment_where_there_is_only_one(moved: Project) -> None:
    assert moved.fail("diff", _OLD, "conda-lock.yml", "-e", "test").startswith(
        "error: --environment test: old.conda-lock.yml holds one environment"
    )


# -------------------------------------------------------------------------------------------------------- git


def _git(project: Project, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(
        ["git", *identity, *arguments], cwd=project.folder, env=project.environ(), check=True, capture_output=True
    )


@pytest.fixture
def committed(moved: Project) -> Project:
    """The old lock is committed, in ``nested`` too; the new one is in the work tree."""
    new = moved.lockfile.read_bytes()
    moved.lockfile.write_bytes((moved.folder / _OLD).read_bytes())
    (moved.folder / "nested").mkdir()
    (moved.folder / "nested" / "conda-lock.yml").write_bytes(moved.lockfile.read_bytes())
    _git(moved, "init", "--quiet")
    _git(moved, "add", "conda-lock.yml", "nested")
    _git(moved, "commit", "--quiet", "-m", "first")
    moved.lockfile.write_bytes(new)
    return moved


@pytest.mark.parametrize("place", ["HEAD:conda-lock.yml", "main:./conda-lock.yml", "HEAD:nested/conda-lock.yml"])
def test_a_revision_of_git(place: str, committed: Project) -> None:
    expected = _TOLD.replace(_OLD, place)
    assert committed.succeed("diff", place, "conda-lock.yml").stdout == expected


def test_the_index_and_two_revisions(committed: Project) -> None:
    assert committed.succeed("diff", "HEAD:conda-lock.yml", ":conda-lock.yml").stdout.endswith(": the same packages\n")
    _git(committed, "commit", "--quiet", "-a", "-m", "second")
    expected = _TOLD.replace(_OLD, "HEAD~1:conda-lock.yml").replace("> conda-lock", "> HEAD:conda-lock")
    assert committed.succeed("diff", "HEAD~1:conda-lock.yml", "HEAD:conda-lock.yml").stdout == expected


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("nonesuch:conda-lock.yml", "git knows no revision 'nonesuch'\nhint: fetch it:"),
        ("HEAD:pixi.lock", "there is no such file in that revision\nhint: paths start at the top"),
        ("HEAD:nested", "there is no such file in that revision"),
    ],
)
def test_what_git_does_not_have(place: str, told: str, committed: Project) -> None:
    assert committed.fail("diff", place, "conda-lock.yml").startswith(f"error: {place}: {told}")


def test_outside_of_a_repository(moved: Project) -> None:
    told = moved.fail("diff", "HEAD:conda-lock.yml", "conda-lock.yml", environ={"GIT_CEILING_DIRECTORIES": "/"})
    assert "is in no git repository to look for it" in told
    assert "hint: give the path of a lock file" in told


def test_without_git(moved: Project) -> None:
    told = moved.fail("diff", "HEAD:conda-lock.yml", "conda-lock.yml", environ={"PATH": str(moved.home)})
    assert told == "error: git is needed, and there is none on the PATH\nhint: install git\n"


# ---------------------------------------------------------------------------------------------------- reports


def test_markdown(moved: Project) -> None:
    old, new = (moved.succeed("digest", name).stdout[:19] for name in (_OLD, "conda-lock.yml"))
    assert moved.succeed("diff", _OLD, "conda-lock.yml", "--format", "md").stdout == (
        "### Lock: 1 added, 1 removed, 1 changed\n\n"
        f"`{_OLD}` (`{old}…`) → `conda-lock.yml` (`{new}…`)\n\n"
        "| | package | before | after | platforms |\n|---|---|---|---|---|\n"
        "| changed | `greeter` | `1.0.0` | `1.2.0` | all |\n"
        "| added | `libhello` |  | `1.1` | all |\n"
        "| removed | `shout` (pypi) | `0.6` |  | all |\n"
    )


def test_json(moved: Project) -> None:
    body = moved.succeed("diff", _OLD, "conda-lock.yml", "--format", "json").json
    assert (body["diff"], body["counts"]) == (1, {"added": 1, "changed": 1, "removed": 1})
    assert body["before"] == {"lock": _OLD, "digest": moved.succeed("digest", _OLD).stdout.strip()}
    assert body["platforms"] == {"added": [], "both": ["linux-64", "osx-arm64"], "removed": []}
    assert body["undecided"] == []
    changed, added, removed = body["changes"]
    assert [c["status"] for c in (changed, added, removed)] == ["changed", "added", "removed"]
    assert (changed["name"], changed["world"], changed["what"]) == ("greeter", "conda", ["version"])
    assert list(changed["platforms"]) == ["linux-64", "osx-arm64"]
    before, after = (changed["platforms"]["linux-64"][side] for side in ("before", "after"))
    assert (before["version"], after["version"]) == ("1.0.0", "1.2.0")
    assert sorted(before) == ["build", "commit", "groups", "kind", "md5", "sha256", "tree", "url", "version"]
    assert added["platforms"]["osx-arm64"]["before"] is None
    assert removed["platforms"]["linux-64"]["after"] is None


def _package(name: str, version: str, **more: object) -> LockedPackage:
    plain = LockedPackage(
        kind="conda", name=name, version=version, build="h0_0", url="https://conda.example.org/x", sha256="a" * 64
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def _compared(before: tuple[LockedPackage, ...], after: tuple[LockedPackage, ...], name: str = "a") -> Compared:
    old, new = (Lock(platforms=(PlatformLock(platform="linux-64", packages=p),)) for p in (before, after))
    return Compared(before=name, after="b", before_lock=old, after_lock=new, comparison=compare_locks(old, new))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (_package("a", "1"), _package("a", "1", sha256="b" * 64, build="h1_0"), "~ a 1 build h0_0 -> 1 build h1_0"),
        (
            _package("a", "1"),
            _package("a", "1", sha256="b" * 64),
            "~ a 1 sha256 aaaaaaaaaaaa -> 1 sha256 bbbbbbbbbbbb",
        ),
        (_package("a", "1"), _package("a", "1", groups=("dev", "main")), "~ a 1 in main -> 1 in dev, main"),
        (
            _package("a", "1", kind="vcs", url="git+https://git.example.org/a", commit="c" * 40, sha256=None),
            _package("a", "1", kind="vcs", url="git+https://git.example.org/a", commit="d" * 40, sha256=None),
            "~ a 1 commit cccccccccccc -> 1 commit dddddddddddd (pypi)",
        ),
        (
            _package("a", "1", kind="pypi"),
            _package("a", "2", kind="vcs", url="git+https://git.example.org/a", commit="d" * 40, sha256=None),
            "~ a 1 from an index -> 2 from vcs git+https://git.example.org/a (pypi)",
        ),
        (_package("a", "1", sha256=None), _package("a", "1"), "? a: the locks do not say enough to compare it"),
    ],
    ids=["build", "hash", "groups", "commit", "source", "undecided"],
)
def test_what_is_other_is_what_is_said(before: LockedPackage, after: LockedPackage, told: str) -> None:
    assert as_text(_compared((before,), (after,))).splitlines()[1] == told


_EVIL = "a|b`c\\|<img src=x>\n\n# @ada \x1b[31m\u202e[x](y)"


def test_nothing_in_a_lock_is_markup() -> None:
    text = as_markdown(_compared((), (_package(_EVIL, "1"), _package("plain_name", _EVIL)), name=_EVIL))
    head, _, table = text.partition("|---|---|---|---|---|\n")
    assert [row.count("|") for row in table.splitlines()] == [6, 6]
    assert "| added | `plain_name` |" in table
    for harmful in ("<img", "@ada", "\x1b", "\u202e", "](", "# @"):
        assert harmful not in text
    assert len(head.splitlines()) == 5
    # what a browser makes of it is the text, with its controls spelled out
    assert "<code>a&#124;b&#96;c&#92;&#124;&#60;img" in table


def test_nothing_in_a_lock_moves_the_terminal() -> None:
    compared = _compared((), (_package(_EVIL, "1"),), name="x\x1b[2J")
    text = as_text(compared)
    assert text.count("\n") == 2
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[31m\\u202e" in text
    assert "\x1b" not in as_json(compared)


def test_long_tables_are_folded_and_end_before_the_limit_of_a_comment() -> None:
    def of(count: int) -> str:
        return as_markdown(_compared((), tuple(_package(f"package-{n:04}", "1") for n in range(count))))

    assert "<details>" not in of(20)
    folded = of(21)
    assert folded.startswith("### Lock: 21 added\n")
    assert "<details><summary>21 rows</summary>\n\n| |" in folded
    assert folded.endswith("\n\n</details>\n")
    long = of(5000)
    assert len(long) < 65_536
    shown = long.count("| added |")
    assert f"…and {5000 - shown} more, which would not fit here." in long


def test_equal_locks_have_a_title_alone() -> None:
    assert as_markdown(_compared((), ())).startswith("### Lock: the same packages\n\n`a` (`sha256:")
    undecided = _compared((_package("a", "1", sha256=None),), (_package("a", "1"),))
    assert as_markdown(undecided).splitlines()[0] == "### Lock: nothing is known to differ"
    assert "(no identity)" in as_markdown(undecided)


@pytest.mark.parametrize("report", [as_text, as_markdown, as_json])
def test_reports_do_not_depend_on_the_order_of_packages(report: Callable[[Compared], str]) -> None:
    packages = tuple(_package(name, "1", sha256=digit * 64) for name, digit in (("b", "1"), ("a", "2"), ("c", "3")))
    assert report(_compared((), packages)) == report(_compared((), packages[::-1]))
