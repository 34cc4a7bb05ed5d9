"""Records that ``repodata-filters`` keep out of sight: the solver and the pins know nothing of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resolver.conda import (
    CondaProblem,
    CondaUnsolvable,
    MadeUpRecord,
    MixedProblem,
    MixedSolution,
    conda_records,
    solve_all,
    solve_mixed,
)
from resolver.conda.filters import record_filter
from resolver.errors import SettingsError
from resolver.model import LockedPackage
from resolver.solver.why_not.explain import conda_conflict
from tests.conda.worlds import MAIN, OTHER, channels, names, problem, record, solved, write_channel


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    native = [
        record("lib", "1.0", license="MIT"),
        record("lib", "2.0", license="MIT", build="mkl_0"),
        record("lib", "2.0", license="MIT", build="generic_0"),
        record("lib", "3.0", license="GPL-3.0-only", license_family="GPL", build_number=7),
        record("app", "1.0", "lib"),
    ]
    other = [record("lib", "9.0")]
    return {
        "main": write_channel(tmp_path / "main", {"linux-64": native, "noarch": [record("data", "1.0")]}),
        "other": write_channel(tmp_path / "other", {"linux-64": other}),
    }


def _asked(*filters: str, urls: tuple[str, ...] = (MAIN, OTHER)) -> CondaProblem:
    return replace(problem("app", urls=urls), filters=filters)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), "lib 3.0 0"),
        (("lib >=3",), "lib 2.0 mkl_0"),
        (("lib >=3", "lib * mkl_*"), "lib 2.0 generic_0"),
        (("lib[version='>=3']", "lib[build='mkl*']"), "lib 2.0 generic_0"),
        (("*[license_family=GPL]",), "lib 2.0 mkl_0"),
        (("l*[build_number='>=7']",), "lib 2.0 mkl_0"),
        (("^l.b$[version='>1']",), "lib 1.0 0"),
        ((f"{MAIN}::lib",), "lib 9.0 0"),
        ((f"{OTHER}::lib",), "lib 3.0 0"),
        (("lib[subdir=linux-64, version='>=3']",), "lib 2.0 mkl_0"),
        (("lib[subdir=noarch]",), "lib 3.0 0"),
        (("unheard-of",), "lib 3.0 0"),
    ],
)
def test_a_filtered_record_is_not_there(
    tmp_path: Path, places: dict[str, Path], filters: tuple[str, ...], expected: str
) -> None:
    assert names(solved(channels(tmp_path, **places), _asked(*filters))) == ["app 1.0 0", expected]


def test_what_was_shown_is_what_the_filters_left(tmp_path: Path, places: dict[str, Path]) -> None:
    reader = channels(tmp_path, **places)
    free, idle, filtered = (solved(reader, _asked(*f)).shown for f in ((), ("unheard-of",), (f"{MAIN}::lib >=3",)))
    assert free == idle
    assert dict(free)[MAIN] != dict(filtered)[MAIN]
    assert dict(free)[OTHER] == dict(filtered)[OTHER]


def test_a_filtered_pin_is_given_up(tmp_path: Path, places: dict[str, Path]) -> None:
    reader = channels(tmp_path, **places)
    (lib,) = [r for r in solved(reader, _asked()).records if r.name == "lib"]
    pin = LockedPackage(kind="conda", name="lib", version="3.0", url=lib.url, sha256=lib.sha256)
    assert names(solved(reader, replace(_asked("lib >=3"), pins=(pin,)))) == ["app 1.0 0", "lib 2.0 mkl_0"]


def test_the_joint_solve_does_not_see_it_either(tmp_path: Path, places: dict[str, Path]) -> None:
    """``wheel`` needs ``data``, which no conda spec reaches, and any ``lib``."""
    reader = channels(tmp_path, **places)
    made_up = (MadeUpRecord(name="wheel", rank=1, depends=("data", "lib >=2")),)
    conda = _asked("lib >=3")
    first = solve_mixed(reader, MixedProblem(conda=conda, records=(), specs=()))
    both = solve_mixed(reader, MixedProblem(conda=conda, records=made_up, specs=("wheel",)))
    assert isinstance(first, MixedSolution)
    assert isinstance(both, MixedSolution)
    assert [f"{r.name} {r.version}" for r in first.records] == ["app 1.0", "lib 2.0"]
    assert [f"{r.name} {r.version}" for r in both.records] == ["app 1.0", "data 1.0", "lib 2.0"]
    known = conda_records(reader, conda, ["lib"])["lib"]
    assert sorted({r.version for r in known}) == ["1.0", "2.0"]


def test_a_refusal_says_what_the_filters_leave_out(tmp_path: Path, places: dict[str, Path]) -> None:
    asked = replace(problem("lib >=3", urls=(MAIN,)), filters=("lib >=2",))
    (failed,) = solve_all(channels(tmp_path, **places), [asked])
    assert isinstance(failed, CondaUnsolvable)
    assert failed.versions == ("1.0",)
    assert conda_conflict(failed).detail == "repodata-filters leave out 3 records of lib"


def test_a_name_of_which_nothing_is_left(tmp_path: Path, places: dict[str, Path]) -> None:
    asked = replace(problem("app", urls=(MAIN,)), filters=("app",))
    (failed,) = solve_all(channels(tmp_path, **places), [asked])
    assert isinstance(failed, CondaUnsolvable)
    assert "repodata-filters leave out 1 record of app" in conda_conflict(failed).detail


@pytest.mark.parametrize("text", ["lib >=", "lib[nosuch=1]", "*[", "lib >=2,<"])
def test_what_is_no_match_spec_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"repodata-filters: .* is no MatchSpec") as caught:
        record_filter(text)
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lib >=3", True),
        ("lib <3", False),
        ("l*", True),
        ("app", False),
        ("lib * 0", True),
        ("lib * mkl*", False),
        (f"{MAIN}::lib", True),
        (f"{OTHER}::lib", False),
        ("lib[subdir=linux-64]", True),
        ("lib[subdir=noarch]", False),
        ("lib[sha256='" + "a" * 64 + "']", True),
        ("lib[sha256='" + "b" * 64 + "']", False),
        ("*[license=MIT]", None),
        ("lib[license=MIT, version='>=3']", None),
        ("lib[license=MIT, version='<3']", False),
        ("^l.[a-c]$[build_number=7]", None),
        ("^l.[d-e]$[build_number=7]", False),
    ],
)
def test_whether_a_locked_package_is_one(text: str, expected: bool | None) -> None:
    url = f"{MAIN}/linux-64/lib-3.0-0.conda"
    package = LockedPackage(
        kind="conda", name="lib", version="3.0", build="0", subdir="linux-64", url=url, sha256="a" * 64
    )
    assert record_filter(text).hides_locked(package) is expected
