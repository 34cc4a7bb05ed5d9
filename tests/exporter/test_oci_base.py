"""Base images: read from each kind of place, looked at and not run, and not believed."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from resolver.errors import BuildError, IntegrityError
from resolver.exporter.oci import BaseImage, read_base
from resolver.exporter.oci.base_tree import BaseTree, read_tree
from resolver.exporter.oci.ground import check_base, ground_entries
from resolver.exporter.quoting import ImageUser
from tests.exporter.oci_world import (
    DEBIAN,
    GLIBC,
    Tree,
    config,
    digest,
    docker_archive,
    oci_layout,
    tar,
    write_files,
)

LOWER = tar(DEBIAN)
UPPER = tar({"etc/motd": b"hello\n"})
USER = ImageUser(name="samebox", uid=1234, gid=1234)


def in_tar(folder: Path, files: Mapping[str, bytes]) -> Path:
    path = folder / "base.tar"
    path.write_bytes(tar(files))
    return path


def in_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    return write_files(folder / "layout", files)


def read(place: Path, tmp_path: Path) -> BaseImage:
    folder = tmp_path / "copied"
    folder.mkdir()
    return read_base(place, name="my base", architecture="amd64", folder=folder)


def tree_of(*layers: Tree, tmp_path: Path) -> BaseTree:
    base = read(in_folder(tmp_path, oci_layout([tar(layer) for layer in layers])), tmp_path)
    return read_tree(base.layers, name=base.name)


# ------------------------------------------------------------------------------------------- the places


@pytest.mark.parametrize("place", [in_tar, in_folder])
@pytest.mark.parametrize("compression", ["", "+gzip", "+zstd"])
def test_an_oci_layout(place: Callable[..., Path], compression: str, tmp_path: Path) -> None:
    files = oci_layout([LOWER, UPPER], compression=compression)
    base = read(place(tmp_path, files), tmp_path)
    manifest = json.loads(files["index.json"])["manifests"][0]["digest"]
    assert (base.digest, base.architecture, base.reference) == (manifest, "amd64", "")
    assert [layer.diff_id for layer in base.layers] == [digest(LOWER), digest(UPPER)]
    assert {layer.blob.media_type for layer in base.layers} == {f"application/vnd.oci.image.layer.v1.tar{compression}"}
    assert "etc/motd" in read_tree(base.layers, name="my base").kinds


@pytest.mark.parametrize("place", [in_tar, in_folder])
def test_a_docker_archive(place: Callable[..., Path], tmp_path: Path) -> None:
    base = read(place(tmp_path, docker_archive([LOWER, UPPER])), tmp_path)
    assert base.digest == digest(config([LOWER, UPPER], Env=["PATH=/usr/bin", "LANG=C"]))
    assert [layer.blob.digest for layer in base.layers] == [digest(LOWER), digest(UPPER)]
    assert read_tree(base.layers, name="my base").glibc == "2.36"


def test_a_docker_archive_in_which_a_layer_is_a_link(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = dict(docker_archive([LOWER]))
    manifest = [{"Config": "image.json", "RepoTags": None, "Layers": ["other/layer.tar"]}]
    files["manifest.json"] = json.dumps(manifest).encode()
    files["other/layer.tar"] = f"../{digest(LOWER).removeprefix('sha256:')}/layer.tar"
    (tmp_path / "base.tar").write_bytes(tar(files))
    assert [layer.blob.digest for layer in read(tmp_path / "base.tar", tmp_path).layers] == [digest(LOWER)]


def test_an_image_for_several_machines(tmp_path: Path) -> None:
    """Which of them it is, the index says; attestations lie in it too."""
    files = oci_layout([LOWER])
    (mine,) = json.loads(files["index.json"])["manifests"]
    arm = oci_layout([UPPER], document=config([UPPER], architecture="arm64"))
    (other,) = json.loads(arm["index.json"])["manifests"]
    inner = json.dumps(
        {
            "manifests": [
                {**other, "platform": {"os": "linux", "architecture": "arm64"}},
                {**mine, "platform": {"os": "linux", "architecture": "amd64"}},
                {**other, "platform": {"os": "unknown", "architecture": "unknown"}},
            ]
        }
    ).encode()
    top = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest(inner), "size": len(inner)}
    index = json.dumps({"manifests": [top]}).encode()
    inner_path = f"blobs/{digest(inner).replace(':', '/')}"
    base = read(in_folder(tmp_path, {**files, **arm, "index.json": index, inner_path: inner}), tmp_path)
    assert base.digest == mine["digest"]


# ------------------------------------------------------------------------------------- not believed


def test_a_blob_that_is_another(tmp_path: Path) -> None:
    files = oci_layout([LOWER])
    files[f"blobs/{digest(LOWER).replace(':', '/')}"] = UPPER
    with pytest.raises(IntegrityError, match=f"my base: the layer {digest(LOWER)} is {digest(UPPER)}"):
        read(in_tar(tmp_path, files), tmp_path)


def test_a_layer_that_is_not_what_the_config_says(tmp_path: Path) -> None:
    base = read(in_tar(tmp_path, oci_layout([LOWER], document=config([UPPER]))), tmp_path)
    with pytest.raises(IntegrityError, match=f"a layer is {digest(LOWER)}, and the image's config says"):
        read_tree(base.layers, name="my base")


def test_another_machine(tmp_path: Path) -> None:
    files = oci_layout([LOWER], document=config([LOWER], architecture="arm64"))
    with pytest.raises(BuildError, match="my base is for linux/arm64, and linux/amd64 is needed"):
        read(in_tar(tmp_path, files), tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("index.json", b"{", "index.json is not what it should be"),
        ("index.json", b"[" * 100_000, "index.json is not what it should be"),
        ("index.json", b'{"manifests": []}', "it holds no images for linux/amd64"),
        ("index.json", b'{"manifests": [{"mediaType": "", "digest": "sha256:../../x", "size": 1}]}', "not a digest"),
        ("index.json", b" " * (5 << 20), "index.json is larger than 4194304 bytes"),
    ],
)
@pytest.mark.parametrize("place", [in_tar, in_folder])
def test_a_bad_index(place: Callable[..., Path], name: str, content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=message):
        read(place(tmp_path, {**oci_layout([LOWER]), name: content}), tmp_path)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "missing"])
@pytest.mark.parametrize("place", [in_tar, in_folder])
def test_a_docker_archive_that_names_what_lies_elsewhere(place: Callable[..., Path], path: str, tmp_path: Path) -> None:
    manifest = json.dumps([{"Config": path, "RepoTags": [], "Layers": []}]).encode()
    with pytest.raises(BuildError, match="it lacks"):
        read(place(tmp_path, {"manifest.json": manifest}), tmp_path)


@pytest.mark.parametrize("content", [b"", b"no tar at all", tar({"some": b"file"})])
def test_what_is_no_image(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "base.tar").write_bytes(content)
    with pytest.raises(BuildError, match="my base"):
        read(tmp_path / "base.tar", tmp_path)


def test_an_image_that_is_cut_off(tmp_path: Path) -> None:
    whole = tar({**oci_layout([LOWER]), "zzz": bytes(4096)})
    for length in (600, 2000, len(whole) // 2):
        (tmp_path / "base.tar").write_bytes(whole[:length])
        folder = tmp_path / f"{length}"
        folder.mkdir()
        with pytest.raises(BuildError, match="my base"):
            read(tmp_path / "base.tar", folder)


def test_a_layer_that_is_no_tar(tmp_path: Path) -> None:
    base = read(in_tar(tmp_path, oci_layout([b"not a tar" * 200])), tmp_path)
    with pytest.raises(BuildError, match=r"my base: its layer sha256:.* cannot be read"):
        read_tree(base.layers, name="my base")


def test_a_layer_of_devices_and_odd_names_is_only_looked_at(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("dev/null", tarfile.CHRTYPE), ("../../escape", tarfile.REGTYPE), ("p", tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(name)
            member.type = kind
            archive.addfile(member)
    base = read(in_tar(tmp_path, oci_layout([out.getvalue()])), tmp_path)
    assert set(read_tree(base.layers, name="my base").kinds) == {"dev/null", "escape", "p"}
    assert not (tmp_path.parent / "escape").exists()


# ------------------------------------------------------------------------------------------ what is in it


def test_an_upper_layer_hides_what_is_below(tmp_path: Path) -> None:
    lower: Tree = {"a": None, "a/one": b"1", "a/two": b"2", "b": None, "b/x": b"x", "c": None, "c/y": b"y", "d": b""}
    upper: Tree = {"a/.wh.one": b"", "b/.wh..wh..opq": b"", "b/new": b"n", "c": b"now a file", ".wh.d": b""}
    tree = tree_of(lower, upper, tmp_path=tmp_path)
    assert tree.kinds == {"a": "directory", "a/two": "file", "b": "directory", "b/new": "file", "c": "file"}


def test_links_are_followed(tmp_path: Path) -> None:
    home: Tree = {"home": "var/home", "var": None, "var/home": None, "var/home/a": None, "loop": "loop"}
    tree = tree_of(home, tmp_path=tmp_path)
    assert tree.is_directory("/home/a")
    assert not tree.is_directory("/home/b")
    assert not tree.is_directory("/loop/x")
    assert tree.link_above("/home/a") == "home"


@pytest.mark.parametrize(
    ("layer", "needed", "message"),
    [
        ({}, "2.28", r"my base has no glibc \(found: no C library"),
        ({"lib/ld-musl-x86_64.so.1": b""}, "2.28", r"my base has no glibc \(found: musl\)"),
        (DEBIAN, "2.39", "my base has glibc 2.36, but 2.39 or later is needed"),
        ({**DEBIAN, "opt": "usr"}, "2.28", "/opt is a symbolic link"),
        ({**DEBIAN, "opt/env/bin/sh": b""}, "2.28", "there is something at /opt/env already"),
        ({**DEBIAN, "opt/env": b""}, "2.28", "there is something at /opt/env already"),
    ],
)
def test_a_base_on_which_the_environment_would_not_run(layer: Tree, needed: str, message: str, tmp_path: Path) -> None:
    tree = tree_of(layer, tmp_path=tmp_path)
    with pytest.raises(BuildError, match=message):
        check_base(tree, name="my base", prefix="/opt/env", glibc=needed)


@pytest.mark.parametrize("needed", ["2.28", "2.36", ""])
def test_a_base_that_will_do(needed: str, tmp_path: Path) -> None:
    tree = tree_of({**DEBIAN, "opt": None, "opt/env": None}, tmp_path=tmp_path)
    check_base(tree, name="my base", prefix="/opt/env", glibc=needed)


def test_a_glibc_by_its_older_name_and_one_that_is_not_the_systems(tmp_path: Path) -> None:
    old = GLIBC.replace(b"2.36", b"2.31")
    other = GLIBC.replace(b"2.36", b"2.17")
    layer: Tree = {"lib/x86_64-linux-gnu/libc-2.31.so": old, "opt/sysroot/lib64/libc.so.6": other}
    assert tree_of(layer, tmp_path=tmp_path).glibc == "2.31"


def test_the_user_and_its_folders_are_added(tmp_path: Path) -> None:
    tree = tree_of(DEBIAN, tmp_path=tmp_path)
    added = {entry.path: entry for entry in ground_entries(tree, name="my base", user=USER, workdir="/srv/app")}
    assert sorted(added) == ["etc/group", "etc/passwd", "home/samebox", "srv/app"]
    assert added["etc/passwd"].content == (
        b"root:x:0:0:root:/root:/bin/bash\nsamebox:x:1234:1234::/home/samebox:/bin/sh\n"
    )
    assert added["etc/group"].content == b"root:x:0:\nsamebox:x:1234:\n"
    assert {entry.owner for path, entry in added.items() if not path.startswith("etc")} == {(1234, 1234)}


def test_what_is_there_stays(tmp_path: Path) -> None:
    there: Tree = {"etc/passwd": b"samebox:x:1234:1234::/:/bin/sh", "home/samebox": None, "srv": None}
    tree = tree_of(there, tmp_path=tmp_path)
    assert ground_entries(tree, name="my base", user=USER, workdir="/srv") == ()


def test_a_user_of_that_name_with_another_uid(tmp_path: Path) -> None:
    tree = tree_of({"etc/passwd": b"samebox:x:7:7::/:/bin/sh\n"}, tmp_path=tmp_path)
    with pytest.raises(BuildError, match="my base: it has a user samebox with the uid 7"):
        ground_entries(tree, name="my base", user=USER, workdir="/srv")
