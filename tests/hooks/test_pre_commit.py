"""What a committer meets: the first lock, an edited spec, a renamed manifest, a merge, no network, and the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import CHANNEL, Project, environment_yml
from tests.hooks.repository import Hooks, Repository

pytestmark = pytest.mark.network

_LOCK, _CHECK = "- id: samebox-lock", "- id: samebox-check"
_CLOSED = "http://127.0.0.1:9"
"""The discard port: nothing answers there."""


@pytest.fixture
def with_both(project: Project, hooks: Hooks) -> Repository:
    """Committed and locked, under both hooks."""
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk",)))
    repository = Repository(project, hooks, _LOCK, _CHECK)
    repository.refused()
    repository.committed()
    return repository


@pytest.fixture
def with_check(project: Project, hooks: Hooks) -> Repository:
    """Committed and locked, under the check alone."""
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk",)))
    project.succeed("lock")
    repository = Repository(project, hooks, _CHECK)
    repository.committed()
    return repository


def test_the_first_lock_is_made_and_then_committed(project: Project, hooks: Hooks) -> None:
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk",)))
    repository = Repository(project, hooks, _LOCK, _CHECK)
    told = repository.refused()
    assert "conda-lock.yml written" in told
    assert project.lockfile.exists()
    told = repository.committed().stderr
    assert [line.split(".")[0] for line in told.splitlines() if line.endswith("Passed")] == [
        "samebox lock",
        "samebox check",
    ]
    assert "conda-lock.yml" in repository.git("ls-files").split()


def test_without_a_lock_the_check_says_how_to_make_it(project: Project, hooks: Hooks) -> None:
    project.write("environment.yml", environment_yml("python"))
    told = Repository(project, hooks, _CHECK).refused()
    assert "conda-lock.yml does not exist" in told
    assert "hint: `samebox lock --all-environments` mends it" in told
    assert not project.lockfile.exists()


def test_where_nothing_changed_nothing_is_written(with_both: Repository) -> None:
    before = with_both.project.lockfile.stat()
    with_both.project.write("README.txt", "a note\n")
    told = with_both.committed().stderr
    assert "samebox check" in told
    after = with_both.project.lockfile.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_an_edited_spec_is_told_with_its_line(with_check: Repository) -> None:
    before = with_check.project.lock_bytes()
    with_check.project.write("environment.yml", environment_yml("python", "greeter <1.2", pip=("cowtalk",)))
    told = with_check.refused()
    assert "environment.yml:5: greeter <1.2 is asked for, and greeter 1.2.0 pyh0_0 is locked (linux-64)" in told
    assert "hint: `samebox lock --all-environments` mends it" in told
    assert with_check.project.lock_bytes() == before


def test_an_edited_spec_is_locked_with_the_least_change(with_both: Repository) -> None:
    project = with_both.project
    before = project.lockfile.read_text()
    project.write("environment.yml", environment_yml("python", "greeter", "libhello", pip=("cowtalk",)))
    assert "conda-lock.yml written" in with_both.refused()
    with_both.committed()
    changed = with_both.git("diff", "--numstat", "HEAD~1", "HEAD", "--", "conda-lock.yml").split()
    assert "name: libhello" in project.lockfile.read_text()
    assert "name: libhello" not in before
    packages = [block for block in before.split("- name: ")[1:] if block not in project.lockfile.read_text()]
    assert packages == [], changed


def test_a_renamed_manifest_is_found_again(with_both: Repository) -> None:
    before = with_both.project.lock_bytes()
    with_both.git("mv", "environment.yml", "environment.yaml")
    with_both.committed()
    assert with_both.project.lock_bytes() == before


def test_a_manifest_that_is_nowhere_any_more_is_told(with_check: Repository) -> None:
    with_check.git("mv", "environment.yml", "packages.yml")
    told = with_check.refused()
    assert "error: nothing to lock in" in told
    assert "hint: write an environment.yml, or name a manifest with -f" in told


def test_a_manifest_that_is_removed_is_told(with_check: Repository) -> None:
    """A deletion alone selects no file: the check runs all the same."""
    with_check.git("rm", "--quiet", "environment.yml")
    assert "error: nothing to lock in" in with_check.refused()


def _another_version(text: str) -> str:
    assert text.count('version: "1.1"') == 1
    return text.replace('version: "1.1"', 'version: "0.9"')


def _damaged(text: str) -> str:
    return text.replace("package:", "package: [")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (_another_version, "cowtalk needs moo-words >=1, and moo-words 0.9 is locked (linux-64)"),
        (_damaged, "conda-lock.yml:"),
    ],
    ids=["another version", "damaged"],
)
def test_a_lock_that_was_edited_by_hand_is_told(edit: Callable[[str], str], told: str, with_check: Repository) -> None:
    project = with_check.project
    project.lockfile.write_text(edit(project.lockfile.read_text()))
    assert told in with_check.refused()


def test_a_lock_that_was_edited_by_hand_is_mended(with_both: Repository) -> None:
    project = with_both.project
    before = project.lock_bytes()
    project.lockfile.write_text(_another_version(project.lockfile.read_text()))
    assert "conda-lock.yml written" in with_both.refused()
    assert project.lock_bytes() == before
    with_both.committed()


def test_a_merge_goes_through_once_it_is_locked_again(project: Project, hooks: Hooks) -> None:
    project.write("samebox.toml", 'sources = ["environment.yml", "more.yml"]\n' + project.settings)
    project.write("environment.yml", environment_yml("python"))
    project.write("more.yml", environment_yml("python"))
    project.succeed("lock")
    repository = Repository(project, hooks, _CHECK)
    repository.committed()
    repository.git("checkout", "--quiet", "-b", "theirs")
    project.write("more.yml", environment_yml("python", "libhello"))
    project.succeed("lock")
    repository.committed()
    repository.git("checkout", "--quiet", "main")
    project.write("environment.yml", environment_yml("python", "greeter"))
    project.succeed("lock")
    repository.committed()

    merged = repository.try_git("merge", "theirs")
    assert merged.code == 1
    assert "CONFLICT (content): Merge conflict in conda-lock.yml" in merged.stdout
    told = repository.try_git("commit", "-m", "not merged")
    assert told.code != 0
    told_of_markers = repository.refused()  # added with its markers
    assert "conda-lock.yml" in told_of_markers
    assert "conflict markers" in told_of_markers
    assert "hint: `samebox lock --all-environments` mends it" in told_of_markers

    project.succeed("lock")
    repository.committed()
    assert len(repository.git("rev-list", "--parents", "-n1", "HEAD").split()) == 3
    text = project.lockfile.read_text()
    assert "name: libhello" in text
    assert "name: greeter\n" in text


def test_without_a_network_the_check_does_as_ever(with_check: Repository) -> None:
    project = with_check.project
    unreachable = (
        f'platforms = ["linux-64"]\nindex-url = "https://pypi.example.org/simple/"\n[mirrors]\n'
        f'"https://conda.example.org" = "{_CLOSED}"\n"https://pypi.example.org" = "{_CLOSED}"\n'
    )
    project.write("samebox.toml", unreachable)
    nowhere = {"HTTPS_PROXY": _CLOSED, "HTTP_PROXY": _CLOSED, "SAMEBOX_CACHE_DIR": "/dev/null/nowhere"}
    assert with_check.commit(environ=nowhere).code == 0
    project.write("environment.yml", environment_yml("python", "greeter", "libhello", pip=("cowtalk",)))
    assert "libhello is asked for and not locked" in with_check.refused(environ=nowhere)


def test_without_a_network_a_new_lock_is_refused_and_the_old_one_stays(with_both: Repository) -> None:
    project = with_both.project
    before = project.lock_bytes()
    project.write("samebox.toml", project.settings.replace('= "/', f'= "{_CLOSED}/'))
    project.write("environment.yml", environment_yml("python", "greeter", "libhello", pip=("cowtalk",)))
    told = with_both.refused(environ={"SAMEBOX_CACHE_DIR": str(project.cache) + "-empty"})
    assert "error: " in told
    assert CHANNEL in told or _CLOSED in told
    assert project.lock_bytes() == before


def test_every_environment_is_looked_at(make_project: MakeProject, hooks: Hooks) -> None:
    project = make_project()
    project.write("samebox.toml", project.settings + '[environments.dev]\nsources = ["environment.yml", "dev.yml"]\n')
    project.write("environment.yml", environment_yml("python"))
    project.write("dev.yml", environment_yml("greeter"))
    repository = Repository(project, hooks, _LOCK, _CHECK)
    repository.refused()
    repository.committed()
    before = project.lock_bytes()
    project.write("dev.yml", environment_yml("greeter", "libhello"))
    told = repository.refused()
    assert "conda-lock.yml is up to date" in told
    assert "dev.conda-lock.yml written" in told
    assert project.lock_bytes() == before
    repository.committed()


def test_an_export_is_kept_in_step(project: Project, hooks: Hooks) -> None:
    project.write("environment.yml", environment_yml("python", "greeter"))
    arguments = "[explicit, conda-lock.yml, -o, 'conda-{platform}.lock']"
    repository = Repository(project, hooks, _LOCK, "- id: samebox-export", f"  args: {arguments}")
    assert "conda-linux-64.lock written" in repository.refused()
    repository.committed()
    exported = project.folder / "conda-linux-64.lock"
    assert "greeter-1.2.0" in exported.read_text()
    repository.committed()
    before = exported.stat().st_mtime_ns
    project.write("environment.yml", environment_yml("python", "greeter", "libhello"))
    told = repository.refused()
    assert "conda-linux-64.lock written" in told
    assert "libhello" in exported.read_text()
    repository.committed()
    assert repository.git("status", "--porcelain") == ""
    assert exported.stat().st_mtime_ns > before
