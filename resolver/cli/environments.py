"""Which environments a command is for: the project's own, the one that is named, or all that the project has."""

from __future__ import annotations

from pathlib import Path

from resolver.cli.options import environment_of
from resolver.errors import ManifestError, SettingsError
from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from resolver.environment import Environment

__all__ = ["add_all_environments_argument", "environments_of", "places_looked_at"]


def add_all_environments_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all-environments",
        action="store_true",
        help="the project's own environment, if it has manifests, and each [environments.NAME] of the settings",
    )


def environments_of(options: argparse.Namespace) -> tuple[tuple[str | None, Environment], ...]:
    """The environments by their names; the project's own has none and comes first. Raises ``SettingsError`` where two
    of several would be in one lock file."""
    if not options.all_environments:
        return ((options.environment, environment_of(options)),)
    for option, given in (("-e", options.environment), ("-f", options.file), ("--lockfile", options.lockfile)):
        if given:
            raise SettingsError(f"--all-environments and {option} do not go together", hint=f"leave {option} out")
    found = tuple((name, environment_of(_for_environment(options, name))) for name in _names(options))
    owners: dict[Path, str | None] = {}
    for name, environment in found:
        other = owners.setdefault(environment.lockfile.absolute(), name)
        if other != name:
            raise SettingsError(
                f"the environment {name} has the lock file of {other or 'the project'}: {environment.lockfile}",
                hint=f"give it a lockfile of its own in [environments.{name}]",
            )
    return found


def places_looked_at(options: argparse.Namespace) -> tuple[Path, ...]:
    """Where settings and manifests are looked for, whether or not they are there."""
    from resolver.settings import DEFAULT_SOURCES, SETTINGS_FILE

    folder = _folder(options)
    return tuple(folder / name for name in dict.fromkeys((SETTINGS_FILE, "pyproject.toml", *DEFAULT_SOURCES)))


def _folder(options: argparse.Namespace) -> Path:
    """The project's, as ``read_environment`` has it."""
    if options.directory is not None:
        return Path(options.directory)
    return Path(options.file[0]).parent if options.file else Path()


def _names(options: argparse.Namespace) -> tuple[str | None, ...]:
    from resolver.settings import find_sources, read_settings

    folder = _folder(options)
    if not folder.is_dir():
        raise ManifestError(f"{folder}: there is no such folder")
    settings = read_settings(folder)
    named = tuple(name for name, _ in settings.environments)
    has_its_own = bool(settings.sources or find_sources(folder))
    return (None, *named) if has_its_own or not named else named


def _for_environment(options: argparse.Namespace, name: str | None) -> argparse.Namespace:
    import argparse

    return argparse.Namespace(**{**vars(options), "environment": name})
