"""Records that tell no time, under a cut-off: refused, or taken where the user says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resolver.conda import CondaUnsolvable, solve_all
from resolver.solver.why_not.explain import conda_conflict
from tests.conda.worlds import channels, names, problem, record, solved, write_channel

_EPOCH = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
_CUT_OFF = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    records = [
        record("data", "1.0", timestamp=_EPOCH),
        record("data", "2.0", timestamp=None),
        record("data", "3.0", timestamp=_EPOCH, indexed_timestamp=_EPOCH + 100 * 86_400_000),
        record("data", "4.0", timestamp=_EPOCH + 100 * 86_400_000),
        record("relic", "1.0", "data", timestamp=None),
    ]
    return write_channel(tmp_path / "main", {"noarch": records})


@pytest.mark.parametrize(("take", "expected"), [(False, "data 1.0 0"), (True, "data 2.0 0")])
def test_what_has_no_time(tmp_path: Path, main: Path, take: bool, expected: str) -> None:
    asked = replace(problem("data", cut_off=_CUT_OFF), take_untimed=take)
    assert names(solved(channels(tmp_path, main=main), asked)) == [expected]


def test_how_many_were_left_out_is_said(tmp_path: Path, main: Path) -> None:
    (failed,) = solve_all(channels(tmp_path, main=main), [problem("relic", cut_off=_CUT_OFF)])
    assert isinstance(failed, CondaUnsolvable)
    assert failed.untimed == 2
    assert "2 records tell no time, and the cut-off leaves such out (missing-time)" in conda_conflict(failed).detail


def test_without_a_cut_off_nothing_is_left_out(tmp_path: Path, main: Path) -> None:
    assert names(solved(channels(tmp_path, main=main), problem("relic"))) == ["data 4.0 0", "relic 1.0 0"]
