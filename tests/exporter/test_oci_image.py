"""The image's config, manifest and layout: what a Dockerfile would have made, and the same bytes every time."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from resolver.errors import BuildError, IntegrityError, NotRepresentable, SettingsError
from resolver.exporter.oci import (
    BaseImage,
    Image,
    LayerCache,
    OciOptions,
    base_image,
    layer_type,
    layout_entries,
    oci_image,
    write_layout,
)
from resolver.exporter.oci.values import Blob
from resolver.model import DockerSection, Lock, PlatformLock
from tests.exporter.oci_world import (
    DEBIAN,
    Maker,
    config,
    digest,
    lock_of,
    no_base,
    oci_layout,
    small,
    tar,
    write_files,
)
from tests.prefix.world import PLATFORM, PYTHON, conda

_ROOT = Path(__file__).resolve().parents[2]
LOWER = tar(DEBIAN)


class Base:
    """A base image that says many things."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.history: list[dict[str, object]] | None = None
        self.asked: list[tuple[str, str]] = []

    def __call__(self, name: str, *, architecture: str, folder: Path) -> BaseImage:
        self.asked.append((name, architecture))
        document = json.loads(config([LOWER], **self.settings))
        if self.history is not None:
            document["history"] = self.history
        blob = Blob.of(layer_type("application/vnd.docker.image.rootfs.diff.tar", name=name), LOWER)
        return base_image(
            name,
            digest="sha256:" + "b" * 64,
            config=json.dumps({**document, "docker_version": "20", "container": "x"}).encode(),
            blobs=(blob,),
            architecture=architecture,
            reference="debian:bookworm",
        )


def make(tmp_path: Path, base: Base, docker: DockerSection | None = None, **options: Any) -> Image:
    work = tmp_path / "work"
    work.mkdir(parents=True)
    maker = Maker(tmp_path)
    items = [conda(small("one"))]
    maker.image(items)
    return oci_image(
        lock_of(items),
        PLATFORM,
        options=OciOptions(docker=docker or DockerSection(), **options),
        base_source=base,
        install=lambda content, root: pytest.fail("everything is in the cache"),
        sizes={item.sha256: len(item.content) for item in items},
        cache=LayerCache(tmp_path / "cache"),
        work=work,
    )


def config_of(image: Image) -> dict[str, Any]:
    assert image.config.content is not None
    document: dict[str, Any] = json.loads(image.config.content)
    return document


def manifest_of(image: Image) -> dict[str, Any]:
    assert image.manifest.content is not None
    document: dict[str, Any] = json.loads(image.manifest.content)
    return document


# ------------------------------------------------------------------------------------------ the config


def test_the_base_is_asked_by_its_name_and_stays_beneath(tmp_path: Path) -> None:
    base = Base()
    image = make(tmp_path, base, DockerSection(base_image="debian:bookworm"))
    assert base.asked == [("debian:bookworm", "amd64")]
    assert image.layers[0].blob.digest == image.layers[0].diff_id == digest(LOWER)
    manifest = manifest_of(image)
    assert manifest["layers"][0] == {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": digest(LOWER),
        "size": len(LOWER),
    }
    assert [layer["digest"] for layer in manifest["layers"]] == [layer.blob.digest for layer in image.layers]
    document = config_of(image)
    assert document["rootfs"] == {"type": "layers", "diff_ids": [layer.diff_id for layer in image.layers]}
    assert (document["architecture"], document["os"], document["created"]) == (
        "amd64",
        "linux",
        "1980-01-01T00:00:00Z",
    )
    assert "container" not in document and "docker_version" not in document


