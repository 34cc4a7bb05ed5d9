"""Bytecode in an image: only where it is asked for, hash-based, and the same bytes each time."""

from __future__ import annotations

import importlib.util
import marshal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.channel_packages import stand_in_python
from fixtures.conda_packages import CondaFile, CondaPackage
from fixtures.distributions import Distribution
from resolver.errors import NotRepresentable
from tests.exporter.oci_world import Maker, unpacked
from tests.prefix.world import PLATFORM, Item, conda, wheel

HOST = f"{sys.version_info[0]}.{sys.version_info[1]}"
SITE = f"opt/env/lib/python{HOST}/site-packages"
TAG = sys.implementation.cache_tag

SOURCE = "NAMES = {'b', 'a', 'c'}\n\ndef main(name='b'):\n    return name in {'b', 'a', None, 'c'}\n"
MODULE = Distribution(
    project="lamp",
    version="1.0",
    files=(("lamp/__init__.py", SOURCE), ("lamp/template.py", "{% not python %}\n"), ("lamp/data.txt", "x = 1\n")),
)
NOARCH = CondaPackage(
    name="noarch-lamp",
    version="1.0",
    build="pyh0_0",
    noarch="python",
    files=(CondaFile(path="site-packages/other.py", content=b"import lamp\n"),),
)


def python() -> Item:
    """A stand-in of this interpreter's minor version, with a module of its library."""
    package = stand_in_python(f"{HOST}.0", PLATFORM)
    library = CondaFile(path=f"lib/python{HOST}/stdlib_like.py", content=b"X = 1\n")
    return conda(replace(package, files=(*package.files, library)))


ITEMS = [python(), conda(NOARCH), wheel(MODULE)]


def test_there_is_none_unless_it_is_asked_for(tmp_path: Path) -> None:
    found = unpacked(Maker(tmp_path).image(ITEMS))
    assert not [path for path in found if path.endswith(".pyc")]


def test_every_source_has_its_own_and_what_is_no_source_has_none(tmp_path: Path) -> None:
    plain, compiled = (unpacked(Maker(tmp_path / str(asked)).image(ITEMS, compile=asked)) for asked in (False, True))
    added = compiled.keys() - plain.keys()
    files = {path for path in added if compiled[path][0] == "file"}
    assert files == {
        f"{SITE}/lamp/__pycache__/__init__.{TAG}.pyc",
        f"{SITE}/__pycache__/other.{TAG}.pyc",
        f"opt/env/lib/python{HOST}/__pycache__/stdlib_like.{TAG}.pyc",
    }
    assert all(compiled[path] == entry for path, entry in plain.items())


def test_it_is_unchecked_and_says_where_its_source_will_be(tmp_path: Path) -> None:
    """PEP 552: flags 0b01, then the hash of the source."""
    found = unpacked(Maker(tmp_path).image(ITEMS, compile=True))
    content = found[f"{SITE}/lamp/__pycache__/__init__.{TAG}.pyc"][4]
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(SOURCE.encode())
    assert content[:16] == head
    code = marshal.loads(content[16:])
    assert code.co_filename == f"/{SITE}/lamp/__init__.py"
    names: dict[str, object] = {}
    exec(code, names)
    assert names["NAMES"] == {"a", "b", "c"}


def test_the_same_bytes_whatever_else_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, or all at once; and whatever the hash seed."""
    maker = Maker(tmp_path / "one")
    for items in (ITEMS[:1], ITEMS[:2], ITEMS):
        monkeypatch.setenv("PYTHONHASHSEED", str(len(items)))
        image = maker.image(items, compile=True)
    assert maker.installed == [["python"], ["noarch-lamp"], ["lamp"]]
    assert Maker(tmp_path / "other").image(ITEMS, compile=True).manifest == image.manifest


def test_layers_with_and_without_it_are_not_taken_for_each_other(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    images = [maker.image(ITEMS, compile=asked) for asked in (False, True, False, True)]
    assert images[0].manifest == images[2].manifest != images[1].manifest == images[3].manifest


def test_another_minor_version_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    items = [conda(stand_in_python("3.99.1", PLATFORM)), wheel(MODULE)]
    with pytest.raises(NotRepresentable, match=r"a CPython 3\.99 of this machine, and there is none"):
        Maker(tmp_path).image(items, compile=True)


def test_a_package_that_brings_such_a_file_itself(tmp_path: Path) -> None:
    """An install drops it, so that ours is the only one."""
    cache = CondaFile(path=f"lib/python{HOST}/site-packages/__pycache__/other.{TAG}.pyc", content=b"not ours")
    package = CondaPackage(name="rogue", version="1.0", subdir=PLATFORM, files=(cache,))
    found = unpacked(Maker(tmp_path).image([*ITEMS, conda(package)], compile=True))
    assert found[f"{SITE}/__pycache__/other.{TAG}.pyc"][4][:4] == importlib.util.MAGIC_NUMBER
