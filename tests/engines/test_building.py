"""From a lock to an image, with programs that stand in for the engines."""

from __future__ import annotations

import dataclasses
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import resolver
from resolver.build_context import BuildContext, ContextFile
from resolver.engines import ImageBuild
from resolver.errors import BuildError, NotRepresentable, SettingsError
from resolver.exporter.image_key import image_key
from resolver.model import DockerSection, Lock, PlatformLock
from tests.engines.stand_ins import CONTAINERD, Registry, StandIns
from tests.exporter.conftest import conda, lock_of, wheel

PINNED = DockerSection(base_image=f"debian:bookworm-slim@sha256:{'9' * 64}", resolve_base=False)
LOCAL = DockerSection(resolve_base=False)
FLOATING = "no key, so the image is built: the base image debian:bookworm-slim has no digest, and may be another one"


def lock_for(*platforms: str, version: str = "3.12.4") -> Lock:
    return lock_of(
        *(
            PlatformLock(platform=p, packages=(conda("python", version, p, "a"), wheel("cow", "1", "e")))
            for p in platforms
        )
    )


LOCK = lock_for("linux-64")


@pytest.fixture
def session(stand_ins: StandIns, tmp_path: Path) -> Iterator[resolver.Session]:
    with resolver.Session(cache=tmp_path / "cache", environ=stand_ins.environ) as opened:
        yield opened


def key_of(lock: Lock) -> str:
    key = image_key(lock, docker=PINNED, groups=("main",), platforms=("linux-64",), variables=())
    assert key.digest is not None
    return key.digest.hex


# ------------------------------------------------------------------------------------------- building


def test_what_is_not_there_is_built(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker", build="echo 'Step 1/9 : FROM x'; ls", version="echo 24.0.7")
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="lab/demo:2")
    assert build.wait() == "sha256:built"
    key = key_of(LOCK)
    assert (build.image, str(build.key), build.reason, build.reused) == ("lab/demo:2", f"sha256:{key}", "", "")
    _, lookup, built = stand_ins.calls()
    assert lookup.endswith(f"--filter label=io.samebox.image.key=sha256:{key} --filter dangling=false")
    assert built.startswith("docker build --platform=linux/amd64 --iidfile=")
    assert f" --tag=lab/demo:2 --tag=lab/demo:key-{key} " in built
    assert f'io.samebox.image.key="sha256:{key}"' in (stand_ins.folder / "Dockerfile").read_text()
    lines = list(build.lines())
    assert lines[:3] == [
        "samebox: docker 24.0.7 builds for linux/amd64",
        "samebox: base: base-image, since nothing that needs a GPU is locked",
        f"samebox: key sha256:{key}",
    ]
    assert lines[3].endswith("not be the same bit for bit: docker cannot, since that needs 26.0 or later")
    assert lines[4].startswith("samebox: docker build --platform")
    assert lines[-1] == "samebox: lab/demo:2 is ready, sha256:built"
    assert build.log_path.parent == session.cache / "logs"
    assert not Path(built.split()[-1]).parent.exists()  # the context was for the build alone


def test_what_is_there_is_reused(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("buildah", images="sha256:there\n")
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="demo")
    assert build.wait() == "sha256:there"
    assert build.reused == "buildah"
    assert build.image == "demo:latest"
    assert stand_ins.calls()[2:] == [
        "buildah tag sha256:there demo:latest",
        f"buildah tag sha256:there demo:key-{key_of(LOCK)}",
    ]
    assert "samebox: buildah has an image with that key: sha256:there; nothing is built" in build.lines()


