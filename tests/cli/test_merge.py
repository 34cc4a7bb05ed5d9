"""Locks in real merges of a real git: plain ones, with the merge driver, and rebases."""

from __future__ import annotations

import subprocess

import pytest

import resolver
from resolver.locks.conflict_markers import split_sides
from tests.cli.project import Project, environment_yml

_CONFLICT = "this lock has git's conflict markers"


class Repository:
    """A project in a git repository of its own, with two branches of one commit."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.git("init", "--quiet", "--initial-branch=main")
        for name, value in (("user.name", "Ada"), ("user.email", "ada@example.org"), ("core.autocrlf", "false")):
            self.git("config", name, value)

    def git(self, *arguments: str, code: int = 0, environ: dict[str, str] | None = None) -> str:
        """What git prints, on either stream."""
        ended = subprocess.run(
            ["git", *arguments],
            cwd=self.project.folder,
            env=self.project.environ(**(environ or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == code, ended.stdout
        return ended.stdout

    def commit(self, message: str, *specs: str, pip: tuple[str, ...] = ()) -> None:
        """Declare these, lock, and commit."""
        self.project.write("environment.yml", environment_yml(*specs, pip=pip))
        self.project.succeed("lock")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)

    def branches(self, base: str, ours: str, theirs: str) -> None:
        """One commit of each: ``main`` is ours. Words are specs of conda."""
        self.commit("base", *base.split(","))
        self.git("switch", "--quiet", "-c", "feature")
        self.commit("theirs", *theirs.split(","))
        self.git("switch", "--quiet", "main")
        self.commit("ours", *ours.split(","))

    def use_driver(self) -> None:
        """Set up as the documentation says; the command is that of this interpreter."""
        self.project.succeed("init", "--merge-driver")
        command = " ".join(self.project.command("git-merge-driver"))
        self.git("config", "merge.samebox.driver", f"{command} %O %A %B %P")

    def locked(self) -> dict[str, str]:
        lock = resolver.read_lock(self.project.lockfile)
        return {p.name: p.version for p in lock.on("linux-64").packages}

    @property
    def text(self) -> str:
        return self.project.lockfile.read_text()


@pytest.fixture
def repository(project: Project) -> Repository:
    return Repository(project)


def _conflicting(repository: Repository) -> None:
    """Ours adds a package, theirs adds another one and takes a newer greeter."""
    repository.branches(
        base="greeter 1.0.*",
        ours="greeter 1.0.*,libhello",
        theirs="greeter 1.*,hello-tool",
    )


# ------------------------------------------------------------------------------------------ without the driver


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_a_lock_with_conflict_markers_is_stale_and_locked_again(style: str, repository: Repository) -> None:
    project = repository.project
    repository.git("config", "merge.conflictStyle", style)
    _conflicting(repository)
    repository.git("merge", "feature", code=1)
    assert "<<<<<<< HEAD\n" in repository.text
    project.write("environment.yml", environment_yml("greeter 1.*", "libhello", "hello-tool"))

    line = repository.text.partition("<<<<<<< ")[0].count("\n") + 1
    checked = project.run("check")
    assert (checked.code, checked.stdout) == (1, "stale\n")
    assert checked.told == f"conda-lock.yml:{line}: {_CONFLICT}\nhint: `samebox lock` mends it\n"
    told = project.fail("digest")
    assert told.startswith(f"error: conda-lock.yml:{line}: {_CONFLICT}\nhint: run `samebox lock`")

    outcome = project.succeed("lock")
    assert "warning: conda-lock.yml had conflict markers: locked again from the manifest" in outcome.told
    assert "<<<<<<<" not in repository.text
    assert project.succeed("check").stdout == "fresh\n"
    assert set(repository.locked()) >= {"greeter", "libhello", "hello-tool"}


def test_what_both_agree_on_is_kept_and_what_one_has_changed_too(repository: Repository) -> None:
    """Nothing moves to a version that neither side has, though there is a newer libhello."""
    repository.commit("base", "greeter 1.0.*", "greetings-data 1.*", "libhello 1.0.*")
    before = repository.locked()
    repository.git("switch", "--quiet", "-c", "feature")
    repository.project.write("environment.yml", environment_yml("greeter", "greetings-data", "libhello"))
    repository.project.succeed("lock", "-P", "greeter", "-P", "greetings-data")
    repository.git("commit", "--quiet", "-a", "-m", "theirs")
    theirs = repository.locked()
    repository.git("switch", "--quiet", "main")
    repository.commit("ours", "greeter", "greetings-data", "libhello", "hello-tool")
    ours = repository.locked()
    assert (ours["greeter"], theirs["greeter"]) == ("1.0.0", "1.2.0")
    assert before["libhello"] == ours["libhello"] == theirs["libhello"] == "1.0"
    repository.git("merge", "feature", code=1)
    repository.project.write("environment.yml", environment_yml("greeter", "greetings-data", "libhello", "hello-tool"))
    repository.project.succeed("lock")
    assert repository.locked() == {**ours, **theirs}


def test_a_conflict_that_was_committed_is_read_from_the_file(repository: Repository) -> None:
    """git's index knows nothing of the sides any more."""
    _conflicting(repository)
    repository.git("merge", "feature", code=1)
    repository.project.write("environment.yml", environment_yml("greeter 1.*", "libhello", "hello-tool"))
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "as it is")
    outcome = repository.project.succeed("lock")
    assert "had conflict markers" in outcome.told
    assert repository.project.succeed("check").stdout == "fresh\n"


