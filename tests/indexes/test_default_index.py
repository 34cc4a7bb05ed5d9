"""The real index, asked as little as possible."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from packaging.utils import parse_wheel_filename

from resolver.indexes import DistributionFile, SimpleIndex, default_index_url
from resolver.transport import Response, Transport


class CountingTransport(Transport):
    """Counts what it brings."""

    def __init__(self) -> None:
        super().__init__(environ=os.environ)
        self.responses: list[Response] = []

    def get(
        self,
        url: str,
        *,
        headers: object = None,
        tail: int | None = None,
        byte_range: tuple[int, int] | None = None,
    ) -> Response:
        response = super().get(url, headers=headers, tail=tail, byte_range=byte_range)  # type: ignore[arg-type]
        self.responses.append(response)
        return response


@pytest.mark.network
def test_flask_from_the_default_index() -> None:
    transport = CountingTransport()
    index = SimpleIndex(default_index_url(), transport)
    page = index.page("Flask")
    assert page is not None
    wheels = [file for file in page.files if file.filename.endswith(".whl")]
    newest = max(wheels, key=lambda file: parse_wheel_filename(file.filename)[1])
    # Without the promise of a metadata file, so that the ranges are tried wherever this runs.
    newest = DistributionFile(filename=newest.filename, url=newest.url, sha256=newest.sha256, size=newest.size)
    metadata = index.metadata(newest)
    assert metadata.name == "flask"
    assert any(line.startswith("werkzeug") for line in metadata.requires_dist)
    assert len(transport.responses) <= 1 + 2
    assert sum(len(response.body) for response in transport.responses) < 200_000
    transport.close()


def test_the_default_url_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, resolver.indexes; sys.exit(any(m in sys.modules for m in ('pypi_simple', 'ssl', 'urllib3')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert default_index_url().endswith("/simple/")
