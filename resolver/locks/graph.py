"""A lock as a graph: what needs what across both worlds, and which requests it all begins with."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from resolver.errors import LockFormatError
from resolver.locks.dependencies import merged
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock, Root
from resolver.names import NamesMap
from resolver.platforms import Platform, PythonTarget
from resolver.values import dataclass

__all__ = ["LockGraph", "Node", "graph_of", "project_owners"]

Node = tuple[str, str]
"""A package: its world (``conda`` or ``pypi``) and its name there."""

Edge = tuple[Node, str]
"""Another package, and the constraint that is put on it in the syntax of the package's world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockGraph:
    """The packages of one platform. ``needs`` and ``needed_by`` hold the same edges, each way sorted by node;
    ``requests`` are the roots of each package that something asks for by name, implied ones included.

    A lock without evidence does not tell its requests: then ``requests`` is empty, and ``tops`` are the packages that
    no other needs (of packages that need each other in a circle, the first by name).
    """

    platform: str
    packages: Mapping[Node, LockedPackage]
    needs: Mapping[Node, tuple[Edge, ...]]
    needed_by: Mapping[Node, tuple[Edge, ...]]
    requests: Mapping[Node, tuple[Root, ...]]
    tops: tuple[Node, ...]
    owners: Mapping[str, str]

    def nodes_of(self, name: str) -> tuple[Node, ...]:
        """What is locked under a name of either world: conda's package, and the one that has the PyPI project."""
        project = str(canonicalize_name(name))
        owner = self.owners.get(project)
        conda = [name.lower(), project, *([owner] if owner is not None else [])]
        wanted = [*(("conda", one) for one in conda), ("pypi", project)]
        return tuple(node for node in dict.fromkeys(wanted) if node in self.packages)

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which something here can be asked for, sorted."""
        return tuple(sorted({*(name for _, name in self.packages), *self.owners}))


def graph_of(lock: Lock, platform: str, names: NamesMap) -> LockGraph:
    """The graph of one platform of a lock. Raises ``LockFormatError`` for evidence that cannot be read, and what
    ``Lock.on`` raises."""
    locked = lock.on(platform)
    packages: dict[Node, LockedPackage] = {_node(package): package for package in locked.packages}
    conda = {name: package for (world, name), package in packages.items() if world == "conda"}
    owners = project_owners(conda, names)
    needs = {node: _needs(node, package, packages, owners) for node, package in sorted(packages.items())}
    requests = _requests(lock.evidence, locked, packages, owners)
    return LockGraph(
        platform=platform,
        packages=packages,
        needs=needs,
        needed_by=_reversed(needs),
        requests=requests,
        tops=_tops(needs, requests),
        owners=owners,
    )


def project_owners(conda: Mapping[str, LockedPackage], names: NamesMap) -> dict[str, str]:
    """The conda package that provides each PyPI project."""
    owners: dict[str, str] = {}
    for name, package in sorted(conda.items()):
        depends = [dependency for dependency, _ in package.dependencies]
        for project in names.provides(name, depends=depends, noarch=None):
            owners.setdefault(project, name)
    return owners


def _node(package: LockedPackage) -> Node:
    return ("conda", package.name) if package.kind == "conda" else ("pypi", str(canonicalize_name(package.name)))


def _needs(
    node: Node, package: LockedPackage, packages: Mapping[Node, LockedPackage], owners: Mapping[str, str]
) -> tuple[Edge, ...]:
    """The edges to what is locked; that something is missing is for ``satisfies`` to say."""
    edges = []
    for name, constraint in merged(package.dependencies).items():
        target = ("conda", name) if node[0] == "conda" else _project_node(name, owners)
        if target in packages and target != node:
            edges.append((target, "" if constraint == "*" else constraint))
    return tuple(sorted(edges))


def _project_node(project: str, owners: Mapping[str, str]) -> Node:
    name = str(canonicalize_name(project))
    return ("conda", owners[name]) if name in owners else ("pypi", name)


def _reversed(needs: Mapping[Node, tuple[Edge, ...]]) -> dict[Node, tuple[Edge, ...]]:
    found: dict[Node, list[Edge]] = {node: [] for node in needs}
    for node, edges in needs.items():
        for target, constraint in edges:
            found[target].append((node, constraint))
    return {node: tuple(sorted(edges)) for node, edges in found.items()}


def _requests(
    evidence: Evidence | None,
    locked: PlatformLock,
    packages: Mapping[Node, LockedPackage],
    owners: Mapping[str, str],
) -> dict[Node, tuple[Root, ...]]:
    found: dict[Node, list[Root]] = {}
    environment = _markers(evidence, locked, packages)
    for root in dict(evidence.roots).get(locked.platform, ()) if evidence is not None else ():
        if root.marker is not None and not Marker(root.marker).evaluate({**environment, "extra": ""}):
            continue
        node = _asked_for(root, owners)
        if node in packages:
            found.setdefault(node, []).append(root)
    return {node: tuple(roots) for node, roots in sorted(found.items())}


def _asked_for(root: Root, owners: Mapping[str, str]) -> Node:
    if root.kind == "conda":
        return "conda", root.requirement.rpartition("::")[2].partition("[")[0].strip()
    try:
        return _project_node(Requirement(root.requirement).name, owners)
    except InvalidRequirement as error:
        raise LockFormatError(f"the evidence has a request that is none: {root.requirement!r}") from error


def _markers(
    evidence: Evidence | None, locked: PlatformLock, packages: Mapping[Node, LockedPackage]
) -> Mapping[str, str]:
    """The environment that markers are judged in: the locked Python on the platform."""
    conda = packages.get(("conda", "python"))
    if conda is not None:
        python = PythonTarget.from_conda(conda.version, conda.build or "")
    else:
        version = dict(evidence.pythons).get(locked.platform) if evidence is not None else None
        if version is None:
            return {}
        python = PythonTarget(version=version)
    return Platform.of(locked.platform).markers(python)


def _tops(needs: Mapping[Node, tuple[Edge, ...]], requests: Mapping[Node, tuple[Root, ...]]) -> tuple[Node, ...]:
    """Where a walk through everything begins: what is asked for; then what nothing needs; then, of what is not reached
    yet, the first by name."""
    needed = {target for edges in needs.values() for target, _ in edges}
    candidates = [*requests, *(node for node in needs if node not in needed), *needs]
    reached: set[Node] = set()
    tops = []
    for node in candidates:
        if node in requests or node not in reached:
            tops.append(node)
            _reach(node, needs, reached)
    return tuple(dict.fromkeys(tops))


def _reach(start: Node, needs: Mapping[Node, tuple[Edge, ...]], reached: set[Node]) -> None:
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        if node not in reached:
            reached.add(node)
            waiting.extend(target for target, _ in needs[node])
