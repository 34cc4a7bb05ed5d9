"""Repositories by the system's ``git``: which commit a revision is, and the files of that commit.

Commits are kept in bare repositories in the cache, one a URL, fetched without their history. git is never asked to
prompt; credentials reach it in its environment, and neither its arguments nor the cache hold any.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from resolver.errors import IndexUnavailable, ResolverError
from resolver.files import FileLock
from resolver.mirrors import Mirrors
from resolver.source_trees.git_url import GitReference
from resolver.transport.credentials import Credentials

__all__ = ["Git", "tracked_files"]

_ABBREVIATED = re.compile(r"[0-9a-f]{7,39}\Z", re.IGNORECASE)
_SECONDS = 900
_OF_ANOTHER_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)
"""Variables that git sets for its hooks, in one of which Samebox may run."""

_ALL_HISTORY = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


class Git:
    """``cache`` is the folder of the repositories, ``environ`` what git runs in; credentials are read from it too,
    unless there are ``credentials``."""

    def __init__(
        self,
        cache: Path,
        *,
        mirrors: Mirrors,
        offline: bool,
        environ: Mapping[str, str],
        credentials: Credentials | None = None,
    ) -> None:
        self._cache = cache
        self._mirrors = mirrors
        self._offline = offline
        self._environ = environ
        self._credentials = credentials if credentials is not None else Credentials(environ)

    def commit_of(self, reference: GitReference) -> str:
        """The commit that the revision is now: a branch before a tag of that name, as pip has it.

        Raises ``IndexUnavailable`` where the repository cannot be asked or has no such revision.
        """
        revision = reference.revision
        if revision is not None and reference.is_commit:
            return revision.lower()
        names = _names_of(revision)
        listed = self._remote(reference, "ls-remote", "--quiet", "--", self._place(reference), *names)
        commits = {name: commit for commit, name in (line.split("\t", 1) for line in listed.splitlines())}
        found = next((commits[name] for name in names if name in commits), None)
        if found is None and revision is not None and _ABBREVIATED.match(revision):
            found = self._completed(reference, revision)
        if found is None:
            what = f"branch, tag or commit {revision}" if revision else "default branch"
            raise IndexUnavailable(f"{reference.url}: has no {what}", hint="check how it is spelled")
        return found

    def fetch(self, reference: GitReference, commit: str) -> Path:
        """The bare repository in the cache, with that commit in it."""
        repository = self._repository(reference)
        with FileLock(repository.with_suffix(".lock")):
            if not self._has(repository, commit):
                self._fetch(reference, repository, commit)
        return repository

    def read(self, reference: GitReference, commit: str, path: str) -> bytes | None:
        """A file of the commit, ``None`` where it has none of that path."""
        place = f"{commit}:{'/'.join(filter(None, (reference.subdirectory, path)))}"
        repository = self.fetch(reference, commit)
        ended = self._git(["-C", str(repository), "cat-file", "blob", place], self._environment())
        return ended.stdout if ended.returncode == 0 else None

    def check_out(self, reference: GitReference, commit: str, folder: Path) -> Path:
        """The commit's files with their history (versions are made of it) in ``folder``; the project's own folder."""
        repository = self.fetch(reference, commit)
        with FileLock(repository.with_suffix(".lock")):
            if (repository / "shallow").exists():
                self._remote(reference, "-C", str(repository), *_fetching("--unshallow"), self._place(reference),
                             *_ALL_HISTORY)  # fmt: skip
        self._local(reference, "clone", "--quiet", "--no-checkout", "--", str(repository), str(folder))
        self._local(reference, "-C", str(folder), "-c", "advice.detachedHead=false", "checkout", "--quiet", commit)
        return folder / reference.subdirectory if reference.subdirectory else folder

    # ---- the repository in the cache

    def _repository(self, reference: GitReference) -> Path:
        repository = self._cache / hashlib.sha256(reference.url.encode()).hexdigest()[:32]
        if not (repository / "HEAD").exists():
            repository.parent.mkdir(parents=True, exist_ok=True)
            self._local(reference, "init", "--quiet", "--bare", "--", str(repository))
        return repository

    def _has(self, repository: Path, commit: str) -> bool:
        asked = ["-C", str(repository), "cat-file", "-e", f"{commit}^{{commit}}"]
        return self._git(asked, self._environment()).returncode == 0

    def _fetch(self, reference: GitReference, repository: Path, commit: str) -> None:
        """That commit alone; all branches and tags where the server gives out only what has a name."""
        place = self._place(reference)
        alone = ["-C", str(repository), *_fetching("--depth=1"), place, f"{commit}:refs/samebox/{commit}"]
        if self._git(alone, self._environment(reference)).returncode != 0:
            self._remote(reference, "-C", str(repository), *_fetching(), place, *_ALL_HISTORY)
        if not self._has(repository, commit):
            raise IndexUnavailable(f"{reference.url}: has no commit {commit}")

    def _completed(self, reference: GitReference, revision: str) -> str | None:
        """The commit that an abbreviated one is short for: only the whole history can tell."""
        repository = self._repository(reference)
        with FileLock(repository.with_suffix(".lock")):
            self._remote(reference, "-C", str(repository), *_fetching(), self._place(reference), *_ALL_HISTORY)
        asked = ["-C", str(repository), "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]
        ended = self._git(asked, self._environment())
        return ended.stdout.decode().strip() if ended.returncode == 0 else None

    # ---- running git

    def _place(self, reference: GitReference) -> str:
        """What git is given: the canonical URL, or where a mirror has the repository."""
        url = reference.url.removeprefix("git+")
        place = self._mirrors.locate(url)
        if isinstance(place, Path):
            return place.as_uri()
        if self._offline:
            raise IndexUnavailable(
                f"{reference.url}: cannot be asked, because --offline is on",
                hint="name a full commit that was fetched before, or run once without --offline",
            )
        return place

    def _remote(self, reference: GitReference, *arguments: str) -> str:
        return self._checked(reference, arguments, self._environment(reference))

    def _local(self, reference: GitReference, *arguments: str) -> str:
        return self._checked(reference, arguments, self._environment())

    def _checked(self, reference: GitReference, arguments: tuple[str, ...], environment: Mapping[str, str]) -> str:
        ended = self._git(list(arguments), environment)
        if ended.returncode != 0:
            said = [line for line in ended.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            told = self._credentials.redact("; ".join(said[-3:]) or f"exit code {ended.returncode}")
            raise IndexUnavailable(
                f"{reference.url}: git cannot read it: {told}",
                hint="check the URL and that git can reach it on this machine",
            )
        return ended.stdout.decode("utf-8", "replace")

    def _git(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
        return _run_git(arguments, environment)

    def _environment(self, reference: GitReference | None = None) -> dict[str, str]:
        environment = _environment(self._environ)
        authorization = self._authorization(reference) if reference is not None else None
        if authorization is not None:
            number = int(environment.get("GIT_CONFIG_COUNT", "0"))
            environment |= {
                "GIT_CONFIG_COUNT": str(number + 1),
                f"GIT_CONFIG_KEY_{number}": f"http.{authorization[0]}.extraHeader",
                f"GIT_CONFIG_VALUE_{number}": authorization[1],
            }
        return environment

    def _authorization(self, reference: GitReference) -> tuple[str, str] | None:
        """The origin and the header for it, where the settings, the URL or netrc have credentials."""
        parts = urlsplit(reference.location)
        if parts.scheme not in ("https", "http"):
            return None
        bare = self._credentials.remember(reference.location)
        # git would send any other header along when it is redirected to another host
        header = self._credentials.headers(bare).get("Authorization")
        return (f"{parts.scheme}://{urlsplit(bare).netloc}/", f"Authorization: {header}") if header else None


def tracked_files(folder: Path, environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The paths below ``folder`` that git tracks, relative to it; ``None`` where there is no git, or it tracks none.

    Raises ``ResolverError`` where there is a repository that git cannot read.
    """
    if not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return None
    asked = ["-C", str(folder), "ls-files", "-z", "--cached", "--recurse-submodules"]
    ended = _run_git(asked, _environment(environ))
    if ended.returncode != 0:
        told = ended.stderr.decode("utf-8", "replace").strip()
        raise ResolverError(f"{folder}: git cannot say which files it tracks: {told}")
    return tuple(name.decode("utf-8", "surrogateescape") for name in ended.stdout.split(b"\0") if name) or None


def _run_git(arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise ResolverError("git is needed, and there is none on the PATH", hint="install git") from error
    except subprocess.TimeoutExpired as error:
        raise IndexUnavailable(f"git did not end within {_SECONDS} seconds", hint="try again later") from error


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}


def _fetching(*more: str) -> tuple[str, ...]:
    return ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
            *more, "--")  # fmt: skip


def _names_of(revision: str | None) -> tuple[str, ...]:
    """The full names that a revision may have, best first; ``^{}`` is the commit that an annotated tag is on."""
    if revision is None or revision == "HEAD":
        return ("HEAD",)
    if revision.startswith("refs/"):
        return (f"{revision}^{{}}", revision)
    return (f"refs/heads/{revision}", f"refs/tags/{revision}^{{}}", f"refs/tags/{revision}")
