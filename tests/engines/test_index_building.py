"""One image for several platforms, with programs that stand in for the engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import resolver
from resolver.errors import BuildError
from resolver.exporter.image_key import image_key
from resolver.model import DockerSection, PlatformLock
from tests.engines.stand_ins import Registry, StandIns
from tests.exporter.conftest import conda, lock_of, wheel

PINNED = DockerSection(base_image=f"debian:bookworm-slim@sha256:{'9' * 64}", resolve_base=False)
PLATFORMS = ("linux-64", "linux-aarch64")
WORDS = ("linux/amd64", "linux/arm64")
LOCK = lock_of(
    *(PlatformLock(platform=p, packages=(conda("python", "3.12.4", p, "a"), wheel("cow", "1", "e"))) for p in PLATFORMS)
)
PARTS = ("sha256:amd", "sha256:arm")
"""The digests of a list's images."""


@pytest.fixture
def session(stand_ins: StandIns, tmp_path: Path) -> Iterator[resolver.Session]:
    with resolver.Session(cache=tmp_path / "cache", environ=stand_ins.environ) as opened:
        yield opened


@pytest.fixture
def key() -> str:
    found = image_key(LOCK, docker=PINNED, groups=("main",), platforms=PLATFORMS, variables=())
    assert found.digest is not None
    return found.digest.hex


def manifest(*digests: str, architectures: tuple[str, ...] = ("amd64", "arm64")) -> object:
    entries = zip(digests, architectures, strict=True)
    return {"manifests": [{"digest": d, "platform": {"os": "linux", "architecture": a}} for d, a in entries]}


@pytest.mark.parametrize("name", ["podman", "buildah"])
def test_a_list_takes_its_names_when_it_is_complete(
    stand_ins: StandIns, session: resolver.Session, key: str, name: str
) -> None:
    stand_ins.add(name, version=f"echo '{name} version 4.3.1'", listing=[{"Id": "11", "Names": ["localhost/demo:2"]}])
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="demo:2", platforms=WORDS)
    assert build.wait() == "sha256:11"
    calls = [call.removeprefix(f"{name} ") for call in stand_ins.calls()]
    builds = [call for call in calls if call.startswith(("build ", "bud "))]
    assert [
        (f"--platform={w} " in call, call.split("--tag=")[1].split()[0]) for w, call in zip(WORDS, builds, strict=True)
    ] == [(True, f"demo:key-{key}-{architecture}") for architecture in ("amd64", "arm64")]
    made = [call for call in calls[calls.index(builds[1]) + 1 :] if "json" not in call]
    hidden = made[0].removeprefix("manifest create ")
    assert hidden.startswith("localhost/samebox-index-")
    assert made == [
        f"manifest create {hidden}",
        *[f"manifest add {hidden} containers-storage:built"] * 2,
        f"tag {hidden} demo:2",
        f"tag {hidden} demo:key-{key}",
        f"manifest rm {hidden}",
    ]


@pytest.mark.parametrize(
    ("names", "digests", "architectures", "labelled", "reused"),
    [
        (["localhost/demo:key-KEY"], PARTS, ("amd64", "arm64"), PARTS, True),
        (["localhost/demo:latest"], PARTS, ("amd64", "arm64"), PARTS, False),
        (["localhost/demo:key-KEY"], PARTS, ("amd64", "arm64"), PARTS[:1], False),
        (["localhost/demo:key-KEY"], PARTS, ("amd64", "s390x"), PARTS, False),
        (["localhost/demo:key-KEY"], PARTS[:1], ("amd64",), PARTS, False),
    ],
    ids=["there", "other name", "one without the label", "other platform", "one platform"],
)
def test_a_list_is_found_by_its_name_and_checked_by_its_images(
    stand_ins: StandIns,
    session: resolver.Session,
    key: str,
    names: list[str],
    digests: tuple[str, ...],
    architectures: tuple[str, ...],
    labelled: tuple[str, ...],
    reused: bool,
) -> None:
    stand_ins.add(
        "buildah",
        version="echo buildah version 1.28.2",
        images="\n".join(labelled),
        listing=[
            {"id": "sha256:11", "names": [name.replace("KEY", key) for name in names]},
            {"id": "2", "names": None},
        ],
        manifest=manifest(*digests, architectures=architectures),
    )
    build = resolver.build(LOCK, docker=PINNED, session=session, tag="demo", platforms=PLATFORMS)
    build.wait()
    assert build.reused == ("buildah" if reused else "")
    if reused:
        assert stand_ins.calls()[-1] == f"buildah tag demo:key-{key} demo:latest"


def test_lists_are_pushed_with_all_their_images(stand_ins: StandIns, session: resolver.Session, key: str) -> None:
    stand_ins.add("buildah", version="echo buildah version 1.28.2")
    name, registry = "r.example.org/a", Registry()
    resolver.build(
        LOCK, docker=PINNED, session=session, tag=f"{name}:1", platforms=PLATFORMS, push=True, registry=registry
    ).wait()
    pushed = [call for call in stand_ins.calls() if " push " in call]
    assert pushed == [f"buildah manifest push --all {n} docker://{n}" for n in (f"{name}:1", f"{name}:key-{key}")]
    assert registry.asked[0] == ("find", f"{name}:key-{key}", *WORDS, "io.samebox.image.key", f"sha256:{key}")


def test_an_engine_that_keeps_no_index_says_what_to_do(stand_ins: StandIns, session: resolver.Session) -> None:
    stand_ins.add("docker", store='[["Backing Filesystem","extfs"]]')
    with pytest.raises(BuildError) as caught:
        resolver.build(LOCK, docker=PINNED, session=session, platforms=PLATFORMS)
    assert caught.value.message == (
        "docker cannot keep one image for linux-64, linux-aarch64, since its images are not in containerd's store "
        '("features": {"containerd-snapshotter": true} in daemon.json)'
    )
    assert caught.value.hint is not None and caught.value.hint.startswith("with --push the registry keeps it; or")
    assert not any(" build " in call for call in stand_ins.calls())


def test_it_can_build_for_a_registry_that_keeps_one(stand_ins: StandIns, session: resolver.Session, key: str) -> None:
    stand_ins.add("docker", images="sha256:a-part\n")
    name, registry = "r.example.org/a", Registry()
    build = resolver.build(
        LOCK, docker=PINNED, session=session, tag=f"{name}:1", platforms=PLATFORMS, push=True, registry=registry
    )
    assert (build.wait(), build.reused) == ("sha256:index", "")
    parts = [f"{name}:key-{key}-{architecture}" for architecture in ("amd64", "arm64")]
    built = [(call.split()[1], call.split()[-1]) for call in stand_ins.calls() if " build " in call or " push " in call]
    assert [word for word, _ in built] == ["build", "push"] * 2
    assert [last for word, last in built if word == "push"] == parts
    combined = ("combine", WORDS[0], parts[0], WORDS[1], parts[1], f"{name}:1", f"{name}:key-{key}")
    assert registry.asked[1:] == [combined, ("attach", f"{name}:1", "conda-lock.yml")]