def test_sides_that_cannot_be_read_are_told_and_the_lock_is_made_all_the_same(locked: Project) -> None:
    expected = locked.lock_bytes()
    locked.write("conda-lock.yml", "<<<<<<< HEAD\nversion: 7\n=======\nnonsense\n>>>>>>> feature\n")
    outcome = locked.succeed("lock", "--json")
    first, ours, theirs = outcome.json["warnings"]
    assert "had conflict markers" in first
    assert ours.startswith("conda-lock.yml (our side): version: this lock has format version 7")
    assert theirs.startswith("conda-lock.yml (their side)")
    assert theirs.endswith("; nothing is kept of it")
    assert locked.lock_bytes() == expected


def test_a_conflict_that_does_not_end_is_an_error(locked: Project) -> None:
    locked.edit_lock("version: 1\n", "<<<<<<< HEAD\nversion: 1\n")
    assert locked.fail("lock") == (
        "error: conda-lock.yml:4: this conflict does not end\nhint: restore the file from git\n"
    )


def test_a_dry_run_leaves_the_conflict_alone(repository: Repository) -> None:
    _conflicting(repository)
    repository.git("merge", "feature", code=1)
    repository.project.write("environment.yml", environment_yml("greeter 1.*", "libhello", "hello-tool"))
    before = repository.text
    assert "would change (dry run)" in repository.project.succeed("lock", "--dry-run").told
    assert repository.text == before


def test_a_rebase(repository: Repository) -> None:
    _conflicting(repository)
    repository.git("switch", "--quiet", "feature")
    repository.git("rebase", "main", code=1)
    assert "<<<<<<< " in repository.text
    repository.project.write("environment.yml", environment_yml("greeter 1.*", "libhello", "hello-tool"))
    repository.project.succeed("lock")
    repository.git("add", "--all")
    repository.git("rebase", "--continue", environ={"GIT_EDITOR": "true"})
    assert repository.project.succeed("check").stdout == "fresh\n"


# --------------------------------------------------------------------------------------------- with the driver


def test_the_driver_leaves_both_sides_whole_where_both_have_changed(repository: Repository) -> None:
    repository.use_driver()
    _conflicting(repository)
    ours = repository.text
    theirs = repository.git("show", "feature:conda-lock.yml")
    said = repository.git("merge", "feature", code=1)
    assert "conda-lock.yml: both sides have changed what is locked, and nobody has solved the two together" in said
    assert "CONFLICT" in said
    sides = split_sides(repository.text, "conda-lock.yml")
    assert (sides.ours, sides.theirs) == (ours, theirs)
    assert sides.base == repository.git("show", "main~1:conda-lock.yml")
    repository.project.write("environment.yml", environment_yml("greeter 1.*", "libhello", "hello-tool"))
    repository.project.succeed("lock")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "merged")
    assert repository.project.succeed("check").stdout == "fresh\n"


