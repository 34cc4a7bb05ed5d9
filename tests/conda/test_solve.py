"""What we rely on of py-rattler: contract tests, each for a point that its documentation leaves open."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from resolver.conda import CondaProblem, CondaUnsolvable, solve_all
from resolver.errors import ManifestError
from resolver.model import VirtualPackage
from resolver.platforms import Platform
from tests.conda.worlds import MAIN, OTHER, channels, names, problem, record, solved, spec, write_channel

_DAY = 86_400_000
_EPOCH_2024 = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    return write_channel(
        tmp_path / "main",
        {
            "noarch": [
                record("app", "1.0", "lib >=1,<2", "base"),
                record("app", "2.0", "lib >=2", "base"),
                record("data", "1.0", timestamp=_EPOCH_2024),
                record("data", "2.0", timestamp=_EPOCH_2024 + _DAY),
                record("data", "3.0", timestamp=None),
                record("unsigned", "1.0"),
                record("unsigned", "2.0", sha256=None),
                record("needs-unsigned", "1.0", "unsigned"),
                record("relic", "1.0", sha256=None),
            ],
            "linux-64": [
                record("lib", "1.5"),
                record("lib", "2.1"),
                record("base", "1.0", "__glibc >=2.17"),
                record("base", "2.0", "__glibc >=2.34"),
                record("kernel", "1.0", "__cuda >=12", build="cuda_0", build_number=1),
                record("kernel", "1.0", build="plain_0"),
                record("fast", "1.0", "__archspec 1 x86_64_v3"),
                record("fast", "0.9"),
            ],
            "osx-arm64": [record("lib", "1.5"), record("base", "3.0", "__osx >=11.0")],
        },
    )


def test_what_is_asked_for_and_what_it_needs(tmp_path: Path, main: Path) -> None:
    answer = solved(channels(tmp_path, main=main), problem("app"))
    assert names(answer) == ["app 2.0 0", "base 1.0 0", "lib 2.1 0"]
    (app, *_) = answer.records
    file_name = "app-2.0-0.conda"
    assert (app.url, app.subdir, app.file_name) == (f"{MAIN}/noarch/{file_name}", "noarch", file_name)
    assert app.sha256 == hashlib.sha256(file_name.encode()).hexdigest()
    assert app.md5 == hashlib.md5(file_name.encode()).hexdigest()
    assert (app.size, app.depends, app.noarch, app.timestamp) == (100, ("lib >=2", "base"), None, 1_700_000_000_000)


@pytest.mark.parametrize("kind", ["python", "generic"])
def test_the_kind_of_a_noarch_record(tmp_path: Path, kind: str) -> None:
    folder = write_channel(tmp_path / "main", {"noarch": [record("a", noarch=kind)]})
    assert [r.noarch for r in solved(channels(tmp_path, main=folder), problem("a")).records] == [kind]


def test_the_order_of_specs_is_no_input(tmp_path: Path, main: Path) -> None:
    reader = channels(tmp_path, main=main)
    answers = {solved(reader, problem(*order)) for order in itertools.permutations(["app", "data", "lib <2", "fast"])}
    assert len({answer.records for answer in answers}) == 1
    assert names(answers.pop()) == ["app 1.0 0", "base 1.0 0", "data 3.0 0", "fast 0.9 0", "lib 1.5 0"]


def test_several_platforms_in_one_call_answer_in_order(tmp_path: Path, main: Path) -> None:
    asked = [problem("app", platform=p) for p in ("osx-arm64", "linux-64", "osx-arm64")]
    answers = solve_all(channels(tmp_path, main=main), asked)
    mac, linux = ["app 1.0 0", "base 3.0 0", "lib 1.5 0"], ["app 2.0 0", "base 1.0 0", "lib 2.1 0"]
    assert [names(answer) for answer in answers] == [mac, linux, mac]


def test_a_platform_fails_and_the_others_do_not(tmp_path: Path, main: Path) -> None:
    asked = [problem("kernel", platform=p) for p in ("osx-arm64", "linux-64")]
    mac, linux = solve_all(channels(tmp_path, main=main), asked)
    assert isinstance(mac, CondaUnsolvable)
    assert names(linux) == ["kernel 1.0 plain_0"]


def test_no_problem_no_answer(tmp_path: Path) -> None:
    assert solve_all(channels(tmp_path), []) == []


def test_a_running_event_loop_in_the_caller_does_not_matter(tmp_path: Path, main: Path) -> None:
    async def notebook() -> list[str]:
        return names(solved(channels(tmp_path, main=main), problem("data")))

    assert asyncio.run(notebook()) == ["data 3.0 0"]


@pytest.mark.parametrize(
    ("package", "version", "asked", "expected"),
    [
        ("__glibc", "2.34", "base", ["base 2.0 0"]),
        ("__glibc", "2.17", "base", ["base 1.0 0"]),
        ("__cuda", "12.4", "kernel", ["kernel 1.0 cuda_0"]),
        ("__cuda", "11.8", "kernel", ["kernel 1.0 plain_0"]),
        ("__archspec", "x86_64_v3", "fast", ["fast 1.0 0"]),
        ("__archspec", "x86_64", "fast", ["fast 0.9 0"]),
    ],
)
def test_virtual_packages_are_those_given(
    tmp_path: Path, main: Path, package: str, version: str, asked: str, expected: list[str]
) -> None:
    platform = Platform.of("linux-64", {package: version})
    assert names(solved(channels(tmp_path, main=main), problem(asked, platform=platform))) == expected


def test_without_the_virtual_package_there_is_no_solution(tmp_path: Path, main: Path) -> None:
    platform = Platform.of("linux-64", {"__glibc": None})
    (answer,) = solve_all(channels(tmp_path, main=main), [problem("base", platform=platform)])
    assert isinstance(answer, CondaUnsolvable)
    assert "__glibc" in answer.text


def test_a_spec_may_name_a_virtual_package(tmp_path: Path, main: Path) -> None:
    reader = channels(tmp_path, main=main)
    platform = Platform(subdir="linux-64", virtual_packages=(VirtualPackage(name="__glibc", version="2.28"),))
    assert names(solved(reader, problem("__glibc >=2.17", "data", platform=platform))) == ["data 3.0 0"]


# ------------------------------------------------------------------------------------------ channels


def test_the_first_channel_that_has_a_name_owns_it(tmp_path: Path) -> None:
    first = write_channel(tmp_path / "main", {"noarch": [record("a", "1.0", "b")]})
    second = write_channel(tmp_path / "other", {"noarch": [record("a", "9.0"), record("b", "1.0")]})
    reader = channels(tmp_path, main=first, other=second)
    answer = solved(reader, problem("a", urls=(MAIN, OTHER)))
    assert [r.url for r in answer.records] == [f"{MAIN}/noarch/a-1.0-0.conda", f"{OTHER}/noarch/b-1.0-0.conda"]
    assert names(solved(reader, problem("a", urls=(OTHER, MAIN)))) == ["a 9.0 0"]


def test_a_channel_that_has_the_name_at_another_version_only_still_owns_it(tmp_path: Path) -> None:
    first = write_channel(tmp_path / "main", {"noarch": [record("a", "1.0")]})
    second = write_channel(tmp_path / "other", {"noarch": [record("a", "9.0")]})
    reader = channels(tmp_path, main=first, other=second)
    (answer,) = solve_all(reader, [problem("a >=2", urls=(MAIN, OTHER))])
    assert isinstance(answer, CondaUnsolvable)


def test_a_spec_that_names_its_channel(tmp_path: Path) -> None:
    first = write_channel(tmp_path / "main", {"noarch": [record("a", "1.0")]})
    second = write_channel(tmp_path / "other", {"noarch": [record("a", "9.0")]})
    reader = channels(tmp_path, main=first, other=second)
    answer = solved(reader, problem(f"{OTHER}::a", urls=(MAIN, OTHER)))
    assert [r.url for r in answer.records] == [f"{OTHER}/noarch/a-9.0-0.conda"]


# ------------------------------------------------------------------------------------------- cut-off


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (None, "data 3.0 0"),
        (datetime(2024, 1, 1, 12, tzinfo=UTC), "data 1.0 0"),
        (datetime(2024, 1, 3, tzinfo=UTC), "data 2.0 0"),
        (datetime(2024, 1, 2, 1, tzinfo=timezone(timedelta(hours=9))), "data 1.0 0"),
        (datetime(2024, 1, 1, 20, tzinfo=timezone(timedelta(hours=-9))), "data 2.0 0"),
    ],
)
def test_a_cut_off_counts_as_an_instant_and_records_without_time_are_out(
    tmp_path: Path, main: Path, instant: datetime | None, expected: str
) -> None:
    assert names(solved(channels(tmp_path, main=main), problem("data", cut_off=instant))) == [expected]


# ------------------------------------------------------------------------------------ without sha256


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(["unsigned"], ["unsigned 1.0 0"]), (["needs-unsigned"], ["needs-unsigned 1.0 0", "unsigned 1.0 0"])],
)
def test_a_record_without_sha256_is_never_chosen(
    tmp_path: Path, main: Path, asked: list[str], expected: list[str]
) -> None:
    answer = solved(channels(tmp_path, main=main), problem(*asked))
    assert names(answer) == expected
    assert all(r.url.startswith(f"{MAIN}/noarch/") for r in answer.records)


@pytest.mark.parametrize("asked", [["relic"], ["unsigned >=2"], ["relic", "app"]])
def test_where_only_records_without_sha256_fit_there_is_no_solution(
    tmp_path: Path, main: Path, asked: list[str]
) -> None:
    (answer,) = solve_all(channels(tmp_path, main=main), [problem(*asked)])
    assert isinstance(answer, CondaUnsolvable)
    assert [str(s) for s in answer.core] == [str(spec(asked[0]))]


def test_the_rest_of_a_solve_with_such_a_record_is_as_without_it(tmp_path: Path, main: Path) -> None:
    answer = solved(channels(tmp_path, main=main), problem("unsigned", "app", "kernel"))
    assert names(answer) == ["app 2.0 0", "base 1.0 0", "kernel 1.0 plain_0", "lib 2.1 0", "unsigned 1.0 0"]
    assert {r.url.rsplit("/", 1)[0] for r in answer.records} == {f"{MAIN}/noarch", f"{MAIN}/linux-64"}


# ------------------------------------------------------------------------------------------- failing


def _core(answer: object) -> list[str]:
    assert isinstance(answer, CondaUnsolvable)
    return [f"{s.origin} {s.name}" for s in answer.core]


def test_the_core_is_minimal_and_has_the_origins(tmp_path: Path, main: Path) -> None:
    (answer,) = solve_all(channels(tmp_path, main=main), [problem("data", "app >=2", "fast", "lib <2", "kernel")])
    assert _core(answer) == ["environment.yml:2 app", "environment.yml:4 lib"]


def test_the_core_of_one_that_asks_for_a_version_that_is_nowhere(tmp_path: Path, main: Path) -> None:
    (answer,) = solve_all(channels(tmp_path, main=main), [problem("data", "app >=7")])
    assert _core(answer) == ["environment.yml:2 app"]


def test_unknown_names_are_the_core(tmp_path: Path, main: Path) -> None:
    (answer,) = solve_all(channels(tmp_path, main=main), [problem("data", "nonesuch", "app >=2", "lib <2")])
    assert _core(answer) == ["environment.yml:2 nonesuch"]
    assert isinstance(answer, CondaUnsolvable)
    assert answer.names == {"app", "base", "data", "fast", "kernel", "lib", "needs-unsigned", "relic", "unsigned"}


def test_a_spec_that_rattler_refuses_is_an_error_with_its_origin(tmp_path: Path, main: Path) -> None:
    asked = problem("data")
    broken = CondaProblem(
        platform=asked.platform,
        channels=asked.channels,
        specs=(type(asked.specs[0])(name="data", version="not a >< version", origin=asked.specs[0].origin),),
    )
    with pytest.raises(ManifestError, match=r"environment.yml:1: .*not a conda spec"):
        solve_all(channels(tmp_path, main=main), [broken])


# ------------------------------------------------------------------------------------------ evidence


def test_the_evidence_is_a_digest_over_the_records_within_reach(tmp_path: Path, main: Path) -> None:
    answer = solved(channels(tmp_path, main=main), problem("app"))
    reached = ["app-1.0-0", "app-2.0-0", "lib-1.5-0", "lib-2.1-0", "base-1.0-0", "base-2.0-0"]
    hashes = sorted(hashlib.sha256(f"{name}.conda".encode()).hexdigest() for name in reached)
    assert answer.shown == ((MAIN, f"sha256:{hashlib.sha256(chr(10).join(hashes).encode()).hexdigest()}"),)
