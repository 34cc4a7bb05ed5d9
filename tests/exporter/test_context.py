"""What is in a build context, and that nothing else ever gets into it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import re
import tomllib
from pathlib import Path

import pytest

from resolver import canonicalizer
from resolver.build_context import BuildContext
from resolver.errors import BuildError, IntegrityError, NotRepresentable, SettingsError
from resolver.exporter import Installer, InstallerWheel, Strategy, context_entries, docker_context, tar_bytes
from resolver.model import Artifact, DockerSection, Evidence, Lock, LockedPackage, PlatformLock
from tests.exporter.conftest import conda, lock_of, wheel

_ROOT = Path(__file__).resolve().parents[2]


PINNED = DockerSection(base_image=f"debian@sha256:{'9' * 64}")


def make(lock: Lock, strategy: Strategy = "thin", installer: Installer = "samebox", **options: object) -> BuildContext:
    return docker_context(
        lock,
        strategy=strategy,
        installer=installer,
        artifact_path=lambda artifact: Path("/store", artifact.sha256),
        wheel_path=lambda wheel: Path("/wheels", wheel.file_name),
        **options,  # type: ignore[arg-type] # each test gives what docker_context takes
    )


def text(context: BuildContext, path: str) -> str:
    content = context.by_path()[path].content
    assert content is not None
    return content.decode()


# ------------------------------------------------------------------------------------------------ contents


def test_thin_context_holds_slices_and_hash_locked_requirements(lock: Lock) -> None:
    context = make(lock)
    assert [file.path for file in context.files] == [
        ".dockerignore",
        "Dockerfile",
        "context.sha256",
        "installer/linux-64.txt",
        "installer/linux-aarch64.txt",
        "installer/slice_installer.py",
        "locks/linux-64.json",
        "locks/linux-aarch64.json",
    ]
    assert context.platforms == ("linux-64", "linux-aarch64")
    assert text(context, ".dockerignore") == "*\n!installer\n!locks\n"
    table = json.loads((_ROOT / "resolver/exporter/docker/installer_requirements.json").read_text())["wheels"]
    sha256 = {(row["name"], row["platform"]): row["sha256"] for row in table}
    assert text(context, "installer/linux-64.txt") == (
        f"installer==1.1.0 --hash=sha256:{sha256['installer', 'noarch']}\n"
        f"py-rattler==0.28.0 --hash=sha256:{sha256['py-rattler', 'linux-64']}\n"
    )


@pytest.mark.parametrize(
    ("url", "sources", "lent", "held"),
    [
        ("https://files.example.org/own-1.0-py3-none-any.whl", {}, False, False),
        ("file:///srv/wheels/own-1.0-py3-none-any.whl", {}, False, True),
        ("file:///srv/wheels/own-1.0-py3-none-any.whl", {}, True, True),
        (
            "https://private.example.org/files/own-1.0-py3-none-any.whl",
            {"index": "https://${USER}:${TOKEN}@private.example.org/simple/"},
            False,
            True,
        ),
        (
            "https://private.example.org/files/own-1.0-py3-none-any.whl",
            {"index": "https://${USER}:${TOKEN}@private.example.org/simple/"},
            True,
            False,
        ),
        (
            "https://private.example.org.evil.example/own-1.0-py3-none-any.whl",
            {"channel": "https://private.example.org/t/${TOKEN}/lab"},
            False,
            False,
        ),
    ],
)
def test_a_thin_context_holds_what_its_build_could_not_download(
    url: str, sources: dict[str, str], lent: bool, held: bool
) -> None:
    own = dataclasses.replace(wheel("own", "1.0", "a"), url=url, file_name="own-1.0-py3-none-any.whl")
    packages = (conda("python", "3.12.1", "linux-64", "b"), own)
    lock = dataclasses.replace(
        lock_of(PlatformLock(platform="linux-64", packages=packages)),
        channels=tuple(sources[key] for key in sources if key == "channel"),
        evidence=Evidence(indexes=tuple(sources[key] for key in sources if key == "index")),
    )
    context = make(lock, docker=DockerSection(lend_netrc=lent))
    artifacts = {path: file.source for path, file in context.by_path().items() if path.startswith("artifacts/")}
    place = f"artifacts/{own.sha256}/own-1.0-py3-none-any.whl"
    assert artifacts == ({place: f"/store/{own.sha256}"} if held else {})
    dockerfile = text(context, "Dockerfile")
    assert ("COPY artifacts " in dockerfile, "--carried " in dockerfile) == (held, held)
    if held:
        with pytest.raises(NotRepresentable, match="a thin context names"):
            make(lock, installer="micromamba", docker=DockerSection(lend_netrc=lent))


def test_the_table_of_the_installer_has_the_pinned_version() -> None:
    table = json.loads((_ROOT / "resolver/exporter/docker/installer_requirements.json").read_text())["wheels"]
    pins = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (version,) = {row["version"] for row in table if row["name"] == "py-rattler"}
    assert f"py-rattler=={version}" in pins, "run fixtures/make_installer_requirements.py"


def test_vendored_context_holds_each_artifact_once(lock: Lock) -> None:
    files = make(lock, "vendored").by_path()
    assert {path: file.source for path, file in files.items() if path.startswith("artifacts/")} == {
        f"artifacts/{'a' * 64}/python-3.12.4-0.conda": f"/store/{'a' * 64}",
        f"artifacts/{'b' * 64}/python-3.12.4-0.conda": f"/store/{'b' * 64}",
        f"artifacts/{'d' * 64}/greeter-1.2.0-0.conda": f"/store/{'d' * 64}",
        f"artifacts/{'e' * 64}/polite_cow-1.0-py3-none-any.whl": f"/store/{'e' * 64}",
    }
    wheels = sorted(path.removeprefix("installer/wheels/") for path in files if path.startswith("installer/wheels/"))
    assert [name.split("-")[0] for name in wheels] == ["installer", "py_rattler", "py_rattler"]
    assert wheels[1].endswith("_x86_64.whl")
    assert wheels[2].endswith("_aarch64.whl")


@pytest.mark.parametrize(
    ("platforms", "machines", "installers"),
    [
        (["linux-64", "linux-aarch64"], None, ["linux-64", "linux-aarch64"]),  # whoever builds it
        (["linux-64", "linux-aarch64"], ["linux-64"], ["linux-64"]),
        (["linux-aarch64"], ["linux-64"], ["linux-64"]),
        (["linux-aarch64"], ["linux-aarch64"], []),
        (["linux-aarch64"], None, []),
    ],
)
def test_packages_are_installed_on_the_builders_own_machine(
    lock: Lock, platforms: list[str], machines: list[str] | None, installers: list[str]
) -> None:
    context = make(lock, "vendored", platforms=platforms, build_platforms=machines, docker=PINNED)
    dockerfile = text(context, "Dockerfile")
    carried = [path for path in context.by_path() if re.fullmatch(r"installer/linux-.*\.txt", path)]
    assert carried == [f"installer/{platform}.txt" for platform in installers or platforms]
    assert dockerfile.count("FROM --platform=${BUILDPLATFORM:-linux/") == bool(installers)
    assert dockerfile.count("FROM --platform=${TARGETPLATFORM:-linux/") == bool(installers)
    assert dict(context.labels)["io.samebox.image.key"]
    assert context.labels == make(lock, platforms=platforms, docker=PINNED).labels


def test_mounts_are_there_only_where_they_are_asked_for(lock: Lock) -> None:
    kept = dataclasses.replace(PINNED, cache_mounts=True, lend_netrc=True)
    dockerfile = text(make(lock, docker=kept), "Dockerfile")
    assert dockerfile.count("RUN --mount=type=cache,") == dockerfile.count("--mount=type=secret,id=netrc,") == 2
    assert "--mount" not in text(make(lock, "vendored", docker=kept), "Dockerfile")  # it downloads nothing
    assert make(lock, docker=kept).labels == make(lock, docker=PINNED).labels


def test_micromamba_context_holds_explicit_files_and_requirements(lock: Lock) -> None:
    context = make(lock, installer="micromamba")
    assert not any(file.path.startswith("installer/") for file in context.files)
    assert text(context, "locks/linux-64.explicit.txt") == (
        "# platform: linux-64\n"
        "@EXPLICIT\n"
        f"https://conda.example.org/demo/noarch/greeter-1.2.0-0.conda#sha256:{'d' * 64}\n"
        f"https://conda.example.org/demo/linux-64/python-3.12.4-0.conda#sha256:{'a' * 64}\n"
    )
    assert text(context, "locks/linux-64.requirements.txt") == f"polite-cow==1.0 --hash=sha256:{'e' * 64}\n"


def test_vendored_micromamba_context_names_the_files_of_the_build_stage(lock: Lock) -> None:
    context = make(lock, "vendored", "micromamba")
    at = "/tmp/samebox/artifacts"
    assert text(context, "locks/linux-64.explicit.txt") == (
        "# platform: linux-64\n"
        "@EXPLICIT\n"
        f"file://{at}/{'d' * 64}/greeter-1.2.0-0.conda#sha256:{'d' * 64}\n"
        f"file://{at}/{'a' * 64}/python-3.12.4-0.conda#sha256:{'a' * 64}\n"
    )
    assert text(context, "locks/linux-64.requirements.txt") == (
        f"--no-index\n--find-links {at}/{'e' * 64}\npolite-cow==1.0 --hash=sha256:{'e' * 64}\n"
    )
    assert text(context, "locks/linux-64.sha256") == (
        f"{'a' * 64}  {at}/{'a' * 64}/python-3.12.4-0.conda\n"
        f"{'d' * 64}  {at}/{'d' * 64}/greeter-1.2.0-0.conda\n"
        f"{'e' * 64}  {at}/{'e' * 64}/polite_cow-1.0-py3-none-any.whl\n"
    )


def test_a_wheel_locked_by_url_alone_stays_a_direct_reference() -> None:
    direct = dataclasses.replace(wheel("odd", "2.0", "f"), kind="archive", url="https://example.org/odd.whl?x=1")
    packages = (conda("python", "3.12.4", "linux-64", "a"), direct)
    lock = lock_of(PlatformLock(platform="linux-64", packages=packages))
    requirements = "locks/linux-64.requirements.txt"
    assert text(make(lock, installer="micromamba"), requirements) == (
        f"odd @ https://example.org/odd.whl?x=1 --hash=sha256:{'f' * 64}\n"
    )
    assert text(make(lock, "vendored", "micromamba"), requirements).endswith(f"\nodd==2.0 --hash=sha256:{'f' * 64}\n")


def test_checksums_cover_every_other_file(lock: Lock) -> None:
    context = make(lock, "vendored")
    lines = (line.split("  ") for line in text(context, "context.sha256").splitlines())
    listed = {path: sha256 for sha256, path in lines}
    assert set(listed) == {file.path for file in context.files} - {"context.sha256"}
    assert listed[f"artifacts/{'a' * 64}/python-3.12.4-0.conda"] == "a" * 64
    for file in context.files:
        if file.content is not None and file.path != "context.sha256":
            assert listed[file.path] == hashlib.sha256(file.content).hexdigest()


def test_labels_name_the_lock_and_each_platform(lock: Lock) -> None:
    pinned = f"debian:bookworm-slim@sha256:{'9' * 64}"
    docker = DockerSection(base_image=pinned, labels=(("org.opencontainers.image.title", "mine"), ("note", "x")))
    context = make(lock, docker=docker)
    digest = str(canonicalizer.digest(lock))
    labels = dict(context.labels)
    assert labels.pop("io.samebox.image.key").startswith("sha256:")  # which one: test_image_key.py
    assert labels == {
        "io.samebox.environment.digest.linux-64": str(canonicalizer.digest(lock, platform="linux-64")),
        "io.samebox.environment.digest.linux-aarch64": str(canonicalizer.digest(lock, platform="linux-aarch64")),
        "io.samebox.groups": "main",
        "io.samebox.lock.digest": digest,
        "io.samebox.platform": "linux-64 linux-aarch64",
        "note": "x",
        "org.opencontainers.image.base.digest": f"sha256:{'9' * 64}",
        "org.opencontainers.image.base.name": "debian:bookworm-slim",
        "org.opencontainers.image.title": "mine",
        "org.opencontainers.image.version": digest.removeprefix("sha256:")[:12],
    }
    assert list(context.labels) == sorted(context.labels)


def test_other_groups_are_added_only_when_asked_for() -> None:
    extra = dataclasses.replace(wheel("linter", "1.0", "f"), groups=("dev",))
    packages = (conda("python", "3.12.4", "linux-64", "a"), extra)
    lock = lock_of(PlatformLock(platform="linux-64", packages=packages))
    assert "linter" not in text(make(lock), "locks/linux-64.json")
    with_dev = make(lock, groups=("dev", "main"))
    assert "linter" in text(with_dev, "locks/linux-64.json")
    assert dict(with_dev.labels)["io.samebox.groups"] == "dev main"


# -------------------------------------------------------------------------------------------- determinism


@pytest.mark.parametrize("strategy", ["thin", "vendored"])
@pytest.mark.parametrize("installer", ["samebox", "micromamba"])
def test_order_and_evidence_change_nothing(lock: Lock, strategy: Strategy, installer: Installer) -> None:
    assert lock.evidence is not None
    evidence = dataclasses.replace(
        lock.evidence,
        tools=(("samebox", "99.9"), ("py-rattler", "77.7")),
        cut_off="2031-01-01T00:00:00Z",
        indexes=("https://elsewhere.example.org/simple/",),
    )
    other = dataclasses.replace(
        lock,
        platforms=tuple(
            PlatformLock(platform=p.platform, packages=_shuffled(p.packages)) for p in reversed(lock.platforms)
        ),
        evidence=evidence,
        content_hash=(("linux-64", "0" * 64),),
        sources=("/home/someone/environment.yml",),
    )
    variables = (("B", "2"), ("A", "1"))
    one = make(lock, strategy, installer, variables=variables)
    two = make(other, strategy, installer, variables=tuple(reversed(variables)))
    assert one == two


def _shuffled(packages: tuple[LockedPackage, ...]) -> tuple[LockedPackage, ...]:
    return tuple(random.Random(7).sample(packages, len(packages)))


def test_a_thin_context_is_bytes_alone(lock: Lock) -> None:
    context = make(lock)
    assert all(file.source is None for file in context.files)
    assert tar_bytes(context_entries(context)) == tar_bytes(context_entries(make(lock)))


# ------------------------------------------------------------------------------------------------ refusals


def test_what_must_be_built_is_refused_by_name() -> None:
    source = dataclasses.replace(wheel("raw-ore", "1.0", "f"), file_name="raw_ore-1.0.tar.gz")
    vcs = LockedPackage(kind="vcs", name="from-git", version="", url="https://example.org/r.git", commit="c" * 40)
    local = LockedPackage(kind="directory", name="my-project", version="0", url="file:///p", tree="1" * 64)
    python = conda("python", "3.12.4", "linux-64", "a")
    lock = lock_of(PlatformLock(platform="linux-64", packages=(python, source, vcs, local)))
    with pytest.raises(NotRepresentable) as caught:
        make(lock)
    for name in ("from-git", "my-project", "raw-ore"):
        assert name in str(caught.value)
    assert "python" not in str(caught.value)


def test_packages_without_sha256_are_refused() -> None:
    package = dataclasses.replace(conda("python", "3.12.4", "linux-64", "a"), sha256=None)
    with pytest.raises(IntegrityError, match="python"):
        make(lock_of(PlatformLock(platform="linux-64", packages=(package,))))


def test_a_lock_without_linux_is_refused() -> None:
    lock = lock_of(PlatformLock(platform="osx-arm64", packages=(conda("python", "3.12.4", "osx-arm64", "a"),)))
    with pytest.raises(NotRepresentable, match="no linux platform to make an image of; it has: osx-arm64"):
        make(lock)


def test_platforms_without_images_or_installer_are_refused() -> None:
    python = conda("python", "3.12.4", "linux-s390x", "a")
    lock = lock_of(
        PlatformLock(platform="linux-s390x", packages=(python,)),
        PlatformLock(platform="linux-32", packages=(python,)),
    )
    with pytest.raises(NotRepresentable, match="there are no images for linux-32"):
        make(lock)
    with pytest.raises(NotRepresentable, match="no installer for linux-s390x: py-rattler has no wheel"):
        make(lock, platforms=("linux-s390x",))
    assert make(lock, installer="micromamba", platforms=("linux-s390x",)).platforms == ("linux-s390x",)


def test_nothing_to_install_is_refused() -> None:
    lock = lock_of(PlatformLock(platform="linux-64", packages=()))
    with pytest.raises(BuildError, match="nothing is locked on linux-64 in these groups"):
        make(lock)


def test_one_dockerfile_has_one_kind_of_python() -> None:
    lock = lock_of(
        PlatformLock(platform="linux-64", packages=(conda("python", "3.12.4", "linux-64", "a"), wheel("w", "1", "e"))),
        PlatformLock(platform="linux-aarch64", packages=(wheel("w", "1", "e"),)),
    )
    with pytest.raises(BuildError, match="some platforms have a conda Python and others need the base image's"):
        make(lock)


def test_micromamba_needs_a_conda_python_for_wheels() -> None:
    lock = lock_of(PlatformLock(platform="linux-64", packages=(wheel("w", "1", "e"),)))
    with pytest.raises(NotRepresentable, match="the lock has none"):
        make(lock, installer="micromamba")


@pytest.mark.parametrize("missing", ["artifact_path", "wheel_path"])
def test_a_vendored_context_needs_files(lock: Lock, missing: str) -> None:
    def artifact_path(artifact: Artifact) -> Path:
        return Path("/store", artifact.sha256)

    def wheel_path(wheel: InstallerWheel) -> Path:
        return Path("/wheels", wheel.file_name)

    with pytest.raises(BuildError, match=r"the context must hold|a vendored context needs"):
        docker_context(
            lock,
            strategy="vendored",
            artifact_path=None if missing == "artifact_path" else artifact_path,
            wheel_path=None if missing == "wheel_path" else wheel_path,
        )


def test_labels_of_ours_cannot_be_given(lock: Lock) -> None:
    docker = DockerSection(labels=(("io.samebox.lock.digest", "sha256:0"),))
    with pytest.raises(SettingsError, match=r"io\.samebox\.lock\.digest is written by samebox alone"):
        make(lock, docker=docker)


def test_a_variable_given_twice_is_refused(lock: Lock) -> None:
    with pytest.raises(BuildError, match="variable A is given twice"):
        make(lock, variables=(("A", "1"), ("A", "2")))


def test_an_unreadable_glibc_is_refused() -> None:
    python = conda("python", "3.12.4", "linux-64", "a")
    lock = lock_of(PlatformLock(platform="linux-64", packages=(python,)), glibc={"linux-64": "2.x; rm -rf /"})
    with pytest.raises(BuildError, match="not versions of glibc"):
        make(lock)
