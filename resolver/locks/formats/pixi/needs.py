"""What a package of a pixi.lock needs: MatchSpecs and PEP 508 requirements ↔ (name, constraint) on one platform.

A wheel for every platform is one row there, and markers tell what it needs where. Ours are evaluated already, so a
need that is not everywhere gets the shortest marker that tells its platforms from the others of the same row. Markers
and bounds stand in the order in which pixi's own tools write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from resolver.locks.formats.distributions import Place
from resolver.locks.formats.pixi.rows import Row
from resolver.locks.formats.targets import Target
from resolver.model import LockedPackage
from resolver.platforms import Platform, PythonTarget, newest_python

__all__ = ["conda_needs", "match_specs", "pypi_needs", "requirements_on", "target_of", "written_needs"]

Needs = tuple[tuple[str, str], ...]

_CONDA_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z", re.ASCII)
_QUOTED = re.compile(r"""["']([^"']*)["']""")
_LONGEST = 65_536


# ------------------------------------------------------------------------------------------------- reading


def conda_needs(specs: Iterable[str]) -> Needs:
    """``python >=3.11,<3.12.0a0`` → ``("python", ">=3.11,<3.12.0a0")``, without virtual packages."""
    found = set()
    for spec in specs:
        name = _CONDA_NAME.match(spec)
        if name and not name[0].startswith("__"):
            found.add((name[0], spec[name.end() :].removeprefix(" ")))
    return tuple(sorted(found))


def pypi_needs(rows: Sequence[tuple[str, Row, Place]], target: Target) -> list[Needs]:
    """What each (project, row, place) needs on the target. An extra counts where another row of them asks for it; what
    the manifest asked for, a pixi.lock does not keep."""
    parsed = {name: [_requirement(text, place) for text in row.needs] for name, row, place in rows}
    gated = {name: _by_extra(requirements) for name, requirements in parsed.items()}
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in parsed}
    waiting = [(name, "") for name in parsed]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        for requirement in gated[name].get(extra, ()) if extra else parsed[name]:
            if not target.holds(str(requirement.marker or ""), extra=extra):
                continue
            project, constraint = _pair(requirement)
            found[name].add((project, constraint))
            steps = {(project, str(canonicalize_name(wanted))) for wanted in requirement.extras if project in parsed}
            waiting.extend(sorted(steps - seen))
            seen |= steps
    return [tuple(sorted(found[name])) for name, _, _ in rows]


def _by_extra(requirements: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    """The requirements whose markers name an extra, so that each extra looks at its own ones only."""
    found: dict[str, list[Requirement]] = {}
    for requirement in requirements:
        if requirement.marker is not None:
            for text in dict.fromkeys(_QUOTED.findall(str(requirement.marker))):
                found.setdefault(str(canonicalize_name(text)), []).append(requirement)
    return found


def _requirement(text: str, place: Place) -> Requirement:
    try:
        return Requirement(text if len(text) <= _LONGEST else "")
    except (InvalidRequirement, RecursionError) as error:
        raise place.below("requires_dist").error(f"not a requirement: {text[:200]!r}") from error


def _pair(requirement: Requirement) -> tuple[str, str]:
    return str(canonicalize_name(requirement.name)), _canonical(requirement.specifier)


def _canonical(specifiers: SpecifierSet) -> str:
    return ",".join(sorted(f"{s.operator}{_bound(s.version)}" for s in specifiers))


def _bound(text: str) -> str:
    star = ".*" if text.endswith(".*") else ""
    return f"{Version(text.removesuffix('.*'))}{star}"


def target_of(platform: str, python: LockedPackage | None, source: str) -> Target:
    """The platform with the Python that conda gives there, else the newest known. Raises ``ResolverError``."""
    there = Platform.of(platform)
    target = PythonTarget.from_conda(python.version, python.build or "") if python else newest_python(None)
    return Target(platform=platform, python=target, environment=there.markers(target), ranks={}, source=source)


# ------------------------------------------------------------------------------------------------- writing


def match_specs(needs: Needs) -> tuple[str, ...]:
    return tuple(f"{name} {constraint}" if constraint else name for name, constraint in sorted(needs))


def written_needs(package: LockedPackage) -> tuple[Needs, bool]:
    """The needs of a package as they will be read again, and whether some had to be left out for that."""
    if package.kind == "conda":
        kept = conda_needs(match_specs(package.dependencies))
        return kept, set(kept) != {n for n in package.dependencies if not n[0].startswith("__")}
    found: set[tuple[str, str]] = set()
    lost = False
    for name, constraint in package.dependencies:
        try:
            if not _PROJECT.match(name) or "===" in constraint:
                raise InvalidSpecifier(name)
            text = _canonical(SpecifierSet("" if constraint == "*" else constraint))
        except InvalidSpecifier:
            lost = True
        else:
            found.add((str(canonicalize_name(name)), text))
    return tuple(sorted(found)), lost


def requirements_on(needs: Mapping[str, Needs]) -> tuple[str, ...]:
    """PEP 508 requirements out of the needs on each platform. Raises ``ResolverError`` where only a marker could tell
    two platforms apart of which Samebox does not know one."""
    places: dict[tuple[str, str], set[str]] = {}
    for platform, pairs in needs.items():
        for pair in pairs:
            places.setdefault(pair, set()).add(platform)
    return tuple(
        f"{name}{_in_order(constraint)}{_marker(platforms, set(needs))}"
        for (name, constraint), platforms in sorted(places.items())
    )


def _in_order(constraint: str) -> str:
    """The bounds by their version, which is how pep508_rs prints them."""
    return ",".join(sorted(constraint.split(","), key=_version_of)) if constraint else ""


def _version_of(bound: str) -> Version:
    return Version(bound.lstrip("<>=!~").removesuffix(".*"))


def _marker(platforms: set[str], among: set[str]) -> str:
    if platforms == among:
        return ""
    facts = {p: _facts(p) for p in among}
    for key, variable in ((1, "sys_platform"), (0, "platform_machine")):
        values = {facts[p][key] for p in platforms}
        if platforms == {p for p in among if facts[p][key] in values}:
            return " ; " + " or ".join(f"{variable} == '{value}'" for value in sorted(values))
    return " ; " + _by_both({facts[p] for p in platforms})


def _facts(platform: str) -> tuple[str, str]:
    markers = Platform.of(platform).markers(newest_python(None))
    return markers["platform_machine"], markers["sys_platform"]


def _by_both(pairs: set[tuple[str, str]]) -> str:
    """Machines that run the same systems stand together, as pep508_rs has it."""
    systems: dict[str, tuple[str, ...]] = {}
    for machine, system in sorted(pairs):
        systems[machine] = (*systems.get(machine, ()), system)
    together: dict[tuple[str, ...], list[str]] = {}
    for machine, found in systems.items():
        together.setdefault(found, []).append(machine)
    terms = [
        f"platform_machine == '{machine}' and sys_platform == '{system}'"
        for found, machines in together.items()
        for machine in machines
        for system in found
    ]
    return terms[0] if len(terms) == 1 else " or ".join(f"({term})" for term in terms)
