"""The checkers of this folder see what is wrong: a lock is spoiled in one way at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from resolver.indexes import Index
from resolver.session import Session
from tests.real.asked import Requests, read_requests
from tests.real.conda_checker import conda_problems
from tests.real.lockfiles import Row, rows_by_platform
from tests.real.projects import Locked, Workshop
from tests.real.pypi_checker import PypiCheck, locked_twice

pytestmark = [pytest.mark.sample, pytest.mark.network]


@pytest.fixture
def locked(workshop: Workshop) -> Locked:
    locked = workshop.locked("web-service")
    assert locked.done.code == 0, locked.done.stderr
    return locked


@pytest.fixture
def rows(locked: Locked) -> tuple[Row, ...]:
    return rows_by_platform(locked.lockfile)["linux-64"]


@pytest.fixture
def requests(locked: Locked) -> Requests:
    return read_requests(locked.folder)


@pytest.fixture
def index(workshop: Workshop, real_index: str) -> Iterator[Index]:
    with Session(cache=workshop.cache) as session:
        yield session.index(real_index)


def test_a_conda_package_too_few_and_one_too_many(
    rows: tuple[Row, ...], requests: Requests, workshop: Workshop
) -> None:
    problems = conda_problems(_without(rows, "openssl"), "linux-64", requests)
    assert [p for p in problems if p.startswith("python needs openssl")] != []
    other = rows_by_platform(workshop.locked("notebooks").lockfile)["linux-64"]
    (seaborn,) = (row for row in other if row.name == "seaborn")
    assert "nothing needs seaborn" in conda_problems((*rows, seaborn), "linux-64", requests)


def test_a_conda_package_of_another_platform_or_with_another_hash(rows: tuple[Row, ...], requests: Requests) -> None:
    (openssl,) = (row for row in rows if row.name == "openssl")
    foreign = replace(openssl, url=openssl.url.replace("/linux-64/", "/osx-arm64/"))
    assert conda_problems([foreign], "linux-64", requests) == [f"{foreign.url} is not of linux-64"]
    changed = replace(openssl, sha256="0" * 64)
    assert conda_problems([changed], "linux-64", requests) == [
        f"{changed.url} has another name, version or hash in the channel"
    ]


def test_another_version_than_is_asked_for(
    rows: tuple[Row, ...], requests: Requests, workshop: Workshop, index: Index
) -> None:
    notebooks = rows_by_platform(workshop.locked("notebooks").lockfile)["linux-64"]
    (python,) = (row for row in notebooks if row.name == "python")
    problems = conda_problems((*_without(rows, "python"), python), "linux-64", requests)
    assert f"the manifest needs python 3.12.*, and {python.version}" in " ".join(problems)
    (fastapi,) = (row for row in rows if row.name == "fastapi")
    problems = _check((*_without(rows, "fastapi"), replace(fastapi, version="0.110.0")), index).run(requests)
    assert f"{fastapi.file_name} is not fastapi 0.110.0" in problems
    assert "the manifest needs fastapi>=0.111, and 0.110.0 is locked" in problems


def test_a_wheel_too_few_and_one_for_another_platform(
    locked: Locked, rows: tuple[Row, ...], requests: Requests, index: Index
) -> None:
    """``h2`` is wanted by the extra ``http2`` of ``httpx`` alone."""
    problems = _check(_without(rows, "h2"), index).run(requests)
    assert [p.partition(" needs h2")[0] for p in problems if " needs h2" in p] == ["httpx[http2]"]
    (foreign,) = (row for row in rows_by_platform(locked.lockfile)["osx-arm64"] if row.name == "uvloop")
    problems = _check((*_without(rows, "uvloop"), foreign), index).run(requests)
    assert problems == [f"{foreign.file_name} is not for linux-64 with Python 3.12.0"]


def test_a_project_from_both_worlds(rows: tuple[Row, ...]) -> None:
    (pip,) = (row for row in rows if row.name == "pip")
    wheel = replace(pip, manager="pip")
    assert locked_twice(rows) == []
    assert locked_twice((*rows, wheel)) == ["pip: conda pip, pip pip"]


def _check(rows: tuple[Row, ...], index: Index) -> PypiCheck:
    return PypiCheck(rows=rows, platform="linux-64", python="3.12.0", index=index)


def _without(rows: tuple[Row, ...], name: str) -> tuple[Row, ...]:
    left = tuple(row for row in rows if row.name != name)
    assert len(left) == len(rows) - 1
    return left
