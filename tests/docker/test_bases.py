"""What images are built on: a base that the user writes, one that the user manages, and packages of Debian."""

from __future__ import annotations

import dataclasses
import http.server
import json
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.exporter import DEFAULT_EPOCH, docker_context, write_directory
from resolver.model import Application, DockerSection, Lock, PlatformLock
from resolver.source_trees import read_application
from tests.docker.conftest import BASE, PYTHON_BASE, Vendor
from tests.docker.engines import Buildah, Builder, Docker, DockerDaemon, Failed

pytestmark = pytest.mark.docker

NOTHING = Lock(platforms=(PlatformLock(platform="linux-64", packages=()),))

WRITTEN = f"""\
# a comment
ARG TAG=1
FROM {BASE.replace(":1", ":${TAG}")} AS build
RUN echo made >/made
FROM \\
  # here it is
  {BASE}
COPY --from=build /made /made
ENV FROM_BASE=yes
SHELL ["/bin/bash", "-c"]
RUN mkdir /srv/data && \\

    # for the application
    chown 12 /srv/data
USER 12
"""
"""A base with all that makes it hard to read; our stages follow, and one of them is called ``build`` as well."""


def test_our_steps_follow_a_base_that_the_user_writes(lock: Lock, vendor: Vendor, builder: Builder, tag: str) -> None:
    builder.build(vendor(lock, DockerSection(base_dockerfile=WRITTEN, build_image=PYTHON_BASE)), tag, network=False)
    look = (
        "import greeter, os, sys; print(sys.prefix, os.getuid(), os.environ['FROM_BASE'], open('/made').read().strip())"
    )
    assert builder.daemon.run(tag, ["python", "-c", look]) == "/opt/env 1000 yes made\n"


@pytest.mark.parametrize(
    ("program", "says", "told"),
    [
        ("ldd", "musl libc", r"has no glibc \(found: musl libc\)"),
        ("getconf", "glibc 2.17", r"has glibc 2\.17, but 2\.28 or later is needed"),
    ],
)
def test_a_written_base_with_another_libc_is_refused(
    program: str, says: str, told: str, lock: Lock, vendor: Vendor, buildah: Buildah, tag: str
) -> None:
    """What the programs of such an image say stands in for it: there is none of Debian's."""
    place = f"/usr/bin/{program}"
    script = f"rm /usr/bin/getconf && printf '#!/bin/sh\\necho {says}\\n' >{place} && chmod 755 {place}"
    docker = DockerSection(base_dockerfile=f"FROM {BASE}\nRUN {script}\n", build_image=PYTHON_BASE)
    with pytest.raises(Failed, match=rf"the image of docker\.base-dockerfile {told}; set docker\.base-dockerfile to a"):
        buildah.build(vendor(lock, docker), tag, network=False)


# ------------------------------------------------------------------------------- a base that the user manages

MANAGED = f"FROM {PYTHON_BASE}\nRUN python3 -m venv /opt/tools\n"
"""A Python with packages that nobody has locked: pip and setuptools, as the venv brings them."""


def managed(*required: str, interpreter: str = "/opt/tools/bin/python") -> DockerSection:
    return DockerSection(
        base_dockerfile=MANAGED,
        build_image=PYTHON_BASE,
        user_managed=True,
        interpreter_path=interpreter,
        required_packages=required,
    )


@pytest.mark.parametrize(
    ("builder", "strategy"),
    [("buildkit", "thin"), ("buildah", "thin"), ("old", "vendored")],
    indirect=["builder"],
)
def test_a_managed_base_that_has_what_is_required_becomes_the_image(
    strategy: str, builder: Builder, tag: str, vendor: Vendor, server: str, tmp_path: Path
) -> None:
    docker = managed("pip >=20", "Setuptools", "colorama>9; sys_platform=='win32'")
    if strategy == "thin":
        write_directory(docker_context(NOTHING, docker=docker), tmp_path / "context")
        arguments = {"PIP_INDEX_URL": f"{server}/simple/"}
        builder.build(tmp_path / "context", tag, network=True, arguments=arguments)
    else:
        builder.build(vendor(NOTHING, docker), tag, network=False)

    frozen = builder.daemon.run(tag, ["/opt/tools/bin/python", "-m", "pip", "--no-cache-dir", "freeze", "--all"])
    assert builder.daemon.run(tag, ["cat", "/usr/share/samebox/packages.txt"]) == frozen
    assert frozen.startswith("pip==")
    look = "echo $PATH ${CONDA_PREFIX:-none}; ls /opt /tmp; id -u"
    assert builder.daemon.run(tag, ["sh", "-c", look]).splitlines() == [
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin none",
        "/opt:",
        "tools",
        "",
        "/tmp:",
        "1000",
    ]


