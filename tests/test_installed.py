"""Versions told by the names of folders are those that the standard library reads."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest

from resolver.installed import installed_version


@pytest.mark.parametrize(
    ("distribution", "package"),
    [("py-rattler", "rattler"), ("resolvelib", "resolvelib"), ("pypi-simple", "pypi_simple"), ("samebox", "resolver")],
)
def test_the_version_is_that_of_the_metadata(distribution: str, package: str) -> None:
    assert installed_version(distribution, package) == version(distribution)


def test_what_is_not_installed_has_none() -> None:
    with pytest.raises(PackageNotFoundError):
        installed_version("nothing-of-this-name", "nothing_of_this_name")
