"""What a ``conda-lock.yml`` says about itself: kept where others wrote it, and written where it is asked for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from resolver.errors import SettingsError
from resolver.locks.file_metadata import METADATA_CHOICES, file_metadata, notes_of, read_file_metadata
from resolver.locks.formats.conda_lock import FORMAT
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock
from resolver.source_trees.provenance import Provenance, provenance_of

_EVERY_FIELD = Path(__file__).parent / "data" / "conda-lock" / "valid" / "every-field.yml"
_NOW = datetime(2024, 6, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
_SECTIONS = ("time_metadata", "git_metadata", "inputs_metadata", "custom_metadata")


def _metadata(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)["metadata"]
    return found


def test_what_others_wrote_is_written_again() -> None:
    text = _EVERY_FIELD.read_text()
    lock = FORMAT.parse(text, "conda-lock.yml")
    assert [name for name, _ in lock.metadata] == list(_SECTIONS)
    again = FORMAT.render(lock)
    assert _metadata(again) == _metadata(text)
    assert FORMAT.parse(again, "x").metadata == lock.metadata


def test_a_row_keeps_its_source_its_build_and_its_hashes() -> None:
    rows = {row["name"]: row for row in yaml.safe_load(_EVERY_FIELD.read_text())["package"]}
    written = {
        row["name"]: row
        for row in yaml.safe_load(FORMAT.render(FORMAT.parse(_EVERY_FIELD.read_text(), "x")))["package"]
    }
    for name in ("odd", "direct", "requests", "unhashed"):
        assert written[name] == rows[name]


def test_an_md5_of_a_wheel_is_kept() -> None:
    wheel = LockedPackage(
        kind="pypi", name="a", version="1", file_name="a-1.whl", url="https://f.example.org/p/a-1.whl", md5="0" * 32
    )
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(wheel,)),))
    assert FORMAT.parse(FORMAT.render(lock), "x") == lock


def test_archives_of_an_older_file_are_archives() -> None:
    text = FORMAT.render(FORMAT.parse(_EVERY_FIELD.read_text(), "x"))
    source = text[text.index("  source:\n") : text.index("- name: odd")]
    older = text.replace(source, "").replace(
        "  custom_metadata:\n", '  custom_metadata:\n    samebox.archives: \'[["linux-64","direct"]]\'\n'
    )
    assert FORMAT.parse(older, "x").on("linux-64") == FORMAT.parse(text, "x").on("linux-64")


def test_evidence_wins_over_a_note_of_the_same_name_and_a_newer_releases_is_kept() -> None:
    notes = json.dumps({"samebox.cut-off": "old", "samebox.mood": "happy", "someone": "x"})
    lock = Lock(platforms=(), evidence=Evidence(cut_off="new"), metadata=(("custom_metadata", notes),))
    custom = _metadata(FORMAT.render(lock))["custom_metadata"]
    assert custom == {"samebox.cut-off": '"new"', "samebox.mood": "happy", "someone": "x"}


def test_metadata_is_no_part_of_what_a_lock_is() -> None:
    lock = FORMAT.parse(_EVERY_FIELD.read_text(), "x")
    assert replace(lock, metadata=()) == lock


def test_only_the_notes_of_others_outlive_a_lock() -> None:
    notes = '{"samebox.mood":"happy","team":"data"}'
    previous = Lock(platforms=(), metadata=(("custom_metadata", notes), ("time_metadata", '{"created_at":"x"}')))
    assert notes_of(previous) == (("custom_metadata", '{"team":"data"}'),)
    assert notes_of(Lock(platforms=())) == notes_of(None) == ()


def test_nothing_is_said_that_was_not_asked_for() -> None:
    assert file_metadata((), now=_NOW, provenance=Provenance(sha="0" * 40), texts={"a": ""}) == ()
    assert file_metadata(("git_sha",), now=_NOW, provenance=None, texts={}) == ()


def test_everything_that_can_be_asked_for() -> None:
    provenance = Provenance(sha="1" * 40, user_name="Someone", user_email="someone@example.org")
    found = file_metadata(METADATA_CHOICES, now=_NOW, provenance=provenance, texts={"a.yml": "a\r\nb\n"})
    text = FORMAT.render(Lock(platforms=(), metadata=found))
    metadata = _metadata(text)
    assert metadata["time_metadata"] == {"created_at": "2024-06-01T12:00:00Z"}
    assert metadata["git_metadata"] == {
        "git_sha": "1" * 40,
        "git_user_email": "someone@example.org",
        "git_user_name": "Someone",
    }
    plain = b"a\nb\n"
    md5, sha256 = hashlib.md5(plain, usedforsecurity=False).hexdigest(), hashlib.sha256(plain).hexdigest()
    assert metadata["inputs_metadata"] == {"a.yml": {"md5": md5, "sha256": sha256}}
    assert FORMAT.parse(text, "x").metadata == found


def test_a_choice_that_there_is_none_of(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such metadata: 'mood'") as error:
        read_file_metadata(["mood"], sources=(), directory=tmp_path, now=_NOW, environ={})
    assert error.value.hint == f"known are: {', '.join(METADATA_CHOICES)}"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("one.yml", "two.yml"):
        (tmp_path / name).write_text(name)
        _git(tmp_path, "init", "--quiet") if name == "one.yml" else None
        _git(tmp_path, "add", name)
        _git(tmp_path, "commit", "--quiet", "--message", name)
    return tmp_path


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_is_the_last_that_changed_one_of_the_files(repository: Path) -> None:
    first, last = _git(repository, "rev-parse", "HEAD~1"), _git(repository, "rev-parse", "HEAD")
    one, two = repository / "one.yml", repository / "two.yml"
    assert _sha([one], repository) == first
    assert _sha([one, two], repository) == last
    two.write_text("changed")
    assert (_sha([one], repository), _sha([one, two], repository)) == (first, f"{last}-dirty")


def test_a_hook_of_git_asks_about_the_folder_that_is_meant(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    assert provenance_of([], other, {**os.environ, "GIT_DIR": str(repository / ".git")}) is None


def test_who_is_at_work_comes_from_the_configuration_of_git(repository: Path) -> None:
    _git(repository, "config", "user.name", "Me")
    _git(repository, "config", "user.email", "me@example.org")
    choices = ("git_user_name", "git_user_email")
    found = read_file_metadata(
        choices, sources=("one.yml",), directory=repository, now=datetime.now(UTC), environ=os.environ
    )
    assert dict(found) == {"git_metadata": '{"git_user_email":"me@example.org","git_user_name":"Me"}'}


def _sha(files: list[Path], folder: Path) -> str | None:
    found = provenance_of(files, folder, os.environ)
    assert found is not None
    return found.sha
