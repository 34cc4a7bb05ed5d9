"""An answer of ``check`` is given again as long as it is right, and not once longer: whatever it depends on, a change
is noticed, and where that cannot be known nothing is given again."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import platformdirs
import pytest

import resolver
from resolver.cache_folder import cache_folder
from resolver.cli import answers
from resolver.errors import ResolverError
from resolver.session import Session
from tests.cli.project import CHANNEL, Outcome, Project, environment_yml

_PACKAGE = Path(resolver.__file__).parent
_ALLOWED = {
    "resolver",
    "resolver.cache_folder",
    "resolver.cli",
    "resolver.cli.answers",
    "resolver.cli.entry",
    "_hashlib",
}
_PROGRAM = """
import os, sys
before = set(sys.modules)

def tell():
    sys.stdout.flush()
    print(chr(0), *sorted(set(sys.modules) - before), end="", file=sys.stderr, flush=True)

def leave(code, leave=os._exit):
    tell()
    leave(code)

os._exit = leave
from resolver.cli.entry import run
try:
    run()
finally:
    tell()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    outcome: Outcome
    loaded: frozenset[str]

    @property
    def again(self) -> bool:
        """Whether it was an answer that was given before."""
        return "resolver.cli.main" not in self.loaded


def _check(
    project: Project, *arguments: str, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> _Given:
    """``samebox check``, with what it loaded. The package is imported from where ``PYTHONPATH`` says."""
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *(arguments or ("check",))],
        cwd=cwd or project.folder,
        env=project.environ(**(environ or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    stderr, _, loaded = ended.stderr.partition("\0")
    outcome = Outcome(code=ended.returncode, stdout=ended.stdout, stderr=stderr)
    return _Given(outcome=outcome, loaded=frozenset(loaded.split()))


def _entries(project: Project) -> list[Path]:
    folder = project.cache / "answers"
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture
def fresh(locked: Project) -> Project:
    """A project whose lock was found to be fresh."""
    assert not _check(locked).again
    assert _check(locked).again
    return locked


# ---- given again


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "--json"), ("lock", "--check"), ("lock", "--json", "--check")], ids=" ".join
)
@pytest.mark.parametrize("spec", ["greeter", "greeter <1.2"], ids=["fresh", "stale"])
def test_the_same_is_said_again(arguments: tuple[str, ...], spec: str, locked: Project) -> None:
    locked.write("environment.yml", environment_yml("python", spec, pip=("cowtalk[loud]",)))
    first, second = _check(locked, *arguments), _check(locked, *arguments)
    assert (first.again, second.again) == (False, True)
    assert second.outcome == first.outcome
    assert first.outcome.code == (0 if spec == "greeter" else 1)
    assert ("fresh" if spec == "greeter" else "stale") in first.outcome.stdout


def test_to_say_it_again_loads_nothing_but_the_hash(fresh: Project) -> None:
    assert _check(fresh).loaded == _ALLOWED


def test_the_script_that_is_installed_goes_this_way() -> None:
    document = tomllib.loads((_PACKAGE.parent / "pyproject.toml").read_text())
    assert document["project"]["scripts"] == {"samebox": "resolver.cli.entry:run"}


