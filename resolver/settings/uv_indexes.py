"""The indexes that ``[tool.uv]`` names: ``[[tool.uv.index]]``, and the older keys that pip's options gave their names.

uv asks the indexes in their order, and the default one last; so does Samebox with extra indexes and the main one. One
that is ``explicit`` is asked only for the projects that ``[tool.uv.sources]`` gives it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from packaging.utils import canonicalize_name

from resolver.settings.converters import Place, index_url, table, text
from resolver.settings.places import secret_problem
from resolver.settings.pypi_converters import find_links
from resolver.values import dataclass

__all__ = ["UvIndexes", "index_for", "uv_indexes"]

_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_KEYS = ("authenticate", "cache-control", "default", "explicit", "format", "name", "publish-url", "url")
_LISTS = (("project", "dependencies"), ("tool", "uv", "dev-dependencies"), ("tool", "uv", "constraint-dependencies"))
_TABLES = (("project", "optional-dependencies"), ("dependency-groups",))


@dataclass(frozen=True, slots=True, kw_only=True)
class UvIndexes:
    """The main index, those before it, folders and pages of files, and the URL of each index by its name."""

    main: str | None
    extra: tuple[str, ...]
    find_links: tuple[str, ...]
    by_name: Mapping[str, str]


def uv_indexes(uv: Mapping[str, object], place: Place) -> UvIndexes:
    """Read all indexes. Raises ``SettingsError``."""
    main: str | None = None
    extra: list[str] = []
    pages: list[str] = []
    by_name: dict[str, str] = {}
    for entry in _tables(uv.get("index", []), place.below("index")):
        here = place.below("index")
        url = _url(entry, here)
        name = _name(entry, here, by_name)
        if name is not None:
            by_name[name] = url
        if _flag(entry, "explicit", here):
            continue
        if _is_flat(entry, here):
            pages.append(url)
        elif _flag(entry, "default", here):
            if main is not None:
                raise here.error("two indexes are the default one")
            main = url
        else:
            extra.append(url)
    if main is None and "index-url" in uv:
        main = index_url(uv["index-url"], place.below("index-url"))
    extra += (_place_url(item, place.below("extra-index-url")) for item in _list(uv, "extra-index-url", place))
    pages += (find_links(item, place.below("find-links")) for item in _list(uv, "find-links", place))
    return UvIndexes(
        main=main,
        extra=tuple(dict.fromkeys(extra)),
        find_links=tuple(dict.fromkeys(pages)),
        by_name=by_name,
    )


def index_for(document: Mapping[str, object], indexes: UvIndexes, place: Place) -> tuple[tuple[str, str], ...]:
    """The index of each project that ``[tool.uv.sources]`` gives one, and that the project itself asks for: uv too
    looks at no others. Raises ``SettingsError`` where it is not the same index everywhere."""
    found = {}
    asked = frozenset(_asked(document))
    sources = _at(document, ("tool", "uv", "sources"))
    for written, value in table(sources if sources is not None else {}, place.below("sources")).items():
        here = place.below("sources").below(written)
        name = str(canonicalize_name(written))
        entries = [entry for entry in _tables(value if isinstance(value, list) else [value], here) if "index" in entry]
        if not entries or name not in asked:
            continue
        conditions = {"marker", "extra", "group"}
        if any(conditions & set(entry) for entry in entries) or len(entries) > 1:
            raise here.error(
                f"{written} has an index for some platforms, extras or groups only, which cannot be expressed",
                hint="give it one index; [tool.samebox.environments.NAME] can have another one",
            )
        found[name] = _index_named(text(entries[0]["index"], here), indexes, here)
    return tuple(sorted(found.items()))


def _index_named(name: str, indexes: UvIndexes, place: Place) -> str:
    if name not in indexes.by_name:
        known = ", ".join(sorted(indexes.by_name)) or "none has a name"
        raise place.error(f"there is no index {name!r} in [[tool.uv.index]]", hint=f"there are: {known}")
    return indexes.by_name[name]


def _asked(document: Mapping[str, object]) -> Iterator[str]:
    """The projects that the project asks for, all extras and groups included."""
    lists = [_at(document, path) for path in _LISTS]
    for path in _TABLES:
        groups = _at(document, path)
        lists += groups.values() if isinstance(groups, dict) else ()
    for requirements in lists:
        for item in requirements if isinstance(requirements, list) else ():
            match = _REQUIREMENT.match(item) if isinstance(item, str) else None
            if match:
                yield str(canonicalize_name(match[1]))


def _at(document: Mapping[str, object], path: tuple[str, ...]) -> object:
    value: object = document
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _tables(value: object, place: Place) -> list[Mapping[str, object]]:
    if not isinstance(value, list):
        raise place.expected("a list of tables", value)
    return [table(item, place) for item in value]


def _list(uv: Mapping[str, object], key: str, place: Place) -> list[object]:
    value = uv.get(key, [])
    if not isinstance(value, list):
        raise place.below(key).expected("a list of strings", value)
    return value


def _url(entry: Mapping[str, object], place: Place) -> str:
    for key in entry:
        if key not in _KEYS:
            hint = "take it out, or name the index in [tool.samebox]"
            raise place.below(key).error(f"{key} of an index cannot be honoured", hint=hint)
    if "url" not in entry:
        raise place.error("an index without a url")
    return _place_url(entry["url"], place.below("url"))


def _place_url(value: object, place: Place) -> str:
    """A URL, or a folder relative to that of the file as one."""
    written = text(value, place)
    problem = secret_problem(written)
    if problem:
        raise place.error(problem)
    if "://" in written:
        return index_url(written, place)
    return "file://" + quote(posixpath.normpath(posixpath.join(place.directory, written)))


def _name(entry: Mapping[str, object], place: Place, known: Mapping[str, str]) -> str | None:
    if "name" not in entry:
        return None
    name = text(entry["name"], place.below("name"))
    if not _NAME.match(name):
        raise place.below("name").error(f"not a name for an index: {name!r}")
    if name in known:
        raise place.below("name").error(f"two indexes are called {name!r}")
    return name


def _flag(entry: Mapping[str, object], key: str, place: Place) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise place.below(key).expected("true or false", value)
    return value


def _is_flat(entry: Mapping[str, object], place: Place) -> bool:
    kind = entry.get("format", "simple")
    if kind not in ("simple", "flat"):
        raise place.below("format").error(f"expected 'simple' or 'flat', got {kind!r}")
    return kind == "flat"
