"""The quickstart's build context is the same bytes on every machine: its tar and each file in it are written down."""

from __future__ import annotations

import difflib
import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

from tests.cli.project import Project

GOLDEN = Path(__file__).parent.parent / "exporter" / "golden" / "context-quickstart.sha256"
"""Lines as ``sha256sum`` writes them; ``-`` is the whole tar."""


def test_the_golden_context(golden_quickstart: Path, fixture_channels: Path, fixture_index: Path) -> None:
    """Whoever changes what a context holds (the installer is in it) writes the new lines, and reads what differs."""
    runner = Project(golden_quickstart.parent / "runner", channels=str(fixture_channels), index=str(fixture_index))
    assert runner.run("lock", cwd=golden_quickstart).code == 0
    done = subprocess.run(
        runner.command("export", "docker", "-o", "-"),
        cwd=golden_quickstart,
        env=runner.environ(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar if entry.isreg()}
        lines = [f"{_sha256(stream.read())}  {name}\n" for name, stream in files.items() if stream is not None]
    found = "".join((f"{_sha256(done.stdout)}  -\n", *lines))
    expected = GOLDEN.read_text()
    difference = difflib.unified_diff(expected.splitlines(), found.splitlines(), "golden", "found", lineterm="")
    assert found == expected, "\n".join((*difference, f"\nif that is meant, write {GOLDEN}:", found))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
