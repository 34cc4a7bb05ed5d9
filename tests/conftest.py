"""The world that tests share: the fixture channel, the fixture index, and a project that uses both."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fixtures import make_channel, make_index

_QUICKSTART = Path(make_channel.__file__).parent / "quickstart"


@pytest.fixture(scope="session")
def fixture_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return shared / "fixture-build"


@pytest.fixture(scope="session")
def fixture_channels(fixture_build: Path) -> Path:
    """The folder that stands for ``https://conda.example.org``; it holds both channels."""
    return make_channel.build(fixture_build / "channel", python=Path(sys.executable))


@pytest.fixture(scope="session")
def fixture_channel(fixture_channels: Path) -> Path:
    """The channel whose packages run (``make_channel.CHANNEL``)."""
    return fixture_channels / "samebox-fixtures"


@pytest.fixture(scope="session")
def golden_channel(fixture_channels: Path) -> Path:
    """The channel that is the same bytes on every machine (``make_channel.GOLDEN``); its python does not run."""
    return fixture_channels / "samebox-golden"


@pytest.fixture(scope="session")
def fixture_index(fixture_build: Path) -> Path:
    """The folder that stands for ``https://pypi.example.org``; ``simple/`` and ``files/`` are in it."""
    return make_index.build(fixture_build / "index")


@pytest.fixture
def quickstart(tmp_path: Path, fixture_channels: Path, fixture_index: Path) -> Path:
    """A copy of ``fixtures/quickstart`` of one's own, with the mirrors of this test run."""
    return _copy_quickstart(tmp_path / "quickstart", fixture_channels, fixture_index)


@pytest.fixture
def golden_quickstart(tmp_path: Path, fixture_channels: Path, fixture_index: Path) -> Path:
    """The same on the golden channel: what is locked from it has digests that can be written down."""
    folder = _copy_quickstart(tmp_path / "golden-quickstart", fixture_channels, fixture_index)
    _replace(folder / "environment.yml", {make_channel.CHANNEL: make_channel.GOLDEN})
    return folder


def _copy_quickstart(folder: Path, channels: Path, index: Path) -> Path:
    folder.mkdir()
    for name in ("environment.yml", "samebox.toml"):
        (folder / name).write_bytes((_QUICKSTART / name).read_bytes())
    places = {"../build/channel": channels.as_posix(), "../build/index": index.as_posix()}
    _replace(folder / "samebox.toml", places)
    return folder


def _replace(path: Path, words: dict[str, str]) -> None:
    text = path.read_text()
    for old, new in words.items():
        assert old in text, f"{path.name} of the quickstart no longer says {old}"
        text = text.replace(old, new)
    path.write_text(text)
