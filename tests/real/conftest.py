"""The real world: the sample of conda-forge beside the repository, the real PyPI, and other tools as judges."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import NoReturn

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from tests.real.projects import SAMPLE, Workshop


def missing(what: str) -> NoReturn:
    """CI must have what these tests need; elsewhere they are skipped without it."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def sample() -> Path:
    if not (SAMPLE / "noarch").is_dir():
        missing(f"there is no sample of conda-forge in {SAMPLE}")
    return SAMPLE


@pytest.fixture(scope="session")
def real_index() -> str:
    """The URL of the real index, which answers."""
    url = PYPI_SIMPLE_ENDPOINT.rstrip("/") + "/"
    try:
        with urllib.request.urlopen(f"{url}pip/", timeout=30) as answer:
            answer.read(1)
    except (urllib.error.URLError, TimeoutError) as error:
        missing(f"the index does not answer: {error}")
    return url


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "real"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def workshop(shared_folder: Path, sample: Path, real_index: str) -> Workshop:
    return Workshop(folder=shared_folder)
