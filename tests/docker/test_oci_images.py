"""An image that no builder has made: it loads, it runs with no more rights than it needs, and others understand it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from resolver.canonicalizer import digest
from resolver.locks.files import write_lock
from resolver.model import Lock
from tests.docker.conftest import BASE, NOTE
from tests.docker.engines import DockerDaemon
from tests.docker.worlds import VARIABLES, samebox, wheels_lock
from tests.prefix.world import tree
from tests.registry.programs import Skopeo, required

pytestmark = pytest.mark.docker

IMPORTS = "import cowtalk, greeter, json, moo_words, os, platform_bits, polite_cow, shout, sys"
LOOK_AROUND = f"{IMPORTS}; print(json.dumps([sys.prefix, os.getuid(), os.getcwd(), dict(os.environ)]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The tar, and what the image in it is called."""

    path: Path
    name: str


@pytest.fixture(scope="module")
def base(daemon: DockerDaemon, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base image as ``docker save`` writes it."""
    path = tmp_path_factory.mktemp("base") / "base.tar"
    daemon.call("save", "--output", path, BASE)
    return path


@pytest.fixture(scope="module", params=["gzip", "zstd"])
def made(
    request: pytest.FixtureRequest,
    base: Path,
    project: Path,
    samebox_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Made]:
    path = tmp_path_factory.mktemp("oci") / "image.tar"
    name = f"samebox-test/oci-{request.param}:1"
    options = ("--base", base, "--compression", request.param, "--name", name, "-o", path)
    samebox("export", "oci", "conda-lock.yml", *options, folder=project, cache=samebox_cache)
    yield Made(path=path, name=name)
    path.unlink()


@pytest.fixture
def skopeo(tmp_path: Path) -> Skopeo:
    (tmp_path / "skopeo-home").mkdir()
    return Skopeo(program=required("skopeo"), home=tmp_path / "skopeo-home")


def test_it_loads_and_runs_without_network_rights_or_a_place_to_write(
    made: Made, daemon: DockerDaemon, lock: Lock
) -> None:
    daemon.call("load", "--input", made.path)
    prefix, uid, folder, environ = json.loads(daemon.run(made.name, ["python", "-c", LOOK_AROUND]))
    assert (prefix, uid, folder) == ("/opt/env", 1000, "/home/samebox")
    assert {name: environ[name] for name in VARIABLES} == VARIABLES
    assert environ["CONDA_PREFIX"] == "/opt/env"
    assert environ["PATH"].startswith("/opt/env/bin:/")
    assert daemon.run(made.name, []) == "Good day, $HOME!\n"
    assert daemon.run(made.name, ["hello-tool"]) == "prefix=/opt/env\nversion=1.1\nsubdir=linux-64\n"
    assert daemon.user(made.name) == "1000:1000"
    labels = daemon.labels(made.name)
    assert labels["org.example.note"] == NOTE
    assert labels["io.samebox.lock.digest"] == str(digest(lock))


def test_the_user_owns_its_folder(made: Made, daemon: DockerDaemon) -> None:
    daemon.call("load", "--input", made.path)
    look = "import os, pwd; s = os.stat('/home/samebox'); print(s.st_uid, s.st_gid, pwd.getpwuid(os.getuid()).pw_name)"
    assert daemon.run(made.name, ["python", "-c", look]) == "1000 1000 samebox\n"


def test_skopeo_understands_it(made: Made, skopeo: Skopeo, tmp_path: Path) -> None:
    seen = json.loads(skopeo.call("inspect", f"oci-archive:{made.path}"))
    assert (seen["Architecture"], seen["Os"], seen["Created"]) == ("amd64", "linux", "1980-01-01T00:00:00Z")
    assert seen["Labels"]["org.example.note"] == NOTE
    raw = json.loads(skopeo.call("inspect", "--config", "--raw", f"oci-archive:{made.path}"))
    assert len(raw["rootfs"]["diff_ids"]) == len(seen["Layers"]) <= 100
    skopeo.call("copy", f"oci-archive:{made.path}", f"dir:{tmp_path}/copied")  # reads and checks every layer
    skopeo.call("copy", f"docker-archive:{made.path}", f"dir:{tmp_path}/archived")


def test_wheels_run_on_the_python_of_the_base(
    base_archives: tuple[Path, ...],
    project: Path,
    fixture_index: Path,
    samebox_cache: Path,
    daemon: DockerDaemon,
    tmp_path: Path,
) -> None:
    """A virtual environment of the base's interpreter, which was looked at and never run; bytecode is that of a Python
    of this machine, where it has one of that version."""
    shutil.copy(project / "samebox.toml", tmp_path)
    write_lock(wheels_lock(fixture_index, python="3.11"), tmp_path / "conda-lock.yml")
    _, python_base = base_archives
    compiled = ("--compile",) if sys.version_info[:2] == (3, 11) else ()
    options = ("--base", python_base, "--name", "samebox-test/oci-wheels:1", "-o", "image.tar", *compiled)
    samebox("export", "oci", "conda-lock.yml", *options, folder=tmp_path, cache=samebox_cache)
    daemon.call("load", "--input", tmp_path / "image.tar")
    look = (
        "import cowtalk, json, platform_bits, sys, sysconfig; "
        "print(json.dumps([sys.prefix, sys.base_prefix, sysconfig.get_path('purelib'), cowtalk.__file__]))"
    )
    site_packages = "/opt/env/lib/python3.11/site-packages"
    found = json.loads(daemon.run("samebox-test/oci-wheels:1", ["python", "-c", look]))
    assert found[:3] == ["/opt/env", "/usr", site_packages] and found[3].startswith(site_packages)
    scripts = daemon.run("samebox-test/oci-wheels:1", ["sh", "-c", "head -n 1 /opt/env/bin/cowtalk; cowtalk moo"])
    assert scripts.splitlines()[0] == "#!/opt/env/bin/python"
    caches = daemon.run("samebox-test/oci-wheels:1", ["sh", "-c", "find /opt/env -name '*.pyc' | wc -l"])
    assert (int(caches) > 0) == bool(compiled)


def test_umoci_unpacks_exactly_what_install_makes(
    base: Path, project: Path, samebox_cache: Path, tmp_path: Path
) -> None:
    """umoci of Debian 12 reads no zstd."""
    umoci = required("umoci")
    options = ("--base", base, "--name", "world:judged", "-o", tmp_path / "image.tar")
    samebox("export", "oci", "conda-lock.yml", *options, folder=project, cache=samebox_cache)
    shutil.unpack_archive(tmp_path / "image.tar", tmp_path / "layout", filter="data")
    command = [umoci, "unpack", "--image", f"{tmp_path}/layout:judged", str(tmp_path / "bundle")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    prefix = tmp_path / "env"
    samebox("install", "--prefix", prefix, "--target-prefix", "/opt/env", folder=project, cache=samebox_cache)
    assert tree(tmp_path / "bundle" / "rootfs" / "opt" / "env") == tree(prefix)
    assert (tmp_path / "bundle" / "rootfs" / "home" / "samebox").stat().st_uid == 1000
