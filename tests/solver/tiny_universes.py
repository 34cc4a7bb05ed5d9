"""Random problems of four projects with up to three versions each, the same for the same seed."""

from __future__ import annotations

import random

from tests.solver.oracle import Oracle

__all__ = ["random_problem"]

_NAMES = ("ant", "bee", "cat", "dog")
_VERSIONS = ("1.0", "2.0", "3.0")
_MARKERS = ("", "", "", "; sys_platform == 'win32'", "; python_version >= '3.11'")


def _specifier(pick: random.Random) -> str:
    version = pick.choice(_VERSIONS)
    return pick.choice(["", "", f">={version}", f"<{version}", f"=={version}", f"!={version}", "~=2.0", "==1.*"])


def _needs(pick: random.Random, name: str) -> list[str]:
    needs = []
    for _ in range(pick.choice([0, 1, 1, 2])):
        other = pick.choice([n for n in _NAMES if n != name])
        extra = pick.choice(["", "", "", "[x]"])
        needs.append(f"{other}{extra}{_specifier(pick)}{pick.choice(_MARKERS)}")
    if pick.random() < 0.4:
        other = pick.choice([n for n in _NAMES if n != name])
        needs.append(f"{other}{_specifier(pick)}; extra == 'x'")
    return needs


def _release(pick: random.Random, name: str) -> dict[str, object]:
    release: dict[str, object] = {"requires_dist": _needs(pick, name)}
    if pick.random() < 0.12:
        release["requires_python"] = pick.choice(["<3.12", ">=3.12"])
    if pick.random() < 0.06:
        release["invalid"] = "Requires-Dist: nonsense"
    return release


def random_problem(seed: int) -> Oracle:
    pick = random.Random(seed)
    universe = {
        name: {version: _release(pick, name) for version in pick.sample(_VERSIONS, pick.choice([1, 2, 3]))}
        for name in _NAMES
    }
    roots = [f"{name}{pick.choice(['', '', '[x]'])}{_specifier(pick)}" for name in pick.sample(_NAMES, 2)]
    constraints = [f"{pick.choice(_NAMES)}{pick.choice(['<3.0', '!=2.0'])}"] if pick.random() < 0.3 else []
    return Oracle(universe=universe, roots=tuple(roots), constraints=tuple(constraints))
