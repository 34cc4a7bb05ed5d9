"""``[pypi-options]`` and ``[activation.env]`` of a pixi manifest, those of the features of the default environment."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from resolver.manifests.pixi_features import PixiTables, check_keys
from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.model import IndexOptions
from resolver.settings.places import secret_problem
from resolver.values import dataclass, field

__all__ = ["index_options", "variables"]

_ALL = ":all:"
_KEYS = (
    "dependency-overrides",
    "extra-index-urls",
    "find-links",
    "index-strategy",
    "index-url",
    "no-binary",
    "no-build",
    "no-build-isolation",
    "prerelease-mode",
)
_REFUSED = {"skip-wheel-filename-check": "wheels are checked by their names"}
_PRERELEASES = {"allow": True, "if-necessary": False, "if-necessary-or-explicit": False, "explicit": False}


@dataclass(slots=True)
class _Found:
    """What the tables have said, each with its path."""

    index_url: list[tuple[Path, str]] = field(default_factory=list)
    extra_index_urls: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    only_binary: set[str] = field(default_factory=set)
    no_binary: set[str] = field(default_factory=set)
    pre: bool = False


def index_options(pixi: PixiTables, workspace: Path, features: tuple[str, ...]) -> IndexOptions:
    """What all ``pypi-options`` say together. Raises ``ManifestError``."""
    found = _Found()
    for path in (workspace, *map(pixi.feature, features)):
        _read(pixi.tables, (*path, "pypi-options"), found)
    for path, url in found.index_url[1:]:
        if url != found.index_url[0][1]:
            raise pixi.tables.error(path, f"another index than at {pixi.tables.origin(found.index_url[0][0])}")
    return IndexOptions(
        index_url=found.index_url[0][1] if found.index_url else None,
        extra_index_urls=tuple(dict.fromkeys(found.extra_index_urls)),
        find_links=tuple(dict.fromkeys(found.find_links)),
        only_binary=tuple(sorted(found.only_binary)),
        no_binary=tuple(sorted(found.no_binary)),
        pre=found.pre,
    )


def _read(tables: ProjectTables, path: Path, found: _Found) -> None:
    table = tables.table(path)
    check_keys(tables, path, table, _KEYS, _REFUSED)
    main = tables.optional_text((*path, "index-url"))
    if main is not None:
        found.index_url.append(((*path, "index-url"), _url(tables, (*path, "index-url"), main)))
    for url in tables.texts((*path, "extra-index-urls")):
        found.extra_index_urls.append(_url(tables, (*path, "extra-index-urls"), url))
    found.find_links += _find_links(tables, (*path, "find-links"))
    found.only_binary.update(_projects(tables, (*path, "no-build")))
    found.no_binary.update(_projects(tables, (*path, "no-binary")))
    if table.get("no-build-isolation", False) not in (False, []):
        hint = "projects are built in isolation, or not at all"
        raise tables.error((*path, "no-build-isolation"), "no-build-isolation cannot be honoured here", hint=hint)
    mode = tables.optional_text((*path, "prerelease-mode"))
    if mode is not None and mode not in _PRERELEASES:
        hint = f"known are: {', '.join(_PRERELEASES)}"
        raise tables.error((*path, "prerelease-mode"), f"{mode!r} cannot be honoured here", hint=hint)
    found.pre = found.pre or _PRERELEASES.get(mode or "explicit", False)


def _url(tables: ProjectTables, path: Path, url: str) -> str:
    problem = secret_problem(url)
    if problem:
        raise tables.error(path, problem)
    return url


def _find_links(tables: ProjectTables, path: Path) -> Iterator[str]:
    values = tables.get(path)
    if values is None:
        return
    if not isinstance(values, list):
        raise tables.error(path, "expected a list of {path = …} or {url = …}")
    for value in values:
        key = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else ""
        place = value[key] if key in ("path", "url") else None
        if not isinstance(place, str):
            raise tables.error(path, "expected {path = …} or {url = …}")
        yield _url(tables, path, place) if key == "url" else tables.reading.file_url(place)


def _projects(tables: ProjectTables, path: Path) -> tuple[str, ...]:
    """``true`` for all projects, or a list of some."""
    value = tables.get(path)
    if isinstance(value, bool):
        return (_ALL,) if value else ()
    return tuple(str(canonicalize_name(name)) for name in tables.texts(path))


def variables(pixi: PixiTables, features: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The variables of ``[activation.env]``, sorted. Raises ``ManifestError`` for scripts, and for what is limited to
    some platforms."""
    found: dict[str, str] = {}
    for feature in features:
        path = pixi.feature(feature)
        for target in pixi.tables.table((*path, "target")):
            at = (*path, "target", target, "activation")
            if pixi.tables.get(at) is not None:
                raise pixi.tables.error(at, "a variable of some platforms only cannot be honoured here")
        here = (*path, "activation")
        refused = {"scripts": "an image sets variables; run scripts in its command"}
        check_keys(pixi.tables, here, pixi.tables.table(here), ("env",), refused)
        for name in pixi.tables.table((*here, "env")):
            value = pixi.tables.optional_text((*here, "env", name)) or ""
            if found.setdefault(name, value) != value:
                raise pixi.tables.error((*here, "env", name), f"the variable {name} has two values")
    return tuple(sorted(found.items()))
