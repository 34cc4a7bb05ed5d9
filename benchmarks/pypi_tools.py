"""Tools that resolve for PyPI. Each gets the same requirements, Python 3.11 on Linux with glibc 2.28, one index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.answers import pins_in, pins_on_stdout, toml_lock
from benchmarks.cases import Case, Kind
from benchmarks.tools import Asked, Command, Place, Tool

__all__ = ["PYPI_TOOLS"]

_PYPI: frozenset[Kind] = frozenset(("pypi",))
_ASKS = "asks the index again each time, and keeps of it what its headers allow"
_EVERYWHERE = "locks for all platforms and Pythons 3.11"
_HOST = "resolves for the Python that runs it"


def _uv(case: Case, place: Place, program: str) -> Asked:
    command: Command = (
        program,
        "pip",
        "compile",
        "--python-version",
        case.python,
        "--python-platform",
        "x86_64-manylinux_2_28",
    )
    command += ("--no-header", "--no-annotate", "requirements.in")
    # uv asks an interpreter for its tags, the first on PATH: where that is a shell script of a version manager, as
    # pyenv's shims are, the script costs several times what the solve does
    environ = {"UV_CACHE_DIR": str(place.home / "uv"), "UV_PYTHON": sys.executable}
    return Asked(
        files=_requirements(case),
        warm=(command,),
        command=(*command, "--offline"),
        environ={**environ, **({"UV_DEFAULT_INDEX": place.index} if place.index else {})},
        answer=pins_on_stdout,
    )


def _nab(case: Case, place: Place, program: str) -> Asked:
    index = f'[[tool.nab.indexes]]\nname = "index"\nurl = "{place.index}"\n' if place.index else ""
    target = f'python = "{case.python}"\nplatform = {{ id = "linux_x86_64", runs-on-libc = "2.28" }}\n'
    settings = f'[tool.nab]\nbuild-policy = "never"\n[tool.nab.environment]\n{target}{index}'
    command: Command = (program, "lock", "--cache-dir", str(place.home / "nab"), "pyproject.toml")
    return Asked(
        files={"pyproject.toml": _project(case) + settings},
        warm=(command,),
        command=(*command, "--offline"),
        made=("pylock.toml",),
        answer=toml_lock("pylock.toml", "packages", python=case.python),
        note=f"takes files that need a later patch release of Python {case.python}",
    )


def _pip_compile(case: Case, place: Place, program: str) -> Asked:
    command: Command = (program, "--quiet", "--no-header", "--no-annotate", "--strip-extras", "--allow-unsafe")
    command += ("--cache-dir", str(place.home / "pip-tools"), "--output-file", "requirements.txt", "requirements.in")
    return Asked(
        files=_requirements(case),
        warm=(command,),
        command=command,
        made=("requirements.txt",),
        environ=_pip_index(place),
        answer=pins_in("requirements.txt"),
        note=f"{_ASKS}; {_HOST}",
    )


def _pip(case: Case, place: Place, program: str) -> Asked:
    command: Command = (program, "lock", "--quiet", "--requirement", "requirements.in", "--output", "pylock.toml")
    return Asked(
        files=_requirements(case),
        warm=(command,),
        command=command,
        made=("pylock.toml",),
        environ=_pip_index(place),
        answer=toml_lock("pylock.toml", "packages", python=case.python),
        note=f"{_ASKS}; {_HOST}",
    )


def _poetry(case: Case, place: Place, program: str) -> Asked:
    source = f'[[tool.poetry.source]]\nname = "index"\nurl = "{place.index}"\n' if place.index else ""
    command: Command = (program, "lock", "--no-interaction")
    return Asked(
        files={"pyproject.toml": f"{_project(case)}[tool.poetry]\npackage-mode = false\n{source}"},
        warm=(command,),
        command=command,
        made=("poetry.lock",),
        environ={"POETRY_CACHE_DIR": str(place.home / "poetry"), "POETRY_VIRTUALENVS_CREATE": "false"},
        answer=toml_lock("poetry.lock", "package", python=case.python),
        note=f"{_ASKS}; {_EVERYWHERE}",
    )


def _pdm(case: Case, place: Place, program: str) -> Asked:
    index = f'[[tool.pdm.source]]\nname = "index"\nurl = "{place.index}"\n' if place.index else ""
    command: Command = (
        program,
        "lock",
        "--quiet",
        "--platform",
        "manylinux_2_28_x86_64",
        "--python",
        f"=={case.python}.*",
    )
    return Asked(
        files={"pyproject.toml": f"{_project(case)}[tool.pdm]\ndistribution = false\n{index}"},
        warm=(command,),
        command=command,
        made=("pdm.lock",),
        environ={"PDM_CACHE_DIR": str(place.home / "pdm"), "PDM_CHECK_UPDATE": "0"},
        answer=toml_lock("pdm.lock", "package", python=case.python),
        note=_ASKS,
    )


def _requirements(case: Case) -> dict[str, str]:
    return {"requirements.in": "".join(f"{requirement}\n" for requirement in case.pip)}


def _project(case: Case) -> str:
    lines: Sequence[str] = [f'  "{requirement}",\n' for requirement in case.pip]
    head = f'[project]\nname = "benchmark"\nversion = "0"\nrequires-python = "=={case.python}.*"\n'
    return f"{head}dependencies = [\n{''.join(lines)}]\n"


def _pip_index(place: Place) -> dict[str, str]:
    environ = {"PIP_CACHE_DIR": str(place.home / "pip"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**environ, "PIP_INDEX_URL": place.index} if place.index else environ


PYPI_TOOLS = (
    Tool(name="uv", kinds=_PYPI, programs=("uv",), ask=_uv),
    Tool(name="nab", kinds=_PYPI, programs=("nab",), ask=_nab),
    Tool(name="pip-compile", kinds=_PYPI, programs=("pip-compile",), ask=_pip_compile),
    Tool(name="pip lock", kinds=_PYPI, programs=("pip",), ask=_pip, probe=("lock", "--help")),
    Tool(name="poetry", kinds=_PYPI, programs=("poetry",), ask=_poetry),
    Tool(name="pdm", kinds=_PYPI, programs=("pdm",), ask=_pdm),
)
