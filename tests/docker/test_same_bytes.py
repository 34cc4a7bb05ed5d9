"""The same lock gives the same image, bit for bit: from two exports, at two times, under two umasks."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from pathlib import Path
from typing import IO

import pytest

from resolver.engines import find_engine
from resolver.exporter import DEFAULT_EPOCH
from tests.docker.conftest import DOCKER
from tests.docker.engines import DockerDaemon
from tests.docker.places import Place
from tests.docker.worlds import samebox, write_project
from tests.prefix.world import tree

pytestmark = pytest.mark.docker

BY_HAND = {
    "docker": "build --no-cache --network=none --provenance=false --build-arg=SOURCE_DATE_EPOCH={epoch} "
    "--output=type=oci,dest={archive},rewrite-timestamp=true --tag={tag} {context}",
    "buildah": "bud --layers --no-cache --network=none --timestamp={epoch} --tag={tag} {context}",
}
"""What the README says, and that nothing of an earlier build may be used."""

USER = {"etc/passwd": "samebox:x:1000:1000::/home/samebox:/bin/sh\n", "etc/group": "samebox:x:1000:\n"}


@pytest.fixture
def application(place: Place, fixture_channels: Path, fixture_index: Path, samebox_cache: Path, tmp_path: Path) -> Path:
    """A project with a script of its own, locked, on ``BASE`` by its digest."""
    folder = tmp_path / "project"
    docker = {key: value for key, value in DOCKER.items() if key not in ("command", "base-image")}
    script = {"preset": "train", "source": "code", "entry": "run.py"}
    write_project(folder, fixture_channels, fixture_index, {**docker, "base-image": place.base, "application": script})
    (folder / "code").mkdir()
    (folder / "code" / "run.py").write_text("print('runs')\n")
    samebox("lock", folder=folder, cache=samebox_cache)
    return folder


@pytest.mark.parametrize("place", ["buildkit", "buildah"], indirect=True)
def test_two_builds_of_two_exports_are_one_image(
    application: Path,
    place: Place,
    base_archives: tuple[Path, ...],
    samebox_cache: Path,
    tag: str,
    tmp_path: Path,
) -> None:
    vendored = ("--strategy", "vendored", "--no-reuse", "--engine", place.engine, "--tag", tag, "--json")
    built = samebox("build", *vendored, folder=application, cache=samebox_cache, environ=place.environ, umask=0o077)
    told = json.loads(built)
    assert told["obstacle"] is None

    context = tmp_path / "elsewhere" / "context"
    export = ("export", "docker", "--strategy", "vendored", "-o", context)
    samebox(*export, folder=application, cache=samebox_cache)
    _check_out(context)
    archive = tmp_path / "image.tar"
    words = {"epoch": DEFAULT_EPOCH, "archive": archive, "tag": f"{tag}-again", "context": context}
    place.call(*(word.format(**words) for word in BY_HAND[place.engine].split()))
    if place.engine == "docker":
        place.call("load", "--input", archive)
    else:
        place.call("push", "--quiet", f"localhost/{tag}-again", f"oci-archive:{archive}")

    assert _identity(place, f"{tag}-again") == _identity(place, tag)
    assert told["id"] == _identity(place, tag)[0]
    _require_nothing_dated(archive, base_archives[0], application, samebox_cache, tmp_path)


def _check_out(context: Path) -> None:
    """Leave no more of the modes and times than git does, on a machine with the umask 002."""
    for path in (context, *context.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o775 if runs else 0o664)
        os.utime(path)


def test_docker_with_its_own_store_says_that_it_cannot(old_daemon: DockerDaemon) -> None:
    environ = {**os.environ, "PATH": str(Path(old_daemon.client).parent), "DOCKER_HOST": f"unix://{old_daemon.socket}"}
    assert find_engine(environ, "docker").obstacle().startswith("its images are not in containerd's store")


def _identity(place: Place, name: str) -> tuple[str, ...]:
    """Id and digest of an image; in containerd's store they are the same."""
    if place.engine == "docker":
        return (place.call("image", "inspect", "--format", "{{.Id}}", name).strip(),)
    said = place.call("images", "--digests", "--no-trunc", "--format", "{{.ID}} {{.Digest}}", f"localhost/{name}")
    return tuple(dict.fromkeys(said.split()))  # a line for each of its names


def _require_nothing_dated(archive: Path, base: Path, project: Path, cache: Path, folder: Path) -> None:
    """All that the layers over the base hold is known, so nothing of it can be another on another day: the files of
    ``samebox install``, the project's own, a line for the user in two files, empty folders."""
    root = folder / "layers"
    times = _unpack_own_layers(archive, root)
    assert times == {DEFAULT_EPOCH}

    prefix = folder / "env"
    samebox("install", "--prefix", prefix, "--target-prefix", "/opt/env", folder=project, cache=cache)
    assert _without_times(root / "opt" / "env") == _without_times(prefix)
    shutil.rmtree(root / "opt" / "env")
    before = _of_base(base)
    found = {path: content for path, (kind, _, content) in _without_times(root).items() if kind != "folder"}
    assert found.pop("etc/hosts", b"") == b""  # buildah makes it where the base has none
    assert found.pop("app/run.py") == b"print('runs')\n"
    assert {path: content.decode() for path, content in found.items()} == {
        path: before.get(path, "") + line for path, line in USER.items()
    }


def _without_times(root: Path) -> dict[str, tuple[str, int, bytes]]:
    return {path: (kind, mode, content) for path, (kind, mode, _, content) in tree(root).items()}


def _of_base(archive: Path) -> dict[str, str]:
    """The files of the base image that an image with a user adds a line to."""
    with tarfile.open(archive) as image, tarfile.open(fileobj=image.extractfile("layer.tar")) as layer:
        opened = {path: layer.extractfile(f"./{path}") for path in USER}
        return {path: stream.read().decode() for path, stream in opened.items() if stream is not None}


def _unpack_own_layers(archive: Path, root: Path) -> set[float]:
    """Unpack all layers but the base's, which has one, over each other; gives the times of all that is in them."""
    times = set()
    with tarfile.open(archive) as image:

        def blob(descriptor: dict[str, str]) -> IO[bytes]:
            stream = image.extractfile(f"blobs/sha256/{descriptor['digest'].removeprefix('sha256:')}")
            assert stream is not None
            return stream

        index = image.extractfile("index.json")
        assert index is not None
        manifest = json.load(blob(json.load(index)["manifests"][0]))
        for descriptor in manifest["layers"][1:]:
            with tarfile.open(fileobj=blob(descriptor), mode="r:*") as layer:
                times |= {entry.mtime for entry in layer}
                layer.extractall(root, filter="fully_trusted")
    return times
