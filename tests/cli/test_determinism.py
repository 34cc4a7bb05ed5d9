"""Equal input gives equal bytes, whatever the machine, the folder, the time zone, the locale or the hash seed."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml

_PLATFORMS = ("linux-64", "linux-aarch64", "osx-arm64")
_CONDA = ("python >=3.11", "greeter", "hello-tool  # [linux]", "libhello")
_PIP = ("cowtalk[loud]", "polite-cow", "platform-bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How one machine differs from another."""

    name: str
    environ: tuple[tuple[str, str], ...] = ()
    umask: int = 0o022
    elsewhere: bool = False


MACHINES = (
    Machine(name="plain"),
    Machine(name="hash-seed", environ=(("PYTHONHASHSEED", "1"),)),
    Machine(name="other-seed", environ=(("PYTHONHASHSEED", "4711"),)),
    Machine(name="zone", environ=(("TZ", "Pacific/Kiritimati"), ("PYTHONHASHSEED", "2"))),
    Machine(name="locale", environ=(("LC_ALL", "tr_TR.UTF-8"), ("LANG", "C"), ("PYTHONUTF8", "0"))),
    Machine(name="posix", environ=(("LC_ALL", "POSIX"), ("PYTHONCOERCECLOCALE", "0"), ("PYTHONUTF8", "0"))),
    Machine(name="umask", umask=0o077),
    Machine(name="elsewhere", elsewhere=True),
)


def _on(machine: Machine, project: Project, *arguments: str) -> bytes:
    """Run there and give stdout; from another folder with --directory where the machine says so."""
    command = shlex.join(project.command(*arguments))
    ended = subprocess.run(
        ["/bin/sh", "-c", f"umask {machine.umask:o}; exec {command}"],
        cwd=project.home if machine.elsewhere else project.folder,
        env=project.environ(**dict(machine.environ)),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _digest_of_folder(folder: Path) -> str:
    """Over paths, modes, times and bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        digest.update(repr((path.relative_to(folder).as_posix(), state.st_mode, state.st_mtime_ns)).encode() + content)
    return digest.hexdigest()


def _everything(machine: Machine, project: Project) -> dict[str, str]:
    lock = ["--directory", str(project.folder)] if machine.elsewhere else []
    path = str(project.lockfile) if machine.elsewhere else "conda-lock.yml"
    context = project.folder / "context"
    digest = _on(machine, project, "lock", *lock)
    _on(machine, project, "export", "docker", path, "-o", str(context))
    return {
        "lock": hashlib.sha256(project.lockfile.read_bytes()).hexdigest(),
        "digest": digest.decode(),
        "tar": hashlib.sha256(_on(machine, project, "export", "docker", path, "-o", "-")).hexdigest(),
        "folder": _digest_of_folder(context),
        "canonical": hashlib.sha256(_on(machine, project, "digest", path, "--canonical")).hexdigest(),
    }


@pytest.mark.parametrize("machine", MACHINES[1:], ids=lambda machine: machine.name)
def test_two_machines_make_the_same_bytes(machine: Machine, make_project: MakeProject) -> None:
    answers = []
    for number, where in enumerate((MACHINES[0], machine)):
        project = make_project(f"{where.name}-{number}", platforms=_PLATFORMS)
        project.write("environment.yml", environment_yml(*_CONDA, pip=_PIP))
        answers.append(_everything(where, project))
    assert answers[0] == answers[1]


@pytest.mark.skipif(os.name != "posix", reason="umask")
def test_a_strict_umask_does_not_change_the_modes_in_a_context(make_project: MakeProject) -> None:
    project = make_project()
    project.write("environment.yml", environment_yml("greetings-data"))
    machine = Machine(name="strict", umask=0o077)
    _on(machine, project, "lock")
    _on(machine, project, "export", "docker", "-o", "context")
    modes = {path.stat().st_mode & 0o777 for path in (project.folder / "context").rglob("*") if path.is_file()}
    assert modes <= {0o644, 0o755}


def test_the_order_of_lines_is_no_input(make_project: MakeProject) -> None:
    texts = []
    for name, conda, pip in (("forward", _CONDA, _PIP), ("backward", _CONDA[::-1], _PIP[::-1])):
        project = make_project(name, platforms=_PLATFORMS)
        project.write("environment.yml", environment_yml(*conda, pip=pip))
        project.succeed("lock")
        texts.append((project.succeed("digest").stdout, _without_lines(project.lockfile.read_text())))
    assert texts[0] == texts[1]


def test_the_order_of_platforms_is_no_input(make_project: MakeProject) -> None:
    locks = []
    for name, platforms in (("forward", _PLATFORMS), ("backward", _PLATFORMS[::-1])):
        project = make_project(name, platforms=platforms)
        project.write("environment.yml", environment_yml(*_CONDA, pip=_PIP))
        project.succeed("lock")
        locks.append(project.lock_bytes())
    assert locks[0] == locks[1]


def _without_lines(lock: str) -> list[str]:
    """The lock without the roots, which say where each request stands."""
    return [line for line in lock.splitlines() if not line.strip().startswith("samebox.roots:")]
