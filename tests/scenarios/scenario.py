"""A scenario: a tiny universe, what is asked of it, and the one outcome that is right. Read from TOML, strictly.

    about = "one sentence: the behaviour"
    conda = ["lib 1.0", "noarch/app 2.0 pyh_0: python >=3.10 & lib >=1", {record = "lib 1.1", build-number = 1}]
    pypi = ["demo 1.0: other>=2 & third", {release = "demo 2.0", requires-python = ">=3.12"}]

    [request]
    conda = ["app"]                 # lines of environment.yml, from its line 2 on
    pip = ["demo"]                  # lines of requirements.txt

    [expect]
    lock = ["conda app 2.0 pyh_0", "pypi demo 1.0"]         # of linux-64; or a table by platform
    # or: refused = ["  environment.yml:2 asks for …"] and hint = "…"

A record is ``[SUBDIR/]NAME VERSION [BUILD][: DEPENDENCY & DEPENDENCY]`` (linux-64, build ``0``), one of ``noarch/`` a
Python package if it depends on python, else generic. A release is ``NAME VERSION[: REQUIREMENT & REQUIREMENT]`` with
one ``py3-none-any`` wheel unless it names its ``files``. ``other`` is a second channel, ``private`` an index that is
asked first, ``wheels`` are files that lie below ``https://files.example.org/`` and on no index.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Expectation", "Record", "Release", "Requests", "Scenario", "parse_record", "parse_release", "read_scenario"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Unknown keys are errors."""


class Record(_Table, frozen=True, kw_only=True):
    """A conda record that needs more than a line. ``uploaded`` is a date; ``hashed`` is whether it has a sha256."""

    record: str
    build_number: int = 0
    constrains: tuple[str, ...] = ()
    track_features: str | None = None
    uploaded: str = "2024-01-01"
    hashed: bool = True


class Release(_Table, frozen=True, kw_only=True):
    """A release of a project that needs more than a line. ``yanked`` is the reason; ``invalid`` gives it metadata
    that cannot be read; ``page_tells_python`` is whether the index repeats ``Requires-Python`` from the metadata.
    ``static`` is whether its source distributions promise what a build would say (PEP 643)."""

    release: str
    files: tuple[str, ...] | None = None
    requires_python: str | None = None
    page_tells_python: bool = True
    yanked: str | None = None
    uploaded: str | None = None
    invalid: bool = False
    static: bool = False


class Group(_Table, frozen=True, kw_only=True):
    """Requests of a group: an environment-NAME.yml with this category."""

    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()


class Requests(_Table, frozen=True, kw_only=True):
    """What is asked, and the settings. In ``pip`` and ``constraints`` ``{sha256:FILE}`` is that file's."""

    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    groups: dict[str, Group] = {}
    platforms: tuple[str, ...] = ("linux-64",)
    python: str | None = "3.12.4"
    channels: tuple[str, ...] = ("main", "other")
    cut_off: str | None = None
    repodata_filters: tuple[str, ...] = ()
    prereleases: bool = False
    virtual: dict[str, dict[str, str]] = {}
    names: dict[str, tuple[str, ...]] = {}


class Expectation(_Table, frozen=True, kw_only=True):
    """Exactly one of ``lock`` (lines, by platform) and ``refused`` (the message without its head line)."""

    lock: dict[str, tuple[str, ...]] | tuple[str, ...] | None = None
    refused: tuple[str, ...] | None = None
    hint: str | None = None
    head: str = "no solution for linux-64:"


class Scenario(_Table, frozen=True, kw_only=True):
    about: str
    xfail: str | None = None
    conda: tuple[str | Record, ...] = ()
    other: tuple[str | Record, ...] | None = None
    pypi: tuple[str | Release, ...] = ()
    private: tuple[str | Release, ...] | None = None
    wheels: tuple[str | Release, ...] = ()
    request: Requests
    expect: Expectation

    def __post_init__(self) -> None:
        if (self.expect.lock is None) == (self.expect.refused is None):
            raise ValueError("expect either a lock or a refusal")
        if not self.about.endswith("."):
            raise ValueError("about is not a sentence")

    @property
    def expected_lock(self) -> dict[str, tuple[str, ...]]:
        lock = self.expect.lock or {}
        return lock if isinstance(lock, dict) else {"linux-64": lock}


def read_scenario(path: Path) -> Scenario:
    """Raises ``ValueError`` with the file's name for anything that is not as above."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scenario)
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{path.parent.name}/{path.name}: {error}") from error


def parse_record(given: str | Record) -> tuple[str, dict[str, Any]]:
    """The subdir, and the record as repodata has it but for its hashes."""
    full = Record(record=given) if isinstance(given, str) else given
    head, depends = _halves(full.record)
    subdir, _, rest = head.rpartition("/")
    name, version, *build = rest.split()
    fields: dict[str, Any] = {
        "name": name,
        "version": version,
        "build": _only(build, "0"),
        "build_number": full.build_number,
        "depends": depends,
        "constrains": list(full.constrains),
        "subdir": subdir or "linux-64",
    }
    if subdir == "noarch":
        fields["noarch"] = "python" if any(d.split()[0] == "python" for d in depends) else "generic"
    if full.track_features is not None:
        fields["track_features"] = full.track_features
    return subdir or "linux-64", fields


def parse_release(given: str | Release) -> tuple[str, str, list[str], Release]:
    """Name, version, requirements, and the rest."""
    full = Release(release=given) if isinstance(given, str) else given
    head, requires = _halves(full.release)
    name, version = head.split()
    return name, version, requires, full


def _halves(line: str) -> tuple[str, list[str]]:
    head, colon, rest = line.partition(": ")
    return head, rest.split(" & ") if colon else []


def _only(values: list[str], default: str) -> str:
    if len(values) > 1:
        raise ValueError(f"not one build: {values}")
    return values[0] if values else default
