"""``[tool.uv.sources]``: where a project that a pyproject.toml asks for comes from, instead of an index.

    httpx  = { git = "https://…", tag = "0.27.0", subdirectory = "…" }     rev, tag or branch
    local  = { path = "../local", editable = true }                         a folder, wheel or sdist
    wheel  = { url = "https://…/wheel-1.0-py3-none-any.whl" }
    member = { workspace = true }
    torch  = [{ git = "…", marker = "sys_platform == 'linux'" }, { path = "…", extra = "cpu" }]

A source stands in for the version that is asked for, as in uv. Where its ``marker`` does not hold the index is asked.
An ``index`` is a setting (``settings.uv_indexes``).
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from resolver.errors import ManifestError, ResolverError
from resolver.manifests.direct_reference import parse_direct_reference
from resolver.manifests.marker_complement import complement
from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.model import PypiRequirement
from resolver.settings.places import nearest, secret_problem
from resolver.values import dataclass, replace

__all__ = ["UvSources"]

_SOURCES = ("tool", "uv", "sources")
_WORKSPACE = ("tool", "uv", "workspace", "members")
_KINDS = ("git", "index", "path", "url", "workspace")
_KEYS = (*_KINDS, "branch", "editable", "extra", "group", "lfs", "marker", "package", "rev", "subdirectory", "tag")
_REVISIONS = ("rev", "tag", "branch")
_NOT_A_PATH = re.compile(r"^~|^[A-Za-z]:[/\\]|\\|\$\{|://")
_HINTS = {
    "path": "write it relative to this file, with '/'",
    "git": "write https://HOST/PATH, or ssh://git@HOST/PATH",
    "url": "write https://…",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One place, and when it is meant."""

    place: str | None
    editable: bool
    marker: str | None
    extra: str | None
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UvSources:
    """The sources of a project, read where one is needed."""

    tables: ProjectTables

    def check(self) -> None:
        """Read all sources, those too that nothing asks for; members of the workspace are not looked for. Raises
        ``ManifestError``."""
        for written in self.tables.table(_SOURCES):
            self._read(written, find_members=False)

    def applied(self, requirement: PypiRequirement, path: Path) -> Iterator[PypiRequirement]:
        """What a requirement of the list at ``path`` means: itself, or the places that stand in for it."""
        written = self._written(requirement.name)
        sources = [s for s in self._read(written) if _is_for(s, path)] if written is not None else []
        sources = [source for source in sources if source.place is not None]
        if not sources or written is None:
            yield requirement
            return
        if requirement.url is not None:
            raise self._error(written, f"{requirement.name} has a URL already, at {requirement.origin}")
        for source in sources:
            yield self._at(source, requirement)
        if all(source.marker is not None for source in sources):
            yield self._elsewhere(written, sources, requirement)

    def _written(self, name: str) -> str | None:
        """The name of a source as it is written; there is none with ``no-sources``."""
        if self.tables.get(("tool", "uv", "no-sources")) is True:
            return None
        if name in {str(canonicalize_name(n)) for n in self.tables.texts(("tool", "uv", "no-sources-package"))}:
            return None
        return next((key for key in self.tables.table(_SOURCES) if canonicalize_name(key) == name), None)

    def _read(self, written: str, *, find_members: bool = True) -> list[_Source]:
        value = self.tables.table(_SOURCES)[written]
        return [self._one(written, entry, find_members) for entry in (value if isinstance(value, list) else [value])]

    def _one(self, written: str, entry: object, find_members: bool) -> _Source:
        if not isinstance(entry, dict):
            raise self._error(written, "expected a table, or a list of tables")
        for key in entry:
            if key not in _KEYS:
                raise self._error(written, f"unknown key {key!r}", hint=nearest(key, _KEYS) or "update samebox")
        kinds = [kind for kind in _KINDS if kind in entry]
        if len(kinds) != 1:
            raise self._error(written, f"expected one of {', '.join(_KINDS)}, got {' and '.join(kinds) or 'none'}")
        if entry.get("package") is False or entry.get("lfs"):
            raise self._error(written, "package = false and lfs cannot be honoured", hint="take it out")
        return _Source(
            place=self._place(written, kinds[0], entry, find_members),
            editable=self._flag(written, entry, "editable") or kinds[0] == "workspace",
            marker=self._marker(written, entry),
            extra=self._text(written, entry, "extra"),
            group=self._text(written, entry, "group"),
        )

    def _place(self, written: str, kind: str, entry: Mapping[str, object], find_members: bool) -> str | None:
        """The place as a requirement names it; ``None`` for an index."""
        if kind == "index":
            return None
        if kind == "workspace":
            if entry["workspace"] is not True:
                raise self._error(written, "expected workspace = true")
            return self._member(written) if find_members else None
        subdirectory = self._text(written, entry, "subdirectory")
        fragment = f"#subdirectory={quote(subdirectory)}" if subdirectory else ""
        place = self._text(written, entry, kind)
        if not place:
            raise self._error(written, f"{kind} is empty")
        problem = secret_problem(place)
        if problem:
            raise self._error(written, problem)
        if (kind == "path") is bool(_NOT_A_PATH.search(place)):
            means = "a path that means the same on every machine" if kind == "path" else "a URL"
            raise self._error(written, f"{kind} is not {means}: {place!r}", hint=_HINTS[kind])
        if kind == "path":
            return f"file:{quote(place)}{fragment}"
        if kind == "url":
            return f"{place}{fragment}"
        said = [key for key in _REVISIONS if key in entry]
        if len(said) > 1:
            raise self._error(written, f"{' and '.join(said)} of a repository: only one of them can be meant")
        revision = self._text(written, entry, said[0]) if said else None
        at = f"@{quote(revision)}" if revision else ""
        return f"git+{place.removeprefix('git+')}{at}{fragment}"

    def _member(self, written: str) -> str:
        """The folder of a member of the workspace: it is a member's if its [project] has the name."""
        name = canonicalize_name(written)
        for pattern in self.tables.texts(_WORKSPACE):
            folder = pattern.rstrip("/")
            if posixpath.basename(folder) == "*":
                folders = [f"{posixpath.dirname(folder)}/{n}" for n in dict.fromkeys((written, name))]
            else:
                folders = [folder] if "*" not in folder and "?" not in folder and "[" not in folder else []
            for each in folders:
                if self._project_in(each) == name:
                    return f"file:{quote(each)}"
        raise self._error(
            written,
            f"no member of the workspace that can be found is called {written}",
            hint=f"a member is looked for in its own folder, or in PATTERN/{written}; write {{ path = … }} for another",
        )

    def _project_in(self, folder: str) -> str | None:
        reading = self.tables.reading
        try:
            text = reading.open_text(posixpath.join(reading.beside(folder), "pyproject.toml"))
            project = tomllib.loads(text).get("project", {})
        except (ResolverError, tomllib.TOMLDecodeError):
            return None  # this one is not it, whatever else it is
        name = project.get("name") if isinstance(project, dict) else None
        return str(canonicalize_name(name)) if isinstance(name, str) else None

    def _at(self, source: _Source, requirement: PypiRequirement) -> PypiRequirement:
        text = f"{requirement.name} @ {source.place}"
        direct = parse_direct_reference(
            text, self.tables.reading, requirement.origin, editable=source.editable, hashes=()
        )
        return replace(
            requirement,
            specifier="",
            url=direct.url,
            editable=direct.editable,
            marker=_joined(requirement.marker, source.marker),
        )

    def _elsewhere(self, written: str, sources: list[_Source], requirement: PypiRequirement) -> PypiRequirement:
        """The requirement as it is, where none of the sources is meant."""
        marker = requirement.marker
        for source in sources:
            try:
                marker = _joined(marker, complement(source.marker or ""))
            except InvalidMarker as error:
                raise self._error(
                    written,
                    f"where the marker {source.marker!r} does not hold cannot be told: {error}",
                    hint="write it with ==, !=, <, <=, >, >= and in",
                ) from error
        return replace(requirement, marker=marker)

    def _marker(self, written: str, entry: Mapping[str, object]) -> str | None:
        text = self._text(written, entry, "marker")
        try:
            return str(Marker(text)) if text is not None else None
        except (InvalidMarker, RecursionError) as error:
            raise self._error(written, f"not a marker: {text!r}") from error

    def _text(self, written: str, entry: Mapping[str, object], key: str) -> str | None:
        value = entry.get(key)
        if value is not None and not isinstance(value, str):
            raise self._error(written, f"expected a string for {key}")
        return value

    def _flag(self, written: str, entry: Mapping[str, object], key: str) -> bool:
        value = entry.get(key, False)
        if not isinstance(value, bool):
            raise self._error(written, f"expected true or false for {key}")
        return value

    def _error(self, written: str, message: str, *, hint: str | None = None) -> ManifestError:
        return self.tables.error((*_SOURCES, written), message, hint=hint)


def _is_for(source: _Source, path: Path) -> bool:
    """Whether a source is meant in the list at ``path``; one for an extra or a group is meant in no other."""
    if source.extra is not None:
        return path == ("project", "optional-dependencies", source.extra)
    if source.group is not None:
        return path in (("dependency-groups", source.group), ("tool", "uv", f"{source.group}-dependencies"))
    return True


def _joined(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one if other is None else other
    return str(Marker(f"({one}) and ({other})"))
