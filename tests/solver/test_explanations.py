"""A contradiction across both worlds is told as a chain that a person can follow, with what would fit instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from resolver.errors import NoSolution
from resolver.indexes import MemoryIndex
from resolver.manifests import parse_environment_yml
from resolver.names import NamesMap
from resolver.platforms import Platform
from resolver.solver.policy import FilePolicy, overrides_by_name
from resolver.solver.projects import Projects
from resolver.solver.solve import PlatformSolution, SolveRequest, solve_environment
from tests.conda.worlds import MAIN, channels, record, write_channel
from tests.solver.worlds import Universe, requirements

_PYTHONS = [
    record("python", "3.11.9", build="0_cpython"),
    record("python", "3.12.4", build="0_cpython"),
    record("python", "3.13.1", build="0_cp313"),
]


def _for_pythons(name: str, version: str, *depends: str) -> dict[str, Any]:
    return record(name, version, "python >=3.11", *depends)


_CHANNEL = [
    *_PYTHONS,
    _for_pythons("numpy", "1.22.0"),
    _for_pythons("numpy", "1.26.4"),
    _for_pythons("numpy", "2.1.0"),
    _for_pythons("scipy", "1.11.0", "numpy >=1.22,<2"),
    _for_pythons("scipy", "1.14.0", "numpy >=2"),
    _for_pythons("pandas", "2.2.0", "numpy >=1.22"),
    record("old-tool", "1.0", "python 3.11.*"),
    record("gpu-tool", "3.0", "__cuda >=12"),
    record("gpu-tool", "2.0", "__cuda >=11"),
]

_INDEX: Universe = {
    "foo": {"1.0": {"requires_dist": ["bar"]}},
    "bar": {"1.0": {"requires_dist": ["numba==0.58.1"]}},
    "numba": {
        "0.58.1": {"requires_dist": ["numpy<1.27,>=1.22"]},
        "0.62.1": {"requires_dist": ["numpy>=1.22"]},
    },
    "either": {
        "2.0": {"requires_dist": ["numpy>=2,<3"]},
        "1.0": {"requires_dist": ["numpy<2"]},
    },
    "many": {str(n): {"requires_dist": ["numpy<2"]} for n in range(1, 6)},
    "deep": {"1": {"requires_dist": ["deep-1"]}},
    **{f"deep-{n}": {"1": {"requires_dist": [f"deep-{n + 1}"]}} for n in range(1, 12)},
    "deep-12": {"1": {"requires_dist": ["numpy<2"]}},
    "modern": {"1.0": {"requires_python": ">=3.13"}, "0.9": {"requires_python": ">=3.12"}},
    "lost": {"1.0": {"requires_dist": ["lost-child>=3"]}},
    "lost-child": {"2.0": {}, "1.0": {}},
    "left": {"1.0": {"requires_dist": ["middle<2"]}},
    "right": {"1.0": {"requires_dist": ["middle>=2"]}},
    "middle": {"1.0": {}, "2.0": {}},
    "knows-both": {"1.0": {"requires_dist": ["middle<2", "right"]}},
    "numpy": {"3.0": {}, "1.26.4": {}},
    "extras": {"1.0": {"requires_dist": ["numpy<2; extra == 'old'"]}},
}


def _solve(
    folder: Path,
    conda: Sequence[str],
    pip: Sequence[str] = (),
    records: Sequence[Mapping[str, Any]] = _CHANNEL,
    cut_off: datetime | None = None,
    policy: FilePolicy | None = None,
) -> PlatformSolution:
    """The environment whose conda specs begin in line 2, and whose requirements follow after ``pip:``."""
    lines = ["dependencies:", *(f"- {spec}" for spec in conda)]
    if pip:
        lines += ["- pip:", *(f"  - {line}" for line in pip)]
    place = write_channel(folder / "main", {"linux-64": [dict(r) for r in records]})
    reader = channels(folder, main=place)
    request = SolveRequest(
        spec=parse_environment_yml("\n".join(lines), source="environment.yml"),
        platforms=(Platform.of("linux-64"),),
        channels=(MAIN,),
        names=NamesMap.load(),
        cut_off=cut_off,
    )
    projects = Projects([MemoryIndex(_INDEX)], policy=policy)
    (solution,) = solve_environment(request, channels=lambda: reader, projects=projects, directs={})
    return solution


def _told(folder: Path, conda: Sequence[str], pip: Sequence[str] = (), policy: FilePolicy | None = None) -> list[str]:
    with pytest.raises(NoSolution) as error:
        _solve(folder, conda, pip, policy=policy)
    text = error.value.message
    assert len(text.splitlines()) < 10, text
    head, *lines = text.splitlines()
    assert head == "no solution for linux-64:"
    return [*(line.removeprefix("  ") for line in lines), f"hint: {error.value.hint}"]


def _versions(solution: PlatformSolution) -> dict[str, str]:
    conda = {record.name: record.version for record in solution.records}
    return {**conda, **{project.name: str(project.version) for project in solution.projects}}


# ------------------------------------------------------------------------------ the three shapes of the issue


def test_a_two_step_chain_is_told_from_both_roots(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy >=2"], ["foo"]) == [
        "environment.yml:3 asks for numpy >=2",
        "environment.yml:5 asks for foo",
        "foo 1.0 needs bar",
        "bar 1.0 needs numba==0.58.1",
        "numba 0.58.1 needs numpy<1.27,>=1.22",
        "hint: numpy 1.26.4 would fit in place of numpy >=2",
    ]


def test_a_two_step_chain_solves_where_conda_may_step_back(tmp_path: Path) -> None:
    found = _versions(_solve(tmp_path, ["python =3.12", "numpy"], ["foo"]))
    assert found == {"python": "3.12.4", "numpy": "1.26.4", "foo": "1.0", "bar": "1.0", "numba": "0.58.1"}


def test_a_disjunctive_case_solves_by_either_way(tmp_path: Path) -> None:
    newest = _versions(_solve(tmp_path / "a", ["python =3.12", "numpy"], ["either"]))
    older = _versions(_solve(tmp_path / "b", ["python =3.12", "numpy <2"], ["either"]))
    assert (newest["numpy"], newest["either"]) == ("2.1.0", "2.0")
    assert (older["numpy"], older["either"]) == ("1.26.4", "1.0")


def test_a_true_contradiction_names_both_lines_and_what_would_fit(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy >=2", "scipy"], ["numba==0.58.1"]) == [
        "environment.yml:3 asks for numpy >=2",
        "environment.yml:6 asks for numba==0.58.1",
        "numba 0.58.1 needs numpy<1.27,>=1.22",
        "hint: numpy 1.26.4 would fit in place of numpy >=2, or numba 0.62.1 in place of numba==0.58.1",
    ]


# ------------------------------------------------------------------------------------------- across both worlds


def test_condas_own_dependencies_are_part_of_the_chain(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "scipy >=1.14"], ["numba==0.58.1"]) == [
        "environment.yml:3 asks for scipy >=1.14",
        "environment.yml:5 asks for numba==0.58.1",
        "conda's scipy 1.14.0 needs numpy >=2",
        "numba 0.58.1 needs numpy<1.27,>=1.22",
        "hint: scipy 1.11.0 would fit in place of scipy >=1.14, or numba 0.62.1 in place of numba==0.58.1",
    ]


def test_that_other_versions_do_not_fit_is_said(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy >=2"], ["many"]) == [
        "environment.yml:3 asks for numpy >=2",
        "environment.yml:5 asks for many",
        "many 5 needs numpy<2 (4 other versions do not fit either)",
        "hint: numpy 1.26.4 would fit in place of numpy >=2",
    ]


def test_a_project_that_conda_has_in_no_fitting_version(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy"], ["numpy>=3"]) == [
        "environment.yml:3 asks for numpy",
        "environment.yml:5 asks for numpy>=3",
        "conda provides numpy 2.1.0, 1.26.4, 1.22.0",
        "hint: numpy 2.1.0 would fit in place of numpy>=3",
    ]


def test_a_long_chain_is_cut_in_its_middle(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy >=2"], ["deep"]) == [
        "environment.yml:3 asks for numpy >=2",
        "environment.yml:5 asks for deep",
        "deep 1 needs deep-1",
        "deep-1 1 needs deep-2",
        "deep-2 1 needs deep-3",
        "… 8 more steps …",
        "deep-11 1 needs deep-12",
        "deep-12 1 needs numpy<2",
        "hint: numpy 1.26.4 would fit in place of numpy >=2",
    ]


def test_an_extra_is_named_where_it_is_the_one_that_needs(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy >=2"], ["extras[old]"]) == [
        "environment.yml:3 asks for numpy >=2",
        "environment.yml:5 asks for extras[old]",
        "extras 1.0[old] needs numpy<2",
        "hint: numpy 1.26.4 would fit in place of numpy >=2",
    ]


def test_the_python_that_is_in_the_way(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.11", "numpy"], ["modern"]) == [
        "environment.yml:2 asks for python 3.11.*",
        "environment.yml:5 asks for modern",
        "modern 1.0 needs Python >=3.13, 0.9 needs >=3.12, not 3.11.9; no version is for that",
        "hint: python 3.13.1 would fit in place of python 3.11.*",
    ]


# ---------------------------------------------------------------------------------------------- PyPI alone


def test_what_two_projects_need_of_a_third(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12"], ["left", "right"]) == [
        "environment.yml:4 asks for left",
        "environment.yml:5 asks for right",
        "left 1.0 needs middle<2",
        "right 1.0 needs middle>=2",
        "hint: usable versions of middle: 2.0, 1.0",
    ]


def test_one_request_can_contradict_itself(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12"], ["knows-both"]) == [
        "environment.yml:4 asks for knows-both",
        "knows-both 1.0 needs middle<2",
        "knows-both 1.0 needs right",
        "right 1.0 needs middle>=2",
        "hint: usable versions of middle: 2.0, 1.0",
    ]


def test_a_dependency_of_which_no_version_will_do(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12"], ["lost"]) == [
        "environment.yml:4 asks for lost",
        "lost 1.0 needs lost-child>=3",
        "hint: usable versions of lost-child: 2.0, 1.0",
    ]


def test_what_an_override_makes_of_a_need_is_told_as_the_overrides(tmp_path: Path) -> None:
    policy = FilePolicy(overrides=overrides_by_name(requirements("middle<2")))
    assert _told(tmp_path, ["python =3.12"], ["right", "middle==2.0"], policy) == [
        "environment.yml:4 asks for right",
        "environment.yml:5 asks for middle==2.0",
        "right 1.0 needs middle<2 by an override",
        "hint: middle 1.0 would fit in place of middle==2.0",
    ]


# --------------------------------------------------------------------------------------------- conda alone


def test_condas_specs_alone(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "numpy <2", "scipy >=1.14"]) == [
        "environment.yml:3 asks for numpy <2",
        "environment.yml:4 asks for scipy >=1.14",
        "conda's scipy 1.14.0 needs numpy >=2",
        "hint: numpy 2.1.0 would fit in place of numpy <2, or scipy 1.11.0 in place of scipy >=1.14",
    ]


def test_a_conda_package_for_another_python(tmp_path: Path) -> None:
    assert _told(tmp_path, ["python =3.12", "old-tool"]) == [
        "environment.yml:2 asks for python 3.12.*",
        "environment.yml:3 asks for old-tool",
        "conda's old-tool 1.0 needs python 3.11.*",
        "hint: python 3.11.9 would fit in place of python 3.12.*",
    ]


def test_a_virtual_package_that_the_platform_has_not(tmp_path: Path) -> None:
    assert _told(tmp_path, ["gpu-tool"]) == [
        "environment.yml:2 asks for gpu-tool",
        "conda's gpu-tool 3.0 needs __cuda >=12 (another version does not fit either)",
        "linux-64 has no __cuda",
        "hint: if the machines have it, say so in the settings, under [virtual-packages.linux-64]",
    ]


def test_what_the_cut_off_leaves_out_is_no_part_of_a_chain(tmp_path: Path) -> None:
    newer = record("scipy", "1.15.0", "python >=3.11", "numpy >=2.1", timestamp=1_800_000_000_000)
    with pytest.raises(NoSolution) as error:
        _solve(
            tmp_path,
            ["python =3.12", "numpy <2", "scipy >=1.14"],
            records=[*_CHANNEL, newer],
            cut_off=datetime(2024, 1, 1, tzinfo=UTC),
        )
    assert "conda's scipy 1.14.0 needs numpy >=2" in error.value.message.splitlines()[-1]


def test_the_order_of_lines_is_no_input(tmp_path: Path) -> None:
    one = _told(tmp_path / "a", ["numpy >=2", "python =3.12"], ["foo", "either"])
    other = _told(tmp_path / "b", ["python =3.12", "numpy >=2"], ["either", "foo"])
    assert [line.split(" ", 1)[1] for line in one] == [line.split(" ", 1)[1] for line in other]
