"""The list of names behind "did you mean"."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures import make_names_table
from resolver.names import known_projects, normalize

_ROOT = Path(make_names_table.__file__).parent.parent
_SAMPLE = _ROOT.parent / "shared" / "conda-forge-sample"


def test_the_names_are_normal_sorted_and_unique() -> None:
    names = known_projects()
    assert list(names) == sorted(set(names))
    assert all(name == normalize(name) for name in names)
    assert {"numpy", "torch", "scikit-learn", "python-dateutil"} <= set(names)


@pytest.mark.sample
@pytest.mark.skipif(not _SAMPLE.is_dir(), reason="the conda-forge sample is not beside the repository")
def test_the_list_is_made_from_the_sample() -> None:
    statements = list(make_names_table.read_statements(_SAMPLE))
    committed = (_ROOT / "resolver" / "known_projects.txt").read_bytes()
    assert make_names_table.render_projects(statements) == committed
