"""Requests that are implied, and versions on the way from one world to the other."""

from __future__ import annotations

import pytest
from packaging.version import Version

from resolver.manifests import parse_environment_yml
from resolver.roots import conda_roots, conda_version_spec, pep440_of


def _roots(text: str, platform: str = "linux-64") -> list[str]:
    spec = parse_environment_yml(text, source="environment.yml")
    return [f"{root.origin} {root}" for root in conda_roots(spec, platform)]


def test_wheels_beside_conda_packages_need_condas_python() -> None:
    assert _roots("dependencies:\n  - numpy\n  - pip:\n      - a\n") == [
        "environment.yml:2 numpy",
        "environment.yml:4 python",
    ]
    assert _roots("dependencies:\n  - python >=3.11\n  - pip:\n      - a\n") == [
        "environment.yml:2 python[version='>=3.11']"
    ]
    assert _roots("dependencies:\n  - numpy\n") == ["environment.yml:2 numpy"]
    assert _roots("dependencies:\n  - pip:\n      - a\n") == []


def test_a_selector_counts() -> None:
    text = "dependencies:\n  - numpy\n  - tool  # [win]\n"
    assert _roots(text) == ["environment.yml:2 numpy"]
    assert _roots(text, "win-64") == ["environment.yml:2 numpy", "environment.yml:3 tool"]


@pytest.mark.parametrize(
    ("pep440", "conda"),
    [
        (">=3.11", ">=3.11"),
        (">=3.11,<3.14", "<3.14,>=3.11"),
        ("==3.12.*", "3.12.*"),
        ("!=3.12.*,>=3.11", "!=3.12.*,>=3.11"),
        ("===3.12.1", "==3.12.1"),
        ("~=3.11", "~=3.11"),
    ],
)
def test_a_specifier_set_as_a_conda_version_spec(pep440: str, conda: str) -> None:
    assert conda_version_spec(pep440) == conda


@pytest.mark.parametrize(
    ("conda", "pep440"),
    [
        ("1.26.4", "1.26.4"),
        ("2024a", "2024a0"),
        ("1!2.0", "1!2.0"),
        ("1.1.1w", "1.1.1+w"),
        ("9e", "9+e"),
        ("2.0.post1", "2.0.post1"),
        ("1.0_3", "1.0+3"),
        ("master", "0+master"),
        ("1.2.g7_dirty", "1.2+g7.dirty"),
    ],
)
def test_a_conda_version_as_pep_440_has_it(conda: str, pep440: str) -> None:
    assert pep440_of(conda) == Version(pep440)
