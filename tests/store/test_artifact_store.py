"""The artifact store: what it hands out is what was promised, however it got there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, IntegrityError, ResolverError
from resolver.mirrors import Mirrors
from resolver.model import Artifact
from resolver.store import ArtifactStore
from resolver.transport import Transport

CONTENT = b"an artifact\n"


def artifact(content: bytes = CONTENT, url: str = "https://files.example.org/a/thing-1.0.conda") -> Artifact:
    return Artifact(url=url, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


@dataclass
class Wire:
    """Stands for the transport: gives, for each URL, one answer after the other; the last one stays."""

    answers: dict[str, list[bytes | Exception]]
    asked: list[str] = field(default_factory=list)

    def download(self, artifact: Artifact, destination: Path, *, progress: Callable[[int], None] | None = None) -> None:
        self.asked.append(artifact.url)
        answers = self.answers[artifact.url]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        destination.write_bytes(answer)
        if progress is not None:
            progress(len(answer))


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def test_a_file_lies_where_its_content_says(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, Wire({artifact().url: [CONTENT]}))
    path = store.path(artifact())
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert path == tmp_path / sha256[:2] / sha256 / "thing-1.0.conda"
    assert path.read_bytes() == CONTENT
    assert files(tmp_path) == [path.relative_to(tmp_path).as_posix()]


def test_it_is_fetched_once(tmp_path: Path) -> None:
    wire = Wire({artifact().url: [CONTENT]})
    for _ in range(3):
        ArtifactStore(tmp_path, wire).path(artifact())
    assert wire.asked == [artifact().url]


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], b"AN artifact\n"])
def test_a_damaged_file_is_replaced(tmp_path: Path, damage: bytes) -> None:
    wire = Wire({artifact().url: [CONTENT]})
    store = ArtifactStore(tmp_path, wire)
    store.path(artifact()).write_bytes(damage)
    assert store.path(artifact()).read_bytes() == CONTENT
    assert len(wire.asked) == 2


def test_a_damaged_file_that_cannot_be_fetched_again_is_not_handed_out(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, Wire({artifact().url: [CONTENT, IndexUnavailable("no network")]}))
    store.path(artifact()).write_bytes(b"damaged")
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="no network"):
            store.path(artifact())


def test_a_wrong_file_is_refused_and_not_kept(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path, Wire({artifact().url: [b"other"]}))
    have = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(IntegrityError, match=f"thing-1.0.conda: sha256 is {have}, locked is {artifact().sha256}"):
        store.path(artifact())
    assert files(tmp_path) == []


def test_credentials_are_not_told(tmp_path: Path) -> None:
    url = "https://me:secret@files.example.org/x.whl"
    store = ArtifactStore(tmp_path, Wire({url: [b"other"]}))
    with pytest.raises(IntegrityError) as caught:
        store.path(artifact(url=url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://files.example.org/x/a%2Bb-1.0-py3-none-any.whl#frag", "a+b-1.0-py3-none-any.whl"),
        ("https://files.example.org/x/..%2F..%2Fevil", "artifact"),
        ("https://files.example.org/x/%2e%2e", "artifact"),
        ("https://files.example.org/x/a%00b", "artifact"),
        ("https://files.example.org/", "artifact"),
    ],
)
def test_the_name_of_a_file_never_leads_elsewhere(tmp_path: Path, url: str, name: str) -> None:
    path = ArtifactStore(tmp_path, Wire({url: [CONTENT]})).path(artifact(url=url))
    assert path == tmp_path / artifact().sha256[:2] / artifact().sha256 / name


def test_many_are_fetched_at_once_and_given_in_their_order(tmp_path: Path) -> None:
    count = 8
    barrier = threading.Barrier(count, timeout=20)

    class Together(Wire):
        def download(
            self, artifact: Artifact, destination: Path, *, progress: Callable[[int], None] | None = None
        ) -> None:
            barrier.wait()  # raises unless all are under way
            super().download(artifact, destination, progress=progress)

    contents = [f"{n}\n".encode() for n in range(count)]
    wanted = [artifact(content, f"https://files.example.org/{n}") for n, content in enumerate(contents)]
    arrived: list[int] = []
    store = ArtifactStore(tmp_path, Together({a.url: [c] for a, c in zip(wanted, contents, strict=True)}))
    paths = store.fetch(reversed(wanted), progress=arrived.append)
    assert [path.read_bytes() for path in paths] == contents[::-1]
    assert arrived == [2] * count


def test_the_same_artifact_is_fetched_once_however_often_it_is_wanted(tmp_path: Path) -> None:
    wire = Wire({artifact().url: [CONTENT]})
    paths = ArtifactStore(tmp_path, wire).fetch([artifact()] * 3)
    assert len(set(paths)) == 1
    assert len(paths) == 3
    assert wire.asked == [artifact().url]


def test_nothing_is_no_trouble(tmp_path: Path) -> None:
    assert ArtifactStore(tmp_path / "none", Wire({})).fetch([]) == ()
    assert not (tmp_path / "none").exists()


def test_the_first_failure_is_told_and_the_rest_is_not_begun(tmp_path: Path) -> None:
    wanted = [artifact(str(n).encode(), f"https://files.example.org/{n}") for n in range(200)]
    answers: dict[str, list[bytes | Exception]] = {a.url: [str(n).encode()] for n, a in enumerate(wanted)}
    answers[wanted[0].url] = [IndexUnavailable("gone: 0")]
    release = threading.Event()

    class Held(Wire):
        def download(
            self, artifact: Artifact, destination: Path, *, progress: Callable[[int], None] | None = None
        ) -> None:
            if artifact.url != wanted[0].url:
                release.wait(1)
            super().download(artifact, destination, progress=progress)

    wire = Held(answers)
    with pytest.raises(IndexUnavailable, match="gone: 0"):
        ArtifactStore(tmp_path, wire).fetch(wanted)
    assert len(wire.asked) < 20


def test_a_store_that_cannot_be_written_is_told_by_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ArtifactStore(tmp_path / "file", Wire({artifact().url: [CONTENT]}))
    with pytest.raises(ResolverError, match=f"^{tmp_path}/file") as caught:
        store.path(artifact())
    assert caught.value.hint is not None


def test_many_processes_may_fetch_the_same_at_once(tmp_path: Path) -> None:
    script = f"""
