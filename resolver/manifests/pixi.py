"""pixi's manifest, ``pixi.toml``, and ``[tool.pixi]`` in a pyproject.toml (where pixi reads ``[project]`` too: see
``pyproject``).

Environments are groups (``pixi_features``). What is a setting of the solve (``system-requirements``,
``channel-priority``, an ``index`` of one dependency) is read by ``settings.pixi_settings``. Tasks and what describes
the project are no part of an environment. Whatever else cannot be honoured is an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from resolver.manifests.pixi_dependencies import conda_dependency, pypi_dependency
from resolver.manifests.pixi_features import DEFAULT, FEATURE_KEYS, REFUSED, PixiEnvironment, PixiTables, check_keys
from resolver.manifests.pixi_options import index_options, variables
from resolver.manifests.pyproject_tables import Path, ProjectTables
from resolver.manifests.reading import ManifestReader, OpenText, Reading, no_includes
from resolver.manifests.toml_document import toml_document
from resolver.model import CondaSpec, EnvironmentSpec, PypiRequirement
from resolver.settings.pixi_settings import PLATFORM_KEYS
from resolver.settings.places import channel_problem, platform_problem
from resolver.settings.toml_lines import TomlLines
from resolver.values import dataclass, replace

__all__ = ["READER", "TOOL_PIXI", "is_workspace", "parse_pixi", "read_pixi"]

TOOL_PIXI = ("tool", "pixi")

_DESCRIPTION = (
    "authors",
    "description",
    "documentation",
    "homepage",
    "license",
    "license-file",
    "name",
    "readme",
    "repository",
    "requires-pixi",
    "version",
)
_SETTINGS = ("channel-priority", "exclude-newer")
_BUILDS = ("build-variants", "build-variants-files", "preview")
_WORKSPACE_KEYS = (*_DESCRIPTION, *_SETTINGS, *_BUILDS, "channels", "platforms", "pypi-options")
_WORKSPACE_REFUSED = {
    "conda-pypi-map": "name the projects in the setting `names`",
    "dependencies": "write the specs at their dependencies",
    "s3-options": "map the channel to a place in the setting `mirrors`",
    "solve-strategy": "the highest versions are taken",
    "target": "a build of packages is no part of an environment",
}
_TOP_KEYS = (*FEATURE_KEYS, "$schema", "environments", "feature", "package", "project", "schema", "workspace")


def parse_pixi(
    text: str,
    *,
    source: str,
    open_text: OpenText = no_includes,
    root: str = "/",
    groups: tuple[str, ...] | None = None,
) -> EnvironmentSpec:
    """The environment that a pixi.toml declares; ``groups`` are the environments to read beside ``default``. Raises
    ``ManifestError`` with file and line."""
    return _parse(text, Reading(source=source, open_text=open_text, root=root, groups=groups))


def _parse(text: str, reading: Reading) -> EnvironmentSpec:
    tables = ProjectTables(document=toml_document(text, reading), lines=TomlLines(text), reading=reading)
    return read_pixi(PixiTables(tables=tables, base=()))[0]


def read_pixi(pixi: PixiTables) -> tuple[EnvironmentSpec, tuple[PixiEnvironment, ...]]:
    """The environment that the tables declare, and the pixi environments that it is made of."""
    tables, workspace = pixi.tables, _workspace(pixi)
    check_keys(tables, pixi.base, tables.table(pixi.base), _TOP_KEYS, REFUSED)
    check_keys(tables, workspace, tables.table(workspace), _WORKSPACE_KEYS, _WORKSPACE_REFUSED)
    environments = pixi.chosen(tables.reading.groups)
    read = _Read(pixi=pixi, workspace=workspace, platforms=_platforms(tables, (*workspace, "platforms")))
    for environment in environments:
        read.check(environment)
    return (
        EnvironmentSpec(
            name=tables.optional_text((*workspace, "name")),
            channels=read.channels(environments),
            platforms=read.platforms,
            conda=tuple(spec for environment in environments for spec in read.conda(environment)),
            pip=tuple(requirement for environment in environments for requirement in read.pypi(environment)),
            index=index_options(pixi, workspace, environments[0].features),
            variables=variables(pixi, environments[0].features),
            sources=(tables.reading.source,),
        ),
        environments,
    )


def is_workspace(pixi: PixiTables) -> bool:
    """Whether there is a workspace; a ``[package]`` of another one declares no environment."""
    return any(pixi.tables.get((*pixi.base, key)) is not None for key in ("workspace", "project"))


def _workspace(pixi: PixiTables) -> Path:
    """``[workspace]``, which older manifests call ``[project]``."""
    found = [key for key in ("workspace", "project") if pixi.tables.get((*pixi.base, key)) is not None]
    if len(found) > 1:
        raise pixi.tables.error(
            (*pixi.base, "project"), "has both [workspace] and [project]", hint="keep [workspace], its newer name"
        )
    if not found:
        hint = "a [package] alone is no project; give the manifest of the workspace that it belongs to"
        raise pixi.tables.error(pixi.base, "has no [workspace]", hint=hint)
    return (*pixi.base, found[0])


def _platforms(tables: ProjectTables, path: Path) -> tuple[str, ...]:
    found: list[str] = []
    values = tables.get(path)
    for value in values if isinstance(values, list) else [] if values is None else [None]:
        table = value if isinstance(value, dict) else {"platform": value}
        platform = table.get("platform", table.get("name"))
        is_known = set(table) <= {"name", "platform", *PLATFORM_KEYS} and table.get("name", platform) == platform
        if not isinstance(platform, str) or not is_known:
            hint = "name the subdir, and what its machines have in the setting `virtual-packages`"
            raise tables.error(path, "expected a list of subdirs", hint=hint)
        problem = platform_problem(platform)
        if problem or platform in found:
            raise tables.error(path, problem or f"{platform} stands there twice", value=platform)
        found.append(platform)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the environments ask for, on the platforms of the workspace."""

    pixi: PixiTables
    workspace: Path
    platforms: tuple[str, ...]

    def check(self, environment: PixiEnvironment) -> None:
        tables = self.pixi.tables
        for feature in environment.features:
            path = self.pixi.feature(feature)
            if feature == DEFAULT:
                self.pixi.check_feature(feature, _TOP_KEYS)
                continue
            if tables.get(path) is None and not self._is_projects(feature):
                known = ", ".join(tables.table((*self.pixi.base, "feature"))) or "none"
                here = (*self.pixi.base, "environments", environment.name)
                raise tables.error(here, f"there is no feature {feature!r}", hint=f"there are: {known}", value=feature)
            self.pixi.check_feature(feature)
            shared = () if environment.name == DEFAULT else ("activation", "pypi-options")
            for key in (*shared, "system-requirements"):
                if tables.get((*path, key)) is not None:
                    hint = "say it for the whole workspace, or in the settings of Samebox"
                    raise tables.error((*path, key), f"{key} of one feature cannot be honoured here", hint=hint)

    def _is_projects(self, feature: str) -> bool:
        """Extras and dependency groups of the project are features too."""
        tables = self.pixi.tables
        return self.pixi.base == TOOL_PIXI and (
            feature in tables.table(("project", "optional-dependencies"))
            or feature in tables.table(("dependency-groups",))
        )

    def channels(self, environments: tuple[PixiEnvironment, ...]) -> tuple[str, ...]:
        """The channels of the environments, which must be the same ones: what is locked together sees one list."""
        lists = [self._channels_of(environment) for environment in environments]
        for environment, found in zip(environments, lists, strict=True):
            if found != lists[0]:
                at = (*self.pixi.base, "environments", environment.name)
                raise self.pixi.tables.error(
                    at,
                    f"has the channels {', '.join(found)}, and default {', '.join(lists[0])}",
                    hint="give both the same channels, or lock this environment apart from a manifest of its own",
                )
        return lists[0]

    def _channels_of(self, environment: PixiEnvironment) -> tuple[str, ...]:
        """Those of the features come before those of the workspace, and a higher priority before a lower one."""
        found: list[tuple[int, str]] = []
        for feature in environment.features:
            if feature != DEFAULT:
                found += self._listed((*self.pixi.feature(feature), "channels"))
        found += self._listed((*self.workspace, "channels"))
        ordered = sorted(found, key=lambda pair: -pair[0])
        return tuple(dict.fromkeys(channel for _, channel in ordered))

    def _listed(self, path: Path) -> Iterator[tuple[int, str]]:
        tables = self.pixi.tables
        values = tables.get(path)
        if values is not None and not isinstance(values, list):
            raise tables.error(path, "expected a list of channels")
        for value in values or ():
            table = value if isinstance(value, dict) else {"channel": value}
            check_keys(tables, path, table, ("channel", "priority"))
            channel, priority = table.get("channel"), table.get("priority", 0)
            if not isinstance(channel, str) or not isinstance(priority, int):
                raise tables.error(path, "expected a channel, or {channel = …, priority = …}")
            problem = channel_problem(channel.rstrip("/"))
            if problem:
                raise tables.error(path, problem, value=channel)
            yield priority, channel.rstrip("/")

    def conda(self, environment: PixiEnvironment) -> Iterator[CondaSpec]:
        for feature, on in self._features_of(environment):
            for declared in self.pixi.conda(feature, on):
                spec = conda_dependency(self.pixi.tables, declared.path, declared.value)
                yield replace(spec, group=environment.group, platforms=self._limited(declared.platforms))

    def pypi(self, environment: PixiEnvironment) -> Iterator[PypiRequirement]:
        for feature, on in self._features_of(environment):
            for declared in self.pixi.pypi(feature, on):
                requirement = pypi_dependency(self.pixi.tables, declared.path, declared.value)
                yield replace(requirement, group=environment.group, platforms=self._limited(declared.platforms))

    def _features_of(self, environment: PixiEnvironment) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The features that are the environment's own, with the platforms that all its features have. What the default
        one asks for is in ``main``, which is installed with any group."""
        on = self.platforms
        for feature in environment.features:
            own = _platforms(self.pixi.tables, (*self.pixi.feature(feature), "platforms")) if feature != DEFAULT else ()
            on = tuple(platform for platform in on if not own or platform in own)
        for feature in environment.features:
            if feature != DEFAULT or environment.name == DEFAULT:
                yield feature, on

    def _limited(self, platforms: tuple[str, ...]) -> tuple[str, ...] | None:
        return None if platforms == self.platforms else platforms


READER = ManifestReader(name="pixi.toml", matches=lambda file_name: file_name == "pixi.toml", parse=_parse)
