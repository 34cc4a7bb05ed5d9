"""``matches`` and ``constraint_matches`` say what py-rattler's own MatchSpec says of the same record."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

import pytest
from rattler import Gateway, MatchSpec, RepoDataRecord, SparseRepoData

from fixtures import make_channel
from resolver.conda import constraint_matches, matches
from resolver.conda.channels import Channels
from resolver.conda.records import from_rattler
from resolver.conda.specs import match_spec, parse_constraint
from resolver.errors import LockFormatError
from resolver.mirrors import Mirrors
from resolver.model import CondaSpec, LockedPackage, Origin
from tests.conda.worlds import problem, spec

_SAMPLE = Path(make_channel.__file__).parent.parent.parent / "shared" / "conda-forge-sample"


def _records(tmp_path: Path, url: str, folder: Path, names: list[str]) -> list[RepoDataRecord]:
    reader = Channels(cache=tmp_path / "cache", mirrors=Mirrors(((url, str(folder)),)))
    asked = problem(f"{url}::python", urls=(url,))  # a spec that names its channel: records have their canonical URLs
    sources = [source for source in reader.sources(asked) if isinstance(source, SparseRepoData)]
    names = names or [name for source in sources for name in source.package_names()]

    async def query() -> list[list[RepoDataRecord]]:
        specs = [MatchSpec(name) for name in names]
        return await Gateway().query(sources, ["linux-64", "noarch"], specs, recursive=False)  # type: ignore[arg-type]

    return [record for records in asyncio.run(query()) for record in records]


def _locked(record: RepoDataRecord) -> LockedPackage:
    ours = from_rattler(record, url=record.url)
    return LockedPackage(
        kind="conda",
        name=ours.name,
        version=ours.version,
        build=ours.build,
        subdir=ours.subdir,
        file_name=ours.file_name,
        url=ours.url,
        sha256=ours.sha256,
        md5=ours.md5,
    )


_SPECS = [
    "greeter",
    "greeter >=1.1",
    "greeter 1.0.0",
    "greeter=1",
    "greeter=1.2",
    "greeter =1.*",
    "greeter !=1.2.0",
    "greeter ~=1.0",
    "greeter <1.2|>2",
    "greeter 1.2.0 pyh0_0",
    "greeter * pyh*",
    "greeter * *_1",
    "python-lantern >=1!1.0",
    "python-lantern >=2",
    "python >=3.11",
    "python 3.11.*",
    "number-kernel 2024a",
    "number-kernel >=2023b",
    "number-kernel * cuda*",
    "number-kernel * *plain*",
    "number-kernel[version='2024a',build='plain_0']",
    "libhello 1.0.0",
    "libhello ==1.1",
    "greetings-data >1,<3",
]


def test_a_spec_matches_what_rattler_says_it_matches(tmp_path: Path, fixture_channel: Path) -> None:
    records = _records(tmp_path, make_channel.CHANNEL, fixture_channel, [])
    assert len(records) > 10
    found = {(text, record.url): matches(spec(text), _locked(record)) for text in _SPECS for record in records}
    expected = {(text, record.url): match_spec(spec(text)).matches(record) for text in _SPECS for record in records}
    assert {pair for pair in found if found[pair] != expected[pair]} == set()
    assert len({text for (text, _), answer in expected.items() if answer}) >= 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("libhello[subdir=linux-64]", True),
        ("libhello[subdir=osx-64]", False),
        (f"{make_channel.CHANNEL}::libhello", True),
        (f"{make_channel.CHANNEL}/::libhello", True),
        (f"{make_channel.GOLDEN}::libhello", False),
        ("https://conda.example.org/samebox::libhello", False),
        ("conda-forge::libhello", False),
    ],
)
def test_subdir_and_channel_which_rattler_leaves_to_the_solver(
    tmp_path: Path, fixture_channel: Path, text: str, expected: bool
) -> None:
    records = _records(tmp_path, make_channel.CHANNEL, fixture_channel, ["libhello"])
    assert {matches(spec(text), _locked(record)) for record in records} == {expected}


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_spec_with_a_hash(tmp_path: Path, fixture_channel: Path, algorithm: str) -> None:
    one, other = (_locked(r) for r in _records(tmp_path, make_channel.CHANNEL, fixture_channel, ["greeter"]))
    wanted = CondaSpec(name="greeter", origin=Origin(source="x"), **{algorithm: getattr(one, algorithm)})
    assert (matches(wanted, one), matches(wanted, other)) == (True, False)


_OF_THE_SAMPLE = ["python", "numpy", "pandas", "openssl", "libblas", "pytorch", "r-base", "pip", "zlib", "libstdcxx"]


@pytest.mark.sample
@pytest.mark.skipif(not _SAMPLE.exists(), reason="the conda-forge sample is not beside the repository")
def test_constraints_of_real_records_match_what_rattler_says(tmp_path: Path) -> None:
    pick = random.Random(1)
    url = "https://conda.anaconda.org/conda-forge"
    records = _records(tmp_path, url, _SAMPLE, _OF_THE_SAMPLE)
    by_name: dict[str, list[RepoDataRecord]] = {}
    for record in records:
        by_name.setdefault(record.name.normalized, []).append(record)
    depends = sorted({d for r in records for d in r.depends if re.split(r"[ <>=]", d)[0] in by_name})
    wrong, agreed = [], 0
    for depend in pick.choices(depends, k=500):
        name, _, constraint = depend.partition(" ")
        record = pick.choice(by_name[name])
        expected = MatchSpec(depend).matches(record)
        if constraint_matches(constraint, _locked(record)) != expected:
            wrong.append((depend, str(record)))
        agreed += expected
    assert wrong == []
    assert 50 < agreed < 450


def _package(version: str, build: str | None = "py312_0") -> LockedPackage:
    return LockedPackage(kind="conda", name="a", version=version, build=build, url="https://c.example.org/x/noarch/a")


@pytest.mark.parametrize(
    ("constraint", "version", "expected"),
    [
        ("", "1.0", True),
        ("*", "1.0", True),
        (">=1.2,<2.0a0", "1.2", True),
        (">=1.2,<2.0a0", "2.0", False),
        ("1.2.*", "1.2.9", True),
        ("1.2.*", "1.20", False),
        ("1.2", "1.2.0", True),
        ("* py312*", "1", True),
        ("* *_cpython", "1", False),
        (">=1 py312_0", "1", True),
        ("* ^py3(11|12)_.*$", "1", True),
        ("* ^py3(10|11)_.*$", "1", False),
    ],
)
def test_constraints(constraint: str, version: str, expected: bool) -> None:
    assert constraint_matches(constraint, _package(version)) is expected


def test_a_package_without_build_matches_no_build() -> None:
    assert constraint_matches("* *", _package("1", None))
    assert not constraint_matches("* py*", _package("1", None))


def test_the_parts_of_a_constraint() -> None:
    assert parse_constraint(">=1,<2 py*") == (">=1,<2", "py*")
    assert parse_constraint("* *") == parse_constraint("") == (None, None)


def test_a_wheel_or_another_name_matches_no_conda_spec() -> None:
    wheel = LockedPackage(kind="pypi", name="a", version="1", url="https://f.example.org/a-1-py3-none-any.whl")
    assert not matches(spec("a"), wheel)
    assert not matches(spec("b"), _package("1"))


@pytest.mark.parametrize(
    ("constraint", "version", "message"),
    [
        (">=1><2", "1.0", "not a conda version spec: '>=1><2'"),
        (">=1", "one point oh", "not a conda version: 'one point oh'"),
    ],
)
def test_what_is_no_version(constraint: str, version: str, message: str) -> None:
    with pytest.raises(LockFormatError, match=re.escape(message)):
        constraint_matches(constraint, _package(version))
