"""What an earlier lock holds is kept where it will do, in both worlds and by each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.errors import NoSolution, SettingsError
from resolver.solver.joint.solver import JointSolver
from tests.conda.worlds import record
from tests.solver.growing import Releases, World, packages

_MS = 86_400_000


@pytest.fixture
def joint_solves(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the joint solver is asked."""
    asked: list[object] = []
    original = JointSolver.solve

    def solve(self: JointSolver, problem: object) -> object:
        asked.append(problem)
        return original(self, problem)  # type: ignore[arg-type]

    monkeypatch.setattr(JointSolver, "solve", solve)
    return asked


def _conda(folder: Path) -> World:
    return World(folder=folder, conda={"linux-64": [record("app", "1.0", "lib"), record("lib", "1.0")]})


def _grown(world: World) -> World:
    world.conda["linux-64"] += [record("app", "2.0", "lib"), record("lib", "2.0"), record("tool", "1.0", "lib")]
    return world


def test_conda_pins_are_kept_and_what_is_new_is_new(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("app",))
    _grown(world)
    assert packages(world.lock(conda=("app", "tool"))) == ["app 2.0", "lib 2.0", "tool 1.0"]
    assert packages(world.lock(conda=("app", "tool"), previous=old)) == ["app 1.0", "lib 1.0", "tool 1.0"]


def test_a_new_package_moves_only_what_it_needs(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    world.conda["linux-64"].append(record("base", "1.0"))
    old = world.lock(conda=("app", "base"))
    _grown(world).conda["linux-64"] += [record("base", "2.0"), record("needs", "1.0", "lib >=2")]
    moved = world.lock(conda=("app", "base", "needs"), previous=old)
    assert packages(moved) == ["app 1.0", "base 1.0", "lib 2.0", "needs 1.0"]


@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_what_is_pinned_is_decided_before_what_is_new_whatever_its_name(tmp_path: Path, name: str) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("app", "lib"))
    _grown(world).conda["linux-64"] += [record(name, "1.0", "lib"), record(name, "2.0", "lib >=2")]
    found = packages(world.lock(conda=("app", "lib", name), previous=old))
    assert found == sorted(["app 1.0", "lib 1.0", f"{name} 1.0"])


def test_a_pin_whose_record_is_gone_is_no_pin(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("app",))
    world.conda["linux-64"] = [record("app", "2.0", "lib"), record("lib", "1.0"), record("lib", "2.0")]
    assert packages(world.lock(conda=("app",), previous=old)) == ["app 2.0", "lib 1.0"]


def test_a_record_that_was_replaced_under_its_name_is_no_pin(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("lib",))
    world.conda["linux-64"] = [record("lib", "1.0", sha256="ab" * 32), record("lib", "2.0")]
    assert packages(world.lock(conda=("lib",), previous=old)) == ["lib 2.0"]


def test_a_pin_that_is_newer_than_the_cut_off_is_no_pin(tmp_path: Path) -> None:
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [record("lib", "1.0", timestamp=10_000 * _MS), record("lib", "2.0", timestamp=20_000 * _MS)]
        },
    )
    old = world.lock(conda=("lib",))
    assert packages(old) == ["lib 2.0"]
    assert packages(world.lock(conda=("lib",), previous=old, exclude_newer="2000-01-01")) == ["lib 1.0"]


def test_a_pin_of_a_channel_that_no_longer_counts_is_no_pin(tmp_path: Path) -> None:
    world = World(folder=tmp_path, conda={}, other={"linux-64": [record("lib", "1.0")]})
    old = world.lock(conda=("lib",))
    world.conda = {"linux-64": [record("lib", "0.5")]}
    assert packages(world.lock(conda=("lib",), previous=old)) == ["lib 0.5"]
    assert packages(world.lock(conda=("lib",), previous=old, channel_priority="disabled")) == ["lib 1.0"]


def test_a_pin_is_never_a_reason_for_no_solution(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("app",))
    assert packages(_grown(world).lock(conda=("app >=2", "lib >=2"), previous=old)) == ["app 2.0", "lib 2.0"]


def test_a_changed_virtual_package_lets_go_of_what_it_decides(tmp_path: Path) -> None:
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [
                record("kernel", "1.0", "__cuda >=12", build="cuda_0", build_number=1),
                record("kernel", "1.0", "lib", build="plain_0"),
                record("lib", "1.0"),
                record("other", "1.0"),
            ]
        },
    )
    old = world.lock(conda=("kernel", "other"))
    assert packages(old) == ["kernel 1.0 plain_0", "lib 1.0", "other 1.0"]
    world.conda["linux-64"].append(record("other", "2.0"))
    cuda = (("linux-64", (("__cuda", "12.4"),)),)
    new = world.lock(conda=("kernel", "other"), previous=old, virtual_packages=cuda)
    assert packages(new) == ["kernel 1.0 cuda_0", "other 1.0"]
    assert new.evidence is not None
    assert "__cuda=12.4=0" in map(str, dict(new.evidence.virtual_packages)["linux-64"])


# ---------------------------------------------------------------------------------------------------- PyPI

_WEB: Releases = {"web": {"1.0": {"requires_dist": ["kit"]}}, "kit": {"1.0": {}}}
_GROWN_WEB: Releases = {
    "web": {"1.0": {"requires_dist": ["kit"]}, "2.0": {"requires_dist": ["kit"]}},
    "kit": {"1.0": {}, "2.0": {}},
    "extra": {"1.0": {"requires_dist": ["kit"]}},
    "picky": {"1.0": {"requires_dist": ["kit>=2"]}},
}


