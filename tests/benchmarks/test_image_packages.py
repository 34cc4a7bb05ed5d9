"""The environments of the image benchmark are what they say, and the same each time."""

from __future__ import annotations

import statistics
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from benchmarks.image_packages import Sized, bumped, environment, lock_of, other_environment, write_channel


def test_the_sizes_are_those_of_a_scientific_environment() -> None:
    sizes = sorted(sized.kilobytes for sized in environment())
    assert len(sizes) == 150
    assert 80 < statistics.median(sizes) < 120
    assert sizes[135] > 2600 and sizes[-1] == 58_000
    assert sum(sized.noarch for sized in environment()) == 54


def test_two_environments_share_nine_tenths() -> None:
    names = [{sized.name for sized in packages} for packages in (environment(), other_environment())]
    assert [len(found) for found in names] == [150, 150]
    assert len(names[0] & names[1]) == 135


def test_a_bump_changes_one_package() -> None:
    changed = set(bumped(environment(), "first-051")) - set(environment())
    assert [(sized.name, sized.version, sized.noarch) for sized in changed] == [("first-051", "1.1", True)]


@pytest.mark.parametrize("noarch", [False, True])
def test_a_package_is_the_same_each_time_and_about_as_large_as_it_says(noarch: bool, tmp_path: Path) -> None:
    sized = Sized(name="sample", version="1.0", kilobytes=300, noarch=noarch)
    for folder in ("one", "two"):
        write_channel(tmp_path / folder, [sized])
    locks = [lock_of(tmp_path / folder, [sized]) for folder in ("one", "two")]
    assert locks[0] == locks[1]
    (package,) = (tmp_path / "one").rglob("*.conda")
    assert 200_000 < package.stat().st_size < 400_000
    with zipfile.ZipFile(package) as archive:
        (payload,) = [name for name in archive.namelist() if name.startswith("pkg-")]
        plain = zstandard.ZstdDecompressor().decompressobj().decompress(archive.read(payload))
    (tmp_path / "plain.tar").write_bytes(plain)
    with tarfile.open(tmp_path / "plain.tar") as tar:
        assert all(name.startswith("site-packages/" if noarch else "lib/") for name in tar.getnames())