def test_what_the_base_says_stays_and_ours_comes_over_it(tmp_path: Path) -> None:
    base = Base(
        Env=["PATH=/usr/bin", "LANG=C", "STYLE=old"],
        Cmd=["/bin/bash"],
        Entrypoint=["/entry"],
        Labels={"org.example.vendor": "us"},
        ExposedPorts={"80/tcp": {}},
        User="",
    )
    docker = DockerSection(user="1234:0", labels=(("org.example.note", "a b"),), workdir="/srv")
    settings = config_of(make(tmp_path, base, docker, variables=(("STYLE", "new"), ("B", ""), ("A", "x=y"))))["config"]
    assert settings["Env"] == [
        "PATH=/opt/env/bin:/usr/bin",
        "LANG=C",
        "STYLE=new",
        "A=x=y",
        "B=",
        "CONDA_PREFIX=/opt/env",
    ]
    assert (settings["User"], settings["WorkingDir"]) == ("1234:0", "/srv")
    assert (settings["Cmd"], settings["Entrypoint"]) == (["/bin/bash"], ["/entry"])
    assert settings["ExposedPorts"] == {"80/tcp": {}}
    assert settings["Labels"]["org.example.vendor"] == "us"
    assert settings["Labels"]["org.example.note"] == "a b"


def test_the_command_of_the_settings(tmp_path: Path) -> None:
    settings = config_of(make(tmp_path, Base(), DockerSection(command=("greet", "$HOME"))))["config"]
    assert settings["Cmd"] == ["greet", "$HOME"]
    assert settings["Env"][0] == "CONDA_PREFIX=/opt/env"
    assert settings["Env"][1] == "PATH=/opt/env/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (
            [{"created_by": "ADD"}, {"created_by": "ENV", "empty_layer": True}],
            [{"created_by": "ADD"}, {"created_by": "ENV", "empty_layer": True}],
        ),
        (None, [{"created_by": "the base image"}]),
        ([{"created_by": "ENV", "empty_layer": True}], [{"created_by": "the base image"}]),
    ],
)
def test_the_history_has_one_entry_for_each_layer(
    history: list[dict[str, object]] | None, expected: list[dict[str, object]], tmp_path: Path
) -> None:
    base = Base()
    base.history = history
    document = config_of(make(tmp_path, base))
    assert document["history"][: len(expected)] == expected
    ours = [entry["created_by"] for entry in document["history"][len(expected) :]]
    assert ours[:2] == ["samebox: the user samebox", "samebox: one 1.0"]
    assert ours[2].startswith("samebox: the environment sha256:")


def test_labels_lead_back_to_the_lock(tmp_path: Path) -> None:
    image = make(tmp_path, Base(), groups=("main",))
    labels = config_of(image)["config"]["Labels"]
    assert manifest_of(image)["annotations"] == labels == dict(image.annotations)
    key = labels.pop("io.samebox.image.key")
    assert key.startswith("sha256:") and len(key) == 71
    lock = labels.pop("io.samebox.lock.digest")
    environment = labels.pop("io.samebox.environment.digest.linux-64")
    assert labels == {
        "io.samebox.groups": "main",
        "io.samebox.platform": "linux-64",
        "org.opencontainers.image.base.digest": "sha256:" + "b" * 64,
        "org.opencontainers.image.base.name": "debian:bookworm",
        "org.opencontainers.image.title": "world",
        "org.opencontainers.image.version": lock[7:19],
    }
    assert environment.startswith("sha256:") and environment != lock


def test_an_image_with_bytecode_has_no_key(tmp_path: Path) -> None:
    """It depends on the Python that made it, and the image of a lock is a function of the lock."""
    labels = [dict(make(tmp_path / str(asked), Base(), compile=asked).annotations) for asked in (False, True)]
    assert labels[0].keys() - labels[1].keys() == {"io.samebox.image.key"}


def test_the_name_of_a_base_says_nothing_but_its_digest_does(tmp_path: Path) -> None:
    """A file of this machine has a path, which no image must depend on."""
    files = oci_layout([LOWER])
    images = []
    for folder in (tmp_path / "a", tmp_path / "b" / "deeper"):
        place = write_files(folder / "layout", files)

        def read(name: str, *, architecture: str, folder: Path) -> BaseImage:
            from resolver.exporter.oci import read_base

            return read_base(place, name=str(place), architecture=architecture, folder=folder)  # noqa: B023

        images.append(make(folder, read))  # type: ignore[arg-type]
    assert images[0].manifest == images[1].manifest


def test_a_variable_that_cannot_be_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not an environment variable: 'A=B'"):
        make(tmp_path, Base(), variables=(("A=B", "x"),))


def test_root_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="an image does not run as root"):
        make(tmp_path, Base(), DockerSection(user="0:0"))


