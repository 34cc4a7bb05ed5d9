"""An empty PATH for stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.stand_ins import StandIns


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    folder = tmp_path / "bin"
    folder.mkdir()
    return StandIns(folder)
