"""The scripts in ``RUN``, run here by ``sh`` with stand-ins for what an image has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from resolver.exporter.docker.shell import (
    choose_installer,
    choose_platform,
    create_user,
    require_glibc,
    require_machine,
    run,
)
from resolver.exporter.quoting import ImageUser

PLATFORMS = (("linux-64", "platform=linux-64"), ("linux-aarch64", "platform=linux-aarch64"))


def sh(lines: list[str], path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the lines as the builder would: one ``RUN``, its line ends continued, with only ``path`` to find commands."""
    script = run(lines).removeprefix("RUN ").replace("\\\n", " ")
    return subprocess.run(
        [str(shutil.which("sh")), "-c", script],
        env={"PATH": str(path), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


# ------------------------------------------------------------------------------------------- the platform


@pytest.mark.parametrize(
    ("target", "machine", "platform"),
    [
        ("amd64", "aarch64", "linux-64"),  # the builder's word counts
        ("arm64", "x86_64", "linux-aarch64"),
        ("", "x86_64", "linux-64"),  # Docker's old builder says nothing
        (None, "aarch64", "linux-aarch64"),
    ],
)
def test_the_platform_is_chosen(commands: Path, target: str | None, machine: str, platform: str) -> None:
    command(commands, "uname", f"echo {machine}")
    environ = {} if target is None else {"TARGETARCH": target}
    done = sh([*choose_platform(PLATFORMS), 'echo "$platform"'], commands, **environ)
    assert (done.stdout, done.returncode) == (f"{platform}\n", 0)


def test_what_installs_is_for_the_machine_that_runs_the_step(commands: Path) -> None:
    command(commands, "uname", "echo x86_64")
    lines = [*choose_installer(("linux-64", "linux-aarch64")), 'echo "$installer"']
    assert sh(lines, commands, TARGETARCH="arm64").stdout == "linux-64\n"
    done = sh(choose_installer(("linux-aarch64", "linux-ppc64le")), commands)
    told = "no installer for x86_64; let BUILDPLATFORM be linux/arm64 or linux/ppc64le"
    assert (done.returncode, done.stderr) == (1, f"samebox: this context has {told}\n")


@pytest.mark.parametrize(
    ("target", "machine", "refused"),
    [("arm64", "aarch64", False), ("arm64", "x86_64", True), ("", "x86_64", False), ("amd64", "aarch64", True)],
)
def test_a_base_for_another_machine_is_refused(commands: Path, target: str, machine: str, refused: bool) -> None:
    command(commands, "uname", f"echo {machine}")
    done = sh(require_machine(("linux-64", "linux-aarch64"), image="the base"), commands, TARGETARCH=target)
    assert (done.returncode != 0) == refused
    assert (f"the base is for {machine} here, and the image for " in done.stderr) == refused


@pytest.mark.parametrize(("target", "machine"), [("s390x", "x86_64"), ("", "riscv64")])
def test_a_machine_that_the_lock_does_not_have_ends_the_build(commands: Path, target: str, machine: str) -> None:
    command(commands, "uname", f"echo {machine}")
    done = sh(choose_platform(PLATFORMS), commands, TARGETARCH=target)
    assert done.returncode == 1
    found = target or machine
    assert done.stderr == f"samebox: the lock has no platform for {found}; it has: linux-64 linux-aarch64\n"


# ---------------------------------------------------------------------------------------------- the glibc

LDD = """\
echo 'ldd (Debian GLIBC 2.36-9+deb12u14) 2.36'
echo 'Copyright (C) 2022 Free Software Foundation, Inc.'
echo 'This is free software; see the source for copying conditions.  There is NO'"""
MUSL = """\
echo 'musl libc (x86_64)' >&2
echo 'Version 1.2.4' >&2
echo 'Usage: ldd [options] [--] pathname' >&2
exit 1"""


def check_glibc(commands: Path, need: str) -> subprocess.CompletedProcess[str]:
    return sh([f"need={need};", *require_glibc(image="the base image demo:1", setting="docker.base-image")], commands)


@pytest.mark.parametrize(
    ("getconf", "need"),
    [
        ("glibc 2.28", "2.28"),
        ("glibc 2.36", "2.28"),
        ("glibc 3.0", "2.28"),
        ("glibc 2.100", "2.36"),
        ("glibc 2.9", "0.0"),
    ],
)
def test_a_glibc_that_is_new_enough_passes(commands: Path, getconf: str, need: str) -> None:
    command(commands, "getconf", f'[ "$1" = GNU_LIBC_VERSION ] && echo "{getconf}"')
    done = check_glibc(commands, need)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize(("have", "need"), [("2.27", "2.28"), ("2.9", "2.28"), ("1.99", "2.0"), ("2.36", "3.0")])
def test_a_glibc_that_is_too_old_ends_the_build(commands: Path, have: str, need: str) -> None:
    command(commands, "getconf", f"echo glibc {have}")
    done = check_glibc(commands, need)
    assert done.returncode == 1
    assert done.stderr == (
        f"samebox: the base image demo:1 has glibc {have}, but {need} or later is needed; "
        "set docker.base-image to a newer image\n"
    )


def test_ldd_is_asked_where_getconf_is_missing(commands: Path) -> None:
    command(commands, "ldd", LDD)
    assert check_glibc(commands, "2.36").returncode == 0
    done = check_glibc(commands, "2.37")
    assert done.returncode == 1
    assert "has glibc 2.36, but 2.37 or later is needed" in done.stderr


def test_musl_is_named(commands: Path) -> None:
    command(commands, "getconf", "echo 'getconf: unknown variable' >&2; exit 1")
    command(commands, "ldd", MUSL)
    done = check_glibc(commands, "2.28")
    assert done.returncode == 1
    assert "the base image demo:1 has no glibc (found: musl libc (x86_64)" in done.stderr
    assert "set docker.base-image to a glibc-based image" in done.stderr


def test_an_image_without_any_libc_tool_is_refused(commands: Path) -> None:
    done = check_glibc(commands, "2.28")
    assert done.returncode == 1
    assert "the base image demo:1 has no glibc (found: " in done.stderr


# ----------------------------------------------------------------------------------------------- the user


def test_the_user_is_added_once(tmp_path: Path) -> None:
    done = _add_user(tmp_path, passwd="root:x:0:0:root:/root:/bin/sh\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "etc/passwd").read_text().splitlines() == [
        "root:x:0:0:root:/root:/bin/sh",
        f"demo:x:{os.getuid()}:{os.getgid()}::/home/demo:/bin/sh",
    ]
    assert (tmp_path / "etc/group").read_text() == f"demo:x:{os.getgid()}:\n" * bool(os.getgid())
    assert (tmp_path / "home/demo").is_dir()
    assert (tmp_path / "srv/app").is_dir()
    before = (tmp_path / "etc/passwd").read_text()
    assert _add_user(tmp_path, passwd=before).returncode == 0
    assert (tmp_path / "etc/passwd").read_text() == before


def test_a_user_with_another_uid_ends_the_build(tmp_path: Path) -> None:
    done = _add_user(tmp_path, passwd="demo:x:77:77::/:/bin/sh\n")
    assert done.returncode == 1
    assert done.stderr == ("samebox: the base image has a user demo with the uid 77; set docker.user to another\n")
    assert not (tmp_path / "home").exists()


def _add_user(root: Path, *, passwd: str) -> subprocess.CompletedProcess[str]:
    """The script with its absolute paths below ``root``, and the uid of whoever runs the tests."""
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text(passwd)
    (root / "etc/group").touch()
    lines = create_user(ImageUser(name="demo", uid=os.getuid(), gid=os.getgid()), "/srv/app")
    text = "\n".join(lines)
    for place in ("/etc/", "/srv/"):
        text = text.replace(place, f"{root}{place}")
    text = text.replace(" /home/", f" {root}/home/")
    return sh(text.splitlines(), Path(os.environ["PATH"].split(":")[0]), PATH=os.environ["PATH"])
