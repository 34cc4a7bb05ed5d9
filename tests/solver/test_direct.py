"""Wheels by their path or URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolver.errors import IndexUnavailable, IntegrityError, ManifestError, NotRepresentable
from resolver.solver.direct import read_direct_files
from resolver.transport import Transport
from tests.solver.worlds import requirements


@pytest.fixture
def transport() -> Iterator[Transport]:
    opened = Transport(environ={})
    yield opened
    opened.close()


@pytest.fixture
def wheel(fixture_index: Path) -> Path:
    return next(fixture_index.rglob("cowtalk-1.0-py3-none-any.whl"))


def test_a_wheel_on_disk(transport: Transport, wheel: Path) -> None:
    asked = requirements(f"cowtalk[loud] @ {wheel.as_uri()}", "shout")
    (url, file), *rest = read_direct_files(asked, transport).items()
    assert (url, rest) == (wheel.as_uri(), [])
    assert file.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (file.url, file.filename, file.size) == (wheel.as_uri(), wheel.name, wheel.stat().st_size)
    assert (file.metadata.name, file.metadata.version) == ("cowtalk", "1.0")
    assert file.metadata.requires_dist == ("moo-words>=1", 'shout>=0.5; extra == "loud"')


def test_a_promised_hash_is_taken_as_promised(transport: Transport, wheel: Path) -> None:
    promised = "AB" * 32
    asked = requirements(f"cowtalk @ {wheel.as_uri()}#sha256={promised}")
    (file,) = read_direct_files(asked, transport).values()
    assert (file.sha256, file.url) == (promised.lower(), wheel.as_uri())


def test_two_promises(transport: Transport, wheel: Path) -> None:
    asked = requirements(f"cowtalk @ {wheel.as_uri()}#sha256={'a' * 64} --hash=sha256:{'b' * 64}")
    with pytest.raises(IntegrityError, match=r"requirements.in:1: cowtalk is asked for with two sha256s"):
        read_direct_files(asked, transport)


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        (
            "a @ git+https://git.example.org/a.git@main",
            NotRepresentable,
            "requirements.in:1: a is asked for from .*, which is not a wheel",
        ),
        ("a @ https://files.example.org/a-1.tar.gz", NotRepresentable, "a-1.tar.gz, which is not a wheel"),
        ("a @ file:///nowhere/a-1-py3-none-any.whl", IndexUnavailable, "/nowhere/a-1-py3-none-any.whl"),
    ],
)
def test_what_cannot_be_locked(transport: Transport, line: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_direct_files(requirements(line), transport)


def test_a_wheel_of_another_project(transport: Transport, wheel: Path) -> None:
    with pytest.raises(ManifestError, match=r"requirements.in:1: shout is asked for from .*, a wheel of cowtalk"):
        read_direct_files(requirements(f"shout @ {wheel.as_uri()}"), transport)


def test_a_wheel_that_is_none(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"no zip")
    with pytest.raises(IndexUnavailable, match=r"a-1-py3-none-any.whl"):
        read_direct_files(requirements(f"a @ {(tmp_path / 'a-1-py3-none-any.whl').as_uri()}"), transport)
