"""Every file of ``fixtures/scenarios`` has the outcome that it states, from memory and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import Loopback, loopback
from tests.scenarios.outcome import Outcome, outcome_of
from tests.scenarios.scenario import Scenario, read_scenario
from tests.scenarios.world import World

_ROOT = Path(__file__).parents[2] / "fixtures" / "scenarios"
_FILES = sorted(_ROOT.glob("*/*.toml"))


def _parameters() -> Iterator[object]:
    for path in _FILES:
        scenario = read_scenario(path)
        marks = [pytest.mark.xfail(reason=scenario.xfail, strict=True)] if scenario.xfail else []
        yield pytest.param(scenario, id=f"{path.parent.name}/{path.stem}", marks=marks)


@pytest.fixture(scope="module", name="server")
def start_server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


@pytest.mark.parametrize("scenario", list(_parameters()))
def test_in_memory(scenario: Scenario, tmp_path: Path) -> None:
    world = World(scenario)
    with world.in_memory(tmp_path) as session:
        assert outcome_of(scenario, world, session, tmp_path / "project") == _expected(scenario)


@pytest.mark.parametrize("scenario", list(_parameters()))
def test_over_http(scenario: Scenario, tmp_path: Path, server: Loopback) -> None:
    world = World(scenario)
    with world.on_loopback(server, f"/{tmp_path.name}", tmp_path) as session:
        assert outcome_of(scenario, world, session, tmp_path / "project") == _expected(scenario)


def test_there_are_scenarios_of_every_theme() -> None:
    themes = {path.parent.name for path in _FILES}
    assert len(_FILES) >= 120
    assert len({read_scenario(path).about for path in _FILES}) == len(_FILES)
    assert len(themes) >= 20


def _expected(scenario: Scenario) -> Outcome:
    if scenario.expect.refused is not None:
        return "\n".join((scenario.expect.head, *scenario.expect.refused)), scenario.expect.hint
    return {platform: tuple(sorted(lines)) for platform, lines in scenario.expected_lock.items()}
