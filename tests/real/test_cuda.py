"""CUDA without a GPU on the machine, on the sample of conda-forge."""

from __future__ import annotations

from pathlib import Path

import pytest

import resolver
from resolver import Lock

pytestmark = pytest.mark.sample

_MANIFEST = "channels: [conda-forge]\ndependencies: [python=3.11, pytorch]\n"


def _locked(
    folder: Path,
    sample: Path,
    *,
    settings: str = "",
    environ: dict[str, str] | None = None,
    previous: Lock | None = None,
) -> tuple[Lock, str]:
    """The lock, and the build of its pytorch."""
    (folder / "environment.yml").write_text(_MANIFEST)
    (folder / "samebox.toml").write_text(f'platforms = ["linux-64"]\n[mirrors]\nconda-forge = "{sample}"\n{settings}')
    environment = resolver.read_environment(directory=folder, environ=environ or {})
    with resolver.Session(mirrors=environment.settings.mirrors, cache=folder / "cache", environ={}) as session:
        lock = resolver.lock(environment, session=session, previous=previous)
    (build,) = (p.build for p in lock.on("linux-64").packages if p.name == "pytorch")
    return lock, str(build)


def test_cuda_builds_are_chosen_where_cuda_is_said_to_be(tmp_path: Path, sample: Path) -> None:
    without, build = _locked(tmp_path, sample)
    assert build.startswith("cpu_")
    by_variable, build = _locked(tmp_path, sample, environ={"CONDA_OVERRIDE_CUDA": "12.4"})
    assert build.startswith("cuda12")
    assert by_variable.evidence is not None
    assert "__cuda=12.4=0" in map(str, dict(by_variable.evidence.virtual_packages)["linux-64"])
    by_setting, _ = _locked(tmp_path, sample, settings='[virtual-packages.linux-64]\n__cuda = "12.4"\n')
    assert by_setting.platforms == by_variable.platforms
    held, _ = _locked(tmp_path, sample, environ={"CONDA_OVERRIDE_CUDA": "12.4"}, previous=without)
    assert held.platforms == by_variable.platforms