def test_layers_that_lie_elsewhere_are_refused() -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    with pytest.raises(BuildError, match=r"my base: a layer of the type .*foreign"):
        layer_type(foreign, name="my base")


def test_a_platform_without_images(tmp_path: Path) -> None:
    lock = Lock(
        platforms=(PlatformLock(platform="osx-arm64", packages=lock_of([conda(PYTHON)]).on(PLATFORM).packages),)
    )
    with pytest.raises(NotRepresentable, match="there are no images for osx-arm64"):
        oci_image(
            lock,
            "osx-arm64",
            options=OciOptions(),
            base_source=no_base,
            install=lambda content, root: None,
            sizes={},
            cache=LayerCache(tmp_path),
            work=tmp_path,
        )


def test_a_package_without_a_hash(tmp_path: Path) -> None:
    from dataclasses import replace

    package = replace(lock_of([conda(PYTHON)]).on(PLATFORM).packages[0], sha256=None)
    with pytest.raises(IntegrityError, match=r"python 3\.12\.4 has no sha256"):
        oci_image(
            Lock(platforms=(PlatformLock(platform=PLATFORM, packages=(package,)),)),
            PLATFORM,
            options=OciOptions(base="scratch"),
            base_source=no_base,
            install=lambda content, root: None,
            sizes={},
            cache=LayerCache(tmp_path),
            work=tmp_path,
        )


# ------------------------------------------------------------------------------------------ the layout


def test_the_tar_is_an_image_layout_and_a_docker_archive(tmp_path: Path) -> None:
    image = Maker(tmp_path).image([conda(small("one"))])
    out = io.BytesIO()
    write_layout([image], out, name="registry.example.org:5000/team/world:1.0")
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        files = {m.name: archive.extractfile(m).read() for m in archive if m.isreg()}  # type: ignore[union-attr]
    blobs = {name: content for name, content in files.items() if name.startswith("blobs/")}
    assert {name: digest(content).replace(":", "/") for name, content in blobs.items()} == {
        name: name.removeprefix("blobs/") for name in blobs
    }
    (top,) = json.loads(files["index.json"])["manifests"]
    assert top["annotations"] == {
        "io.containerd.image.name": "registry.example.org:5000/team/world:1.0",
        "org.opencontainers.image.ref.name": "1.0",
    }
    assert top["platform"] == {"architecture": "amd64", "os": "linux"}
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (archived,) = json.loads(files["manifest.json"])
    assert archived["RepoTags"] == ["registry.example.org:5000/team/world:1.0"]
    assert json.loads(files[archived["Config"]]) == config_of(image)
    assert [digest(files[path]) for path in archived["Layers"]] == [layer.blob.digest for layer in image.layers]


@pytest.mark.parametrize("name", ["", "world", "World:1", "world:", ":1", "world:a b", "a//b:1", "world:-1"])
def test_what_is_no_name(name: str, tmp_path: Path) -> None:
    image = Maker(tmp_path).image([conda(small("one"))])
    with pytest.raises(SettingsError, match="not the name of an image"):
        layout_entries([image], name=name)


# ---------------------------------------------------------------------------------------- the same bytes

_MAKE = """
import hashlib, os, sys
from pathlib import Path
os.umask(int(sys.argv[1], 8))
from resolver.exporter.oci import write_layout
from tests.exporter.oci_world import Maker
from tests.exporter.test_oci_environment import WORLD
items = sorted(WORLD, key=lambda item: hash(item.name))
with open("image.tar", "wb") as out:
    write_layout([Maker(Path("oci")).image(items)], out, name="world:1")
print(hashlib.sha256(Path("image.tar").read_bytes()).hexdigest())
"""


def _made(folder: Path, umask: str, **environ: str) -> str:
    folder.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", _MAKE, umask],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), **environ},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_two_images_are_the_same_bytes(tmp_path: Path) -> None:
    one = _made(tmp_path / "a", "022", TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C")
    other = _made(tmp_path / "b" / "deeper", "077", TZ="Asia/Kathmandu", PYTHONHASHSEED="4242", LC_ALL="C.UTF-8")
    assert len(one) == 65
    assert one == other
