"""``export oci``: the tar, the registry, and what is left where it goes wrong."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.exporter.oci_world import DEBIAN, config, digest, oci_layout, tar, write_files
from tests.registry.programs import DockerRegistry, Skopeo, docker_registry, required

GOLDEN = Path(__file__).parent.parent / "exporter" / "golden" / "oci-quickstart.json"


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """Locked for one platform."""
    project = make_project()
    project.write("environment.yml", environment_yml("libhello", "hello-tool", "greetings-data"))
    project.succeed("lock")
    return project


@pytest.fixture
def real(tmp_path: Path) -> Iterator[DockerRegistry]:
    with docker_registry(tmp_path / "docker-registry") as running:
        yield running


def read_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isreg()}  # type: ignore[union-attr]


def documents(files: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The config and the manifest of the one image."""
    (top,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(files[f"blobs/{top['digest'].replace(':', '/')}"])
    return json.loads(files[f"blobs/{manifest['config']['digest'].replace(':', '/')}"]), manifest


def left_in(project: Project) -> list[str]:
    """What lies in the project's folder, and what a run has left in its cache."""
    works = [p.name for p in (project.cache / "oci-layers").glob(".work-*/")]
    return sorted(p.name for p in project.folder.iterdir()) + works


# ------------------------------------------------------------------------------------------------ the tar


def test_the_golden_quickstart(golden_quickstart: Path, fixture_channels: Path, fixture_index: Path) -> None:
    """The diff_ids and the config are written down: they are the same on every machine."""
    found: dict[str, object] = {}
    runner = Project(golden_quickstart.parent / "runner", channels=str(fixture_channels), index=str(fixture_index))
    assert runner.run("lock", cwd=golden_quickstart).code == 0
    for platform in ("linux-64", "linux-aarch64"):
        place = golden_quickstart / f"{platform}.tar"
        options = ("--base", "scratch", "-p", platform, "-o", str(place))
        outcome = runner.run("export", "oci", "conda-lock.yml", *options, cwd=golden_quickstart)
        assert outcome.code == 0, outcome.stderr
        document, manifest = documents(read_tar(place))
        found[platform] = {"config": manifest["config"]["digest"], "document": document}
    expected = json.loads(GOLDEN.read_text())
    assert found == expected, f"if that is meant, write {GOLDEN}:\n{json.dumps(found, indent=2, sort_keys=True)}"


def test_a_second_export_is_the_same_file(project: Project) -> None:
    for name in ("one.tar", "two.tar"):
        project.succeed("export", "oci", "--base", "scratch", "-o", name)
    assert (project.folder / "one.tar").read_bytes() == (project.folder / "two.tar").read_bytes()


def test_a_second_export_needs_no_package(project: Project) -> None:
    """Nor a network: all layers are in the cache."""
    project.succeed("export", "oci", "--base", "scratch", "-o", "one.tar")
    shutil.rmtree(project.cache / "artifacts")
    project.succeed("export", "oci", "--base", "scratch", "--offline", "-o", "two.tar")
    assert (project.folder / "one.tar").read_bytes() == (project.folder / "two.tar").read_bytes()
    assert not (project.cache / "artifacts").exists()


def test_stdout_holds_the_tar_and_nothing_else(project: Project) -> None:
    project.succeed("export", "oci", "--base", "scratch", "-o", "image.tar")
    command = project.command("export", "oci", "--base", "scratch", "-o", "-")
    done = subprocess.run(command, cwd=project.folder, env=project.environ(), capture_output=True, check=True)
    assert done.stdout == (project.folder / "image.tar").read_bytes()


def test_what_is_told(project: Project) -> None:
    told = project.succeed("export", "oci", "--base", "scratch", "-o", "image.tar").told.splitlines()
    document, manifest = documents(read_tar(project.folder / "image.tar"))
    assert len(told) == 2
    assert told[0].startswith("warning: linux-64: there is no base image: whatever needs a C library (glibc 2.28")
    assert told[1].startswith(f"linux-64: {len(document['rootfs']['diff_ids'])} layers, ")
    assert told[1].split("config ")[1].startswith(manifest["config"]["digest"])


def test_a_base_of_this_machine(project: Project) -> None:
    layers = [tar(DEBIAN)]
    write_files(project.folder / "base", oci_layout(layers, compression="+gzip"))
    project.succeed("export", "oci", "--base", "./base", "-o", "image.tar")
    document, _ = documents(read_tar(project.folder / "image.tar"))
    assert document["rootfs"]["diff_ids"][0] == digest(layers[0])
    assert document["config"]["Env"][0] == "PATH=/opt/env/bin:/usr/bin"
    assert str(project.folder) not in json.dumps(document)


def test_epoch_and_name(project: Project) -> None:
    options = ("export", "oci", "--base", "scratch", "--name", "team/world:2.0", "-o", "image.tar")
    assert project.run(*options, environ={"SOURCE_DATE_EPOCH": "1700000000"}).code == 0
    files = read_tar(project.folder / "image.tar")
    assert documents(files)[0]["created"] == "2023-11-14T22:13:20Z"
    assert json.loads(files["manifest.json"])[0]["RepoTags"] == ["team/world:2.0"]
    with tarfile.open(project.folder / "image.tar") as archive:
        assert {member.mtime for member in archive} == {1700000000}


def test_several_platforms_in_one_tar(make_project: MakeProject) -> None:
    project = make_project(platforms=("linux-64", "linux-aarch64", "osx-arm64"))
    project.write("environment.yml", environment_yml("greetings-data"))
    project.succeed("lock")
    outcome = project.run("export", "oci", "--base", "scratch", "-o", "image.tar")
    assert (outcome.code, outcome.stderr.splitlines()) == (
        2,
        [
            "error: the lock has 2 linux platforms: linux-64, linux-aarch64",
            "hint: say which to make an image of with --platform; it may be repeated",
        ],
    )
    both = ("-p", "linux-64", "-p", "linux-aarch64")
    project.succeed("export", "oci", "--base", "scratch", *both, "-o", "image.tar")
    files = read_tar(project.folder / "image.tar")
    (top,) = json.loads(files["index.json"])["manifests"]
    inner = json.loads(files[f"blobs/{top['digest'].replace(':', '/')}"])
    assert [entry["platform"] for entry in inner["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
    ]
    assert [entry["annotations"]["io.samebox.platform"] for entry in inner["manifests"]] == [
        "linux-64",
        "linux-aarch64",
    ]
    assert inner["annotations"]["io.samebox.lock.digest"] == project.succeed("digest").stdout.strip()
    assert "manifest.json" not in files


# ------------------------------------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--base", "./nowhere", "-o", "x.tar"), "error: ./nowhere: cannot be read"),
        (("--base", "Not An Image", "-o", "x.tar"), "error: 'Not An Image': no reference to an image"),
        (("--strategy", "thin", "-o", "x.tar"), "error: --strategy says nothing about oci"),
        (("--base", "scratch", "--name", "A b", "-o", "x.tar"), "error: not the name of an image: 'A b:latest'"),
        (("--base", "scratch", "-p", "osx-64", "-o", "x.tar"), "error: the lock has no platform osx-64"),
        (("--base", "scratch", "-o", "no/such/folder/x.tar"), "error: no/such/folder/x.tar: cannot write"),
    ],
)
def test_a_clear_error_and_no_file(options: tuple[str, ...], told: str, project: Project) -> None:
    before = left_in(project)
    outcome = project.run("export", "oci", *options)
    assert outcome.code == 2
    assert outcome.told.startswith(told), outcome.stderr
    assert left_in(project) == before


