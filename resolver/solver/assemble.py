"""From a solution to locked packages: what is fetched, what needs what, and who belongs to which group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from resolver.errors import IntegrityError
from resolver.light_typing import TYPE_CHECKING
from resolver.model import LockedPackage, PlatformLock, Root
from resolver.plain import normalize

if TYPE_CHECKING:
    from resolver.conda import CondaRecord
    from resolver.model import PypiRequirement
    from resolver.solver.answer import ResolvedProject
    from resolver.solver.direct import DirectFile
    from resolver.solver.request import PlatformSolution

__all__ = ["platform_lock", "roots_of"]

_Node = tuple[str, str, str]
"""``conda`` and a package, or ``pypi`` and a project, and for a project one of its extras (``""``: the project itself).
What an extra adds belongs to the groups that ask for that extra, not to all that have the project."""


def platform_lock(solution: PlatformSolution) -> PlatformLock:
    """The locked packages of one platform, each in all the groups from whose roots it can be reached."""
    groups = _groups(solution)
    packages = [_conda_package(record, groups["conda", record.name, ""]) for record in solution.records]
    packages += [_pypi_package(project, groups["pypi", project.name, ""]) for project in solution.projects]
    return PlatformLock(platform=solution.platform.subdir, packages=tuple(packages))


def roots_of(solution: PlatformSolution) -> tuple[Root, ...]:
    """The requests that this platform was solved for, sorted: evidence."""
    conda = (Root(kind="conda", requirement=str(s), group=s.group, origin=str(s.origin)) for s in solution.conda_roots)
    pypi = (
        Root(kind="pypi", requirement=str(r), marker=r.marker, group=r.group, origin=str(r.origin))
        for r in solution.pip_roots
    )
    roots = (*conda, *pypi, *_implied(solution))
    return tuple(sorted(roots, key=lambda r: (r.kind, r.requirement, r.group, r.origin, r.via or "")))


def _implied(solution: PlatformSolution) -> Iterator[Root]:
    """What the extras of a root add where conda provides the project itself: no locked wheel tells of it."""
    for requirement in _applying(solution):
        for name, specifier in _added_by(solution, requirement):
            yield Root(
                kind="pypi",
                requirement=f"{name}{specifier}",
                group=requirement.group,
                origin=str(requirement.origin),
                via=str(requirement),
            )


def _added_by(solution: PlatformSolution, requirement: PypiRequirement) -> list[tuple[str, str]]:
    extras = _extras_of(requirement)
    return sorted({pair for extra in extras for pair in solution.added.get((requirement.name, extra), ())})


def _groups(solution: PlatformSolution) -> dict[_Node, tuple[str, ...]]:
    edges = _edges(solution)
    found: dict[_Node, set[str]] = {node: set() for node in edges}
    for group, roots in _roots_by_group(solution).items():
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node in found and group not in found[node]:
                found[node].add(group)
                waiting.extend(edges[node])
    return {node: tuple(sorted(groups)) for node, groups in found.items()}


def _edges(solution: PlatformSolution) -> dict[_Node, list[_Node]]:
    edges: dict[_Node, list[_Node]] = {}
    for record in solution.records:
        edges["conda", record.name, ""] = [("conda", _name_of(depend), "") for depend in record.depends]
    for (project, extra), needs in solution.needs.items():
        owner = solution.owners.get(project)
        provider: list[_Node] = [("conda", owner, "")] if owner is not None else []
        edges["pypi", project, extra] = [*(("pypi", *need) for need in needs), *provider]
    return edges


def _roots_by_group(solution: PlatformSolution) -> dict[str, list[_Node]]:
    roots: dict[str, list[_Node]] = {}
    for spec in solution.conda_roots:
        roots.setdefault(spec.group, []).append(("conda", spec.name, ""))
    for requirement in _applying(solution):
        # a wheel runs in the environment's Python: its group needs that too
        asked = [("pypi", requirement.name, extra) for extra in ("", *_extras_of(requirement))]
        roots.setdefault(requirement.group, []).extend([*asked, ("conda", "python", "")])
    return roots


def _applying(solution: PlatformSolution) -> list[PypiRequirement]:
    """The pip requests whose markers hold on the platform: what does not apply asks for nothing."""
    if solution.python is None or not solution.pip_roots:
        return []
    from resolver.solver.requirements import parse_marker

    environment = {**solution.platform.markers(solution.python), "extra": ""}
    return [r for r in solution.pip_roots if r.marker is None or parse_marker(r.marker).evaluate(environment)]


def _extras_of(requirement: PypiRequirement) -> list[str]:
    return [normalize(extra) for extra in requirement.extras]


def _conda_package(record: CondaRecord, groups: tuple[str, ...]) -> LockedPackage:
    return LockedPackage(
        kind="conda",
        name=record.name,
        version=record.version,
        build=record.build,
        subdir=record.subdir,
        file_name=record.file_name,
        url=record.url,
        sha256=record.sha256,
        md5=record.md5,
        size=record.size,
        dependencies=_conda_dependencies(record.depends),
        groups=groups,
    )


def _conda_dependencies(depends: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = {(_name_of(depend), _constraint_of(depend)) for depend in depends}
    return tuple(sorted(pair for pair in pairs if not pair[0].startswith("__")))


def _name_of(depend: str) -> str:
    return depend.split()[0].split("[")[0].split("=")[0].split(">")[0].split("<")[0].lower()


def _constraint_of(depend: str) -> str:
    return " ".join(depend.split()[1:])


def _pypi_package(project: ResolvedProject, groups: tuple[str, ...]) -> LockedPackage:
    if project.direct is not None:
        return _direct_package(project, project.direct, groups)
    if project.file is None or project.file.sha256 is None:
        raise IntegrityError(f"{project.name} {project.version} was chosen without a file that has a sha256")
    return LockedPackage(
        kind="pypi",
        name=normalize(project.name),
        version=str(project.version),
        file_name=project.file.filename,
        url=project.file.url,
        sha256=project.file.sha256,
        size=project.file.size,
        dependencies=project.dependencies,
        groups=groups,
    )


def _direct_package(project: ResolvedProject, direct: DirectFile, groups: tuple[str, ...]) -> LockedPackage:
    from resolver.source_trees import parse_git_url

    reference = parse_git_url(direct.url) if direct.kind == "vcs" else None
    return LockedPackage(
        kind=direct.kind,
        name=project.name,
        version=str(project.version),
        file_name=direct.filename or None,
        url=reference.url if reference else direct.url,
        sha256=direct.sha256,
        size=direct.size,
        dependencies=project.dependencies,
        groups=groups,
        commit=direct.commit,
        subdirectory=reference.subdirectory if reference else None,
        tree=direct.tree,
    )
