"""Files of a repository as they are at a revision, or as the sides of a merge under way, by the system's git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from resolver.errors import ResolverError

__all__ = ["configured", "file_at_revision", "is_in_repository", "set_configured", "sides_of_merge"]

_SECONDS = 60
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")
"""Variables that git sets for its hooks: a path of another folder would be looked for in the hook's repository. Its
index stays: during a commit it is another file than the usual one."""


def file_at_revision(revision: str, path: str, folder: Path, environ: Mapping[str, str]) -> bytes:
    """The content of ``REVISION:PATH``, spelled as git has it: ``PATH`` starts at the repository's top, or at
    ``folder`` if it begins with ``./``. Raises ``ResolverError`` where there is no such revision or file."""
    if revision.startswith("-"):
        raise ResolverError(f"not a revision: {revision!r}")
    done = _git(["cat-file", "blob", f"{revision}:{path}"], folder, environ)
    if done.returncode != 0:
        raise _no_such_file(revision, path, folder, environ)
    return done.stdout


def _no_such_file(revision: str, path: str, folder: Path, environ: Mapping[str, str]) -> ResolverError:
    if not is_in_repository(folder, environ):
        return ResolverError(
            f"{revision}:{path}: there is no such file, and {folder} is in no git repository to look for it",
            hint="give the path of a lock file, or run this in the repository",
        )
    if revision and _git(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], folder, environ).returncode:
        return ResolverError(
            f"{revision}:{path}: git knows no revision {revision!r}",
            hint="fetch it: the clones of CI services often hold one commit only",
        )
    return ResolverError(
        f"{revision}:{path}: there is no such file in that revision",
        hint="paths start at the top of the repository; write REVISION:./PATH for one that starts here",
    )


def sides_of_merge(path: Path, environ: Mapping[str, str]) -> tuple[bytes | None, bytes, bytes] | None:
    """The base (``None`` where both sides have added the file), ours and theirs of a file that a merge, rebase or
    cherry-pick has left unmerged; ``None`` where git has no such thing to tell."""
    folder = path.absolute().parent
    try:
        base, ours, theirs = (
            _git(["cat-file", "blob", f":{stage}:./{path.name}"], folder, environ) for stage in (1, 2, 3)
        )
    except ResolverError:
        return None  # no git: what stands in the file has to do
    if ours.returncode or theirs.returncode:
        return None
    return (None if base.returncode else base.stdout), ours.stdout, theirs.stdout


def is_in_repository(folder: Path, environ: Mapping[str, str]) -> bool:
    done = _git(["rev-parse", "--is-inside-work-tree"], folder, environ)
    return done.returncode == 0 and done.stdout.strip() == b"true"


def configured(name: str, folder: Path, environ: Mapping[str, str]) -> str | None:
    """The value of a variable of git's configuration, wherever it is set."""
    done = _git(["config", "--get", name], folder, environ)
    return done.stdout.decode("utf-8", "replace").rstrip("\n") if done.returncode == 0 else None


def set_configured(name: str, value: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Set a variable in the repository's own configuration. Raises ``ResolverError``."""
    done = _git(["config", "--local", name, value], folder, environ)
    if done.returncode != 0:
        raise ResolverError(f"git could not set {name}: {done.stderr.decode('utf-8', 'replace').strip()}")


def _git(arguments: list[str], folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in environ.items() if name not in _OF_HOOKS}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env={**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise ResolverError("git is needed, and there is none on the PATH", hint="install git") from error
    except subprocess.TimeoutExpired as error:
        raise ResolverError(f"git did not end within {_SECONDS} seconds") from error
