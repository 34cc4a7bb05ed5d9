"""0 done, 1 stale, 2 an error: always, however the libraries below shut down."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cli.project import Project, environment_yml


def test_check_gives_0_fresh_1_stale_2_error(locked: Project) -> None:
    fresh = locked.run("check")
    assert (fresh.code, fresh.stdout, fresh.stderr) == (0, "fresh\n", "")
    locked.write("environment.yml", environment_yml("python", "greeter", "libhello", pip=("cowtalk[loud]",)))
    stale = locked.run("check")
    assert (stale.code, stale.stdout) == (1, "stale\n")
    assert stale.stderr == (
        "environment.yml:6: libhello is asked for and not locked (linux-64)\nhint: `samebox lock` mends it\n"
    )
    locked.write("environment.yml", "dependencies: 7\n")
    assert locked.run("check").code == 2


def test_check_without_a_lock_is_stale(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    outcome = project.run("check")
    assert (outcome.code, outcome.stdout) == (1, "stale\n")
    assert outcome.stderr == "conda-lock.yml does not exist\nhint: `samebox lock` mends it\n"


def test_lock_check_is_check(locked: Project) -> None:
    assert locked.run("lock", "--check") == locked.run("check")
    locked.write("environment.yml", environment_yml("python", "libhello"))
    before = locked.lock_bytes()
    assert locked.run("lock", "--check") == locked.run("check")
    assert locked.run("lock", "--check", "--json") == locked.run("check", "--json")
    assert locked.run("lock", "--check").code == 1
    assert locked.lock_bytes() == before


# four shares of 25, which parallel workers run at once
@pytest.mark.parametrize("share", range(4))
def test_no_solution_exits_with_2_each_of_a_hundred_times(share: int, project: Project) -> None:
    project.write("environment.yml", environment_yml("greeter >=9"))

    def once(_: int) -> tuple[int, bytes]:
        ended = subprocess.run(
            project.command("lock"), cwd=project.folder, env=project.environ(), capture_output=True, check=False
        )
        return ended.returncode, ended.stdout

    with ThreadPoolExecutor(max_workers=2) as executor:
        assert set(executor.map(once, range(25))) == {(2, b"")}
