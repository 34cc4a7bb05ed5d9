"""Tools that solve for conda, all on one folder of repodata, and Samebox itself, which does both."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.answers import conda_lock, micromamba_plan, pixi_lock, rattler_rows
from benchmarks.cases import Case, Kind
from benchmarks.tools import ROOT, Asked, Command, Place, Tool
from resolver.platforms import Platform

__all__ = ["CONDA_TOOLS", "SAMEBOX", "WITHOUT_NOTES"]

_CHANNEL = "https://conda.anaconda.org/conda-forge"
_CONDA: frozenset[Kind] = frozenset(("conda",))
_SCRIPTS = ROOT / "benchmarks" / "rattler_scripts"
_PROGRAM = str(Path(sys.executable).with_name("samebox"))
"""As users call it; ``python -m resolver`` takes a few milliseconds more."""

_FORGET = (
    "import pathlib, sqlite3, sys; (path,) = pathlib.Path(sys.argv[1]).glob('indexes-*.sqlite'); "
    "connection = sqlite3.connect(path); connection.execute('DELETE FROM note'); connection.commit()"
)
_COUNT = (
    "from resolver.locks.files import read_lock; "
    "print(sum(len(platform.packages) for platform in read_lock('conda-lock.yml').platforms))"
)


def _samebox(case: Case, place: Place, program: str) -> Asked:
    run: Command = (program,)
    environ = {"SAMEBOX_CACHE_DIR": str(place.home / "samebox")}
    if place.index:
        environ["PIP_INDEX_URL"] = place.index
    lock: Command = (*run, "lock")
    if case.kind == "pypi":  # told as the other tools are told, by options
        files = {"requirements.in": _lines(case)}
        lock += (*(part for platform in case.platforms for part in ("-p", platform)), "--python", case.python)
    else:
        settings = f'platforms = {json.dumps(case.platforms)}\npython = "{case.python}"\n'
        settings += f"[mirrors]\nconda-forge = {json.dumps(str(place.channel))}\n"
        files = {"environment.yml": _environment(case), "samebox.toml": settings}
    reads = {
        "check": (*run, "check"),
        "check-anew": ("env", "SAMEBOX_CACHE_DIR=/dev/null/nowhere", *run, "check"),  # no answer can be kept there
        "read": (sys.executable, "-c", _COUNT),
    }
    solves = case.kind not in reads
    return Asked(
        files=files,
        warm=(lock,),
        command=reads.get(case.kind, (*lock, "--offline")),
        made=("conda-lock.yml",) if solves else (),
        environ=environ,
        answer=conda_lock if solves else None,
    )


def _samebox_without_notes(case: Case, place: Place, program: str) -> Asked:
    """With pages and metadata in its cache, and nothing noted about them: as after all pages have changed."""
    return replace(_samebox(case, place, program), before=(sys.executable, "-c", _FORGET, str(place.home / "samebox")))


def _rattler(case: Case, place: Place, program: str) -> Asked:
    if case.kind == "read":
        asked = _samebox(case, place, _PROGRAM)
        return Asked(
            files=asked.files, warm=asked.warm, environ=asked.environ, command=(program, str(_SCRIPTS / "read.py"))
        )
    virtual = {s: [(p.name, p.version, p.build) for p in Platform.of(s).virtual_packages] for s in case.platforms}
    request = {"channel": _CHANNEL, "folder": str(place.channel), "specs": case.conda, "platforms": virtual}
    command = (program, str(_SCRIPTS / "solve.py"))
    return Asked(files={"request.json": json.dumps(request)}, warm=(), command=command, answer=rattler_rows)


def _nothing(case: Case, place: Place, program: str) -> Asked:
    """What starting Python alone costs."""
    return Asked(files={}, warm=(), command=(program, "-c", "pass"))


def _micromamba(case: Case, place: Place, program: str) -> Asked:
    command: Command = (
        program,
        "create",
        "--name",
        "benchmark",
        "--dry-run",
        "--json",
        "--offline",
        "--override-channels",
    )
    command += ("--channel", place.channel.as_uri(), "--platform", *case.platforms, *case.conda)
    environ = {"MAMBA_ROOT_PREFIX": str(place.home / "micromamba"), "CONDA_OVERRIDE_GLIBC": "2.28"}
    return Asked(files={}, warm=(), command=command, environ=environ, answer=micromamba_plan)


def _conda_lock(case: Case, place: Place, program: str) -> Asked:
    command = (program, "lock", "--micromamba", "--file", "environment.yml", "--channel", place.channel.as_uri())
    return Asked(
        files={"environment.yml": _environment(case)},
        warm=(command,),
        command=command,
        made=("conda-lock.yml",),
        environ={"MAMBA_ROOT_PREFIX": str(place.home / "micromamba")},
        answer=conda_lock,
    )


def _pixi(case: Case, place: Place, program: str) -> Asked:
    specs = (spec.partition(" ") for spec in case.conda)
    lines = [f'{name} = "{version or "*"}"' for name, _, version in specs]
    head = f'[workspace]\nname = "benchmark"\nchannels = ["{place.channel.as_uri()}"]\n'
    text = f"{head}platforms = {json.dumps(case.platforms)}\n[dependencies]\n" + "\n".join(lines) + "\n"
    command = (program, "lock")
    return Asked(
        files={"pixi.toml": text},
        warm=(command,),
        command=command,
        made=("pixi.lock",),
        environ={"PIXI_CACHE_DIR": str(place.home / "pixi"), "PIXI_HOME": str(place.home / "pixi-home")},
        answer=pixi_lock,
    )


def _lines(case: Case) -> str:
    return "".join(f"{requirement}\n" for requirement in case.pip)


def _environment(case: Case) -> str:
    lines = ["channels: [conda-forge]", f"platforms: {json.dumps(case.platforms)}", "dependencies:"]
    lines += [f"  - {spec}" for spec in case.conda]
    if case.pip:
        lines += ["  - pip:", *(f"    - {requirement}" for requirement in case.pip)]
    return "\n".join(lines) + "\n"


SAMEBOX = Tool(
    name="samebox",
    kinds=frozenset(("pypi", "conda", "joint", "check", "check-anew", "read")),
    programs=(_PROGRAM,),
    ask=_samebox,
    many_platforms=True,
)
WITHOUT_NOTES = Tool(
    name="samebox, nothing noted", kinds=frozenset(("pypi",)), programs=(_PROGRAM,), ask=_samebox_without_notes
)
CONDA_TOOLS = (
    Tool(
        name="py-rattler",
        kinds=frozenset(("conda", "read")),
        programs=(sys.executable,),
        ask=_rattler,
        many_platforms=True,
    ),
    Tool(
        name="python -c pass",
        kinds=frozenset(("check", "check-anew")),
        programs=(sys.executable,),
        ask=_nothing,
        many_platforms=True,
    ),
    Tool(name="micromamba", kinds=_CONDA, programs=("micromamba",), ask=_micromamba),
    Tool(name="conda-lock", kinds=_CONDA, programs=("conda-lock", "micromamba"), ask=_conda_lock, many_platforms=True),
    Tool(name="pixi", kinds=_CONDA, programs=("pixi",), ask=_pixi, many_platforms=True),
)
