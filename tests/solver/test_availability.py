"""What the indexes have of a project and why none of it will do, in the words that people read."""

from __future__ import annotations

import pytest

from resolver.indexes import MemoryIndex
from resolver.solver.knowledge import Knowledge
from resolver.solver.policy import FilePolicy
from resolver.solver.projects import Projects
from resolver.solver.why_not.availability import Availability, Wanted, what_there_is
from resolver.solver.why_not.tags import tags_that_miss
from tests.solver.worlds import Universe, target


def _there(universe: Universe, *specifiers: str, policy: FilePolicy | None = None) -> Availability:
    knowledge = Knowledge(Projects([MemoryIndex(universe)], policy=policy), target())
    for name in universe:
        files = knowledge.files(name)
        best = [files.best(rank) for rank in range(len(files.project.ranked.versions))]
        knowledge.learn((name, file) for file in best if file is not None)
    return what_there_is(knowledge, "demo", Wanted(specifiers=specifiers))


def test_what_could_be_had_has_no_fault() -> None:
    assert _there({"demo": {"1": {}, "2": {}}}, "<3") == Availability(nearest=("2", "1"))


def test_a_version_that_is_not_there_is_no_fault_of_files() -> None:
    assert _there({"demo": {"1": {}, "2": {}}}, ">=3") == Availability(nearest=("2", "1"))


def test_where_nothing_can_be_had_at_all_that_is_told_of_every_version() -> None:
    there = _there({"demo": {"1": {"requires_python": ">=3.99"}}}, ">=3")
    assert there == Availability(detail="demo 1 needs Python >=3.99, not 3.12.4; no version is for that")


def test_the_metadata_of_the_best_wheel_speak_for_the_version() -> None:
    wheels = ["demo-2-cp312-cp312-manylinux_2_17_x86_64.whl", "demo-2-py3-none-any.whl"]
    files = [{"filename": name, "requires_python": None} for name in wheels]
    there = _there({"demo": {"1": {}, "2": {"requires_python": ">=3.99", "files": files}}}, ">=2")
    assert there.detail == "demo 2 needs Python >=3.99, not 3.12.4; the newest for that is 1"


def test_many_pythons_are_cut_short() -> None:
    universe = {"demo": {str(n): {"requires_python": f">=3.{13 + n}"} for n in range(5)}}
    detail = "demo 4 needs Python >=3.17, 3 needs >=3.16, 2 needs >=3.15, …, not 3.12.4; no version is for that"
    assert _there(universe).detail == detail


def test_faults_of_different_kinds_have_a_line_each_the_newest_first() -> None:
    universe: Universe = {
        "demo": {"1": {"yanked": "slow"}, "2": {"requires_python": ">=3.13"}, "3": {"yanked": "wrong"}},
    }
    assert _there(universe).detail.splitlines() == [
        "demo 3, 1 were yanked (wrong): only an exact pin, demo==3, takes one of them",
        "demo 2 needs Python >=3.13, not 3.12.4; the newest for that is 3",
    ]


@pytest.mark.parametrize(
    ("policy", "files", "detail"),
    [
        (
            FilePolicy(only_binary=frozenset({"demo"})),
            ["demo-1.tar.gz"],
            "it has source distributions only (1), and --only-binary leaves these out",
        ),
        (
            FilePolicy(no_binary=frozenset({"demo"})),
            ["demo-1-py3-none-any.whl"],
            "it has no source distributions, and --no-binary leaves its wheels out",
        ),
        (
            FilePolicy(only_binary=frozenset({"demo"})),
            ["demo-1-cp312-cp312-win_amd64.whl", "demo-1.tar.gz"],
            "demo 1 has wheels for win_amd64 only",
        ),
    ],
)
def test_formats_that_were_left_out(policy: FilePolicy, files: list[str], detail: str) -> None:
    assert _there({"demo": {"1": {"files": files}}}, policy=policy).detail == detail


def test_the_newest_pre_release_is_told_before_the_finals() -> None:
    there = _there({"demo": {version: {} for version in ("1", "1.1rc1", "2", "3rc1", "3rc2")}}, "<1")
    assert there.nearest == ("3rc2", "2", "1")


@pytest.mark.parametrize(
    ("subdir", "wheels", "told"),
    [
        (
            "linux-64",
            ["cp39-cp39-manylinux_2_17_x86_64", "cp310-cp310-linux_armv7l"],
            "wheels for cp39 only, not cp312",
        ),
        ("linux-64", ["pp310-pypy310_pp73-manylinux_2_17_x86_64"], "wheels for pp310 only, not cp312"),
        ("linux-64", ["py2-none-any"], "wheels for py2 only, not cp312"),
        ("linux-64", ["cp313-cp313t-manylinux_2_17_x86_64"], "wheels for cp313t only, not cp312"),
        (
            "linux-64",
            ["cp312-cp312-manylinux_2_34_x86_64", "cp312-cp312-win_amd64"],
            "wheels for manylinux_2_34_x86_64 only, and linux-64 has glibc 2.28",
        ),
        ("win-64", ["cp312-cp312-win_arm64", "cp312-cp312-win32"], "wheels for win32, win_arm64 only"),
        (
            "win-64",
            ["cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp312-cp312-macosx_11_0_arm64"],
            "wheels for macosx_arm64, manylinux_x86_64 only",
        ),
    ],
)
def test_which_wheels_there_are(subdir: str, wheels: list[str], told: str) -> None:
    assert tags_that_miss(target(subdir), wheels) == told
