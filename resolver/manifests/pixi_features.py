"""What of a pixi manifest is read: environments, their features, and what a feature says on each platform.

An environment is one group: ``default`` is ``main``, and ``test = ["test", "lint"]`` puts what these two features ask
for into the group ``test``. Which are read is said as for the groups of a pyproject.toml; unless it is, it is
``default``, and those that share its ``solve-group`` (pixi solves these together, as all groups are here).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.model import MAIN
from resolver.platforms import SUBDIRS
from resolver.settings.places import nearest
from resolver.values import dataclass

__all__ = ["DEFAULT", "FEATURE_KEYS", "REFUSED", "Declared", "PixiEnvironment", "PixiTables", "check_keys"]

DEFAULT = "default"

_FAMILIES = {
    "unix": tuple(s for s in SUBDIRS if not s.startswith("win-")),
    "linux": tuple(s for s in SUBDIRS if s.startswith("linux-")),
    "osx": tuple(s for s in SUBDIRS if s.startswith("osx-")),
    "macos": tuple(s for s in SUBDIRS if s.startswith("osx-")),
    "win": tuple(s for s in SUBDIRS if s.startswith("win-")),
}
_DEPENDENCIES = ("dependencies", "host-dependencies", "build-dependencies")
"""Each stands above those before it where they name one package."""

_TOOLS = ("tasks",)
_TARGET_KEYS = (*_DEPENDENCIES, "pypi-dependencies", "activation", *_TOOLS)
FEATURE_KEYS = (
    *_TARGET_KEYS,
    "channels",
    "platforms",
    "pypi-options",
    "system-requirements",
    "target",
)
REFUSED = {
    "constraints": "write the bound at a dependency, or ask for it in an environment.yml",
    "dev": "a package that pixi builds from source cannot be locked here",
    "solve-strategy": "the highest versions are taken",
    "channel-priority": "one order of channels holds for all environments; say it in [workspace]",
}
_OWN = "environment:"
"""Before the name of an environment: the feature that its own table is."""

_ENVIRONMENT_KEYS = ("features", "no-default-feature", "solve-group")


@dataclass(frozen=True, slots=True, kw_only=True)
class PixiEnvironment:
    """An environment of a manifest: its group, and the features that are in it (``default`` is the manifest's own)."""

    name: str
    group: str
    features: tuple[str, ...]
    solve_group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One entry of a table of dependencies, and the platforms that it is for."""

    path: Path
    value: object
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixiTables:
    """The tables of a pixi manifest: ``base`` is where they begin, ``("tool", "pixi")`` in a pyproject.toml."""

    tables: ProjectTables
    base: Path

    def feature(self, name: str) -> Path:
        if name.startswith(_OWN):
            return (*self.base, "environments", name.removeprefix(_OWN))
        return self.base if name == DEFAULT else (*self.base, "feature", name)

    def chosen(self, groups: tuple[str, ...] | None) -> tuple[PixiEnvironment, ...]:
        """The environments to read, ``default`` first. Raises ``ManifestError`` for one that is not there."""
        every = {environment.name: environment for environment in self._environments()}
        default = every.pop(DEFAULT)
        if groups is None:
            shared = default.solve_group
            return (default, *(e for e in every.values() if shared is not None and e.solve_group == shared))
        for name in groups:
            if name not in every and name not in (DEFAULT, MAIN):
                known = nearest(name, every) or f"there are: {', '.join(sorted(every)) or 'none but default'}"
                raise self.tables.error((*self.base, "environments"), f"there is no environment {name!r}", hint=known)
        return (default, *(every[name] for name in groups if name in every))

    def _environments(self) -> Iterator[PixiEnvironment]:
        path = (*self.base, "environments")
        declared = self.tables.table(path)
        if DEFAULT not in declared:
            yield PixiEnvironment(name=DEFAULT, group=MAIN, features=(DEFAULT,), solve_group=None)
        for name in declared:
            yield self._environment(name, (*path, name))

    def _environment(self, name: str, path: Path) -> PixiEnvironment:
        value = self.tables.get(path)
        table: Mapping[str, object] = value if isinstance(value, dict) else {"features": value}
        check_keys(self.tables, path, table, (*_ENVIRONMENT_KEYS, *FEATURE_KEYS), REFUSED)
        features = table.get("features", [])
        if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
            raise self.tables.error(path, "expected a list of features")
        solve_group = table.get("solve-group")
        if solve_group is not None and not isinstance(solve_group, str):
            raise self.tables.error((*path, "solve-group"), "expected a string")
        bare = table.get("no-default-feature", False)
        if not isinstance(bare, bool):
            raise self.tables.error((*path, "no-default-feature"), "expected true or false")
        default = () if bare else (DEFAULT,)
        own = (f"{_OWN}{name}",) if set(table) - set(_ENVIRONMENT_KEYS) else ()
        return PixiEnvironment(
            name=name,
            group=MAIN if name == DEFAULT else name,
            features=tuple(dict.fromkeys((*default, *own, *features))),
            solve_group=solve_group,
        )

    def check_feature(self, name: str, known: tuple[str, ...] = FEATURE_KEYS) -> None:
        """Refuse what a feature says and this release does not know, or cannot honour."""
        path = self.feature(name)
        known = (*known, *_ENVIRONMENT_KEYS) if name.startswith(_OWN) else known
        check_keys(self.tables, path, self.tables.table(path), known, REFUSED)
        for target in self.tables.table((*path, "target")):
            if target not in SUBDIRS and target not in _FAMILIES:
                hint = nearest(target, (*SUBDIRS, *_FAMILIES))
                raise self.tables.error((*path, "target", target), f"unknown platform {target!r}", hint=hint)
            here = (*path, "target", target)
            check_keys(self.tables, here, self.tables.table(here), _TARGET_KEYS, REFUSED)

    def conda(self, feature: str, platforms: tuple[str, ...]) -> Iterator[Declared]:
        yield from self._declared(feature, _DEPENDENCIES, platforms)

    def pypi(self, feature: str, platforms: tuple[str, ...]) -> Iterator[Declared]:
        yield from self._declared(feature, ("pypi-dependencies",), platforms)

    def _declared(self, feature: str, keys: tuple[str, ...], platforms: tuple[str, ...]) -> Iterator[Declared]:
        """What holds on each platform: the tables of a target stand above those of all, and the narrower target above
        the wider one."""
        found: dict[Path, list[str]] = {}
        for platform in platforms:
            on_platform: dict[str, Path] = {}
            for table in self._tables_for(feature, platform):
                for key in keys:
                    on_platform |= {name.lower(): (*table, key, name) for name in self.tables.table((*table, key))}
            for path in on_platform.values():
                found.setdefault(path, []).append(platform)
        for path, on in found.items():
            yield Declared(path=path, value=self.tables.get(path), platforms=tuple(on))

    def _tables_for(self, feature: str, platform: str) -> Iterator[Path]:
        path = self.feature(feature)
        yield path
        targets = self.tables.table((*path, "target"))
        for target in (*_FAMILIES, platform):
            if target in targets and platform in _FAMILIES.get(target, (platform,)):
                yield (*path, "target", target)


def check_keys(
    tables: ProjectTables,
    path: Path,
    table: Mapping[str, object],
    known: tuple[str, ...],
    refused: Mapping[str, str] | None = None,
) -> None:
    """Refuse keys that are not ``known``; for those that are ``refused``, say what to do."""
    for key in table:
        if refused and key in refused and key not in known:
            raise tables.error((*path, key), f"{key} cannot be honoured here", hint=refused[key])
        if key not in known:
            hint = nearest(key, known) or f"known are: {', '.join(sorted(known))}"
            raise tables.error((*path, key), f"unknown key {key!r}", hint=hint)
