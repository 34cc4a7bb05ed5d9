"""What an image is built on, as the command says it: for a GPU, managed by the user, with packages of Debian."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.locks.files import read_lock, write_lock
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock
from tests.cli.project import Project
from tests.engines.stand_ins import StandIns

DIGEST = f"sha256:{'9' * 64}"
TOLD = "base: gpu-base-image, since cuda-cudart 12.6.77 is locked on linux-64\n"


def package(name: str, version: str, build: str, digit: str) -> LockedPackage:
    return LockedPackage(
        kind="conda",
        name=name,
        version=version,
        build=build,
        subdir="linux-64",
        url=f"https://conda.example.org/lab/linux-64/{name}-{version}-{build}.conda",
        sha256=digit * 64,
        md5=digit * 32,
    )


LOCK = Lock(
    name="cuda",
    platforms=(
        PlatformLock(
            platform="linux-64",
            packages=(package("python", "3.12.4", "0", "a"), package("cuda-cudart", "12.6.77", "h5888daf_0", "b")),
        ),
    ),
    channels=("https://conda.example.org/lab",),
    evidence=Evidence(),
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", channels=str(tmp_path), index=str(tmp_path))


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    folder = tmp_path / "bin"
    folder.mkdir()
    return StandIns(folder)


def set_docker(project: Project, *lines: str) -> None:
    project.write("samebox.toml", project.settings.replace("[docker]\n", "\n".join(("[docker]", *lines, ""))))


def test_a_lock_with_cuda_chooses_the_base_for_gpus_and_says_why(project: Project, stand_ins: StandIns) -> None:
    set_docker(project, f'gpu-base-image = "cuda@{DIGEST}"')
    write_lock(LOCK, project.lockfile)
    told = project.succeed("export", "docker", "-o", "context").told
    assert told.endswith(TOLD)
    text = (project.folder / "context" / "Dockerfile").read_text()
    assert f"\nFROM cuda@{DIGEST}\n" in text
    assert 'NVIDIA_VISIBLE_DEVICES="all"' in text

    stand_ins.add("docker")
    built = project.run("build", "--json", environ=stand_ins.environ)
    assert TOLD in built.told
    assert built.json["base"] == TOLD.removeprefix("base: ").strip()
    assert f'io.samebox.image.key="{built.json["key"]}"' in text

    set_docker(project, f'gpu-base-image = "cuda@{DIGEST}"', "gpu = false")
    assert project.succeed("export", "docker", "-o", "cpu").told.endswith(
        "base: base-image, since docker.gpu is false\n"
    )


def test_the_choice_and_the_key_do_not_depend_on_the_format_of_the_lock(project: Project) -> None:
    set_docker(project, f'gpu-base-image = "cuda@{DIGEST}"')
    write_lock(LOCK, project.lockfile)
    project.succeed("export", "pixi", "-o", "pixi.lock", "--no-evidence")
    assert read_lock(project.folder / "pixi.lock").evidence is None
    for lock in ("conda-lock.yml", "pixi.lock"):
        project.succeed("export", "docker", lock, "-o", f"context-{lock}")
    texts = [
        (project.folder / f"context-{lock}" / "Dockerfile").read_text() for lock in ("conda-lock.yml", "pixi.lock")
    ]
    keys = [[line for line in text.splitlines() if "image.key=" in line or line.startswith("FROM ")] for text in texts]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 3


def test_a_managed_base_needs_no_lock(project: Project, stand_ins: StandIns) -> None:
    managed = (f'base-image = "lab/pytorch@{DIGEST}"', "user-managed = true", 'required-packages = ["torch>=2"]')
    set_docker(project, *managed)
    done = project.succeed("export", "docker", "-o", "context")
    assert done.told.splitlines() == [
        "no lock is needed: docker.user-managed installs nothing",
        "context: 6 files for linux-64",
        "base: base-image, since docker.user-managed installs nothing that needs a GPU",
    ]
    assert (project.folder / "context" / "check" / "packages.txt").read_text() == "torch>=2\n"
    stand_ins.add("docker")
    built = project.run("build", "--json", environ=stand_ins.environ)
    assert built.code == 0
    assert f'io.samebox.image.key="{built.json["key"]}"' in (project.folder / "context" / "Dockerfile").read_text()

    set_docker(project)
    refused = project.run("export", "docker", "-o", "context")
    assert (refused.code, "conda-lock.yml" in refused.told) == (2, True)


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        (['apt = ["git"]'], "docker.apt-snapshot and docker.apt-mirror say which they are"),
        (['base-dockerfile = """\nFROM debian\n"""'], "make the base an image of its own, and name that by its digest"),
    ],
)
def test_what_is_not_pinned_is_built_each_time_and_what_would_mend_it_is_told(
    project: Project, stand_ins: StandIns, lines: list[str], hint: str
) -> None:
    stand_ins.add("docker")
    write_lock(LOCK, project.lockfile)
    set_docker(project, f'base-image = "debian@{DIGEST}"', *lines)
    done = project.run("build", environ=stand_ins.environ)
    assert done.code == 0
    assert f"hint: {hint}" in done.told.splitlines()


def test_without_a_builder_nothing_of_the_base_is_run(project: Project) -> None:
    write_lock(LOCK, project.lockfile)
    for line, name in (
        ('apt = ["git"]', "apt"),
        ("user-managed = true", "user-managed"),
        ('base-dockerfile = """\nFROM debian\n"""', "base-dockerfile"),
    ):
        set_docker(project, line)
        done = project.run("export", "oci", "-o", "image.tar", "--base", "scratch")
        assert (done.code, done.told.splitlines()[-2:]) == (
            2,
            [
                f"error: docker.{name} runs programs of the base image, and without a builder nothing is run",
                "hint: use `samebox build`, or `samebox export docker`",
            ],
        )


_UV_LOCK = f"""\
version = 1
requires-python = ">=3.12"

[[package]]
name = "own"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "b" }}]

[[package]]
name = "b"
version = "1.0"
source = {{ registry = "https://pypi.example.org/simple" }}
wheels = [{{ url = "https://files.example.org/b-1.0-py3-none-any.whl", hash = "sha256:{"b" * 64}" }}]
"""


@pytest.mark.parametrize(
    ("options", "platforms"),
    [((), ["linux-64", "linux-aarch64"]), (("-p", "linux-aarch64"), ["linux-aarch64"])],
)
def test_a_lock_without_platforms_is_for_those_that_are_asked_for(
    tmp_path: Path, options: tuple[str, ...], platforms: list[str]
) -> None:
    places = {"channels": str(tmp_path), "index": str(tmp_path)}
    project = Project(tmp_path / "project", **places, platforms=("linux-64", "linux-aarch64", "osx-arm64"))
    project.write("uv.lock", _UV_LOCK)
    ran = project.run("export", "docker", "uv.lock", "-o", "context", *options)
    assert ran.code == 0, ran.stderr
    assert sorted(path.stem for path in (project.folder / "context" / "locks").iterdir()) == platforms
