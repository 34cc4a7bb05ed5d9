"""One solve over both worlds, on real records and wheels: what wheels need moves what conda chose, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.indexes import Index
from resolver.session import Session
from tests.real.asked import read_requests
from tests.real.conda_checker import conda_problems
from tests.real.lockfiles import Row, read_rows
from tests.real.projects import SAMPLE, Workshop, run_samebox
from tests.real.pypi_checker import PypiCheck, locked_twice
from tests.real.sample import records

pytestmark = [pytest.mark.sample, pytest.mark.network]

_PLATFORM = "linux-64"
_CUT_OFF = "2026-11-01T00:00:00Z"
"""The sample is older; some of its records have no time. What the index gets later changes nothing here."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """``newest`` says of conda packages which versions would do: the newest of these is to be locked, for the minor
    version ``python``. ``wheels`` are the exact versions of some projects."""

    about: str
    conda: tuple[str, ...]
    pip: tuple[str, ...]
    python: str
    newest: Mapping[str, str]
    wheels: Mapping[str, str] = field(default_factory=dict)


_CASES = (
    Case(
        about="conda steps back to the newest numpy that numba takes, and scipy need not",
        conda=("python=3.11", "numpy", "scipy"),
        pip=("numba==0.58.1",),
        python="3.11",
        newest={"numpy": ">=1.22,<1.27", "scipy": ""},
        wheels={"numba": "0.58.1", "llvmlite": "0.41.1"},
    ),
    Case(
        about="python itself moves",
        conda=("python", "numpy"),
        pip=("numba==0.58.1",),
        python="3.11",
        newest={"python": "<3.12", "numpy": ">=1.22,<1.27"},
        wheels={"numba": "0.58.1"},
    ),
    Case(
        about="two minor versions of python would do, each in its way: the newer one, by the newer numba",
        conda=("python", "numpy"),
        pip=("numba>=0.58,<0.60",),
        python="3.12",
        newest={"python": "<3.13", "numpy": ">=1.22,<1.27"},
        wheels={"numba": "0.59.1"},
    ),
    Case(
        about="a chain of two steps: librosa needs numba, and that an older numpy",
        conda=("python=3.11", "numpy"),
        pip=("librosa==0.10.1", "numba<0.59"),
        python="3.11",
        newest={"numpy": ">=1.22,<1.27"},
        wheels={"librosa": "0.10.1", "numba": "0.58.1"},
    ),
)


def _locked(case: Case, workshop: Workshop, folder: Path) -> tuple[Row, ...]:
    _write(folder, case.conda, case.pip)
    done = run_samebox(
        folder, workshop.cache, "lock", "-p", _PLATFORM, "--exclude-newer", _CUT_OFF, "--missing-time", "take"
    )
    assert done.code == 0, done.stderr
    return read_rows(folder / "conda-lock.yml")


def _write(folder: Path, conda: tuple[str, ...], pip: tuple[str, ...]) -> None:
    lines = [*(f"  - {spec}\n" for spec in conda), *(("  - pip:\n",) if pip else ()), *(f"      - {p}\n" for p in pip)]
    head = "name: seam\nchannels: [conda-forge]\ndependencies:\n"
    (folder / "environment.yml").write_text(f"{head}{''.join(lines)}")
    (folder / "samebox.toml").write_text(f'[mirrors]\nconda-forge = "{SAMPLE.as_posix()}"\n')


def _versions(rows: tuple[Row, ...], manager: str) -> dict[str, str]:
    return {row.name: row.version for row in rows if row.manager == manager}


def _newest(name: str, allowed: str, python: str) -> str:
    """The newest version in the sample that is allowed, built for this minor version of python or for any."""
    found = []
    for record in (*records(_PLATFORM).values(), *records("noarch").values()):
        if record["name"] != name or Version(record["version"]) not in SpecifierSet(allowed):
            continue
        abi = [re.match(r"python_abi (\d+\.\d+)", depend) for depend in record["depends"]]
        if all(match is None or match[1] == python for match in abi):
            found.append(record["version"])
    return str(max(found, key=Version))


def _check(rows: tuple[Row, ...], folder: Path, index: Index) -> None:
    requests = read_requests(folder)
    python = _versions(rows, "conda")["python"]
    assert conda_problems(rows, _PLATFORM, requests) == []
    assert PypiCheck(rows=rows, platform=_PLATFORM, python=python, index=index).run(requests) == []
    assert locked_twice(rows) == []


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.about)
def test_the_seam(case: Case, workshop: Workshop, real_index: str, tmp_path: Path) -> None:
    rows = _locked(case, workshop, tmp_path)
    conda, wheels = _versions(rows, "conda"), _versions(rows, "pip")
    assert ".".join(conda["python"].split(".")[:2]) == case.python
    assert {name: conda[name] for name in case.newest} == {
        name: _newest(name, allowed, case.python) for name, allowed in case.newest.items()
    }
    assert {name: wheels[name] for name in case.wheels} == case.wheels
    with Session(cache=workshop.cache) as session:
        _check(rows, tmp_path, session.index(real_index))


def test_a_request_is_not_answered_by_an_old_release_because_conda_came_first(
    workshop: Workshop, real_index: str, tmp_path: Path
) -> None:
    """ydata-profiling has an upper bound for pandas, and its first releases have none: these would do with the newest
    pandas, and are not what anybody wants. Its newest release is locked, and pandas steps back."""
    case = Case(about="", conda=("python=3.12", "pandas"), pip=("ydata-profiling",), python="3.12", newest={})
    rows = _locked(case, workshop, tmp_path)
    conda, wheels = _versions(rows, "conda"), _versions(rows, "pip")
    with Session(cache=workshop.cache) as session:
        index = session.index(real_index)
        _check(rows, tmp_path, index)
        page = index.page("ydata-profiling")
        assert page is not None
        wheels_there = [f for f in page.files if f.filename.endswith("-none-any.whl") and f.yanked is None]
        fitting = [f for f in wheels_there if conda["python"] in SpecifierSet(f.requires_python or "")]
        in_time = [f for f in fitting if f.upload_time is not None and f.upload_time < _CUT_OFF]
        newest = max(in_time, key=lambda file: Version(file.filename.split("-")[1]))
        assert wheels["ydata-profiling"] == newest.filename.split("-")[1]
        needs = [Requirement(text) for text in index.metadata(newest).requires_dist]
    (bound,) = [str(need.specifier) for need in needs if need.name == "pandas" and need.marker is None]
    assert Version(_newest("pandas", "", "3.12")) not in SpecifierSet(bound)
    assert conda["pandas"] == _newest("pandas", bound, "3.12")


def test_a_contradiction_is_told_in_a_few_lines_with_both_files(workshop: Workshop, tmp_path: Path) -> None:
    _write(tmp_path, ("python=3.11", "numpy >=2"), ())
    (tmp_path / "requirements.in").write_text("# compiled functions\nnumba==0.58.1\n")
    files = ("-f", "environment.yml", "-f", "requirements.in")
    done = run_samebox(tmp_path, workshop.cache, "lock", "-p", _PLATFORM, *files)
    assert (done.code, done.stdout) == (2, "")
    told = [line for line in done.stderr.splitlines() if not line.endswith("…")]
    assert len(told) < 10
    assert "environment.yml:5 asks for numpy >=2" in done.stderr
    assert "requirements.in:2 asks for numba==0.58.1" in done.stderr
    assert "numba 0.58.1 needs numpy<1.27,>=1.22" in done.stderr
    assert not (tmp_path / "conda-lock.yml").exists()
