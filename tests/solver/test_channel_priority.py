"""``channel-priority`` means what it means for conda."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.errors import NoSolution
from tests.conda.worlds import record
from tests.solver.growing import World, packages


def _world(folder: Path) -> World:
    return World(
        folder=folder,
        conda={"linux-64": [record("lib", "1.0")]},
        other={"linux-64": [record("lib", "2.0"), record("app", "1.0", "lib >=2"), record("easy", "1.0", "lib")]},
    )


def test_strict_takes_a_package_from_one_channel(tmp_path: Path) -> None:
    world = _world(tmp_path)
    assert packages(world.lock(conda=("easy",), channel_priority="strict")) == ["easy 1.0", "lib 1.0"]
    with pytest.raises(NoSolution):
        world.lock(conda=("app",), channel_priority="strict")


def test_flexible_prefers_the_first_channel_and_falls_back(tmp_path: Path) -> None:
    world = _world(tmp_path)
    assert packages(world.lock(conda=("easy",), channel_priority="flexible")) == ["easy 1.0", "lib 1.0"]
    assert packages(world.lock(conda=("app",), channel_priority="flexible")) == ["app 1.0", "lib 2.0"]


def test_flexible_falls_back_for_what_is_asked_for_too(tmp_path: Path) -> None:
    assert packages(_world(tmp_path).lock(conda=("lib >=2",), channel_priority="flexible")) == ["lib 2.0"]


def test_disabled_takes_the_newest_of_any_channel(tmp_path: Path) -> None:
    world = _world(tmp_path)
    assert packages(world.lock(conda=("easy",), channel_priority="disabled")) == ["easy 1.0", "lib 2.0"]


def test_what_was_not_strict_is_evidence(tmp_path: Path) -> None:
    world = _world(tmp_path)
    for priority, told in (("strict", None), ("flexible", "flexible"), ("disabled", "disabled")):
        evidence = world.lock(conda=("easy",), channel_priority=priority).evidence
        assert evidence is not None and evidence.channel_priority == told
