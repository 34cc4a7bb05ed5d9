"""What an image is built on, and what it has besides: the key, a base that the user manages, system packages."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

import resolver.exporter.docker.check_packages
from resolver.errors import BuildError, NotRepresentable, SettingsError
from resolver.exporter import Strategy, context_needs, docker_context
from resolver.exporter.docker.dockerfile import render
from resolver.exporter.docker.user_managed import check_files
from resolver.exporter.image_key import image_key
from resolver.model import Application, DockerSection, Lock, PlatformLock
from tests.exporter.conftest import conda, lock_of
from tests.exporter.test_base_choice import CUDA
from tests.exporter.test_dockerfile import PLAN

DIGEST = f"sha256:{'9' * 64}"
PINNED = DockerSection(base_image=f"debian@{DIGEST}")
MIRROR = "https://snapshot.example.org/archive/debian/{date}/"


# ------------------------------------------------------------------------------------------- the key


def _key(lock: Lock, docker: DockerSection) -> str:
    key = image_key(lock, docker=docker, groups=("main",), platforms=("linux-64",), variables=())
    return str(key.digest) if key.digest is not None else key.reason


def test_a_base_for_gpus_counts_where_it_is_chosen(lock: Lock) -> None:
    cuda = lock_of(PlatformLock(platform="linux-64", packages=(dataclasses.replace(CUDA, groups=("main",)),)))
    gpu = dataclasses.replace(PINNED, gpu_base_image=f"cuda@sha256:{'8' * 64}")
    assert _key(lock, gpu) == _key(lock, PINNED)
    assert len({_key(cuda, gpu), _key(cuda, PINNED), _key(cuda, dataclasses.replace(gpu, gpu=False))}) == 3
    assert _key(cuda, dataclasses.replace(gpu, gpu=True)) == _key(cuda, gpu)
    assert _key(cuda, dataclasses.replace(gpu, gpu_base_image="cuda:12")).startswith(
        "the base image cuda:12 has no digest"
    )


def test_what_cannot_be_known_has_no_key(lock: Lock) -> None:
    written = dataclasses.replace(PINNED, base_dockerfile=f"FROM debian@{DIGEST}\n")
    assert _key(lock, written) == "what the steps of docker.base-dockerfile do cannot be known from their text"
    loose = dataclasses.replace(PINNED, apt=("git",))
    assert _key(lock, loose) == "system packages are not pinned, and may be others tomorrow"


def test_pinned_system_packages_count(lock: Lock) -> None:
    apt = dataclasses.replace(PINNED, apt=("git", "libgl1"), apt_snapshot="20260115T000000Z", apt_mirror=(MIRROR,))
    assert _key(lock, dataclasses.replace(apt, apt=("libgl1", "git"))) == _key(lock, apt)
    changed = [
        dataclasses.replace(apt, apt=("git",)),
        dataclasses.replace(apt, apt_snapshot="20260116T000000Z"),
        dataclasses.replace(apt, apt_mirror=(MIRROR, f"{MIRROR} {{codename}}-updates")),
        PINNED,
    ]
    assert len({_key(lock, docker) for docker in (apt, *changed)}) == 5
    assert _key(lock, dataclasses.replace(PINNED, apt_snapshot="20260115T000000Z", apt_mirror=(MIRROR,))) == _key(
        lock, PINNED
    )


def test_the_key_of_a_base_that_the_user_manages_is_of_what_is_required_and_of_no_lock(lock: Lock) -> None:
    managed = dataclasses.replace(PINNED, user_managed=True, required_packages=("numpy >=1.20", "Requests"))
    other = lock_of(PlatformLock(platform="linux-64", packages=(conda("python", "3.12.5", "linux-64", "f"),)))
    assert _key(other, managed) == _key(lock, managed) != _key(lock, PINNED)
    assert _key(lock, dataclasses.replace(managed, required_packages=("requests", "numpy>=1.20"))) == _key(
        lock, managed
    )
    assert _key(lock, dataclasses.replace(managed, required_packages=("requests",))) != _key(lock, managed)
    assert _key(lock, dataclasses.replace(managed, interpreter_path="/usr/bin/python3.11")) != _key(lock, managed)
    on_two = image_key(lock, docker=managed, groups=("main",), platforms=("linux-aarch64",), variables=())
    assert str(on_two.digest) != _key(lock, managed)  # one digest may be that of an index


# ------------------------------------------------------------------------------- a base that the user manages

MANAGED = DockerSection(
    base_image="pytorch:1", user_managed=True, required_packages=("numpy>=1.20", "Requests; os_name=='posix'")
)


def test_the_context_of_a_managed_base_has_the_check_and_nothing_of_the_lock(lock: Lock, tmp_path: Path) -> None:
    thin = docker_context(lock, docker=MANAGED)
    files = {file.path: file for file in thin.files}
    assert [path for path in files if "/" in path] == [
        "check/check_packages.py",
        "check/packages.txt",
        "check/requirements.txt",
    ]
    assert files["check/packages.txt"].content == b'numpy>=1.20\nrequests; os_name == "posix"\n'
    assert re.fullmatch(
        rb"packaging==[0-9.]+ --hash=sha256:[0-9a-f]{64}\n", files["check/requirements.txt"].content or b""
    )
    assert not [key for key, _ in thin.labels if key.startswith("io.samebox.") or key.endswith("version")]
    text = (files["Dockerfile"].content or b"").decode()
    assert "/opt/env" not in text
    assert "PATH" not in text
    vendored = docker_context(
        lock, docker=MANAGED, strategy="vendored", wheel_path=lambda wheel: tmp_path / wheel.file_name
    )
    (carried,) = (file.path for file in vendored.files if file.path.startswith("check/wheels/"))
    assert re.fullmatch(r"check/wheels/packaging-[0-9.]+-py3-none-any\.whl", carried)


def test_an_empty_lock_will_do_for_a_managed_base_alone() -> None:
    empty = lock_of(PlatformLock(platform="linux-64", packages=()))
    assert docker_context(empty, docker=MANAGED).platforms == ("linux-64",)
    with pytest.raises(BuildError, match="nothing is locked on linux-64"):
        docker_context(empty, docker=DockerSection())


def test_what_serves_in_a_managed_base_must_be_there(lock: Lock) -> None:
    application = Application(source="app", preset="serve", entry="score.py", server="waitress>=3")
    docker = dataclasses.replace(MANAGED, application=application)
    assert dict(check_files(docker))["check/packages.txt"].splitlines()[-1] == b"waitress>=3"
    assert docker.python == "/usr/bin/python3"


@pytest.mark.parametrize(
    ("docker", "strategy", "images"),
    [
        (DockerSection(), "thin", ("base_image", "build_image")),
        (DockerSection(gpu=True, gpu_base_image="cuda"), "thin", ("gpu_base_image", "build_image")),
        (DockerSection(base_dockerfile="FROM debian\n"), "thin", ("build_image",)),
        (MANAGED, "thin", ("base_image", "build_image")),
        (MANAGED, "vendored", ("base_image",)),
    ],
    ids=str,
)
def test_only_images_that_the_dockerfile_begins_with_are_looked_up(
    lock: Lock, docker: DockerSection, strategy: Strategy, images: tuple[str, ...]
) -> None:
    platforms = ("linux-64",)
    assert context_needs(lock, docker=docker, platforms=platforms, strategy=strategy) == (platforms, images)
    context = docker_context(
        lock,
        docker=docker,
        platforms=platforms,
        strategy=strategy,
        artifact_path=lambda artifact: Path("x"),
        wheel_path=lambda wheel: Path("x"),
    )
    (text,) = (file.content or b"" for file in context.files if file.path == "Dockerfile")
    for field in ("base_image", "gpu_base_image", "build_image"):
        image = getattr(docker, field)
        assert (field in images) == (f"FROM {image}" in text.decode() if image else False)


@pytest.mark.parametrize("text", ["numpy[extra]", "numpy @ https://example.org/numpy.whl", "numpy>=", ""])
def test_what_cannot_be_checked_is_refused(lock: Lock, text: str) -> None:
    with pytest.raises(SettingsError, match=r"docker\.required-packages"):
        docker_context(lock, docker=dataclasses.replace(MANAGED, required_packages=(text,)))


def test_micromamba_installs_nothing_there(lock: Lock) -> None:
    with pytest.raises(NotRepresentable, match="micromamba has nothing to install"):
        docker_context(lock, docker=MANAGED, installer="micromamba")


def test_the_check_keeps_to_the_syntax_of_old_interpreters() -> None:
    text = Path(resolver.exporter.docker.check_packages.__file__).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if (name or "").startswith("resolver")]


# ---------------------------------------------------------------------------------- system packages


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"apt": ("git;reboot",)}, "docker.apt: not a Debian package: 'git;reboot'"),
        ({"apt": ("git-",)}, "docker.apt: not a Debian package: 'git-'"),  # apt would remove it
        ({"apt": ("--allow-downgrades",)}, "docker.apt: not a Debian package"),
        ({"apt_mirror": ()}, "docker.apt-snapshot: it is not said which archive has the snapshot"),
        ({"apt_snapshot": None}, "docker.apt-mirror: an archive of snapshots needs an instant"),
        ({"apt_snapshot": "yesterday"}, "docker.apt-snapshot: not an instant: 'yesterday'"),
        ({"apt_mirror": ("https://example.org/debian/",)}, "docker.apt-mirror: not the URL of an archive with {date}"),
        ({"apt_mirror": ("https://example.org/{date}/$(x)",)}, "docker.apt-mirror: not the URL of an archive"),
        ({"apt_mirror": ("https://u:p@example.org/{date}/",)}, "docker.apt-mirror: not the URL of an archive"),
    ],
)
def test_what_apt_cannot_be_asked_for_is_refused(changes: dict[str, object], message: str) -> None:
    docker = DockerSection(apt=("git",), apt_snapshot="20260115T000000Z", apt_mirror=(MIRROR,))
    changed: DockerSection = dataclasses.replace(docker, **changes)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=re.escape(message)):
        render(dataclasses.replace(PLAN, docker=changed))


def test_wheels_alone_are_installed_for_the_python_that_apt_brings() -> None:
    docker = DockerSection(base_image="debian", apt=("python3-venv",))
    text = render(dataclasses.replace(PLAN, docker=docker, base_python=True))
    assert re.findall(r"^FROM .*", text, re.MULTILINE) == [
        "FROM debian AS system",
        "FROM system AS build",
        "FROM system",
    ]


def test_without_packages_nothing_is_asked_of_apt() -> None:
    docker = DockerSection(apt_snapshot="20260115T000000Z", apt_mirror=(MIRROR,))
    assert "apt" not in render(dataclasses.replace(PLAN, docker=docker))
