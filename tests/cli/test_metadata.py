"""``--metadata``: what a lock says about its own file, where that is asked for."""

from __future__ import annotations

import hashlib
import re

from tests.cli.project import Project, environment_yml


def test_nothing_is_said_unasked(locked: Project) -> None:
    assert "_metadata:" not in locked.lockfile.read_text().replace("custom_metadata:", "")


def test_what_is_asked_for_is_said_and_is_no_reason_to_write_again(project: Project) -> None:
    manifest = project.write("environment.yml", environment_yml("python"))
    project.succeed("lock", "--metadata", "timestamp", "--md", "input_sha")
    text = project.lockfile.read_text()
    assert re.search(r"  time_metadata:\n    created_at: \"?20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    assert hashlib.sha256(manifest.read_bytes()).hexdigest() in text
    project.succeed("lock", "--md", "timestamp", "--md", "input_sha")
    project.succeed("lock", "--md", "timestamp", "--md", "input_sha", "--upgrade")
    assert project.lockfile.read_text() == text
    assert project.succeed("check").stdout == "fresh\n"


def test_it_may_stand_in_the_settings(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    project.write("samebox.toml", 'metadata = ["input_md5"]\n' + project.settings)
    project.succeed("lock")
    assert "  inputs_metadata:\n    environment.yml:\n      md5:" in project.lockfile.read_text()


def test_other_words_are_refused(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    project.write("samebox.toml", 'metadata = ["git_shas"]\n' + project.settings)
    assert "did you mean git_sha or input_sha?" in project.fail("lock")
    assert "invalid choice: 'when'" in project.fail("lock", "--md", "when")
