"""What ``samebox check`` costs on a lock of 500 packages and four platforms: this is what every commit waits for."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.measure import alternating, run_process
from resolver.locks.files import write_lock
from resolver.model import Lock, LockedPackage, PlatformLock
from tests.cli.project import CHANNEL, Project

_PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
_PACKAGES = 500
_SCRIPT = """\
#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from resolver.cli.entry import run
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(run())
"""
"""As pip writes it for our entry point."""


def _package(number: int, platform: str) -> LockedPackage:
    """Every third one is from PyPI. Each needs those of the next three that are from its own world, with bounds as
    records have them."""
    kind = "pypi" if number % 3 == 0 else "conda"
    name, later = f"package-{number}", range(number + 1, min(number + 4, _PACKAGES))
    world = [n for n in later if (n % 3 == 0) == (kind == "pypi")]
    needs = tuple((f"package-{n}", ">=1.2,<2.0a0" if kind == "conda" else ">=1.2,<2") for n in world)
    build, end = ("h0123456_0", ".conda") if kind == "conda" else (None, "-py3-none-any.whl")
    file_name = f"{name.replace('-', '_') if build is None else name}-1.5.{number}{f'-{build}' if build else ''}{end}"
    place = f"{CHANNEL}/{platform}" if kind == "conda" else "https://files.example.org"
    return LockedPackage(
        kind=kind,  # type: ignore[arg-type] # one of two of its values
        name=name,
        version=f"1.5.{number}",
        build=build,
        subdir=platform if kind == "conda" else None,
        file_name=file_name,
        url=f"{place}/{file_name}",
        sha256=f"{number:064x}",
        md5=f"{number:032x}" if kind == "conda" else None,
        dependencies=needs,
    )


def _python(platform: str) -> LockedPackage:
    file_name = "python-3.12.1-h0123456_0_cpython.conda"
    return LockedPackage(
        kind="conda",
        name="python",
        version="3.12.1",
        build="h0123456_0_cpython",
        subdir=platform,
        file_name=file_name,
        url=f"{CHANNEL}/{platform}/{file_name}",
        sha256="f" * 64,
        md5="f" * 32,
    )


@pytest.fixture
def huge(project: Project) -> Project:
    """One with a lock that is fresh."""
    packages = [[_python(p), *(_package(number, p) for number in range(_PACKAGES))] for p in _PLATFORMS]
    lock = Lock(
        name="huge",
        platforms=tuple(
            PlatformLock(platform=platform, packages=tuple(rows))
            for platform, rows in zip(_PLATFORMS, packages, strict=True)
        ),
        channels=(CHANNEL,),
    )
    write_lock(lock, project.lockfile)
    asked = [f"- package-{number} >=1.2" for number in range(_PACKAGES) if number % 3 != 0]
    pip = [f"  - package-{number}>=1.2" for number in range(0, _PACKAGES, 3)]
    lines = ["channels:", f"- {CHANNEL}", "dependencies:", "- python", *asked, "- pip:", *pip]
    project.write("environment.yml", "\n".join(lines) + "\n")
    project.write("samebox.toml", project.settings.replace('["linux-64"]', _listed()))
    return project


def _listed() -> str:
    return "[" + ", ".join(f'"{platform}"' for platform in _PLATFORMS) + "]"


def _cpu(command: Sequence[str], project: Project, scratch: Path, said: str, **environ: str) -> float:
    ended = run_process(command, folder=project.folder, environ=project.environ(**environ), scratch=scratch, limit=60)
    assert (ended.code, ended.stdout) == (0, said), ended
    return ended.usage.cpu


def test_where_nothing_changed_it_costs_less_than_four_starts_of_python(huge: Project, tmp_path: Path) -> None:
    script = tmp_path / "samebox"
    script.write_text(_SCRIPT.format(python=sys.executable))
    script.chmod(0o755)
    commands = {"python": ([sys.executable, "-c", "pass"], ""), "samebox": ([str(script), "check"], "fresh\n")}
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for name in commands:
        _cpu(commands[name][0], huge, tmp_path, commands[name][1])
    for name in alternating(list(commands), 15):
        spent[name].append(_cpu(commands[name][0], huge, tmp_path, commands[name][1]))
    assert statistics.median(spent["samebox"]) < 4 * statistics.median(spent["python"]), spent


def test_where_something_changed_it_costs_less_than_a_second(huge: Project, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "resolver", "check"]
    nowhere = {"SAMEBOX_CACHE_DIR": "/dev/null/nowhere"}
    spent = [_cpu(command, huge, tmp_path, "fresh\n", **nowhere) for _ in range(3)]
    assert min(spent) < 1, spent