def test_the_driver_takes_the_side_that_has_changed_what_is_locked(repository: Repository) -> None:
    """Ours has locked the same packages for other requests."""
    repository.use_driver()
    repository.commit("base", "greeter 1.0.*", "greetings-data")
    repository.git("switch", "--quiet", "-c", "feature")
    repository.commit("theirs", "greeter 1.0.*", "libhello")
    repository.git("switch", "--quiet", "main")
    base = repository.text
    repository.project.lockfile.unlink()
    repository.commit("ours", "greeter 1.0.*", "greetings-data 2.*")
    assert repository.text != base  # the requests are evidence
    assert repository.locked() == _of(repository, "main~1")
    theirs = repository.git("show", "feature:conda-lock.yml")
    said = repository.git("merge", "feature", code=1)  # the manifest has a conflict, the lock has none
    assert "conda-lock.yml: only their side has changed what is locked" in said
    assert "CONFLICT (content): Merge conflict in environment.yml" in said
    assert "in conda-lock.yml" not in said
    assert repository.text == theirs


def _of(repository: Repository, revision: str) -> dict[str, str]:
    lock = resolver.parse_lock(repository.git("show", f"{revision}:conda-lock.yml"))
    return {p.name: p.version for p in lock.on("linux-64").packages}


def test_the_driver_sees_that_both_have_locked_the_same(repository: Repository) -> None:
    repository.use_driver()
    repository.branches(base="greeter 1.0.*", ours="greeter 1.0.*,libhello", theirs="libhello,greeter 1.0.0")
    ours = repository.text
    said = repository.git("merge", "feature", code=1)
    assert "conda-lock.yml: both sides lock the same" in said
    assert repository.text == ours


def test_both_have_added_a_lock(repository: Repository) -> None:
    """There is no base."""
    project = repository.project
    repository.use_driver()
    project.write("environment.yml", environment_yml("greeter"))
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "no lock yet")
    repository.git("switch", "--quiet", "-c", "feature")
    repository.commit("theirs", "greeter", "libhello")
    repository.git("switch", "--quiet", "main")
    repository.commit("ours", "greeter", "hello-tool")
    repository.git("merge", "feature", code=1)
    assert repository.text.count("<<<<<<< ours\n") == 1
    assert "|||||||" not in repository.text
    project.write("environment.yml", environment_yml("greeter", "libhello", "hello-tool"))
    project.succeed("lock")
    assert project.succeed("check").stdout == "fresh\n"


def test_a_file_that_is_no_lock_is_a_conflict_with_both_sides(project: Project) -> None:
    for name, text in (("o", "a\nb\nc\n"), ("a", "a\n1\nc\n"), ("b", "a\n2\nc\n")):
        project.write(name, text)
    outcome = project.run("git-merge-driver", "o", "a", "b", "notes.txt")
    assert outcome.code == 1
    assert outcome.told.startswith("notes.txt: notes.txt: the name of this file is none that locks have\n")
    assert (project.folder / "a").read_text() == (
        "a\n<<<<<<< ours\n1\n||||||| base\nb\n=======\n2\n>>>>>>> theirs\nc\n"
    )


# ---------------------------------------------------------------------------------------------------- sidecars


def test_evidence_with_conflict_markers_says_nothing_and_is_written_anew(project: Project) -> None:
    project.write("requirements.in", "cowtalk\n")
    project.succeed("lock", "--lockfile", "requirements.txt", "-f", "requirements.in")
    beside = project.folder / "requirements.txt.evidence.json"
    expected = beside.read_text()
    beside.write_text(f"<<<<<<< HEAD\n{expected}=======\n{{}}\n>>>>>>> feature\n")
    outcome = project.succeed("lock", "--lockfile", "requirements.txt", "-f", "requirements.in")
    assert "requirements.txt.evidence.json had conflict markers, and says nothing" in outcome.told
    assert beside.read_text() == expected
