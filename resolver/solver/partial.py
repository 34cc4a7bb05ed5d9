"""One platform, once conda has been solved and before its projects are: what both ways to these start from."""

from __future__ import annotations

from resolver.light_typing import TYPE_CHECKING
from resolver.platforms import Platform, PythonTarget, newest_python
from resolver.roots import conda_roots
from resolver.solver.request import PlatformSolution, SolveRequest

if TYPE_CHECKING:
    from resolver.conda import CondaRecord, CondaSolution
    from resolver.names import NamesMap

__all__ = ["owners_of", "partial_solution", "python_for"]


def partial_solution(request: SolveRequest, platform: Platform, answer: CondaSolution | None) -> PlatformSolution:
    """``answer`` is ``None`` where nothing is asked from conda."""
    records = answer.records if answer is not None else ()
    python = next((r for r in records if r.name == "python"), None)
    pip = request.spec.pip_on(platform.subdir)
    if python is not None:
        target: PythonTarget | None = PythonTarget.from_conda(python.version, python.build)
    else:
        target = python_for(request) if pip else None
    return PlatformSolution(
        platform=platform,
        python=target,
        records=records,
        projects=(),
        owners=owners_of(records, request.names),
        shown=answer.shown if answer is not None else (),
        conda_roots=conda_roots(request.spec, platform.subdir),
        pip_roots=pip,
    )


def python_for(request: SolveRequest) -> PythonTarget:
    """The Python where conda locks none: the setting, else the newest known one that the project allows."""
    if request.python is not None:
        return PythonTarget(version=request.python)
    return newest_python(request.spec.requires_python)


def owners_of(records: tuple[CondaRecord, ...], names: NamesMap) -> dict[str, str]:
    """The conda package that provides each project."""
    owners: dict[str, str] = {}
    for record in records:
        for project in names.provides(record.name, depends=record.depends, noarch=record.noarch):
            owners.setdefault(project, record.name)
    return owners
