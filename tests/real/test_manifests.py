"""Manifests as people write them, locked from the sample of conda-forge and the real PyPI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resolver.indexes import Index
from resolver.session import Session
from tests.real.asked import read_requests
from tests.real.conda_checker import conda_problems
from tests.real.lockfiles import Row, evidence, read_rows, rows_by_platform
from tests.real.projects import MANIFESTS, Locked, Workshop, run_samebox
from tests.real.pypi_checker import PypiCheck, locked_twice
from tests.real.sample import records

pytestmark = [pytest.mark.sample, pytest.mark.network]


@pytest.fixture(params=MANIFESTS)
def locked(request: pytest.FixtureRequest, workshop: Workshop) -> Locked:
    locked = workshop.locked(request.param)
    assert locked.done.code == 0, locked.done.stderr
    return locked


@pytest.fixture
def index(workshop: Workshop, real_index: str) -> Iterator[Index]:
    with Session(cache=workshop.cache) as session:
        yield session.index(real_index)


def test_every_manifest_is_tried() -> None:
    folders = Path(__file__).parents[2] / "fixtures" / "manifests"
    assert sorted(MANIFESTS) == sorted(path.name for path in folders.iterdir() if path.is_dir())


def test_every_platform_is_locked_and_every_package_has_a_sha256(locked: Locked) -> None:
    rows = read_rows(locked.lockfile)
    assert tuple(sorted({row.platform for row in rows})) == locked.platforms
    assert [row.name for row in rows if not re.fullmatch("[0-9a-f]{64}", row.sha256)] == []
    assert [row.url for row in rows if not row.url.startswith("https://")] == []
    assert {row.category for row in rows} == {"main"}


def test_every_request_and_every_dependency_is_met_and_nothing_else_is_locked(locked: Locked, index: Index) -> None:
    requests = read_requests(locked.folder)
    for platform, rows in rows_by_platform(locked.lockfile).items():
        assert conda_problems(rows, platform, requests) == []
        check = PypiCheck(rows=rows, platform=platform, python=_python(locked, platform, rows), index=index)
        assert check.run(requests) == []


def test_no_project_is_locked_twice(locked: Locked) -> None:
    for platform, rows in rows_by_platform(locked.lockfile).items():
        assert locked_twice(rows) == []
        keys = [(row.manager, row.name) for row in rows]
        assert sorted(set(keys)) == sorted(keys), platform


def test_the_lock_is_fresh_until_its_manifest_asks_for_more(locked: Locked, tmp_path: Path) -> None:
    platforms = _platform_options(locked)
    copy = locked.copy_to(tmp_path / "copy")
    fresh = copy.samebox("check", *platforms)
    assert (fresh.code, fresh.stdout) == (0, "fresh\n"), fresh.stderr
    manifest = next(
        copy.folder / name for name in ("environment.yml", "requirements.in") if (copy.folder / name).exists()
    )
    text = manifest.read_text()
    more = text.replace("dependencies:\n", "dependencies:\n  - zlib >=1.2\n  - nowhere-at-all\n")
    manifest.write_text(more if more != text else text + "\nnowhere-at-all\n")
    stale = copy.samebox("check", *platforms)
    assert (stale.code, stale.stdout) == (1, "stale\n")
    assert "nowhere-at-all is asked for and not locked" in stale.stderr


def test_locking_again_elsewhere_without_a_network_gives_the_same_bytes(locked: Locked, tmp_path: Path) -> None:
    copy = locked.copy_to(tmp_path / "elsewhere")
    copy.lockfile.unlink()
    again = copy.samebox("lock", "--offline", *_platform_options(locked), PYTHONHASHSEED="4242", TZ="Asia/Tokyo")
    assert again.code == 0, again.stderr
    assert copy.lockfile.read_bytes() == locked.lockfile.read_bytes()


def test_the_digest_is_that_of_the_packages_alone(locked: Locked, tmp_path: Path) -> None:
    copy = locked.copy_to(tmp_path / "copy")
    head, rows = copy.lockfile.read_text().split("package:\n")
    evidence_dropped = re.sub(r"^    samebox\..*\n", "", head, flags=re.MULTILINE).replace("  custom_metadata:\n", "")
    turned = "".join(reversed(re.split(r"^(?=- name:)", rows, flags=re.MULTILINE)))
    copy.lockfile.write_text(f"{evidence_dropped}package:\n{turned}")
    same = copy.samebox("digest", "conda-lock.yml", PYTHONHASHSEED="7")
    assert (same.code, same.stdout) == (0, locked.done.stdout)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}\n", same.stdout)
    other = turned.replace(read_rows(locked.lockfile)[0].sha256, "0" * 64)
    copy.lockfile.write_text(f"{evidence_dropped}package:\n{other}")
    assert copy.samebox("digest", "conda-lock.yml").stdout != same.stdout


def test_what_the_sample_lacks_is_told_by_name(workshop: Workshop, tmp_path: Path) -> None:
    """On osx-arm64 the sample has r-irkernel up to R 4.4, and the r-dplyr that r-tidyverse needs from R 4.5 on: no R
    fits both. (conda-forge itself has more builds of either.)"""
    here = [*records("osx-arm64").values(), *records("noarch").values()]
    assert _r_bases(here, "r-irkernel") == {">=4.2,<4.3.0a0", ">=4.3,<4.4.0a0", ">=4.4,<4.5.0a0"}
    assert _r_bases(here, "r-dplyr") == {">=4.5,<4.6.0a0"}
    folder = workshop.project("r-and-python", tmp_path / "both")
    done = run_samebox(folder, workshop.cache, "lock")
    assert done.code == 2
    assert done.stdout == ""
    assert "no solution for osx-arm64" in done.stderr
    assert "linux-64" not in done.stderr
    assert "environment.yml:9 asks for r-irkernel" in done.stderr
    assert not (folder / "conda-lock.yml").exists()


def _python(locked: Locked, platform: str, rows: tuple[Row, ...]) -> str:
    conda = [row.version for row in rows if row.manager == "conda" and row.name == "python"]
    return conda[0] if conda else str(dict(evidence(locked.lockfile, "pythons"))[platform])


def _platform_options(locked: Locked) -> list[str]:
    return [argument for platform in locked.platforms for argument in ("--platform", platform)]


def _r_bases(found: list[dict[str, Any]], name: str) -> set[str]:
    depends = (d for record in found if record["name"] == name for d in record["depends"])
    return {d.removeprefix("r-base ") for d in depends if d.startswith("r-base ")}
