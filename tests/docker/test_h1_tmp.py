from __future__ import annotations
import json, tarfile, io, gzip
from pathlib import Path
import pytest
from resolver.exporter import DEFAULT_EPOCH
from resolver.model import DockerSection, Lock
from tests.docker.conftest import BASE, PYTHON_BASE, Vendor
from tests.docker.engines import DockerDaemon
from tests.docker.test_bases import SNAPSHOT, archive
pytestmark = pytest.mark.docker

def listing(path: Path):
    out = {}
    with tarfile.open(path) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
    index = json.loads(files["index.json"])
    man = json.loads(files["blobs/" + index["manifests"][0]["digest"].replace(":", "/")])
    for n, layer in enumerate(man["layers"]):
        blob = files["blobs/" + layer["digest"].replace(":", "/")]
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob)) as t:
            for m in t:
                out[(n, m.name)] = (m.mode, m.mtime, m.uid, m.gid, m.linkname, t.extractfile(m).read() if m.isfile() else b"")
    return index["manifests"][0]["digest"], out

def test_x(lock: Lock, vendor: Vendor, archive: str, daemon: DockerDaemon, tmp_path: Path) -> None:
    docker = DockerSection(base_image=BASE, build_image=PYTHON_BASE, apt=("hello", "uuid-runtime", "fontconfig", "python3-idna"), apt_snapshot=SNAPSHOT, apt_mirror=(archive,))
    context = vendor(lock, docker)
    got = []
    for n in (1, 2):
        dest = tmp_path / f"{n}.tar"
        daemon.call("build", "--no-cache", "--network=host", "--provenance=false", f"--build-arg=SOURCE_DATE_EPOCH={DEFAULT_EPOCH}", f"--output=type=oci,dest={dest},rewrite-timestamp=true", context, environ={"DOCKER_BUILDKIT": "1"})
        got.append(listing(dest))
    a, b = got[0][1], got[1][1]
    diff = [(k, [x if not isinstance(x, bytes) else x[:80] for x in a.get(k, ())], [x if not isinstance(x, bytes) else x[:80] for x in b.get(k, ())]) for k in sorted({*a, *b}) if a.get(k) != b.get(k)]
    print(got[0][0], got[1][0], len(a), diff)
    assert got[0][0] == got[1][0]
