"""The files of an application: which ones an image gets, and which it must not get."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from resolver.build_context import FileTree
from resolver.errors import SettingsError
from resolver.model import Application
from resolver.source_trees import read_application, tree_digest
from tests.source_trees.projects import make_repository, write_tree

_ENVIRON = {"PATH": os.environ["PATH"]}


def _source(folder: Path, entry: str | None = None) -> FileTree:
    preset = {"preset": "train", "entry": entry} if entry else {}
    files = read_application(Application(source=str(folder), **preset), _ENVIRON)  # type: ignore[arg-type]
    assert files.source is not None
    return files.source


def _model(place: Path, tmp_path: Path) -> FileTree:
    write_tree(tmp_path / "scoring", {"score.py": ""})
    application = Application(source=str(tmp_path / "scoring"), preset="serve", entry="score.py", model=str(place))
    files = read_application(application, _ENVIRON)
    assert files.model is not None
    return files.model


def test_the_source_is_what_counts_for_a_locked_folder_too(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    write_tree(folder, {"run.sh": "1", "sub/ö.py": "2", "__pycache__/a.pyc": "3", ".git-blame": "4"})
    (folder / "run.sh").chmod(0o700)
    (folder / "sub" / "ö.py").chmod(0o600)
    tree = _source(folder)
    assert [(file.path, file.mode) for file in tree.files] == [
        (".git-blame", 0o644),
        ("run.sh", 0o755),
        ("sub/ö.py", 0o644),
    ]
    assert tree.digest == tree_digest(folder, _ENVIRON)
    assert [Path(file.source) for file in tree.files] == [folder / file.path for file in tree.files]


def test_of_a_repository_what_git_tracks(tmp_path: Path) -> None:
    repository = tmp_path / "r"
    make_repository(repository, {"app/a.py": "1", "app/gone.py": "2", "other.py": "3", ".gitignore": "*.log\n"})
    write_tree(repository, {"app/new.py": "not added", "app/x.log": "ignored", "app/.env": "TOKEN=1"})
    (repository / "app" / "gone.py").unlink()
    tree = _source(repository / "app")
    assert [file.path for file in tree.files] == ["a.py"]
    assert tree.digest == tree_digest(repository / "app", _ENVIRON)
    with pytest.raises(SettingsError, match=r"docker\.application\.entry: new\.py in .*/app is not tracked") as caught:
        _source(repository / "app", "new.py")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("`git add` it")


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    write_tree(folder, {"deep/real.py": "1"})
    (folder / "link.py").symlink_to("deep/real.py")
    copied = tmp_path / "copied"
    write_tree(copied, {"deep/real.py": "1", "link.py": "1"})
    assert _source(folder).digest == _source(copied).digest


@pytest.mark.parametrize("target", ["../outside.py", "/etc/hostname", "nowhere", "sub", "__pycache__/hidden", "link"])
def test_a_link_to_anything_else_is_refused(tmp_path: Path, target: str) -> None:
    write_tree(tmp_path, {"outside.py": "1", "app/sub/a.py": "2", "app/__pycache__/hidden": "3"})
    (tmp_path / "app" / "link").symlink_to(target)
    with pytest.raises(SettingsError, match=r"docker\.application\.source: .*/app/link is a link to"):
        _source(tmp_path / "app")


@pytest.mark.parametrize("name", [".env", "sub/.netrc", ".pypirc", "keys/id_ed25519"])
def test_files_of_secrets_are_refused(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path / "app", {"a.py": "1", name: "secret"})
    with pytest.raises(SettingsError, match=f"{name} holds secrets, by its name") as caught:
        _source(tmp_path / "app")
    assert caught.value.hint is not None
    assert "--env-file" in caught.value.hint


def test_a_context_is_not_exported_into_itself(tmp_path: Path) -> None:
    write_tree(tmp_path / "app", {"a.py": "1", "out/context.sha256": "2", "out/Dockerfile": "3"})
    with pytest.raises(SettingsError, match="/app/out is a build context, and would be in the next one"):
        _source(tmp_path / "app")


@pytest.mark.parametrize("name", ["a\nRUN evil", "sub/.wh.a.py", "a\\b"])
def test_a_name_that_no_image_should_hold_is_refused(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path / "app", {name: "1"})
    with pytest.raises(SettingsError, match=re.escape(f"not a file name that an image should hold: {name!r}")):
        _source(tmp_path / "app")


def test_a_model_is_a_file_or_a_folder_whether_git_tracks_it_or_not(tmp_path: Path) -> None:
    repository = tmp_path / "r"
    make_repository(repository, {"models/README.md": "1", ".gitignore": "*.bin\n"})
    write_tree(repository, {"models/weights.bin": "2"})
    assert [file.path for file in _model(repository / "models", tmp_path).files] == ["README.md", "weights.bin"]
    one = _model(repository / "models" / "weights.bin", tmp_path)
    assert [(file.path, Path(file.source)) for file in one.files] == [
        ("weights.bin", repository / "models" / "weights.bin")
    ]
    (repository / "latest.bin").symlink_to("models/weights.bin")
    (linked,) = _model(repository / "latest.bin", tmp_path).files
    assert (linked.path, linked.sha256) == ("latest.bin", one.files[0].sha256)


@pytest.mark.parametrize(
    ("application", "message"),
    [
        (Application(source="app"), r"docker\.application\.source: there is no folder app"),
        (Application(source="empty"), r"docker\.application\.source: there is nothing in empty"),
        (
            Application(source="scoring", preset="train", entry="t.py"),
            r"docker\.application\.entry: there is no t\.py in scoring",
        ),
        (
            Application(source="scoring", preset="serve", entry="score.py", model="m"),
            r"docker\.application\.model: there is no file or folder m",
        ),
    ],
)
def test_what_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, application: Application, message: str
) -> None:
    write_tree(tmp_path, {"scoring/score.py": "1"})
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=message):
        read_application(application, _ENVIRON)
