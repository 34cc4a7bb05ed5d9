"""The key of an image: of what it is a function, and of what not."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest
import rfc8785

from resolver import canonicalizer
from resolver.errors import IntegrityError
from resolver.exporter import docker_context
from resolver.exporter.image_key import KEY_LABEL, image_key
from resolver.model import DockerSection, Evidence, Lock, PlatformLock
from tests.exporter.conftest import conda, lock_of

DIGEST = f"sha256:{'9' * 64}"
DOCKER = DockerSection(base_image=f"debian:bookworm-slim@{DIGEST}", command=("python", "-m", "x"), labels=(("b", "2"),))
VARIABLES = (("B", "2"), ("A", "1"))


def key_of(lock: Lock, docker: DockerSection = DOCKER, *, variables: tuple[tuple[str, str], ...] = VARIABLES) -> str:
    key = image_key(lock, docker=docker, groups=("main",), platforms=("linux-64",), variables=variables)
    assert key.digest is not None
    return str(key.digest)


def test_the_key_is_written_out(lock: Lock) -> None:
    form: Any = {
        "domain": "samebox/image/1",
        "environments": {"linux-64": str(canonicalizer.digest(lock, platform="linux-64"))},
        "docker": {
            "user": "samebox",
            "prefix": "/opt/env",
            "workdir": "/home/samebox",
            "command": ["python", "-m", "x"],
            "labels": [["b", "2"]],
            "variables": [["A", "1"], ["B", "2"]],
        },
        "base": DIGEST,
        "application": "",
        "installer": 1,
    }
    assert key_of(lock) == f"sha256:{hashlib.sha256(rfc8785.dumps(form)).hexdigest()}"


@pytest.mark.parametrize(
    "docker",
    [
        dataclasses.replace(DOCKER, base_image=f"mirror.example.org/debian@{DIGEST}"),
        dataclasses.replace(DOCKER, build_image="python:3.13-slim"),
    ],
)
def test_what_the_base_is_called_and_what_builds_does_not_count(lock: Lock, docker: DockerSection) -> None:
    assert key_of(lock, docker) == key_of(lock)


@pytest.mark.parametrize(
    "docker",
    [
        dataclasses.replace(DOCKER, base_image=f"debian:bookworm-slim@sha256:{'8' * 64}"),
        dataclasses.replace(DOCKER, user="1001"),
        dataclasses.replace(DOCKER, prefix="/opt/other"),
        dataclasses.replace(DOCKER, workdir="/srv"),
        dataclasses.replace(DOCKER, command=("python",)),
        dataclasses.replace(DOCKER, labels=()),
    ],
)
def test_what_the_image_is_counts(lock: Lock, docker: DockerSection) -> None:
    assert key_of(lock, docker) != key_of(lock)


def test_variables_and_packages_count_and_the_name_and_evidence_do_not(lock: Lock) -> None:
    other = lock_of(PlatformLock(platform="linux-64", packages=(conda("python", "3.12.5", "linux-64", "f"),)))
    assert key_of(other) != key_of(lock)
    assert key_of(lock, variables=()) != key_of(lock)
    assert key_of(dataclasses.replace(lock, name="other", evidence=Evidence())) == key_of(lock)


@pytest.mark.parametrize("base", ["debian:bookworm-slim", "debian@sha256:12", f"debian@sha512:{'9' * 64}"])
def test_a_base_without_digest_has_no_key_and_says_why(lock: Lock, base: str) -> None:
    docker = dataclasses.replace(DOCKER, base_image=base)
    key = image_key(lock, docker=docker, groups=("main",), platforms=("linux-64",), variables=())
    assert key.digest is None
    assert key.reason == f"the base image {base} has no digest, and may be another one tomorrow"
    assert KEY_LABEL not in dict(docker_context(lock, docker=docker).labels)


def test_the_label_of_a_context_is_the_key_of_its_platforms(lock: Lock) -> None:
    context = docker_context(lock, docker=DOCKER, platforms=("linux-64",), variables=VARIABLES)
    assert dict(context.labels)[KEY_LABEL] == key_of(lock)
    both = docker_context(lock, docker=DOCKER, variables=VARIABLES)
    assert dict(both.labels)[KEY_LABEL] != key_of(lock)


def test_micromamba_leaves_what_its_build_image_makes_it_leave_so_there_is_no_key(lock: Lock) -> None:
    assert KEY_LABEL not in dict(docker_context(lock, docker=DOCKER, installer="micromamba").labels)


def test_a_package_without_hash_is_refused(lock: Lock) -> None:
    package = dataclasses.replace(conda("python", "3.12.4", "linux-64", "a"), sha256=None)
    with pytest.raises(IntegrityError, match="python"):
        key_of(lock_of(PlatformLock(platform="linux-64", packages=(package,))))
