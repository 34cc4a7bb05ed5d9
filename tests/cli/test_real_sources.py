"""A real project that has nothing but an sdist, from the real index."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.locks.files import read_lock
from tests.cli.project import Project

pytestmark = pytest.mark.network


def test_a_project_without_wheels_is_built_where_that_is_permitted(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", channels=str(tmp_path), index=str(tmp_path))
    project.write("samebox.toml", 'platforms = ["linux-64"]\npython = "3.12"\n')
    project.write("requirements.in", "docopt==0.6.2\n")
    assert "--allow-builds=docopt" in project.fail("lock")
    project.succeed("lock", "--allow-builds=docopt")
    (locked,) = read_lock(project.lockfile).on("linux-64").packages
    assert (locked.kind, locked.name, locked.version, locked.file_name) == (
        "pypi",
        "docopt",
        "0.6.2",
        "docopt-0.6.2.tar.gz",
    )
    assert locked.sha256 == "49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"
