"""Names of PyPI projects, names of conda packages, and the map between them.

What a conda package provides is a fact about its contents. The table beside this module (``names_table.json``, made
by ``fixtures/make_names_table.py`` from the ``purls`` of real records) holds the facts that this rule would get wrong:

    A conda package provides the PyPI project of the same PEP 503 name if and only if it is a Python package
    (its record depends on ``python`` or is ``noarch: python``) and does not depend on another conda package that
    provides that project (``matplotlib`` only pulls in ``matplotlib-base``).

A row with an empty list says that a Python package is known to provide nothing. A name without a row is either as the
rule says, or unknown, and then the rule is the best guess. ``spellings`` lists the conda names that follow the rule but
are not spelled as PEP 503 has it (``cf_xarray``): with the rows they are the *owners* of projects of other names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from resolver.errors import SettingsError
from resolver.plain import normalize

__all__ = ["NamesMap", "is_python_package", "known_projects", "normalize"]

_PROJECT = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z"
_END_OF_NAME = r"[\s<>=!~\[]"
_DOMAIN = "samebox/names/1"


def is_python_package(depends: Iterable[str], noarch: str | None) -> bool:
    """Whether a record is of a Python package. ``depends`` are its MatchSpecs, ``noarch`` is ``python`` or ``generic``
    where the record has it."""
    return noarch == "python" or "python" in map(_dependency, depends)


def _dependency(spec: str) -> str:
    return _end_of_name().split(spec, maxsplit=1)[0]


@functools.cache
def _end_of_name() -> re.Pattern[str]:
    """Compiled for conda's packages only, and then once."""
    return re.compile(_END_OF_NAME)


class NamesMap:
    """Which PyPI projects a conda package provides, and the other way round. Make it by ``NamesMap.load()``."""

    def __init__(self, table: Mapping[str, tuple[str, ...]], spellings: tuple[str, ...]) -> None:
        self._table = table
        self._spellings = spellings

    @property
    def table(self) -> Mapping[str, tuple[str, ...]]:
        """What each of these conda packages provides, whatever the rule would say."""
        return self._table

    @classmethod
    def load(cls, overrides: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> NamesMap:
        """The table of this release, with ``overrides`` (conda name → PyPI projects) in place of its rows.

        Raises ``SettingsError`` for an override that is not a name.
        """
        table, spellings = _release_table()
        return cls.of({**table, **dict(_checked(row) for row in overrides)}, spellings)

    @classmethod
    def of(cls, provides: Mapping[str, tuple[str, ...]], spellings: Sequence[str]) -> NamesMap:
        """A map of these rows and spellings alone, as they stand in a table."""
        spelled = tuple(sorted(name for name in spellings if name not in provides))
        return cls(MappingProxyType(dict(provides)), spelled)

    @functools.cached_property
    def _owners(self) -> Mapping[str, tuple[str, ...]]:
        """The known conda packages of each project."""
        owners: dict[str, set[str]] = {}
        for conda_name, projects in (*self._table.items(), *((name, (normalize(name),)) for name in self._spellings)):
            for project in projects:
                owners.setdefault(project, set()).add(conda_name)
        return MappingProxyType({project: tuple(sorted(names)) for project, names in owners.items()})

    def provides(self, conda_name: str, *, depends: Sequence[str], noarch: str | None) -> tuple[str, ...]:
        """The PyPI projects (PEP 503 names, sorted) that this conda package owns where it is installed.

        ``depends`` and ``noarch`` are those of its record.
        """
        row = self._table.get(conda_name)
        if row is not None:
            return row
        project = normalize(conda_name)
        if not is_python_package(depends, noarch) or self._only_pulls_in(project, conda_name, depends):
            return ()
        return (project,)

    def _only_pulls_in(self, project: str, conda_name: str, depends: Sequence[str]) -> bool:
        owners = self._owners.get(project, ())
        dependencies = (name for name in map(_dependency, depends) if name != conda_name)
        return any(name in owners or normalize(name) == project for name in dependencies)

    def conda_names(self, project: str) -> tuple[str, ...]:
        """The conda packages that may provide this PyPI project: the known ones, sorted, after the one of the same
        name unless that is known to provide something else. They need not exist in any channel."""
        name = normalize(project)
        others = tuple(owner for owner in self._owners.get(name, ()) if owner != name)
        may_provide = name in self._table.get(name, (name,))
        return (name, *others) if may_provide else others

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of the facts, overrides included; it changes when, and only when, an answer may."""
        import json

        from resolver.hashes import sha256

        facts = {"domain": _DOMAIN, "provides": dict(self._table), "spellings": self._spellings}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"sha256:{sha256(text.encode()).hexdigest()}"


@functools.cache
def known_projects() -> tuple[str, ...]:
    """Names of PyPI projects that conda packages are known to hold, sorted: for "did you mean", and nothing else."""
    return tuple(Path(__file__).with_name("known_projects.txt").read_text(encoding="ascii").split())


@functools.cache
def _release_table() -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    import json

    document = json.loads(Path(__file__).with_name("names_table.json").read_bytes())
    provides = {name: tuple(projects) for name, projects in document["provides"].items()}
    return MappingProxyType(provides), tuple(document["spellings"])


def _checked(row: tuple[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    conda_name, projects = row
    if not conda_name or conda_name != conda_name.lower().strip():
        raise SettingsError(f"names: not the name of a conda package: {conda_name!r}", hint="write it in lower case")
    names = tuple(sorted({normalize(project) for project in projects}))
    for name in names:
        if not re.match(_PROJECT, name):
            raise SettingsError(f"names.{conda_name}: not the name of a PyPI project: {name!r}")
    return conda_name, names
