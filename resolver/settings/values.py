"""What settings say: one layer of them (a table, or the command line), and the settings that result."""

from __future__ import annotations

import posixpath

from resolver.errors import SettingsError
from resolver.light_typing import TYPE_CHECKING, Any
from resolver.model import DockerSection
from resolver.platforms import DEFAULT_PLATFORMS
from resolver.settings.places import nearest
from resolver.values import dataclass, field, fields, replace

if TYPE_CHECKING:
    from resolver.transport import AuthenticationRule

    Pairs = tuple[tuple[str, Any], ...]
    """A table as a value: its keys, sorted, each with a hashable value."""

__all__ = ["METADATA_CHOICES", "Settings", "SettingsLayer"]

METADATA_CHOICES = ("timestamp", "git_sha", "git_user_name", "git_user_email", "input_md5", "input_sha")
"""What a conda-lock.yml can say about itself, as conda-lock's ``--metadata`` calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsLayer:
    """What one place says. ``None`` is silence; anything else, an empty tuple too, is said.

    ``mirrors`` pairs a canonical URL prefix with a place (an absolute folder or a URL); ``virtual_packages``
    pairs a subdir with (name, version or ``None`` to remove it); ``names`` pairs a conda name with its PyPI
    names; ``index_for`` pairs a project with the only index that is asked for it; ``docker`` pairs a field of
    ``DockerSection`` with its value. ``auth`` has one rule a prefix; ``keyring_provider`` is ``disabled`` or
    ``subprocess``.
    """

    sources: tuple[str, ...] | None = None
    platforms: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    lockfile: str | None = None
    python: str | None = None
    exclude_newer: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] | None = None
    find_links: tuple[str, ...] | None = None
    index_for: tuple[tuple[str, str], ...] | None = None
    index_strategy: str | None = None
    only_binary: tuple[str, ...] | None = None
    no_binary: tuple[str, ...] | None = None
    allow_builds: tuple[str, ...] | None = None
    overrides: tuple[str, ...] | None = None
    repodata_filters: tuple[str, ...] | None = None
    channel_priority: str | None = None
    missing_time: str | None = None
    metadata: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    mirrors: tuple[tuple[str, str], ...] | None = None
    auth: tuple[AuthenticationRule, ...] | None = None
    keyring_provider: str | None = None
    virtual_packages: tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...] | None = None
    names: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    docker: Pairs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one project. The defaults are those of a project that says nothing.

    ``sources`` and ``lockfile`` are relative to the folder that the settings were read from; empty
    ``sources`` mean the default ones (``find_sources``). ``exclude_newer`` is the text as written (see
    ``parse_cut_off``).
    ``only_binary``, ``no_binary`` and ``allow_builds`` hold normalised names or ``:all:``, ``overrides`` PEP 508
    requirements, ``find_links`` URLs; ``index_strategy`` is ``first-index`` or ``unsafe-best-match``, ``missing_time``
    ``refuse`` or ``take``, ``channel_priority`` is ``strict``, ``flexible`` or ``disabled`` (conda's words),
    ``repodata_filters`` are MatchSpecs of conda records that count as not being there; ``metadata`` is what a lock says
    about its own file (``METADATA_CHOICES``).
    ``extras`` and ``groups`` are those to read from a pyproject.toml; ``None`` leaves that to the manifest.
    ``source`` is the file that was read, or ``None``.
    """

    sources: tuple[str, ...] = ()
    platforms: tuple[str, ...] = DEFAULT_PLATFORMS
    channels: tuple[str, ...] = ("conda-forge",)
    lockfile: str = "conda-lock.yml"
    python: str | None = None
    exclude_newer: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    index_for: tuple[tuple[str, str], ...] = ()
    index_strategy: str = "first-index"
    only_binary: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    allow_builds: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    repodata_filters: tuple[str, ...] = ()
    channel_priority: str = "strict"
    missing_time: str = "refuse"
    metadata: tuple[str, ...] = ()
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    mirrors: tuple[tuple[str, str], ...] = ()
    auth: tuple[AuthenticationRule, ...] = ()
    keyring_provider: str = "disabled"
    virtual_packages: tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...] = ()
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    docker: DockerSection = field(default_factory=DockerSection)
    environments: tuple[tuple[str, SettingsLayer], ...] = ()
    source: str | None = None

    def for_environment(self, name: str | None) -> Settings:
        """The settings of ``[environments.NAME]`` over these; ``None`` is the project's own environment.

        A named environment without a ``lockfile`` of its own gets the project's with its name before it
        (``NAME.conda-lock.yml``), so that two environments never share a lock by accident.
        Raises ``SettingsError`` for a name that is not there.
        """
        if name is None:
            return self
        layers = dict(self.environments)
        if name not in layers:
            known = f"there are: {', '.join(layers)}" if layers else "there is no [environments] table"
            raise SettingsError(f"no environment {name!r} in the settings", hint=nearest(name, layers) or known)
        folder, file_name = posixpath.split(self.lockfile)
        named = replace(self, lockfile=posixpath.join(folder, f"{name}.{file_name}"), environments=())
        return named.merged_with_options(layers[name])

    def merged_with_options(self, options: SettingsLayer) -> Settings:
        """These settings, with ``options`` over them: a value or a list replaces, a table is merged."""
        changes: dict[str, Any] = {}
        for item in fields(options):
            value = getattr(options, item.name)
            if value is not None:
                changes[item.name] = _merged(getattr(self, item.name), value) if item.name in _MERGED else value
        if options.auth is not None:
            changes["auth"] = tuple({rule.prefix: rule for rule in (*self.auth, *options.auth)}.values())
        return replace(self, **changes)


_MERGED = ("mirrors", "virtual_packages", "names", "docker", "index_for")


def _merged(under: Any, over: Pairs) -> Any:
    """One table over another. Virtual packages are tables of tables; the Docker section is a value."""
    if isinstance(under, DockerSection):
        return replace(under, **dict(over))
    table = dict(under)
    for key, value in over:
        both_are_tables = key in table and value and isinstance(value[0], tuple)
        table[key] = _merged(table[key], value) if both_are_tables else value
    return tuple(sorted(table.items()))
