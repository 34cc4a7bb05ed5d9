"""The vectors of ``fixtures/identity``: derived without Samebox, and never changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fixtures.identity import derive, ustar
from resolver.canonicalizer import canonical_bytes, digest, image_key
from resolver.exporter.archive import ArchiveEntry, tar_bytes, tar_digest
from resolver.locks.formats.conda_lock import FORMAT
from resolver.model import Digest, Lock, LockedPackage, PlatformLock

_FOLDER = derive.FOLDER
_LOCKS = sorted(path.name.removesuffix(".canonical.json") for path in _FOLDER.glob("*.canonical.json"))
_ARCHIVES = sorted(path.name.removesuffix(".entries.json") for path in _FOLDER.glob("archive-*.entries.json"))


def _read(name: str) -> Any:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _lock(name: str) -> Lock:
    path = _FOLDER / f"{name}.conda-lock.yml"
    if path.exists():
        return FORMAT.parse(path.read_text(encoding="utf-8"), path.name)
    platforms = _read(f"{name}.values.json")["platforms"]
    return Lock(
        platforms=tuple(
            PlatformLock(platform=platform, packages=tuple(_package(fields) for fields in packages))
            for platform, packages in platforms.items()
        )
    )


def _package(fields: dict[str, Any]) -> LockedPackage:
    return LockedPackage(**{**fields, "groups": tuple(fields["groups"])})


def test_there_are_vectors_of_each_sort() -> None:
    assert _LOCKS == ["kinds", "one-package", "two-worlds", "two-worlds-elsewhere"]
    assert _ARCHIVES == ["archive-pax", "archive-ustar"]


def test_the_committed_vectors_are_what_the_derivation_gives() -> None:
    committed = {name: (_FOLDER / name).read_bytes() for name in derive.derive()}
    assert derive.derive() == committed


@pytest.mark.parametrize("name", _LOCKS)
def test_the_canonical_bytes_of_a_lock(name: str) -> None:
    assert canonical_bytes(_lock(name)).decode() == (_FOLDER / f"{name}.canonical.json").read_text()


@pytest.mark.parametrize("name", _LOCKS)
def test_the_digest_of_a_lock(name: str) -> None:
    assert str(digest(_lock(name))) == _read(f"{name}.digests.json")["lock"]


@pytest.mark.parametrize("name", _LOCKS)
def test_the_digests_of_its_environments(name: str) -> None:
    lock = _lock(name)
    expected = _read(f"{name}.digests.json")["environments"]
    assert expected
    found = [{**e, "digest": str(digest(lock, platform=e["platform"], groups=tuple(e["groups"])))} for e in expected]
    assert found == expected


def test_the_same_artifacts_elsewhere_have_the_same_digest() -> None:
    assert digest(_lock("two-worlds")) == digest(_lock("two-worlds-elsewhere"))


def test_the_key_of_an_image() -> None:
    inputs = _read("image.inputs.json")
    environments = {
        platform: Digest(domain="samebox/environment/1", hex=text.removeprefix("sha256:"))
        for platform, text in inputs.pop("environments").items()
    }
    assert str(image_key(environments=environments, **inputs)) == _read("image.digests.json")["key"]


def _entries(name: str) -> list[ArchiveEntry]:
    return [_entry(fields) for fields in derive.archive_entries(_FOLDER / f"{name}.entries.json")]


def _entry(fields: dict[str, str]) -> ArchiveEntry:
    mode = int(fields["mode"], 8)
    if fields["kind"] == "file":
        return ArchiveEntry(path=fields["path"], mode=mode, content=fields["content"].encode())
    if fields["kind"] == "symlink":
        return ArchiveEntry(path=fields["path"], kind="symlink", mode=mode, target=fields["target"])
    return ArchiveEntry(path=fields["path"], kind="directory", mode=mode)


@pytest.mark.parametrize("name", _ARCHIVES)
def test_the_canonical_tar(name: str) -> None:
    facts = _read(f"{name}.digests.json")
    expected = ustar.pack(derive.archive_entries(_FOLDER / f"{name}.entries.json"), facts["epoch"])
    found = tar_bytes(_entries(name), epoch=facts["epoch"])
    differing = [at for at in range(0, len(expected), 512) if found[at : at + 512] != expected[at : at + 512]]
    assert [expected[at : at + 100] for at in differing] == []
    assert len(found) == facts["size"]
    assert str(tar_digest(_entries(name), epoch=facts["epoch"])) == f"sha256:{facts['sha256']}"


@pytest.mark.parametrize("name", _ARCHIVES)
def test_another_reader_finds_in_the_tar_what_went_in(name: str) -> None:
    wanted = derive.archive_entries(_FOLDER / f"{name}.entries.json")
    with tarfile.open(fileobj=BytesIO(tar_bytes(_entries(name)))) as archive:
        found = {
            member.name: (member.mode, member.linkname or _content(archive, member), member.mtime)
            for member in archive.getmembers()
        }
    assert found == {
        e["path"]: (int(e["mode"], 8), e.get("target") or e.get("content", ""), derive.EPOCH) for e in wanted
    }


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    stream = archive.extractfile(member)
    return "" if stream is None else stream.read().decode()


def _is_gnu_tar() -> bool:
    if shutil.which("tar") is None:
        return False
    return "GNU tar" in subprocess.run(["tar", "--version"], capture_output=True, text=True, check=False).stdout


@pytest.mark.skipif(not _is_gnu_tar(), reason="this machine's tar is not GNU tar")
def test_gnu_tar_gives_the_bytes_of_the_ustar_vector() -> None:
    path: Path = _FOLDER / "archive-ustar.entries.json"
    assert derive.gnu_tar(derive.archive_entries(path), derive.EPOCH) == tar_bytes(_entries("archive-ustar"))
