"""What is kept of folders is the same to the solver as the folders, and is never taken for what it is not any more."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zstandard
from rattler import Channel

from fixtures import make_channel
from resolver.conda import CondaProblem, CondaSolution, CondaUnsolvable, conda_records, conda_versions, reach, solve_all
from resolver.conda.channels import Channels
from resolver.conda.lookup import records_of
from resolver.conda.solve import run
from resolver.mirrors import Mirrors
from tests.conda.worlds import MAIN, OTHER, names, problem, record, spec, write_channel

_SAMPLE = Path(make_channel.__file__).parent.parent.parent / "shared" / "conda-forge-sample"
_SUBDIRS = ("linux-64", "osx-arm64", "noarch")
_PLATFORMS = ("linux-64", "osx-arm64")


@pytest.fixture(autouse=True)
def _small_and_new_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_LEAST_BYTES", 0)
    monkeypatch.setattr(reach, "_SETTLED", 0)


def _reader(tmp_path: Path, places: Mapping[str, Path], *, refresh: bool = False) -> Channels:
    rules = tuple((f"https://conda.example.org/{name}", str(place)) for name, place in places.items())
    return Channels(cache=tmp_path / "cache", mirrors=Mirrors(rules), refresh=refresh)


def _problems(*specs: str, urls: tuple[str, ...] = (MAIN,)) -> list[CondaProblem]:
    return [problem(*specs, platform=platform, urls=urls) for platform in _PLATFORMS]


def _solve(reader: Channels, problems: Sequence[CondaProblem]) -> list[tuple[Any, ...]]:
    """What is to be the same: the records with all that we keep of them, and the evidence; else the core."""
    told: list[tuple[Any, ...]] = []
    for answer in solve_all(reader, problems):
        if isinstance(answer, CondaSolution):
            told.append((answer.records, answer.shown))
        else:
            told.append((answer.core, answer.names, answer.versions, answer.unhashed))
    return told


def _entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "within-reach").glob("*"))


# --------------------------------------------------------------------------------------------- the same to the solver


def _universe(choose: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Some dozen packages on all subdirs, which need and constrain each other, unsorted, some without a sha256."""
    packages = [f"p{number}" for number in range(choose.randint(6, 14))]
    rows: dict[str, list[dict[str, Any]]] = {subdir: [] for subdir in _SUBDIRS}
    for package in packages:
        for version in range(1, choose.randint(2, 6)):
            for build in range(choose.choice((1, 1, 2))):
                others = choose.sample(packages, choose.randint(0, 3))
                bounds = [f"{other} {choose.choice(('>=', '<='))}{choose.randint(1, 4)}" for other in others]
                cut = choose.randint(0, len(bounds))
                row = record(
                    package, str(version), *bounds[:cut], "__unix", build=f"h{build}", build_number=build, subdir=None
                )
                row |= {"constrains": bounds[cut:], "timestamp": 1_600_000_000_000 + choose.randint(0, 3) * 1000}
                row |= {"track_features": "old"} if choose.random() < 0.1 else {}
                row |= {"license": "MIT", "purls": [f"pkg:pypi/{package}"]} if choose.random() < 0.5 else {}
                if choose.random() < 0.05:
                    del row["sha256"]
                rows[choose.choice(_SUBDIRS)].append(row)
    for subdir in rows:
        choose.shuffle(rows[subdir])
    return rows