def test_another_lock_has_another_key(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker")
    other = lock_for("linux-64", version="3.12.5")
    keys = [resolver.build(lock, docker=PINNED, session=session).key for lock in (LOCK, other, LOCK)]
    assert keys[0] == keys[2] != keys[1]


def test_reuse_can_be_refused(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker", images="sha256:there\n")
    build = resolver.build(LOCK, docker=PINNED, session=session, reuse=False)
    assert (build.wait(), build.reused) == ("sha256:built", "")
    assert len(stand_ins.calls()) == 2  # version and build: nothing was looked for


def test_a_floating_base_is_built_each_time_and_it_says_why(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker", images="sha256:there\n")
    for _ in range(2):
        build = resolver.build(LOCK, docker=LOCAL, session=session)
        assert build.wait() == "sha256:built"
        assert build.key is None
        assert build.reason.startswith("the base image debian:bookworm-slim has no digest")
        assert f"samebox: {FLOATING} tomorrow" in build.lines()
    assert [call.split()[1] for call in stand_ins.calls()] == ["version", "build"] * 2
    assert not any("key-" in call for call in stand_ins.calls())


@pytest.mark.parametrize(
    ("docker", "has_network"),
    [
        (PINNED, False),
        (dataclasses.replace(PINNED, apt=("git",)), True),
        (dataclasses.replace(PINNED, base_dockerfile="FROM debian\nRUN true\n"), True),
        (dataclasses.replace(PINNED, user_managed=True), False),
    ],
    ids=str,
)
def test_a_vendored_build_has_a_network_where_its_base_needs_one(
    docker: DockerSection,
    has_network: bool,
    stand_ins: StandIns,
    session: resolver.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = BuildContext(files=(ContextFile(path="Dockerfile", content=b"FROM debian\n"),))
    monkeypatch.setattr("resolver.building.order.docker_context", lambda *arguments, **options: context)
    stand_ins.add("docker")
    resolver.build(LOCK, docker=docker, session=session, strategy="vendored").wait()
    assert ("--network=none" not in stand_ins.calls()[-1]) == has_network


def test_thin_builds_have_a_network_and_engines_passed_over_are_told(
    stand_ins: StandIns, session: resolver.Session
) -> None:
    stand_ins.add("podman")
    build = resolver.build(LOCK, docker=PINNED, session=session)
    build.wait()
    assert "--network" not in stand_ins.calls()[-1]
    assert next(build.lines()) == "samebox: docker is not on the PATH"


# ------------------------------------------------------------------------------------------- names, platforms


@pytest.mark.parametrize(
    ("tag", "image"),
    [
        (None, "demo:latest"),
        ("a/b", "a/b:latest"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"),
        ("127.0.0.1:5000/a:3", "127.0.0.1:5000/a:3"),
    ],
)
def test_names(stand_ins: StandIns, session: resolver.Session, tag: str | None, image: str) -> None:
    stand_ins.add("docker")
    assert resolver.build(LOCK, tag=tag, docker=LOCAL, session=session).image == image


@pytest.mark.parametrize("tag", ["", "--push", "a b", f"a@sha256:{'1' * 64}"])
def test_what_is_no_name_is_refused_before_anything_is_run(
    stand_ins: StandIns, session: resolver.Session, tag: str
) -> None:
    stand_ins.add("docker")
    with pytest.raises(SettingsError, match="--tag"):
        resolver.build(LOCK, tag=tag, docker=LOCAL, session=session)
    assert stand_ins.calls() == []


@pytest.mark.parametrize(
    ("have", "asked", "machine", "built"),
    [
        (("linux-64", "linux-aarch64"), None, "x86_64", "linux/amd64"),
        (("linux-64", "linux-aarch64"), None, "arm64", "linux/arm64"),
        (("linux-64", "osx-arm64"), None, "arm64", "linux/amd64"),
        (("linux-64", "linux-aarch64"), ["linux-aarch64"], "x86_64", "linux/arm64"),
        (("linux-64", "linux-aarch64"), ["linux/arm64"], "x86_64", "linux/arm64"),
        (("linux-64", "linux-aarch64"), ["linux/arm64", "linux-64"], "x86_64", "linux/amd64,linux/arm64"),
    ],
)
def test_platforms(
    stand_ins: StandIns,
    session: resolver.Session,
    monkeypatch: pytest.MonkeyPatch,
    have: tuple[str, ...],
    asked: list[str] | None,
    machine: str,
    built: str,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    stand_ins.add("docker", store=CONTAINERD)
    resolver.build(lock_for(*have), platforms=asked, docker=LOCAL, session=session).wait()
    assert f" --platform={built} " in stand_ins.calls()[-1]


@pytest.mark.parametrize(
    ("have", "asked", "message"),
    [
        (("linux-64",), ["linux-aarch64"], "no packages for an image for linux-aarch64"),
        (("linux-64",), ["linux-64", "linux/arm64"], "no packages for an image for linux-aarch64"),
        (("linux-64",), [], "no packages for an image for no platform at all"),
        (("linux-64", "osx-arm64"), ["osx-arm64"], "no packages for an image for osx-arm64"),
        (("osx-arm64",), None, "not one linux platform"),
        (("linux-ppc64le", "linux-s390x"), None, "not one linux platform to take instead"),
    ],
)
def test_platforms_that_the_lock_does_not_have(
    session: resolver.Session, have: tuple[str, ...], asked: list[str] | None, message: str
) -> None:
    with pytest.raises(NotRepresentable, match=message):
        resolver.build(lock_for(*have), platforms=asked, docker=LOCAL, session=session)


# ------------------------------------------------------------------------------------------- pushing


def test_a_built_image_is_pushed_by_both_names(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker")
    registry = Registry()
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="r.example.org/a:1", push=True, registry=registry)
    assert build.wait() == "sha256:built"
    keyed = f"r.example.org/a:key-{key_of(LOCK)}"
    assert stand_ins.calls()[3:] == ["docker push r.example.org/a:1", f"docker push {keyed}"]
    assert registry.asked == [
        ("find", keyed, "linux/amd64", "io.samebox.image.key", f"sha256:{key_of(LOCK)}"),
        ("attach", "r.example.org/a:1", "conda-lock.yml"),
    ]


def test_what_the_registry_has_is_neither_built_nor_pushed(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker")
    registry = Registry(digest=f"sha256:{'7' * 64}")
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="r.example.org/a:1", push=True, registry=registry)
    assert (build.wait(), build.reused) == ("", "registry")
    assert registry.asked[1] == ("tag", "r.example.org/a:1", f"sha256:{'7' * 64}")
    assert [call.split()[1] for call in stand_ins.calls()] == ["version", "image"]


def test_what_the_engine_has_is_pushed_without_asking_the_registry(
    stand_ins: StandIns, session: resolver.Session
) -> None:
    stand_ins.add("docker", images="sha256:there\n")
    registry = Registry(digest=f"sha256:{'7' * 64}")
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="a:1", push=True, registry=registry)
    assert (build.wait(), build.reused) == ("sha256:there", "docker")
    assert [question for question, *_ in registry.asked] == ["attach"]
    assert [call.split()[1] for call in stand_ins.calls()[2:]] == ["tag", "tag", "push", "push"]


def test_without_push_no_registry_is_asked(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker")
    registry = Registry(digest=f"sha256:{'7' * 64}")
    resolver.build(LOCK, docker=PINNED, session=session, registry=registry).wait()
    assert registry.asked == []


def test_to_push_needs_a_name(session: resolver.Session) -> None:
    with pytest.raises(SettingsError, match="pushed by its name"):
        resolver.build(LOCK, docker=LOCAL, session=session, push=True)


def test_a_push_that_fails_is_an_error_with_what_was_said(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker", push="echo 'denied: https://me:secret@r.example.org' >&2; exit 1")
    build = resolver.build(LOCK, docker=LOCAL, session=session, tag="r.example.org/a:1", push=True, registry=Registry())
    with pytest.raises(BuildError) as caught:
        build.wait()
    assert caught.value.message == ("docker push r.example.org/a:1 ended with 1\n  denied: https://***@r.example.org")
    assert "secret" not in build.log_path.read_text()


# ------------------------------------------------------------------------------------------- failing, waiting


def test_a_failing_step_is_told_by_its_last_lines_and_the_log_is_kept(
    stand_ins: StandIns, session: resolver.Session
) -> None:
    stand_ins.add("docker", build="echo 'Step 2/9 : RUN false'; seq 30; echo no good >&2; exit 4")
    build = resolver.build(LOCK, docker=LOCAL, session=session)
    with pytest.raises(BuildError) as caught:
        build.wait()
    told = caught.value.message.splitlines()
    assert told == [
        "docker build ended with 4 at Step 2/9 : RUN false",
        *(f"  {number}" for number in range(12, 31)),
        "  no good",
    ]
    assert caught.value.hint == f"all that was said is in {build.log_path}"
    assert "\n1\n2\n3\n" in build.log_path.read_text()
    with pytest.raises(BuildError, match="ended with 4"):
        build.wait()


def test_an_engine_that_does_not_say_what_it_made_is_an_error(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker", build="exit 0")
    with pytest.raises(BuildError, match="docker has not said which image it made"):
        resolver.build(LOCK, docker=LOCAL, session=session).wait()


def test_output_is_shown_from_the_first_line_also_when_it_has_ended(
    stand_ins: StandIns, session: resolver.Session
) -> None:
    stand_ins.add("docker", build="echo hello")
    told: list[str] = []
    build = resolver.build(LOCK, docker=LOCAL, session=session, on_line=told.append)
    first, second = io.StringIO(), io.StringIO()
    build.wait(show_output=True, out=first)
    build.wait(show_output=True, out=second)
    assert first.getvalue() == second.getvalue() == "".join(f"{line}\n" for line in told)
    assert "hello" in told


def test_output_goes_to_stderr_and_only_when_asked(
    stand_ins: StandIns, session: resolver.Session, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_ins.add("docker", build="echo hello; echo there >&2")
    build = resolver.build(LOCK, docker=LOCAL, session=session)
    build.wait()
    assert capfd.readouterr() == ("", "")
    build.wait(show_output=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "\nhello\nthere\n" in err


@pytest.fixture
def endless(stand_ins: StandIns, session: resolver.Session) -> ImageBuild:
    """A build that does not end by itself."""
    stand_ins.add("docker", build="echo begun; sleep 300")
    return resolver.build(LOCK, docker=LOCAL, session=session)


def test_a_build_runs_beside_the_caller_and_can_be_cancelled(endless: ImageBuild) -> None:
    assert "begun" in endless.lines()
    assert not endless.done
    begin = time.monotonic()
    endless.cancel()
    with pytest.raises(BuildError, match="the build was cancelled"):
        endless.wait()
    assert time.monotonic() - begin < 8
    assert list(endless.lines())[-1] == "samebox: cancelled"


def test_what_ends_the_waiting_ends_the_build(endless: ImageBuild) -> None:
    class Interrupted(io.StringIO):
        def write(self, text: str) -> int:
            if text == "begun\n":
                raise KeyboardInterrupt
            return super().write(text)

    with pytest.raises(KeyboardInterrupt):
        endless.wait(show_output=True, out=Interrupted())
    with pytest.raises(BuildError, match="cancelled"):
        endless.wait()


def test_a_block_that_fails_ends_the_build(endless: ImageBuild) -> None:
    with pytest.raises(ValueError, match="mine"), endless:
        raise ValueError("mine")
    with pytest.raises(BuildError, match="cancelled"):
        endless.wait()


def test_a_context_that_cannot_be_made_starts_nothing(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker")
    before = threading.active_count()
    vcs = dataclasses.replace(wheel("cow", "1", "e"), kind="vcs", commit="1" * 40, sha256=None)
    lock = lock_of(PlatformLock(platform="linux-64", packages=(vcs,)))
    with pytest.raises(NotRepresentable, match="cow"):
        resolver.build(lock, docker=LOCAL, session=session)
    assert [call.split()[1] for call in stand_ins.calls()] == ["version"]
    assert threading.active_count() == before
