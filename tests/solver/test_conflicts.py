"""Why there is no solution, to the letter: what people read when a solve fails."""

from __future__ import annotations

import pytest

from resolver.errors import NoSolution
from tests.solver.worlds import Universe, requirements, resolve

_INDEX = "https://index.example.org/simple/"

_UNIVERSE: Universe = {
    "ant": {"1": {"requires_dist": ["cat<2"]}, "2": {"requires_dist": ["cat<2"]}},
    "bee": {"1": {"requires_dist": ["cat>=2"]}},
    "cat": {"1": {}, "2": {}},
    "dog": {"1": {"requires_dist": ["nowhere"]}},
    "source": {"1": {"files": ["source-1.tar.gz"]}, "2": {"files": ["source-2.tar.gz"]}},
    "windows": {"1": {"files": ["windows-1-cp312-cp312-win_amd64.whl"]}},
    "future": {"1": {"requires_python": ">=3.99"}},
    "broken": {"1": {"invalid": "Requires-Dist: nonsense"}},
    "web": {"1": {"requires_dist": ["cat @ https://files.example.org/cat-1-py3-none-any.whl"]}},
}

_CASES: dict[str, tuple[list[str], str, str | None]] = {
    "two packages need what contradicts": (
        ["ant", "bee"],
        "  requirements.in:1 asks for ant\n  requirements.in:2 asks for bee\n  ant 1 needs cat<2\n  bee 1 needs cat>=2",
        "usable versions of cat: 2, 1",
    ),
    "two lines contradict": (
        ["cat==1", "", "cat==2"],
        "  requirements.in:1 asks for cat==1\n  requirements.in:3 asks for cat==2",
        "usable versions of cat: 2, 1",
    ),
    "a line and what a package needs": (
        ["ant", "cat==2"],
        (
            "  requirements.in:1 asks for ant\n  requirements.in:2 asks for cat==2\n"
            "  ant 1 needs cat<2\n  ant 2 needs cat<2"
        ),
        "usable versions of cat: 2, 1",
    ),
    "a version that is not there": (
        ["ant>=3"],
        "  requirements.in:1 asks for ant>=3",
        "usable versions of ant: 2, 1",
    ),
    "a project that is not there": (
        ["zebra"],
        f"  requirements.in:1 asks for zebra\n  no index has a project of this name (asked: {_INDEX})",
        "check how the name is spelled, and where it is to be found",
    ),
    "a package needs a project that is not there": (
        ["dog"],
        (
            "  requirements.in:1 asks for dog\n  dog 1 needs nowhere\n"
            f"  no index has a project of this name (asked: {_INDEX})"
        ),
        "check how the name is spelled, and where it is to be found",
    ),
    "only source distributions": (
        ["source"],
        (
            "  requirements.in:1 asks for source\n"
            "  source-2.tar.gz must be built to tell what it needs: its requires-dist is dynamic "
            "(--allow-builds=source permits that)"
        ),
        None,
    ),
    "no wheel for the platform": (
        ["windows"],
        "  requirements.in:1 asks for windows\n  windows 1 has wheels for win_amd64 only",
        None,
    ),
    "no wheel for the Python": (
        ["future"],
        "  requirements.in:1 asks for future\n  future 1 needs Python >=3.99, not 3.12.4; no version is for that",
        None,
    ),
}


@pytest.mark.parametrize("case", _CASES)
def test_the_text(case: str) -> None:
    lines, text, hint = _CASES[case]
    with pytest.raises(NoSolution) as error:
        resolve(_UNIVERSE, requirements(*lines))
    assert error.value.message == f"no solution for linux-64:\n{text}"
    assert error.value.hint == hint


def test_a_constraint_has_its_origin() -> None:
    limits = requirements("", "cat<2", source="constraints.txt")
    with pytest.raises(NoSolution) as error:
        resolve(_UNIVERSE, requirements("cat>=2"), constraints=limits)
    assert error.value.message == (
        "no solution for linux-64:\n  requirements.in:1 asks for cat>=2\n  the constraint in constraints.txt:2 is cat<2"
    )


def test_what_conda_provides_is_said() -> None:
    with pytest.raises(NoSolution) as error:
        resolve(_UNIVERSE, requirements("bee"), fixed={"cat": "1.5"})
    assert error.value.message == (
        "no solution for linux-64:\n  requirements.in:1 asks for bee\n  bee 1 needs cat>=2\n  conda provides cat 1.5"
    )
    assert error.value.hint == "ask conda for another cat, or have it from PyPI alone"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("broken", "broken-1-py3-none-any.whl: Requires-Dist: nonsense"),
        ("web", "web 1 needs cat from a URL (https://files.example.org/cat-1-py3-none-any.whl), which only a manifest"),
    ],
)
def test_why_a_candidate_is_out(line: str, part: str) -> None:
    with pytest.raises(NoSolution) as error:
        resolve(_UNIVERSE, requirements(line))
    assert part in error.value.message


def test_the_conflict_is_data_too() -> None:
    with pytest.raises(NoSolution) as error:
        resolve(_UNIVERSE, requirements("cat==1", "cat==2"))
    conflict = error.value.conflict
    assert conflict is not None
    assert (conflict.platform, conflict.subject, conflict.nearest) == ("linux-64", "cat", ("2", "1"))
    assert conflict.claims == (("cat==1", "requirements.in:1"), ("cat==2", "requirements.in:2"))
