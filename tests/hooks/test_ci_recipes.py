"""The recipes of ``docs/ci.md``: they are YAML, and their scripts do what is said, with stand-ins for the services."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

import resolver
from tests.cli.conftest import make_project, project
from tests.cli.project import Project, environment_yml

__all__ = ["make_project", "project"]

_ROOT = Path(resolver.__file__).parent.parent
_MARK = "<!-- samebox diff -->"


def _recipes() -> dict[str, Any]:
    """The YAML of the document by the file name in its first line."""
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (_ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
    return {name: yaml.safe_load(text) for name, text in blocks}


def _steps() -> dict[str, Mapping[str, Any]]:
    steps = _recipes()[".github/workflows/lock.yml"]["jobs"]["lock"]["steps"]
    return {step["name"]: step for step in steps if "name" in step}


# ---- what they say


def test_there_is_a_recipe_for_each() -> None:
    assert list(_recipes()) == [".pre-commit-config.yaml", ".github/workflows/lock.yml", ".gitlab-ci.yml"]


def test_the_hooks_that_are_named_are_there() -> None:
    offered = {hook["id"] for hook in yaml.safe_load((_ROOT / ".pre-commit-hooks.yaml").read_text())}
    (repository,) = _recipes()[".pre-commit-config.yaml"]["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == offered


def test_the_workflow_may_comment_and_no_more() -> None:
    recipe = _recipes()[".github/workflows/lock.yml"]
    assert recipe[True] == "pull_request"  # YAML 1.1 reads `on` so
    assert recipe["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_nothing_that_others_wrote_is_put_into_a_script() -> None:
    for step in _steps().values():
        assert "${{" not in step["run"]


def test_every_script_is_shell() -> None:
    scripts = [step["run"] for step in _steps().values()] + _recipes()[".gitlab-ci.yml"]["lock"]["script"]
    assert len(scripts) == 7
    for script in scripts:
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0, script


# ---- what they do


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A repository with two commits, the lock of the second one with libhello in it, and programs of its own first on
    the path."""

    project: Project
    base: str
    programs: Path

    def bash(self, script: str, **environ: str) -> str:
        """As GitHub and GitLab run it: it ends at the first command that fails."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.project.folder,
            env=self.project.environ(**_GIT, **{"PATH": path, **environ}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def comment(self) -> str:
        return (self.project.folder / "comment.md").read_text()


_WHO = ("AUTHOR", "COMMITTER")
_GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{f"GIT_{who}_{what}": "ada@example.org" for who in _WHO for what in ("NAME", "EMAIL")},
}


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def place(project: Project, tmp_path: Path) -> _Place:
    programs = tmp_path / "programs"
    programs.mkdir()
    _program(programs / "samebox", f'exec "{sys.executable}" -m resolver "$@"')
    _program(programs / "python", f'exec "{sys.executable}" "$@"')
    here = _Place(project=project, base="HEAD^1", programs=programs)
    project.write("environment.yml", environment_yml("python"))
    project.succeed("lock")
    here.bash("git init --quiet && git add --all && git commit --quiet -m one")
    project.write("environment.yml", environment_yml("python", "libhello"))
    project.succeed("lock")
    here.bash("git commit --quiet -a -m two")
    return here


def _compare(place: _Place, locks: str = "conda-lock.yml") -> str:
    summary = place.project.folder.parent / "summary.md"
    place.bash(_steps()["Compare"]["run"], BASE=place.base, LOCKS=locks, GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text() == place.comment
    return place.comment


def test_what_a_lock_changes_is_compared(place: _Place) -> None:
    text = _compare(place)
    assert text.startswith(_MARK + "\n")
    assert "libhello" in text


def test_locks_that_come_and_go_are_told(place: _Place) -> None:
    place.bash(
        "git rm --quiet conda-lock.yml && git commit --quiet -m gone && git show HEAD^1:conda-lock.yml > new.yml"
    )
    assert _compare(place, "conda-lock.yml new.yml") == f"{_MARK}\n`conda-lock.yml` is gone.\n`new.yml` is new.\n"


_GH = """\
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *--paginate*) printf '%s' "$FOUND" ;;
  *body=@comment.md) cp comment.md "$CALLS.body" ;;
  *) exit 64 ;;
