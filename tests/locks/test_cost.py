"""What it takes to write a first lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from resolver.canonicalizer import digest
from resolver.cli.previous_lock import is_written_otherwise
from resolver.locks.content_hash import content_hash
from resolver.locks.files import format_of, lock_texts, write_texts
from resolver.model import EnvironmentSpec, Evidence, Lock, LockedPackage, Origin, PlatformLock, PypiRequirement

package = LockedPackage(
    kind="pypi",
    name="Flask_Login",
    version="0.6.3.post1",
    url="https://files.example.org/flask_login-0.6.3.post1-py3-none-any.whl",
    sha256="0" * 64,
    size=17,
    dependencies=(("flask", ">=1.0.4"),),
)
spec = EnvironmentSpec(pip=(PypiRequirement(name="flask-login", origin=Origin(source="requirements.in", line=1)),))
lock = Lock(
    platforms=(PlatformLock(platform="linux-64", packages=(package,)),),
    sources=("requirements.in",),
    content_hash=(("linux-64", content_hash(spec, "linux-64", channels=())),),
    evidence=Evidence(indexes=("https://index.example.org/simple/",)),
)
texts = lock_texts(lock, format_of("conda-lock.yml"))
assert is_written_otherwise(None, texts)
write_texts(texts, __import__("pathlib").Path(sys.argv[1]))
print(digest(lock))
print(*sys.modules)
"""

_DEAR = {
    *("packaging", "msgspec", "hashlib", "_hashlib", "dataclasses", "inspect", "ast", "datetime", "logging", "difflib"),
    *("resolver.conda", "resolver.locks.sidecar", "resolver.locks.upgrades", "resolver.locks.conflict_markers"),
    *("resolver.locks.formats.conda_lock.schema", "resolver.source_trees"),
}


def test_a_first_lock_is_written_with_little(tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    digest, modules = ended.stdout.splitlines()
    assert len(digest) == len("sha256:") + 64
    assert "- name: Flask_Login\n  version: " in path.read_text()
    assert _DEAR.isdisjoint(modules.split()), _DEAR.intersection(modules.split())