@pytest.mark.parametrize("seed", range(25))
def test_answers_are_those_of_the_folders_themselves(tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    places = {name: write_channel(tmp_path / name, _universe(choose)) for name in ("main", "other")}
    urls = choose.choice(((MAIN,), (MAIN, OTHER), (OTHER, MAIN)))
    problems = _problems(*(f"p{number}" for number in choose.sample(range(6), 3)), urls=urls)
    expected = _solve(_reader(tmp_path, places, refresh=True), problems)
    reader = _reader(tmp_path, places)
    assert _solve(reader, problems) == expected
    assert reader.kept is not None


@pytest.mark.sample
@pytest.mark.skipif(not _SAMPLE.is_dir(), reason="the sample is not there")
@pytest.mark.parametrize(
    "specs", [("python 3.12.*", "numpy", "pandas"), ("flask", "sqlalchemy"), ("python <3.9", "numpy >=2")]
)
def test_real_records(tmp_path: Path, specs: tuple[str, ...]) -> None:
    """All of conda-forge's fields, tar.bz2 beside conda, and the order of thousands of records."""
    first = _reader(tmp_path, {"main": _SAMPLE}, refresh=True)
    expected = _solve(first, _problems(*specs))
    reader = _reader(tmp_path, {"main": _SAMPLE})
    assert _solve(reader, _problems(*specs)) == expected
    assert reader.kept is not None
    for asked in _problems(*specs):
        within = sorted(reader.kept.names[asked.platform.subdir])
        assert _files(reader, asked, within) == _files(first, asked, within)


def _files(reader: Channels, asked: CondaProblem, within: Sequence[str]) -> dict[str, list[str]]:
    found = run(records_of(reader, asked, within))
    return {name: [record.file_name for record in records] for name, records in found.items()}


def test_compressed_repodata(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a", "1.0", "b")], "noarch": [record("b")]})
    for path in folder.rglob("repodata.json"):
        path.with_suffix(".json.zst").write_bytes(zstandard.compress(path.read_bytes()))
        path.unlink()
    expected = _solve(_reader(tmp_path, {"main": folder}), _problems("b"))
    reader = _reader(tmp_path, {"main": folder})
    assert _solve(reader, _problems("b")) == expected
    assert reader.kept is not None


def test_what_is_not_within_reach_is_read_from_the_channel(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a", "1.0", "b"), record("b"), record("c", "3.0")]})
    for _ in range(2):
        reader = _reader(tmp_path, {"main": folder})
        asked = _problems("a")
        _solve(reader, asked)
        assert conda_versions(reader, asked[0], ["a", "b", "c"]) == {"a": ("1.0",), "b": ("1.0",), "c": ("3.0",)}
        (found,) = conda_records(reader, asked[0], ["c"])["c"]
        assert found.url == f"{MAIN}/linux-64/c-3.0-0.conda"
    places = [source for asks in ("a", "c") for source in reader.sources(asked[0], [asks])]
    assert [isinstance(p, Channel) and "/within-reach/" in p.base_url for p in places] == [True, False]


# ------------------------------------------------------------------------------------------------ what is not kept


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    """Size and time of the other are the same."""
    for version in ("1.0", "2.0"):
        path = write_channel(tmp_path / "new", {"noarch": [record("a", version)]}) / "noarch" / "repodata.json"
        os.utime(path, ns=(10**18, 10**18))
        folder = write_channel(tmp_path / "main", {"linux-64": [], "osx-arm64": [], "noarch": []})
        path.replace(folder / "noarch" / "repodata.json")
        for _ in range(2):
            (answer,) = solve_all(_reader(tmp_path, {"main": folder}), [problem("a")])
            assert names(answer) == [f"a {version} 0"]


def test_a_file_that_is_written_again_in_place_is_read_again(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"noarch": [record("a", "1.0")]})
    path = folder / "noarch" / "repodata.json"
    for version in ("1.0", "2.0"):
        path.write_text(path.read_text().replace("1.0", version))
        os.utime(path, ns=(10**18, 10**18))
        for _ in range(2):
            assert names(solve_all(_reader(tmp_path, {"main": folder}), [problem("a")])[0]) == [f"a {version} 0"]


def test_other_names_are_another_entry(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a"), record("b")]})
    assert names(solve_all(_reader(tmp_path, {"main": folder}), [problem("a")])[0]) == ["a 1.0 0"]
    assert names(solve_all(_reader(tmp_path, {"main": folder}), [problem("b")])[0]) == ["b 1.0 0"]
    assert len(_entries(tmp_path)) == 2


def _with_base_url(folder: Path) -> None:
    path = folder / "linux-64" / "repodata.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"info": {"subdir": "linux-64", "base_url": "https://files.example.org/x/"}}))


def test_records_that_lie_elsewhere_are_not_kept(tmp_path: Path) -> None:
    """CEP 15: an entry has no place for the URL of a record."""
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a")]})
    _with_base_url(folder)
    for _ in range(2):
        (answer,) = solve_all(_reader(tmp_path, {"main": folder}), [problem("a")])
        assert isinstance(answer, CondaSolution)
        assert [r.url for r in answer.records] == ["https://files.example.org/x/a-1.0-0.conda"]
    assert _entries(tmp_path) == []


@pytest.mark.parametrize("limit", ["_LEAST_BYTES", "_SETTLED"])
def test_what_is_small_or_was_just_written_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(reach, limit, 1_000_000)
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a")]})
    _solve(_reader(tmp_path, {"main": folder}), _problems("a"))
    assert _entries(tmp_path) == []


def test_a_channel_that_is_compared_is_read_under_its_own_url(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a")]})
    assert names(solve_all(_reader(tmp_path, {"main": folder}), [problem(f"{MAIN}::a")])[0]) == ["a 1.0 0"]
    assert _entries(tmp_path) == []


def test_no_solution_is_told_alike(tmp_path: Path) -> None:
    rows = [record("a", "1.0", "b >=2"), record("a", "2.0", "b >=3"), record("b", "1.0"), record("stranger")]
    folder = write_channel(tmp_path / "main", {"linux-64": rows})
    answers = [solve_all(_reader(tmp_path, {"main": folder}), [problem("a", "b")])[0] for _ in range(2)]
    assert all(isinstance(answer, CondaUnsolvable) for answer in answers)
    assert answers[0] == answers[1]
    assert spec("a", 1) in answers[0].core if isinstance(answers[0], CondaUnsolvable) else False


# ------------------------------------------------------------------------------------------------- damage and company


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A folder, and the entry that was made of it."""
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a", "1.0", "b"), record("b"), record("b", "2.0")]})
    _solve(_reader(tmp_path, {"main": folder}), _problems("a"))
    (entry,) = _entries(tmp_path)
    yield folder, entry


@pytest.mark.parametrize("file", ["index", "0/linux-64/repodata.json", "0/noarch/repodata.json"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_entry_is_made_again(tmp_path: Path, kept: tuple[Path, Path], file: str, damage: str) -> None:
    folder, entry = kept
    expected = {path.relative_to(entry): path.read_bytes() for path in entry.rglob("*") if path.is_file()}
    content = (entry / file).read_bytes()
    if damage == "gone":
        (entry / file).unlink()
    else:
        # another version of the record, or of the evidence, that would be read without complaint
        (entry / file).write_bytes(content[:-1] if damage == "cut" else content.replace(b"b", b"c", 1))
    reader = _reader(tmp_path, {"main": folder})
    assert names(solve_all(reader, _problems("a"))[0]) == ["a 1.0 0", "b 2.0 0"]
    assert reader.kept is None
    assert {path.relative_to(entry): path.read_bytes() for path in entry.rglob("*") if path.is_file()} == expected


def test_many_at_once(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", _universe(random.Random(1)))
    expected = _solve(_reader(tmp_path / "elsewhere", {"main": folder}), _problems("p0", "p1"))

    def solve(_: int) -> list[tuple[Any, ...]]:
        return _solve(_reader(tmp_path, {"main": folder}), _problems("p0", "p1"))

    with ThreadPoolExecutor(max_workers=8) as executor:
        assert list(executor.map(solve, range(16))) == [expected] * 16
    assert len(_entries(tmp_path)) == 1


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "main", {"linux-64": [record("a")]})
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "within-reach").write_text("a file")
    assert names(solve_all(_reader(tmp_path, {"main": folder}), [problem("a")])[0]) == ["a 1.0 0"]


def test_the_entries_that_were_used_longest_ago_are_forgotten(tmp_path: Path, kept: tuple[Path, Path]) -> None:
    folder, entry = kept
    now = time.time()
    others = [entry.with_name(f"{number:02}") for number in range(30)]
    for age, other in enumerate(others):
        other.mkdir()
        os.utime(other, (now - 60 * age,) * 2 if age < 20 else (now - 86_400 * age,) * 2)
    _solve(_reader(tmp_path, {"main": folder}), _problems("b"))
    left = _entries(tmp_path)
    assert entry in left
    assert others[:20] == [other for other in others if other in left], "what is in use, and nothing older"
