"""Pages by version, and the form in which a cache keeps them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from resolver.indexes import DistributionFile, releases_in, releases_of
from resolver.indexes.releases import keep, kept_page

_NAMES = {
    "a-1.0-py3-none-any.whl": "1.0",
    "a-1.0.0-cp311-cp311-win_amd64.whl": "1.0",
    "a-1.0.tar.gz": "1.0",
    "a-1.10.zip": "1.10",
    "A-1.2-3.tar.gz": "1.2.post3",
    "a-b-1.3.tar.gz": None,
    "a-1.9-py3-none-any.whl": "1.9",
    "a-1.9rc1-py3-none-any.whl": "1.9rc1",
    "a-1!0.1-py3-none-any.whl": "1!0.1",
    "a-1.0_1-py3-none-any.whl": "1.0.post1",
    "a-2.0+cu121-py3-none-any.whl": "2.0+cu121",
    "a-latest-py3-none-any.whl": None,
    "a-1.0.exe": None,
    "a-1.0.tar.bz2": None,
}
"""File names with the version that each is of; ``None`` for those that are no candidates."""


def _file(name: str) -> DistributionFile:
    return DistributionFile(filename=name, url=f"https://files.example.org/{name}", requires_python=">=3.8")


@given(names=st.lists(st.sampled_from(sorted(_NAMES)), unique=True))
def test_files_stand_at_their_version_in_ascending_order(names: list[str]) -> None:
    releases = releases_of([_file(name) for name in names], "a")
    versions = [Version(release.text) for release in releases]
    assert versions == sorted({Version(v) for name in names if (v := _NAMES[name]) is not None})
    for version, release in zip(versions, releases, strict=True):
        assert release.is_prerelease == version.is_prerelease
        here = [name for name in names if (v := _NAMES[name]) is not None and Version(v) == version]
        assert sorted(f.filename for f in release.wheels) == sorted(n for n in here if n.endswith(".whl"))
        assert sorted(f.filename for f in release.sdists) == sorted(n for n in here if not n.endswith(".whl"))
        assert (release.has_wheels, release.has_sdists) == (bool(release.wheels), bool(release.sdists))


@pytest.mark.parametrize("seed", range(5))
def test_what_a_cache_keeps_is_the_same_page(seed: int) -> None:
    files = [_file(name) for name in random.Random(seed).sample(sorted(_NAMES), 8)]
    page = kept_page(keep("a", "https://index.example.org/simple/", files))
    assert (page.name, page.index) == ("a", "https://index.example.org/simple/")
    assert sorted(page.files, key=lambda f: f.url) == sorted(files, key=lambda f: f.url)
    kept, direct = releases_in(page), releases_of(files, "a")
    assert [(r.text, r.is_prerelease, r.has_wheels, r.has_sdists, r.wheels, r.sdists) for r in kept] == [
        (r.text, r.is_prerelease, r.has_wheels, r.has_sdists, r.wheels, r.sdists) for r in direct
    ]
