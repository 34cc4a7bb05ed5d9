"""A context that has replaced another of the same sizes is built anew, by builders that remember the last one."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolver.build_context import BuildContext, ContextFile
from resolver.exporter import write_directory
from tests.docker.conftest import BASE
from tests.docker.engines import Builder

pytestmark = pytest.mark.docker


def test_another_version_of_the_same_length_is_built(builder: Builder, tag: str, tmp_path: Path) -> None:
    for version in ("1.0", "1.1"):
        dockerfile = f"FROM {BASE}\nCOPY version /version\n"
        files = (
            ContextFile(path="Dockerfile", content=dockerfile.encode()),
            ContextFile(path="version", content=version.encode()),
        )
        context = tmp_path / version / "context"  # BuildKit knows a folder by its last name
        write_directory(BuildContext(files=files), context)
        builder.build(context, tag, network=False)
        assert builder.daemon.run(tag, ["cat", "/version"]) == version