import hashlib, pathlib
from resolver.model import Artifact
from resolver.store import ArtifactStore
class Slow:
    def download(self, artifact, destination, *, progress=None):
        with destination.open("wb") as file:
            for _ in range(200):
                file.write(b"x" * 5000)
                file.flush()
content = b"x" * 1000000
wanted = Artifact(url="https://files.example.org/x", sha256=hashlib.sha256(content).hexdigest())
store = ArtifactStore(pathlib.Path({str(tmp_path)!r}), Slow())
for _ in range(20):
    path = store.path(wanted)
    assert path.read_bytes() == content
"""
    running = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("way", ["file URL", "mirror folder"])
def test_the_real_transport_does_not_let_a_wrong_local_file_through(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "channel"
    folder.mkdir()
    (folder / "thing-1.0.conda").write_bytes(CONTENT)
    url = (folder / "thing-1.0.conda").as_uri() if way == "file URL" else "https://conda.example.org/c/thing-1.0.conda"
    mirrors = Mirrors((("https://conda.example.org/c", str(folder)),))
    store = ArtifactStore(tmp_path / "store", Transport(mirrors=mirrors))
    wanted = artifact(url=url)
    assert store.path(wanted).read_bytes() == CONTENT
    store.path(wanted).write_bytes(b"an Artifact\n")  # same size
    assert store.path(wanted).read_bytes() == CONTENT
    (folder / "thing-1.0.conda").write_bytes(b"an Artifact\n")
    store.path(wanted).unlink()
    with pytest.raises(IntegrityError, match=r"thing-1\.0\.conda"):
        store.path(wanted)
    assert files(tmp_path / "store") == []
