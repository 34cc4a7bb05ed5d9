"""Which engine is taken, what it is asked, and how its command lines read."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.engines import BuildRequest, find_engine
from resolver.errors import BuildError
from tests.engines.stand_ins import StandIns

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
        ("docker", "version --format {{.Server.Version}}", "20.10.24+dfsg1", "20.10.24+dfsg1"),
        ("podman", "info --format {{.Version.Version}}", "4.3.1", "4.3.1"),
        ("buildah", "--version", "buildah version 1.28.2 (image-spec 1.1.0-rc2)", "1.28.2"),
    ],
)
def test_the_version(stand_ins: StandIns, name: str, asked: str, said: str, version: str) -> None:
    stand_ins.add(name, version=f"echo '{said}'")
    assert find_engine(stand_ins.environ).version == version
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


@pytest.mark.parametrize("name", ALL)
def test_the_command_line_of_a_build(stand_ins: StandIns, name: str) -> None:
    program = stand_ins.add(name)
    engine = find_engine(stand_ins.environ)
    request = BuildRequest(
        context=Path("/context"),
        platform="linux/arm64",
        tags=("a:1", "a:key"),
        image_id_file=Path("/id"),
        network=False,
    )
    assert engine.build(request).words == (
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


def test_buildkit_is_told_to_write_lines(stand_ins: StandIns) -> None:
    stand_ins.add("docker")
    assert find_engine(stand_ins.environ).environ["BUILDKIT_PROGRESS"] == "plain"