def _web(folder: Path) -> World:
    return World(folder=folder, pypi={name: dict(releases) for name, releases in _WEB.items()})


def test_pypi_pins_are_kept_without_a_dispute(tmp_path: Path, joint_solves: list[object]) -> None:
    world = _web(tmp_path)
    old = world.lock(pip=("web",))
    world.pypi = dict(_GROWN_WEB)
    assert packages(world.lock(pip=("web", "extra"))) == ["extra 1.0", "kit 2.0", "web 2.0"]
    assert packages(world.lock(pip=("web", "extra"), previous=old)) == ["extra 1.0", "kit 1.0", "web 1.0"]
    assert joint_solves == []


def test_a_new_project_moves_only_what_it_needs(tmp_path: Path) -> None:
    world = _web(tmp_path)
    old = world.lock(pip=("web",))
    world.pypi = dict(_GROWN_WEB)
    assert packages(world.lock(pip=("web", "picky"), previous=old)) == ["kit 2.0", "picky 1.0", "web 1.0"]


def test_the_same_wheel_is_kept_where_a_better_one_has_come(tmp_path: Path) -> None:
    pure = "web-1.0-py3-none-any.whl"
    world = World(folder=tmp_path, pypi={"web": {"1.0": {"files": [pure]}}})
    old = world.lock(pip=("web",))
    better = "web-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
    world.pypi = {"web": {"1.0": {"files": [pure, better]}}}
    assert [p.file_name for p in world.lock(pip=("web",)).on("linux-64").packages] == [better]
    assert [p.file_name for p in world.lock(pip=("web",), previous=old).on("linux-64").packages] == [pure]


def test_a_yanked_pin_is_let_go(tmp_path: Path) -> None:
    world = World(folder=tmp_path, pypi={"web": {"0.9": {}, "1.0": {}}})
    old = world.lock(pip=("web",))
    world.pypi = {"web": {"0.9": {}, "1.0": {"yanked": "broken"}}}
    assert packages(world.lock(pip=("web",), previous=old)) == ["web 0.9"]


def test_the_joint_solve_keeps_pins_of_both_worlds(tmp_path: Path, joint_solves: list[object]) -> None:
    """numpy is conda's; the added project needs an older one than the lock has, and nothing else moves."""
    python = record("python", "3.12.4", build="h0_0_cpython")
    world = World(
        folder=tmp_path,
        conda={"linux-64": [python, record("numpy", "1.0", "python"), record("numpy", "2.0", "python"), record("lib")]},
        pypi={
            "numpy": {"1.0": {}, "2.0": {}},
            "kit": {"1.0": {}},
            "old": {"1.0": {"requires_dist": ["numpy<2", "kit"]}},
        },
    )
    old = world.lock(conda=("python", "numpy", "lib"), pip=("kit",))
    assert packages(old) == ["lib 1.0", "numpy 2.0", "python 3.12.4 h0_0_cpython", "kit 1.0"]
    world.conda["linux-64"] += [record("lib", "2.0"), record("numpy", "1.5", "python")]
    world.pypi["kit"]["2.0"] = {}
    new = world.lock(conda=("python", "numpy", "lib"), pip=("kit", "old"), previous=old)
    assert joint_solves
    assert packages(new) == ["lib 1.0", "numpy 1.5", "python 3.12.4 h0_0_cpython", "kit 1.0", "old 1.0"]
    world.conda["linux-64"].append(record("numpy", "1.7", "python"))
    world.pypi["kit"]["0.5"] = {}
    again = world.lock(conda=("python", "numpy", "lib"), pip=("kit", "old", "kit<2"), previous=new)
    assert packages(again) == packages(new)


# ------------------------------------------------------------------------------------------------- upgrades


def test_one_package_is_upgraded(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    world.pypi = {"web": {"1.0": {}}, "kit": {"1.0": {}}}
    world.conda["linux-64"].append(record("python", "3.12.4", build="h0_0_cpython"))
    conda, pip = ("app", "python"), ("web", "kit")
    old = world.lock(conda=conda, pip=pip)
    _grown(world).pypi = {"web": {"1.0": {}, "2.0": {}}, "kit": {"1.0": {}, "1.5": {}, "2.0": {}}}
    new = world.lock(conda=conda, pip=pip, previous=old, upgrade=("lib", "Kit==1.5"))
    assert packages(new) == ["app 1.0", "lib 2.0", "python 3.12.4 h0_0_cpython", "kit 1.5", "web 1.0"]


def test_an_upgrade_to_a_version_of_a_conda_package(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("app",))
    _grown(world).conda["linux-64"].append(record("lib", "1.5"))
    assert packages(world.lock(conda=("app",), previous=old, upgrade=("lib==1.5",))) == ["app 1.0", "lib 1.5"]
    with pytest.raises(NoSolution):
        world.lock(conda=("app",), previous=old, upgrade=("lib==7",))


def test_an_upgrade_of_what_is_nowhere_is_refused(tmp_path: Path) -> None:
    world = _conda(tmp_path)
    old = world.lock(conda=("app",))
    with pytest.raises(SettingsError, match="neither the lock nor the manifest has a package of that name") as caught:
        world.lock(conda=("app",), previous=old, upgrade=("lib2",))
    assert caught.value.hint == "did you mean lib?"
    with pytest.raises(SettingsError, match="not of the form NAME or NAME==VERSION"):
        world.lock(conda=("app",), previous=old, upgrade=("lib>=2",))