def test_an_application_runs_by_the_interpreter_of_a_managed_base(
    buildah: Buildah, tag: str, installer_files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("import pip, sys\nprint(sys.executable, *sys.argv[1:])\n")
    application = Application(
        source=str(tmp_path / "code"), preset="train", entry="train.py", arguments=("--epochs", "3")
    )
    context = docker_context(
        NOTHING,
        docker=dataclasses.replace(managed("pip"), application=application),
        application=read_application(application, dict(os.environ)),
        strategy="vendored",
        wheel_path=lambda wheel: installer_files[wheel.file_name],
    )
    write_directory(context, tmp_path / "context")
    buildah.build(tmp_path / "context", tag, network=False)
    assert buildah.daemon.run(tag, []) == "/opt/tools/bin/python --epochs 3\n"


@pytest.mark.parametrize("builder", ["buildkit", "buildah"], indirect=True)
def test_what_a_managed_base_lacks_ends_the_build_and_is_named(builder: Builder, tag: str, vendor: Vendor) -> None:
    with pytest.raises(Failed) as caught:
        builder.build(vendor(NOTHING, managed("pip<2", "numpy>=1.20", "setuptools")), tag, network=False)
    said = str(caught.value)
    assert "/opt/tools/bin/python lacks what docker.required-packages asks for:" in said
    assert "numpy>=1.20: numpy is not installed" in said
    assert "pip<2: pip is installed as " in said
    assert "setuptools:" not in said


@pytest.mark.parametrize("interpreter", ["/usr/bin/python9", "/etc/passwd"])
def test_an_interpreter_that_does_not_run_ends_the_build(
    interpreter: str, buildah: Buildah, tag: str, vendor: Vendor
) -> None:
    with pytest.raises(Failed, match=rf"has no {interpreter} that its user may run; set docker\.interpreter-path"):
        buildah.build(vendor(NOTHING, managed("pip", interpreter=interpreter)), tag, network=False)


def test_a_changed_wheel_of_the_check_is_not_run(buildah: Buildah, tag: str, vendor: Vendor) -> None:
    context = vendor(NOTHING, managed("pip"))
    (changed,) = (context / "check" / "wheels").glob("packaging-*.whl")
    changed.write_bytes(changed.read_bytes() + b"!")
    with pytest.raises(Failed, match=r"packaging-.*\.whl does not have its sha256"):
        buildah.build(context, tag, network=False)


# ------------------------------------------------------------------------------------- packages of Debian

SNAPSHOT = "20260115T000000Z"
LEFT_BY_APT = "/var/log /var/cache/apt /var/lib/apt/lists"
ALL_FILES = (
    "cd / && find . -xdev -type f -exec sha256sum {} + | grep -vE '  ./(proc|sys|dev|etc/(hosts|hostname|resolv.conf))'"
)


@pytest.fixture(scope="module")
def archive() -> Iterator[str]:
    """The URL of an archive of snapshots: it sends to the mirror of this machine's apt, whatever the instant is."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    sites = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    assert sites, "apt on this machine names no mirror of Debian"

    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, _, instant, path = self.path.split("/", 3)
            self.send_response(302 if instant == SNAPSHOT else 404)
            self.send_header("Location", f"{sites[0].rstrip('/')}/{path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the same
            """A test run's output is no access log."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/debian/{{date}}/"
        running.shutdown()
        thread.join()


@pytest.mark.network
def test_packages_of_a_snapshot_are_the_same_files_by_each_builder(
    lock: Lock, vendor: Vendor, archive: str, request: pytest.FixtureRequest, tag: str
) -> None:
    docker = DockerSection(
        base_image=BASE,
        build_image=PYTHON_BASE,
        apt=("hello", "uuid-runtime"),
        apt_snapshot=SNAPSHOT,
        apt_mirror=(archive,),
    )
    context = vendor(lock, docker)
    found = []
    for fixture in ("buildah", "old_daemon"):
        made = request.getfixturevalue(fixture)
        builder: Builder = made if fixture == "buildah" else Docker(daemon=made, buildkit=True)
        builder.build(context, f"{tag}-{fixture}", network=True)
        assert builder.daemon.run(f"{tag}-{fixture}", ["hello", "--greeting=moo"]) == "moo\n"
        assert builder.daemon.run(f"{tag}-{fixture}", ["python", "-c", "import greeter"]) == ""
        look = ("run", "--rm", "--network=none", "--user=0", f"{tag}-{fixture}", "sh", "-c")
        assert builder.daemon.call(*look, f"find {LEFT_BY_APT} -type f") == ""
        # a package that adds a user would write the day
        assert builder.daemon.call(*look, "grep ^uuidd: /etc/shadow") == "uuidd:!:3652::::::\n"
        found.append(set(builder.daemon.call(*look, ALL_FILES).splitlines()))
    assert not found[0] ^ found[1]
    assert len(found[0]) > 1000


@pytest.mark.network
def test_what_apt_brings_counts_for_a_managed_base_and_is_the_same_bit_for_bit(
    vendor: Vendor, archive: str, daemon: DockerDaemon, tag: str, tmp_path: Path
) -> None:
    docker = DockerSection(
        base_image=PYTHON_BASE,
        user_managed=True,
        required_packages=("idna >=3",),
        apt=("python3-idna", "uuid-runtime"),
        apt_snapshot=SNAPSHOT,
        apt_mirror=(archive,),
    )
    context = vendor(NOTHING, docker)
    epoch = f"--build-arg=SOURCE_DATE_EPOCH={DEFAULT_EPOCH}"
    for number in ("1", "2"):
        output = f"--output=type=oci,dest={tmp_path / number},rewrite-timestamp=true"
        anew = ("--no-cache", "--network=host", "--provenance=false", epoch, output, f"--tag={tag}")
        daemon.call("build", *anew, context, environ={"DOCKER_BUILDKIT": "1"})
    assert _digest_of(tmp_path / "1") == _digest_of(tmp_path / "2")

    daemon.load(tmp_path / "1")
    look = "import idna; print(open('/usr/share/samebox/packages.txt').read().count(f'idna=={idna.__version__}'))"
    assert daemon.run(tag, ["python3", "-c", look]) == "1\n"


def _digest_of(archive: Path) -> str:
    """That of the one image in an OCI archive."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        assert index is not None
        (manifest,) = json.load(index)["manifests"]
    digest: str = manifest["digest"]
    return digest


@pytest.mark.network
def test_an_unknown_package_of_debian_ends_the_build(
    lock: Lock, vendor: Vendor, archive: str, buildah: Buildah, tag: str
) -> None:
    docker = DockerSection(
        base_image=BASE, build_image=PYTHON_BASE, apt=("no-such-thing",), apt_snapshot=SNAPSHOT, apt_mirror=(archive,)
    )
    with pytest.raises(Failed, match="Unable to locate package no-such-thing"):
        buildah.build(vendor(lock, docker), tag, network=True)


def test_a_snapshot_over_https_needs_certificates(lock: Lock, vendor: Vendor, buildah: Buildah, tag: str) -> None:
    mirror = "https://snapshot.example.org/{date}/"
    docker = DockerSection(
        base_image=BASE, build_image=PYTHON_BASE, apt=("hello",), apt_snapshot=SNAPSHOT, apt_mirror=(mirror,)
    )
    with pytest.raises(Failed, match=rf"the base image {BASE} has no certificates for https"):
        buildah.build(vendor(lock, docker), tag, network=False)
