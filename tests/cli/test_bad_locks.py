"""A lock that cannot be read is refused by every command, and left as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.cli.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    about: str
    told: str
    done: Callable[[str], str]
    hint: str | None = None


CASES = (
    Damage(
        about="a newer format version",
        done=lambda text: text.replace("version: 1\n", "version: 2\n", 1),
        told="error: conda-lock.yml: version: this lock has format version 2, and this release reads version 1",
        hint="hint: update samebox, or lock again",
    ),
    Damage(
        about="not YAML",
        done=lambda _: "version: 1\nmetadata: {\npackage: ]\n",
        told="error: conda-lock.yml:3: not YAML:",
    ),
    Damage(about="empty", done=lambda _: "", told="error: conda-lock.yml:"),
    Damage(
        about="cut in the middle",
        done=lambda text: text[: text.index("package:")],
        told="error: conda-lock.yml: Object missing required field `package`",
    ),
    Damage(
        about="a key twice",
        done=lambda text: text + "package: []\n",
        told="error: conda-lock.yml:",
    ),
    Damage(
        about="a hash that is none",
        done=lambda text: text.replace('    sha256: "', '    sha256: "zz', 1),
        told="error: conda-lock.yml:",
    ),
    Damage(
        about="a platform that is not listed",
        done=lambda text: text.replace("  platform: linux-64\n", "  platform: win-64\n", 1),
        told="error: conda-lock.yml: package[0].platform:",
    ),
    Damage(about="an alias", done=lambda text: text + "x: &a [1]\n", told="error: conda-lock.yml:"),
    Damage(
        about="damaged evidence",
        done=lambda text: text.replace("samebox.roots: '[", "samebox.roots: '", 1),
        told="error: conda-lock.yml: metadata.custom_metadata: the evidence is damaged:",
        hint="hint: lock again, or remove the evidence",
    ),
)

COMMANDS = (
    ("lock",),
    ("check",),
    ("digest",),
    ("export", "docker", "-o", "context"),
    ("install", "--prefix", "prefix"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_a_damaged_lock_is_refused_and_left_alone(case: Damage, locked: Project) -> None:
    text = locked.lockfile.read_text()
    damaged = case.done(text)
    assert damaged != text
    locked.lockfile.write_text(damaged)
    for command in COMMANDS:
        told = locked.fail(*command).splitlines()
        assert told[0].startswith(case.told), told
        assert case.hint is None or told[1:] == [case.hint]
    assert not (locked.folder / "context").exists()
    assert not (locked.folder / "prefix").exists()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] not in ("lock", "check")], ids=lambda c: c[0])
def test_a_lock_that_is_not_there_is_named(command: tuple[str, ...], project: Project) -> None:
    assert project.fail(*command) == (
        "error: conda-lock.yml: there is no such lock\nhint: make it with `samebox lock`\n"
    )
