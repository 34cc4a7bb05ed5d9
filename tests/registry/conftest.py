from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.registry import Registry
from tests.registry.programs import DockerRegistry, Skopeo, docker_registry, required
from tests.registry.stand_in import StandIn, stand_in


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A client without any configuration of the user."""
    with Registry(timeout=5.0, retries=2, backoff=0.0) as opened:
        yield opened


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """Debian's docker-registry, for who comes."""
    with docker_registry(tmp_path_factory.mktemp("docker-registry")) as running:
        yield running


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    home = tmp_path / "skopeo-home"
    home.mkdir()
    return Skopeo(program=required("skopeo"), home=home)
