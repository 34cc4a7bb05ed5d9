"""The cache of layers stays within its bound, and nobody loses what he is using."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolver.errors import BuildError, SettingsError
from resolver.exporter.oci import CacheBound, Image, LayerCache
from resolver.exporter.oci.eviction import SIZE_VARIABLE
from tests.exporter.oci_world import Maker, small
from tests.exporter.test_oci_interpreter import Base
from tests.prefix.world import conda

_ROOT = Path(__file__).resolve().parents[2]


def layers_of(image: Image) -> set[Path]:
    """The folders in the cache that the image's layers lie in."""
    sources = {layer.blob.source for layer in image.layers}
    return {source.parent for source in sources if source is not None and "gzip" in source.parts}


def used_ago(folders: set[Path], seconds: float) -> None:
    then = time.time() - seconds
    for folder in folders:
        for file in folder.iterdir():
            os.utime(file, (then, then))


def leave(root: Path, **bound: float) -> None:
    """Use the cache, and leave it."""
    with LayerCache(root, bound=CacheBound(**bound)).work_folder():  # type: ignore[arg-type]
        pass


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, set[Path], set[Path]]:
    """A cache, and the layers in it of an image of long ago and of one of an hour ago."""
    maker = Maker(tmp_path)
    old, new = (layers_of(maker.image([conda(small(name))])) for name in ("old", "new"))
    used_ago(old, 5 * 86_400)
    used_ago(new, 3600)
    return tmp_path / "cache", old, new


def there(folders: set[Path]) -> bool:
    return all((folder / "layer").exists() for folder in folders)


def test_what_has_not_been_used_for_longest_goes_first(made: tuple[Path, set[Path], set[Path]]) -> None:
    root, old, new = made
    sizes = sum(file.stat().st_size for folder in (*old, *new) for file in folder.iterdir())
    leave(root, size=sizes)
    assert there(old) and there(new)
    leave(root, size=sizes - 1)
    assert not any(map(Path.exists, old)) and there(new)
    leave(root, size=0)
    assert not any(map(Path.exists, new))


def test_what_is_too_old_goes_though_there_is_room(made: tuple[Path, set[Path], set[Path]]) -> None:
    root, old, new = made
    (root / "sizes").mkdir()
    for name, days in (("old", 5), ("new", 1)):
        (root / "sizes" / f"{name}-1").touch()
        os.utime(root / "sizes" / f"{name}-1", (time.time() - days * 86_400,) * 2)
    leave(root, age=2 * 86_400)
    assert not any(map(Path.exists, old)) and there(new)
    assert [path.name for path in (root / "sizes").iterdir()] == ["new-1"]


def test_a_layer_that_is_taken_counts_as_used(made: tuple[Path, set[Path], set[Path]], tmp_path: Path) -> None:
    root, old, _ = made
    Maker(tmp_path, runs=10).image([conda(small("old"))])
    leave(root, age=86_400)
    assert there(old)


def test_base_images_count_too(made: tuple[Path, set[Path], set[Path]], tmp_path: Path) -> None:
    root, old, new = made
    bases = tmp_path / "bases"
    bases.mkdir()
    (bases / "older").write_bytes(bytes(1000))
    os.utime(bases / "older", (time.time() - 6 * 86_400,) * 2)
    total = sum(file.stat().st_size for folder in (*old, *new) for file in folder.iterdir())
    with LayerCache(root, bases=bases, bound=CacheBound(size=total)).work_folder():
        pass
    assert not list(bases.iterdir()) and there(old) and there(new)


_HOLD = """
import sys
from pathlib import Path
from resolver.exporter.oci import LayerCache
with LayerCache(Path(sys.argv[1])).work_folder():
    print("here", flush=True)
    sys.stdin.read()
"""


def test_nothing_goes_while_another_process_uses_the_cache(made: tuple[Path, set[Path], set[Path]]) -> None:
    root, old, _ = made
    environ = {**os.environ, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-c", _HOLD, str(root)]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == "here\n"
        leave(root, size=0)
        assert there(old)
        other.kill()
    leave(root, size=0)
    assert not any(map(Path.exists, old))


def test_what_a_base_holds_is_read_once(tmp_path: Path) -> None:
    """Also where the kept tree is damaged; and a base whose layer is another is not taken for it."""
    maker = Maker(tmp_path)
    items = [conda(small("one"))]
    first = maker.image(items, base=Base())
    (tree,) = (tmp_path / "cache" / "trees").iterdir()
    kept = tree.read_bytes()
    tree.write_bytes(kept.replace(b'"kinds":{', b'"kinds":{"opt/env/x":"file",'))
    with pytest.raises(BuildError, match="there is something at /opt/env already"):
        maker.image(items, base=Base())
    tree.write_bytes(b"{")
    assert maker.image(items, base=Base()).manifest == first.manifest
    assert tree.read_bytes() == kept
    maker.image(items, base=Base({"etc/motd": b"another\n"}))
    assert len(list((tmp_path / "cache" / "trees").iterdir())) == 2


@pytest.mark.parametrize(("text", "size"), [("", 20_000_000_000), ("0", 0), ("0.5", 500_000_000), ("3", 3_000_000_000)])
def test_the_bound_by_the_environment(text: str, size: int) -> None:
    assert CacheBound.of({SIZE_VARIABLE: text}).size == size


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf", "1e400"])
def test_a_bound_that_is_none(text: str) -> None:
    with pytest.raises(SettingsError, match=f"{SIZE_VARIABLE}={text}: expected a number of GB"):
        CacheBound.of({SIZE_VARIABLE: text})
