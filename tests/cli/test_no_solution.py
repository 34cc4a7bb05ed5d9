"""What has no solution: the message names the request, its line, what there is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from platform import python_version

import pytest

from tests.cli.project import CHANNEL, INDEX, Project, environment_yml


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolvable:
    about: str
    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    lines: tuple[str, ...]


CASES = (
    Unsolvable(
        about="an unknown conda package has the nearest name",
        conda=("python", "greetr"),
        lines=(
            "  environment.yml:5 asks for greetr",
            f"  no package of this name in {CHANNEL}",
            "hint: did you mean greeter?",
        ),
    ),
    Unsolvable(
        about="an unknown conda package that is like nothing",
        conda=("qqqqqq",),
        lines=(
            "  environment.yml:4 asks for qqqqqq",
            f"  no package of this name in {CHANNEL}",
            "hint: check how the name is spelled, and where it is to be found",
        ),
    ),
    Unsolvable(
        about="several unknown conda packages are told at once",
        conda=("pyhton", "libhello", "greetr", "qqqqqq"),
        lines=(
            "  environment.yml:4 asks for pyhton",
            "  environment.yml:6 asks for greetr",
            "  environment.yml:7 asks for qqqqqq",
            f"  no package of this name in {CHANNEL}",
            "hint: did you mean python for pyhton or greeter for greetr?",
        ),
    ),
    Unsolvable(
        about="a conda version that is not there",
        conda=("python", "greeter >=9"),
        lines=(
            "  environment.yml:5 asks for greeter >=9",
            "hint: usable versions of greeter: 1.2.0, 1.0.0",
        ),
    ),
    Unsolvable(
        about="two conda specs that cannot hold together, without the third that has no part in it",
        conda=("greeter 1.2.*", "greetings-data 1.*", "libhello"),
        lines=(
            "  environment.yml:4 asks for greeter 1.2.*",
            "  environment.yml:5 asks for greetings-data 1.*",
            "  conda's greeter 1.2.0 needs greetings-data >=2.0",
            (
                "hint: greeter 1.0.0 would fit in place of greeter 1.2.*, "
                "or greetings-data 2.0 in place of greetings-data 1.*"
            ),
        ),
    ),
    Unsolvable(
        about="a record without sha256 is never chosen, and the only one there is",
        conda=("greeter", "unsigned-relic"),
        lines=(
            "  environment.yml:5 asks for unsigned-relic",
            "  No candidates were found for unsigned-relic *.",
            "  unsigned-relic 1.0 has no sha256 in its channel, and only what has one can be locked",
        ),
    ),
    Unsolvable(
        about="an unknown project has the nearest name among those asked for",
        conda=("python",),
        pip=("polite-cow", "polit_cow"),
        lines=(
            "  environment.yml:7 asks for polit-cow",
            f"  no index has a project of this name (asked: {INDEX})",
            "hint: did you mean polite-cow?",
        ),
    ),
    Unsolvable(
        about="a known name that the index does not have is not offered",
        conda=("python",),
        pip=("numpi",),
        lines=(
            "  environment.yml:6 asks for numpi",
            f"  no index has a project of this name (asked: {INDEX})",
            "hint: check how the name is spelled, and where it is to be found",
        ),
    ),
    Unsolvable(
        about="a version of a project that is not there",
        conda=("python",),
        pip=("moo-words>=9",),
        lines=(
            "  environment.yml:6 asks for moo-words>=9",
            "hint: usable versions of moo-words: 2.0rc1, 1.1, 1.0, 0.9",
        ),
    ),
    Unsolvable(
        about="two requirements that cannot hold together, one of them a dependency",
        conda=("python",),
        pip=("greeter==1.2.0", "new-friend"),
        lines=(
            "  environment.yml:6 asks for greeter==1.2.0",
            "  environment.yml:7 asks for new-friend",
            "  new-friend 1.0 needs greeter>=2",
            "hint: greeter 2.0.0 would fit in place of greeter==1.2.0",
        ),
    ),
    Unsolvable(
        about="a requirement against the version that conda provides",
        conda=("greeter",),
        pip=("greeter>=2",),
        lines=(
            "  environment.yml:4 asks for greeter",
            "  environment.yml:6 asks for greeter>=2",
            "  conda provides greeter 1.2.0, 1.0.0",
            "hint: greeter 1.2.0 would fit in place of greeter>=2",
        ),
    ),
    Unsolvable(
        about="a dependency of a project against the version that conda provides",
        conda=("greeter",),
        pip=("new-friend",),
        lines=(
            "  environment.yml:4 asks for greeter",
            "  environment.yml:6 asks for new-friend",
            "  new-friend 1.0 needs greeter>=2",
            "  conda provides greeter 1.2.0, 1.0.0",
            "hint: ask conda for another greeter, or have it from PyPI alone",
        ),
    ),
    Unsolvable(
        about="a project that has source distributions only",
        conda=("python",),
        pip=("raw-ore",),
        lines=(
            "  environment.yml:6 asks for raw-ore",
            (
                "  raw_ore-1.0.tar.gz must be built to tell what it needs: its metadata are of version 2.1, before "
                "there were static ones (--allow-builds=raw-ore permits that)"
            ),
        ),
    ),
    Unsolvable(
        about="a version for a Python that is not the locked one",
        conda=("python",),
        pip=("from-the-future>1",),
        lines=(
            "  environment.yml:6 asks for from-the-future>1",
            f"  from-the-future 2.0 needs Python >=3.99, not {python_version()}; the newest for that is 1.0",
            "hint: usable versions of from-the-future: 1.0",
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_no_solution_is_explained_and_nothing_is_lost(case: Unsolvable, locked: Project) -> None:
    locked.write("environment.yml", environment_yml(*case.conda, pip=case.pip))
    told = locked.fail("lock")
    assert told.splitlines() == ["error: no solution for linux-64:", *case.lines]


def test_a_near_name_that_the_index_has_is_offered(project: Project) -> None:
    folder = project.folder / "index" / "simple" / "numpy"
    folder.mkdir(parents=True)
    (folder / "index.json").write_text('{"meta": {"api-version": "1.0"}, "name": "numpy", "files": []}')
    project.write("requirements.in", "numpi\n")
    url = (project.folder / "index" / "simple").as_uri() + "/"
    told = project.fail("lock", "--index-url", url)
    assert told.splitlines() == [
        "error: no solution for linux-64:",
        "  requirements.in:1 asks for numpi",
        f"  no index has a project of this name (asked: {url})",
        "hint: did you mean numpy?",
    ]


def test_platforms_that_fail_alike_are_told_once_and_others_apart(project: Project) -> None:
    project.write("environment.yml", environment_yml("hello-tool", "python"))
    platforms = ("-p", "linux-64", "-p", "linux-aarch64", "-p", "osx-arm64", "-p", "win-64")
    told = project.fail("lock", *platforms, "--virtual-package", "osx-arm64:__osx=10.9")
    assert told.splitlines() == [
        "error: no solution for osx-arm64:",
        "  environment.yml:4 asks for hello-tool",
        "  conda's hello-tool 0.9 needs __osx >=11.0",
        "  osx-arm64 has __osx 10.9",
        "no solution for win-64:",
        "  environment.yml:4 asks for hello-tool",
        f"  no package of this name in {CHANNEL}",
        "hint: if the machines have it, say so in the settings, under [virtual-packages.osx-arm64]",
    ]
