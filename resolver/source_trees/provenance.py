"""What git says about files of a project: their last commit, and who is at work here."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from resolver.errors import ResolverError
from resolver.values import dataclass

__all__ = ["Provenance", "provenance_of"]

_SECONDS = 60
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables that git sets for its hooks: a path of another folder would be looked for in the hook's repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """``sha`` is the commit that last changed one of the files; where one of them was changed since, it is the present
    commit with ``-dirty`` behind it. What git does not know is ``None``."""

    sha: str | None = None
    user_name: str | None = None
    user_email: str | None = None


def provenance_of(files: Sequence[Path], folder: Path, environ: Mapping[str, str]) -> Provenance | None:
    """The provenance of ``files`` in the repository that ``folder`` is in; ``None`` where it is in none. Raises
    ``ResolverError`` where git is missing or does not answer."""
    git = _Git(folder=folder, environ={k: v for k, v in environ.items() if k not in _OF_HOOKS})
    if not git.answer("rev-parse", "--is-inside-work-tree"):
        return None
    paths = [str(file.absolute()) for file in files]
    return Provenance(
        sha=git.last_change(paths) if paths else None,
        user_name=git.answer("config", "user.name"),
        user_email=git.answer("config", "user.email"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Git:
    folder: Path
    environ: Mapping[str, str]

    def last_change(self, paths: Sequence[str]) -> str | None:
        if self.answer("status", "--porcelain", "--untracked-files=no", "--", *paths):
            return f"{self.answer('rev-parse', 'HEAD')}-dirty"
        return self.answer("log", "-1", "--format=%H", "--", *paths)

    def answer(self, *arguments: str) -> str | None:
        """The first line that git prints, ``None`` where it prints none or refuses."""
        command = ["git", "-C", str(self.folder), *arguments]
        try:
            done = subprocess.run(
                command,
                env={**self.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
        except FileNotFoundError as error:
            raise ResolverError("git is needed, and there is none on the PATH", hint="install git") from error
        except subprocess.TimeoutExpired as error:
            raise ResolverError(f"git did not end within {_SECONDS} seconds") from error
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        return lines[0].strip() or None if done.returncode == 0 and lines else None
