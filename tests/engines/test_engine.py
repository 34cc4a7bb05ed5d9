"""Which engine is taken, what it is asked, and how its command lines read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from resolver.engines import BuildRequest, find_engine
from resolver.errors import BuildError
from tests.engines.stand_ins import CONTAINERD, StandIns

ALL = ("docker", "podman", "buildah")


@pytest.mark.parametrize(
    ("present", "taken"), [(ALL, "docker"), (("buildah", "podman"), "podman"), (("buildah",), "buildah")]
)
def test_the_first_that_is_there_is_taken(stand_ins: StandIns, present: tuple[str, ...], taken: str) -> None:
    for name in present:
        stand_ins.add(name)
    engine = find_engine(stand_ins.environ)
    assert engine.name == taken
    assert engine.program == str(stand_ins.folder / taken)
    assert engine.passed_over == tuple(f"{name} is not on the PATH" for name in ALL[: ALL.index(taken)])


def test_the_one_that_was_asked_for_is_taken(stand_ins: StandIns) -> None:
    for name in ALL:
        stand_ins.add(name)
    assert find_engine(stand_ins.environ, "buildah").name == "buildah"
    assert stand_ins.calls() == ["buildah --version"]


@pytest.mark.parametrize(
    ("name", "asked", "said", "version"),
    [
        (
            "docker",
            "version --format {{.Server.Version}} {{.Server.Arch}}",
            "20.10.24+dfsg1 amd64",
            "20.10.24+dfsg1 amd64",
        ),
        ("podman", "info --format {{.Version.Version}} {{.Host.Arch}}", "4.3.1 arm64", "4.3.1 arm64"),
        ("buildah", "--version", "buildah version 1.28.2 (image-spec 1.1.0-rc2)", "1.28.2 "),
    ],
)
def test_the_version(stand_ins: StandIns, name: str, asked: str, said: str, version: str) -> None:
    stand_ins.add(name, version=f"echo '{said}'")
    engine = find_engine(stand_ins.environ)
    assert f"{engine.version} {engine.architecture}" == version
    assert stand_ins.calls() == [f"{name} {asked}"]


def test_one_that_does_not_answer_is_passed_over_and_that_is_told(stand_ins: StandIns) -> None:
    program = stand_ins.add("docker", version="echo 'Cannot connect to tcp://me:secret@host' >&2; exit 1")
    stand_ins.add("buildah")
    engine = find_engine(stand_ins.environ)
    assert engine.name == "buildah"
    assert engine.passed_over[0] == (
        f"`{program} version` ended with 1: Cannot connect to tcp://***@host; "
        "start the docker daemon, or name another by DOCKER_HOST"
    )


def test_without_any_the_error_says_of_each_why(stand_ins: StandIns) -> None:
    stand_ins.add("podman", version="exit 125")
    with pytest.raises(BuildError) as caught:
        find_engine(stand_ins.environ)
    lines = caught.value.message.splitlines()
    assert lines[0] == "nothing here can build images:"
    assert lines[1] == "  docker is not on the PATH"
    assert "ended with 125: it said nothing; `podman info` says what is missing" in lines[2]
    assert lines[3] == "  buildah is not on the PATH"
    assert caught.value.hint == "install or start one of docker, podman, buildah"


def test_one_that_was_asked_for_and_is_not_there_is_not_replaced(stand_ins: StandIns) -> None:
    stand_ins.add("docker")
    with pytest.raises(BuildError, match="podman is not on the PATH"):
        find_engine(stand_ins.environ, "podman")
    with pytest.raises(BuildError, match="no such engine: 'kaniko'"):
        find_engine(stand_ins.environ, "kaniko")


def test_a_program_that_cannot_be_run_is_passed_over(stand_ins: StandIns) -> None:
    stand_ins.add("docker").write_bytes(b"\x7fELF no program")
    stand_ins.add("podman")
    engine = find_engine(stand_ins.environ)
    assert engine.name == "podman"
    assert "docker: cannot be run: Exec format error" in engine.passed_over[0]


# ------------------------------------------------------------------------------------------- questions

LISTS = {"docker": "image ls", "podman": "image ls", "buildah": "images"}


@pytest.mark.parametrize("name", ALL)
def test_an_image_is_found_by_its_label_if_it_has_a_name(stand_ins: StandIns, name: str) -> None:
    stand_ins.add(name, images="sha256:newest\nsha256:older\n")
    engine = find_engine(stand_ins.environ)
    assert engine.find_image("io.samebox.image.key", "sha256:12") == "sha256:newest"
    filters = "--filter label=io.samebox.image.key=sha256:12 --filter dangling=false"
    assert stand_ins.calls()[-1] == f"{name} {LISTS[name]} --no-trunc --quiet {filters}"


def test_no_image_is_none_and_an_error_is_an_error(stand_ins: StandIns) -> None:
    stand_ins.add("docker")
    engine = find_engine(stand_ins.environ)
    assert engine.find_image("key", "value") is None
    (stand_ins.folder / "images").unlink()
    with pytest.raises(BuildError, match=r"docker image` ended with 1: .*images"):
        engine.find_image("key", "value")


# --------------------------------------------------------------------------------------- command lines

BUILDS = {"docker": ("build",), "podman": ("build",), "buildah": ("bud", "--layers")}


def request(*, reproducible: bool, archive: str = "/image.tar", network: str = "") -> BuildRequest:
    return BuildRequest(
        context=Path("/context"),
        platforms=("linux/arm64",),
        tags=("a:1", "a:key"),
        image_id_file=Path("/id"),
        archive=Path(archive),
        epoch=7,
        reproducible=reproducible,
        network=network,
    )


@pytest.mark.parametrize("name", ALL)
def test_the_command_line_of_a_build(stand_ins: StandIns, name: str) -> None:
    program = stand_ins.add(name)
    engine = find_engine(stand_ins.environ)
    (build,) = engine.build(request(reproducible=False, network="none"))
    assert build.words == (
        str(program),
        *BUILDS[name],
        "--platform=linux/arm64",
        "--iidfile=/id",
        "--network=none",
        "--tag=a:1",
        "--tag=a:key",
        "/context",
    )
    assert engine.tag("sha256:1", "a:2").words == (str(program), "tag", "sha256:1", "a:2")
    assert engine.push("a:2").words == (str(program), "push", "a:2")


def test_docker_writes_a_reproducible_image_to_an_archive_and_loads_it(stand_ins: StandIns) -> None:
    program = str(stand_ins.add("docker"))
    build, load = find_engine(stand_ins.environ).build(request(reproducible=True, archive='/a, "b"/image.tar'))
    options = (
        "--provenance=false",
        "--build-arg=SOURCE_DATE_EPOCH=7",
        '--output=type=oci,"dest=/a, ""b""/image.tar",rewrite-timestamp=true',
    )
    assert build.words == (
        *(program, "build", "--platform=linux/arm64", "--iidfile=/id", *options),
        *("--tag=a:1", "--tag=a:key", "/context"),
    )
    assert load.words == (program, "load", "--quiet", '--input=/a, "b"/image.tar')


@pytest.mark.parametrize("name", ["podman", "buildah"])
def test_podman_and_buildah_have_an_option_for_reproducible_images(stand_ins: StandIns, name: str) -> None:
    stand_ins.add(name)
    (build,) = find_engine(stand_ins.environ).build(request(reproducible=True))
    assert build.words[1:] == (
        *(*BUILDS[name], "--platform=linux/arm64", "--iidfile=/id", "--timestamp=7", "--no-cache"),
        *("--tag=a:1", "--tag=a:key", "/context"),
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """An engine, and why it cannot write the same image each time."""

    name: str = "docker"
    version: str = "26.1.5+dfsg1"
    store: str = CONTAINERD
    buildx: str = ":"
    environ: tuple[tuple[str, str], ...] = ()
    obstacle: str = ""


ABLE = {
    "docker": Able(),
    "old docker": Able(version="25.0.5", obstacle="that needs 26.0 or later"),
    "docker of no version": Able(version="dev", obstacle="that needs 26.0 or later"),
    "other store": Able(store='[["Backing Filesystem","extfs"]]', obstacle="its images are not in containerd's store"),
    "old builder": Able(environ=(("DOCKER_BUILDKIT", "0"),), obstacle="DOCKER_BUILDKIT=0 asks for the old builder"),
    "no BuildKit asked for": Able(
        environ=(("DOCKER_BUILDKIT", "false"),), obstacle="DOCKER_BUILDKIT=false asks for the old builder"
    ),
    "no BuildKit": Able(buildx="exit 1", obstacle="it has no BuildKit: `"),
    "podman": Able(name="podman", version="4.3.1"),
    "old podman": Able(name="podman", version="3.0.1", obstacle="that needs 3.1 or later"),
    "buildah": Able(name="buildah", version="buildah version 1.28.2 (image-spec 1.1.0-rc2)"),
    "old buildah": Able(name="buildah", version="buildah version 1.16.7", obstacle="that needs 1.17 or later"),
}


@pytest.mark.parametrize("able", ABLE.values(), ids=ABLE)
def test_what_keeps_an_engine_from_writing_the_same_image_each_time(stand_ins: StandIns, able: Able) -> None:
    stand_ins.add(able.name, version=f"echo '{able.version}'", store=able.store, buildx=able.buildx)
    obstacle = find_engine({**stand_ins.environ, **dict(able.environ)}).obstacle()
    assert obstacle.startswith(able.obstacle)
    assert bool(obstacle) == bool(able.obstacle)


def test_buildkit_is_told_to_write_lines(stand_ins: StandIns) -> None:
    stand_ins.add("docker")
    assert find_engine(stand_ins.environ).environ["BUILDKIT_PROGRESS"] == "plain"
