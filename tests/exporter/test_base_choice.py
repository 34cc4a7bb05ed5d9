"""The base for a CPU or for a GPU: a function of what is locked and of the settings, with its reason."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from resolver.exporter.base_choice import choose_base
from resolver.exporter.docker.dockerfile import render
from resolver.model import DockerSection, Evidence, Lock, LockedPackage, PlatformLock, VirtualPackage
from tests.exporter.conftest import conda, lock_of, wheel
from tests.exporter.oci_world import Maker, small
from tests.exporter.test_dockerfile import PLAN
from tests.prefix.world import conda as conda_item


def _conda(name: str, version: str, build: str) -> LockedPackage:
    made = conda(name, version, "linux-64", "a")
    file_name = f"{name}-{version}-{build}.conda"
    return dataclasses.replace(made, build=None, file_name=None, url=f"https://conda.example.org/linux-64/{file_name}")


def _pypi(name: str, version: str) -> LockedPackage:
    return dataclasses.replace(wheel("demo", "1.0", "b"), name=name, version=version)


NEEDS_A_GPU = {
    "the runtime before its neighbours": (
        [_conda("cuda-cccl", "12.6.77", "0"), _conda("cuda-cudart", "12.6.77", "h5888daf_0")],
        "cuda-cudart 12.6.77 is locked on linux-64",
    ),
    "conda's old toolkit": (
        [_conda("cudatoolkit", "11.8.0", "h4ba93d1_13")],
        "cudatoolkit 11.8.0 is locked on linux-64",
    ),
    "a build": (
        [_conda("pytorch", "2.7.0", "cuda126_mkl_py312_h30b5a27_300")],
        "pytorch 2.7.0 (cuda126_mkl_py312_h30b5a27_300) is locked on linux-64",
    ),
    "pytorch's own channel": (
        [_conda("pytorch", "2.5.1", "py3.12_cuda12.4_cudnn9.1.0_0")],
        "pytorch 2.5.1 (py3.12_cuda12.4_cudnn9.1.0_0) is locked on linux-64",
    ),
    "nvidia's wheels": (
        [_pypi("nvidia-cudnn-cu12", "9.5.1.17"), _pypi("nvidia-cuda-runtime-cu12", "12.6.77")],
        "nvidia-cuda-runtime-cu12 12.6.77 is locked on linux-64",
    ),
    "nvidia's wheels of CUDA 13": ([_pypi("nvidia-cublas", "13.0.0")], "nvidia-cublas 13.0.0 is locked on linux-64"),
    "a local version": ([_pypi("torch", "2.7.0+cu126")], "torch 2.7.0+cu126 is locked on linux-64"),
    "a plugin": ([_pypi("jax-cuda12-plugin", "0.5.0")], "jax-cuda12-plugin 0.5.0 is locked on linux-64"),
}


@pytest.mark.parametrize("name", NEEDS_A_GPU)
def test_what_is_locked_chooses_the_base_for_gpus(name: str) -> None:
    packages, reason = NEEDS_A_GPU[name]
    lock = lock_of(PlatformLock(platform="linux-64", packages=tuple(packages)))
    docker = DockerSection(base_image="cpu", gpu_base_image="gpu")
    choice = choose_base(lock, docker, groups=("main",), platforms=("linux-64",))
    assert (choice.image, str(choice)) == ("gpu", f"gpu-base-image, since {reason}")


@pytest.mark.parametrize(
    "package",
    [
        _conda("pytorch", "2.7.0", "cpu_mkl_py312_h30b5a27_100"),
        _conda("ambertools", "24.8", "cuda_None_nompi_py312h0"),
        _conda("numba", "0.61.0", "py312h2e6246c_1"),
        _pypi("torch", "2.7.0+cpu"),
        _pypi("nvidia-ml-py", "12.570"),
        _pypi("cuda-python", "12.6.2"),
        _pypi("acupuncture", "1.0"),
    ],
    ids=str,
)
def test_what_only_knows_how_to_use_one_does_not(package: LockedPackage) -> None:
    """Nor does ``__cuda``: it says what a solve might take, and is no part of what is locked."""
    evidence = Evidence(virtual_packages=(("linux-64", (VirtualPackage(name="__cuda", version="12.6"),)),))
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(package,)),), evidence=evidence)
    choice = choose_base(lock, DockerSection(gpu_base_image="gpu"), groups=("main",), platforms=("linux-64",))
    assert str(choice) == "base-image, since nothing that needs a GPU is locked"


CUDA = dataclasses.replace(_conda("cuda-cudart", "12.6", "0"), groups=("train",))


@pytest.mark.parametrize(
    ("docker", "groups", "told"),
    [
        (
            DockerSection(gpu_base_image="g"),
            ("main", "train"),
            "gpu-base-image, since cuda-cudart 12.6 is locked on linux-64",
        ),
        (DockerSection(gpu_base_image="g"), ("main",), "base-image, since nothing that needs a GPU is locked"),
        (DockerSection(), ("train",), "base-image, for a GPU since cuda-cudart 12.6 is locked on linux-64"),
        (DockerSection(gpu_base_image="g", gpu=False), ("train",), "base-image, since docker.gpu is false"),
        (DockerSection(gpu_base_image="g", gpu=True), ("main",), "gpu-base-image, since docker.gpu is true"),
        (DockerSection(base_dockerfile="FROM a\n"), ("main",), "base-dockerfile, since it is set"),
        (
            DockerSection(gpu_base_image="g", user_managed=True),
            ("train",),
            "base-image, since docker.user-managed installs nothing that needs a GPU",
        ),
    ],
)
def test_the_choice_is_told(docker: DockerSection, groups: tuple[str, ...], told: str) -> None:
    lock = lock_of(PlatformLock(platform="linux-64", packages=(conda("python", "3.12.4", "linux-64", "a"), CUDA)))
    assert str(choose_base(lock, docker, groups=groups, platforms=("linux-64",))) == told


def test_an_image_for_gpus_asks_for_the_driver_unless_the_manifest_says_otherwise() -> None:
    text = render(dataclasses.replace(PLAN, gpu=True, variables=(("NVIDIA_VISIBLE_DEVICES", "0"),)))
    assert 'ENV NVIDIA_DRIVER_CAPABILITIES="compute,utility" \\\n    NVIDIA_VISIBLE_DEVICES="0"\n' in text
    assert "NVIDIA" not in render(PLAN)


def test_an_image_without_a_builder_asks_for_the_driver_too(tmp_path: Path) -> None:
    items = [conda_item(small("cuda-cudart", "12.6"))]
    image = Maker(tmp_path).image(items, variables=(("NVIDIA_VISIBLE_DEVICES", "0"),))
    environ = json.loads(image.config.content or b"")["config"]["Env"]
    asked = {text for text in environ if text.startswith("NVIDIA_")}
    assert asked == {"NVIDIA_DRIVER_CAPABILITIES=compute,utility", "NVIDIA_VISIBLE_DEVICES=0"}


def test_one_dockerfile_has_one_base_so_what_one_platform_needs_is_the_base_of_all() -> None:
    lock = lock_of(
        PlatformLock(platform="linux-64", packages=(dataclasses.replace(CUDA, groups=("main",)),)),
        PlatformLock(platform="linux-aarch64", packages=(conda("python", "3.12.4", "linux-aarch64", "b"),)),
    )
    docker = DockerSection(gpu_base_image="g")
    both, one = (("linux-64", "linux-aarch64"), ("linux-aarch64",))
    assert choose_base(lock, docker, groups=("main",), platforms=both).image == "g"
    assert choose_base(lock, docker, groups=("main",), platforms=one).image == "debian:bookworm-slim"
