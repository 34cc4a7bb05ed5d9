"""Where one version serves all platforms it is chosen for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.locks.differences import differences
from tests.conda.worlds import record
from tests.solver.growing import World, packages

_BOTH = ("linux-64", "osx-arm64")
_LINUX_ONLY = "-cp312-cp312-manylinux_2_17_x86_64.whl"


def test_conda_platforms_meet_at_the_newest_version_that_all_have(tmp_path: Path) -> None:
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [record("lib", v) for v in ("1.0", "2.0", "3.0")],
            "osx-arm64": [record("lib", v) for v in ("1.0", "2.0")],
        },
    )
    locked = world.lock(conda=("lib",), platforms=_BOTH)
    assert [packages(locked, platform) for platform in _BOTH] == [["lib 2.0"], ["lib 2.0"]]
    assert differences(locked) == ()


def test_what_differs_moves_together_without_a_whole_solve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """linux-64 alone has app 2; no linux has an app 1 with a place for lib 2, which osx's newest build of it wants."""
    libs = [record("lib", v) for v in ("1.0", "2.0")]
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [record("app", "2.0", "lib >=2"), record("app", "1.0", "lib <2"), *libs],
            "linux-aarch64": [record("app", "1.0", "lib <2"), *libs],
            "osx-arm64": [
                record("app", "1.0", "lib >=2", build="new", build_number=1),
                record("app", "1.0", "lib <2", build="old"),
                *libs,
            ],
        },
    )
    monkeypatch.setattr("resolver.solver.again.solve_mixed", _not_called)
    platforms = ("linux-64", "linux-aarch64", "osx-arm64")
    locked = world.lock(conda=("app",), platforms=platforms)
    assert [packages(locked, platform) for platform in platforms] == [
        ["app 1.0", "lib 1.0"],
        ["app 1.0", "lib 1.0"],
        ["app 1.0 old", "lib 1.0"],
    ]


def test_what_needs_more_than_that_is_solved_whole(tmp_path: Path) -> None:
    """osx's lib 1 needs an extra package, which its answer does not have yet."""
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [record("lib", "1.0")],
            "osx-arm64": [record("lib", "2.0"), record("lib", "1.0", "extra"), record("extra", "1.0")],
        },
    )
    locked = world.lock(conda=("lib",), platforms=_BOTH)
    assert [packages(locked, platform) for platform in _BOTH] == [["lib 1.0"], ["extra 1.0", "lib 1.0"]]


def _not_called(*_: object) -> None:
    pytest.fail("a whole solve")


def test_where_they_must_differ_they_do(tmp_path: Path) -> None:
    world = World(folder=tmp_path, conda={"linux-64": [record("lib", "3.0")], "osx-arm64": [record("lib", "2.0")]})
    locked = world.lock(conda=("lib",), platforms=_BOTH)
    assert [str(d) for d in differences(locked)] == ["lib linux-64 3.0, osx-arm64 2.0"]


def test_one_package_that_cannot_does_not_keep_the_others_apart(tmp_path: Path) -> None:
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [
                *(record("lib", v) for v in ("1.0", "2.0")),
                *(record("stuck", v, "needed >=2") for v in ("2.0",)),
                record("stuck", "1.0", "nowhere"),
                record("needed", "2.0"),
            ],
            "osx-arm64": [record("lib", "1.0"), record("stuck", "1.0")],
        },
    )
    locked = world.lock(conda=("lib", "stuck"), platforms=_BOTH)
    assert [str(d) for d in differences(locked)] == ["stuck linux-64 2.0, osx-arm64 1.0"]
    assert packages(locked) == ["lib 1.0", "needed 2.0", "stuck 2.0"]


def test_no_request_gets_older_for_the_sake_of_what_it_needs(tmp_path: Path) -> None:
    """osx has lib 1 only; linux could have it too, but then with an app that is older than osx's."""
    world = World(
        folder=tmp_path,
        conda={
            "linux-64": [
                record("app", "2.0", "lib >=2"),
                record("app", "1.0", "lib"),
                record("lib", "2.0"),
                record("lib"),
            ],
            "osx-arm64": [record("app", "2.0", "lib"), record("lib")],
        },
    )
    locked = world.lock(conda=("app",), platforms=_BOTH)
    assert [packages(locked, platform) for platform in _BOTH] == [["app 2.0", "lib 2.0"], ["app 2.0", "lib 1.0"]]


def test_pypi_platforms_meet_too(tmp_path: Path) -> None:
    world = World(
        folder=tmp_path,
        pypi={
            "web": {"1.0": {"requires_dist": ["kit"]}},
            "kit": {"1.0": {}, "2.0": {"files": [f"kit-2.0{_LINUX_ONLY}"]}},
        },
    )
    locked = world.lock(pip=("web",), platforms=_BOTH)
    assert [packages(locked, platform) for platform in _BOTH] == [["kit 1.0", "web 1.0"]] * 2


def test_pypi_platforms_that_must_differ(tmp_path: Path) -> None:
    world = World(
        folder=tmp_path,
        pypi={
            "web": {"1.0": {"requires_dist": ["kit>=2; sys_platform == 'linux'", "kit<2; sys_platform == 'darwin'"]}},
            "kit": {"1.0": {}, "2.0": {}},
        },
    )
    locked = world.lock(pip=("web",), platforms=_BOTH)
    assert [str(d) for d in differences(locked)] == ["kit linux-64 2.0, osx-arm64 1.0"]


def test_a_new_platform_takes_the_pins_of_the_old_one_and_moves_none(tmp_path: Path) -> None:
    world = World(folder=tmp_path, conda={"linux-64": [record("lib", "1.0")]})
    old = world.lock(conda=("lib",))
    world.conda = {platform: [record("lib", "1.0"), record("lib", "2.0")] for platform in _BOTH}
    locked = world.lock(conda=("lib",), platforms=_BOTH, previous=old)
    assert [packages(locked, platform) for platform in _BOTH] == [["lib 1.0"], ["lib 1.0"]]
    world.conda["osx-arm64"] = [record("lib", "2.0")]
    apart = world.lock(conda=("lib",), platforms=_BOTH, previous=old)
    assert [packages(apart, platform) for platform in _BOTH] == [["lib 1.0"], ["lib 2.0"]]
