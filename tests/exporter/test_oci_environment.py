"""The layers of an environment: together they are the install, and each is made once."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.channel_packages import stand_in_python
from fixtures.conda_packages import CondaFile, CondaPackage
from fixtures.distributions import Distribution
from resolver.errors import BuildError
from resolver.exporter.oci.contents import installed_files
from resolver.exporter.oci.environment import environment_layers
from resolver.exporter.oci.layer_cache import LayerCache
from resolver.exporter.oci.parts import SlicePart, sliced
from resolver.prefix import slice_installer
from resolver.prefix.slice_installer import InstallError
from tests.exporter.oci_world import Entry, Maker, layer_bytes, slice_bytes, small, unpacked
from tests.prefix.world import (
    ALMANAC,
    BEACON,
    EPOCH,
    GREETER,
    GREETINGS,
    HELLO_TOOL,
    LIBHELLO,
    PLATFORM,
    PYTHON,
    Item,
    artifacts,
    conda,
    make_slice,
    raw_conda,
    tree,
    wheel,
)

LANTERN = Distribution(
    project="lantern",
    version="1.0",
    files=(("lantern.py", "LIGHT = 1\n"), ("lantern-1.0.data/scripts/light", "#!python\nprint('on')\n")),
)
WORLD = [
    *map(conda, (PYTHON, GREETER, GREETINGS, LIBHELLO, HELLO_TOOL, ALMANAC)),
    wheel(BEACON),
    wheel(LANTERN, kind="archive"),
]
OF_NOBODY = frozenset({"conda-meta/samebox", "conda-meta/history"})


def installed(tmp_path: Path, items: list[Item]) -> dict[str, Entry]:
    """What ``samebox install`` makes of the same slice, as an image would hold it."""
    folder = tmp_path / "by-install"
    slice_installer.install_slice(
        canonical(items),
        folder / "env",
        fetch=slice_installer.from_folder(artifacts(folder / "artifacts", items)),
        target_prefix=Path("/opt/env"),
        check_glibc=False,
    )
    found = {}
    for path, (kind, mode, _, content) in tree(folder / "env").items():
        found[f"opt/env/{path}".removesuffix("/.")] = (kind, 0o777 if kind == "link" else mode, EPOCH, 0, content)
    return found


def canonical(items: list[Item]) -> bytes:
    from resolver.locks.slices import slice_of
    from tests.exporter.oci_world import lock_of

    return slice_of(lock_of(items), PLATFORM, ("main",))


def environment_of(image: dict[str, Entry]) -> dict[str, Entry]:
    return {path: entry for path, entry in image.items() if path.startswith("opt/env")}


# ------------------------------------------------------------------------------------ the same as an install


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_the_image_holds_exactly_what_install_makes(compression: str, tmp_path: Path) -> None:
    image = Maker(tmp_path / "oci", compression).image(WORLD)
    assert environment_of(unpacked(image)) == installed(tmp_path, WORLD)


def test_the_image_made_of_cached_and_new_layers_too(tmp_path: Path) -> None:
    maker = Maker(tmp_path / "oci")
    maker.image(WORLD[:4])
    image = maker.image(WORLD)
    assert 0 < len(maker.installed[1]) < len(WORLD)
    assert environment_of(unpacked(image)) == installed(tmp_path, WORLD)


def test_the_outside_of_the_environment_is_the_user_and_its_folder(tmp_path: Path) -> None:
    found = unpacked(Maker(tmp_path).image(WORLD))
    outside = {path: entry for path, entry in found.items() if not path.startswith("opt")}
    assert outside == {
        "etc": ("folder", 0o755, EPOCH, 0, b""),
        "etc/group": ("file", 0o644, EPOCH, 0, b"samebox:x:1234:\n"),
        "etc/passwd": ("file", 0o644, EPOCH, 0, b"samebox:x:1234:1234::/home/samebox:/bin/sh\n"),
        "home": ("folder", 0o755, EPOCH, 0, b""),
        "home/samebox": ("folder", 0o755, EPOCH, 1234, b""),
    }


# -------------------------------------------------------------------------------------- as little as can be


def test_the_same_image_again_installs_nothing(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    assert maker.image(WORLD).manifest == maker.image(WORLD).manifest
    assert len(maker.installed) == 1


def test_a_damaged_layer_is_made_again(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    before = maker.image(WORLD)
    damaged = next(layer.blob for layer in before.layers if layer.blob.source and "cache" in layer.blob.source.parts)
    assert damaged.source is not None
    damaged.source.write_bytes(b"damaged")
    assert maker.image(WORLD).manifest == before.manifest
    assert hashlib.sha256(damaged.source.read_bytes()).hexdigest() == damaged.digest.removeprefix("sha256:")


def test_another_python_makes_the_layers_of_what_depends_on_it_anew(tmp_path: Path) -> None:
    """The noarch packages lie elsewhere then."""
    maker = Maker(tmp_path)
    maker.image(WORLD)
    other = stand_in_python("3.13.0", PLATFORM)
    items = [conda(other) if item.name == "python" else item for item in WORLD]
    found = unpacked(maker.image(items))
    assert "opt/env/lib/python3.13/site-packages/greeter.py" in found
    assert not any("python3.12/site-packages" in path for path in found)


# ------------------------------------------------------------------------- packages that know each other

SHARED = CondaFile(path="share/licence.txt", content=b"the same\n")


def test_a_file_of_two_packages_lies_in_the_layers_of_both(tmp_path: Path) -> None:
    items = [conda(small("one", extra=[SHARED])), conda(small("two", extra=[SHARED]))]
    maker = Maker(tmp_path / "oci")
    maker.image(items[:1])
    image = maker.image(items)
    assert maker.installed == [["one"], ["two"]]
    assert sum(b"share/licence.txt" in layer for layer in layer_bytes(image)) >= 2
    assert environment_of(unpacked(image)) == installed(tmp_path, items)


def test_two_packages_that_write_one_path_differently_are_refused(tmp_path: Path) -> None:
    """Also where each alone has been installed before."""
    other = replace(SHARED, content=b"another\n")
    items = [conda(small("one", extra=[SHARED])), conda(small("two", extra=[other]))]
    maker = Maker(tmp_path)
    for item in items:
        maker.image([item])
    with pytest.raises(InstallError, match=r"one 1.0 .* and two 1.0 .* both write share/licence.txt"):
        maker.image(items)


def test_a_package_that_writes_through_the_link_of_another_is_refused(tmp_path: Path) -> None:
    """Also where each alone has been installed before, and was right."""
    linking = CondaPackage(
        name="linking",
        version="1.0",
        subdir=PLATFORM,
        files=(CondaFile(path="lib/own.txt", content=b"own\n"), CondaFile(path="lib64", link="lib")),
    )
    through = CondaPackage(
        name="through", version="1.0", subdir=PLATFORM, files=(CondaFile(path="lib64/far.txt", content=b"far\n"),)
    )
    items = [conda(linking), conda(through)]
    maker = Maker(tmp_path)
    for item in items:
        maker.image([item])
    with pytest.raises(InstallError, match=r"through 1.0 .*: lib64/far.txt could not be put in its place"):
        maker.image(items)
    assert maker.installed == [["linking"], ["through"], ["linking", "through"]]


def test_two_packages_that_bring_one_file_with_other_modes(tmp_path: Path) -> None:
    """One install of both decides, whatever has been made of each before."""
    items = [
        conda(small("one", extra=[replace(SHARED, mode=0o755)])),
        conda(small("two", extra=[SHARED])),
    ]
    maker = Maker(tmp_path / "oci")
    for item in items:
        maker.image([item])
    image = maker.image(items)
    assert environment_of(unpacked(image)) == installed(tmp_path, items)
    assert maker.installed[-1] == ["one", "two"]

    fresh = Maker(tmp_path / "fresh")
    assert fresh.image(items).manifest == image.manifest == fresh.image(items).manifest
    assert fresh.installed == [["one", "two"]]
    for item in items:  # a layer that was made beside another package is not taken where that is missing
        assert fresh.image([item]).manifest == Maker(tmp_path / item.name).image([item]).manifest
    assert fresh.image(items).manifest == image.manifest  # and is not replaced by the one without
    assert len(fresh.installed) == 3


def test_scripts_that_are_not_run_are_named_also_by_a_cached_layer(tmp_path: Path) -> None:
    script = CondaFile(path="bin/.scripted-post-link.sh", content=b"#!/bin/sh\nexit 1\n", mode=0o755)
    maker = Maker(tmp_path)
    for _ in range(2):
        image = maker.image([conda(small("scripted", extra=[script]))])
        assert image.warnings[0] == (
            "scripted 1.0 (scripted-1.0-0.conda): its post-link script was not run: bin/.scripted-post-link.sh"
        )


# ---------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize("path", ["share/.wh.passwd", "share/.wh..wh..opq", ".wh.x/y"])
def test_names_that_would_delete_files_of_other_layers(path: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"names that begin with \.wh\. delete other files"):
        Maker(tmp_path).image([conda(small("evil", extra=[CondaFile(path=path, content=b"")]))])


@pytest.mark.parametrize(
    "hostile",
    [
        raw_conda("evil", [("../../evil", b"evil\n")]),
        raw_conda("evil", [("share/ok", b"")], listed=["../evil"]),
        raw_conda("evil", [("link", "/etc"), ("link/passwd", b"evil\n")], listed=["link", "link/passwd"]),
        raw_conda("evil", [("out", "../../../../etc/passwd")]),
    ],
    ids=["outside", "listed-outside", "through-a-link", "link-outside"],
)
def test_hostile_packages_leave_nothing(hostile: Item, tmp_path: Path) -> None:
    with pytest.raises(InstallError):
        Maker(tmp_path / "oci").image([conda(small("good")), hostile])
    assert [p.name for p in tmp_path.iterdir()] == ["oci"]
    assert not list((tmp_path / "oci").rglob("layer*"))
    assert not list((tmp_path / "oci").rglob("*evil*/evil"))


def _with_member(name: str, kind: bytes, times: int = 1) -> Item:
    """The package ``evil`` whose archive holds that member, of that type, and lists it."""
    item = raw_conda("evil", [("share/ok.txt", b"ok\n")], listed=["share/ok.txt", *[name] * times])
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(item.content)) as before,
        tarfile.open(fileobj=out, mode="w:bz2") as after,
    ):
        for member in before:
            after.addfile(member, before.extractfile(member))
        for number in range(times):
            member = tarfile.TarInfo(name)
            member.type, member.devmajor, member.devminor = kind, 1, 3
            content = f"{number}\n".encode() if kind == tarfile.REGTYPE else b""
            member.size = len(content)
            after.addfile(member, io.BytesIO(content))
    return replace(item, content=out.getvalue())


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE], ids=["char", "block", "fifo"])
def test_a_device_is_never_made(kind: bytes, tmp_path: Path) -> None:
    """py-rattler unpacks an empty file in its place."""
    items = [_with_member("share/device", kind)]
    found = unpacked(Maker(tmp_path / "oci").image(items))
    assert environment_of(found) == installed(tmp_path, items)
    assert found["opt/env/share/device"] == ("file", 0o644, EPOCH, 0, b"")


def test_a_file_that_is_there_twice_is_there_once_or_refused(tmp_path: Path) -> None:
    """As ``samebox install`` has it, and never twice in one layer."""
    items = [_with_member("share/twice.txt", tarfile.REGTYPE, times=2)]
    found = unpacked(Maker(tmp_path / "oci").image(items))
    assert environment_of(found) == installed(tmp_path, items)
    assert found["opt/env/share/twice.txt"][4] == b"1\n"


def test_files_that_no_record_names_are_refused(tmp_path: Path) -> None:
    items = [conda(small("one"))]
    folder = artifacts(tmp_path / "artifacts", items)
    slice_installer.install_slice(make_slice(items), tmp_path / "env", fetch=slice_installer.from_folder(folder))
    packages = [item.entry() for item in items]
    assert installed_files(tmp_path / "env", packages, of_nobody=OF_NOBODY).of([("conda", "one")]) == (
        "conda-meta/one-1.0-0.json",
        "share/one.txt",
    )
    (tmp_path / "env/share/stray").write_bytes(b"")
    with pytest.raises(BuildError, match="1 files belong to no package, the first is share/stray"):
        installed_files(tmp_path / "env", packages, of_nobody=OF_NOBODY)
    (tmp_path / "env/share/stray").unlink()
    (tmp_path / "env/share/one.txt").unlink()
    with pytest.raises(BuildError, match=r"one: its record names share/one.txt, which is not there"):
        installed_files(tmp_path / "env", packages, of_nobody=OF_NOBODY)


# ------------------------------------------------------------------------------------------ the cache


def test_a_failed_install_leaves_no_layer(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "cache")

    def fail(part: SlicePart, root: Path) -> object:
        raise BuildError("the disk is full")

    with cache.work_folder() as work, pytest.raises(BuildError, match="the disk is full"):
        environment_layers(
            sliced(slice_bytes([conda(small("one"))])),
            {conda(small("one")).sha256: 1},
            prefix="/opt/env",
            install=fail,
            cache=cache,
            work=work,
            room=99,
            epoch=EPOCH,
        )
    assert sorted(p.name for p in (tmp_path / "cache").iterdir()) == [".work.lock"]


_HOLD = """
import os, sys
from pathlib import Path
from resolver.exporter.oci import LayerCache
with LayerCache(Path(sys.argv[1])).work_folder() as work:
    (work / "half").write_bytes(b"half")
    print(work, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_run_has_left_is_removed_and_what_a_running_one_has_is_not(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", _HOLD, str(cache)]
    environ = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        left = Path(running.stdout.readline().strip())
        with LayerCache(cache).work_folder():
            assert (left / "half").exists()
        running.kill()
        running.wait()
    assert left.exists()
    with LayerCache(cache).work_folder() as mine:
        assert list(cache.glob(".work-*/")) == [mine]


def test_gzip_says_no_time_and_no_name(tmp_path: Path) -> None:
    layer = Maker(tmp_path).image([conda(small("one"))]).layers[0]
    assert layer.blob.source is not None
    content = layer.blob.source.read_bytes()
    assert content[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
    assert hashlib.sha256(gzip.decompress(content)).hexdigest() == layer.diff_id.removeprefix("sha256:")


_LARGE_LAYER = """
import resource, sys
from pathlib import Path
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.layer_files import write_layer
with open("large", "wb") as file:
    file.truncate(400 << 20)
def write(name, **what):
    entries = [ArchiveEntry(path="file", **what)]
    write_layer(entries, Path(name), created_by="", compression=sys.argv[1], epoch=0)
write("first", content=b"all that is imported later is imported now")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write("second", source=Path("large"))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has another unit elsewhere")
@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_memory_does_not_grow_with_what_is_packed(compression: str, tmp_path: Path) -> None:
    """MiB, for a file of 400."""
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-c", _LARGE_LAYER, compression]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40
