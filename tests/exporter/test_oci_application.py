"""The application of an image that no builder makes: layers of its own, and a config that says how it is started."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

import resolver.exporter
from resolver.build_context import ApplicationFiles, FileTree, TreeFile
from resolver.errors import BuildError, NotRepresentable
from resolver.exporter import docker_context
from resolver.exporter.image_key import KEY_LABEL
from resolver.exporter.oci import Image, LayerCache, OciOptions, oci_image
from resolver.model import Application, DockerSection, HealthCheck, Lock, PlatformLock
from tests.exporter.oci_world import DEBIAN, Entry, Maker, lock_of, small, tar, unpacked
from tests.exporter.test_oci_image import Base, config_of
from tests.prefix.world import PLATFORM, conda

EPOCH = 315532800
TRAIN = Application(source="jobs", preset="train", entry="train.py", arguments=("--epochs", "2"), workdir="/var/work")
SERVE = Application(source="web", preset="serve", entry="score.py", model="best", ports=(9000,))
_MODULE = Path(resolver.exporter.__file__).with_name("scoring_server.py")


def write_tree(folder: Path, **files: str) -> FileTree:
    folder.mkdir(parents=True)
    found = []
    for name, text in files.items():
        path = folder / f"{name}.py"
        path.write_text(text)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        found.append(TreeFile(path=path.name, source=str(path), sha256=sha256, mode=0o755 if name == "tool" else 0o644))
    return FileTree(files=tuple(found), digest=hashlib.sha256(repr(files).encode()).hexdigest())


def world_lock(*, serves: bool = True) -> Lock:
    """One package, and one in the group that serves."""
    packages = lock_of([conda(small("one")), conda(small("waitress"))]).on(PLATFORM).packages
    grouped = (dataclasses.replace(p, groups=("serve",)) if p.name == "waitress" else p for p in packages)
    kept = tuple(p for p in grouped if serves or p.name != "waitress")
    return Lock(name="world", platforms=(PlatformLock(platform=PLATFORM, packages=kept),))


def make(tmp_path: Path, base: Base, docker: DockerSection, files: ApplicationFiles, *, serves: bool = True) -> Image:
    place = tmp_path / f"made-{len(list(tmp_path.iterdir()))}"
    maker = Maker(place)
    items = [conda(small("one")), *([conda(small("waitress"))] if serves else [])]
    maker.image(items)
    (place / "work").mkdir()
    return oci_image(
        world_lock(serves=serves),
        PLATFORM,
        options=OciOptions(docker=docker, application=files),
        base_source=base,
        install=lambda part, root: pytest.fail("everything is in the cache"),
        sizes={item.sha256: len(item.content) for item in items},
        cache=LayerCache(place / "cache"),
        work=place / "work",
    )


def file(text: str, *, mode: int = 0o644) -> Entry:
    return ("file", mode, EPOCH, 0, text.encode())


def files_over_base(image: Image) -> dict[str, Entry]:
    return unpacked(dataclasses.replace(image, layers=image.layers[1:]))


def test_what_trains(tmp_path: Path) -> None:
    files = ApplicationFiles(source=write_tree(tmp_path / "jobs", train="print(1)\n", tool="#!/bin/sh\n"))
    base = Base(Entrypoint=["/init"], Cmd=["bash"], ExposedPorts={"22/tcp": {}}, Env=["PATH=/usr/bin"])
    docker = DockerSection(application=dataclasses.replace(TRAIN, ports=(80,), variables=(("RATE", "0.1"),)))
    image = make(tmp_path, base, docker, files, serves=False)
    settings = config_of(image)["config"]
    assert settings["Entrypoint"] == ["/opt/env/bin/python", "-u", "/app/train.py"]
    assert settings["Cmd"] == ["--epochs", "2"]
    assert settings["WorkingDir"] == "/var/work"
    assert settings["ExposedPorts"] == {"22/tcp": {}, "80/tcp": {}}
    assert "RATE=0.1" in settings["Env"]
    assert "Healthcheck" not in settings
    found = files_over_base(image)
    assert {path: entry for path, entry in found.items() if path.startswith("app")} == {
        "app": ("folder", 0o755, EPOCH, 0, b""),
        "app/tool.py": file("#!/bin/sh\n", mode=0o755),
        "app/train.py": file("print(1)\n"),
    }
    assert found["var/work"] == ("folder", 0o755, EPOCH, 1000, b"")
    assert image.layers[-1].created_by == "samebox: the application's /app"


def test_what_serves(tmp_path: Path) -> None:
    files = ApplicationFiles(
        source=write_tree(tmp_path / "web", score="def run(data): ...\n"), model=write_tree(tmp_path / "best", w="0")
    )
    docker = DockerSection(application=dataclasses.replace(SERVE, health_check=HealthCheck(interval=2)))
    image = make(tmp_path, Base(Cmd=["bash"]), docker, files)
    settings: dict[str, Any] = config_of(image)["config"]
    script = ["/opt/env/bin/python", "/opt/samebox/scoring_server.py"]
    assert settings["Entrypoint"] == [script[0], "-u", script[1]]
    assert "Cmd" not in settings
    assert settings["WorkingDir"] == "/app"
    assert settings["ExposedPorts"] == {"9000/tcp": {}}
    assert settings["Healthcheck"] == {
        "Test": ["CMD", *script, "--health"],
        "Interval": 2_000_000_000,
        "Timeout": 5_000_000_000,
        "StartPeriod": 60_000_000_000,
        "Retries": 3,
    }
    assert settings["Labels"]["io.samebox.groups"] == "main serve"
    found = files_over_base(image)
    assert found["app/score.py"] == file("def run(data): ...\n")
    assert found["model/w.py"] == file("0")
    assert found["opt/samebox/scoring_server.py"] == file(_MODULE.read_text())
    assert "home/samebox" in found
    assert [layer.created_by.rpartition(" ")[2] for layer in image.layers[-3:]] == ["/app", "/model", "/opt/samebox"]


def test_a_new_script_rewrites_its_own_layer_and_the_key_is_that_of_a_context(tmp_path: Path) -> None:
    model = write_tree(tmp_path / "best", w="0")
    docker = DockerSection(application=SERVE)
    before, after = (
        ApplicationFiles(source=write_tree(tmp_path / name, score=name), model=model) for name in ("a", "b")
    )
    one, other = (make(tmp_path, Base(), docker, files) for files in (before, after))
    changed = [
        layer.created_by for layer, new in zip(one.layers, other.layers, strict=True) if layer.diff_id != new.diff_id
    ]
    assert changed == ["samebox: the application's /app"]
    labels = dict(other.annotations)
    assert labels[KEY_LABEL] != dict(one.annotations)[KEY_LABEL]
    pinned = dataclasses.replace(docker, base_image=f"base@sha256:{'b' * 64}")
    context = docker_context(world_lock(), docker=pinned, application=after)
    assert labels[KEY_LABEL] == dict(context.labels)[KEY_LABEL]


def test_a_lock_without_the_server_is_refused(tmp_path: Path) -> None:
    files = ApplicationFiles(source=write_tree(tmp_path / "web", score=""), model=write_tree(tmp_path / "best", w="0"))
    with pytest.raises(NotRepresentable, match="the lock has no waitress in the group serve"):
        make(tmp_path, Base(), DockerSection(application=SERVE), files, serves=False)


def test_a_link_where_the_application_goes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ApplicationFiles(source=write_tree(tmp_path / "jobs", train=""))
    monkeypatch.setattr("tests.exporter.test_oci_image.LOWER", tar({**DEBIAN, "app": "usr"}))
    with pytest.raises(BuildError, match="/app is a symbolic link, and the application's files would take its place"):
        make(tmp_path, Base(), DockerSection(application=TRAIN), files, serves=False)
