"""A project in a git repository whose commits go through pre-commit and our hooks."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cli.project import Outcome, Project

__all__ = ["Hooks", "Repository"]

_WHO = ("AUTHOR", "COMMITTER")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """pre-commit itself, our repository at a commit, and the folder in which pre-commit keeps what it installs."""

    program: Path
    repository: Path
    revision: str
    home: Path


class Repository:
    """``project`` with git. Nothing is committed yet; ``hooks`` are lines of the hooks' YAML."""

    def __init__(self, project: Project, hooks: Hooks, *lines: str) -> None:
        self.project = project
        self.folder = project.folder
        self._hooks = hooks
        text = f"repos:\n- repo: {hooks.repository}\n  rev: {hooks.revision}\n  hooks:\n"
        project.write(".pre-commit-config.yaml", text + "".join(f"  {line}\n" for line in lines))
        self.git("init", "--quiet", "--initial-branch", "main")
        self._run(str(hooks.program), "install")

    def environ(self, **changes: str) -> dict[str, str]:
        """As the project's, without its way to our package: the hooks bring their own."""
        author = {
            f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PYTHONPATH": ""}
        return self.project.environ(**author, **quiet, PRE_COMMIT_HOME=str(self._hooks.home), **changes)

    def git(self, *arguments: str) -> str:
        done = self._run("git", *arguments)
        assert done.code == 0, done
        return done.stdout

    def try_git(self, *arguments: str) -> Outcome:
        return self._run("git", *arguments)

    def commit(self, *, environ: Mapping[str, str] | None = None) -> Outcome:
        """Commit everything that is there; what the hooks say is on stderr."""
        self.git("add", "--all")
        return self._run("git", "commit", "--quiet", "--allow-empty", "-m", "a commit", environ=environ)

    def committed(self) -> Outcome:
        outcome = self.commit()
        assert outcome.code == 0, outcome.stderr
        return outcome

    def refused(self, *, environ: Mapping[str, str] | None = None) -> str:
        """What the hooks said when they refused the commit."""
        before = self.try_git("rev-parse", "HEAD").stdout
        outcome = self.commit(environ=environ)
        assert outcome.code == 1, outcome
        assert self.try_git("rev-parse", "HEAD").stdout == before
        return outcome.stdout + outcome.stderr

    def _run(self, *command: str, environ: Mapping[str, str] | None = None) -> Outcome:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ(**(environ or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Outcome(code=done.returncode, stdout=done.stdout, stderr=done.stderr)
