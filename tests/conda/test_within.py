"""An answer with some packages at other versions and all else as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resolver.conda import CondaProblem, CondaRecord, conda_versions, solve_within
from resolver.conda.channels import Channels
from resolver.model import LockedPackage
from tests.conda.worlds import MAIN, OTHER, channels, problem, record, solved, write_channel

_DAY = 86_400_000
_NEWER = 1_700_000_000_000 + 10 * _DAY


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    main = [
        record("app", "1.0", "lib", "tool"),
        *(record("lib", v, f"base {v}") for v in ("1.0", "2.0")),
        *(record("base", v) for v in ("1.0", "2.0")),
        record("tool", "2.0"),
        record("tool", "1.0", build="first"),
        record("tool", "1.0", build="second", build_number=1),
        record("tool", "0.9", "helper"),
        record("tool", "0.8", sha256=None),
        record("tool", "0.7", "__cuda"),
        record("helper", "1.0"),
    ]
    other = [record("tool", "1.5")]
    return {
        "main": write_channel(tmp_path / "main", {"linux-64": main}),
        "other": write_channel(tmp_path / "other", {"linux-64": other}),
    }


_ASKED = problem("app", urls=(MAIN, OTHER))


def _within(reader: Channels, asked: CondaProblem = _ASKED, **versions: str) -> list[str] | None:
    return _names(_moved(reader, asked, versions))


def _moved(reader: Channels, asked: CondaProblem, versions: dict[str, str]) -> tuple[CondaRecord, ...] | None:
    free = {name: frozenset(text.split()) for name, text in versions.items()}
    limits = tuple(f"{name}[version='=={text}']" for name, text in versions.items() if " " not in text)
    answer = solved(reader, replace(asked, pins=()))
    return solve_within(reader, replace(asked, limits=limits), answer.records, free)


def _names(records: tuple[CondaRecord, ...] | None) -> list[str] | None:
    return None if records is None else [f"{r.name} {r.version} {r.build}" for r in records]


def test_one_package_moves_to_its_best_build(tmp_path: Path, places: dict[str, Path]) -> None:
    reader = channels(tmp_path, **places)
    assert _within(reader, tool="1.0") == ["app 1.0 0", "base 2.0 0", "lib 2.0 0", "tool 1.0 second"]


def test_the_records_are_those_that_the_channel_has(tmp_path: Path, places: dict[str, Path]) -> None:
    reader = channels(tmp_path, **places)
    moved = _moved(reader, _ASKED, {"tool": "1.0"})
    limited = solved(reader, problem("app", "tool 1.0", urls=(MAIN, OTHER)))
    assert moved == limited.records
    assert moved is not None
    assert moved[-1].url == f"{MAIN}/linux-64/tool-1.0-second.conda"


def test_what_is_free_moves_with_it(tmp_path: Path, places: dict[str, Path]) -> None:
    reader = channels(tmp_path, **places)
    assert _within(reader, lib="1.0") is None  # it needs another base
    assert _within(reader, lib="1.0", base="1.0 2.0") == ["app 1.0 0", "base 1.0 0", "lib 1.0 0", "tool 2.0 0"]


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("0.9", "needs what is not there"),
        ("0.8", "has no sha256"),
        ("0.7", "needs a virtual package that the platform has not"),
        ("1.5", "is of a channel that comes later"),
        ("7.0", "is nowhere"),
    ],
)
def test_what_cannot_be(tmp_path: Path, places: dict[str, Path], version: str, why: str) -> None:
    assert _within(channels(tmp_path, **places), tool=version) is None, why


def test_a_pin_is_the_only_build_of_its_version(tmp_path: Path, places: dict[str, Path]) -> None:
    reader = channels(tmp_path, **places)
    (first,) = [r for r in solved(reader, problem("tool 1.0 first")).records if r.name == "tool"]
    pin = LockedPackage(kind="conda", name="tool", version="1.0", url=first.url, sha256=first.sha256)
    asked = replace(_ASKED, pins=(pin,))
    assert _within(reader, asked, tool="1.0") == ["app 1.0 0", "base 2.0 0", "lib 2.0 0", "tool 1.0 first"]


def test_the_cut_off_counts(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"noarch": [record("a", "2.0"), record("a", "1.0", timestamp=_NEWER)]})
    reader = channels(tmp_path, main=folder)
    asked = replace(problem("a"), cut_off=datetime.fromtimestamp((_NEWER - _DAY) / 1000, UTC))
    assert _within(reader, asked, a="1.0") is None
    assert _within(reader, problem("a"), a="1.0") == ["a 1.0 0"]


def test_versions_are_in_condas_order(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"noarch": [record("a", v) for v in ("1.10", "1.9", "1.9rc1", "1.9")]})
    found = conda_versions(channels(tmp_path, main=folder), problem("a"), ["a", "b"])
    assert found == {"a": ("1.9rc1", "1.9", "1.10"), "b": ()}
