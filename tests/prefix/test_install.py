"""``prefix.install``: the store's artifacts, and the exceptions of Samebox."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from resolver.errors import BuildError, IntegrityError
from resolver.model import Artifact
from resolver.prefix import InstallReport, install
from resolver.store import ArtifactStore
from tests.prefix.world import BEACON, GREETINGS, LIBHELLO, PYTHON, Item, conda, files, make_slice, wheel


@dataclass
class Shelf:
    """Stands for the transport: the files that URLs lead to."""

    folder: Path

    def put(self, item: Item) -> Artifact:
        (self.folder / item.file_name).write_bytes(item.content)
        return Artifact(url=item.url, sha256=item.sha256, size=len(item.content))

    def download(self, artifact: Artifact, destination: Path, *, progress: Callable[[int], None] | None = None) -> None:
        shutil.copyfile(self.folder / artifact.url.rsplit("/", 1)[-1], destination)
        if progress is not None:
            progress(destination.stat().st_size)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "shelf").mkdir()
    return Shelf(tmp_path / "shelf")


def test_it_fetches_installs_and_tells(tmp_path: Path, shelf: Shelf) -> None:
    items = [conda(PYTHON), conda(GREETINGS), wheel(BEACON)]
    seen: list[tuple[str, int, int]] = []
    report = install(
        make_slice(items),
        tmp_path / "env",
        artifacts=[shelf.put(item) for item in items],
        store=ArtifactStore(tmp_path / "store", shelf),
        progress=lambda stage, done, total: seen.append((stage, done, total)),
    )
    assert report == InstallReport(conda=2, wheels=1)
    assert "lib/python3.12/site-packages/beacon/__init__.py" in files(tmp_path / "env")
    size = sum(len(item.content) for item in items)
    assert max(seen[:3]) == ("fetch", size, size)
    assert seen[3:] == [
        ("extract", 1, 2),
        ("extract", 2, 2),
        ("link", 1, 2),
        ("link", 2, 2),
        ("wheels", 1, 1),
        ("normalise", 0, 1),
        ("normalise", 1, 1),
    ]


def test_a_second_install_is_served_by_the_store(tmp_path: Path, shelf: Shelf) -> None:
    item = conda(GREETINGS)
    artifact, store = shelf.put(item), ArtifactStore(tmp_path / "store", shelf)
    install(make_slice([item]), tmp_path / "one", artifacts=[artifact], store=store)
    (shelf.folder / item.file_name).unlink()
    install(make_slice([item]), tmp_path / "two", artifacts=[artifact], store=store)
    assert "share/greetings/greeting.txt" in files(tmp_path / "two")


def test_a_wrong_artifact_is_an_integrity_error_and_nothing_is_left(tmp_path: Path, shelf: Shelf) -> None:
    item = conda(GREETINGS)
    artifact = shelf.put(item)
    shelf.put(replace(item, content=b"something else"))
    with pytest.raises(IntegrityError, match=r"greetings-data-2\.0-0\.conda: sha256 is"):
        install(
            make_slice([item]),
            tmp_path / "env",
            artifacts=[artifact],
            store=ArtifactStore(tmp_path / "store", shelf),
        )
    assert not (tmp_path / "env").exists()
    assert files(tmp_path / "store") == set()


def test_a_store_that_changes_behind_our_back_is_an_integrity_error(tmp_path: Path, shelf: Shelf) -> None:
    class Forgetful(ArtifactStore):
        def path(self, artifact: Artifact, *, progress: Callable[[int], None] | None = None) -> Path:
            found = super().path(artifact, progress=progress)
            found.write_bytes(b"changed")
            return found

    item = conda(GREETINGS)
    with pytest.raises(IntegrityError, match="sha256 is"):
        install(
            make_slice([item]),
            tmp_path / "env",
            artifacts=[shelf.put(item)],
            store=Forgetful(tmp_path / "store", shelf),
        )


def test_what_cannot_be_installed_is_a_build_error_with_its_hint(tmp_path: Path, shelf: Shelf) -> None:
    item = wheel(BEACON)
    with pytest.raises(BuildError, match="wheels and no python") as caught:
        install(
            make_slice([item], python="3.12"),
            tmp_path / "env",
            artifacts=[shelf.put(item)],
            store=ArtifactStore(tmp_path / "store", shelf),
        )
    assert caught.value.hint == "give the interpreter with --python (Python 3.12)"


def test_artifacts_that_were_not_given_are_named(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(BuildError, match=r"artifacts that were not given: libhello 1\.1"):
        install(
            make_slice([conda(LIBHELLO)]),
            tmp_path / "env",
            artifacts=[],
            store=ArtifactStore(tmp_path / "store", shelf),
        )
    assert not (tmp_path / "env").exists()


async def _inside_a_loop(tmp_path: Path, shelf: Shelf) -> InstallReport:
    item = conda(GREETINGS)
    store = ArtifactStore(tmp_path / "store", shelf)
    return install(make_slice([item]), tmp_path / "env", artifacts=[shelf.put(item)], store=store)


def test_it_works_where_an_event_loop_runs_already(tmp_path: Path, shelf: Shelf) -> None:
    import asyncio

    assert asyncio.run(_inside_a_loop(tmp_path, shelf)).conda == 1


def test_the_room_can_be_imported_without_rattler() -> None:
    import subprocess
    import sys

    script = "import sys, resolver.prefix; sys.exit(any(m.split('.')[0] == 'rattler' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
