"""Are the conda rows of one platform a solution? Decided from the repodata by MatchSpec, one dependency at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from resolver.names import NamesMap
from tests.real.asked import Requests
from tests.real.lockfiles import Row
from tests.real.projects import CHANNEL
from tests.real.sample import records
from tests.real.targets import VIRTUAL

__all__ = ["conda_problems", "provided_projects", "record_of"]

_PYPI_PURL = re.compile(r"pkg:pypi/([^@?#]+)")


def conda_problems(rows: Iterable[Row], platform: str, requests: Requests) -> list[str]:
    """What is wrong, as sentences; an empty list for a solution with nothing in it that nobody needs."""
    conda = {row.name: row for row in rows if row.manager == "conda"}
    problems = [problem for row in conda.values() for problem in _not_as_in_the_channel(row, platform)]
    if problems:
        return problems
    found = {name: record_of(row) for name, row in conda.items()}
    packages = {name: _package(record) for name, record in found.items()} | _virtual(platform)
    for spec in requests.conda:
        problems.extend(_unmet("the manifest", spec, packages))
    for name, record in found.items():
        for depend in record["depends"]:
            problems.extend(_unmet(name, MatchSpec(depend), packages))
        for constraint in record.get("constrains", ()):
            spec = MatchSpec(constraint)
            if _name(spec) in packages:
                problems.extend(_unmet(f"{name} (constrains)", spec, packages))
    unneeded = sorted(set(found) - _reached(found, requests))
    return problems + [f"nothing needs {name}" for name in unneeded]


def record_of(row: Row) -> dict[str, Any]:
    return records(row.url.split("/")[-2])[row.file_name]


def provided_projects(row: Row) -> frozenset[str]:
    """The PyPI projects in a conda package: what its record says by purls, and what the names map says."""
    record = record_of(row)
    purls = {match[1] for purl in record.get("purls") or () if (match := _PYPI_PURL.match(purl))}
    noarch = record.get("noarch")
    mapped = NamesMap.load().provides(row.name, depends=record["depends"], noarch=noarch if noarch else None)
    return frozenset({*purls, *mapped})


def _not_as_in_the_channel(row: Row, platform: str) -> Iterator[str]:
    subdir = row.url.removeprefix(f"{CHANNEL}/").partition("/")[0]
    if subdir not in (platform, "noarch"):
        yield f"{row.url} is not of {platform}"
        return
    record = records(subdir).get(row.file_name)
    if record is None:
        yield f"{row.url} is not in the channel"
    elif (record["name"], record["version"], record.get("sha256")) != (row.name, row.version, row.sha256):
        yield f"{row.url} has another name, version or hash in the channel"


def _package(record: Mapping[str, Any]) -> PackageRecord:
    return PackageRecord(
        name=record["name"],
        version=record["version"],
        build=BuildString(record["build"]),
        build_number=record["build_number"],
        subdir=record["subdir"],
    )


def _virtual(platform: str) -> dict[str, PackageRecord]:
    return {
        name: _package(
            {"name": name, "version": version, "build": _build(name, platform), "build_number": 0, "subdir": platform}
        )
        for name, version in VIRTUAL[platform].items()
    }


def _build(name: str, platform: str) -> str:
    return ("x86_64" if platform == "linux-64" else "arm64") if name == "__archspec" else "0"


def _unmet(who: str, spec: MatchSpec, packages: Mapping[str, PackageRecord]) -> Iterator[str]:
    package = packages.get(_name(spec))
    if package is None:
        yield f"{who} needs {spec}, which is not locked"
    elif not spec.matches(package):
        yield f"{who} needs {spec}, and {package.version} {package.build} is locked"


def _reached(found: Mapping[str, Mapping[str, Any]], requests: Requests) -> set[str]:
    reached: set[str] = set()
    waiting = [_name(spec) for spec in requests.conda]
    while waiting:
        name = waiting.pop()
        if name in found and name not in reached:
            reached.add(name)
            waiting.extend(_name(MatchSpec(depend)) for depend in found[name]["depends"])
    return reached


def _name(spec: MatchSpec) -> str:
    assert spec.name is not None, spec
    return str(spec.name.normalized)
