"""The same lock gives the same bytes in processes that have nothing else in common."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]

_EXPORT = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[1], 8))
from resolver.exporter import context_entries, docker_context, tar_digest, write_directory
from tests.exporter.conftest import conda, lock_of, wheel
from resolver.model import PlatformLock
packages = {conda("python", "3.12.4", "linux-64", "a"), conda("zlib", "1.3", "linux-64", "b"), wheel("cow", "1.0", "c"),
            wheel("moo", "2.0", "d")}
lock = lock_of(PlatformLock(platform="linux-64", packages=tuple(packages)), glibc={"linux-64": "2.28"})
context = docker_context(lock, variables={("B", "ä"), ("A", "1")}, groups={"main"}, installer=sys.argv[2])
write_directory(context, Path("out"))
modes = sorted((p.as_posix(), oct(p.stat().st_mode), p.stat().st_mtime) for p in Path("out").rglob("*"))
print(tar_digest(context_entries(context)), modes)
"""


def _export(folder: Path, umask: str, installer: str, **environ: str) -> str:
    folder.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", _EXPORT, umask, installer],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), **environ},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_two_exports_are_the_same_bytes(tmp_path: Path) -> None:
    for installer in ("samebox", "micromamba"):
        one = _export(tmp_path / installer / "a", "022", installer, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C")
        other = _export(
            tmp_path / installer / "b" / "deeper",
            "077",
            installer,
            TZ="Asia/Kathmandu",
            PYTHONHASHSEED="4242",
            LC_ALL="C.UTF-8",
            HOME="/nowhere",
        )
        assert one.startswith("sha256:")
        assert one == other
