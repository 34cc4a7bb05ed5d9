"""Golden files that show their difference."""

from __future__ import annotations

import difflib
from pathlib import Path

__all__ = ["DATA", "assert_golden"]

DATA = Path(__file__).parent / "data"


def assert_golden(found: str, name: str) -> None:
    expected = (DATA / name).read_text(encoding="utf-8")
    difference = difflib.unified_diff(expected.splitlines(), found.splitlines(), name, "found", lineterm="")
    assert found == expected, "\n" + "\n".join(difference)
