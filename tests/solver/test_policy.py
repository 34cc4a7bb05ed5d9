"""Which files and indexes may be used, as the user settled it. Each case is solved by both engines."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resolver.conda.channels import Channels
from resolver.conda.problems import CondaProblem
from resolver.errors import NoSolution
from resolver.indexes import CoreMetadata, DistributionFile, Index, MemoryIndex
from resolver.names import NamesMap
from resolver.solver.joint.solver import JointProblem, JointSolver
from resolver.solver.knowledge import Knowledge
from resolver.solver.policy import FilePolicy, overrides_by_name
from resolver.solver.problem import PypiProblem, limits_of, requests_of
from resolver.solver.projects import Projects
from resolver.solver.targets import Target
from resolver.solver.why_not.explain import no_solution
from resolver.solver.why_not.pypi import resolve_pypi
from tests.solver.worlds import Universe, requirements, target

Engine = Callable[[Projects, tuple[str, ...], Target], dict[str, str] | None]
"""The file (or version, without a file) chosen for each project; ``None``: no solution."""


def _fast(projects: Projects, lines: tuple[str, ...], where: Target) -> dict[str, str] | None:
    problem = _problem(lines, where)
    solution = resolve_pypi(problem, Knowledge(projects, where)).solution
    if solution is None:
        return None
    return {p.name: p.file.filename if p.file else str(p.version) for p in solution.projects}


def _joint(projects: Projects, lines: tuple[str, ...], where: Target) -> dict[str, str] | None:
    problem = _problem(lines, where)
    with tempfile.TemporaryDirectory() as cache:
        channels = Channels(cache=Path(cache))
        solution = JointSolver(lambda: channels, projects).solve(
            JointProblem(
                conda=CondaProblem(platform=where.platform, channels=(), specs=(), cut_off=where.cut_off),
                requests=requests_of(problem),
                constraints=limits_of(problem),
                owned={},
                python=where.python,
                names=NamesMap.load(),
            )
        )
    if solution is None:
        return None
    return {p.name: p.file.filename if p.file else str(p.version) for p in solution.pypi.projects}


def _problem(lines: tuple[str, ...], where: Target) -> PypiProblem:
    return PypiProblem(target=where, requirements=requirements(*lines), fixed={}, directs={})


@pytest.fixture(params=[_fast, _joint])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    return found


class _Builds:
    """Says what a build would say, and counts."""

    def __init__(self, said: Mapping[str, CoreMetadata]) -> None:
        self.said = said
        self.built: list[str] = []

    def metadata_of_sdist(self, file: DistributionFile) -> CoreMetadata:
        self.built.append(file.filename)
        return self.said[file.filename]


def _projects(
    *universes: Universe,
    policy: FilePolicy | None = None,
    builds: _Builds | None = None,
    best_match: bool = False,
    index_for: Mapping[str, Index] | None = None,
) -> Projects:
    indexes = [MemoryIndex(u, url=f"https://{n}.example.org/simple/") for n, u in enumerate(universes)]
    return Projects(
        indexes,
        policy=policy,
        builds=builds,  # type: ignore[arg-type]
        best_match=best_match,
        index_for=index_for,
    )


# -------------------------------------------------------------------------------------------------- sdists

_SDIST: Mapping[str, object] = {"files": ["a-2.0.tar.gz"]}
_WHEEL_AND_SDIST: Mapping[str, object] = {"files": ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz"]}


def test_a_wheel_comes_before_newer_versions_that_have_an_sdist_alone(engine: Engine) -> None:
    universe: Universe = {"a": {"2.0": {**_SDIST, "static": True}, "1.0": _WHEEL_AND_SDIST}}
    assert engine(_projects(universe), ("a",), target()) == {"a": "a-1.0-py3-none-any.whl"}
    assert engine(_projects(universe), ("a>1",), target()) == {"a": "a-2.0.tar.gz"}


def test_with_permission_versions_stand_in_their_order_and_nothing_is_built_without_need(engine: Engine) -> None:
    universe: Universe = {"a": {"3.0": {"files": ["a-3.0.tar.gz"]}, "2.0": _SDIST, "1.0": _WHEEL_AND_SDIST}}
    builds = _Builds({"a-3.0.tar.gz": CoreMetadata(name="a", version="3.0")})
    projects = _projects(universe, policy=FilePolicy(builds=frozenset({"a"})), builds=builds)
    assert engine(projects, ("a",), target()) == {"a": "a-3.0.tar.gz"}
    assert builds.built == ["a-3.0.tar.gz"]


def test_what_a_build_says_counts(engine: Engine) -> None:
    universe: Universe = {"a": {"2.0": _SDIST, "1.0": _WHEEL_AND_SDIST}, "b": {"1": {}, "2": {}}}
    builds = _Builds({"a-2.0.tar.gz": CoreMetadata(name="a", version="2.0", requires_dist=("b<2",))})
    projects = _projects(universe, policy=FilePolicy(builds=frozenset({":all:"})), builds=builds)
    assert engine(projects, ("a",), target()) == {"a": "a-2.0.tar.gz", "b": "b-1-py3-none-any.whl"}


def test_permission_for_another_project_is_none(engine: Engine) -> None:
    builds = _Builds({})
    projects = _projects({"a": {"2.0": _SDIST}}, policy=FilePolicy(builds=frozenset({"b"})), builds=builds)
    assert engine(projects, ("a",), target()) is None
    assert builds.built == []


def test_sdists_of_before_static_metadata_are_not_even_read(engine: Engine) -> None:
    old = {"files": ["a-2.0.tar.gz"], "upload_time": "2020-10-23T00:00:00Z", "static": True}
    index = MemoryIndex({"a": {"2.0": old}})
    assert engine(Projects([index]), ("a",), target()) is None
    assert index.metadata_asked == []


def test_a_yanked_wheel_comes_after_an_sdist_that_is_not(engine: Engine) -> None:
    files = [{"filename": "a-1.0-py3-none-any.whl", "yanked": "bad"}, "a-1.0.tar.gz"]
    universe: Universe = {"a": {"1.0": {"files": files, "static": True}}}
    assert engine(_projects(universe), ("a==1.0",), target()) == {"a": "a-1.0.tar.gz"}


def test_what_an_sdist_needs_is_said_where_no_build_is_permitted() -> None:
    projects = _projects({"a": {"2.0": _SDIST}, "b": {"1": {"requires_dist": ["a"]}}})
    answer = resolve_pypi(_problem(("b",), target()), Knowledge(projects, target()))
    assert answer.conflict is not None
    with pytest.raises(
        NoSolution, match=r"a-2.0.tar.gz must be built to tell what it needs.*\(--allow-builds=a permits that\)"
    ):
        raise no_solution([answer.conflict])


# ------------------------------------------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("only", "no", "line", "expected"),
    [
        ({"a"}, set(), "a", "a-1.0-py3-none-any.whl"),
        ({"a"}, set(), "a>1", None),
        ({":all:"}, set(), "a>1", None),
        ({":all:"}, {"a"}, "a", "a-2.0.tar.gz"),
        (set(), {"a"}, "a", "a-2.0.tar.gz"),
        (set(), {"a"}, "a<2", "a-1.0.tar.gz"),
        (set(), {":all:"}, "a<2", "a-1.0.tar.gz"),
        ({"a"}, {":all:"}, "a", "a-1.0-py3-none-any.whl"),
        (set(), {"b"}, "a", "a-1.0-py3-none-any.whl"),
    ],
)
def test_only_binary_and_no_binary(
    engine: Engine, only: set[str], no: set[str], line: str, expected: str | None
) -> None:
    universe: Universe = {"a": {"2.0": {**_SDIST, "static": True}, "1.0": {**_WHEEL_AND_SDIST, "static": True}}}
    policy = FilePolicy(only_binary=frozenset(only), no_binary=frozenset(no))
    assert engine(_projects(universe, policy=policy), (line,), target()) == (
        None if expected is None else {"a": expected}
    )


# ------------------------------------------------------------------------------------------------- indexes

_PRIVATE: Universe = {"a": {"1.0": {}}, "b": {"1.0": {}}}
_PUBLIC: Universe = {"a": {"9.0": {}}, "b": {"1.0": {}, "0.9": {}}, "c": {"1.0": {}}}


def test_the_first_index_that_has_a_project_owns_it(engine: Engine) -> None:
    assert engine(_projects(_PRIVATE, _PUBLIC), ("a", "c"), target()) == {
        "a": "a-1.0-py3-none-any.whl",
        "c": "c-1.0-py3-none-any.whl",
    }
    assert engine(_projects(_PRIVATE, _PUBLIC), ("a>1",), target()) is None


def test_the_best_match_of_all_indexes(engine: Engine) -> None:
    projects = _projects(_PRIVATE, _PUBLIC, best_match=True)
    assert engine(projects, ("a", "b"), target()) == {"a": "a-9.0-py3-none-any.whl", "b": "b-1.0-py3-none-any.whl"}
    # a version that several have is the first one's, and its metadata are asked there
    file = projects.files("b", target()).best(1)
    assert file is not None and file.url.startswith("https://0.example.org/")


def test_an_index_of_ones_own(engine: Engine) -> None:
    own = MemoryIndex({"a": {"5.0": {}}}, url="https://own.example.org/simple/")
    private, public = MemoryIndex(_PRIVATE), MemoryIndex(_PUBLIC)
    projects = Projects([private, public], index_for={"a": own, "c": own})
    assert engine(projects, ("a", "b"), target()) == {"a": "a-5.0-py3-none-any.whl", "b": "b-1.0-py3-none-any.whl"}
    assert engine(projects, ("c",), target()) is None
    assert "a" not in [*private.pages_asked, *private.prefetched, *public.pages_asked, *public.prefetched]


# ----------------------------------------------------------------------------------------------- overrides

_NUMBERS: Universe = {
    "app": {"1.0": {"requires_dist": ["numbers[fast]<2", "other"]}},
    "other": {"1.0": {"requires_dist": ["numbers==1.0; python_version >= '3'"]}},
    "numbers": {"1.0": {}, "2.0": {"requires_dist": ["speed; extra == 'fast'"]}, "3.0": {}},
    "speed": {"1.0": {}},
}


def _overriding(*lines: str) -> FilePolicy:
    return FilePolicy(overrides=overrides_by_name(requirements(*lines)))


@pytest.mark.parametrize(
    ("overrides", "asked", "expected"),
    [
        (("numbers>=2,<3",), ("app",), {"app": "1.0", "other": "1.0", "numbers": "2.0", "speed": "1.0"}),
        (("Numbers==3.0",), ("app",), {"app": "1.0", "other": "1.0", "numbers": "3.0"}),
        (("numbers>=2; sys_platform == 'win32'",), ("app",), {"app": "1.0", "other": "1.0"}),
        (
            ("numbers>=3; sys_platform == 'win32'", "numbers==2.0; sys_platform != 'win32'"),
            ("app",),
            {"app": "1.0", "other": "1.0", "numbers": "2.0", "speed": "1.0"},
        ),
        (("numbers>=2",), ("app", "numbers<2"), None),
        (("numbers>=2",), ("app", "numbers<3"), {"app": "1.0", "other": "1.0", "numbers": "2.0", "speed": "1.0"}),
        (("speed==9",), ("numbers",), {"numbers": "3.0"}),
    ],
)
def test_overrides(
    engine: Engine, overrides: tuple[str, ...], asked: tuple[str, ...], expected: dict[str, str] | None
) -> None:
    answer = engine(_projects(_NUMBERS, policy=_overriding(*overrides)), asked, target())
    versions = None if answer is None else {name: file.split("-")[1] for name, file in answer.items()}
    assert versions == expected


# ----------------------------------------------------------------------------------------------- the cut-off

_CUT_OFF = datetime(2024, 3, 1, tzinfo=UTC)
_AGES: Universe = {
    "a": {
        "3.0": {"upload_time": "2024-06-01T00:00:00Z"},
        "2.0": {},
        "1.0": {"upload_time": "2024-01-01T00:00:00Z"},
    }
}


@pytest.mark.parametrize(("take", "expected"), [(False, "1.0"), (True, "2.0")])
def test_files_without_a_time(engine: Engine, take: bool, expected: str) -> None:
    projects = _projects(_AGES, policy=FilePolicy(take_untimed=take))
    assert engine(projects, ("a",), target(cut_off=_CUT_OFF)) == {"a": f"a-{expected}-py3-none-any.whl"}


def test_which_versions_were_left_out_is_said() -> None:
    where = target(cut_off=_CUT_OFF)
    universe: Universe = {
        "a": {"1": {}, "2": {"files": ["a-2-py3-none-any.whl", "a-2-cp312-none-win_amd64.whl", "a-2.tar.gz"]}}
    }
    answer = resolve_pypi(_problem(("a",), where), Knowledge(_projects(universe), where))
    assert answer.conflict is not None
    assert answer.conflict.detail == "a 2, 1 tell no upload time, and the cut-off leaves such out (missing-time)"
