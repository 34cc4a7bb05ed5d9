"""What holds of every lock format: one test over ``FORMATS``, in which a new one appears by itself.

``data/FORMAT/valid`` holds locks, each beside ``NAME.packages``, the packages that another reader of that format found
in it; ``data/FORMAT/invalid`` holds files that are none, each beside ``NAME.message``, what is said about it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolver.canonicalizer import digest
from resolver.errors import LockFormatError, NotRepresentable
from resolver.locks.files import format_of
from resolver.locks.formats import FORMATS, Asked, LockFormat
from resolver.model import Lock, PlatformLock
from resolver.platforms import Platform
from tests.locks.hostile import BROKEN, SMUGGLED, kind_of_text
from tests.locks.hostile_reader import SOURCE
from tests.locks.narrowed import as_told_by
from tests.strategies import LOCKS

_REPOSITORY = Path(__file__).parents[2]
_DATA = Path(__file__).parent / "data"
_WRITTEN = [f for f in FORMATS if f.write is not None]
_READ_ONLY = [f for f in FORMATS if f.write is None]

_EACH = pytest.mark.parametrize("lock_format", _WRITTEN, ids=lambda f: f.name)
_settings = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _write(lock_format: LockFormat, lock: Lock) -> str:
    assert lock_format.write is not None
    return lock_format.write(lock)


def _read(lock_format: LockFormat, text: str, like: Lock) -> Lock:
    """The lock in a text, read for the platforms of another where the text names none."""
    asked = Asked(platforms=tuple(Platform.of(locked.platform) for locked in like.platforms))
    return lock_format.parse(text, lock_format.name, asked)


# -------------------------------------------------------------------------------------------- laws


@_EACH
@_settings
@given(lock=LOCKS)
def test_what_is_written_is_what_is_read(lock_format: LockFormat, lock: Lock) -> None:
    fitted = lock_format.fit(lock).lock
    again = _read(lock_format, _write(lock_format, fitted), fitted)
    assert as_told_by(again, lock_format) == as_told_by(fitted, lock_format)
    assert digest(again) == digest(fitted)


@_EACH
@_settings
@given(lock=LOCKS)
def test_what_fits_loses_nothing_more(lock_format: LockFormat, lock: Lock) -> None:
    fitted = lock_format.fit(lock)
    again = lock_format.fit(fitted.lock)
    assert (again.losses, again.lock) == ((), fitted.lock)
    if fitted.losses:
        with pytest.raises(NotRepresentable):
            lock_format.render(lock)
    else:
        assert digest(fitted.lock) == digest(lock)
        assert lock_format.render(lock) == _write(lock_format, fitted.lock)
    assert lock_format.losses is None or lock_format.losses(lock) == fitted.losses


@_EACH
@_settings
@given(lock=LOCKS, random=st.randoms(use_true_random=False))
def test_the_order_in_which_things_came_changes_no_byte(
    lock_format: LockFormat, lock: Lock, random: random.Random
) -> None:
    fitted = lock_format.fit(lock).lock
    shuffled = [
        PlatformLock(platform=p.platform, packages=tuple(random.sample(p.packages, len(p.packages))))
        for p in random.sample(fitted.platforms, len(fitted.platforms))
    ]
    other = replace(
        fitted,
        platforms=tuple(shuffled),
        content_hash=tuple(random.sample(fitted.content_hash, len(fitted.content_hash))),
    )
    text = _write(lock_format, fitted)
    assert _write(lock_format, other) == text
    assert _write(lock_format, fitted) == text


@_EACH
@_settings
@given(lock=LOCKS)
def test_what_was_read_is_written_as_it_stands(lock_format: LockFormat, lock: Lock) -> None:
    fitted = as_told_by(lock_format.fit(lock).lock, lock_format)
    if {"files", "dependencies"} & lock_format.silent_on:
        fitted = _read(lock_format, _write(lock_format, lock_format.fit(lock).lock), fitted)
    text = _write(lock_format, fitted)
    assert _write(lock_format, _read(lock_format, text, fitted)) == text


# -------------------------------------------------------------------------------------------- names


def test_each_format_has_a_name_of_its_own() -> None:
    assert len({lock_format.name for lock_format in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("lock_format", FORMATS, ids=lambda f: f.name)
def test_a_format_is_found_by_its_name_and_by_that_of_its_file(lock_format: LockFormat) -> None:
    assert format_of("anything", name=lock_format.name) is lock_format
    for glob in lock_format.file_names:
        assert format_of(f"some/folder/{glob.replace('*', 'x')}") is lock_format


@pytest.mark.parametrize("lock_format", _READ_ONLY, ids=lambda f: f.name)
def test_what_is_only_read_is_not_written(lock_format: LockFormat) -> None:
    with pytest.raises(NotRepresentable, match=f"{lock_format.name} is read, and not written"):
        lock_format.render(Lock(platforms=()))


# -------------------------------------------------------------------------------------------- files


def _fixtures(kind: str, beside: str) -> Iterator[object]:
    for lock_format in FORMATS:
        for path in sorted((_DATA / lock_format.name / kind).glob(f"*.{beside}")):
            yield pytest.param(lock_format, path.with_suffix(""), id=f"{lock_format.name}/{path.stem}")


@pytest.mark.parametrize(("lock_format", "path"), [*_fixtures("valid", "packages")])
def test_a_lock_of_another_tool_has_the_packages_that_others_find_in_it(lock_format: LockFormat, path: Path) -> None:
    lock = lock_format.parse(path.read_text(), path.name)
    found = sorted(
        " ".join(
            (locked.platform, p.kind, p.name, p.version, ",".join(p.groups), p.url or "-", p.sha256 or p.commit or "-")
        )
        for locked in lock.platforms
        for p in locked.packages
    )
    assert found == path.with_name(f"{path.name}.packages").read_text().splitlines()


@pytest.mark.parametrize(("lock_format", "path"), [*_fixtures("invalid", "message")])
def test_what_is_no_lock_is_told_with_its_place(lock_format: LockFormat, path: Path) -> None:
    with pytest.raises(LockFormatError) as error:
        lock_format.parse(path.read_text(), path.name)
    told = f"{error.value}\n" + (f"hint: {error.value.hint}\n" if error.value.hint else "")
    assert told == path.with_name(f"{path.name}.message").read_text()


# -------------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize("lock_format", FORMATS, ids=lambda f: f.name)
def test_what_is_made_to_harm_is_refused(lock_format: LockFormat) -> None:
    cases = _judged(lock_format, "broken")
    assert [case["case"] for case in cases] == list(BROKEN[kind_of_text(lock_format)])
    assert [case for case in cases if case["verdict"] != "refused"] == []
    _assert_bounded(cases)


@_EACH
def test_nothing_is_smuggled_in_as_a_name(lock_format: LockFormat) -> None:
    """What was read holds no path, no control character, and nothing that is too long; the rest is refused."""
    cases = _judged(lock_format, "smuggled")
    assert [case["case"] for case in cases] == list(SMUGGLED)
    assert [case for case in cases if case["verdict"] == "harmful"] == []
    _assert_bounded(cases)


def _judged(lock_format: LockFormat, which: str) -> list[dict[str, Any]]:
    """What came of each case, in a process that has three gigabytes and a few minutes in all."""
    command = [sys.executable, "-m", "tests.locks.hostile_reader", lock_format.name, which]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, cwd=_REPOSITORY)
    assert (done.returncode, done.stderr) == (0, ""), f"after {done.stdout.splitlines()[-1:]}: {done.stderr[-2000:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def _assert_bounded(cases: Iterable[dict[str, Any]]) -> None:
    """Each ends in half a minute. Each error names the file, fits on a screen, and does nothing to the terminal."""
    for case in cases:
        assert case["seconds"] < 30, case["case"]
        if case["verdict"] == "refused":
            assert case["told"].startswith(SOURCE), case["case"]
            assert len(case["told"]) < 2_000, case["case"]
            assert "".join(case["told"].split("\n")).isprintable(), case