esac
"""


@pytest.mark.parametrize(
    ("found", "call"),
    [
        ("", "api --silent --method POST repos/o/r/issues/7/comments --field body=@comment.md"),
        ("41\n42\n", "api --silent --method PATCH repos/o/r/issues/comments/41 --field body=@comment.md"),
    ],
    ids=["first", "again"],
)
def test_a_pull_request_gets_one_comment(found: str, call: str, place: _Place, tmp_path: Path) -> None:
    _program(place.programs / "gh", _GH)
    _compare(place)
    calls = tmp_path / "calls"
    environ = {"COMMENTS": "repos/o/r/issues", "NUMBER": "7", "CALLS": str(calls), "FOUND": found}
    place.bash(_steps()["Comment"]["run"], **environ)
    listed, made = calls.read_text().splitlines()
    assert listed.startswith("api --paginate repos/o/r/issues/7/comments --jq ")
    assert made == call
    assert (tmp_path / "calls.body").read_text() == place.comment


def test_a_comment_that_github_would_refuse_is_cut(place: _Place, tmp_path: Path) -> None:
    _program(place.programs / "gh", _GH)
    (place.project.folder / "comment.md").write_text(_MARK + "\n" + "x" * 70_000)
    environ = {"COMMENTS": "repos/o/r/issues", "NUMBER": "7", "CALLS": str(tmp_path / "calls"), "FOUND": ""}
    place.bash(_steps()["Comment"]["run"], **environ)
    assert len(place.comment) < 65_000
    assert place.comment.endswith("… and more: see the summary of the run.\n")


@dataclass(slots=True, kw_only=True)
class _GitLab:
    """The notes of one merge request, a page of which holds one."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[object, dict[str, str]]:
        parts = urlsplit(handler.path)
        self.asked.append((handler.command, parts.path, handler.headers["PRIVATE-TOKEN"]))
        if handler.command == "GET":
            page = int(parse_qs(parts.query)["page"][0])
            more = str(page + 1) if page < len(self.notes) else ""
            return self.notes[page - 1 : page], {"X-Next-Page": more}
        text = json.loads(body)["body"]
        if handler.command == "POST":
            self.notes.append({"id": len(self.notes) + 1, "body": text})
        else:
            (note,) = (n for n in self.notes if n["id"] == int(parts.path.rpartition("/")[2]))
            note["body"] = text
        return {}, {}


@contextmanager
def _serving(gitlab: _GitLab) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found, headers = gitlab.answer(self, body)
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        do_GET = do_POST = do_PUT = _do  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_merge_request_gets_one_note(place: _Place) -> None:
    *scripts, check = _recipes()[".gitlab-ci.yml"]["lock"]["script"]
    others = [{"id": n, "body": f"said by someone, {n}"} for n in (1, 2)]
    gitlab = _GitLab(notes=[dict(note) for note in others])
    base = place.bash("git rev-parse HEAD^1").strip()
    with _serving(gitlab) as url:
        environ = {
            "CI_API_V4_URL": url,
            "CI_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": "34",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "COMMENT_TOKEN": "secret",
            "LOCKS": "conda-lock.yml",
        }
        for _ in range(2):
            place.bash("\n".join(scripts), **environ)
    assert gitlab.notes == [*others, {"id": 3, "body": place.comment}]
    assert place.comment.startswith(_MARK)
    assert "libhello" in place.comment
    notes = "/api/v4/projects/12/merge_requests/34/notes"
    assert [(c, p) for c, p, _ in gitlab.asked if c != "GET"] == [("POST", notes), ("PUT", f"{notes}/3")]
    assert {token for _, _, token in gitlab.asked} == {"secret"}
    assert place.bash(check) == "conda-lock.yml: fresh\n"
