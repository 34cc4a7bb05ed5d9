"""The table by which formats are found, and imported when they are first asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from resolver.locks.formats import FORMATS, NAMES, LockFormat, format_for_file, format_named


def test_the_table_is_complete() -> None:
    assert [lock_format.name for lock_format in FORMATS] == list(NAMES)
    assert format_named("nothing") is None
    assert format_for_file("notes.md") is None


@pytest.mark.parametrize("lock_format", FORMATS, ids=lambda f: f.name)
def test_a_file_is_found_by_each_of_its_names(lock_format: LockFormat) -> None:
    for glob in lock_format.file_names:
        assert format_for_file(glob.replace("*", "linux-64")) is lock_format


def test_one_format_does_not_import_the_others() -> None:
    code = (
        "import sys\n"
        "from resolver.locks.formats import format_for_file\n"
        "format_for_file('conda-lock.yml')\n"
        "others = ('resolver.locks.formats.pixi', 'resolver.locks.formats.uv', 'resolver.locks.formats.pylock')\n"
        "print(sorted(module for module in sys.modules if module.startswith(others)))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
