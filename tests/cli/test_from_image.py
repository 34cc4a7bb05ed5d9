"""The lock that an image was made from, got back from the registry that has the image."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.building.test_lock_referrers import attach
from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.registry.programs import DockerRegistry, Skopeo, docker_registry, required
from tests.registry.test_real import HTPASSWD, PASSWORD

pytestmark = pytest.mark.registry


@pytest.fixture
def project(project: Project) -> Project:
    """Locked for one platform."""
    project.write("environment.yml", environment_yml("libhello", "hello-tool", "greetings-data"))
    project.succeed("lock")
    return project


@pytest.fixture
def real(tmp_path: Path) -> Iterator[DockerRegistry]:
    with docker_registry(tmp_path / "docker-registry") as running:
        yield running


def push(project: Project, target: str, **environ: str) -> str:
    """The image by its digest."""
    return project.succeed("export", "oci", "--base", "scratch", "--push", target, environ=environ).stdout.strip()


def elsewhere(project: Project) -> Path:
    """A folder without the lock, from which the image alone leads back to it."""
    folder = project.folder / "elsewhere"
    folder.mkdir(exist_ok=True)
    return folder


def test_the_lock_comes_back_byte_for_byte(project: Project, real: DockerRegistry) -> None:
    with project.lockfile.open("a") as lock:
        lock.write("# as somebody has edited it\n")
    own = project.succeed("digest").stdout
    image = push(project, f"{real.host}/team/world:1")
    folder = elsewhere(project)
    for reference in (f"{real.host}/team/world:1", image):
        options = ("--from-image", reference)
        assert project.run("digest", *options, cwd=folder).stdout == own
        done = project.run("export", "conda-lock", *options, "-o", "conda-lock.yml", cwd=folder)
        assert (done.code, done.stdout) == (0, ""), done.stderr
        assert (folder / "conda-lock.yml").read_bytes() == project.lockfile.read_bytes()
    assert push(project, f"{real.host}/team/world:1") == image
    (index,) = (real.storage / "docker/registry/v2/repositories/team/world/_manifests/tags").glob("sha256-*")
    assert len(list((index / "index/sha256").iterdir())) == 1  # attached once


@pytest.mark.parametrize("platforms", [("linux-64",), ("linux-64", "linux-aarch64")])
def test_a_tar_without_a_registry_has_the_lock_too(platforms: tuple[str, ...], make_project: MakeProject) -> None:
    project = make_project(name="both", platforms=platforms)
    project.write("environment.yml", environment_yml("greetings-data"))
    project.succeed("lock")
    named = [word for platform in platforms for word in ("-p", platform)]
    project.succeed("export", "oci", "--base", "scratch", *named, "-o", "image.tar")
    shutil.unpack_archive(project.folder / "image.tar", project.folder / "layout", filter="data")
    for image in ("oci-archive:image.tar", "oci:layout"):
        project.succeed("export", "conda-lock", "--from-image", image, "-o", "back.conda-lock.yml")
        assert (project.folder / "back.conda-lock.yml").read_bytes() == project.lockfile.read_bytes()
        assert project.succeed("digest", "--from-image", image).stdout == project.succeed("digest").stdout


def test_skopeo_takes_the_tar_for_one_image(project: Project, tmp_path: Path) -> None:
    project.succeed("export", "oci", "--base", "scratch", "-o", "image.tar")
    (tmp_path / "skopeo-home").mkdir()
    skopeo = Skopeo(program=required("skopeo"), home=tmp_path / "skopeo-home")
    seen = json.loads(skopeo.call("inspect", f"oci-archive:{project.folder / 'image.tar'}"))
    assert f"{seen['Labels']['io.samebox.lock.digest']}\n" == project.succeed("digest").stdout


def test_a_tampered_layout_is_refused(project: Project) -> None:
    project.succeed("export", "oci", "--base", "scratch", "-o", "image.tar")
    shutil.unpack_archive(project.folder / "image.tar", project.folder / "layout", filter="data")
    lock = project.folder / "layout" / "blobs" / "sha256" / hashlib.sha256(project.lockfile.read_bytes()).hexdigest()
    lock.write_bytes(lock.read_bytes().replace(b"linux-64", b"linux-32"))
    told = project.fail("digest", "--from-image", "oci:layout")
    assert "and what is attached to it is not:\n  sha256:" in told
    assert f"the blob sha256:{lock.name} is sha256:" in told
    (project.folder / "layout" / "index.json").write_text('{"manifests": []}')
    assert project.fail("digest", "--from-image", "oci:layout").startswith("error: oci:layout holds 0 images\n")
    assert project.fail("digest", "--from-image", "oci-archive:samebox.toml").startswith(
        "error: oci-archive:samebox.toml: cannot be read: "
    )


def test_it_comes_back_in_other_formats_too(project: Project, real: DockerRegistry) -> None:
    image = push(project, f"{real.host}/world:1")
    (project.folder / "own").mkdir()
    project.succeed("export", "pixi", "-o", "own/pixi.lock")
    done = project.run("export", "pixi", "--from-image", image, "-o", "pixi.lock", cwd=elsewhere(project))
    assert done.code == 0, done.stderr
    assert (elsewhere(project) / "pixi.lock").read_bytes() == (project.folder / "own" / "pixi.lock").read_bytes()
    told = project.succeed("digest", "-p", "linux-64", "--json", "--from-image", image).json
    assert told == project.succeed("digest", "-p", "linux-64", "--json").json


def test_a_replaced_lock_is_refused(project: Project, real: DockerRegistry) -> None:
    from resolver.registry import Reference, Registry

    target = f"{real.host}/world:1"
    push(project, target)
    digest = project.succeed("digest").stdout.strip()
    project.write("environment.yml", environment_yml("libhello"))
    project.succeed("lock")
    other = project.lockfile.read_bytes()
    for tag in (real.storage / "docker/registry/v2/repositories/world/_manifests/tags").glob("sha256-*"):
        tag.rename(real.storage / "gone")
    with Registry() as registry:
        attach(registry, Reference.parse(target), other)
    for command in (("export", "pixi", "-o", "pixi.lock"), ("digest",)):
        told = project.fail(*command, "--from-image", target)
        assert f" is of the lock {digest}, and what is attached to it is not:" in told
        assert f" is the lock {project.succeed('digest').stdout.strip()}" in told
    assert not (project.folder / "pixi.lock").exists()


def test_a_private_registry_by_docker_s_login(project: Project, tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    (tmp_path / "docker").mkdir()
    with docker_registry(tmp_path / "registry", passwords=tmp_path / "htpasswd") as private:
        encoded = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
        (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {private.host: {"auth": encoded}}}))
        login = {"DOCKER_CONFIG": str(tmp_path / "docker")}
        image = push(project, f"{private.host}/secret/world:1", **login)
        found = project.run("export", "conda-lock", "--from-image", image, "-o", "back.conda-lock.yml", environ=login)
        assert found.code == 0, found.stderr
        assert (project.folder / "back.conda-lock.yml").read_bytes() == project.lockfile.read_bytes()
        bases = f'base-image = "{private.host}/secret/world:1"\nbuild-image = "{private.host}/secret/world:1"\n'
        project.write("samebox.toml", project.settings.replace("resolve-base = false\n", bases))
        project.succeed("export", "docker", "-o", "context", environ=login)
        assert (
            f"FROM {private.host}/secret/world:1@{image.partition('@')[2]}"
            in (project.folder / "context" / "Dockerfile").read_text()
        )
        refused = project.run("digest", "--from-image", image)
        assert (refused.code, refused.stdout) == (2, "")
        assert f"hint: docker's configuration has no login for {private.host}" in refused.stderr
    for path in (*project.folder.rglob("*"), *project.cache.rglob("*")):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes() and encoded.encode() not in path.read_bytes(), path
    for stored in (tmp_path / "registry" / "storage").rglob("data"):
        assert PASSWORD.encode() not in stored.read_bytes() and encoded.encode() not in stored.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("export", "docker", "-o", "x"), "error: --from-image says nothing about docker\n"),
        (("digest", "pixi.lock"), "error: both pixi.lock and --from-image name a lock\n"),
        (("digest",), "error: 127.0.0.1:1/world:1: http://127.0.0.1:1/v2/world/manifests/1: "),
    ],
)
def test_what_cannot_be_done(arguments: tuple[str, ...], told: str, project: Project) -> None:
    assert project.fail(*arguments, "--from-image", "127.0.0.1:1/world:1").startswith(told)
