"""What an environment asks for on one platform, implied requests included, and versions across the two worlds."""

from __future__ import annotations

import re

from resolver.light_typing import TYPE_CHECKING
from resolver.model import CondaSpec, EnvironmentSpec, Origin

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["conda_roots", "conda_version_spec", "pep440_of", "shown"]

_LEADING_RELEASE = r"\d+(?:\.\d+)*"


def conda_roots(spec: EnvironmentSpec, platform: str) -> tuple[CondaSpec, ...]:
    """The conda specs, and the ``python`` that is implied: by a pip section beside them (wheels need an interpreter,
    and conda's is the one of the environment), and by ``requires-python``."""
    roots = spec.conda_on(platform)
    if not roots:
        return ()
    pip = spec.pip_on(platform)
    if pip and not any(root.name == "python" for root in roots):
        first = min(pip, key=lambda r: (r.group, str(r.origin)))
        roots += (CondaSpec(name="python", origin=first.origin, group=first.group),)
    if spec.requires_python:
        origin = Origin(source="requires-python")
        roots += (CondaSpec(name="python", version=conda_version_spec(spec.requires_python), origin=origin),)
    return roots


def shown(spec: CondaSpec) -> str:
    """The spec as people write it: ``numpy 1.*``, ``conda-forge::numpy >=2 py312*``, and in brackets what has no other
    place."""
    head = f"{spec.channel}::{spec.name}" if spec.channel else spec.name
    version = spec.version or ("*" if spec.build else None)
    more = {"build_number": spec.build_number, "subdir": spec.subdir, "md5": spec.md5, "sha256": spec.sha256}
    inside = ",".join(f"{key}={value}" for key, value in more.items() if value is not None)
    words = " ".join(part for part in (head, version, spec.build) if part)
    return f"{words}[{inside}]" if inside else words


def conda_version_spec(specifier: str) -> str:
    """A PEP 440 set as a conda version spec: the operators are the same but for ``==X.*`` and ``===``."""
    from packaging.specifiers import SpecifierSet

    clauses = []
    for clause in sorted(SpecifierSet(specifier), key=str):
        if clause.operator == "==" and clause.version.endswith(".*"):
            clauses.append(clause.version)
        else:
            clauses.append(f"{'==' if clause.operator == '===' else clause.operator}{clause.version}")
    return ",".join(clauses)


def pep440_of(conda_version: str) -> Version:
    """A conda version as PEP 440 has it. Where it is none (``1.1.1w``), its leading numbers with the rest as local
    label, so that it still compares."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(conda_version)
    except InvalidVersion:
        lead = re.match(_LEADING_RELEASE, conda_version)
        release = lead.group() if lead else "0"
        rest = re.sub(r"[^A-Za-z0-9]+", ".", conda_version.removeprefix(release)).strip(".")
        return Version(f"{release}+{rest}" if rest else release)
