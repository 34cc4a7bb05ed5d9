"""Wheels on the Python of a base image: what is found there without running it, and what is made of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from resolver.errors import NotRepresentable
from resolver.exporter.oci import BaseImage, base_image
from resolver.exporter.oci.values import LAYER, Blob
from resolver.prefix import slice_installer
from tests.exporter.oci_world import DEBIAN, Entry, Maker, Tree, config, digest, small, tar, unpacked
from tests.prefix.world import BEACON, EPOCH, Item, artifacts, conda, tree, wheel

HOST = f"{sys.version_info[0]}.{sys.version_info[1]}"


def python(prefix: str, version: str) -> Tree:
    return {
        f"{prefix}/bin/python{version}": b"\x7fELF",
        f"{prefix}/lib/python{version}/os.py": b"",
    }


class Base:
    """A base image of these files."""

    def __init__(self, *trees: Tree) -> None:
        self._layer = tar({path: content for files in (DEBIAN, *trees) for path, content in files.items()})

    def __call__(self, name: str, *, architecture: str, folder: Path) -> BaseImage:
        source = folder / "base.tar"
        source.write_bytes(self._layer)
        size = len(self._layer)
        blob = Blob(media_type=LAYER, digest=digest(self._layer), size=size, source=source)
        document = config([self._layer], Env=["PATH=/usr/local/bin:/usr/bin"])
        return base_image(name, digest=f"sha256:{'b' * 64}", config=document, blobs=(blob,), architecture=architecture)


def environment(image: dict[str, Entry]) -> dict[str, Entry]:
    return {path: entry for path, entry in image.items() if path.startswith("opt/env")}


def test_the_environment_is_that_of_install_with_a_python(tmp_path: Path) -> None:
    """But for where the interpreter lies."""
    items = [wheel(BEACON), conda(small("data"))]
    maker = Maker(tmp_path / "oci")
    base = Base(python("usr", HOST))
    image = environment(unpacked(maker.image(items, base=base)))
    assert maker.image(items, base=base).manifest == maker.image(items, base=base).manifest
    assert maker.installed == [["data", "beacon"]]

    host = Path(sys._base_executable)  # type: ignore[attr-defined]
    prefix = tmp_path / "env"
    slice_installer.install_slice(
        _slice_of(items),
        prefix,
        fetch=slice_installer.from_folder(artifacts(tmp_path / "artifacts", items)),
        target_prefix=Path("/opt/env"),
        python=host,
        check_glibc=False,
    )
    expected = {}
    for path, (kind, mode, _, content) in tree(prefix).items():
        moved = content.replace(str(host.parent).encode(), b"/usr/bin") if path == "pyvenv.cfg" else content
        moved = f"/usr/bin/python{HOST}".encode() if path == "bin/python" else moved
        expected[f"opt/env/{path}".removesuffix("/.")] = (kind, 0o777 if kind == "link" else mode, EPOCH, 0, moved)
    assert image == expected
    assert image["opt/env/bin/beacon"][4].startswith(b"#!/opt/env/bin/python\n")


def _slice_of(items: list[Item]) -> bytes:
    from tests.exporter.test_oci_environment import canonical

    return canonical(items)


def test_the_python_of_usr_local_comes_first_as_on_a_path(tmp_path: Path) -> None:
    base = Base(python("usr", "3.11"), python("usr/local", "3.11"))
    found = unpacked(Maker(tmp_path).image([wheel(BEACON)], base=base))
    assert found["opt/env/bin/python"][4] == b"/usr/local/bin/python3.11"
    assert "opt/env/lib/python3.11/site-packages/beacon/__init__.py" in found


def test_a_python_whose_library_lies_in_lib64(tmp_path: Path) -> None:
    base = Base({"usr/bin/python3.12": b"\x7fELF", "usr/lib64/python3.12/os.py": b""})
    found = unpacked(Maker(tmp_path, python="3.12").image([wheel(BEACON)], base=base))
    assert found["opt/env/bin/python"][4] == b"/usr/bin/python3.12"


def test_a_cached_layer_is_of_one_version_of_python(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    for version in ("3.11", "3.12", "3.11"):
        found = unpacked(maker.image([wheel(BEACON)], base=Base(python("usr", version))))
        assert f"opt/env/lib/python{version}/site-packages/beacon/__init__.py" in found
        assert found["opt/env/pyvenv.cfg"][4].endswith(f"version = {version}\n".encode())
    assert maker.installed == [["beacon"], ["beacon"]]


@pytest.mark.parametrize(
    ("trees", "version", "told"),
    [
        ([], "3.12.4", "need Python 3.12 of the base image, and the base has none .*found: none"),
        ([python("usr", "3.11")], "3.12.4", "has none .*found: /usr/bin/python3.11"),
        ([python("usr", "3.11"), python("usr/local", "3.12")], "", "has several .*/usr/bin/python3.11"),
        ([{"usr/bin/python3.12": b"ELF"}], "3.12", "has none"),  # without its library it does not start
        ([{"usr/bin/python3.12": "../gone", "usr/lib/python3.12/os.py": b""}], "3.12", "has none"),
    ],
    ids=["none", "another", "several", "no-library", "dangling"],
)
def test_a_base_without_that_python(trees: list[Tree], version: str, told: str, tmp_path: Path) -> None:
    maker = Maker(tmp_path, python=version)
    with pytest.raises(NotRepresentable, match=told):
        maker.image([wheel(BEACON)], base=Base(*trees))
    assert maker.installed == []


def test_no_base_at_all(tmp_path: Path) -> None:
    with pytest.raises(NotRepresentable, match="an image without a base has none"):
        Maker(tmp_path).image([wheel(BEACON)])
