"""What a manifest asks for, read as simply as the manifests of ``fixtures/manifests`` allow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from rattler import MatchSpec

__all__ = ["Requests", "read_requests", "read_requirements"]


@dataclass(frozen=True, kw_only=True)
class Requests:
    conda: tuple[MatchSpec, ...] = ()
    pip: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()


def read_requests(folder: Path) -> Requests:
    environment = folder / "environment.yml"
    if not environment.exists():
        constraints = folder / "constraints.txt"
        return Requests(
            pip=read_requirements(folder / "requirements.in"),
            constraints=read_requirements(constraints) if constraints.exists() else (),
        )
    dependencies = yaml.safe_load(environment.read_text())["dependencies"]
    conda = [d.removeprefix("conda-forge::") for d in dependencies if isinstance(d, str)]
    pip = [requirement for d in dependencies if isinstance(d, dict) for requirement in d["pip"]]
    if pip:
        conda.append("python")
    return Requests(conda=tuple(map(MatchSpec, conda)), pip=tuple(map(Requirement, pip)))


def read_requirements(path: Path) -> tuple[Requirement, ...]:
    text = path.read_text().replace("\\\n", "")
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return tuple(Requirement(line) for line in lines if line and not line.startswith("-"))
