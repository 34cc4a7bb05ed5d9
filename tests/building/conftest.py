from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.session import Session
from tests.registry.stand_in import StandIn, stand_in


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Without anything of the user's environment."""
    with Session(cache=tmp_path / "cache", environ={}) as opened:
        yield opened
