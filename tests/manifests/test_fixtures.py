"""The real-world manifests of ``fixtures/manifests``, and that reading them needs no solver."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from resolver.manifests import read_manifests
from resolver.model import CondaSpec, PypiRequirement

MANIFESTS = Path(__file__).parents[2] / "fixtures" / "manifests"

COUNTS = {
    "geospatial/environment.yml": (12, 3, 0),
    "ml-pytorch/environment.yml": (10, 4, 0),
    "notebooks/environment.yml": (12, 0, 0),
    "plain-requirements/requirements.in": (0, 10, 4),
    "r-and-python/environment.yml": (9, 2, 0),
    "web-service/environment.yml": (2, 14, 0),
}
"""Conda specs, pip requirements and constraints of each, counted by hand."""


def test_each_manifest_is_counted() -> None:
    names = ("environment.yml", "requirements.in")
    found = {p.relative_to(MANIFESTS).as_posix() for p in MANIFESTS.rglob("*") if p.name in names}
    assert found == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_a_real_manifest_is_read(name: str) -> None:
    spec = read_manifests([name], root=MANIFESTS)
    assert (len(spec.conda), len(spec.pip), len(spec.constraints)) == COUNTS[name]
    assert spec.channels == (() if name.endswith(".in") else ("conda-forge",))
    lines = (MANIFESTS / name).read_text(encoding="utf-8").splitlines()
    requests: tuple[CondaSpec | PypiRequirement, ...] = (*spec.conda, *spec.pip)
    for request in requests:
        assert request.origin.source == name
        assert request.origin.line is not None
        assert request.name.split("-")[0] in lines[request.origin.line - 1].lower()


def test_reading_a_manifest_imports_no_solver_and_no_network() -> None:
    code = (
        "import sys; from pathlib import Path; from resolver.manifests import read_manifests; "
        f"read_manifests(['ml-pytorch/environment.yml'], root=Path({str(MANIFESTS)!r})); "
        "print(sorted({'rattler', 'resolvelib', 'ssl', 'urllib3', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
