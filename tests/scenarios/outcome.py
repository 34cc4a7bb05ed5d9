"""What a scenario asks, written as the files that people write, locked, and told in the words of an expectation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from resolver.environment import Environment
from resolver.errors import NoSolution
from resolver.locking import lock
from resolver.manifests import read_manifests
from resolver.model import MAIN, Lock, LockedPackage
from resolver.session import Session
from resolver.settings import Settings
from tests.scenarios.scenario import Requests, Scenario
from tests.scenarios.world import CHANNELS, INDEX, PRIVATE, World, default_file

__all__ = ["Outcome", "environment_of", "outcome_of"]

Outcome = dict[str, tuple[str, ...]] | tuple[str, str | None]
"""The sorted lines of each platform's lock, or the message of the refusal and its hint."""

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def outcome_of(scenario: Scenario, world: World, session: Session, folder: Path) -> Outcome:
    """Solve the scenario. ``folder`` is made for the manifests. Errors other than ``NoSolution`` are raised."""
    environment = environment_of(scenario, world, folder)
    try:
        found = lock(environment, session=session, now=_NOW)
    except NoSolution as error:
        return error.message, error.hint
    return _told(found)


def environment_of(scenario: Scenario, world: World, folder: Path) -> Environment:
    """The environment that the scenario's files declare; ``folder`` is made for them."""
    request = scenario.request
    folder.mkdir()
    sources = _write_manifests(request, world, folder)
    settings = Settings(
        platforms=request.platforms,
        channels=tuple(CHANNELS[c] for c in request.channels if c == "main" or scenario.other is not None),
        python=request.python,
        exclude_newer=request.cut_off,
        repodata_filters=request.repodata_filters,
        index_url=INDEX,
        extra_index_urls=() if scenario.private is None else (PRIVATE,),
        virtual_packages=tuple(
            (subdir, tuple((name, version or None) for name, version in found.items()))
            for subdir, found in request.virtual.items()
        ),
        names=tuple(request.names.items()),
    )
    return Environment(spec=read_manifests(sources, root=folder), settings=settings, directory=folder)


def _write_manifests(request: Requests, world: World, folder: Path) -> list[str]:
    """``environment.yml`` with its first spec on line 2, ``environment-GROUP.yml``, ``requirements.txt``,
    ``constraints.txt``."""
    texts: dict[str, list[str]] = {}
    if request.conda:
        texts["environment.yml"] = ["dependencies:", *(f"  - {spec}" for spec in request.conda)]
    for group, asked in request.groups.items():
        pip = ["  - pip:", *(f"      - {world.with_hashes(line)}" for line in asked.pip)] if asked.pip else []
        specs = [f"  - {spec}" for spec in asked.conda]
        texts[f"environment-{group}.yml"] = ["dependencies:", *specs, *pip, f"category: {group}"]
    if request.pip or request.constraints or request.prereleases:
        options = ["-c constraints.txt"] * bool(request.constraints) + ["--pre"] * request.prereleases
        texts["requirements.txt"] = [*map(world.with_hashes, request.pip), *options]
    for name, lines in texts.items():
        (folder / name).write_text("\n".join(lines) + "\n")
    if request.constraints:
        (folder / "constraints.txt").write_text("\n".join(map(world.with_hashes, request.constraints)) + "\n")
    return list(texts)


def _told(found: Lock) -> Outcome:
    return {p.platform: tuple(sorted(_line(package) for package in p.packages)) for p in found.platforms}


def _line(package: LockedPackage) -> str:
    words = [package.kind, package.name, package.version]
    if package.kind == "conda":
        words += [str(package.build)]
        words += ["from other"] if package.url.startswith(CHANNELS["other"]) else []
        words += ["as noarch"] if package.subdir == "noarch" else []
    elif package.kind == "pypi":
        is_default = package.file_name == default_file(package.name, package.version)
        words += [] if is_default else [str(package.file_name)]
        words += [] if package.url.startswith(INDEX.removesuffix("simple/")) else ["from private"]
    groups = ", ".join(package.groups)
    return " ".join(words) + ("" if groups == MAIN else f" in {groups}")
