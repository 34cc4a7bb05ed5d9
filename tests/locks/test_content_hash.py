"""conda-lock's hash of a request, against what conda-lock itself has computed (see ``data/content_hash``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from resolver.environment import read_environment
from resolver.locking import _content_hash
from resolver.locks.content_hash import content_hash, hashed_content
from resolver.manifests import parse_environment_yml, read_manifests
from resolver.model import EnvironmentSpec

_DATA = Path(__file__).parent / "data" / "content_hash"
_FIXTURES = Path(__file__).parents[2] / "fixtures" / "manifests"
_HASHES: Mapping[str, Mapping[str, str]] = json.loads((_DATA / "hashes.json").read_text())


def _files(case: str) -> list[Path]:
    return [_DATA / name for name in case.split("+")] if ".yml" in case else [_FIXTURES / case / "environment.yml"]


@pytest.mark.parametrize("case", _HASHES)
def test_it_is_conda_locks_own(case: str) -> None:
    files = _files(case)
    spec = read_manifests(files, root=files[0].parent)
    found = {platform: content_hash(spec, platform, channels=spec.channels) for platform in _HASHES[case]}
    assert found == _HASHES[case]


@pytest.mark.parametrize("case", ["geospatial", "main.yml+dev.yml"])
def test_an_environment_has_it_whatever_its_settings(case: str) -> None:
    environment = read_environment(
        *_files(case), environ={"CONDA_OVERRIDE_CUDA": "12.4", "CONDA_OVERRIDE_GLIBC": "2.17"}
    )
    assert {p: _content_hash(environment, p) for p in _HASHES[case]} == _HASHES[case]


_MANIFEST = "channels: [conda-forge]\ndependencies: [python, {pip: [httpx]}]\n"


def _spec(text: str) -> EnvironmentSpec:
    return parse_environment_yml(text, source="environment.yml")


def _hash(spec: EnvironmentSpec) -> str:
    return content_hash(spec, "linux-64", channels=spec.channels)


@pytest.mark.parametrize(
    "other",
    [
        _MANIFEST.replace("[conda-forge]", "[conda-forge, bioconda]"),
        _MANIFEST.replace("[python", "[python=3.12"),
        _MANIFEST.replace("[httpx]", "[httpx>=0.27]"),
        _MANIFEST.replace("[httpx]", "['httpx[http2]']"),
        _MANIFEST + "category: dev\n",
        _MANIFEST + "pip-repositories: [https://pypi.example.org/simple]\n",
    ],
)
def test_another_request_has_another(other: str) -> None:
    assert _hash(_spec(other)) != _hash(_spec(_MANIFEST))


@pytest.mark.parametrize(
    "same",
    [
        "name: n\n" + _MANIFEST,
        _MANIFEST.replace("python, ", "python, pip >=24, "),  # the pip that a section implies comes after it
        _MANIFEST.replace("[httpx]", "['httpx', '-e ./mine']"),
    ],
)
def test_the_same_request_has_the_same(same: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    (tmp_path / "environment.yml").write_text(same)
    assert _hash(read_manifests([tmp_path / "environment.yml"], root=tmp_path)) == _hash(_spec(_MANIFEST))


def test_a_platform_that_conda_lock_does_not_know_has_no_virtual_packages() -> None:
    content = hashed_content(_spec(_MANIFEST), "win-arm64", channels=("conda-forge",))
    assert content["virtual_package_hash"]["win-arm64"] == {}
    assert {(s["manager"], s["name"]) for s in content["specs"]} == {
        ("conda", "pip"),
        ("conda", "python"),
        ("pip", "httpx"),
    }


def test_a_folder_is_named_as_it_is_on_every_machine(tmp_path: Path) -> None:
    found = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        (folder / "lib").mkdir(parents=True)
        (folder / "environment.yml").write_text(_MANIFEST.replace("httpx", "lib @ file:./lib"))
        found.append(_content_hash(read_environment(folder / "environment.yml", environ={}), "linux-64"))
    assert found[0] == found[1]