@pytest.mark.parametrize(
    "home", [{}, {"XDG_CACHE_HOME": "/elsewhere/cache"}, {"XDG_CACHE_HOME": " "}, {"XDG_CACHE_HOME": "here"}]
)
def test_answers_lie_in_the_cache_where_all_else_lies(home: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "SAMEBOX_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    assert answers.folder() == platformdirs.user_cache_dir("samebox", appauthor=False) + "/answers"


@pytest.mark.parametrize("home", [None, "not/absolute"])
def test_a_cache_never_lies_below_the_working_folder(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "SAMEBOX_CACHE_DIR", "HOME"):
        monkeypatch.delenv(name, raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    folder = Path(cache_folder(os.environ))
    assert folder.is_relative_to(pwd.getpwuid(os.getuid()).pw_dir)


def test_a_user_without_a_home_is_told_how_to_name_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(number: int) -> NoReturn:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(ResolverError, match="no home to cache in; SAMEBOX_CACHE_DIR names a place"):
        Session(environ={})
    monkeypatch.delenv("HOME")
    for name in ("XDG_CACHE_HOME", "SAMEBOX_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert answers.given(["check"]) is None


# ---- not given again


def _same_size_and_time(path: Path, old: str, new: str) -> None:
    """As an editor never does it: nothing but the bytes tells."""
    before = path.stat()
    text = path.read_text()
    assert old in text
    assert len(old) == len(new)
    path.write_text(text.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _edit_manifest(project: Project) -> None:
    _same_size_and_time(project.folder / "environment.yml", "- greeter\n", "- greeted\n")


def _edit_lock(project: Project) -> None:
    _same_size_and_time(project.lockfile, '"2.0"', '"1.0"')


def _remove_lock(project: Project) -> None:
    project.lockfile.unlink()


def _edit_settings(project: Project) -> None:
    project.write("samebox.toml", project.settings.replace("linux-64", "osx-arm64"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    about: str
    make: Callable[[Project], object] = lambda _: None
    environ: Mapping[str, str] | None = None
    arguments: tuple[str, ...] = ("check",)
    code: int = 1


CHANGES = (
    Change(about="the manifest", make=_edit_manifest),
    Change(about="the lock", make=_edit_lock),
    Change(about="no lock any more", make=_remove_lock),
    Change(about="the settings", make=_edit_settings),
    Change(
        about="settings in a second place",
        make=lambda p: p.write("pyproject.toml", "[tool.samebox]\npython = '3.12'\n"),
        code=2,
    ),
    Change(about="a damaged pyproject.toml", make=lambda p: p.write("pyproject.toml", "[tool"), code=2),
    Change(about="an override", environ={"CONDA_OVERRIDE_GLIBC": "2.40"}),
    Change(about="an option", arguments=("check", "-p", "osx-arm64")),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.about)
def test_what_changed_is_looked_at(change: Change, fresh: Project) -> None:
    change.make(fresh)
    now = _check(fresh, *change.arguments, environ=change.environ)
    assert not now.again
    assert now.outcome.code == change.code, now.outcome


def test_an_answer_comes_back_with_what_it_was_for(fresh: Project) -> None:
    """The override was looked at, and what was said without it is still there."""
    _check(fresh, environ={"CONDA_OVERRIDE_GLIBC": "2.40"})
    assert _check(fresh).again
    assert _check(fresh, environ={"CONDA_OVERRIDE_GLIBC": "2.40"}).outcome.code == 1


def test_a_manifest_that_comes_before_the_old_one_is_noticed(project: Project) -> None:
    project.write("requirements.in", "cowtalk\n")
    project.succeed("lock")
    assert [_check(project).again for _ in range(2)] == [False, True]
    project.write("environment.yml", environment_yml("python"))
    now = _check(project)
    assert (now.again, now.outcome.stdout) == (False, "stale\n")


def test_an_included_file_is_noticed(project: Project) -> None:
    project.write("requirements.in", "-r more.in\n-c limits.txt\n")
    project.write("more.in", "cowtalk\n")
    project.write("limits.txt", "")
    project.succeed("lock")
    assert [_check(project).again for _ in range(2)] == [False, True]
    project.write("more.in", "cowtalk\nwinter-coat\n")
    assert _check(project).outcome.stdout == "stale\n"
    project.write("more.in", "cowtalk\n")
    assert [_check(project).again for _ in range(2)] == [False, True]
    project.write("limits.txt", "moo-words<1\n")
    assert not _check(project).again


def test_evidence_beside_the_lock_is_noticed(project: Project) -> None:
    project.write("samebox.toml", 'lockfile = "pixi.lock"\n' + project.settings)
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk[loud]",)))
    project.succeed("lock")
    assert [_check(project).again for _ in range(2)] == [False, True]
    beside = project.folder / "pixi.lock.evidence.json"
    kept = beside.read_bytes()
    beside.unlink()
    assert _check(project).outcome.stdout == "unknown\n"
    assert _check(project).again
    beside.write_bytes(kept)
    assert _check(project).outcome.stdout == "fresh\n"


def test_another_folder_is_another_question(fresh: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    now = _check(fresh, cwd=elsewhere)
    assert (now.again, now.outcome.code) == (False, 2)


def test_what_is_in_a_local_folder_is_looked_at_each_time(project: Project) -> None:
    package = project.folder / "mine"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\ndependencies = []\n'
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
    )
    (package / "mine.py").write_text("A = 1\n")
    project.write("requirements.in", "./mine\n")
    project.succeed("lock")
    assert [_check(project).again for _ in range(2)] == [False, False]
    assert _entries(project) == []
    (package / "mine.py").write_text("A = 2\n")
    assert _check(project).outcome.stdout == "stale\n"


def test_a_cut_off_that_moves_on_can_only_make_it_fresh(project: Project) -> None:
    project.write("requirements.in", "cowtalk\n")
    span = 'exclude-newer = "1 minute"\nmissing-time = "take"\n'
    project.write("samebox.toml", span + project.settings)
    project.succeed("lock")
    assert [_check(project).again for _ in range(2)] == [False, True]
    project.write("samebox.toml", span.replace("1 minute", "2 weeks") + project.settings)
    stale = [_check(project) for _ in range(2)]
    assert [(s.again, s.outcome.stdout) for s in stale] == [(False, "stale\n")] * 2


def test_a_clock_that_was_set_back_is_not_believed(project: Project) -> None:
    project.write("requirements.in", "cowtalk\n")
    project.write("samebox.toml", 'exclude-newer = "1 minute"\nmissing-time = "take"\n' + project.settings)
    project.succeed("lock")
    _check(project)
    (entry,) = _entries(project)
    digest, body = entry.read_bytes()[:64], entry.read_bytes()[64:].decode().split("\0")
    body[3] = str(int(body[3]) + 3600 * 10**9)
    _rewrite(entry, "\0".join(body).encode())
    assert entry.read_bytes()[:64] != digest
    assert not _check(project).again


def test_other_code_answers_for_itself(fresh: Project, tmp_path: Path) -> None:
    shutil.copytree(_PACKAGE, tmp_path / "copy" / "resolver", ignore=shutil.ignore_patterns("__pycache__"))
    environ = {"PYTHONPATH": str(tmp_path / "copy")}
    assert [_check(fresh, environ=environ).again for _ in range(2)] == [False, True]
    module = tmp_path / "copy" / "resolver" / "locks" / "satisfies.py"
    module.write_text(module.read_text() + "\n")
    assert not _check(fresh, environ=environ).again


def test_errors_are_not_kept(locked: Project) -> None:
    locked.write("environment.yml", "dependencies: [")
    assert [_check(locked).outcome.code for _ in range(2)] == [2, 2]
    assert _entries(locked) == []


# ---- the store


def _rewrite(entry: Path, body: bytes) -> None:
    import hashlib

    entry.write_bytes(hashlib.sha256(body).hexdigest().encode() + body)


def _lie(entry: Path) -> None:
    content = entry.read_bytes()
    assert b"fresh\n" in content
    entry.write_bytes(content.replace(b"fresh\n", b"stale\n"))


def _cut(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes()[:-10])


def _empty(entry: Path) -> None:
    entry.write_bytes(b"")


def _open_to_all(entry: Path) -> None:
    entry.chmod(0o666)


@pytest.mark.parametrize("damage", [_lie, _cut, _empty, _open_to_all], ids=lambda damage: damage.__name__.strip("_"))
def test_a_bad_entry_is_as_good_as_none(damage: Callable[[Path], None], fresh: Project) -> None:
    (entry,) = _entries(fresh)
    damage(entry)
    now = _check(fresh)
    assert (now.again, now.outcome) == (False, Outcome(code=0, stdout="fresh\n", stderr=""))
    assert _check(fresh).again


def test_entries_are_the_users_own(fresh: Project) -> None:
    (entry,) = _entries(fresh)
    assert entry.stat().st_mode & 0o777 == 0o600
    assert entry.parent.stat().st_mode & 0o777 == 0o700


def test_a_cache_that_cannot_be_written_is_no_error(locked: Project) -> None:
    environ = {"SAMEBOX_CACHE_DIR": "/dev/null/nowhere"}
    for _ in range(2):
        now = _check(locked, environ=environ)
        assert (now.again, now.outcome) == (False, Outcome(code=0, stdout="fresh\n", stderr=""))


def test_nothing_is_written_into_the_project(locked: Project) -> None:
    before = {path: path.read_bytes() for path in locked.folder.iterdir()}
    _check(locked)
    assert {path: path.read_bytes() for path in locked.folder.iterdir()} == before


def test_the_oldest_entries_make_room(fresh: Project) -> None:
    (own,) = _entries(fresh)
    for number in range(300):
        entry = own.with_name(f"{number:064}")
        entry.write_bytes(b"")
        os.utime(entry, ns=(number, number))
    _check(fresh, "check", "--json")
    left = _entries(fresh)
    assert len(left) == 151
    assert own in left
    assert own.with_name(f"{0:064}") not in left
    assert _check(fresh, "check", "--json").again


# ---- several environments


@pytest.mark.parametrize("place", ["samebox.toml", "pyproject.toml"])
def test_all_environments_are_checked_and_locked(place: str, project: Project) -> None:
    table = '[environments.dev]\nsources = ["environment.yml", "dev.yml"]\n'
    if place == "samebox.toml":
        project.write(place, project.settings + table)
    else:
        (project.folder / "samebox.toml").unlink()
        project.write(place, _below_tool_samebox(project.settings + table))
    project.write("environment.yml", environment_yml("python"))
    project.write("dev.yml", environment_yml("greeter"))
    first = project.run("check", "--all-environments")
    assert (first.code, first.stdout) == (1, "conda-lock.yml: stale\ndev.conda-lock.yml: stale\n")
    assert first.stderr.splitlines()[-1] == "hint: `samebox lock --all-environments` mends it"
    digests = project.succeed("lock", "--all-environments").stdout.split()
    assert len(set(digests)) == 2
    assert project.run("check", "--all-environments").stdout == "conda-lock.yml: fresh\ndev.conda-lock.yml: fresh\n"
    assert _check(project, "check", "--all-environments").outcome.code == 0
    before = project.lock_bytes()
    project.write("dev.yml", environment_yml("greeter", "libhello"))
    now = project.run("check", "--all-environments", "--json")
    assert now.json["status"] == "stale"
    assert [(e["environment"], e["status"]) for e in now.json["environments"]] == [(None, "fresh"), ("dev", "stale")]
    assert now.json["environments"][1]["reasons"] == ["dev.yml:5: libhello is asked for and not locked (linux-64)"]
    mended = json.loads(project.succeed("lock", "--all-environments", "--json").stdout)["environments"]
    assert [(e["environment"], e["lockfile"], e["written"]) for e in mended] == [
        (None, "conda-lock.yml", False),
        ("dev", "dev.conda-lock.yml", True),
    ]
    assert project.lock_bytes() == before


def _below_tool_samebox(settings: str) -> str:
    for table in ("[docker]", "[mirrors]", "[environments."):
        settings = settings.replace(table, f"[tool.samebox.{table[1:]}")
    return f"[tool.samebox]\n{settings}"


def test_a_project_without_manifests_of_its_own_has_its_named_environments_only(project: Project) -> None:
    project.write("samebox.toml", project.settings + '[environments.a]\nsources = ["a.in"]\n')
    project.write("a.in", "cowtalk\n")
    assert project.run("check", "--all-environments").stdout == "a.conda-lock.yml: stale\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-e", "dev"), "--all-environments and -e do not go together"),
        (("-f", "environment.yml"), "--all-environments and -f do not go together"),
        (("--lockfile", "x-conda-lock.yml"), "--all-environments and --lockfile do not go together"),
        (("--directory", "nowhere"), "nowhere: there is no such folder"),
    ],
)
def test_what_says_nothing_about_all_environments_is_refused(
    arguments: tuple[str, ...], told: str, project: Project
) -> None:
    project.write("environment.yml", environment_yml("python"))
    assert told in project.fail("check", "--all-environments", *arguments)


def test_two_environments_in_one_lock_file_are_refused(project: Project) -> None:
    project.write("samebox.toml", project.settings + '[environments.dev]\nlockfile = "conda-lock.yml"\n')
    project.write("environment.yml", environment_yml("python", channel=CHANNEL))
    told = project.fail("lock", "--all-environments")
    assert "the environment dev has the lock file of the project: conda-lock.yml" in told