def test_options_of_oci_say_nothing_about_docker(project: Project) -> None:
    outcome = project.run("export", "docker", "--base", "scratch", "-o", "x")
    assert outcome.stderr.splitlines()[0] == "error: --base says nothing about docker"


def test_a_base_that_is_too_old(project: Project) -> None:
    old = {**DEBIAN, "usr/lib/x86_64-linux-gnu/libc.so.6": b"GNU C Library (old) stable release version 2.17.\n"}
    write_files(project.folder / "base", oci_layout([tar(old)]))
    outcome = project.run("export", "oci", "--base", "./base", "-o", "image.tar")
    assert outcome.told.startswith("error: ./base has glibc 2.17, but 2.28 or later is needed")


_LIMITED = """
import resource, sys
sys.dont_write_bytecode = True  # the limit would cut compiled modules short, for all who come after
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
from resolver.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("room", [300, 3000, 12_000])
def test_a_disk_that_fills_leaves_the_old_file(room: int, project: Project) -> None:
    """No file may grow beyond ``room``: the first that would is a layer in the cache, or the tar itself."""
    assert resource.RLIMIT_FSIZE is not None
    (project.folder / "image.tar").write_bytes(b"the old file")
    before = left_in(project)
    options = ("export", "oci", "--base", "scratch", "-o", "image.tar")
    command = [sys.executable, "-c", _LIMITED, str(room), *options]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project.folder / "image.tar").read_bytes() == b"the old file"
    assert left_in(project) == before
    project.succeed("export", "oci", "--base", "scratch", "-o", "image.tar")


@pytest.mark.parametrize("stage", ["extract", "writing"])
def test_a_kill_in_the_middle_leaves_nothing_half_written(stage: str, project: Project) -> None:
    """The next run makes the same image, and clears away what the killed one has left."""
    project.succeed("export", "oci", "--base", "scratch", "-o", "good.tar")
    for folder in sorted((project.cache / "oci-layers" / "gzip").glob("??")):
        folder.rename(project.cache / f"old-{folder.name}")
    (project.folder / "image.tar").write_bytes(b"the old file")
    command = project.command("export", "oci", "--base", "scratch", "-o", "image.tar")
    with subprocess.Popen(
        command, cwd=project.folder, env=project.environ(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stderr is not None
        end = time.monotonic() + 60
        for line in running.stderr:
            if line.startswith(stage) or time.monotonic() > end:
                break
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert (project.folder / "image.tar").read_bytes() in (b"the old file", (project.folder / "good.tar").read_bytes())
    project.succeed("export", "oci", "--base", "scratch", "-o", "image.tar")
    assert (project.folder / "image.tar").read_bytes() == (project.folder / "good.tar").read_bytes()
    assert not list((project.cache / "oci-layers").glob(".work-*/"))


# ---------------------------------------------------------------------------------------------- a registry


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    (tmp_path / "skopeo-home").mkdir()
    return Skopeo(program=required("skopeo"), home=tmp_path / "skopeo-home")


def test_a_base_from_a_registry_and_the_image_into_one(project: Project, real: DockerRegistry, skopeo: Skopeo) -> None:
    layers = [tar(DEBIAN), tar({"etc/motd": b"hello\n"})]
    write_files(project.folder / "base", oci_layout(layers, compression="+gzip", document=config(layers, User="7")))
    skopeo.call("copy", "--dest-tls-verify=false", f"oci:{project.folder}/base", f"docker://{real.host}/base:1")

    target = f"{real.host}/team/world:1"
    pushed = project.succeed("export", "oci", "--base", f"{real.host}/base:1", "--push", target, "-o", "image.tar")
    document, manifest = documents(read_tar(project.folder / "image.tar"))
    assert document["rootfs"]["diff_ids"][:2] == [digest(layer) for layer in layers]
    assert document["config"]["Labels"]["org.opencontainers.image.base.name"] == f"{real.host}/base:1"
    seen = skopeo.inspect(target)
    assert pushed.stdout == f"{real.host}/team/world@{seen['Digest']}\n"
    assert seen["Layers"] == [layer["digest"] for layer in manifest["layers"]]
    assert seen["Labels"] == document["config"]["Labels"]

    offline = project.run("export", "oci", "--base", f"{real.host}/base:1", "--offline", "-o", "x.tar")
    assert offline.told.startswith(f"error: {real.host}/base:1: cannot be asked, because --offline is on")


def test_a_base_by_its_tag_has_the_key_and_the_labels_of_a_build_context(
    project: Project, real: DockerRegistry, skopeo: Skopeo
) -> None:
    layers = [tar(DEBIAN)]
    write_files(project.folder / "base", oci_layout(layers, compression="+gzip", document=config(layers)))
    name = f"{real.host}/base:1"
    skopeo.call("copy", "--dest-tls-verify=false", f"oci:{project.folder}/base", f"docker://{name}")
    images = f'base-image = "{name}"\nbuild-image = "{name}"\n'
    project.write("samebox.toml", project.settings.replace("resolve-base = false\n", images))
    project.succeed("export", "docker", "-o", "context")
    project.succeed("export", "oci", "-o", "image.tar")
    document, manifest = documents(read_tar(project.folder / "image.tar"))
    labels = document["config"]["Labels"]
    said = (project.folder / "context" / "Dockerfile").read_text()
    for label in (
        "io.samebox.image.key",
        "io.samebox.lock.digest",
        "io.samebox.groups",
        "io.samebox.platform",
        "io.samebox.environment.digest.linux-64",
        "org.opencontainers.image.base.name",
        "org.opencontainers.image.base.digest",
    ):
        assert f'{label}="{labels[label]}"' in said, label
        assert manifest["annotations"][label] == labels[label]
    assert labels["org.opencontainers.image.base.digest"] == skopeo.inspect(name)["Digest"]


def test_several_platforms_in_a_registry(
    make_project: MakeProject, real: DockerRegistry, skopeo: Skopeo, tmp_path: Path
) -> None:
    """Who asks for a platform gets its image; skopeo judges."""
    project = make_project(platforms=("linux-64", "linux-aarch64"))
    project.write("environment.yml", environment_yml("libhello"))
    project.succeed("lock")
    name = f"{real.host}/team/world:1"
    both = ("-p", "linux-64", "-p", "linux-aarch64")
    printed = project.succeed("export", "oci", "--base", "scratch", *both, "--push", name).stdout
    raw = skopeo.call("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    assert json.loads(raw)["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert printed == f"{real.host}/team/world@{digest(raw.encode())}\n"
    for platform, architecture in (("linux-64", "amd64"), ("linux-aarch64", "arm64")):
        chosen = ("--override-arch", architecture, "--override-os", "linux")
        seen = json.loads(skopeo.call(*chosen, "inspect", "--tls-verify=false", f"docker://{name}"))
        assert (seen["Architecture"], seen["Labels"]["io.samebox.platform"]) == (architecture, platform)
    copied = ("copy", "--all", "--src-tls-verify=false", f"docker://{name}", f"dir:{tmp_path}/copied")
    skopeo.call(*copied)  # reads and checks every layer of both


def test_a_registry_that_is_not_there(project: Project) -> None:
    outcome = project.run("export", "oci", "--base", "scratch", "--push", "127.0.0.1:1/world:1")
    assert outcome.code == 2
    assert "127.0.0.1:1" in outcome.told.splitlines()[-1] or "127.0.0.1:1" in outcome.told
    assert "Traceback" not in outcome.stderr
